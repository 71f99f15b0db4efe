"""The hard caps of each channel alone, at the tick: a current that still flows when a cap is reached is cut there, by
the channel's own count, and nothing starts when no tick is left.

The reserves are of a single tick and the ramp down takes ten, so that the fall that begins at the reserve is not over
at the cap.
"""

from typing import Final, NamedTuple

import pytest
from configurations import BASE
from judged import RUN, STOP, JudgedGuard, JudgedRegulator, bit, is_due, ticks_of

from iontocore.ccore import Config, Phase, Trip

SHORT: Final = BASE._replace(
    tick_us=10_000,
    tick_tolerance_us=2000,
    limit_na=200_000,
    rise_na_per_tick=10_000,
    fall_na_per_tick=20_000,
    dwell_us=105_000,
    contact_us=30_000,
    time_reserve_us=10_000,
    charge_reserve_fc=200_000 * 10_000,
)
EACH_FC: Final = 40 * SHORT.limit_na * SHORT.tick_us


class Cap(NamedTuple):
    """What runs out first, and the direction that flows then. both: half of it has flowed the other way before."""

    trip: Trip
    sign: int
    both: bool
    config: Config


CAPS: Final = {
    "time, a whole number of ticks": Cap(Trip.TIME, 1, False, SHORT._replace(time_cap_us=1_000_000)),
    "time, part of a tick more": Cap(Trip.TIME, -1, False, SHORT._replace(time_cap_us=1_009_999)),
    "charge, positive": Cap(Trip.CHARGE, 1, False, SHORT._replace(charge_cap_each_fc=EACH_FC)),
    "charge, negative": Cap(Trip.CHARGE, -1, False, SHORT._replace(charge_cap_each_fc=EACH_FC)),
    "charge of both, positive last": Cap(
        Trip.CHARGE, 1, True, SHORT._replace(charge_cap_each_fc=EACH_FC, charge_cap_total_fc=EACH_FC + 1)
    ),
    "charge of both, negative last": Cap(
        Trip.CHARGE, -1, True, SHORT._replace(charge_cap_each_fc=EACH_FC, charge_cap_total_fc=EACH_FC + 1)
    ),
}
EVERY_CAP: Final = pytest.mark.parametrize("cap", CAPS.values(), ids=CAPS.keys())


def is_left(channel: JudgedGuard | JudgedRegulator, cap: Cap, next_na: int) -> bool:
    """Whether a tick more at that current stays within the cap, by the independent count of the witness."""
    c, last = channel.config, channel.witness.last
    if cap.trip is Trip.TIME:
        return last.live_us + c.tick_us <= c.time_cap_us
    flows_fc = last.charge_positive_fc if cap.sign > 0 else last.charge_negative_fc
    other_fc = last.charge_negative_fc if cap.sign > 0 else last.charge_positive_fc
    flows_fc += abs(next_na) * c.tick_us
    return flows_fc <= c.charge_cap_each_fc and flows_fc + other_fc <= c.charge_cap_total_fc


def guard_at_the_reserve(cap: Cap) -> JudgedGuard:
    """At the limit, at the last tick before the fall is due."""
    limit_na = cap.config.limit_na
    guard = JudgedGuard(cap.config)
    guard.close()
    if cap.both:
        guard.raise_to(-cap.sign * limit_na // 2)
        guard.lower_to_zero()
        for _ in range(ticks_of(cap.config.dwell_us, cap.config)):
            guard.tick(0)
    guard.raise_to(cap.sign * limit_na)
    while not is_due(guard.last, RUN, 0, cap.config):
        assert guard.tick(cap.sign * limit_na).drive_na == cap.sign * limit_na
    return guard


def regulator_at_the_reserve(cap: Cap) -> JudgedRegulator:
    """The same of the regulator."""
    limit_na = cap.config.limit_na
    regulator = JudgedRegulator(cap.config)
    first_na = -cap.sign * limit_na // 2 if cap.both else cap.sign * limit_na
    regulator.start(first_na)
    for target_na in (first_na, cap.sign * limit_na):
        while regulator.proposal_na != target_na:
            regulator.run(1, target_na)
    while not is_due(regulator.witness.last, RUN, 0, cap.config):
        assert regulator.run(1, cap.sign * limit_na).proposal_na == cap.sign * limit_na
    return regulator


@pytest.mark.invariant("SI-17", "SI-18", "SI-26")
@EVERY_CAP
def test_the_guard_lets_a_fall_go_on_for_as_long_as_the_cap_allows_and_not_a_tick_longer(cap: Cap) -> None:
    guard = guard_at_the_reserve(cap)
    limit_na, fall_na = cap.config.limit_na, cap.config.fall_na_per_tick
    # its envelope begins to fall a tick after the fall is due
    for size_na in (limit_na, *range(limit_na - fall_na, 0, -fall_na)):
        left = is_left(guard, cap, size_na)
        row = guard.tick(cap.sign * size_na)
        if not left:
            break
        assert (row.drive_na, row.trips) == (cap.sign * size_na, 0)
    assert not left, "the fall was over before the cap"
    assert (row.drive_na, row.switch_closed, row.trips) == (0, 0, bit(cap.trip))


@pytest.mark.invariant("SI-17", "SI-18", "SI-26")
@EVERY_CAP
def test_the_regulator_falls_for_as_long_as_the_cap_allows_and_not_a_tick_longer(cap: Cap) -> None:
    regulator = regulator_at_the_reserve(cap)
    limit_na, fall_na = cap.config.limit_na, cap.config.fall_na_per_tick
    for size_na in range(limit_na - fall_na, 0, -fall_na):
        left = is_left(regulator, cap, size_na)
        row = regulator.run(1, cap.sign * limit_na)
        if not left:
            break
        assert (row.proposal_na, row.switch_closed) == (cap.sign * size_na, 1)
    assert not left, "the fall was over before the cap"
    assert (row.proposal_na, row.switch_closed) == (0, 0)


@pytest.mark.invariant("SI-05", "SI-17", "SI-26")
def test_the_regulator_starts_nothing_when_no_tick_of_the_time_cap_is_left() -> None:
    cap = CAPS["time, a whole number of ticks"]
    regulator = regulator_at_the_reserve(cap)
    while regulator.proposal_na != 0:
        regulator.run(1, cap.config.limit_na)
    read = regulator.regulator.memory.read
    assert read("state.energised_us") == cap.config.time_cap_us
    regulator.run(20, 0, STOP)
    rows = [regulator.run(1, cap.config.limit_na) for _ in range(20)]
    assert {(row.proposal_na, row.switch_closed, row.phase) for row in rows} == {(0, 0, Phase.IDLE)}
    assert read("state.energised_us") == cap.config.time_cap_us
