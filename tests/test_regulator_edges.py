"""The regulator alone at its ends: the last fC and the last tick of a cap, one nanoampere, the ceiling."""

from typing import Final

import pytest
from configurations import BASE
from judged import RUN, SOUND, STOP, Hardware, Odd, ticks_of

from iontocore.ccore import Config, Drive, LimitedBy, Phase, Refused, Regulator, Request

TICK_FC: Final = 1000 * 1000
SMALL: Final = BASE._replace(
    limit_na=1000, charge_reserve_fc=TICK_FC, charge_cap_each_fc=15 * TICK_FC, charge_cap_total_fc=20 * TICK_FC
)
"""Whole ticks at the limit fill the caps exactly."""


class Alone:
    """The regulator alone, by sound hardware."""

    def __init__(self, config: Config) -> None:
        self.config: Final = config
        self.regulator: Final = Regulator(config)
        self.read: Final = self.regulator.memory.read
        self._hardware: Final = Hardware(config)
        self._heartbeat = 0

    def tick(self, target_na: int, command: int = RUN, *, cut: int = 0, odd: Odd = SOUND) -> int:
        """One tick; its proposal, which flows."""
        self._heartbeat += 1
        proposal = self.regulator.step(self._hardware.sense(odd), Request(target_na, command, 0, self._heartbeat), cut)
        self._hardware.drive = Drive(proposal.current_na, self.read("state.energised"))
        return proposal.current_na

    def start(self, target_na: int) -> None:
        """From rest to energised, at zero."""
        for _ in range(ticks_of(self.config.dwell_us, self.config)):
            self.tick(target_na, STOP)
        assert self.tick(target_na) == 0
        assert self.read("state.energised") == 1


@pytest.mark.invariant("SI-18", "SI-26")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("more_fc", "fall_at"), [(-1, 15), (0, 15), (1, 16)])
def test_the_regulators_fall_begins_exactly_at_the_reserve_of_each_direction(
    more_fc: int, fall_at: int, sign: int
) -> None:
    regulator = Alone(SMALL._replace(charge_cap_each_fc=15 * TICK_FC + more_fc))
    regulator.start(sign * 1000)
    for tick in range(1, fall_at):
        assert regulator.tick(sign * 1000) == sign * 1000
        assert regulator.read("state.ending") == 0, tick
    assert regulator.tick(sign * 1000) == 0
    assert regulator.read("limited_by") == LimitedBy.CHARGE


@pytest.mark.invariant("SI-18", "SI-26")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("more_fc", "fall_at"), [(-1, 7), (0, 7), (1, 8)])
def test_the_regulators_fall_begins_exactly_at_the_reserve_of_both_directions_together(
    more_fc: int, fall_at: int, sign: int
) -> None:
    regulator = Alone(SMALL._replace(charge_cap_total_fc=20 * TICK_FC + more_fc))
    regulator.start(sign * 1000)
    for _ in range(13):
        assert regulator.tick(sign * 1000) == sign * 1000
    for _ in range(ticks_of(SMALL.dwell_us, SMALL)):
        assert regulator.tick(-sign * 1000) == 0
    for _ in range(1, fall_at):
        assert regulator.tick(-sign * 1000) == -sign * 1000
    assert regulator.tick(-sign * 1000) == 0
    assert regulator.read("limited_by") == LimitedBy.CHARGE


@pytest.mark.invariant("SI-18", "SI-26")
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_regulator_fills_the_caps_to_the_last_fc_when_its_fall_takes_two_steps(sign: int) -> None:
    config = BASE._replace(limit_na=1500, charge_reserve_fc=1500 * 1000)
    each = Alone(config._replace(charge_cap_each_fc=(1000 + 8 * 1500 + 500) * 1000))
    each.start(sign * 1500)
    flowed = [each.tick(sign * 1500) for _ in range(11)]
    assert flowed == [sign * na for na in (1000, *[1500] * 8, 500, 0)]

    total = Alone(config._replace(charge_cap_each_fc=12_000_000, charge_cap_total_fc=16_500_000))
    total.start(sign * 1500)
    assert [total.tick(sign * 1500) for _ in range(5)] == [sign * na for na in (1000, *[1500] * 4)]
    assert [total.tick(0) for _ in range(101)] == [sign * 500] + [0] * 100
    flowed = [total.tick(-sign * 1500) for _ in range(8)]
    assert flowed == [-sign * na for na in (1000, *[1500] * 5, 500, 0)]


