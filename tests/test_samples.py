"""The witness: what it sees at one tick, how long it says that has been so, and that its two forms say the same."""

import itertools
from collections.abc import Sequence
from dataclasses import fields, replace

import hypothesis
import numpy as np
import pytest
from hostile import LOOKS, Stretch, columns_of, played, stretches
from hypothesis import given
from hypothesis import strategies as st
from reference_core import CONFIG, OHM, STOP, Ask, Look, ReferenceCore

from iontocore.ccore import TRACE_COLUMNS, Command, Config, Request, Telemetry, Trip
from iontocore.safety.monitor import Monitor
from iontocore.safety.samples import (
    CAUSES,
    NOT_SATURATED_NA,
    Conditions,
    Sample,
    Settings,
    TraceRow,
    Witness,
    allowed_na,
    at_completion,
    conditions,
    power_on,
    sample_of_report,
    settings_of,
    slow_causes,
)
from iontocore.safety.samples_array import NEUTRAL, witness_columns

SETTINGS = settings_of(CONFIG)
TICK_US = CONFIG.tick_us


# ---- the records -----------------------------------------------------------------------------------------------------


def test_a_row_has_the_columns_of_a_trace_in_their_order() -> None:
    assert TraceRow._fields == tuple(TRACE_COLUMNS)


def test_a_sample_begins_with_the_fields_of_a_row() -> None:
    assert Sample._fields[: len(TraceRow._fields)] == TraceRow._fields


def test_settings_begin_with_the_fields_of_the_configuration() -> None:
    assert tuple(field.name for field in fields(Settings))[: len(Config._fields)] == Config._fields


def test_settings_take_every_number_of_the_configuration() -> None:
    settings = settings_of(CONFIG, ion_sign=-1, reversing=True, balance_tolerance_percent=3, admitted=False)
    assert tuple(getattr(settings, name) for name in Config._fields) == CONFIG
    assert (settings.ion_sign, settings.reversing) == (-1, True)
    assert (settings.balance_tolerance_percent, settings.admitted) == (3, False)


# ---- what is seen at one tick ----------------------------------------------------------------------------------------

_DRIVE_NA = 400_000
_BEFORE = power_on()._replace(
    drive_na=_DRIVE_NA, switch_closed=1, sample=7, heartbeat=3, now_us=2**32 - 4_000, command=int(Command.RUN)
)
_AFTER = TraceRow(*[0] * len(TraceRow._fields))._replace(
    measured_na=_DRIVE_NA,
    check_na=_DRIVE_NA,
    voltage_mv=_DRIVE_NA * OHM // 1_000_000,
    contact=1,
    switch_readback=1,
    sample=8,
    heartbeat=4,
    now_us=TICK_US - 4_000,
    command=int(Command.RUN),
    drive_na=_DRIVE_NA,
)
_OFF = {"drive_na": 0, "switch_closed": 0}


def test_a_sound_tick_shows_contact_and_nothing_else() -> None:
    assert [name for name, seen in conditions(_BEFORE, _AFTER, SETTINGS)._asdict().items() if seen] == ["contact"]


def _both_sensors(na: int) -> dict[str, int]:
    return {"measured_na": na, "check_na": na}


_SATURATED = {"voltage_mv": CONFIG.saturation_mv}
_SHORT_MV = 200_000 * CONFIG.short_ohm // 1_000_000

