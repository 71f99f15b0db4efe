"""Progress: what each direction has had, when it is time to turn or to end, and how long it will take."""

import pytest
from sessions import BRISK, BRISK_DRUG

from iontocore import Plan
from iontocore.ccore import LimitedBy, Telemetry
from iontocore.progress import Progress

MC = 10**12
"""1 mC in fC. BRISK: 367.5 mC each way at 15 mA; of a ramp to it 56.25 mC are missing, of one from it 22.5 mC."""
SILENT = Telemetry(*(0,) * len(Telemetry._fields))


def told(driven: tuple[int, int], measured: tuple[int, int] | None = None, *, saturated: bool = False) -> Telemetry:
    """A report of charge driven and measured so far, each as (positive, negative) in fC; measured: as driven."""
    positive_fc, negative_fc = driven if measured is None else measured
    return SILENT._replace(
        driven_positive_fc=driven[0],
        driven_negative_fc=driven[1],
        measured_positive_fc=positive_fc,
        measured_negative_fc=negative_fc,
        limited_by=int(LimitedBy.VOLTAGE if saturated else LimitedBy.NOTHING),
    )


def tap_water(sign: int = 1) -> Progress:
    return Progress(BRISK, sign)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_reversing_session_goes_one_way_and_then_the_other_and_no_further(sign: int) -> None:
    progress = tap_water(sign)
    assert (progress.sign, progress.last_way) == (sign, False)
    progress.turn()
    assert (progress.sign, progress.last_way) == (-sign, True)
    with pytest.raises(ValueError, match=r"^no direction is left$"):
        progress.turn()
    assert progress.sign == -sign


def test_a_drug_goes_one_way() -> None:
    progress = Progress(BRISK_DRUG, -1)
    assert (progress.sign, progress.last_way, progress.current_ua) == (-1, True, 4_000)
    with pytest.raises(ValueError, match="no direction is left"):
        progress.turn()


