"""The guard alone: under any proposer it keeps the current safe, and what it measures cuts exactly when it should."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final, NamedTuple

import pytest
from configurations import BASE, small_configs
from hypothesis import event, given
from hypothesis import strategies as st
from judged import RUN, SOUND, STOP, JudgedGuard, Odd, bit, is_due, ticks_of

from iontocore.ccore import Config, Error, Guard, Proposal, Request, Sense, Trip

INT32: Final = st.integers(-(2**31), 2**31 - 1)
UINT32: Final = st.integers(0, 2**32 - 1)
SIGNS: Final = st.sampled_from([-1, 1])
TRIPS: Final = [trip for trip in Trip if trip is not Trip.NONE]
ALONE: Final = ("SI-01", "SI-02", "SI-03", "SI-04", "SI-05", "SI-06", "SI-16", "SI-17", "SI-18", "SI-26")


def roomy(config: Config) -> Config:
    """The same, with caps that no test comes near."""
    return config._replace(time_cap_us=3_600_000_000, charge_cap_each_fc=10**16, charge_cap_total_fc=10**16)


# ---- any proposer ----------------------------------------------------------------------------------------------------

Move = Callable[[int, int, Config], int]
"""A proposal, from the last current, a sign for when that is zero, and the configuration."""


def _toward(na: int, sign: int, by: int) -> int:
    """The magnitude larger by so much, or smaller, never across zero."""
    sign = (na > 0) - (na < 0) or sign
    return sign * max(abs(na) + by, 0)


MOVES: Final[dict[str, Move]] = {
    "holds": lambda na, sign, c: na,
    "rises": lambda na, sign, c: _toward(na, sign, min(c.rise_na_per_tick, c.limit_na - abs(na))),
    "rises by one too many": lambda na, sign, c: _toward(na, sign, c.rise_na_per_tick + 1),
    "rises beyond the limit": lambda na, sign, c: _toward(na, sign, c.rise_na_per_tick),
    "falls": lambda na, sign, c: _toward(na, sign, -c.fall_na_per_tick),
    "falls by one too many": lambda na, sign, c: _toward(na, sign, -c.fall_na_per_tick - 1),
    "falls a little": lambda na, sign, c: _toward(na, sign, -1),
    "is zero": lambda na, sign, c: 0,
    "is one": lambda na, sign, c: sign,
    "jumps to the other sign": lambda na, sign, c: -na or sign,
    "creeps over to the other sign": lambda na, sign, c: -1 if na > 0 else 1,
    "is the limit": lambda na, sign, c: sign * c.limit_na,
    "is beyond the limit": lambda na, sign, c: sign * (c.limit_na + 1),
    "is the largest": lambda na, sign, c: 2**31 - 1,
    "is the smallest": lambda na, sign, c: -(2**31),
}
ALLOWED_MOST: Final = ["holds", "rises", "rises", "rises", "falls", "is zero", "falls a little"]


class Stretch(NamedTuple):
    """Some ticks of one proposer under one supervisor."""

    move: str
    sign: int
    ticks: int
    command: int
    silent: bool


STRETCHES: Final = st.lists(
    st.builds(
        Stretch,
        move=st.sampled_from(ALLOWED_MOST) | st.sampled_from(sorted(MOVES)),
        sign=SIGNS,
        ticks=st.integers(1, 15),
        command=st.sampled_from([RUN, RUN, RUN, STOP, 2]),
        silent=st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.invariant(*ALONE)
@given(small_configs(), STRETCHES)
def test_the_guard_keeps_the_current_safe_under_any_proposer(config: Config, script: list[Stretch]) -> None:
    guard = JudgedGuard(config)
    guard.close()
    for stretch in script:
        for _ in range(stretch.ticks):
            proposal_na = MOVES[stretch.move](guard.last.drive_na, stretch.sign, config)
            guard.tick(proposal_na, stretch.command, silent=stretch.silent)
        if guard.last.trips:
            event(f"trips {Trip(guard.last.first_trip).label}")
            guard.tick(0, STOP)
            guard.tick(0, STOP, 1)
            guard.tick(0, STOP)


@pytest.mark.invariant(*ALONE, "SI-07", "SI-20")
@given(
    small_configs(),
    st.lists(
        st.tuples(
            st.builds(
                Sense,
                UINT32,
                UINT32,
                INT32,
                INT32,
                INT32,
                st.sampled_from([0, 1, 1]),
                st.sampled_from([0, 1, 2]),
                st.sampled_from([0, 0, 1]),
            ),
            st.builds(Request, INT32, st.sampled_from([STOP, RUN, 7]), st.sampled_from([0, 1, 2]), st.integers(0, 1)),
            st.builds(Proposal, INT32 | st.just(0), st.sampled_from([1, 1, 1, 0, 2, 2**32 - 1])),
        ),
        max_size=30,
    ),
    st.integers(0, 65535) | st.just(0),
)
def test_the_guard_keeps_the_current_safe_whatever_it_is_given(
    config: Config, ticks: list[tuple[Sense, Request, Proposal]], carried: int
) -> None:
    guard = JudgedGuard(config, carried)
    for sense, request, proposal in ticks:
        guard.step(sense, request, proposal)


def is_permissible(guard: JudgedGuard, na: int) -> bool:
    """Whether a proposal keeps every invariant of the current, with the switch closed and no end in sight."""
    c, last = guard.config, guard.last
    new_way = na != 0 and na * last.last_sign <= 0
    return (
        abs(na) <= c.limit_na
        and abs(na) - abs(last.drive_na) <= c.rise_na_per_tick
        and abs(last.drive_na) - abs(na) <= c.fall_na_per_tick
        and na * last.drive_na >= 0
        and (not new_way or last.zero_us >= c.dwell_us)
    )


@pytest.mark.invariant("SI-01", "SI-03", "SI-04", "SI-26")
@given(
    small_configs().map(roomy), st.lists(st.tuples(st.sampled_from(ALLOWED_MOST), SIGNS, st.integers(1, 15))), st.data()
)
def test_a_proposal_is_let_through_exactly_when_it_keeps_every_invariant_of_the_current(
    config: Config, way: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    guard = JudgedGuard(config)
    guard.close()
    for move, sign, ticks in way:
        for _ in range(ticks):
            na = MOVES[move](guard.last.drive_na, sign, config)
            na = na if is_permissible(guard, na) else 0 if is_permissible(guard, 0) else guard.last.drive_na
            assert guard.tick(na).drive_na == na
    if data.draw(st.booleans(), label="wait for the dwell"):
        guard.lower_to_zero()
        for _ in range(data.draw(st.sampled_from([-2, -1])) + ticks_of(config.dwell_us, config)):
            guard.tick(0)
    move = data.draw(st.sampled_from(sorted(MOVES)))
    na = MOVES[move](guard.last.drive_na, data.draw(SIGNS), config)
    na = data.draw(st.just(na) | INT32)
    permissible = is_permissible(guard, na)
    row = guard.tick(na)
    event(f"permissible: {permissible}")
    assert (row.drive_na, row.switch_closed) == ((na, 1) if permissible else (0, 0))
    assert row.trips == (0 if permissible else bit(Trip.PROPOSAL))


SMALL: Final = BASE._replace(
    tick_us=10_000,
    tick_tolerance_us=2000,
    limit_na=200_000,
    rise_na_per_tick=10_000,
    fall_na_per_tick=20_000,
    dwell_us=105_000,
    contact_us=30_000,
    time_reserve_us=200_000,
)


def at(current_na: int, config: Config = SMALL) -> JudgedGuard:
    guard = JudgedGuard(config)
    guard.close()
    guard.raise_to(current_na)
    return guard


SATURATED: Final = SMALL._replace(
    open_us=60_000, mismatch_us=60_000, sensor_us=60_000, over_current_us=60_000, short_us=60_000
)
"""Nothing that is measured at a single tick trips: what is let through is a matter of the proposal alone."""

ALLOWED_AT_SATURATION: Final = [
    # from, measured, the most that is let through, the least; with a headroom of 50 uA and a fall of 20 uA a tick
    (200_000, 100_000, 150_000, 130_000),
    (200_000, 140_000, 190_000, 170_000),
    (200_000, 170_000, 200_000, 180_000),
    (200_000, 0, 50_000, 30_000),
    (200_000, -100_000, 50_000, 30_000),
    (200_000, -(2**31) + 1, 50_000, 30_000),
    (200_000, 2**31 - 1, 200_000, 180_000),
    (60_000, 1, 50_001, 30_001),
    (30_000, 0, 40_000, 10_000),
]


@pytest.mark.invariant("SI-03", "SI-27")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("volts", [-1, 1])
@pytest.mark.parametrize(("from_na", "measured_na", "most_na", "least_na"), ALLOWED_AT_SATURATION)
def test_a_saturated_voltage_lets_through_what_flows_and_the_headroom_at_once_and_no_more(
    sign: int, volts: int, from_na: int, measured_na: int, most_na: int, least_na: int
) -> None:
    odd = Odd(measured_na=sign * measured_na, check_na=sign * measured_na, voltage_mv=volts * SATURATED.saturation_mv)
    for na in (most_na, (most_na + least_na) // 2, least_na):
        assert at(sign * from_na, SATURATED).tick(sign * na, odd=odd).drive_na == sign * na
    for na in (most_na + 1, least_na - 1, SATURATED.limit_na + 1):
        row = at(sign * from_na, SATURATED).tick(sign * na, odd=odd)
        assert (row.drive_na, row.switch_closed, row.trips) == (0, 0, bit(Trip.PROPOSAL))


@pytest.mark.invariant("SI-03", "SI-27")
@pytest.mark.parametrize("sign", [-1, 1])
def test_below_saturation_the_fall_rate_stands_whatever_flows(sign: int) -> None:
    odd = Odd(measured_na=0, check_na=0, voltage_mv=sign * (SATURATED.saturation_mv - 1))
    assert at(sign * 200_000, SATURATED).tick(sign * 180_000, odd=odd).drive_na == sign * 180_000
    assert at(sign * 200_000, SATURATED).tick(sign * 179_999, odd=odd).trips == bit(Trip.PROPOSAL)


AT_THE_CEILING: Final = SATURATED._replace(
    limit_na=30_000_000,
    trip_na=35_000_000,
    sensor_max_na=200_000_000,
    rise_na_per_tick=20_000,
    compliance_mv=100_000,
    over_voltage_mv=110_000,
    saturation_mv=90_000,
    sensor_max_mv=200_000,
    time_cap_us=60_000_000,
    charge_cap_each_fc=10**17,
    charge_cap_total_fc=10**17,
)


@pytest.mark.invariant("SI-02", "SI-27")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("short_of_it_na", "most_na"), [(-1, 30_000_000), (0, 30_000_000), (1, 29_999_999)])
def test_what_flows_and_the_headroom_allow_no_more_than_the_ceiling(
    sign: int, short_of_it_na: int, most_na: int
) -> None:
    flows = sign * (30_000_000 - AT_THE_CEILING.headroom_na - short_of_it_na)
    odd = Odd(measured_na=flows, check_na=flows, voltage_mv=AT_THE_CEILING.saturation_mv)
    assert at(sign * 30_000_000, AT_THE_CEILING).tick(sign * most_na, odd=odd).drive_na == sign * most_na
    row = at(sign * 30_000_000, AT_THE_CEILING).tick(sign * (most_na + 1), odd=odd)
    assert (row.drive_na, row.trips) == (0, bit(Trip.PROPOSAL))


SMALLEST_STEPS: Final = [
    # from, what is let through, what is one nanoampere too many
    (100_000, 110_000, 110_001),
    (100_000, 80_000, 79_999),
    (195_000, 200_000, 200_001),
    (200_000, 200_000, 200_001),
    (0, 10_000, 10_001),
    (15_000, 0, -1),
    (1, 0, -1),
]


@pytest.mark.invariant("SI-01", "SI-03", "SI-04", "SI-26")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("from_na", "allowed_na", "beyond_na"), SMALLEST_STEPS)
def test_limit_and_rates_are_exact_to_the_nanoampere(sign: int, from_na: int, allowed_na: int, beyond_na: int) -> None:
    guard = at(sign * from_na)
    assert guard.tick(sign * allowed_na).drive_na == sign * allowed_na
    guard = at(sign * from_na)
    row = guard.tick(sign * beyond_na)
    assert (row.drive_na, row.switch_closed, row.trips) == (0, 0, bit(Trip.PROPOSAL))


@pytest.mark.invariant("SI-04", "SI-26")
@pytest.mark.parametrize("dwell_us", [100_000, 100_001, 105_000, 110_000])
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_other_direction_is_let_through_after_the_dwell_and_not_one_tick_earlier(sign: int, dwell_us: int) -> None:
    config = SMALL._replace(dwell_us=dwell_us)
    dwell = ticks_of(dwell_us, config)
    for at_zero in (1, dwell - 1, dwell):
        guard = at(sign * 15_000, config)
        for _ in range(at_zero):
            assert guard.tick(0).switch_closed == 1
        row = guard.tick(-sign)
        assert row.drive_na == (-sign if at_zero == dwell else 0)
        assert row.trips == (0 if at_zero == dwell else bit(Trip.PROPOSAL))
        guard = at(sign * 15_000, config)
        for _ in range(at_zero):
            guard.tick(0)
        assert guard.tick(sign).drive_na == sign


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("sign", [-1, 1])
def test_from_the_tick_after_a_stop_the_current_stays_below_an_envelope_that_falls_by_the_fall_rate(sign: int) -> None:
    guard = at(sign * 100_000)
    for na in (90_000, 80_000, 60_000, 40_000, 20_000):
        assert guard.tick(sign * na, STOP).drive_na == sign * na
    row = guard.tick(0, STOP)
    assert (row.switch_closed, row.trips) == (0, 0)


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize("sign", [-1, 1])
def test_one_nanoampere_above_the_envelope_of_a_fall_is_cut(sign: int, after: int) -> None:
    guard = at(sign * 100_000)
    for na in (100_000, 80_000, 60_000)[:after]:
        guard.tick(sign * na, STOP)
    row = guard.tick(sign * (100_000 - after * 20_000 + 1), STOP)
    assert (row.drive_na, row.trips) == (0, bit(Trip.PROPOSAL))


@pytest.mark.invariant("SI-16")
def test_what_began_to_end_ends_though_run_is_requested_again() -> None:
    guard = at(100_000)
    guard.tick(80_000, STOP)
    for na in (70_000, 60_000, 40_000, 20_000):
        assert guard.tick(na, RUN).drive_na == na
    assert guard.tick(0, RUN).switch_closed == 0
    assert guard.tick(0, RUN).switch_closed == 0


@pytest.mark.invariant("SI-05", "SI-06")
@given(small_configs(), INT32.filter(bool), st.sampled_from([STOP, RUN]), st.integers(0, 20))
def test_current_proposed_while_off_is_found_and_latched(config: Config, na: int, command: int, ticks: int) -> None:
    guard = JudgedGuard(config)
    for _ in range(ticks):
        guard.tick(0, STOP)
    row = guard.tick(na, command)
    assert (row.drive_na, row.switch_closed, row.first_trip) == (0, 0, Trip.PROPOSAL)


@pytest.mark.invariant("SI-05")
def test_the_switch_closes_once_stop_was_seen_and_contact_and_dwell_have_held_and_not_a_tick_earlier() -> None:
    dwell, contact = ticks_of(SMALL.dwell_us, SMALL), ticks_of(SMALL.contact_us, SMALL)
    guard = JudgedGuard(SMALL)
    closed = [guard.tick(0, STOP if tick == 0 else RUN).switch_closed for tick in range(dwell + 1)]
    assert closed == [0] * dwell + [1]
    guard.raise_to(50_000)
    for na in (30_000, 10_000, 0):
        guard.tick(na, STOP)
    guard.tick(0, STOP, odd=Odd(contact=0))
    closed = [guard.tick(0, RUN).switch_closed for _ in range(contact)]
    assert closed == [0] * (contact - 1) + [1]


@pytest.mark.invariant("SI-05", "SI-15")
def test_a_run_that_a_dead_supervisor_has_left_standing_closes_nothing_when_contact_comes() -> None:
    heartbeat = ticks_of(SMALL.heartbeat_us, SMALL)
    for silent, closed in ((heartbeat - 1, 1), (heartbeat, 0), (heartbeat + 50, 0)):
        guard = JudgedGuard(SMALL)
        for _ in range(20):
            guard.tick(0, STOP, odd=Odd(contact=0))
        contact = ticks_of(SMALL.contact_us, SMALL)
        for tick in range(silent):
            row = guard.tick(0, RUN, odd=Odd(contact=int(tick >= silent - contact)), silent=True)
        assert (row.switch_closed, row.trips) == (closed, 0)
        if not closed:
            assert [guard.tick(0, RUN, silent=True).switch_closed for _ in range(50)] == [0] * 50
            assert guard.tick(0, RUN).switch_closed == 1


@pytest.mark.invariant("SI-05", "SI-07")
def test_a_trip_while_off_uses_up_the_stop_before_it_though_it_is_acknowledged_at_the_very_next_tick() -> None:
    guard = JudgedGuard(SMALL)
    for _ in range(20):
        guard.tick(0, STOP)
    assert guard.tick(1, STOP).trips == bit(Trip.PROPOSAL)
    assert guard.tick(0, RUN, 1).trips == 0
    assert [guard.tick(0, RUN).switch_closed for _ in range(20)] == [0] * 20
    guard.tick(0, STOP)
    assert guard.tick(0, RUN).switch_closed == 1


@pytest.mark.invariant("SI-05", "SI-17")
def test_a_start_with_no_tick_of_the_time_cap_left_closes_nothing_and_latches_time_again() -> None:
    guard = at(20_000, SMALL._replace(time_cap_us=1_000_000, time_reserve_us=SMALL.tick_us))
    while guard.last.live_us < 1_000_000:
        assert guard.tick(20_000).drive_na == 20_000
    assert guard.tick(0).trips == bit(Trip.TIME)
    guard.tick(0, STOP, 1)
    guard.tick(0, STOP)
    row = guard.tick(0, RUN)
    assert (row.switch_closed, row.trips, row.energised_us) == (0, bit(Trip.TIME), 1_000_000)


@pytest.mark.invariant("SI-05", "SI-22")
@pytest.mark.parametrize(("target_na", "closed"), [(200_000, 1), (-200_000, 1), (200_001, 0), (-(2**31), 0)])
def test_a_target_beyond_the_limit_closes_nothing(target_na: int, closed: int) -> None:
    guard = JudgedGuard(SMALL)
    for _ in range(20):
        guard.tick(0, STOP)
    request = guard.supervisor.request(target_na)
    assert guard.step(guard.hardware.sense(), request, Proposal(0, 1)).switch_closed == closed


@pytest.mark.invariant("SI-17", "SI-18")
@given(small_configs(), SIGNS, st.sampled_from(["rises", "falls by the ramp in time"]))
def test_a_cap_is_never_exceeded_though_the_proposer_wants_all_that_it_may(
    config: Config, sign: int, proposer: str
) -> None:
    """The reserves are of a single tick: too small for the ramp, so that the hard cap itself is met."""
    config = config._replace(time_reserve_us=config.tick_us, charge_reserve_fc=config.limit_na * config.tick_us)
    guard = JudgedGuard(config)
    guard.close()
    for _ in range(ticks_of(config.time_cap_us, config) + 2):
        due = guard.guard.memory.read("state.ending")
        move = "falls" if due and proposer != "rises" else "rises"
        row = guard.tick(MOVES[move](guard.last.drive_na, sign, config))
        if row.trips:
            break
    assert row.trips & (bit(Trip.TIME) | bit(Trip.CHARGE))
    assert guard.guard.trips == row.trips
    least_fc = min(config.charge_cap_each_fc, config.charge_cap_total_fc) - 2 * config.limit_na * config.tick_us
    spent = guard.last.live_us >= config.time_cap_us - 2 * config.tick_us
    assert spent or guard.last.charge_positive_fc + guard.last.charge_negative_fc >= least_fc
    event(f"ends by {Trip(row.first_trip).label}")


LIMIT_FC: Final = SMALL.limit_na * SMALL.tick_us
EACH_FC: Final = 40 * LIMIT_FC
CAPS: Final = {
    # the trip, the sign of the current at the cap, and the configuration in which that cap comes first
    "time": (Trip.TIME, 1, SMALL._replace(time_cap_us=1_000_000, time_reserve_us=SMALL.tick_us)),
    "charge, positive": (Trip.CHARGE, 1, SMALL._replace(charge_cap_each_fc=EACH_FC, charge_reserve_fc=LIMIT_FC)),
    "charge, negative": (Trip.CHARGE, -1, SMALL._replace(charge_cap_each_fc=EACH_FC, charge_reserve_fc=LIMIT_FC)),
    "charge, both, positive last": (
        Trip.CHARGE,
        1,
        SMALL._replace(charge_cap_each_fc=EACH_FC, charge_cap_total_fc=EACH_FC + 1, charge_reserve_fc=LIMIT_FC),
    ),
    "charge, both, negative last": (
        Trip.CHARGE,
        -1,
        SMALL._replace(charge_cap_each_fc=EACH_FC, charge_cap_total_fc=EACH_FC + 1, charge_reserve_fc=LIMIT_FC),
    ),
}


def short_of(cap: str) -> tuple[JudgedGuard, Trip, int]:
    """At the limit, some ticks before the cap is due; after current the other way where the cap is of both."""
    trip, sign, config = CAPS[cap]
    guard = JudgedGuard(config)
    guard.close()
    if "both" in cap:
        guard.raise_to(-sign * config.limit_na // 2)
        guard.lower_to_zero()
        for _ in range(ticks_of(config.dwell_us, config)):
            guard.tick(0)
    guard.raise_to(sign * config.limit_na)
    assert not is_due(guard.last, RUN, 0, config)
    return guard, trip, sign * config.limit_na


@pytest.mark.invariant("SI-17", "SI-18")
@pytest.mark.parametrize("cap", CAPS)
def test_a_cap_is_due_exactly_when_what_is_left_of_it_is_the_reserve(cap: str) -> None:
    guard, trip, na = short_of(cap)
    while not is_due(guard.last, RUN, 0, guard.config):
        assert guard.tick(na).drive_na == na
        assert guard.guard.memory.read("state.ending") == 0
    latch = "state.time" if trip is Trip.TIME else "state.charge"
    row = guard.tick(na - 1 if na > 0 else na + 1)
    assert row.switch_closed == guard.guard.memory.read("state.ending")
    assert guard.guard.memory.read(latch) == (1 if row.switch_closed else 2)


@pytest.mark.invariant("SI-03", "SI-17", "SI-18")
@pytest.mark.parametrize("cap", CAPS)
def test_a_proposer_that_gives_up_at_a_cap_that_is_due_is_cut_by_that_cap_and_not_called_wild(cap: str) -> None:
    guard, trip, na = short_of(cap)
    while not is_due(guard.last, RUN, 0, guard.config):
        guard.tick(na)
    row = guard.tick(0)
    assert (row.drive_na, row.switch_closed, row.trips) == (0, 0, bit(trip))


@pytest.mark.invariant("SI-03", "SI-26")
@pytest.mark.parametrize("command", [RUN, STOP])
@pytest.mark.parametrize("cap", CAPS)
def test_a_proposer_that_gives_up_with_no_cap_due_is_called_wild(cap: str, command: int) -> None:
    guard, _, _ = short_of(cap)
    row = guard.tick(0, command)
    assert (row.drive_na, row.switch_closed, row.trips) == (0, 0, bit(Trip.PROPOSAL))


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize("sign", [-1, 1])
def test_both_directions_together_have_a_cap_that_is_never_exceeded(sign: int, falls: bool) -> None:
    each_fc = 30 * SMALL.limit_na * SMALL.tick_us
    config = SMALL._replace(
        charge_cap_each_fc=each_fc,
        charge_cap_total_fc=each_fc + each_fc // 3,
        charge_reserve_fc=SMALL.limit_na * SMALL.tick_us,
    )
    guard = at(sign * config.limit_na, config)
    for _ in range(5):
        guard.tick(sign * config.limit_na)
    guard.lower_to_zero()
    for _ in range(ticks_of(config.dwell_us, config)):
        guard.tick(0)
    for _ in range(60):
        due = is_due(guard.last, RUN, 0, config) or guard.guard.memory.read("state.ending")
        row = guard.tick(MOVES["falls" if due and falls else "rises"](guard.last.drive_na, -sign, config))
        if row.trips:
            break
    total_fc = row.driven_positive_fc + row.driven_negative_fc
    assert row.trips & bit(Trip.CHARGE)
    assert config.charge_cap_total_fc - 2 * config.limit_na * config.tick_us < total_fc <= config.charge_cap_total_fc
    assert max(row.driven_positive_fc, row.driven_negative_fc) < each_fc - 2 * config.limit_na * config.tick_us


@pytest.mark.invariant("SI-15", "SI-17", "SI-18")
@given(small_configs(), SIGNS)
def test_what_is_due_is_latched_at_the_zero_of_a_fall_that_takes_the_fall_time_at_most(
    config: Config, sign: int
) -> None:
    fall_ticks = -(-config.limit_na // config.fall_na_per_tick)
    reserve_us = (fall_ticks + 1) * config.tick_us
    reserve_fc = min(config.limit_na * reserve_us, config.charge_cap_each_fc)
    config = config._replace(time_reserve_us=reserve_us, charge_reserve_fc=reserve_fc)
    guard = JudgedGuard(config)
    guard.close()
    fell = 0
    for tick in range(ticks_of(config.time_cap_us, config) + 2):
        silent = tick > 30
        unheard_us = guard.last.unheard_us + config.tick_us if silent else 0
        falls = fell > 0 or is_due(guard.last, RUN, unheard_us, config)
        row = guard.tick(MOVES["falls" if falls else "rises"](guard.last.drive_na, sign, config), silent=silent)
        fell += falls
        if row.switch_closed == 0:
            break
    ends = {trip for trip in (Trip.HEARTBEAT, Trip.TIME, Trip.CHARGE) if row.trips & bit(trip)}
    assert ends
    assert row.trips == sum(bit(trip) for trip in ends)
    assert 1 <= fell <= max(fall_ticks, 1)
    event(f"ends by {sorted(trip.label for trip in ends)}")


@pytest.mark.invariant("SI-15")
@pytest.mark.parametrize("tick_us", [100, 1000, 10_000])
@pytest.mark.parametrize("heartbeat_us", [20_000, 20_001, 39_999])
def test_silence_is_due_exactly_when_it_has_lasted_for_the_heartbeat_time(tick_us: int, heartbeat_us: int) -> None:
    config = of_tick(tick_us)._replace(heartbeat_us=heartbeat_us)
    guard = at(2 * config.rise_na_per_tick, config)
    for _ in range(ticks_of(heartbeat_us, config) - 1):
        guard.tick(guard.last.drive_na, silent=True)
        assert guard.guard.memory.read("state.ending") == 0
    guard.tick(guard.last.drive_na, silent=True)
    assert guard.guard.memory.read("state.ending") == 1


@pytest.mark.invariant("SI-15", "SI-16")
def test_a_proposer_that_does_not_fall_when_it_is_due_is_cut_and_both_are_latched() -> None:
    guard = at(100_000)
    for _ in range(ticks_of(SMALL.heartbeat_us, SMALL)):
        row = guard.tick(100_000, silent=True)
    assert (row.drive_na, row.trips) == (100_000, 0)
    row = guard.tick(100_000, silent=True)
    assert (row.switch_closed, row.trips) == (0, bit(Trip.PROPOSAL) | bit(Trip.HEARTBEAT))


# ---- what is measured ------------------------------------------------------------------------------------------------

DRIVE_NA: Final = 30_000


def of_tick(tick_us: int) -> Config:
    """A configuration of that tick with every debounce at its longest: 20 ticks or more."""
    return BASE._replace(
        tick_us=tick_us,
        tick_tolerance_us=tick_us // 5,
        rise_na_per_tick=2 * tick_us,
        fall_na_per_tick=10 * tick_us,
        dwell_us=100_000,
        contact_us=1,
        heartbeat_us=2_000_000,
        time_cap_us=100_000_000,
        short_above_na=10_000,
        short_ohm=200,
        open_na=20_000,
        mismatch_na=5000,
        disagree_na=6000,
        leakage_na=4000,
        **dict.fromkeys(DEBOUNCES, 200_000),
    )


DEBOUNCES: Final = (
    "over_current_us",
    "over_voltage_us",
    "open_us",
    "short_us",
    "mismatch_us",
    "sensor_us",
    "stale_us",
    "leakage_us",
    "switch_us",
)


class Condition(NamedTuple):
    """One way in which a debounced trip comes about, and what is just not enough for it.

    drive_na: what flows before it, 0 for the output off. Without `border` it is all or nothing."""

    name: str
    trip: Trip
    drive_na: int
    beyond: Odd
    border: Odd | None

    @property
    def debounce(self) -> str:
        """The field of the configuration."""
        return DEBOUNCES[self.trip - 1]


def _conditions() -> list[Condition]:
    c = of_tick(1000)
    rows = []
    for sign, s in ((1, "+"), (-1, "-")):
        d = sign * DRIVE_NA
        rows += [
            Condition(
                f"over-current {s}",
                Trip.OVER_CURRENT,
                DRIVE_NA,
                Odd(measured_na=sign * (c.trip_na + 1), check_na=DRIVE_NA),
                Odd(measured_na=sign * c.trip_na, check_na=DRIVE_NA),
            ),
            Condition(
                f"over-current of the second sensor {s}",
                Trip.OVER_CURRENT,
                DRIVE_NA,
                Odd(check_na=sign * (c.trip_na + 1)),
                Odd(check_na=sign * c.trip_na),
            ),
            Condition(
                f"over-current off {s}",
                Trip.OVER_CURRENT,
                0,
                Odd(measured_na=sign * (c.trip_na + 1)),
                Odd(measured_na=sign * c.trip_na),
            ),
            Condition(
                f"over-voltage {s}",
                Trip.OVER_VOLTAGE,
                DRIVE_NA,
                Odd(voltage_mv=sign * (c.over_voltage_mv + 1)),
                Odd(voltage_mv=sign * c.over_voltage_mv),
            ),
            Condition(f"open, contact 0 {s}", Trip.OPEN, d, Odd(contact=0), Odd(contact=1)),
            Condition(f"open, contact 2 {s}", Trip.OPEN, d, Odd(contact=2), None),
            Condition(
                f"open, saturated, nothing flows {s}",
                Trip.OPEN,
                d,
                Odd(voltage_mv=sign * c.saturation_mv, measured_na=sign * (c.open_na - 1)),
                Odd(voltage_mv=sign * c.saturation_mv, measured_na=sign * c.open_na),
            ),
            Condition(
                f"open, saturated the other way, nothing flows {s}",
                Trip.OPEN,
                d,
                Odd(voltage_mv=-sign * c.saturation_mv, measured_na=0),
                Odd(voltage_mv=-sign * (c.saturation_mv - 1), measured_na=0),
            ),
            # 30 uA * 200 ohm is 6 mV
            Condition(f"short, by voltage {s}", Trip.SHORT, d, Odd(voltage_mv=sign * 5), Odd(voltage_mv=sign * 6)),
            Condition(
                f"short, voltage the other way {s}", Trip.SHORT, d, Odd(voltage_mv=-sign * 5), Odd(voltage_mv=-sign * 6)
            ),
            Condition(
                f"short, by current {s}",
                Trip.SHORT,
                d,
                Odd(voltage_mv=0, measured_na=sign * (c.short_above_na + 1)),
                Odd(voltage_mv=0, measured_na=sign * c.short_above_na),
            ),
            Condition(
                f"short, at full scale {s}",
                Trip.SHORT,
                d,
                Odd(voltage_mv=sign * 599, measured_na=sign * c.sensor_max_na),
                Odd(voltage_mv=sign * 600, measured_na=sign * c.sensor_max_na),
            ),
            Condition(
                f"mismatch, more {s}",
                Trip.MISMATCH,
                d,
                Odd(measured_na=d + sign * (c.mismatch_na + 1)),
                Odd(measured_na=d + sign * c.mismatch_na),
            ),
            Condition(
                f"mismatch, less {s}",
                Trip.MISMATCH,
                d,
                Odd(measured_na=d - sign * (c.mismatch_na + 1)),
                Odd(measured_na=d - sign * c.mismatch_na),
            ),
            Condition(
                f"mismatch, less and just not saturated {s}",
                Trip.MISMATCH,
                d,
                Odd(measured_na=d - sign * (c.mismatch_na + 1), voltage_mv=sign * (c.saturation_mv - 1)),
                Odd(measured_na=d - sign * (c.mismatch_na + 1), voltage_mv=sign * c.saturation_mv),
            ),
            Condition(
                f"mismatch, more though saturated {s}",
                Trip.MISMATCH,
                d,
                Odd(measured_na=d + sign * (c.mismatch_na + 1), voltage_mv=sign * c.saturation_mv),
                Odd(measured_na=0, voltage_mv=sign * c.saturation_mv),
            ),
            Condition(
                f"mismatch, the other way though saturated {s}",
                Trip.MISMATCH,
                d,
                Odd(measured_na=-sign, voltage_mv=sign * c.saturation_mv),
                Odd(measured_na=sign, voltage_mv=sign * c.saturation_mv),
            ),
            Condition(
                f"mismatch off {s}",
                Trip.MISMATCH,
                0,
                Odd(measured_na=sign * (c.mismatch_na + 1)),
                Odd(measured_na=sign * c.mismatch_na),
            ),
            Condition(
                f"sensor, out of range {s}",
                Trip.SENSOR,
                d,
                Odd(measured_na=sign * (c.sensor_max_na + 1)),
                Odd(measured_na=sign * c.sensor_max_na),
            ),
            Condition(
                f"sensor, extreme {s}",
                Trip.SENSOR,
                d,
                Odd(measured_na=2**31 - 1 if sign > 0 else -(2**31)),
                None,
            ),
            Condition(
                f"sensor, voltage out of range {s}",
                Trip.SENSOR,
                d,
                Odd(voltage_mv=sign * (c.sensor_max_mv + 1)),
                Odd(voltage_mv=sign * c.sensor_max_mv),
            ),
            Condition(
                f"sensor, they disagree {s}",
                Trip.SENSOR,
                DRIVE_NA,
                Odd(check_na=DRIVE_NA + sign * (c.disagree_na + 1)),
                Odd(check_na=DRIVE_NA + sign * c.disagree_na),
            ),
            Condition(f"stale {s}", Trip.STALE, d, Odd(same_sample=True), SOUND),
            Condition(
                f"leakage {s}",
                Trip.LEAKAGE,
                0,
                Odd(measured_na=sign * (c.leakage_na + 1)),
                Odd(measured_na=sign * c.leakage_na),
            ),
            Condition(
                f"leakage of the second sensor {s}",
                Trip.LEAKAGE,
                0,
                Odd(measured_na=0, check_na=sign * (c.leakage_na + 1)),
                Odd(measured_na=0, check_na=sign * c.leakage_na),
            ),
            Condition(f"switch does not close {s}", Trip.SWITCH, d, Odd(switch_closed=0), SOUND),
        ]
    # Out of range of the second sensor alone: what is between the two sensors is allowed to be large then.
    rows += [
        Condition("stale off", Trip.STALE, 0, Odd(same_sample=True), SOUND),
        Condition("switch does not open", Trip.SWITCH, 0, Odd(switch_closed=1), SOUND),
        Condition("switch reads nonsense", Trip.SWITCH, 0, Odd(switch_closed=2**31), None),
        Condition("switch reads nonsense while closed", Trip.SWITCH, DRIVE_NA, Odd(switch_closed=2), None),
        Condition("short, no voltage at all", Trip.SHORT, DRIVE_NA, Odd(voltage_mv=0), None),
    ]
    return rows


CONDITIONS: Final = _conditions()
EVERY_CONDITION: Final = pytest.mark.parametrize("condition", CONDITIONS, ids=lambda row: row.name)
MEASURED: Final = ("SI-08", "SI-09", "SI-10", "SI-11", "SI-12", "SI-13", "SI-14")


def before(condition: Condition, config: Config) -> JudgedGuard:
    """A guard that the condition comes upon."""
    guard = JudgedGuard(config)
    if condition.drive_na == 0:
        guard.tick(0, STOP)
    else:
        guard.close()
        guard.raise_to(condition.drive_na)
    return guard


def go_on(guard: JudgedGuard, ticks: int, odd: Odd) -> list[int]:
    """The words of trips of so many ticks with the current as it is."""
    command = RUN if guard.last.switch_closed else STOP
    return [guard.tick(guard.last.drive_na, command, odd=odd).trips for _ in range(ticks)]


@pytest.mark.invariant(*MEASURED)
@pytest.mark.parametrize("tick_us", [100, 1000, 10_000])
@EVERY_CONDITION
def test_a_condition_trips_at_the_tick_by_which_it_has_held_for_its_time_and_not_one_earlier(
    condition: Condition, tick_us: int
) -> None:
    for debounce_us, ticks in ((1, 1), (tick_us, 1), (tick_us + 1, 2), (2 * tick_us, 2), (3 * tick_us - 1, 3)):
        guard = before(condition, of_tick(tick_us)._replace(**{condition.debounce: debounce_us}))
        # interrupted at the last moment it begins anew
        assert go_on(guard, ticks - 1, condition.beyond) == [0] * (ticks - 1)
        assert go_on(guard, 1, SOUND) == [0]
        assert go_on(guard, ticks, condition.beyond) == [0] * (ticks - 1) + [bit(condition.trip)]
        assert (guard.last.first_trip, guard.last.drive_na, guard.last.switch_closed) == (condition.trip, 0, 0)


@pytest.mark.invariant(*MEASURED)
@pytest.mark.parametrize("condition", [c for c in CONDITIONS if c.border is not None], ids=lambda row: row.name)
def test_what_is_just_within_a_threshold_never_trips_by_it(condition: Condition) -> None:
    assert condition.border is not None
    guard = before(condition, of_tick(10_000)._replace(**{condition.debounce: 1}))
    for trips in go_on(guard, 19, condition.border):
        assert trips & bit(condition.trip) == 0


@pytest.mark.invariant(*MEASURED)
@EVERY_CONDITION
def test_the_longest_debounce_is_200_ms(condition: Condition) -> None:
    guard = before(condition, of_tick(10_000))
    assert go_on(guard, 19, condition.beyond) == [0] * 19
    assert go_on(guard, 1, condition.beyond)[0] & bit(condition.trip)


@pytest.mark.invariant("SI-13")
@pytest.mark.parametrize("check_na", [3_000_001, -3_000_001, -(2**31), 2**31 - 1])
def test_the_second_sensor_out_of_range_trips_though_the_first_is_as_far_out(check_na: int) -> None:
    config = of_tick(1000)._replace(disagree_na=2_000_000, sensor_us=1)
    guard = before(CONDITIONS[0], config)
    sign = 1 if check_na > 0 else -1
    assert go_on(guard, 1, Odd(measured_na=sign * 3_000_000, check_na=sign * 3_000_000)) == [0]
    assert go_on(guard, 1, Odd(measured_na=sign * 3_000_000, check_na=check_na)) == [bit(Trip.SENSOR)]


@pytest.mark.invariant("SI-11", "SI-13")
@pytest.mark.parametrize("voltage_mv", [200_001, -200_001, 4_294_968, -4_294_968, 2**31 - 1, -(2**31)])
def test_a_voltage_beyond_every_scale_is_no_short_whatever_its_product_would_wrap_to(voltage_mv: int) -> None:
    config = of_tick(1000)._replace(short_us=1, sensor_us=5000, over_voltage_us=5000)
    guard = before(CONDITIONS[0], config)
    words = go_on(guard, 5, Odd(voltage_mv=voltage_mv))
    assert words == [0, 0, 0, 0, bit(Trip.SENSOR) | bit(Trip.OVER_VOLTAGE)]


@pytest.mark.invariant("SI-13")
def test_the_first_sample_of_all_is_not_stale_whatever_its_number() -> None:
    for sample in (0, 1, 2**32 - 1):
        guard = Guard(of_tick(1000)._replace(stale_us=1))
        guard.step(Sense(0, sample, 0, 0, 0, 1, 0, 0), Request(0, STOP, 0, 0), Proposal(0, 1))
        assert guard.trips == 0
        guard.step(Sense(1000, sample, 0, 0, 0, 1, 0, 0), Request(0, STOP, 0, 0), Proposal(0, 1))
        assert guard.trips == bit(Trip.STALE)


@pytest.mark.invariant("SI-21")
@pytest.mark.parametrize("tick_us", [100, 1000, 9999, 10_000])
@pytest.mark.parametrize("start_us", [0, 2**31 - 500, 2**32 - 500, 2**32 - 1])
@pytest.mark.parametrize("tolerance_share", [1, 5, 2])
def test_a_tick_trips_when_it_is_off_by_more_than_the_tolerance_on_either_side_of_the_wrap(
    tick_us: int, start_us: int, tolerance_share: int
) -> None:
    tolerance_us = 1 if tolerance_share == 1 else tick_us // tolerance_share
    config = of_tick(1000)._replace(
        tick_us=tick_us,
        tick_tolerance_us=tolerance_us,
        rise_na_per_tick=1,
        fall_na_per_tick=tick_us,
        time_reserve_us=10**6,
    )
    off = [
        tolerance_us + 1,
        -tolerance_us - 1,
        tick_us,
        -tick_us,
        2**31,
        2**32 - 2 * tick_us,
    ]
    for late_us, trips in [(0, 0), (tolerance_us, 0), (-tolerance_us, 0), *((us, bit(Trip.TICK)) for us in off)]:
        guard = JudgedGuard(config)
        guard.hardware.now_us = start_us
        guard.tick(0, STOP)
        assert guard.tick(0, STOP, odd=Odd(late_us=late_us)).trips == trips


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("active", [1, 2, 2**31, 2**32 - 1])
@pytest.mark.parametrize("drive_na", [0, DRIVE_NA, -DRIVE_NA])
def test_the_emergency_stop_cuts_at_the_tick_that_sees_it(active: int, drive_na: int) -> None:
    guard = before(CONDITIONS[0]._replace(drive_na=drive_na), of_tick(1000))
    row = guard.tick(drive_na, odd=Odd(emergency_stop=active))
    assert (row.drive_na, row.switch_closed, row.trips) == (0, 0, bit(Trip.EMERGENCY))


@pytest.mark.invariant("SI-20")
@pytest.mark.parametrize("sound", [0, 2, 2**31, 2**32 - 1])
@pytest.mark.parametrize("drive_na", [0, DRIVE_NA])
def test_an_unsound_regulator_cuts_for_good(sound: int, drive_na: int) -> None:
    guard = before(CONDITIONS[0]._replace(drive_na=drive_na), of_tick(1000))
    row = guard.tick(drive_na, sound=sound)
    assert (row.switch_closed, row.trips) == (0, bit(Trip.CORRUPT))
    for acknowledge in (0, 1, 0, 1):
        assert guard.tick(0, STOP, acknowledge).trips == bit(Trip.CORRUPT)


# ---- latches ---------------------------------------------------------------------------------------------------------

HOSTILE_TICKS: Final = st.lists(
    st.tuples(
        st.builds(
            Odd,
            late_us=st.sampled_from([0, 0, 5000]),
            same_sample=st.booleans(),
            measured_na=st.none() | INT32,
            check_na=st.none() | INT32,
            voltage_mv=st.none() | INT32,
            contact=st.integers(0, 2),
            switch_closed=st.none() | st.integers(0, 2),
            emergency_stop=st.just(0) | UINT32,
        ),
        INT32,
        st.sampled_from([STOP, RUN, 2]),
        st.sampled_from([0, 2, 2**32 - 1]),
    ),
    max_size=20,
)


@pytest.mark.invariant("SI-07")
@given(st.integers(1, 65535), HOSTILE_TICKS)
def test_a_latched_trip_survives_every_later_input_until_it_is_acknowledged(
    carried: int, ticks: list[tuple[Odd, int, int, int]]
) -> None:
    guard = JudgedGuard(SMALL, carried)
    assert guard.guard.trips == carried
    first = guard.guard.memory.read("state.first_trip")
    assert carried & bit(Trip(first))
    for odd, proposal_na, command, acknowledge in ticks:
        row = guard.tick(proposal_na, command, acknowledge, odd=odd)
        assert row.trips & carried == carried
        assert row.first_trip == first
        assert (row.drive_na, row.switch_closed) == (0, 0)
    guard.tick(0, STOP)
    assert guard.tick(0, STOP, 1).trips == 0


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize("trip", TRIPS, ids=lambda trip: trip.label)
def test_each_carried_trip_is_latched_alone_and_clears_by_a_new_acknowledge_alone(trip: Trip) -> None:
    guard = JudgedGuard(SMALL, bit(trip))
    assert guard.guard.memory.read("state.first_trip") == trip
    # held high since power-on it is no answer to anything; neither is a change from another number to 1
    for acknowledge in (1, 1, 2, 1, 0, 2, 1, 1, 0, 0):
        assert guard.tick(0, STOP, acknowledge).trips == bit(trip)
    row = guard.tick(0, RUN, 1)
    assert (row.trips, row.first_trip, row.switch_closed) == (0, 0, 0)
    # armed by no STOP from before it, though RUN was there all the time
    for _ in range(20):
        assert guard.tick(0, RUN).switch_closed == 0


@pytest.mark.invariant("SI-07")
@EVERY_CONDITION
def test_an_acknowledge_does_nothing_while_the_cause_is_there_and_clears_when_it_is_gone(condition: Condition) -> None:
    config = of_tick(1000)._replace(**{condition.debounce: 1})
    guard = before(condition, config)
    go_on(guard, 1, condition.beyond)
    # once off, what is left of it to be seen
    left = {
        Trip.OPEN: Odd(measured_na=config.leakage_na + 1),
        Trip.MISMATCH: Odd(measured_na=config.mismatch_na + 1),
        Trip.SHORT: Odd(measured_na=config.short_above_na + 1, voltage_mv=0),
        Trip.SWITCH: Odd(switch_closed=1),
    }
    cause = left.get(condition.trip, condition.beyond)
    for acknowledge in (0, 1, 0, 1):
        assert guard.tick(0, STOP, acknowledge, odd=cause).trips & bit(condition.trip)
    assert guard.tick(0, STOP, 1).trips & bit(condition.trip), "it was not seen anew"
    guard.tick(0, STOP, 0)
    assert guard.tick(0, STOP, 1).trips == 0


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize(
    "odd",
    [
        Odd(measured_na=SMALL.leakage_na + 1, check_na=0),
        Odd(measured_na=0, check_na=-SMALL.leakage_na - 1),
        Odd(emergency_stop=1),
        Odd(late_us=SMALL.tick_tolerance_us + 1),
        Odd(same_sample=True),
        Odd(switch_closed=1),
        Odd(voltage_mv=SMALL.over_voltage_mv + 1),
    ],
)
@pytest.mark.parametrize("trip", TRIPS, ids=lambda trip: trip.label)
def test_whatever_is_latched_an_acknowledge_needs_measured_zero_and_no_cause_of_any_trip(trip: Trip, odd: Odd) -> None:
    guard = JudgedGuard(SMALL, bit(trip))
    guard.tick(0, STOP)
    assert guard.tick(0, STOP, 1, odd=odd).trips & bit(trip)


@pytest.mark.invariant("SI-07")
def test_measured_zero_is_up_to_the_leakage_on_both_sensors_and_both_ways() -> None:
    for sign in (-1, 1):
        guard = JudgedGuard(SMALL, bit(Trip.OPEN))
        guard.tick(0, STOP)
        assert guard.tick(0, STOP, 1, odd=Odd(measured_na=sign * SMALL.leakage_na)).trips == 0


@pytest.mark.invariant("SI-07", "SI-15")
def test_a_heartbeat_trip_is_cleared_by_a_supervisor_that_is_heard_again_alone() -> None:
    guard = at(20_000)
    while guard.last.switch_closed:
        ending = guard.guard.memory.read("state.ending")
        guard.tick(0 if ending or guard.last.unheard_us + 10_000 >= SMALL.heartbeat_us else 20_000, silent=True)
    assert guard.last.trips == bit(Trip.HEARTBEAT)
    for acknowledge in (0, 1, 0):
        assert guard.tick(0, STOP, acknowledge, silent=True).trips == bit(Trip.HEARTBEAT)
    assert guard.tick(0, STOP, 1).trips == 0


@pytest.mark.invariant("SI-07", "SI-15", "SI-16")
def test_an_acknowledge_during_a_fall_takes_nothing_back_of_what_is_due() -> None:
    guard = at(100_000)
    while guard.guard.memory.read("state.ending") == 0:
        guard.tick(100_000, silent=True)
    # heard again, and acknowledged while current still flows: no cause is seen any more
    for na, acknowledge in ((80_000, 0), (60_000, 1), (40_000, 0), (20_000, 1)):
        row = guard.tick(na, RUN, acknowledge)
        assert (row.drive_na, row.switch_closed, row.trips) == (na, 1, 0)
    row = guard.tick(0, RUN)
    assert (row.switch_closed, row.trips, row.first_trip) == (0, bit(Trip.HEARTBEAT), Trip.HEARTBEAT)


@pytest.mark.invariant("SI-07")
def test_after_an_acknowledge_a_proposer_that_is_still_wild_is_found_anew_and_drives_nothing() -> None:
    guard = at(20_000)
    assert guard.tick(190_000).trips == bit(Trip.PROPOSAL)
    guard.tick(190_000, STOP)
    row = guard.tick(190_000, STOP, 1)
    assert (row.drive_na, row.switch_closed, row.trips) == (0, 0, 0)
    assert guard.tick(190_000, STOP).trips == bit(Trip.PROPOSAL)


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize("later", [c for c in CONDITIONS if c.drive_na == 0], ids=lambda row: row.name)
@pytest.mark.parametrize("trip", [t for t in TRIPS if t is not Trip.CORRUPT], ids=lambda trip: trip.label)
def test_the_first_cause_is_kept_and_a_later_one_is_added(trip: Trip, later: Condition) -> None:
    guard = JudgedGuard(of_tick(1000)._replace(**{later.debounce: 2000}), bit(trip))
    guard.tick(0, STOP)
    words = go_on(guard, 2, later.beyond)
    assert words == [bit(trip), bit(trip) | bit(later.trip)]
    assert guard.last.first_trip == trip


@pytest.mark.invariant("SI-07", "SI-21")
def test_emergency_tick_and_unsound_are_added_to_what_is_latched() -> None:
    guard = JudgedGuard(SMALL, bit(Trip.SHORT))
    words = [
        guard.tick(0, STOP, odd=odd, sound=sound).trips
        for odd, sound in ((SOUND, 1), (Odd(emergency_stop=1), 1), (Odd(late_us=9000), 1), (SOUND, 0))
    ]
    added = [later & ~earlier for earlier, later in pairwise(words)]
    assert added == [bit(Trip.EMERGENCY), bit(Trip.TICK), bit(Trip.CORRUPT)]
    assert guard.last.first_trip == Trip.SHORT


@pytest.mark.invariant("SI-07")
@given(st.integers(0, 65535))
def test_all_that_was_latched_at_a_loss_of_power_is_latched_after_it(carried: int) -> None:
    guard = Guard(SMALL, carried)
    assert guard.trips == carried
    again = Guard(BASE, guard.trips)
    assert again.trips == carried
    assert again.ready(BASE) is (Error.TRIPPED if carried else Error.OK)


@pytest.mark.invariant("SI-05", "SI-07")
def test_a_start_that_was_allowed_before_a_trip_is_not_allowed_after_it_however_soon_it_is_acknowledged() -> None:
    guard = Guard(BASE)
    clock = iter(range(10**6))

    def step(command: int, current_na: int = 0, acknowledge: int = 0) -> int:
        tick = next(clock)
        sense = Sense(tick * BASE.tick_us & 0xFFFFFFFF, tick, 0, 0, 0, 1, 0, 0)
        return guard.step(sense, Request(0, command, acknowledge, tick), Proposal(current_na, 1)).switch_closed

    waits = max(BASE.dwell_us, BASE.contact_us) // BASE.tick_us + 5
    assert not any(step(STOP) for _ in range(waits))
    step(STOP, current_na=1)
    assert guard.trips == bit(Trip.PROPOSAL)
    step(RUN, acknowledge=1)
    assert guard.trips == 0
    assert not any(step(RUN) for _ in range(waits))
    step(STOP)
    assert any(step(RUN) for _ in range(3))


@pytest.mark.invariant("SI-20")
def test_a_guard_that_was_refused_is_never_intact_and_tells_of_corruption_alone() -> None:
    guard = Guard(BASE, carried_trips=bit(Trip.EMERGENCY))
    assert guard.trips == bit(Trip.EMERGENCY)
    assert guard.init(BASE._replace(tick_us=-(2**31), tick_tolerance_us=2**31 - 1)) is Error.TICK
    assert guard.memory.read("config_inv.tick_us") == guard.memory.read("config.tick_us") == -(2**31)
    assert guard.trips == bit(Trip.CORRUPT)


@pytest.mark.invariant("SI-20")
def test_a_time_that_is_altered_makes_no_trip_of_its_own() -> None:
    guard = Guard(BASE)
    guard.memory.write("config.over_current_us", -1)
    assert guard.trips == bit(Trip.CORRUPT)


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("sign", [-1, 1])
def test_an_envelope_that_has_sunk_to_zero_lets_not_a_nanoampere_through(sign: int) -> None:
    guard = at(sign * 30_000)
    assert guard.tick(sign * 10_000, STOP).drive_na == sign * 10_000
    assert guard.tick(sign * 10_000, STOP).drive_na == sign * 10_000
    row = guard.tick(sign, STOP)
    assert (row.drive_na, row.trips) == (0, bit(Trip.PROPOSAL))