@pytest.mark.invariant("SI-17", "SI-26")
def test_the_regulator_starts_when_one_tick_of_its_time_is_left_and_not_with_none() -> None:
    regulator = Alone(BASE._replace(time_cap_us=1_000_000, time_reserve_us=1000))
    regulator.start(0)
    for _ in range(998):
        regulator.tick(0)
    for left_us in (1000, 0):
        regulator.tick(0, STOP)
        regulator.tick(0, STOP)
        assert (regulator.read("state.energised"), regulator.read("state.energised_us")) == (0, 1_000_000 - left_us)
        regulator.tick(0)
        assert regulator.read("state.energised") == (left_us == 1000)


@pytest.mark.invariant("SI-04", "SI-26")
@pytest.mark.parametrize("sign", [-1, 1])
def test_back_to_the_same_direction_from_zero_needs_no_dwell(sign: int) -> None:
    regulator = Alone(BASE)
    regulator.start(sign * 3000)
    assert [regulator.tick(sign * 3000) for _ in range(3)] == [sign * na for na in (1000, 2000, 3000)]
    assert [regulator.tick(0) for _ in range(4)] == [sign * na for na in (2000, 1000, 0, 0)]
    assert regulator.tick(sign * 3000) == sign * 1000


@pytest.mark.invariant("SI-01", "SI-04", "SI-18")
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_smallest_current_flows_reverses_and_is_given_back_when_it_was_cut(sign: int) -> None:
    regulator = Alone(BASE)
    name = "positive" if sign > 0 else "negative"
    regulator.start(sign)
    assert regulator.tick(sign) == sign
    assert regulator.read(f"state.{name}_fc") == BASE.tick_us
    assert regulator.tick(sign, cut=1) == 0
    assert regulator.read(f"state.{name}_fc") == 0
    regulator.start(sign)
    assert regulator.tick(sign) == sign
    assert [regulator.tick(-sign) for _ in range(101)] == [0] * 100 + [-sign]


@pytest.mark.invariant("SI-05", "SI-26")
@pytest.mark.parametrize("how", ["cut", "emergency"])
def test_a_cut_at_rest_uses_up_the_stop_that_the_regulator_has_seen(how: str) -> None:
    regulator = Alone(BASE)
    for _ in range(ticks_of(BASE.dwell_us, BASE)):
        regulator.tick(0, STOP)
    assert regulator.read("state.armed") == 1
    regulator.tick(0, STOP, cut=int(how == "cut"), odd=Odd(emergency_stop=int(how == "emergency")))
    regulator.tick(0)
    assert (regulator.read("state.armed"), regulator.read("state.energised")) == (0, 0)


CEILING_NA: Final = 30_000_000
AT_THE_CEILING: Final = BASE._replace(
    tick_us=10_000,
    limit_na=CEILING_NA,
    trip_na=35_000_000,
    sensor_max_na=200_000_000,
    rise_na_per_tick=20_000,
    fall_na_per_tick=20_000,
    compliance_mv=100_000,
    over_voltage_mv=110_000,
    saturation_mv=90_000,
    sensor_max_mv=200_000,
    time_cap_us=7_200_000_000,
    charge_cap_each_fc=10**17,
    charge_cap_total_fc=10**17,
)