def test_a_direction_is_done_when_a_ramp_down_delivers_what_is_left() -> None:
    progress = tap_water()
    assert not progress.way_is_done(367_500 * MC // 1000 - 1)
    assert progress.way_is_done(367_500 * MC // 1000)
    progress.count(told((345 * MC, 0)))
    assert not progress.way_is_done(22_500 * MC // 1000 - 1)
    assert progress.way_is_done(22_500 * MC // 1000)


@pytest.mark.invariant("SI-19")
@pytest.mark.parametrize("sign", [1, -1])
def test_the_second_direction_is_done_when_it_has_what_was_measured_of_the_first(sign: int) -> None:
    progress = tap_water(sign)
    there, back = (300 * MC, 0), (300 * MC, 100 * MC)
    if sign < 0:
        there, back = there[::-1], back[::-1]
    progress.count(told(there))
    progress.turn()
    assert not progress.way_is_done(300 * MC - 1)
    assert progress.way_is_done(300 * MC)
    progress.count(told(back))
    assert not progress.way_is_done(200 * MC - 1)
    assert progress.way_is_done(200 * MC)


@pytest.mark.parametrize(
    ("plan", "saturated", "counted_mc"),
    [(BRISK, False, 100), (BRISK, True, 90), (BRISK_DRUG, False, 90), (BRISK_DRUG, True, 90)],
    ids=["tap water", "tap water, saturated", "drug", "drug, saturated"],
)
def test_the_drive_counts_in_tap_water_where_the_voltage_is_free_and_the_measurement_everywhere_else(
    plan: Plan, saturated: bool, counted_mc: int
) -> None:
    progress = Progress(plan, 1)
    goal_fc = plan.charge_nc * 10**6 // (2 if plan.reverses else 1)
    progress.count(told((10 * MC, 0), (10 * MC, 0)))
    progress.count(told((100 * MC, 0), (90 * MC, 0), saturated=saturated))
    assert not progress.way_is_done(goal_fc - counted_mc * MC - 1)
    assert progress.way_is_done(goal_fc - counted_mc * MC)


def test_charge_is_told_as_measured_in_whole_nc() -> None:
    progress = tap_water()
    progress.count(told((5, 5), (2_999_999, 7_999_999)))
    assert progress.charge_nc == (2, 7)


def test_a_dose_is_within_tolerance_from_98_percent_on() -> None:
    progress = Progress(BRISK_DRUG, 1)
    progress.count(told((0, 0), (117_600 * MC // 1000 - 1, 0)))
    assert not progress.dose_is_within_tolerance
    progress.count(told((0, 0), (117_600 * MC // 1000, 0)))
    assert progress.dose_is_within_tolerance


def test_tap_water_has_no_dose() -> None:
    progress = tap_water()
    progress.count(told((400 * MC, 0)))
    assert progress.dose_is_within_tolerance is False


@pytest.mark.parametrize(
    ("drive_na", "left_ms"),
    [(0, 60_000), (5_000_000, 57_916), (15_000_000, 56_250), (20_000_000, 56_083)],
    ids=["from zero", "on the way up", "at the target", "from above"],
)
def test_what_is_left_counts_the_ramps_the_dwell_and_the_other_direction(drive_na: int, left_ms: int) -> None:
    for more_na in (0, 999):  # less than 1 uA is none
        left = tap_water().remaining_ms(drive_na + more_na)
        assert (left, type(left)) == (left_ms, int)


def test_what_is_left_in_the_last_direction_counts_nothing_after_it() -> None:
    progress = tap_water()
    progress.count(told((300 * MC, 0)))
    assert progress.remaining_ms(15_000_000) == 36_250  # 67.5 + 22.5 mC, then 367.5 + 78.75 mC, at 15 mA; the dwell
    progress.turn()
    assert progress.remaining_ms(0) == 25_250  # 300 + 78.75 mC at 15 mA
    progress.count(told((300 * MC, 310 * MC)))
    assert progress.remaining_ms(15_000_000) == 1_500  # its charge is reached: the ramp down alone


def test_the_share_is_that_of_all_charge_and_never_above_1() -> None:
    progress = tap_water()
    assert progress.share == 0
    progress.count(told((367_500 * MC // 1000, 0)))
    assert progress.share == 0.5
    progress.count(told((367_500 * MC // 1000, 183_750 * MC // 1000)))
    assert progress.share == 0.75
    progress.count(told((400 * MC, 400 * MC)))
    assert progress.share == 1


@pytest.mark.parametrize("current_ua", [5_000, 10_000, 20_000])
def test_another_current_keeps_the_time_of_tap_water(current_ua: int) -> None:
    progress = tap_water()
    progress.adjust(current_ua, 0)
    assert progress.current_ua == current_ua
    assert 59_998 <= progress.remaining_ms(0) <= 60_000


def test_another_current_on_the_way_up_has_the_rest_of_the_time() -> None:
    progress = tap_water()
    progress.count(told((50 * MC, 0)))
    progress.adjust(10_000, 5_000_000)
    # 317.5 mC and 47.5 mC that the ramps take, at 15 mA: 24.333 s, which are 243.333 mC at 10 mA, less 16.25 mC.
    assert progress.way_is_done(227_084 * MC // 1000)
    assert not progress.way_is_done(227_083 * MC // 1000)
    # The other direction is to carry 277.083 mC, which with its ramps takes 31.208 s from zero.
    assert progress.remaining_ms(5_000_000) == 56_041


def test_another_current_in_the_second_direction_keeps_the_balance() -> None:
    progress = tap_water()
    progress.count(told((300 * MC, 0)))
    progress.turn()
    progress.adjust(5_000, 0)
    assert not progress.way_is_done(300 * MC - 1)
    assert progress.way_is_done(300 * MC)
    assert progress.share == pytest.approx(300 / 735)


def test_another_current_keeps_the_dose_of_a_drug() -> None:
    progress = Progress(BRISK_DRUG, 1)
    progress.adjust(2_000, 0)
    assert progress.current_ua == 2_000
    assert not progress.way_is_done(120 * MC - 1)
    assert progress.way_is_done(120 * MC)
