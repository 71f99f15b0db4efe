"""The output's characteristics: each figure agrees with an independent computation; a bad output makes its row fail."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from iontocore.ccore import SimulatedElectronics, Simulation, default_electronics
from iontocore.safety.hazards import HAZARDS
from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.session import Session
from iontocore.verification import characteristics
from iontocore.verification.characteristics import STEPS, Characteristics, report, verdict_of
from iontocore.verification.characteristics_bench import (
    LOADS_OHM,
    SETTINGS_UA,
    TRIALS,
    Cue,
    Played,
    Sessions,
    play,
    play_all,
    resistor,
    trials,
)
from iontocore.verification.characteristics_figures import Characteristic, Range, V, Verdict, points
from iontocore.verification.characteristics_plots import Picture, pictures
from iontocore.verification.characteristics_rows import rows

Table = dict[str, Characteristic]
Values = dict[str, float]


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return play_all(default_electronics())


@pytest.fixture(scope="module")
def table(sessions: Sessions) -> Table:
    return {row.id: row for row in rows(sessions)}


@pytest.fixture(scope="module")
def values(table: Table) -> Values:
    """The figures in the units that people read: mA, V, ms or s, mC or mA min, %."""
    return {row.id: float(row.value) for row in table.values()}


@pytest.fixture(scope="module")
def drawn(sessions: Sessions) -> tuple[Picture, ...]:
    return pictures(sessions)


def flowing_ua(asked_ua: float, electronics: SimulatedElectronics) -> float:
    """What the converter makes of a current, by its stated errors."""
    return asked_ua * (1 + electronics.dac_gain_ppm / 1e6) + electronics.dac_offset_na / 1e3


# ---- the bench -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ohm", [11, *LOADS_OHM])
def test_the_load_is_a_resistor_of_that_value(ohm: int) -> None:
    simulation = Simulation(resistor(ohm), default_electronics())
    assert simulation.truth().total_ohm == pytest.approx(ohm, rel=1e-12)


def test_the_load_stays_that_resistor_under_voltage_and_with_time(sessions: Sessions) -> None:
    for played, ohm in zip(sessions.sweep, LOADS_OHM, strict=True):
        current_na, voltage_mv = played.columns["true_na"] / 1e9, played.columns["true_voltage_mv"] / 1e3
        assert np.abs(voltage_mv - current_na * ohm).max() <= 0.0011 + ohm * 1e-9, ohm


def test_a_smaller_resistor_than_the_body_can_be_is_refused() -> None:
    with pytest.raises(ValueError, match="11 ohm"):
        resistor(10)


def test_a_session_that_does_not_end_as_it_is_meant_to_is_no_measurement() -> None:
    (first, *_), _ = trials(default_electronics())
    never = Cue(3_600_000, Session.pause)
    with pytest.raises(RuntimeError, match="load-500"):
        play(replace(first, cues=(Cue(500, Session.stop), never)))


def test_every_piece_of_work_is_told(monkeypatch: pytest.MonkeyPatch, sessions: Sessions) -> None:
    told: list[str] = []

    def played(_: SimulatedElectronics, advance: Callable[[str], None]) -> Sessions:
        for session in sessions.all:
            advance(session.trial.name)
        return sessions

    monkeypatch.setattr(characteristics, "play_all", played)
    result = characteristics.characterise(told.append)
    assert len(told) == STEPS == TRIALS + 1
    assert len(set(told)) == STEPS
    assert {row.id for row in result.rows} == {row.id for row in rows(sessions)}


# ---- every figure, by another way ------------------------------------------------------------------------------------


def test_voltage_and_current_over_the_load_follow_ohms_law(sessions: Sessions, values: Values) -> None:
    electronics = default_electronics()
    for point in points(sessions):
        asked_ua = flowing_ua(point.set_ua, electronics)
        by_voltage_ua = electronics.compliance_mv / point.load_ohm * 1e3
        assert point.delivered_na / 1e3 == pytest.approx(min(asked_ua, by_voltage_ua), abs=0.01), point
        assert point.voltage_mv == pytest.approx(point.delivered_na * point.load_ohm / 1e6, abs=1), point
        assert point.saturated == (point.voltage_mv >= 59_000), point
    most_ma = flowing_ua(SETTINGS_UA[-1], electronics) / 1e3
    for volts, amperes, ohm in (("OC-01", "OC-02", 500), ("OC-03", "OC-04", 2_000), ("OC-05", "OC-06", 10_000)):
        expected_ma = min(most_ma, 60e3 / ohm)
        assert values[amperes] == pytest.approx(expected_ma, rel=1e-4)
        assert values[volts] == pytest.approx(expected_ma * ohm / 1e3, rel=1e-3)


def test_an_open_circuit_gets_the_compliance_voltage_and_nothing_else(sessions: Sessions, values: Values) -> None:
    open_ohm = sessions.open_circuit.trial.body.skin.open_ohm
    assert values["OC-07"] == 60
    assert values["OC-08"] == pytest.approx(60 / open_ohm * 1e3, abs=1e-6)
    assert values["OC-09"] == 0


def test_trips_take_their_debounce_time(values: Values) -> None:
    assert [values[id] for id in ("OC-10", "OC-11", "OC-12", "OC-14")] == [5, 2, 10, 1]
    assert values["OC-13"] == pytest.approx(40e-3 * 2, rel=0.05)  # 40 mA for 2 ms, through the stage's 50 us


def test_accuracy_is_what_the_converter_and_the_sensor_say_of_their_errors(sessions: Sessions, values: Values) -> None:
    electronics, least_ua = default_electronics(), SETTINGS_UA[0]
    flowing = flowing_ua(least_ua, electronics)
    assert values["OC-15"] == pytest.approx(100 * (flowing / least_ua - 1), abs=1e-6)
    shown = flowing * (1 + electronics.a_gain_ppm / 1e6) + electronics.a_offset_na / 1e3
    assert values["OC-16"] == pytest.approx(100 * (shown / flowing - 1), abs=0.02)  # noise, in the mean
    flowed = sessions.palms.positive_fc + sessions.palms.negative_fc
    assert values["OC-17"] == pytest.approx(electronics.a_gain_ppm / 1e4, abs=0.02)
    assert flowed == pytest.approx(integral_fc(sessions.palms), rel=1e-6)


def integral_fc(played: Played) -> float:
    """Charge of both directions by the trapezoidal rule over the trace."""
    return float(np.trapezoid(np.abs(played.columns["true_na"].astype(float)), played.columns["time_us"]))


def test_the_ramp_takes_the_current_over_its_rate(sessions: Sessions, values: Values) -> None:
    plan = sessions.palms.trial.plan
    assert values["OC-23"] == pytest.approx(plan.current_ua / plan.rise_ua_per_s, abs=0.002)
    step_ma = (default_electronics().dac_step_na * 1.001) / 1e6  # the converter takes two ticks for a step of its own
    assert values["OC-21"] == pytest.approx(plan.rise_ua_per_s / 1e3 * 1.001, abs=step_ma / 0.1)
    assert values["OC-22"] <= step_ma
    assert values["OC-20"] <= step_ma
    assert values["OC-18"] == values["OC-19"] == 0


def test_the_reversal_waits_at_zero_for_the_dwell(sessions: Sessions, values: Values) -> None:
    true_na, time_us = sessions.palms.columns["true_na"], sessions.palms.columns["time_us"]
    last_positive, first_negative = np.flatnonzero(true_na > 1_000)[-1], np.flatnonzero(true_na < -1_000)[0]
    between_s = (time_us[first_negative] - time_us[last_positive]) / 1e6
    assert values["OC-24"] == pytest.approx(between_s, abs=0.01)
    assert values["OC-24"] >= sessions.palms.trial.plan.dwell_ms / 1e3
    assert values["OC-25"] <= 1.002e-3


def test_a_stop_takes_the_fall_time_and_lets_the_triangle_through(sessions: Sessions, values: Values) -> None:
    plan = sessions.stop.trial.plan
    current_ma, fall_ma_per_s = plan.current_ua / 1e3, plan.fall_ua_per_s / 1e3
    assert values["OC-26"] == pytest.approx(current_ma / fall_ma_per_s, abs=0.002)
    assert values["OC-27"] == pytest.approx(current_ma**2 / (2 * fall_ma_per_s), rel=0.002)


def test_lost_contact_ends_the_current_at_once_and_it_comes_back_by_the_ramp(
    sessions: Sessions, values: Values
) -> None:
    plan = sessions.lost.trial.plan
    assert values["OC-28"] == pytest.approx(flowing_ua(plan.current_ua, default_electronics()) / 1e3, abs=1e-3)
    assert values["OC-29"] == 5
    assert values["OC-30"] == 60
    assert 3 <= values["OC-31"] <= 3 + 4 * 0.05  # 3 s, and some exchanges with the supervisor
    assert values["OC-32"] <= 2.003e-3


def test_charge_and_dose_are_what_the_plan_says(sessions: Sessions, values: Values) -> None:
    palms, drug = sessions.palms.trial.plan, sessions.drug.trial.plan
    assert values["OC-34"] == pytest.approx(palms.charge_nc / 60e6, rel=0.005)
    assert values["OC-34"] == pytest.approx(integral_fc(sessions.palms) / 60e12, rel=1e-6)
    assert values["OC-36"] == pytest.approx(palms.duration_ms / 60e3, rel=0.001)
    assert values["OC-38"] == pytest.approx(drug.charge_nc / 60e6, rel=0.005)
    assert values["OC-38"] == pytest.approx(integral_fc(sessions.drug) / 60e12, rel=1e-6)
    assert values["OC-37"] == pytest.approx(100 * (values["OC-38"] / 40 - 1), abs=1e-4)
    positive_fc, negative_fc = sessions.palms.positive_fc, sessions.palms.negative_fc
    net_percent = 100 * abs(positive_fc - negative_fc) / integral_fc(sessions.palms)
    assert values["OC-35"] == pytest.approx(net_percent, abs=1e-4)


def test_density_is_current_and_power_over_the_area(values: Values) -> None:
    electronics = default_electronics()
    for density, power, asked_ua, ohm, cm2 in (
        ("OC-39", "OC-40", 20_000, 2_000, 140),
        ("OC-41", "OC-42", -4_000, 10_000, 10),
    ):
        amperes = flowing_ua(asked_ua, electronics) / 1e6
        assert values[density] == pytest.approx(abs(amperes) * 1e3 / cm2, rel=1e-4)
        assert values[power] == pytest.approx(amperes**2 * ohm / cm2, rel=1e-3)
    assert values["OC-47"] == pytest.approx(40, rel=0.002)
    assert values["OC-43"] == values["OC-41"]
    assert values["OC-44"] == pytest.approx(60 * 20e-3, rel=0.01)


# ---- the table -------------------------------------------------------------------------------------------------------


def test_the_rows_are_numbered_and_whole(table: Table) -> None:
    assert list(table) == [f"OC-{number:02}" for number in range(1, len(table) + 1)]
    assert len({row.name for row in table.values()}) == len(table)
    for row in table.values():
        assert row.name
        assert row.condition
        assert row.invariants or row.hazards or row.limit is None, row.id
        assert set(row.invariants) <= set(INVARIANT_BY_ID), row.id
        assert set(row.hazards) <= {hazard.id for hazard in HAZARDS}, row.id


def test_every_row_that_has_a_limit_is_within_it_but_what_is_known_and_open(table: Table) -> None:
    assert not {row.id for row in table.values() if row.verdict is Verdict.FAILS}


def test_the_ends_of_a_range_are_within() -> None:
    within = Range(-2_000, 2_000, "somebody")
    assert [within.holds(value) for value in (-2_001, -2_000, 0, 2_000, 2_001)] == [False, True, True, True, False]
    assert [Range(None, 2, "x").holds(value) for value in (-9, 2, 3)] == [True, True, False]
    assert [Range(2, None, "x").holds(value) for value in (1, 2, 9)] == [False, True, True]


def test_a_figure_is_read_in_the_unit_of_people() -> None:
    row = Characteristic("OC-01", "voltage", "a resistor", 40_041, V, Range(None, 60_000, "the profile"), ("SI-09",))
    assert (row.value, row.unit, row.shown) == ("40.041", "V", "40.04 V")
    assert (row.allowed, row.says_who, row.verdict) == ("at most 60 V", "the profile", Verdict.HOLDS)
    assert replace(row, limit=Range(2_000, None, "x")).allowed == "at least 2 V"
    assert replace(row, limit=Range(-2_000, 2_000, "x")).allowed == "-2 V to 2 V"
    free = replace(row, limit=None)
    assert (free.allowed, free.says_who, free.verdict) == ("", "", Verdict.NO_LIMIT)


@pytest.mark.parametrize("low, high, source", [(None, None, "somebody"), (1, 2, " ")])
def test_a_limit_has_an_end_and_a_source(low: int | None, high: int | None, source: str) -> None:
    with pytest.raises(ValueError):
        Range(low, high, source)


# ---- a bad output ----------------------------------------------------------------------------------------------------

Spoil = Callable[[dict[str, NDArray[Any]]], None]


def spoiled(played: Played, spoil: Spoil) -> Played:
    """The session with a trace that is not what it was."""
    columns = {name: column.copy() for name, column in played.columns.items()}
    spoil(columns)
    return replace(played, columns=columns)


def exchanged(sessions: Sessions, name: str, played: Played) -> Sessions:
    by_name: dict[str, Any] = {name: played}
    return sessions._replace(**by_name)


def verdict(sessions: Sessions, id: str) -> Verdict:
    return next(row.verdict for row in rows(sessions) if row.id == id)


def scaled(name: str, by: float) -> Spoil:
    def spoil(columns: dict[str, NDArray[Any]]) -> None:
        columns[name] = (columns[name] * by).astype(columns[name].dtype)

    return spoil


def at(seconds: float, name: str, value: int) -> Spoil:
    """One tick of a column is something else."""

    def spoil(columns: dict[str, NDArray[Any]]) -> None:
        columns[name][np.searchsorted(columns["time_us"], seconds * 1e6)] = value

    return spoil


def lasting(name: str, first_s: float, last_s: float, value: int) -> Spoil:
    def spoil(columns: dict[str, NDArray[Any]]) -> None:
        first, last = np.searchsorted(columns["time_us"], (first_s * 1e6, last_s * 1e6))
        columns[name][first:last] = value

    return spoil


BAD: list[tuple[str, str, Spoil]] = [
    ("OC-07", "open_circuit", at(2, "true_voltage_mv", 66_000)),
    ("OC-08", "open_circuit", at(2, "true_na", 200_000)),
    ("OC-09", "never_there", at(5, "true_na", -200_000)),
    ("OC-10", "opened", lasting("switch_closed", 15, 15.02, 1)),
    ("OC-11", "overload", lasting("switch_closed", 15, 15.02, 1)),
    ("OC-12", "short", lasting("switch_closed", 15, 15.02, 1)),
    ("OC-14", "emergency", lasting("switch_closed", 15, 15.02, 1)),
    ("OC-17", "palms", scaled("measured_positive_fc", 1.5)),
    ("OC-20", "palms", at(1, "true_na", 15_000_000)),
    ("OC-21", "palms", scaled("true_na", 5)),
    ("OC-22", "palms", at(10, "true_na", 0)),
    ("OC-24", "palms", lasting("drive_na", 602, 602.5, 1)),
    ("OC-25", "palms", at(602, "true_na", 500_000)),
    ("OC-26", "stop", lasting("switch_closed", 20, 55.5, 1)),
    ("OC-29", "lost", lasting("switch_closed", 40, 40.02, 1)),
    ("OC-30", "lost", at(42, "true_voltage_mv", -66_000)),
    ("OC-31", "lost", at(46, "drive_na", 500)),
    ("OC-32", "lost", at(60, "true_na", 15_000_000)),
    ("OC-33", "nearly_lost", at(27, "true_na", 20_000_000)),
    ("OC-36", "palms", scaled("energised_us", 3)),
    ("OC-39", "stop", scaled("true_na", 2)),
    ("OC-40", "stop", scaled("true_voltage_mv", 100)),
    ("OC-41", "drug", scaled("true_na", 2)),
    ("OC-42", "drug", scaled("true_voltage_mv", 100)),
    ("OC-43", "palms", scaled("true_na", 20)),
    ("OC-45", "palms", at(100, "switch_closed", 0)),
    ("OC-47", "overload", at(15.001, "true_na", 90_000_000)),
]
"""The row, the session that it is taken from, and what went wrong there."""


@pytest.mark.parametrize("id, name, spoil", BAD, ids=[id for id, _, _ in BAD])
def test_a_bad_output_makes_its_row_fail(id: str, name: str, spoil: Spoil, sessions: Sessions) -> None:
    bad = exchanged(sessions, name, spoiled(getattr(sessions, name), spoil))
    assert verdict(bad, id) is Verdict.FAILS


@pytest.mark.parametrize(
    "id, ohm, name, by",
    [
        ("OC-01", 500, "true_voltage_mv", 10),
        ("OC-02", 500, "true_na", 1.3),
        ("OC-03", 2_000, "true_voltage_mv", 2),
        ("OC-04", 2_000, "true_na", -1.3),
        ("OC-05", 10_000, "true_voltage_mv", 1.1),
        ("OC-06", 10_000, "true_na", 5),
        ("OC-15", 1_000, "true_na", 0.7),
        ("OC-16", 20_000, "measured_na", 1.3),
    ],
)
def test_a_bad_output_at_one_load_makes_its_row_fail(
    id: str, ohm: int, name: str, by: float, sessions: Sessions
) -> None:
    place = LOADS_OHM.index(ohm)
    bad = spoiled(sessions.sweep[place], scaled(name, by))
    sweep = (*sessions.sweep[:place], bad, *sessions.sweep[place + 1 :])
    assert verdict(sessions._replace(sweep=sweep), id) is Verdict.FAILS


@pytest.mark.parametrize(
    "id, name, positive, negative",
    [("OC-34", "palms", 3, 3), ("OC-35", "palms", 1.1, 1), ("OC-37", "drug", 1, 0.9), ("OC-38", "drug", 1, 2.1)],
)
def test_a_charge_that_is_not_the_plans_makes_its_row_fail(
    id: str, name: str, positive: float, negative: float, sessions: Sessions
) -> None:
    played: Played = getattr(sessions, name)
    bad = replace(played, positive_fc=played.positive_fc * positive, negative_fc=played.negative_fc * negative)
    assert verdict(exchanged(sessions, name, bad), id) is Verdict.FAILS


def test_a_broken_invariant_makes_its_row_fail(sessions: Sessions) -> None:
    first, *others = sessions.short.tallies
    bad = replace(sessions.short, tallies=(replace(first, breaches=1), *others))
    assert verdict(sessions._replace(short=bad), "OC-46") is Verdict.FAILS


def test_every_row_with_a_limit_has_been_seen_to_fail(table: Table) -> None:
    seen = {id for id, _, _ in BAD} | {"OC-46", "OC-34", "OC-35", "OC-37", "OC-38"}
    seen |= {"OC-01", "OC-02", "OC-03", "OC-04", "OC-05", "OC-06", "OC-15", "OC-16"}
    assert seen == {row.id for row in table.values() if row.limit is not None}


def test_an_output_that_was_never_switched_off_is_no_measurement(sessions: Sessions) -> None:
    bad = sessions._replace(short=spoiled(sessions.short, lasting("switch_closed", 15, 99, 1)))
    with pytest.raises(ValueError, match="never off again"):
        rows(bad)


def test_a_converter_that_is_off_by_a_third_of_the_least_setting_is_not_accurate(sessions: Sessions) -> None:
    sweep, _ = trials(default_electronics()._replace(dac_offset_na=300_000))
    played = play(sweep[0])
    assert played.columns["trips"].max() == 0, "the core takes up to 0.5 mA for what sensors may be wrong by"
    assert verdict(sessions._replace(sweep=(played, *sessions.sweep[1:])), "OC-15") is Verdict.FAILS


# ---- pictures and command --------------------------------------------------------------------------------------------


def test_pictures_are_the_same_every_time_and_whole(sessions: Sessions, drawn: tuple[Picture, ...]) -> None:
    assert drawn == pictures(sessions)
    assert len({picture.name for picture in drawn}) == len({picture.svg for picture in drawn}) == len(drawn) == 8
    ids: list[set[str]] = []
    for picture in drawn:
        root = ElementTree.fromstring(picture.svg)
        texts = " ".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
        assert "mA" in texts or "%" in texts, picture.name
        assert "<dc:date>" not in picture.svg
        assert picture.title in picture.svg
        assert len(picture.svg) < 200_000
        ids.append({id for id in (part.get("id") for part in root.iter("{http://www.w3.org/2000/svg}clipPath")) if id})
    assert sum(map(len, ids)) == len(set().union(*ids)), "clip paths of two pictures on one page have one name"


def test_the_command_prints_the_rows_writes_the_pictures_and_fails_with_a_row(
    sessions: Sessions,
    drawn: tuple[Picture, ...],
    table: Table,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    holding = tuple(row for row in table.values() if row.verdict is not Verdict.FAILS)
    good = Characteristics(holding, points(sessions), drawn)
    bad = replace(good, rows=(*good.rows, replace(good.rows[0], id="OC-99", number=61_000)))
    for result, status in ((good, 0), (bad, 1)):
        monkeypatch.setattr(characteristics, "characterise", lambda *_, result=result: result)
        assert characteristics.main(["--out", str(tmp_path / "out")]) == status
        printed = capsys.readouterr().out
        assert printed == report(result) + "\n"
        assert printed.splitlines()[-1] == verdict_of(result)
        assert all(row.id in printed and row.shown in printed for row in result.rows)
    assert "FAILS: OC-99;" in printed
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "out").iterdir()}
    assert written == {f"{picture.name}.svg": picture.svg for picture in good.pictures}


def test_the_command_measures_the_electronics_that_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = tmp_path / "body.toml"
    body.write_text("[electronics]\ndac_offset_ua = 300\n", "utf-8")
    assert characteristics.main(["--electronics", str(body), "--out", str(tmp_path)]) == 1
    failing = capsys.readouterr().out.splitlines()[-1].partition(";")[0]
    assert {"OC-15", "OC-20"} <= set(failing.removeprefix("FAILS: ").split(", "))


def test_the_command_answers_a_wrong_argument_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert characteristics.main(["--colour"]) == 2
    assert "--out" in capsys.readouterr().err
    assert characteristics.main(["--electronics", "nowhere.toml"]) == 2
    assert "nowhere.toml" in capsys.readouterr().err