# name, what is changed of the tick before, of this tick so that it is just not seen, and so that it just is
_BORDERS: Sequence[tuple[str, dict[str, int], dict[str, int], dict[str, int]]] = [
    ("over_current", {}, {"measured_na": CONFIG.trip_na}, {"measured_na": CONFIG.trip_na + 1}),
    ("over_current", {}, {"measured_na": -CONFIG.trip_na}, {"measured_na": -CONFIG.trip_na - 1}),
    ("over_current", {}, {"check_na": CONFIG.trip_na}, {"check_na": CONFIG.trip_na + 1}),
    ("over_current", {}, {"check_na": 0}, {"check_na": -(2**31)}),
    ("over_voltage", {}, {"voltage_mv": CONFIG.over_voltage_mv}, {"voltage_mv": CONFIG.over_voltage_mv + 1}),
    ("over_voltage", {}, {"voltage_mv": -CONFIG.over_voltage_mv}, {"voltage_mv": -CONFIG.over_voltage_mv - 1}),
    ("open", {}, {"contact": 1}, {"contact": 0}),
    ("open", {}, {"contact": 1}, {"contact": 2}),
    ("open", {"drive_na": 0}, {"contact": 1}, {"contact": 0}),
    ("open", {"switch_closed": 0}, {"contact": 1}, {"contact": 0}),
    (
        "open",
        {},
        _SATURATED | {"measured_na": CONFIG.open_na},
        _SATURATED | {"measured_na": CONFIG.open_na - 1},
    ),
    (
        "open",
        {},
        {"voltage_mv": 1 - CONFIG.saturation_mv, "measured_na": 0},
        {"voltage_mv": -CONFIG.saturation_mv, "measured_na": 0},
    ),
    (
        "open",
        {"drive_na": -CONFIG.open_na - 1},
        _SATURATED | {"measured_na": -CONFIG.open_na},
        _SATURATED | {"measured_na": 1 - CONFIG.open_na},
    ),
    (
        "short",
        {},
        {"measured_na": 200_000, "voltage_mv": _SHORT_MV},
        {"measured_na": 200_000, "voltage_mv": _SHORT_MV - 1},
    ),
    (
        "short",
        {},
        {"measured_na": -200_000, "voltage_mv": _SHORT_MV},
        {"measured_na": -200_001, "voltage_mv": _SHORT_MV},
    ),
    (
        "short",
        {},
        {"measured_na": CONFIG.short_above_na, "voltage_mv": 0},
        {"measured_na": CONFIG.short_above_na + 1, "voltage_mv": 0},
    ),
    (
        "short",
        {},
        {"measured_na": CONFIG.sensor_max_na + 1, "voltage_mv": 0},
        {"measured_na": CONFIG.sensor_max_na, "voltage_mv": 0},
    ),
    (
        "mismatch",
        {},
        {"measured_na": _DRIVE_NA + CONFIG.mismatch_na},
        {"measured_na": _DRIVE_NA + CONFIG.mismatch_na + 1},
    ),
    (
        "mismatch",
        {},
        {"measured_na": _DRIVE_NA - CONFIG.mismatch_na},
        {"measured_na": _DRIVE_NA - CONFIG.mismatch_na - 1},
    ),
    (
        "mismatch",
        {},
        _SATURATED | {"measured_na": 0},
        _SATURATED | {"measured_na": _DRIVE_NA + CONFIG.mismatch_na + 1},
    ),
    ("mismatch", {}, _SATURATED | {"measured_na": 1}, _SATURATED | {"measured_na": -1}),
    (
        "mismatch",
        {"drive_na": -_DRIVE_NA},
        _SATURATED | {"measured_na": 0},
        _SATURATED | {"measured_na": 1},
    ),
    (
        "sensor",
        {},
        {"check_na": _DRIVE_NA + CONFIG.disagree_na},
        {"check_na": _DRIVE_NA + CONFIG.disagree_na + 1},
    ),
    (
        "sensor",
        {},
        {"check_na": _DRIVE_NA - CONFIG.disagree_na},
        {"check_na": _DRIVE_NA - CONFIG.disagree_na - 1},
    ),
    ("sensor", {}, _both_sensors(CONFIG.sensor_max_na), _both_sensors(CONFIG.sensor_max_na + 1)),
    (
        "sensor",
        {},
        {"measured_na": -CONFIG.sensor_max_na, "check_na": -CONFIG.sensor_max_na},
        {"measured_na": -CONFIG.sensor_max_na, "check_na": -CONFIG.sensor_max_na - 1},
    ),
    ("sensor", {}, {"voltage_mv": -CONFIG.sensor_max_mv}, {"voltage_mv": -CONFIG.sensor_max_mv - 1}),
    ("sensor", {}, _both_sensors(0), {"measured_na": -(2**31), "check_na": 2**31 - 1}),
    ("stale", {}, {"sample": 8}, {"sample": 7}),
    ("leakage", _OFF, _both_sensors(CONFIG.leakage_na), _both_sensors(CONFIG.leakage_na + 1)),
    ("leakage", _OFF, {"measured_na": 0, "check_na": -CONFIG.leakage_na}, {"check_na": -CONFIG.leakage_na - 1}),
    ("switch", {}, {"switch_readback": 1}, {"switch_readback": 0}),
    ("switch", {}, {"switch_readback": 1}, {"switch_readback": 2}),
    ("switch", _OFF, {"switch_readback": 0}, {"switch_readback": 1}),
    ("contact", {}, {"contact": 3}, {"contact": 1}),
    ("unheard", {}, {"heartbeat": 4}, {"heartbeat": 3}),
    ("stopping", {}, {"command": int(Command.RUN)}, {"command": int(Command.STOP)}),
    ("stopping", {}, {"command": int(Command.STOP), "drive_na": 0}, {"command": 2, "drive_na": -1}),
    ("tick_off", {}, {"now_us": TICK_US - 4_000 + 2_000}, {"now_us": TICK_US - 4_000 + 2_001}),
    ("tick_off", {}, {"now_us": TICK_US - 4_000 - 2_000}, {"now_us": TICK_US - 4_000 - 2_001}),
    ("tick_off", {}, {"now_us": TICK_US - 4_000}, {"now_us": 2 * TICK_US - 4_000}),
    ("tick_off", {}, {"now_us": TICK_US - 4_000}, {"now_us": 2**32 - 4_000}),
    ("tick_off", {}, {"now_us": TICK_US - 4_000}, {"now_us": 2**32 - 4_001}),
]


@pytest.mark.parametrize("name, before, not_seen, seen", _BORDERS)
def test_a_condition_is_seen_beyond_its_border_and_not_at_it(
    name: str, before: dict[str, int], not_seen: dict[str, int], seen: dict[str, int]
) -> None:
    tick_before = _BEFORE._replace(**before)
    assert not getattr(conditions(tick_before, _AFTER._replace(**not_seen), SETTINGS), name)
    assert getattr(conditions(tick_before, _AFTER._replace(**seen), SETTINGS), name)


def test_current_through_a_closed_switch_is_no_leakage() -> None:
    assert not conditions(_BEFORE._replace(drive_na=0), _AFTER, SETTINGS).leakage
    assert conditions(_BEFORE._replace(**_OFF), _AFTER, SETTINGS).leakage


def test_contact_that_is_missing_with_the_output_off_is_no_open_circuit() -> None:
    assert not conditions(_BEFORE._replace(**_OFF), _AFTER._replace(contact=0), SETTINGS).open
    assert conditions(_BEFORE._replace(drive_na=0), _AFTER._replace(contact=0), SETTINGS).open


