"""Gathering: what each kind of evidence becomes in a report, and that what does not hold is never lost on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from iontocore.safety.faults import FAULT_BY_ID, FAULTS
from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.table import TABLE, rows
from iontocore.verification import (
    characteristics,
    cover,
    deviations,
    examined,
    fuzz,
    gather,
    gather_device,
    gather_model,
    gather_mutants,
    gather_runs,
    model,
    operator_mutants,
    places,
    python_mutants,
    python_mutants_record,
    rules,
    sanitize,
    tools,
)
from iontocore.verification.campaign_table import KNOWN_OPEN, FaultResult
from iontocore.verification.campaign_table import Verdict as OfFault
from iontocore.verification.characteristics_figures import Characteristic as Figured
from iontocore.verification.characteristics_figures import Point, Range, V
from iontocore.verification.evidence import Coverage, Evidence, Kind, Made, Mode, MutantCount, Place, Status
from iontocore.verification.excuses import Excuse, judge
from iontocore.verification.gaps import Count, Gap, Measured, NotMeasuredError, Totals
from iontocore.verification.gaps import Place as GapPlace
from iontocore.verification.gather import Part, Setting
from iontocore.verification.model_properties import COARSE, PROPERTIES
from iontocore.verification.model_run import Search
from iontocore.verification.model_seeds import SEEDS
from iontocore.verification.python_mutants_copy import TESTS_OF, texts_of
from iontocore.verification.python_mutants_record import Tried
from iontocore.verification.tools import Answer, fingerprint

FINGERPRINTS: Mapping[str, str] = {group.name: group.fingerprint for group in examined.groups()}


def setting(mode: Mode = Mode.FULL, out: Path = Path("nowhere")) -> Setting:
    return Setting(mode, FINGERPRINTS, out)


def failing(part: Part) -> dict[str, Sequence[str]]:
    return {one.id: one.detail for one in part.evidence if one.status is not Status.HOLDS}


# ---- parts -----------------------------------------------------------------------------------------------------------


def piece(name: str) -> Evidence:
    return Evidence(
        name, Kind.TEST, name, "", (), (), Status.HOLDS, Made.NOW, "g", "f", {}, "make", Place("tests/test_guard.py", 1)
    )


def test_parts_are_put_together_and_none_is_lost() -> None:
    count = MutantCount(Kind.MUTANT, "guard.c", 1, 1, 0)
    coverage = Coverage((), ())
    whole = gather.merged([Part((piece("a"),)), Part((piece("b"),), mutants=(count,)), Part(coverage=coverage)])
    assert [one.id for one in whole.evidence] == ["a", "b"]
    assert whole.mutants == (count,)
    assert whole.coverage is coverage
    with pytest.raises(ValueError, match="coverage"):
        gather.merged([Part(coverage=coverage), Part(coverage=coverage)])


# ---- coverage --------------------------------------------------------------------------------------------------------

FULL = Count(5, 5)
GAP = Gap(GapPlace("ccore/src/guard.c", "permit", "a && b", "b"), "false", 12)
EXCUSE = Excuse("CV-01", GAP.place, ("false",), "It cannot be.")


def covered(gaps: Sequence[Gap], excuses: Sequence[Excuse]) -> Part:
    measured = Measured({"ccore/src/guard.c": Totals(FULL, FULL, Count(4, 5), FULL)}, gaps)
    return gather_runs.of_coverage(setting(), measured, judge(gaps, excuses))


def test_a_place_that_is_not_covered_and_not_excused_fails() -> None:
    part = covered([GAP], [])
    assert failing(part) == {"coverage:ccore/src/guard.c": ("line 12, permit(): never false: b",)}
    assert part.coverage is not None
    assert part.coverage.uncovered[0].excuse == ""


def test_a_place_that_is_excused_is_told_with_its_reason() -> None:
    part = covered([GAP], [EXCUSE])
    assert failing(part) == {}
    assert part.coverage is not None
    (told,) = part.coverage.uncovered
    assert (told.excuse, told.reason, told.place.line, told.never) == ("CV-01", "It cannot be.", 12, ("false",))
    assert part.coverage.files[0].branches_covered == 4


def test_an_excuse_for_nothing_is_an_objection() -> None:
    assert "CV-01" in covered([], [EXCUSE]).objections[0].what


def test_coverage_that_could_not_be_measured_is_an_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Path) -> Measured:
        raise NotMeasuredError("a test failed")

    monkeypatch.setattr(cover, "measure", fails)
    part = gather_runs.coverage(setting())
    assert part.evidence == ()
    assert "a test failed" in part.objections[0].what


# ---- rules, fuzzing, sizes -------------------------------------------------------------------------------------------


def test_a_finding_of_the_rules_that_nothing_accepts_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    judgement = deviations.Judgement([], {}, ["misra 10.4 in guard.c: no row accepts it"])
    outcome = rules.Outcome(deviations.load(), judgement, {}, 100, "15", ["1.1"])
    monkeypatch.setattr(rules, "check", lambda: outcome)
    assert failing(gather_runs.rules_of_text(setting())) == {
        "rules:embedded": ("misra 10.4 in guard.c: no row accepts it",)
    }


def fuzzed(monkeypatch: pytest.MonkeyPatch, outcome: fuzz.Outcome) -> Part:
    monkeypatch.setattr(fuzz, "build", lambda out: out)
    monkeypatch.setattr(fuzz, "fuzz", lambda *_, **__: outcome)
    return gather_runs.fuzzing(setting())


EVERY = {f"phase {number}": 1 for number in range(20)} | {f"trip {number}": 1 for number in range(40)}


def test_what_the_fuzzer_finds_fails_and_so_does_what_it_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = fuzz.Outcome({**EVERY, "inputs": 7}, 1.0, 1, 1, None)
    part = fuzzed(monkeypatch, sound)
    assert failing(part) == {}
    assert part.evidence[0].figures["inputs"] == 7
    found = replace(sound, finding=fuzz.Finding("a step of 9 mA", Path("crash-1")))
    assert failing(fuzzed(monkeypatch, found)) == {"fuzz:core": ("a step of 9 mA",)}
    assert "never reached" in failing(fuzzed(monkeypatch, replace(sound, counts={})))["fuzz:core"][0]


def test_in_quick_mode_the_fuzzer_is_not_run_and_that_is_a_row() -> None:
    part = gather_runs.fuzzing(setting(Mode.QUICK))
    assert part.evidence == ()
    assert [row.id for row in part.not_shown] == ["fuzz"]


def test_the_suite_under_sanitizers_is_read_from_its_record_and_without_one_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert sanitize.read(tmp_path / "none.toml") is None
    monkeypatch.setattr(sanitize, "read", lambda: None)
    assert [row.id for row in gather_runs.sanitizers(setting()).not_shown] == ["sanitize"]
    monkeypatch.setattr(sanitize, "read", lambda: sanitize.Recorded("abc", 3000))
    (one,) = gather_runs.sanitizers(setting()).evidence
    assert (one.made, one.speaks_of, one.figures) == (Made.RECORDED, "abc", {"tests_passed": 3000})
    assert one.group in FINGERPRINTS


SIZES = (
    "                   flash B       RAM B        stack B       instructions of ionto_step()  of others\n"
    "cortex-m0plus-Os  11504   440   1088  1248    384    312       2676       2702   3205     728       2468\n"
    "cortex-m3-O2      11704   476   1088  1248    316    252       1814       1833   2233     555       1838\n"
)


def sized(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> Part:
    monkeypatch.setattr(gather_runs, "require", lambda *_: "")
    monkeypatch.setattr(gather_runs, "run", lambda *_, **__: answer)
    return gather_runs.sizes(setting())


def test_sizes_are_read_as_they_are_printed_and_what_exceeds_its_budget_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    part = sized(monkeypatch, Answer(0, SIZES, ""))
    assert [one.id for one in part.evidence] == ["sizes:cortex-m0plus-Os", "sizes:cortex-m3-O2"]
    assert part.evidence[0].figures["core_flash_bytes"] == 11504
    assert part.evidence[1].figures["configure_instructions"] == 1838
    over = "cortex-m3-O2: port RAM is 1600, the budget 1536"
    part = sized(monkeypatch, Answer(1, SIZES, f"{over}\n"))
    assert failing(part) == {"sizes:cortex-m3-O2": (over,)}
    assert part.objections == ()


@pytest.mark.parametrize("answer", [Answer(2, "", "no compiler"), Answer(0, SIZES[:150], ""), Answer(2, SIZES, "no")])
def test_sizes_that_were_not_measured_are_an_objection(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    assert [one.where for one in sized(monkeypatch, answer).objections] == ["sizes"]


# ---- single faults ---------------------------------------------------------------------------------------------------

HELD = FaultResult(
    fault="", sentence="It sticks.", verdict=OfFault.HELD, trials=9, changed=9, found=9, tripped=(("sensor", 9),),
    found_us=1, zero_us=2, never_zero=0, until_cut_fc=3, astray_fc=0, wrong_us=0, peak_na=4, peak_mv=8, step_na=5,
    drop_na=6, after_stop_us=None, after_press_us=7, endangered=("SI-12",), broken=(), hazardous=0, hazards=(),
    worst="", why="", to_show="",
)  # fmt: skip


def campaign(*changed: FaultResult) -> Part:
    by_id = {one.fault: one for one in changed}
    held = (replace(HELD, fault=row.id, endangered=row.endangers) for row in FAULTS if row.id not in KNOWN_OPEN)
    return gather_device.of_campaign(setting(), [*(by_id.get(one.fault, one) for one in held), *changed])


FIRST = next(row for row in FAULTS if row.id not in KNOWN_OPEN)


def test_a_fault_that_held_points_at_what_it_endangers_and_at_its_hazards() -> None:
    held = replace(HELD, fault=FIRST.id, endangered=FIRST.endangers)
    part = gather_device.of_campaign(setting(), [held])
    (one,) = part.evidence
    assert one.status is Status.HOLDS
    assert set(one.invariants) == set(FIRST.endangers)
    assert one.hazards == FIRST.hazards
    assert f'"{FIRST.id}"' in (tools.ROOT / one.source.file).read_text("utf-8").splitlines()[one.source.line - 1]
    (row,) = part.faults
    assert (row.verdict, row.tripped, row.after_stop_us) == ("held", {"sensor": 9}, None)


def test_a_fault_that_did_not_hold_fails_and_points_at_what_was_broken() -> None:
    broken = replace(
        HELD, fault=FIRST.id, verdict=OfFault.NOT_HELD, broken=(("SI-03", 2),), hazards=(("step", 2),), worst="in treat"
    )
    part = gather_device.of_campaign(setting(), [broken])
    assert failing(part) == {f"fault:{FIRST.id}": ("step in 2 trials; SI-03 in 2 trials; in treat",)}
    assert part.evidence[0].invariants == ("SI-03",)
    assert part.faults[0].verdict == "broken"


def test_a_fault_that_changed_nothing_has_shown_nothing() -> None:
    idle = replace(HELD, fault=FIRST.id, verdict=OfFault.NOT_SHOWN)
    assert failing(gather_device.of_campaign(setting(), [idle]))


@pytest.mark.parametrize("verdict", [OfFault.HARDWARE, OfFault.PROFILE, OfFault.SUPERVISOR])
def test_a_fault_that_the_core_does_not_answer_is_a_row_of_what_is_not_shown(verdict: OfFault) -> None:
    other = replace(HELD, fault=FIRST.id, verdict=verdict, why="No step runs.", to_show="A watchdog.")
    part = gather_device.of_campaign(setting(), [other])
    assert part.evidence == ()
    (row,) = part.not_shown
    assert (row.id, row.otherwise, row.hazards) == (FIRST.id, "No step runs.", FIRST.hazards)


def test_a_fault_that_was_never_injected_is_an_objection() -> None:
    part = gather_device.of_campaign(setting(), [])
    assert {one.where for one in part.objections} == set(FAULT_BY_ID)


# ---- the output ------------------------------------------------------------------------------------------------------


def test_a_figure_of_the_output_points_at_its_row_and_one_beyond_its_limit_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = Range(None, 65_000, "the device")
    rows_of = (
        Figured("OC-01", "largest voltage", "at 500 ohm", 7_505, V, limit, ("SI-09",)),
        Figured("OC-20", "first tick", "palms", 66_000, V, limit, ("SI-05",), ("H-03",)),
        Figured("OC-28", "contact lost", "palms", 15, V, None, ("SI-10",)),
    )
    point = Point(500, 15_000, 15_011_400, 15_003_000, 7_505, 1_600, False)
    found = characteristics.Characteristics(rows_of, (point,), ())
    monkeypatch.setattr(characteristics, "characterise", lambda _: found)
    part = gather_device.characteristics(setting())
    assert failing(part) == {"characteristic:OC-20": ("first tick: 66 V, and allowed is at most 65 V",)}
    assert [one.id for one in part.evidence] == ["characteristic:OC-01", "characteristic:OC-20"]
    assert part.evidence[0].figures == {"value_mv": 7_505}
    for one in part.evidence:
        line = (tools.ROOT / one.source.file).read_text("utf-8").splitlines()[one.source.line - 1]
        assert f'"{one.id.partition(":")[2]}"' in line
    assert part.characteristics is not None
    assert [one.value for one in part.characteristics.figures] == ["7.505", "66", "0.015"]
    assert (part.characteristics.points[0].delivered_ua, part.characteristics.points[0].ripple_ua) == (15_011, 2)


def test_every_figure_of_the_output_has_a_line_that_it_stands_on() -> None:
    names = {f"OC-{number:02}" for number in range(1, 40)}
    text = "".join((tools.ROOT / file).read_text("utf-8") for file in gather_device._ROWS)
    assert {name for name in names if f'"{name}"' in text} >= {"OC-01", "OC-20", "OC-33"}


# ---- the model -------------------------------------------------------------------------------------------------------


def examination(
    *, broken: str = "", missed: bool = False, sown: bool = True, taken: bool = True, liveness: bool = True
) -> Part:
    judged = tuple(
        model.Judged(each, model.Verdict.BROKEN if each.label == broken else model.Verdict.HOLDS, 1000, 20, ("stop",))
        for each in PROPERTIES
        if liveness or not each.liveness
    )
    seeds = tuple(model.Sown(seed, not missed) for seed in SEEDS) if sown else ()
    every = tuple(rows(TABLE))
    found = model.Examination(judged, len(every), () if taken else every[:1], seeds)
    return gather_model.of_examination(setting(), found)


def test_a_property_of_the_model_that_is_broken_fails_with_the_steps_that_lead_there() -> None:
    assert failing(examination()) == {}
    label = PROPERTIES[0].label
    assert failing(examination(broken=label)) == {f"model:{label}": ("stop",)}


def test_a_seeded_error_that_is_not_found_fails_and_a_row_that_is_never_taken_is_an_objection() -> None:
    assert list(failing(examination(missed=True))) == ["model:seeds"]
    assert [one.where for one in examination(taken=False).objections] == ["model"]


def test_what_the_model_leaves_open_is_not_shown_and_so_are_seeds_that_were_not_sown() -> None:
    rows_of = {row.id for row in examination().not_shown}
    assert rows_of == {f"model-{one.label}" for one in COARSE}
    assert {row.id for row in examination(sown=False).not_shown} == rows_of | {"model-seeds"}
    (row,) = (row for row in examination(liveness=False).not_shown if row.id == "model-liveness")
    assert all(each.label in row.what for each in PROPERTIES if each.liveness)
    assert "SI-16" in row.invariants


def test_in_quick_mode_the_model_is_searched_for_breaches_of_safety_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    every = frozenset((row.before, row.event, row.after) for row in rows(TABLE))
    monkeypatch.setattr(model, "build", lambda _, out: out)
    monkeypatch.setattr(model, "search", lambda *_: Search(True, 9, 3, "", every, frozenset()))
    quick, full = (gather_model.gather(setting(mode)) for mode in (Mode.QUICK, Mode.FULL))
    safety = {f"model:{each.label}" for each in PROPERTIES if not each.liveness}
    assert {one.id for one in quick.evidence} == safety
    assert {one.id for one in full.evidence} == {f"model:{each.label}" for each in PROPERTIES} | {"model:seeds"}
    assert model.steps(seeds=False, liveness=False) == 1 + len(safety)


# ---- mutants ---------------------------------------------------------------------------------------------------------


def test_every_mutant_of_the_c_core_is_counted_and_what_lives_has_its_reason() -> None:
    part = gather_mutants.operators(setting())
    assert failing(part) == {}
    assert part.objections == ()
    assert all(count.mutants == count.killed + count.reasoned for count in part.mutants)
    assert len(part.survivors) == sum(count.reasoned for count in part.mutants)


def test_a_survivor_without_a_reason_or_without_a_mutant_is_an_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = operator_mutants.Reason("same value", "UNREASONED")
    monkeypatch.setattr(operator_mutants, "read", lambda _: {"guard.c permit: a [+ -> -] b": reason})
    said = [one.what for one in gather_mutants.operators(setting()).objections]
    assert [what.partition(":")[0] for what in said] == ["no such mutant any more", "lives without a reason"]


def tried(monkeypatch: pytest.MonkeyPatch, one: Tried) -> Evidence:
    monkeypatch.setattr(python_mutants_record, "read_tried", lambda _: (one,))
    monkeypatch.setattr(python_mutants_record, "read", lambda _: ())
    part = gather_mutants.python(setting())
    (piece,) = part.evidence
    assert piece.id == f"python-mutant:{texts_of(one.module)[0].as_posix()}"
    return piece


def test_mutants_of_python_speak_of_the_module_and_its_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "safety/words.py"
    now = fingerprint(texts_of(module))
    assert FINGERPRINTS[examined.python_group(module)] == now
    assert tried(monkeypatch, Tried(module, now, 10, 10)).status is Status.HOLDS
    assert "1 live, and 0 of them with a reason" in tried(monkeypatch, Tried(module, now, 100, 99)).detail
    few = tried(monkeypatch, Tried(module, now, 10, 9))
    assert f"fewer than {python_mutants.LEAST_PERCENT} % are killed" in few.detail
    assert tried(monkeypatch, Tried("table.py", now, 1, 1)).status is Status.HOLDS


def test_modules_of_which_there_is_no_record_are_a_row_of_what_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_mutants_record, "read_tried", lambda _: (Tried("table.py", "abc", 5, 5),))
    monkeypatch.setattr(python_mutants_record, "read", lambda _: ())
    (row,) = gather_mutants.python(setting()).not_shown
    assert [module for module in TESTS_OF if module not in row.what] == ["table.py"]


# ---- places ----------------------------------------------------------------------------------------------------------


def test_a_place_that_is_not_there_is_an_error() -> None:
    for look, name in ((places.of_row, "SI-99"), (places.of_function, "nothing")):
        with pytest.raises(LookupError, match=name):
            look("ccore/src/guard.c", name)
    with pytest.raises(LookupError, match="OC-99"):
        places.of_id("OC-99", "verification/characteristics_rows.py", "verification/characteristics_waves.py")


def test_a_function_of_c_is_found_where_it_is_defined() -> None:
    place = places.of_function("ccore/src/guard.c", "permit")
    assert "permit(" in (tools.ROOT / place.file).read_text("utf-8").splitlines()[place.line - 1]
    assert set(INVARIANT_BY_ID) >= {"SI-01"}
