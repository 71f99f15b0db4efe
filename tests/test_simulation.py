"""The simulated body and electronics: figures, faults against the truth, the same bits, events, the trace."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_core import CONFIG, RUN, STOP, Device, Rows

from iontocore.ccore import (
    TRACE_COLUMNS,
    ConfigurationError,
    Error,
    Event,
    Fault,
    LimitedBy,
    Phase,
    Request,
    SimError,
    SimulatedBody,
    SimulatedElectronics,
    Simulation,
    Telemetry,
    Trace,
    Trip,
    default_body,
    default_electronics,
    trip_names,
)

MA: Final = 1_000_000
"""nA in a milliampere."""

PERFECT: Final = default_electronics()._replace(
    dac_step_na=1,
    dac_gain_ppm=0,
    dac_offset_na=0,
    a_step_na=1,
    a_gain_ppm=0,
    a_offset_na=0,
    a_noise_na=0,
    b_step_na=1,
    b_gain_ppm=0,
    b_offset_na=0,
    b_noise_na=0,
    v_step_mv=1,
    v_gain_ppm=0,
    v_offset_mv=0,
    v_noise_mv=0,
    clock_ppm=0,
    jitter_us=0,
    clock_start_us=0,
)
"""Electronics without error: what is read is what is, and what is left is the fault under test."""


def kiloohm(device: Device) -> float:
    return device.simulation.truth().total_ohm / 1000


# ---- the body -------------------------------------------------------------------------------------------------------


def test_hands_in_trays_stay_within_the_2_to_6_kiloohm_of_a_device_guide_through_20_minutes_of_15_ma() -> None:
    device = Device()
    device.treat(15 * MA)
    seen = [kiloohm(device)]
    for _ in range(20):
        device.run(60, 15 * MA)
        seen.append(kiloohm(device))
    assert min(seen) >= 2.0
    assert max(seen) <= 6.0
    assert all(later < earlier for earlier, later in pairwise(seen))


def test_with_salt_at_8_5_volts_the_resistance_falls_within_10_minutes_through_the_range_of_a_builders_log() -> None:
    low_voltage = default_electronics()._replace(compliance_mv=8500)
    config = CONFIG._replace(compliance_mv=8500, over_voltage_mv=10_000, saturation_mv=8000)
    device = Device(electronics=low_voltage, config=config)
    device.simulation.inject(Fault.BODY_WET)
    device.run(1, 10 * MA, STOP)
    device.run(10, 10 * MA)
    start = kiloohm(device)
    telemetry = device.run(600, 10 * MA)
    end = kiloohm(device)
    assert telemetry.limited_by == LimitedBy.VOLTAGE
    assert 1.9 < end < start < 4.3
    assert 2.0 * MA < telemetry.measured_na < 4.5 * MA


def test_skin_between_0_2_and_60_volts_changes_by_more_than_one_decade_and_at_most_three() -> None:
    body = default_body()._replace(wet_ohm_cm2=1_000_000, water_ohm=0, internal_ohm=10, area_b_mm2=200_000)
    device = Device(body, default_electronics()._replace(compliance_mv=100_000))
    rest = device.simulation.truth().skin_a_ohm
    device.simulation.inject(Fault.SWITCH_WELDED)
    device.simulation.inject(Fault.DAC_RUNAWAY, 120 * MA)
    device.run(600, 0)
    truth = device.simulation.truth()
    assert truth.current_na * truth.skin_a_ohm / 1e6 == pytest.approx(60_000, rel=0.05)
    assert 10 < rest / truth.skin_a_ohm < 1000


def test_at_onset_the_resistance_drops_fast_then_slowly() -> None:
    body = default_body()._replace(soak_start_permille=1000)
    device = Device(body, config=CONFIG._replace(rise_na_per_tick=2000, limit_na=2 * MA))
    before = kiloohm(device)
    device.treat(2 * MA)
    at_target = kiloohm(device)
    device.run(1, 2 * MA)
    a_second_later = kiloohm(device)
    device.run(60, 2 * MA)
    a_minute_later = kiloohm(device)
    device.run(60, 2 * MA)
    two_minutes_later = kiloohm(device)
    assert before - a_second_later > a_second_later - a_minute_later > 0
    assert (at_target - a_second_later) > (a_second_later - a_minute_later) / 60
    assert a_second_later - a_minute_later > a_minute_later - two_minutes_later > 0


def test_30_minutes_after_the_current_the_skin_has_about_three_times_the_resistance_of_its_end() -> None:
    device = Device()
    device.treat(15 * MA)
    device.run(1200, 15 * MA)
    end = device.simulation.truth().skin_a_ohm
    device.run(1800, 15 * MA, STOP)
    assert 2.5 < device.simulation.truth().skin_a_ohm / end < 3.5


def test_skin_soaks_without_current_but_not_out_of_the_water() -> None:
    soaking, dry = Device(), Device(default_body()._replace(contact=0))
    start = soaking.simulation.truth().skin_a_ohm
    for device in (soaking, dry):
        device.run(300, 0, STOP)
    assert soaking.simulation.truth().skin_a_ohm < 0.9 * start
    assert dry.simulation.truth().skin_a_ohm == start


def test_half_the_area_has_twice_the_resistance() -> None:
    device = Device(default_body()._replace(area_a_mm2=7500))
    truth = device.simulation.truth()
    assert truth.skin_a_ohm == pytest.approx(2 * truth.skin_b_ohm)


def test_the_skins_capacitance_delays_the_voltage_and_not_the_current() -> None:
    slow = default_body()._replace(capacitance_pf_cm2=200_000)
    device = Device(slow, PERFECT)
    device.treat(5 * MA)
    device.simulation.inject(Fault.DAC_RUNAWAY, 10 * MA)
    rows = device.rows(10, 5 * MA)
    assert rows["true_na"][0] > 9 * MA
    assert rows["true_voltage_mv"][0] < 0.95 * rows["true_voltage_mv"][9]
    assert np.all(np.diff(rows["true_voltage_mv"]) > 0)


def test_a_saturated_voltage_stands_at_the_compliance_and_limits_the_current_without_a_trip() -> None:
    weak = default_electronics()._replace(compliance_mv=24_000)
    config = CONFIG._replace(compliance_mv=24_000, over_voltage_mv=26_000, saturation_mv=23_500)
    device = Device(electronics=weak, config=config)
    device.run(1, 15 * MA, STOP)
    telemetry = device.run(30, 15 * MA)
    truth = device.simulation.truth()
    assert telemetry.trips == 0
    assert telemetry.limited_by == LimitedBy.VOLTAGE
    assert truth.voltage_mv == pytest.approx(24_000, abs=1)
    assert 3 * MA < truth.current_na < 15 * MA


def test_a_lifted_hand_is_an_open_circuit_and_its_return_closes_it() -> None:
    device = Device()
    device.treat(15 * MA)
    device.simulation.inject(Fault.BODY_LIFT)
    rows = device.rows(100, 15 * MA)
    assert np.all(rows["true_contact"] == 0)
    assert np.all(rows["true_na"] < 1000)
    assert rows["true_voltage_mv"][0] == 60_000
    assert Trip.OPEN.label in trip_names(int(rows["trips"][-1]))
    assert rows["contact"][-1] == 0
    device.simulation.inject(Fault.BODY_RETURN)
    rows = device.rows(100, 15 * MA, STOP)
    assert np.all(rows["true_contact"] == 1)
    assert rows["contact"][-1] == 1
    device.rows(20, 15 * MA, STOP, acknowledge=1)
    assert device.treat(15 * MA).trips == 0


def test_a_hand_that_is_lifted_in_part_keeps_contact_and_has_a_higher_resistance() -> None:
    device = Device()
    device.treat(5 * MA)
    before = device.simulation.truth()
    device.simulation.inject(Fault.BODY_LIFT, 200)
    rows = device.rows(1, 5 * MA)
    after = device.simulation.truth()
    assert rows["true_contact"][0] == 1
    assert after.skin_a_ohm == pytest.approx(5 * before.skin_a_ohm, rel=0.01)
    assert after.skin_b_ohm == pytest.approx(before.skin_b_ohm, rel=0.01)
    device.simulation.clear(Fault.BODY_LIFT)
    assert device.simulation.truth().skin_a_ohm == pytest.approx(before.skin_a_ohm, rel=0.01)


def test_flickering_contact_goes_and_comes_back_and_the_contact_sense_follows_after_its_delay() -> None:
    device = Device()
    device.rows(50, 0, STOP)
    device.simulation.inject(Fault.BODY_FLICKER, 20_000)
    rows = device.rows(100, 0, STOP)
    assert [int(n) for n in rows["true_contact"]] == ([0] * 20 + [1] * 20) * 2 + [0] * 20
    delay = default_electronics().contact_us // 1000 - 1  # the truth is seen at the end of its first period
    assert [int(n) for n in rows["contact"][delay:]] == [int(n) for n in rows["true_contact"][:-delay]]


def test_a_short_circuit_has_the_resistance_that_is_said_and_trips() -> None:
    device = Device(electronics=PERFECT)
    device.treat(15 * MA)
    device.simulation.inject(Fault.BODY_SHORT, 50)
    rows = device.rows(100, 15 * MA)
    assert rows["true_na"][2] == pytest.approx(15 * MA, rel=0.001)
    assert rows["true_voltage_mv"][2] == pytest.approx(15 * 50, rel=0.001)
    assert Trip.SHORT.label in trip_names(int(rows["trips"][-1]))
    assert rows["true_na"][-1] == 0


def test_a_dry_body_resists_more_and_a_wet_one_less() -> None:
    device = Device()
    nominal = kiloohm(device)
    device.simulation.inject(Fault.BODY_DRY)
    dry = kiloohm(device)
    device.simulation.clear(Fault.BODY_DRY)
    device.simulation.inject(Fault.BODY_WET)
    assert dry > nominal + 3
    assert kiloohm(device) < nominal - 1


def test_a_body_that_starts_out_of_the_water_has_contact_when_it_comes() -> None:
    device = Device(default_body()._replace(contact=0))
    assert np.all(device.rows(50, MA, STOP)["true_contact"] == 0)
    assert device.run(5, MA).phase == Phase.WAIT
    device.simulation.inject(Fault.BODY_RETURN)
    assert device.run(5, MA).phase == Phase.TREAT


# ---- the electronics ------------------------------------------------------------------------------------------------


def test_sound_sensors_read_the_truth_within_the_errors_that_were_given_them() -> None:
    device = Device()
    device.treat(15 * MA)
    rows = device.rows(400, 15 * MA)
    given_errors = default_electronics()
    for column, gain_ppm, offset, noise, step in (
        ("measured_na", given_errors.a_gain_ppm, given_errors.a_offset_na, given_errors.a_noise_na, 2000),
        ("check_na", given_errors.b_gain_ppm, given_errors.b_offset_na, given_errors.b_noise_na, 4000),
    ):
        off = rows[column] - (rows["true_na"] * (1 + gain_ppm / 1e6) + offset)
        assert abs(off.mean()) < noise / 4
        assert noise * 0.8 < off.std() < np.hypot(noise, step / np.sqrt(12)) * 1.2
    off = rows["voltage_mv"] - rows["true_voltage_mv"] * 1.002 - 10
    assert abs(off.mean()) < 4
    assert 12 < off.std() < 18


def test_the_two_current_sensors_are_noisy_independently() -> None:
    device = Device()
    device.treat(15 * MA)
    rows = device.rows(400, 15 * MA)
    noise = np.corrcoef(rows["measured_na"] - rows["true_na"], rows["check_na"] - rows["true_na"])
    assert abs(noise[0, 1]) < 0.15


def test_readings_are_whole_steps_of_the_converter() -> None:
    device = Device()
    device.treat(15 * MA)
    rows = device.rows(100, -15 * MA)
    assert not np.any(rows["measured_na"] % 2000)
    assert not np.any(rows["check_na"] % 4000)
    assert not np.any(rows["voltage_mv"] % 10)


def test_the_dac_gives_whole_steps_with_its_errors_of_gain_and_offset() -> None:
    coarse = PERFECT._replace(dac_step_na=10_000, dac_gain_ppm=5000, dac_offset_na=700)
    device = Device(electronics=coarse)
    device.treat(5 * MA + 4000)
    assert device.simulation.truth().current_na == pytest.approx(5 * MA * 1.005 + 700)


def test_the_output_stage_follows_with_its_time_constant() -> None:
    slow = PERFECT._replace(stage_us=20_000)
    device = Device(electronics=slow, config=CONFIG._replace(mismatch_us=200_000, trip_na=26 * MA))
    device.treat(5 * MA)
    device.run(1, 5 * MA)
    device.simulation.inject(Fault.DAC_RUNAWAY, 9 * MA)
    rows = device.rows(20, 5 * MA)
    left = (9 * MA - rows["true_na"].astype(float)) / (4 * MA)
    assert np.allclose(left, (20 / 21) ** np.arange(1, 21), rtol=1e-3)


def test_the_switch_obeys_after_its_delay_and_the_read_back_tells_when() -> None:
    slow = default_electronics()._replace(switch_us=3000)
    device = Device(electronics=slow)
    device.rows(200, MA, STOP)
    rows = device.rows(20, MA)
    told = int(np.argmax(rows["switch_closed"]))
    closed = int(np.argmax(rows["true_switch"]))
    assert rows["switch_closed"][told] == 1
    assert closed - told == 4  # three whole periods open, and the fourth step is the first to see it closed
    assert np.array_equal(rows["true_switch"], rows["switch_readback"])


def test_the_clock_starts_so_that_every_session_sees_it_wrap_and_runs_with_its_error() -> None:
    device = Device(electronics=default_electronics()._replace(clock_ppm=1000, jitter_us=0))
    first = int(device.rows(1, 0, STOP)["now_us"][0])
    device.run(5, 0, STOP)
    later = int(device.rows(1, 0, STOP)["now_us"][0])
    assert first > 2**32 - 6_000_000
    assert later < first
    assert (later - first) % 2**32 == pytest.approx(5_001_000 * 1.001, abs=2)


def test_jitter_stays_within_its_bounds_and_reaches_both_of_them() -> None:
    device = Device(electronics=PERFECT._replace(jitter_us=5))
    rows = device.rows(400, 0, STOP)
    late = rows["now_us"].astype(np.int64) - rows["time_us"]
    assert set(late.tolist()) == set(range(-5, 6))


def test_without_steps_the_watchdog_opens_the_switch_after_its_time_and_without_one_the_current_flows_on() -> None:
    for watchdog_us, flows_us in ((50_000, 50_000), (0, 400_000)):
        device = Device(electronics=default_electronics()._replace(watchdog_us=watchdog_us))
        device.treat(15 * MA)
        device.simulation.inject(Fault.TIMER_FROZEN)
        began_us = device.simulation.time_us
        rows = device.rows(400, 15 * MA)
        truth = device.simulation.truth()
        assert len(rows["time_us"]) == 0
        assert truth.flowing_us - began_us == flows_us
        assert truth.peak_na == pytest.approx(15 * MA, rel=0.002)


# ---- faults of the sensors, against the truth ----------------------------------------------------------------------

SENSORS: Final = (
    (Fault.A_ZERO, "measured_na", "true_na", 60 * MA),
    (Fault.B_ZERO, "check_na", "true_na", 60 * MA),
    (Fault.V_ZERO, "voltage_mv", "true_voltage_mv", 100_000),
)
"""The first fault of each sensor, its column, what it should read, and its full scale."""


def faulty_rows(fault: int, parameter: int) -> Rows:
    """40 ticks on the way from 5 to 8 mA with a fault of a sensor, else without error, and a core that cuts late."""
    late = dict.fromkeys(("over_current_us", "over_voltage_us", "short_us", "sensor_us", "mismatch_us"), 200_000)
    device = Device(electronics=PERFECT, config=CONFIG._replace(rise_na_per_tick=2000, **late))
    device.treat(5 * MA)
    device.run(60, 5 * MA)
    device.simulation.inject(fault, parameter)
    rows = device.rows(40, 8 * MA)
    assert not np.any(rows["trips"])
    return rows


@pytest.mark.parametrize(("first", "column", "truth", "full"), SENSORS)
class TestASensor:
    """One of the three sensors, with each of its faults."""

    def test_that_reads_zero_reads_zero(self, first: int, column: str, truth: str, full: int) -> None:
        rows = faulty_rows(first, 0)
        assert not np.any(rows[column])
        assert np.all(rows[truth] > 0)

    def test_that_reads_full_scale_reads_it_on_the_side_that_is_said(
        self, first: int, column: str, truth: str, full: int
    ) -> None:
        assert np.all(faulty_rows(first + 1, 1)[column] == full)
        assert np.all(faulty_rows(first + 1, -1)[column] == -full)

    def test_that_repeats_its_last_value_repeats_it(self, first: int, column: str, truth: str, full: int) -> None:
        rows = faulty_rows(first + 2, 0)
        assert len(set(rows[column].tolist())) == 1
        assert len(set(rows[truth].tolist())) > 10

    def test_with_an_offset_is_off_by_it(self, first: int, column: str, truth: str, full: int) -> None:
        rows = faulty_rows(first + 3, -1234)
        assert np.all(rows[column] == rows[truth] - 1234)

    def test_with_a_gain_reads_that_much_of_the_truth(self, first: int, column: str, truth: str, full: int) -> None:
        rows = faulty_rows(first + 4, -500)
        assert np.allclose(rows[column], rows[truth] * -0.5, atol=1)

    def test_with_noise_has_so_much_of_it_around_the_truth(
        self, first: int, column: str, truth: str, full: int
    ) -> None:
        rows = faulty_rows(first + 5, 1000)
        off = rows[column] - rows[truth]
        assert 500 < off.std() < 1500
        assert abs(off.mean()) < 1000

    def test_that_is_slow_lags_by_its_time_constant(self, first: int, column: str, truth: str, full: int) -> None:
        rows = faulty_rows(first + 6, 5000)
        lag = rows[truth].astype(float) - rows[column]
        a_tick = np.diff(rows[truth].astype(float)).mean()
        assert np.all(lag[1:] > 0)
        assert lag[-1] == pytest.approx(5 * a_tick, rel=0.1)

    def test_is_cut_off_at_full_scale(self, first: int, column: str, truth: str, full: int) -> None:
        offset = 1_000_000 if column == "voltage_mv" else 1_000_000_000
        assert np.all(faulty_rows(first + 3, offset)[column] == full)
        assert np.all(faulty_rows(first + 3, -offset)[column] == -full)


def test_a_dead_converter_gives_the_same_sample_for_ever_and_a_cleared_one_the_next() -> None:
    device = Device()
    device.treat(5 * MA)
    device.simulation.inject(Fault.CONVERTER_DEAD)
    rows = device.rows(2, 8 * MA)
    for column in ("sample", "measured_na", "check_na", "voltage_mv"):
        assert len(set(rows[column].tolist())) == 1
    device.simulation.clear(Fault.CONVERTER_DEAD)
    assert device.rows(1, 8 * MA)["sample"][0] == rows["sample"][0] + 1


@pytest.mark.parametrize("stuck", [0, 1])
def test_a_stuck_contact_sense_says_the_same_whatever_the_hands_do(stuck: int) -> None:
    device = Device()
    device.rows(50, 0, STOP)
    device.simulation.inject(Fault.CONTACT_STUCK, stuck)
    device.simulation.inject(Fault.BODY_FLICKER, 50_000)
    rows = device.rows(400, 0, STOP)
    assert np.all(rows["contact"] == stuck)
    assert set(rows["true_contact"].tolist()) == {0, 1}


# ---- faults of the output, against the truth ------------------------------------------------------------------------


def treated(fault: int, parameter: int = 0, target_na: int = 5 * MA) -> Rows:
    """10 ticks on the way from 5 mA to another target with a fault of the output."""
    device = Device(electronics=PERFECT)
    device.treat(5 * MA)
    device.simulation.inject(fault, parameter)
    return device.rows(10, target_na)


def test_a_stuck_dac_holds_its_value_against_every_drive() -> None:
    rows = treated(Fault.DAC_STUCK, target_na=8 * MA)
    assert np.all(rows["drive_na"][1:] > 5 * MA)
    assert np.allclose(rows["true_na"], 5 * MA, rtol=1e-4)


def test_a_runaway_dac_asks_for_its_own_current_at_once_and_saturates_at_the_compliance() -> None:
    rows = treated(Fault.DAC_RUNAWAY, 7 * MA)
    assert np.allclose(rows["true_na"][1:], 7 * MA, rtol=0.01)
    rows = treated(Fault.DAC_RUNAWAY, 900 * MA)
    assert np.all(rows["true_voltage_mv"] == 60_000)


def test_a_dac_with_a_wrong_gain_gives_that_much_of_the_drive() -> None:
    rows = treated(Fault.DAC_GAIN, 1050)
    assert rows["true_na"][5] == pytest.approx(5 * MA * 1.05, rel=1e-3)


def test_a_dac_with_the_wrong_sign_gives_the_other_direction() -> None:
    rows = treated(Fault.DAC_SIGN)
    assert rows["true_na"][5] == pytest.approx(-5 * MA, rel=1e-3)


def test_a_dac_with_an_offset_is_off_by_it() -> None:
    rows = treated(Fault.DAC_OFFSET, -300_000)
    assert rows["true_na"][5] == pytest.approx(5 * MA - 300_000, rel=1e-3)


def test_a_welded_switch_conducts_after_the_cut_and_the_read_back_says_so() -> None:
    device = Device()
    device.treat(5 * MA)
    device.simulation.inject(Fault.SWITCH_WELDED)
    device.simulation.inject(Fault.EMERGENCY_STOP)
    rows = device.rows(10, 5 * MA)
    assert np.all(rows["switch_closed"] == 0)
    assert np.all(rows["true_switch"] == 1)
    assert np.all(rows["switch_readback"] == 1)


def test_a_switch_that_is_stuck_open_lets_nothing_through_and_the_read_back_says_so() -> None:
    rows = treated(Fault.SWITCH_OPEN)
    assert np.all(rows["switch_closed"][:5] == 1)
    assert np.all(rows["true_switch"] == 0)
    assert np.all(rows["switch_readback"] == 0)
    assert not np.any(rows["true_na"])


@pytest.mark.parametrize("stuck", [0, 1])
def test_a_stuck_read_back_says_the_same_whatever_the_switch_does(stuck: int) -> None:
    device = Device()
    device.treat(5 * MA)
    device.simulation.inject(Fault.SWITCH_READBACK, stuck)
    device.simulation.inject(Fault.EMERGENCY_STOP)
    rows = device.rows(10, 5 * MA)
    assert np.all(rows["switch_readback"] == stuck)
    assert set(rows["true_switch"].tolist()) == {0, 1}


def test_a_leaking_switch_lets_its_current_through_while_it_is_open() -> None:
    device = Device(electronics=PERFECT)
    device.simulation.inject(Fault.SWITCH_LEAK, 250_000)
    rows = device.rows(50, 0, STOP)
    assert np.all(rows["true_switch"] == 0)
    assert np.all(rows["true_na"] == 250_000)
    assert Trip.LEAKAGE.label in trip_names(int(rows["trips"][-1]))


# ---- faults of time, supervisor, supply and memory ----------------------------------------------------------------


def test_missed_ticks_are_periods_without_a_step_as_many_as_were_said() -> None:
    device = Device(electronics=PERFECT)
    device.rows(10, 0, STOP)
    device.simulation.inject(Fault.TICK_MISSED, 3)
    rows = device.rows(10, 0, STOP)
    assert np.diff(rows["time_us"]).tolist() == [1000] * 6
    assert len(rows["time_us"]) == 7
    assert Trip.TICK.label in trip_names(int(rows["trips"][0]))


def test_doubled_ticks_are_two_steps_in_one_period_as_often_as_was_said() -> None:
    device = Device(electronics=PERFECT)
    device.rows(10, 0, STOP)
    device.simulation.inject(Fault.TICK_DOUBLED, 2)
    rows = device.rows(5, 0, STOP)
    assert np.diff(rows["time_us"]).tolist() == [0, 1000, 0, 1000, 1000, 1000]
    assert Trip.TICK.label in trip_names(int(rows["trips"][1]))


@pytest.mark.parametrize(
    ("fault", "parameter", "period_us"), [(Fault.TIMER_SLOW, 300, 1300), (Fault.TIMER_FAST, 400, 600)]
)
def test_a_wrong_timer_has_the_period_that_is_said_and_the_body_lives_by_it(
    fault: int, parameter: int, period_us: int
) -> None:
    device = Device(electronics=PERFECT)
    device.treat(5 * MA)
    before = device.simulation.truth()
    device.simulation.inject(fault, parameter)
    rows = device.rows(2, 5 * MA)
    after = device.simulation.truth()
    assert after.time_us - before.time_us == 2 * period_us
    assert (rows["now_us"][1] - rows["now_us"][0]) == period_us
    assert after.positive_fc - before.positive_fc == pytest.approx(rows["true_na"].astype(float).sum() * period_us)


@pytest.mark.parametrize(
    ("fault", "parameter", "a_tick_us"),
    [(Fault.CLOCK_STOPPED, 0, 0), (Fault.CLOCK_SLOW, 250, 750), (Fault.CLOCK_FAST, 500, 1500)],
)
def test_a_wrong_clock_runs_as_is_said_while_true_time_goes_on(fault: int, parameter: int, a_tick_us: int) -> None:
    device = Device(electronics=PERFECT)
    device.simulation.inject(fault, parameter)
    rows = device.rows(10, 0, STOP)
    assert np.diff(rows["now_us"]).tolist() == [a_tick_us] * 9
    assert np.diff(rows["time_us"]).tolist() == [1000] * 9


def test_a_frozen_supervisor_repeats_its_last_request() -> None:
    device = Device()
    device.rows(5, 3 * MA, STOP)
    device.simulation.inject(Fault.SUPERVISOR_FROZEN)
    rows = device.rows(5, 4 * MA, RUN, acknowledge=1)
    assert set(rows["requested_na"].tolist()) == {3 * MA}
    assert set(rows["command"].tolist()) == {STOP}
    assert set(rows["acknowledge"].tolist()) == {0}
    assert set(rows["heartbeat"].tolist()) == {device.heartbeat - 1}


def test_a_supervisor_that_is_stuck_repeats_its_last_request_with_a_heartbeat_that_lives() -> None:
    device = Device()
    device.rows(5, 3 * MA, STOP)
    device.simulation.inject(Fault.SUPERVISOR_STUCK)
    rows = [device.rows(5, 4 * MA, RUN, acknowledge=1) for _ in range(2)]
    for part in rows:
        assert set(part["requested_na"].tolist()) == {3 * MA}
        assert set(part["command"].tolist()) == {STOP}
        assert set(part["acknowledge"].tolist()) == {0}
    assert [part["heartbeat"][0] for part in rows] == [device.heartbeat - 1, device.heartbeat]


@pytest.mark.parametrize(("permille", "least", "most"), [(0, 0, 0), (500, 300, 700), (1000, 1000, 1000)])
def test_a_supervisor_that_sends_garbage_says_run_as_often_as_is_said(permille: int, least: int, most: int) -> None:
    device = Device()
    device.simulation.inject(Fault.SUPERVISOR_GARBAGE, permille)
    rows = device.rows(1000, 3 * MA, STOP)
    assert least <= np.count_nonzero(rows["command"] == RUN) <= most
    assert len(set(rows["heartbeat"].tolist())) > 900
    assert set(rows["acknowledge"].tolist()) == {0, 1}
    asked = np.abs(rows["requested_na"].astype(np.int64))
    near = np.abs(asked - CONFIG.limit_na) <= 2
    assert 300 < np.count_nonzero(near) < 700
    assert {int(na) - CONFIG.limit_na for na in asked[near]} == {-2, -1, 0, 1}


def test_garbage_turns_its_direction_seldom_and_does_turn_it() -> None:
    device = Device()
    device.simulation.inject(Fault.SUPERVISOR_GARBAGE, 1000)
    signs = np.sign(device.rows(20_000, 3 * MA, STOP)["requested_na"])
    turns = np.count_nonzero(np.diff(signs[signs != 0]))
    assert 1 < turns < 40


def test_an_emergency_stop_that_is_dead_is_not_seen_until_it_lives_again() -> None:
    device = Device()
    device.simulation.inject(Fault.EMERGENCY_DEAD)
    device.simulation.inject(Fault.EMERGENCY_STOP)
    assert set(device.rows(5, 0, STOP)["emergency_stop"].tolist()) == {0}
    device.simulation.clear(Fault.EMERGENCY_DEAD)
    assert set(device.rows(5, 0, STOP)["emergency_stop"].tolist()) == {1}


def test_a_lost_heartbeat_stands_still_while_the_rest_of_the_request_arrives() -> None:
    device = Device()
    device.rows(5, 3 * MA, STOP)
    device.simulation.inject(Fault.HEARTBEAT_LOST)
    rows = device.rows(5, 4 * MA)
    assert set(rows["requested_na"].tolist()) == {4 * MA}
    assert set(rows["command"].tolist()) == {RUN}
    assert set(rows["heartbeat"].tolist()) == {device.heartbeat - 1}
    device.simulation.clear(Fault.HEARTBEAT_LOST)
    assert device.rows(1, 4 * MA)["heartbeat"][0] == device.heartbeat


def test_a_supply_that_rises_gives_the_output_stage_the_voltage_that_is_said_and_never_less() -> None:
    open_mv = []
    for mv in (90_000, 9000):
        device = Device()
        device.treat(5 * MA)
        device.simulation.inject(Fault.SUPPLY_HIGH, mv)
        device.simulation.inject(Fault.BODY_LIFT, 0)
        open_mv.append(device.rows(3, 5 * MA)["true_voltage_mv"][1])
    assert open_mv == [90_000, default_electronics().compliance_mv]


def test_a_dip_leaves_the_output_stage_the_voltage_that_is_said() -> None:
    rows = treated(Fault.SUPPLY_DIP, 9000)
    assert np.all(rows["true_voltage_mv"] == 9000)
    assert np.all(rows["true_na"] < 5 * MA)


def test_without_supply_nothing_flows_no_step_happens_and_telemetry_is_the_last_that_came() -> None:
    device = Device()
    last = device.treat(15 * MA)
    device.simulation.inject(Fault.SUPPLY_LOST)
    rows = device.rows(100, 15 * MA)
    assert device.simulation.events == Event.POWER
    assert not device.simulation.powered
    assert len(rows["time_us"]) == 0
    truth = device.simulation.truth()
    assert truth.current_na == 0
    assert truth.switch_closed == 0
    telemetry = device.exchange(15 * MA)
    assert telemetry.time_us == last.time_us + 150_000
    assert telemetry[1:] == last[1:]
    with pytest.raises(ConfigurationError, match="supply is lost") as caught:
        device.simulation.configure(CONFIG)
    assert caught.value.error is SimError.POWER
    with pytest.raises(ConfigurationError, match="supply is lost"):
        device.simulation.start(CONFIG)


@pytest.mark.parametrize("lost_us", [0, 30_000])
def test_power_comes_back_to_a_core_that_is_idle_and_keeps_the_trips_that_it_had(lost_us: int) -> None:
    device = Device()
    device.treat(15 * MA)
    device.simulation.inject(Fault.BODY_LIFT)
    device.rows(50, 15 * MA)
    device.simulation.inject(Fault.SUPPLY_LOST, lost_us)
    device.rows(29, 15 * MA)
    assert not device.simulation.powered
    if lost_us == 0:
        device.run(10, 15 * MA)
        device.simulation.clear(Fault.SUPPLY_LOST)
    device.simulation.inject(Fault.BODY_RETURN)
    rows = device.rows(2, 15 * MA)
    assert device.simulation.powered
    assert Event.POWER in device.simulation.events
    assert Trip.OPEN.label in trip_names(int(rows["trips"][0]))
    assert device.exchange(15 * MA).ticks < 60
    assert np.all(device.rows(400, 15 * MA)["drive_na"] == 0)


def test_the_emergency_stop_is_active_until_the_fault_is_cleared() -> None:
    device = Device()
    device.simulation.inject(Fault.EMERGENCY_STOP)
    assert np.all(device.rows(5, 0, STOP)["emergency_stop"] == 1)
    device.simulation.clear(Fault.EMERGENCY_STOP)
    assert np.all(device.rows(5, 0, STOP)["emergency_stop"] == 0)


@given(st.data())
def test_a_memory_flip_inverts_the_bit_that_is_said_and_no_other(data: st.DataObject) -> None:
    device = Device()
    memory = device.simulation.memory
    bit = data.draw(st.integers(0, 8 * len(memory.bytes) - 1))
    before = bytes(memory.bytes)
    device.simulation.inject(Fault.MEMORY_FLIP, bit)
    changed = int.from_bytes(before, "little") ^ int.from_bytes(memory.bytes, "little")
    assert changed == 1 << bit
    with pytest.raises(ValueError, match="MEMORY_FLIP"):
        device.simulation.inject(Fault.MEMORY_FLIP, 8 * len(memory.bytes))


def test_a_flipped_bit_of_the_limit_is_found_at_the_next_step_by_the_core() -> None:
    device = Device()
    device.treat(5 * MA)
    offset = device.simulation.memory.fields["guard.config.limit_na"].start
    device.simulation.inject(Fault.MEMORY_FLIP, 8 * offset)
    rows = device.rows(1, 5 * MA)
    assert trip_names(int(rows["trips"][0])) == (Trip.CORRUPT.label,)
    assert rows["drive_na"][0] == 0


PARAMETERS: Final[Mapping[Fault, int]] = {
    fault: {
        Fault.A_FULL: 1,
        Fault.B_FULL: 1,
        Fault.V_FULL: 1,
    }.get(fault, 1 if fault.name.endswith(("SLOW", "FAST", "MISSED", "DOUBLED", "FLICKER")) else 0)
    for fault in Fault
}
"""A parameter that each fault takes."""


DONE_AT_ONCE: Final = {Fault.MEMORY_FLIP, Fault.BODY_DRY, Fault.BODY_WET, Fault.BODY_SHORT}
"""The bit is inverted, the skin is dried, soaked or discharged."""


@pytest.mark.parametrize("fault", sorted(set(Fault) - DONE_AT_ONCE))
def test_a_fault_that_is_cleared_before_the_next_tick_leaves_no_trace(fault: Fault) -> None:
    injected, untouched = Device(), Device()
    for device in (injected, untouched):
        device.treat(2 * MA)
    injected.simulation.inject(fault, PARAMETERS[fault])
    injected.simulation.clear(fault)
    assert_same(injected.rows(50, 2 * MA), untouched.rows(50, 2 * MA))


@pytest.mark.parametrize("fault", list(Fault))
def test_a_parameter_out_of_its_range_is_refused_by_the_name_of_the_fault(fault: Fault) -> None:
    simulation = Simulation()
    with pytest.raises(ValueError, match=f"-2147483648 is out of the range .* {fault.name}$"):
        simulation.inject(fault, -(2**31))
    assert simulation.run(Request(0, 0, 0, 0), 1).time_us == 1000


@pytest.mark.parametrize("fault", [0, 8, 112, 127, 128, 2**32 - 1])
def test_a_number_that_is_no_fault_is_refused(fault: int) -> None:
    simulation = Simulation()
    for act in (simulation.inject, simulation.clear):
        with pytest.raises(ValueError, match=f"^fault: {fault} is none of the faults"):
            act(fault)


# ---- what is refused ------------------------------------------------------------------------------------------------

OUT_OF_RANGE: Final = {
    "contact": 2,
    "voltage_gain_permille": 1_000_001,
    "dac_gain_ppm": 200_001,
    "dac_offset_na": -1_000_001,
    "a_gain_ppm": -200_001,
    "a_offset_na": 1_000_001,
    "b_gain_ppm": 200_001,
    "b_offset_na": -1_000_001,
    "v_gain_ppm": 200_001,
    "v_offset_mv": 10_001,
    "clock_ppm": 100_001,
}
"""Where -1 is within the range, or is no value of the field."""


@pytest.mark.parametrize("field", SimulatedBody._fields)
def test_a_figure_of_the_body_that_is_out_of_its_range_is_refused_by_its_name(field: str) -> None:
    wrong = OUT_OF_RANGE.get(field, -1)
    with pytest.raises(ConfigurationError, match=f"^{field}: {wrong} is out of the range that ionto_sim.h") as caught:
        Simulation(default_body()._replace(**{field: wrong}))
    assert caught.value.field == field


@pytest.mark.parametrize("field", [name for name in SimulatedElectronics._fields if name != "clock_start_us"])
def test_a_figure_of_the_electronics_that_is_out_of_its_range_is_refused_by_its_name(field: str) -> None:
    wrong = OUT_OF_RANGE.get(field, -1)
    with pytest.raises(ConfigurationError, match=f"^{field}: {wrong} is out of the range that ionto_sim.h") as caught:
        Simulation(None, default_electronics()._replace(**{field: wrong}))
    assert caught.value.field == field


def test_soaked_skin_that_resists_more_than_dry_skin_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="wet_ohm_cm2"):
        Simulation(default_body()._replace(wet_ohm_cm2=1_000_001))


def test_a_configuration_that_the_core_refuses_leaves_it_off() -> None:
    simulation = Simulation()
    with pytest.raises(ConfigurationError, match="limit_na") as caught:
        simulation.start(CONFIG._replace(limit_na=30_000_001))
    assert caught.value.error is Error.LIMIT
    assert not simulation.powered
    telemetry = simulation.run(Request(MA, RUN, 0, 0), 1000)
    assert telemetry.ticks == 0
    assert simulation.truth().peak_na == 0


def test_the_running_core_takes_another_tick_and_the_simulation_follows() -> None:
    device = Device()
    device.exchange(0, STOP)
    device.simulation.configure(CONFIG._replace(tick_us=10_000, rise_na_per_tick=10_000, fall_na_per_tick=10_000))
    before = device.simulation.time_us
    rows = device.rows(10, 0, STOP)
    assert device.simulation.time_us - before == 100_000
    assert np.diff(rows["time_us"]).tolist() == [10_000] * 9


def test_the_running_core_is_not_configured_while_it_is_energised() -> None:
    device = Device()
    device.treat(2 * MA)
    with pytest.raises(ConfigurationError, match="energised") as caught:
        device.simulation.configure(CONFIG)
    assert caught.value.field is None
    assert device.exchange(2 * MA).phase == Phase.TREAT


# ---- the same bits --------------------------------------------------------------------------------------------------


def assert_same(one: Rows, other: Rows) -> None:
    assert one.keys() == other.keys() == TRACE_COLUMNS.keys()
    for name, column in one.items():
        assert np.array_equal(column, other[name]), name


def story(seed: int, cuts: list[int], run: Callable[[Device, int, int], Telemetry]) -> tuple[Rows, Telemetry]:
    """Half a minute with faults, cut into calls in a certain way; its trace and its last answer."""
    device = Device(seed=seed)
    trace = Trace(100_000)
    device.simulation.record(trace)
    telemetry = run(device, 100, STOP)
    for number, (ticks, fault, parameter) in enumerate(
        (
            (6000, Fault.A_NOISE, 30_000),
            (3000, Fault.BODY_FLICKER, 40_000),
            (2000, Fault.TICK_DOUBLED, 2),
            (2000, Fault.SUPPLY_LOST, 500_000),
            (3000, Fault.BODY_RETURN, 0),
        )
    ):
        left = ticks
        while left > 0:
            step = min(cuts[(number + left) % len(cuts)], left)
            telemetry = run(device, step, RUN)
            left -= step
        device.simulation.inject(fault, parameter)
    return {name: np.array(column) for name, column in trace.rows().items()}, telemetry


def plain(device: Device, ticks: int, command: int) -> Telemetry:
    """Runs with a heartbeat that hangs on true time alone, so that cuts do not change what is given."""
    done = 0
    while done < ticks:
        now_ms = device.simulation.time_us // 1000
        until_next = min(50 - now_ms % 50, ticks - done)
        telemetry = device.simulation.run(Request(3 * MA, command, 0, now_ms // 50), until_next)
        done += device.simulation.advanced
    return telemetry


def test_the_same_seed_gives_the_same_trace_bit_by_bit_and_another_seed_another() -> None:
    first, _ = story(7, [500], plain)
    again, _ = story(7, [500], plain)
    other, _ = story(8, [500], plain)
    assert_same(first, again)
    assert not np.array_equal(first["measured_na"], other["measured_na"])
    assert len(first["time_us"]) > 10_000


@given(cuts=st.lists(st.integers(1, 3000), min_size=1, max_size=5))
def test_a_run_that_is_cut_into_calls_gives_the_same_trace(cuts: list[int]) -> None:
    assert_same(story(7, cuts, plain)[0], story(7, [3000], plain)[0])


def test_a_run_that_stops_at_every_event_and_goes_on_gives_the_same_trace() -> None:
    def stopping(device: Device, ticks: int, command: int) -> Telemetry:
        done = 0
        while done < ticks:
            now_ms = device.simulation.time_us // 1000
            until_next = min(50 - now_ms % 50, ticks - done)
            request = Request(3 * MA, command, 0, now_ms // 50)
            telemetry = device.simulation.run(request, until_next, Event.ANY)
            done += device.simulation.advanced
        return telemetry

    assert_same(story(7, [500], stopping)[0], story(7, [500], plain)[0])


def test_a_simulation_runs_the_same_with_a_trace_and_without() -> None:
    answers = []
    for trace in (None, Trace(6000)):
        device = Device(seed=3)
        device.simulation.record(trace)
        device.exchange(3 * MA, STOP)
        answers.append((device.run(5, 3 * MA), device.simulation.truth(), bytes(device.simulation.memory.bytes)))
    assert answers[0] == answers[1]


def test_reports_in_between_change_the_extremes_and_nothing_else() -> None:
    often, once = Device(), Device()
    for _ in range(100):
        often.exchange(MA, STOP)
    once.heartbeat = often.heartbeat - 1
    last = once.simulation.run(Request(MA, STOP, 0, 100), 5000)
    assert often.exchange(MA, STOP).ticks == last.ticks + 50


# ---- events ---------------------------------------------------------------------------------------------------------


def stop_at(device: Device, stop_on: Event, target_na: int = 2 * MA, command: int = RUN, acknowledge: int = 0) -> Rows:
    """The trace of a run up to the event; it has to come within 400 ticks."""
    trace = Trace(1000)
    device.simulation.record(trace)
    device.heartbeat += 1
    device.simulation.run(Request(target_na, command, acknowledge, device.heartbeat), 400, stop_on)
    device.simulation.record(None)
    assert stop_on & device.simulation.events
    assert device.simulation.advanced < 400
    assert device.simulation.advanced == trace.count
    return {name: np.array(column) for name, column in trace.rows().items()}


def last_two(rows: Rows, column: str) -> tuple[int, int]:
    return int(rows[column][-2]), int(rows[column][-1])


def test_a_run_stops_right_after_the_tick_at_which_the_phase_changed() -> None:
    device = Device()
    device.rows(200, 60_000, STOP)
    device.rows(5, 60_000)
    rows = stop_at(device, Event.PHASE, 60_000)
    assert last_two(rows, "phase") == (Phase.RAMP, Phase.TREAT)
    assert len(set(rows["phase"][:-1].tolist())) == 1


def test_a_run_stops_right_after_a_trip_and_after_its_clearing() -> None:
    device = Device()
    device.treat(2 * MA)
    device.simulation.inject(Fault.BODY_LIFT)
    rows = stop_at(device, Event.TRIP)
    assert rows["trips"][-2] == 0
    assert trip_names(int(rows["trips"][-1])) == (Trip.OPEN.label,)
    device.simulation.inject(Fault.BODY_RETURN)
    device.rows(50, 2 * MA, STOP)
    device.simulation.run(Request(2 * MA, STOP, 1, 0), 400, Event.CLEARED)
    assert device.simulation.advanced == 1
    assert Event.CLEARED in device.simulation.events


def test_a_run_stops_right_after_a_refusal_and_not_again_while_it_lasts() -> None:
    device = Device()
    device.exchange(0, STOP)
    rows = stop_at(device, Event.REFUSED, 21 * MA, STOP)
    assert rows["refused"].tolist() == [1]
    device.simulation.run(Request(21 * MA, STOP, 0, 0), 50, Event.REFUSED)
    assert device.simulation.advanced == 50


def test_a_run_stops_right_after_contact_is_sensed_or_lost() -> None:
    device = Device()
    assert last_two(stop_at(device, Event.CONTACT, command=STOP), "contact") == (0, 1)
    device.simulation.inject(Fault.BODY_LIFT)
    assert last_two(stop_at(device, Event.CONTACT, command=STOP), "contact") == (1, 0)


def test_a_run_stops_right_after_the_drive_reached_zero() -> None:
    device = Device(config=CONFIG._replace(fall_na_per_tick=20_000))
    device.treat(2 * MA)
    before, now = last_two(stop_at(device, Event.ZERO, command=STOP), "drive_na")
    assert before > 0
    assert now == 0


def test_a_run_stops_right_after_the_switch_is_told_to_close() -> None:
    device = Device()
    device.rows(200, 2 * MA, STOP)
    assert stop_at(device, Event.SWITCH)["switch_closed"][-1] == 1


def test_a_run_stops_right_after_something_else_limits_the_current() -> None:
    device = Device()
    device.rows(200, 2 * MA, STOP)
    rows = stop_at(device, Event.LIMITED, 60_000)
    assert int(rows["limited_by"][-1]) != LimitedBy.STOP


def test_a_run_stops_when_the_power_goes_and_when_it_is_back() -> None:
    device = Device()
    device.exchange(0, STOP)
    request = Request(0, STOP, 0, 0)
    device.simulation.inject(Fault.SUPPLY_LOST, 20_000)
    device.simulation.run(request, 400, Event.POWER)
    assert (device.simulation.advanced, device.simulation.powered) == (1, False)
    device.simulation.run(request, 400, Event.POWER)
    assert (device.simulation.advanced, device.simulation.powered) == (20, True)


def test_a_run_without_stops_says_what_happened_during_it() -> None:
    device = Device()
    seen = []
    for _ in range(3):
        device.exchange(2 * MA, STOP)
        seen.append(device.simulation.events)
    assert seen == [Event.CONTACT, Event.NONE, Event.NONE]


# ---- the trace ------------------------------------------------------------------------------------------------------


def test_the_columns_of_a_trace_are_the_callers_own_memory() -> None:
    own: dict[str, np.ndarray[Any, Any]] = {}

    def allocate(name: str, dtype: str, capacity: int) -> Any:
        own[name] = np.zeros(capacity + 3, dtype=dtype)
        return own[name]

    device = Device()
    trace = Trace(100, allocate)
    device.simulation.record(trace)
    device.exchange(0, STOP)
    assert trace.count == 50
    assert own.keys() == TRACE_COLUMNS.keys()
    for name, column in trace.rows().items():
        assert np.shares_memory(column, own[name])
        assert column.dtype.name == TRACE_COLUMNS[name]
    assert own["time_us"].tolist() == [*range(1000, 51_000, 1000), *([0] * 53)]


def test_a_trace_written_to_files_keeps_what_was_written(tmp_path: Any) -> None:
    def allocate(name: str, dtype: str, capacity: int) -> Any:
        return np.memmap(tmp_path / name, dtype=dtype, mode="w+", shape=(capacity,))

    device = Device()
    trace = Trace(50, allocate)
    device.simulation.record(trace)
    device.exchange(0, STOP)
    for column in trace.columns.values():
        assert isinstance(column, np.memmap)
        column.flush()
    assert np.fromfile(tmp_path / "time_us", dtype=np.int64).tolist() == list(range(1000, 51_000, 1000))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (np.zeros(10, dtype=np.float64), r"float64\[10\] given, int32\[10\] is needed"),
        (np.zeros(9, dtype=np.int32), r"int32\[9\] given, int32\[10\] is needed"),
        (np.zeros((10, 10), dtype=np.int32), r"int32\[10, 10\] given"),
        (np.zeros(20, dtype=np.int32)[::2], "contiguous"),
        (np.zeros(10, dtype=">i4"), "byte order"),
        (np.frombuffer(bytes(40), dtype=np.int32), "writable"),
    ],
)
def test_an_array_that_does_not_do_as_a_column_is_refused_by_its_name(wrong: Any, why: str) -> None:
    def allocate(name: str, dtype: str, capacity: int) -> Any:
        return wrong if name == "true_na" else np.zeros(capacity, dtype=dtype)

    with pytest.raises(ValueError, match=f"^true_na: .*{why}"):
        Trace(10, allocate)


@pytest.mark.parametrize("capacity", [-1, 0, 1, 2**32])
def test_a_trace_without_room_for_a_doubled_tick_or_beyond_32_bits_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match=r"^capacity: "):
        Trace(capacity, lambda name, dtype, size: np.zeros(0, dtype=dtype))


def test_a_full_trace_stops_the_run_before_the_tick_that_has_no_room() -> None:
    device = Device()
    trace = Trace(30)
    device.simulation.record(trace)
    device.exchange(0, STOP)
    assert device.simulation.advanced == 30
    assert Event.TRACE in device.simulation.events
    trace.clear()
    device.simulation.run(Request(0, STOP, 0, 0), 20)
    assert device.simulation.advanced == 20
    assert Event.TRACE not in device.simulation.events
    assert trace.rows()["time_us"].tolist() == list(range(31_000, 51_000, 1000))


def test_a_full_trace_that_is_handed_over_does_not_stop_the_run_and_loses_no_row() -> None:
    blocks: list[np.ndarray[Any, Any]] = []
    device = Device()
    trace = Trace(7)
    device.simulation.record(trace, lambda full: blocks.append(np.array(full.rows()["time_us"])))
    device.simulation.inject(Fault.TICK_DOUBLED, 3)
    device.exchange(0, STOP)
    assert device.simulation.advanced == 50
    assert Event.CONTACT in device.simulation.events
    assert Event.TRACE not in device.simulation.events
    times = np.concatenate([*blocks, trace.rows()["time_us"]])
    assert times.tolist() == [1000, 1000, 2000, 2000, 3000, 3000, *range(4000, 51_000, 1000)]


def test_a_row_holds_what_was_given_to_its_step_and_what_that_step_answered() -> None:
    device = Device(electronics=PERFECT)
    device.treat(5 * MA)
    rows = device.rows(50, 6 * MA)
    # the drive answered at a step is what flows before the next one, through an output stage of 50 us
    assert np.allclose(rows["true_na"][1:], rows["drive_na"][:-1], atol=100)
    assert np.array_equal(rows["measured_na"], rows["true_na"])
    assert np.array_equal(rows["voltage_mv"], rows["true_voltage_mv"])
    assert np.array_equal(rows["proposal_na"], rows["drive_na"])
    telemetry = device.simulation.run(Request(6 * MA, RUN, 0, 0), 0)
    for column in (
        *("time_us", "energised_us", "driven_positive_fc", "driven_negative_fc", "measured_positive_fc"),
        *("measured_negative_fc", "phase", "limited_by", "refused", "first_trip", "trips", "target_na", "drive_na"),
        *("switch_closed", "measured_na", "voltage_mv", "contact", "heartbeat"),
    ):
        assert rows[column][-1] == getattr(telemetry, column), column
    assert rows["requested_na"][-1] == 6 * MA


def test_the_truth_counts_charge_and_keeps_the_peak_until_it_is_asked() -> None:
    device = Device(electronics=PERFECT)
    telemetry = device.treat(5 * MA)
    truth = device.simulation.truth()
    assert truth.positive_fc == pytest.approx(telemetry.driven_positive_fc, rel=0.01)
    assert truth.negative_fc == 0
    assert truth.peak_na == pytest.approx(5 * MA, rel=1e-3)
    device.run(10, 5 * MA, STOP)
    assert device.simulation.truth().peak_na > 4.9 * MA
    device.run(1, 5 * MA, STOP)
    assert device.simulation.truth().peak_na == 0


@pytest.mark.parametrize("tick_us", [100, 1000, 10_000])
def test_the_body_is_the_same_at_every_tick(tick_us: int) -> None:
    config = CONFIG._replace(tick_us=tick_us, tick_tolerance_us=50, rise_na_per_tick=tick_us, fall_na_per_tick=tick_us)
    device = Device(electronics=PERFECT._replace(watchdog_us=0), config=config)
    device.run(1, 10 * MA, STOP)
    device.run(60, 10 * MA)
    assert kiloohm(device) == pytest.approx(2.71, abs=0.02)