@pytest.mark.parametrize(
    ("drive_na", "measured_na", "voltage_mv", "most_na"),
    [
        (_DRIVE_NA, 300_000, CONFIG.saturation_mv, 300_000 + CONFIG.headroom_na),
        (-_DRIVE_NA, -300_000, -CONFIG.saturation_mv, 300_000 + CONFIG.headroom_na),
        (1, 1, CONFIG.saturation_mv, 1 + CONFIG.headroom_na),
        (_DRIVE_NA, -300_000, CONFIG.saturation_mv, CONFIG.headroom_na),
        (0, 300_000, CONFIG.saturation_mv, CONFIG.headroom_na),
        (_DRIVE_NA, 300_000, CONFIG.saturation_mv - 1, NOT_SATURATED_NA),
        (-_DRIVE_NA, -300_000, 1 - CONFIG.saturation_mv, NOT_SATURATED_NA),
    ],
)
def test_a_saturated_voltage_allows_what_flows_along_with_the_drive_and_the_headroom(
    drive_na: int, measured_na: int, voltage_mv: int, most_na: int
) -> None:
    row = _AFTER._replace(measured_na=measured_na, voltage_mv=voltage_mv)
    assert allowed_na(_BEFORE._replace(drive_na=drive_na), row, SETTINGS) == most_na


def test_without_saturation_more_is_allowed_than_a_drive_of_32_bits_can_be() -> None:
    assert np.iinfo(np.int32).max + 1 == NOT_SATURATED_NA


def test_every_condition_has_a_border_that_is_tried() -> None:
    assert {name for name, *_ in _BORDERS} == set(Conditions._fields)


def test_nothing_is_stale_unheard_or_off_at_the_first_tick() -> None:
    first = _AFTER._replace(sample=0, heartbeat=0, now_us=0, switch_readback=0, **_both_sensors(0))
    seen = conditions(power_on(), first, SETTINGS)
    assert not seen.stale
    assert not seen.unheard
    assert not seen.tick_off


@pytest.mark.parametrize("name, before, not_seen, seen", [border for border in _BORDERS if border[0] in CAUSES])
def test_the_cause_of_a_trip_is_told_from_the_tick_at_which_it_is_seen(
    name: str, before: dict[str, int], not_seen: dict[str, int], seen: dict[str, int]
) -> None:
    witness = Witness(SETTINGS)
    witness.last = _BEFORE._replace(**before)
    assert not witness.look(_AFTER._replace(**not_seen)).causes & CAUSES[name]
    witness.last = _BEFORE._replace(**before)
    assert witness.look(_AFTER._replace(**seen)).causes & CAUSES[name]


def test_each_cause_has_the_bit_of_its_trip() -> None:
    named = {name: Trip.TICK if name == "tick_off" else Trip[name.upper()] for name in CAUSES}
    assert {name: 1 << (trip - 1) for name, trip in named.items()} == CAUSES
    assert set(Conditions._fields) - set(CAUSES) == {"contact", "unheard", "stopping"}, "which cut nothing at once"
    assert slow_causes(True, False) == 1 << (Trip.EMERGENCY - 1)
    assert slow_causes(False, True) == 1 << (Trip.HEARTBEAT - 1)


def test_an_emergency_stop_is_a_cause_at_once_and_silence_after_its_time() -> None:
    witness = Witness(SETTINGS)
    pressed = [witness.look(_AFTER._replace(emergency_stop=stop)).causes for stop in (0, 2, 0)]
    assert [bool(causes & slow_causes(True, False)) for causes in pressed] == [False, True, False]
    witness.last = _BEFORE._replace(unheard_us=CONFIG.heartbeat_us - TICK_US - 1)
    silent = [witness.look(_AFTER._replace(heartbeat=3)).causes for _ in range(2)]
    assert [bool(causes & slow_causes(False, True)) for causes in silent] == [False, True]


# ---- how long --------------------------------------------------------------------------------------------------------


def _watched(rows: Sequence[TraceRow], settings: Settings = SETTINGS) -> list[Sample]:
    witness = Witness(settings)
    return [witness.look(row) for row in rows]