@pytest.mark.invariant("SI-01", "SI-02")
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_ceiling_itself_is_reached_and_left_by_one_nanoampere_that_the_voltage_does_not_allow(sign: int) -> None:
    regulator = Alone(AT_THE_CEILING)
    regulator.start(sign * CEILING_NA)
    flowed = [regulator.tick(sign * CEILING_NA) for _ in range(1500)]
    assert flowed[-1] == sign * CEILING_NA
    name = "positive_fc" if sign > 0 else "negative_fc"
    assert regulator.read(f"state.{name}") == sign * sum(flowed) * AT_THE_CEILING.tick_us
    for short_of_it_na in (-1, 0, 1, 2):
        measured_na = sign * (CEILING_NA - AT_THE_CEILING.headroom_na - short_of_it_na)
        odd = Odd(measured_na=measured_na, voltage_mv=AT_THE_CEILING.saturation_mv)
        assert regulator.tick(sign * CEILING_NA, odd=odd) == sign * (CEILING_NA - max(short_of_it_na, 0))


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_start_has_nothing_to_give_back_of_the_treatment_before(sign: int) -> None:
    regulator = Alone(BASE)
    for _ in range(2):
        regulator.start(sign * 1000)
        assert regulator.read("state.tick_fc") == 0
        regulator.tick(sign * 1000)
        assert regulator.read("state.tick_fc") == TICK_FC
        regulator.tick(sign * 1000, STOP)
        assert (regulator.read("state.energised"), regulator.read("state.tick_fc")) == (0, TICK_FC)


@pytest.mark.invariant("SI-01")
@pytest.mark.parametrize("sign", [-1, 1])
def test_saturated_with_the_other_direction_measured_the_headroom_alone_is_allowed(sign: int) -> None:
    regulator = Alone(BASE)
    regulator.start(sign * 70_000)
    for _ in range(60):
        regulator.tick(sign * 70_000)
    odd = Odd(measured_na=-sign * 9000, voltage_mv=BASE.saturation_mv)
    flowed = [regulator.tick(sign * 70_000, odd=odd) for _ in range(12)]
    assert flowed == [sign * BASE.headroom_na] * 12


def test_a_rise_that_the_voltage_stops_is_a_treatment_from_its_first_tick_on() -> None:
    regulator = Alone(BASE)
    regulator.start(200_000)
    for _ in range(60):
        regulator.tick(200_000)
    assert regulator.read("phase") == Phase.RAMP
    regulator.tick(200_000, odd=Odd(measured_na=10_000, voltage_mv=-BASE.saturation_mv))
    assert (regulator.read("phase"), regulator.read("limited_by")) == (Phase.TREAT, LimitedBy.VOLTAGE)


def test_a_fall_that_passes_the_target_stays_a_fall() -> None:
    regulator = Alone(BASE)
    regulator.start(3000)
    for _ in range(3):
        regulator.tick(3000)
    assert regulator.tick(2000, STOP) == 2000
    assert (regulator.read("phase"), regulator.read("limited_by")) == (Phase.FALL, LimitedBy.STOP)


@pytest.mark.invariant("SI-17", "SI-18")
@pytest.mark.parametrize("sign", [-1, 1])
def test_what_was_cut_is_given_back_and_what_an_emergency_ended_has_flowed(sign: int) -> None:
    name = "positive_fc" if sign > 0 else "negative_fc"
    for given_back, how in ((True, {"cut": 1}), (False, {"odd": Odd(emergency_stop=1)})):
        regulator = Alone(BASE)
        regulator.start(sign * 5000)
        regulator.tick(sign * 5000)
        regulator.tick(sign * 5000)
        assert (regulator.read("state.energised_us"), regulator.read(f"state.{name}")) == (3000, 3_000_000)
        regulator.tick(sign * 5000, **how)
        left = (2000, 1_000_000) if given_back else (3000, 3_000_000)
        assert (regulator.read("state.energised_us"), regulator.read(f"state.{name}")) == left


@pytest.mark.invariant("SI-22")
@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_a_run_whose_target_is_refused_waits_and_does_not_tell_of_a_reversal(sign: int) -> None:
    regulator = Alone(BASE)
    regulator.start(sign * 1000)
    regulator.tick(sign * 1000)
    for _ in range(3 if sign else 200):
        regulator.tick(sign * 1000, STOP)
    regulator.tick(BASE.limit_na + 1)
    said = (regulator.read("phase"), regulator.read("limited_by"), regulator.read("refused"))
    assert said == (Phase.WAIT, LimitedBy.CONTACT, Refused.LIMIT)