def test_one_tick_counts_for_its_period_and_a_break_starts_anew() -> None:
    core = ReferenceCore()
    looks = [Look(emergency_stop=0, same_sample=stale) for stale in (False, True, True, False, True)]
    assert [s.stale_us // TICK_US for s in _watched([core.step(STOP, look) for look in looks])] == [0, 1, 2, 0, 1]


def test_the_time_at_zero_is_the_time_for_which_nothing_was_driven() -> None:
    rows = [_AFTER._replace(drive_na=na) for na in (5, 0, 0, -5, 0)]
    samples = _watched(rows)
    assert [sample.zero_us // TICK_US for sample in samples] == [0, 1, 2, 0, 1]
    assert [sample.last_sign for sample in samples] == [1, 1, 1, -1, -1]


def test_charge_and_time_count_the_tick_to_come() -> None:
    rows = [_AFTER._replace(drive_na=na, switch_closed=closed) for na, closed in ((0, 0), (0, 1), (5, 1), (-7, 1))]
    samples = _watched(rows)
    assert [sample.live_us // TICK_US for sample in samples] == [0, 1, 2, 3]
    assert [sample.charge_positive_fc // TICK_US for sample in samples] == [0, 0, 5, 5]
    assert [sample.charge_negative_fc // TICK_US for sample in samples] == [0, 0, 0, 7]


def test_a_stop_at_rest_arms_and_current_or_a_trip_disarms() -> None:
    stop, run = int(Command.STOP), int(Command.RUN)
    ticks = [(run, 0, 0), (stop, 0, 0), (run, 0, 0), (run, 0, 1), (run, 0, 0), (stop, 4, 0), (stop, 0, 0), (run, 1, 0)]
    rows = [
        TraceRow(*[0] * len(TraceRow._fields))._replace(command=command, trips=trips, switch_closed=closed)
        for command, trips, closed in ticks
    ]
    assert [sample.armed for sample in _watched(rows)] == [0, 1, 1, 0, 0, 0, 1, 0]


def test_a_trip_is_carried_over_until_it_is_gone_once() -> None:
    witness = Witness(SETTINGS, 0b1110)
    rows = [_AFTER._replace(trips=trips) for trips in (0b1111, 0b0110, 0b1111, 0)]
    assert [witness.look(row).carried_trips for row in rows] == [0b1110, 0b0110, 0b0110, 0]


def test_power_on_makes_the_next_tick_a_first_one() -> None:
    witness = Witness(SETTINGS)
    witness.look(_AFTER)
    witness.power_on(5)
    assert witness.last == power_on(5)
    assert witness.look(_AFTER._replace(trips=5)).tick_count == 1


# ---- two forms, one answer -------------------------------------------------------------------------------------------


def _assert_equal_forms(rows: Sequence[TraceRow], cuts: Sequence[int], carried_trips: int) -> None:
    expected = []
    witness = Witness(SETTINGS, carried_trips)
    for row in rows:
        expected.append(witness.look(row))
    columns = columns_of(rows)
    before, found = power_on(carried_trips), []
    places = sorted({0, len(rows), *(cut % len(rows) for cut in cuts)})
    for start, stop in itertools.pairwise(places):
        block = witness_columns(columns, SETTINGS, before, start, stop)
        assert block.at(0) == before
        found += [block.at(place) for place in range(1, block.ticks + 1)]
        before = block.last
    assert found == expected


@given(script=stretches, cuts=st.lists(st.integers(0, 10_000), max_size=4))
def test_the_witness_over_columns_says_what_the_witness_tick_by_tick_says(
    script: list[Stretch], cuts: list[int]
) -> None:
    _assert_equal_forms(played(ReferenceCore(), script), cuts, 0)


@given(
    seed=st.integers(0, 2**32 - 1),
    ticks=st.integers(1, 60),
    cuts=st.lists(st.integers(0, 60), max_size=3),
    carried_trips=st.integers(0, 65535),
)
def test_both_forms_agree_on_whatever_fits_the_columns(
    seed: int, ticks: int, cuts: list[int], carried_trips: int
) -> None:
    random = np.random.default_rng(seed)
    columns = []
    for dtype in TRACE_COLUMNS.values():
        ends = np.iinfo(np.int32 if dtype == "int64" else dtype)
        pool = np.array([0, 1, ends.min, ends.max, *random.integers(ends.min, ends.max, 2, endpoint=True)])
        columns.append(random.choice(pool, ticks).tolist())
    _assert_equal_forms([TraceRow._make(row) for row in zip(*columns, strict=True)], cuts, carried_trips)


def test_a_column_that_a_trace_leaves_out_has_its_neutral_value() -> None:
    core = ReferenceCore()
    columns = columns_of([core.step(Ask(target_na=5)) for _ in range(3)])
    last = witness_columns(columns, SETTINGS, power_on()).last
    assert (last.corrupted, last.completed) == (0, 0)
    assert (last.journaled_target_na, last.journaled_command) == (5, int(Command.RUN))
    given_columns = columns | {name: np.array([1, 2, 3]) for name in NEUTRAL}
    last = witness_columns(given_columns, SETTINGS, power_on()).last
    assert [getattr(last, name) for name in NEUTRAL] == [3, 3, 3, 3]


def test_a_whole_trace_is_taken_when_no_end_is_given_and_its_samples_are_two_views_a_tick_apart() -> None:
    core = ReferenceCore()
    rows = [core.step(Ask(target_na=5)) for _ in range(4)]
    block = witness_columns(columns_of(rows), SETTINGS, power_on())
    assert block.ticks == 4
    assert np.array(block.previous).T.tolist() == [list(block.at(tick)) for tick in range(4)]
    assert np.array(block.current).T.tolist() == [list(block.at(tick)) for tick in range(1, 5)]


def test_silence_is_a_cause_in_columns_from_the_same_tick_on() -> None:
    rows = [_AFTER._replace(heartbeat=3)] * 5
    settings = replace(SETTINGS, heartbeat_us=3 * TICK_US)
    causes = np.asarray(witness_columns(columns_of(rows), settings, _BEFORE).current.causes)
    assert (causes & slow_causes(False, True) != 0).tolist() == [False, False, True, True, True]


def test_columns_that_do_not_fit_together_are_refused() -> None:
    core = ReferenceCore()
    columns = columns_of([core.step(STOP) for _ in range(3)])
    with pytest.raises(ValueError, match="one length"):
        witness_columns(columns | {"trips": columns["trips"][:2]}, SETTINGS, power_on())
    with pytest.raises(ValueError, match="at least one row"):
        witness_columns(columns, SETTINGS, power_on(), 2, 2)
    with pytest.raises(KeyError, match="trips"):
        witness_columns({name: column for name, column in columns.items() if name != "trips"}, SETTINGS, power_on())


# ---- reports ---------------------------------------------------------------------------------------------------------


def _telemetry(rows: Sequence[TraceRow], ticks: int) -> Telemetry:
    """The report of a period, of which ``rows`` has every tick; ``ticks`` is the core's count at its end."""
    last = rows[-1]
    return Telemetry(
        ticks=ticks,
        drive_min_na=min(row.drive_na for row in rows),
        drive_max_na=max(row.drive_na for row in rows),
        measured_min_na=min(row.measured_na for row in rows),
        measured_max_na=max(row.measured_na for row in rows),
        voltage_min_mv=min(row.voltage_mv for row in rows),
        voltage_max_mv=max(row.voltage_mv for row in rows),
        **{name: getattr(last, name) for name in Telemetry._fields if name in TraceRow._fields},
    )


@hypothesis.settings(max_examples=300)
@given(script=stretches, period_ticks=st.integers(1, 8), late_ticks=st.integers(0, 3))
def test_a_report_never_accuses_where_every_tick_is_well(
    script: list[Stretch], period_ticks: int, late_ticks: int
) -> None:
    """Whatever happens between two reports; when a request reaches the core some ticks late or not at all; when the
    supervisor sends its last request for ever, and when its heartbeat alone is lost on the way. It begins with a stop
    and acknowledges what it was told of; else it may ask for anything."""
    core, monitor = ReferenceCore(), Monitor(SETTINGS)
    asked = heard = Request(0, int(Command.STOP), 0, 0)
    sample, ticks = power_on(), 0
    script = [Stretch(1, STOP, "sound", 0, 1), *script]
    exchanges = [stretch for stretch in script for _ in range(-(-stretch.ticks // period_ticks))]
    for exchange, stretch in enumerate(exchanges, 1):
        ask = stretch.ask
        frozen = ask.silent and stretch.sign == 1
        lost_beat = ask.silent and stretch.sign == -1
        if not frozen:
            asked = Request(ask.target_na, ask.command, ask.acknowledge if sample.trips else 0, exchange)
        rows = []
        for tick in range(period_ticks):
            last_beat = heard.heartbeat
            if tick >= late_ticks:
                heard = asked._replace(heartbeat=last_beat) if lost_beat else asked
            now = Ask(heard.command, heard.target_na, heard.acknowledge, silent=heard.heartbeat == last_beat)
            rows.append(core.step(now, LOOKS[stretch.look](core, stretch.past, stretch.sign)))
        ticks += period_ticks
        telemetry = _telemetry(rows, ticks)._replace(heartbeat=heard.heartbeat)
        sample = sample_of_report(sample, asked, telemetry, SETTINGS)
        assert monitor.judge(sample) == ()


_QUIET = Telemetry._make([0] * len(Telemetry._fields))._replace(contact=1)
_RUN_REQUEST = Request(500, int(Command.RUN), 0, 1)
_STOP_REQUEST = Request(0, int(Command.STOP), 0, 1)


def _report(previous: Sample, telemetry: Telemetry, request: Request = _RUN_REQUEST) -> Sample:
    return sample_of_report(previous, request, telemetry, SETTINGS)


def test_every_field_of_a_report_stands_where_its_name_says() -> None:
    numbers = {name: number for number, name in enumerate(Telemetry._fields, 100)}
    telemetry = Telemetry(**numbers | {"drive_min_na": 1, "drive_max_na": 999, "measured_min_na": 7, "trips": 6})
    request = Request(telemetry.target_na, int(Command.RUN), 1, telemetry.heartbeat)
    before = power_on(4)._replace(tick_count=telemetry.ticks - 5, contact=1, contact_us=3, drive_na=1, command=2)
    sample = sample_of_report(
        before, request, telemetry, SETTINGS, completed=8, journaled_target_na=9, journaled_command=10
    )
    told = {name: getattr(telemetry, name) for name in Telemetry._fields if name in TraceRow._fields}
    counted = {
        "ticks": 5,
        "tick_count": telemetry.ticks,
        "drive_min_na": 1,
        "drive_max_na": 999,
        "residual_na": 7,
        "last_sign": 1,
        "proposal_last_sign": 1,
        "causes": slow_causes(True, False),
        "carried_trips": 4,
        "live_us": telemetry.energised_us,
        "charge_positive_fc": telemetry.driven_positive_fc,
        "charge_negative_fc": telemetry.driven_negative_fc,
        "contact_us": 3 + 5 * TICK_US,
        "allowed_na": NOT_SATURATED_NA,
        "completed": 8,
        "journaled_target_na": 9,
        "journaled_command": 10,
    }
    asked = {"command": int(Command.RUN), "acknowledge": 1, "requested_na": telemetry.target_na}
    filled = {
        "proposal_na": telemetry.drive_na,
        "check_na": telemetry.measured_na,
        "switch_readback": telemetry.switch_closed,
    }
    assert sample._asdict() == dict.fromkeys(Sample._fields, 0) | told | asked | filled | counted


def test_the_extremes_of_a_report_include_its_last_drive() -> None:
    sample = _report(power_on(), _QUIET._replace(ticks=5, drive_na=-9, drive_min_na=-4, drive_max_na=-3))
    assert (sample.drive_min_na, sample.drive_max_na) == (-9, -3)
    sample = _report(power_on(), _QUIET._replace(ticks=5, drive_na=9, drive_min_na=-4, drive_max_na=3))
    assert (sample.drive_min_na, sample.drive_max_na) == (-4, 9)


def test_a_report_tells_the_causes_that_it_knows() -> None:
    pressed = _report(power_on(), _QUIET._replace(ticks=5, emergency_stop=1))
    assert pressed.causes == slow_causes(True, False)
    silent = _report(_report(power_on(), _QUIET), _QUIET._replace(ticks=10))
    assert silent.causes == slow_causes(False, True)


def test_a_report_counts_the_ticks_since_the_last_one_even_when_the_count_wraps() -> None:
    before = power_on()._replace(tick_count=2**32 - 2)
    assert _report(before, _QUIET._replace(ticks=3)).ticks == 5


def test_a_request_is_in_force_once_the_core_has_answered_its_heartbeat() -> None:
    before = _report(power_on(), _QUIET._replace(ticks=5, heartbeat=1))
    assert (before.command, before.requested_na) == (int(Command.RUN), 500)
    unheard = _report(before, _QUIET._replace(ticks=10, heartbeat=1, target_na=7), Request(9, 0, 1, 2))
    assert (unheard.command, unheard.acknowledge, unheard.requested_na) == (int(Command.RUN), 0, 500)
    heard = _report(unheard, _QUIET._replace(ticks=15, heartbeat=2, target_na=9), Request(9, 0, 1, 2))
    assert (heard.command, heard.acknowledge, heard.requested_na) == (int(Command.STOP), 1, 9)


def test_while_it_is_unknown_which_request_is_in_force_the_doubt_is_the_cores() -> None:
    stopped = _report(power_on(), _QUIET._replace(ticks=5, trips=6, heartbeat=1), _STOP_REQUEST)
    run = _report(stopped, _QUIET._replace(ticks=10, trips=6, heartbeat=1), Request(0, int(Command.RUN), 1, 2))
    assert (run.command, run.acknowledge) == (int(Command.RUN), 0)
    cleared = _report(stopped, _QUIET._replace(ticks=10, trips=2, heartbeat=1), Request(0, 0, 1, 2))
    assert (cleared.command, cleared.acknowledge) == (int(Command.STOP), 1)
    lowered = _report(cleared, _QUIET._replace(ticks=15, trips=2, heartbeat=1), Request(0, 0, 0, 3))
    assert lowered.acknowledge == 0


@pytest.mark.parametrize("target_na, refused", [(9, 0), (CONFIG.limit_na + 1, 1)])
def test_a_target_counts_as_requested_when_the_core_answers_it_though_the_heartbeat_stands_still(
    target_na: int, refused: int
) -> None:
    before = _report(power_on(), _QUIET._replace(ticks=5, heartbeat=1))
    answered = _QUIET._replace(ticks=10, heartbeat=1, target_na=9, refused=refused)
    assert _report(before, answered, Request(target_na, 0, 0, 2)).requested_na == target_na


def test_what_the_journal_held_goes_with_the_request_that_it_was_held_for() -> None:
    before = sample_of_report(
        power_on(), _RUN_REQUEST, _QUIET._replace(ticks=5, heartbeat=1), SETTINGS, journaled_target_na=11
    )
    assert (before.journaled_target_na, before.journaled_command) == (11, int(Command.RUN))
    late = sample_of_report(
        before,
        Request(12, 0, 0, 2),
        _QUIET._replace(ticks=10, heartbeat=1),
        SETTINGS,
        journaled_target_na=12,
        journaled_command=0,
    )
    assert (late.journaled_target_na, late.journaled_command) == (11, int(Command.RUN))


def test_the_time_at_zero_is_the_longest_that_the_reports_allow() -> None:
    driven = _report(power_on(), _QUIET._replace(ticks=5, drive_na=3, drive_min_na=0, drive_max_na=3))
    fell = _report(driven, _QUIET._replace(ticks=10, drive_min_na=0, drive_max_na=2))
    rested = _report(fell, _QUIET._replace(ticks=15))
    assert [s.zero_us // TICK_US for s in (driven, fell, rested)] == [0, 5, 10]
    assert [s.last_sign for s in (driven, fell, rested)] == [1, 1, 1]
    unclear = _report(rested, _QUIET._replace(ticks=20, drive_min_na=-4, drive_max_na=2))
    assert (unclear.zero_us, unclear.last_sign) == (CONFIG.dwell_us, 0)
    assert _report(rested, _QUIET._replace(ticks=20, drive_min_na=-4)).last_sign == -1


def test_silence_and_a_stop_that_is_not_obeyed_are_the_shortest_that_the_reports_allow() -> None:
    driven = _QUIET._replace(ticks=5, drive_na=3, heartbeat=1)
    first = _report(_report(power_on(), driven._replace(heartbeat=0)), driven, _STOP_REQUEST)
    second = _report(first, driven._replace(ticks=10), _STOP_REQUEST)
    third = _report(second, driven._replace(ticks=15, heartbeat=2), _STOP_REQUEST._replace(heartbeat=2))
    assert [s.stopping_us // TICK_US for s in (first, second, third)] == [0, 5, 10]
    assert [s.unheard_us // TICK_US for s in (first, second, third)] == [0, 5, 0]


def test_a_stop_that_the_core_may_have_seen_at_rest_arms_and_current_or_a_trip_disarms() -> None:
    heard, late = _QUIET._replace(heartbeat=1), _QUIET._replace(heartbeat=0)
    assert _report(power_on(), heard._replace(ticks=5), _RUN_REQUEST).armed == 0
    assert _report(power_on(), heard._replace(ticks=5), _STOP_REQUEST).armed == 1
    assert _report(power_on(), late._replace(ticks=5), _STOP_REQUEST).armed == 1
    stop_in_force = power_on()._replace(command=int(Command.STOP))
    assert _report(stop_in_force, heard._replace(ticks=5), _RUN_REQUEST).armed == 1
    stopped = _report(power_on(), heard._replace(ticks=5), _STOP_REQUEST)
    assert _report(stopped, heard._replace(ticks=10), _RUN_REQUEST).armed == 1
    for still_on in ({"drive_na": 1}, {"switch_closed": 1}, {"trips": 4}):
        assert _report(stopped, heard._replace(ticks=10, **still_on), _STOP_REQUEST).armed == 0


def test_a_trip_is_carried_over_on_reports_until_it_is_gone_once() -> None:
    first = _report(power_on(6), _QUIET._replace(ticks=5, trips=7))
    second = _report(first, _QUIET._replace(ticks=10, trips=3))
    assert [first.carried_trips, second.carried_trips] == [6, 2]


def test_contact_is_the_longest_that_the_reports_allow() -> None:
    first = _report(power_on(), _QUIET._replace(ticks=5))
    second = _report(first, _QUIET._replace(ticks=10, contact=0))
    third = _report(second, _QUIET._replace(ticks=15))
    assert [s.contact_us // TICK_US for s in (first, second, third)] == [5, 10, 5]


@pytest.mark.parametrize(
    "low_na, high_na, least_na", [(-5, 7, 0), (3, 7, 3), (-7, -3, 3), (0, 7, 0), (-7, 0, 0), (4, 4, 4)]
)
def test_what_still_flowed_is_the_least_that_the_extremes_allow(low_na: int, high_na: int, least_na: int) -> None:
    telemetry = _QUIET._replace(ticks=5, measured_min_na=low_na, measured_max_na=high_na)
    assert _report(power_on(), telemetry).residual_na == least_na


@pytest.mark.parametrize(
    ("drive_na", "measured_na", "voltage_mv", "least_na"),
    [
        ((10, 20), (7, 9), (0, CONFIG.saturation_mv), 7 + CONFIG.headroom_na),
        ((-20, -10), (-9, -7), (-CONFIG.saturation_mv, 0), 7 + CONFIG.headroom_na),
        ((10, 20), (7, 9), (1 - CONFIG.saturation_mv, CONFIG.saturation_mv - 1), NOT_SATURATED_NA),
        ((1, 1), (-9, -7), (0, CONFIG.saturation_mv), CONFIG.headroom_na),
        ((-1, -1), (7, 9), (0, CONFIG.saturation_mv), CONFIG.headroom_na),
        ((0, 0), (7, 9), (0, CONFIG.saturation_mv), 7 + CONFIG.headroom_na),
        ((0, 0), (-9, -7), (0, CONFIG.saturation_mv), 7 + CONFIG.headroom_na),
    ],
)
def test_what_a_saturated_voltage_allows_is_the_least_that_the_extremes_of_a_report_allow(
    drive_na: tuple[int, int], measured_na: tuple[int, int], voltage_mv: tuple[int, int], least_na: int
) -> None:
    telemetry = _QUIET._replace(
        ticks=5, drive_na=drive_na[0], drive_min_na=drive_na[0], drive_max_na=drive_na[1],
        measured_min_na=measured_na[0], measured_max_na=measured_na[1],
        voltage_min_mv=voltage_mv[0], voltage_max_mv=voltage_mv[1],
    )  # fmt: skip
    first = _report(power_on(), telemetry)
    assert first.allowed_na == least_na
    assert _report(first, telemetry).allowed_na == NOT_SATURATED_NA, "no tick has been since"


def test_a_report_without_a_tick_has_no_extremes_of_its_own() -> None:
    first = _report(power_on(), _QUIET._replace(ticks=5, drive_na=3, drive_min_na=-4, drive_max_na=9))
    again = _report(first, _QUIET._replace(ticks=5, drive_na=3, drive_min_na=-4, drive_max_na=9))
    assert (again.ticks, again.drive_min_na, again.drive_max_na) == (0, 3, 3)


def test_completion_is_the_same_moment_with_one_fact_more() -> None:
    sample = _report(power_on(), _QUIET._replace(ticks=5, drive_na=3, drive_min_na=-4, drive_max_na=9))
    completed = at_completion(sample)
    assert (completed.completed, completed.ticks, completed.drive_min_na, completed.drive_max_na) == (1, 0, 3, 3)
    changed = {"completed", "ticks", "drive_min_na", "drive_max_na"}
    assert all(getattr(sample, name) == getattr(completed, name) for name in set(Sample._fields) - changed)


# ---- where nothing is said ------------------------------------------------------------------------------------------


def test_a_core_on_a_bench_has_no_drug_nothing_to_balance_and_nobody_to_protect() -> None:
    settings = settings_of(CONFIG)
    assert (settings.ion_sign, settings.reversing) == (0, False)
    assert (settings.balance_tolerance_percent, settings.admitted) == (0, True)


def test_before_the_first_tick_nothing_was_seen_and_an_acknowledge_and_a_run_are_as_good_as_given() -> None:
    unseen = {"sample": -1, "heartbeat": -1, "now_us": -1}
    given = {"acknowledge": 1, "command": int(Command.RUN), "journaled_command": int(Command.RUN)}
    given["allowed_na"] = NOT_SATURATED_NA
    assert power_on()._asdict() == dict.fromkeys(Sample._fields, 0) | unseen | given


def test_what_a_loss_of_power_did_not_erase_is_latched_and_carried() -> None:
    assert (power_on().trips, power_on().carried_trips) == (0, 0)
    assert (power_on(6).trips, power_on(6).carried_trips) == (6, 6)
    assert (Witness(SETTINGS).last, Witness(SETTINGS, 6).last) == (power_on(), power_on(6))


def test_what_is_told_of_a_tick_from_outside_is_in_its_sample_and_what_is_not_is_neutral() -> None:
    witness = Witness(SETTINGS)
    told = witness.look(_AFTER, corrupted=1, completed=1, journaled_target_na=7, journaled_command=3)
    assert (told.corrupted, told.completed, told.journaled_target_na, told.journaled_command) == (1, 1, 7, 3)
    row = _AFTER._replace(requested_na=11, command=int(Command.RUN))
    left = witness.look(row)
    assert (left.corrupted, left.completed) == (0, 0)
    assert (left.journaled_target_na, left.journaled_command) == (11, int(Command.RUN))


def test_what_is_not_told_of_a_report_is_neutral() -> None:
    sample = _report(power_on(), _QUIET._replace(ticks=5, heartbeat=1))
    assert (sample.completed, sample.corrupted) == (0, 0)
    assert (sample.journaled_target_na, sample.journaled_command) == (500, int(Command.RUN))


# ---- on the very border ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sensor", ["measured_na", "check_na"])
def test_leakage_is_seen_by_either_sensor_alone(sensor: str) -> None:
    off = _BEFORE._replace(**_OFF)
    quiet = _AFTER._replace(**_both_sensors(0))
    assert not conditions(off, quiet._replace(**{sensor: CONFIG.leakage_na}), SETTINGS).leakage
    assert conditions(off, quiet._replace(**{sensor: CONFIG.leakage_na + 1}), SETTINGS).leakage


def test_a_drive_as_small_as_the_threshold_of_an_open_circuit_tells_of_none() -> None:
    saturated = _AFTER._replace(**_SATURATED, **_both_sensors(0))
    assert not conditions(_BEFORE._replace(drive_na=CONFIG.open_na), saturated, SETTINGS).open
    assert conditions(_BEFORE._replace(drive_na=CONFIG.open_na + 1), saturated, SETTINGS).open


def test_a_short_circuit_is_told_to_the_nanovolt_and_up_to_the_end_of_the_scale() -> None:
    sharp = replace(SETTINGS, short_ohm=1, short_above_na=0)
    row = _AFTER._replace(voltage_mv=1)
    assert not conditions(_BEFORE, row._replace(measured_na=1_000_000), sharp).short
    assert conditions(_BEFORE, row._replace(measured_na=1_000_001), sharp).short
    coarse = replace(SETTINGS, short_ohm=10**6, short_above_na=0)
    assert conditions(_BEFORE, row._replace(voltage_mv=CONFIG.sensor_max_mv), coarse).short
    assert not conditions(_BEFORE, row._replace(voltage_mv=CONFIG.sensor_max_mv + 1), coarse).short


def test_a_clock_at_0_has_been_heard() -> None:
    assert conditions(_BEFORE._replace(now_us=0), _AFTER._replace(now_us=2 * TICK_US), SETTINGS).tick_off
    assert not conditions(_BEFORE._replace(now_us=0), _AFTER._replace(now_us=TICK_US), SETTINGS).tick_off


@pytest.mark.parametrize("name", [name for name in Conditions._fields if name != "tick_off"])
def test_every_condition_is_counted_from_the_tick_at_which_it_is_seen_and_no_other(name: str) -> None:
    before, _, seen = next(border[1:] for border in _BORDERS if border[0] == name)
    witness = Witness(SETTINGS)
    witness.last = _BEFORE._replace(**before, **{f"{name}_us": 7 * TICK_US})
    sample = witness.look(_AFTER._replace(**seen))
    assert getattr(sample, f"{name}_us") == 8 * TICK_US


def test_silence_is_a_cause_from_the_very_microsecond_of_its_time_on() -> None:
    witness = Witness(SETTINGS)
    witness.last = _BEFORE._replace(unheard_us=CONFIG.heartbeat_us - TICK_US)
    assert witness.look(_AFTER._replace(heartbeat=3)).causes & slow_causes(False, True)
    silent = _report(power_on(), _QUIET)._replace(unheard_us=CONFIG.heartbeat_us - 5 * TICK_US)
    assert _report(silent, _QUIET._replace(ticks=5)).causes == slow_causes(False, True)
    heard = silent._replace(unheard_us=CONFIG.heartbeat_us - 5 * TICK_US - 1)
    assert _report(heard, _QUIET._replace(ticks=5)).causes == 0


@pytest.mark.parametrize(
    ("target_na", "refused", "taken"),
    [(CONFIG.limit_na + 1, 1, True), (CONFIG.limit_na + 1, 0, False), (CONFIG.limit_na, 1, False), (7, 1, False)],
)
def test_a_target_that_is_refused_counts_as_requested_when_it_is_beyond_the_limit(
    target_na: int, refused: int, taken: bool
) -> None:
    before = _report(power_on(), _QUIET._replace(ticks=5, heartbeat=1))
    answered = _QUIET._replace(ticks=10, heartbeat=1, target_na=9, refused=refused)
    assert (_report(before, answered, Request(target_na, 0, 0, 2)).requested_na == target_na) is taken


@pytest.mark.parametrize("drive_na", [1, -1, 2])
def test_any_current_at_all_is_a_stop_that_is_not_obeyed(drive_na: int) -> None:
    driven = _QUIET._replace(ticks=5, drive_na=drive_na, heartbeat=1)
    first = _report(power_on(), driven, _STOP_REQUEST)
    assert _report(first, driven._replace(ticks=10), _STOP_REQUEST).stopping_us == 5 * TICK_US


def test_contact_that_comes_back_has_held_since_the_last_report_and_no_longer() -> None:
    lost = _report(power_on(), _QUIET._replace(ticks=5, contact=0))
    assert _report(lost, _QUIET._replace(ticks=10)).contact_us == 5 * TICK_US
