"""`iontocore verify`: what does not hold is in the report and turns the verdict.

Steps that take long are given their results here; what is read from records, the join and the files are the real ones.
"""

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import jsonschema
import pytest

from iontocore import cli
from iontocore.safety.invariants import INVARIANT_BY_ID, INVARIANTS
from iontocore.safety.refusal import Refusal
from iontocore.verification import (
    acsl,
    assemble,
    edited,
    evidence_form,
    evidence_schema,
    examined,
    gather_mutants,
    gather_proof,
    gather_runs,
    ledger,
    manifest,
    products,
    proof_mutants,
    prove,
    soup,
    verify,
)
from iontocore.verification.evidence import Finding, Made, Mode, Report, Standing, Status
from iontocore.verification.gather import Part, Setting, Step
from iontocore.verification.suite import Checked, Suite
from iontocore.verification.tools import ROOT, SOURCES

TESTS = tuple(
    Checked("tests/test_guard.py", f"test_{row.id.lower().replace('-', '')}_holds", 10, (row.id,), 3, (), ())
    for row in INVARIANTS
)
PROMISED_BY_PYTHON = "SI-24"


def suite_step(tests: Sequence[Checked], complaint: str = "") -> Step:
    """The step of the tests, which ended like this."""

    def run(setting: Setting) -> Part:
        suite = Suite(tuple(tests), complaint)
        objections = (Finding("tests", complaint),) if complaint else ()
        return Part(tuple(gather_runs.of_suite(setting, suite)), objections)

    return Step("tests", run)


PROOF = Step("proof", gather_proof.gather)
EDITS = Step("seeded edits", gather_mutants.edits)
SOUND = (suite_step(TESTS), EDITS, PROOF)


def assembled(steps: Sequence[Step] = SOUND, root: Path = ROOT, mode: Mode = Mode.QUICK) -> Report:
    return assemble.assemble(mode, ROOT / "build" / "never", steps, root=root, say=lambda _: None)


@pytest.fixture(scope="module", autouse=True)
def _tools() -> Iterator[None]:
    """Twenty tools are not asked for their versions at every report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examined, "tools", lambda: {"frama-c": "25.0-beta (Manganese)"})
        patch.setattr(soup, "version_of", lambda _: "1.0")
        yield


@pytest.fixture(scope="module")
def sound() -> Report:
    return assembled()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of the text, to be altered."""
    root = tmp_path / "project"
    for path in examined.texts():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    return root


def told(report: Report) -> dict[str, str]:
    return {finding.where: finding.what for finding in report.verdict.findings}


def standing(report: Report, invariant: str) -> Standing:
    return next(row.status for row in report.invariants if row.id == invariant)


# ---- what holds ------------------------------------------------------------------------------------------------------


def test_evidence_of_this_text_that_holds_is_a_report_that_holds(sound: Report) -> None:
    assert told(sound) == {}
    assert sound.verdict.holds
    assert {row.status for row in sound.invariants} == {Standing.HOLDS}
    assert sound.examined.texts["ccore/src/guard.c"] == examined.hashes()["ccore/src/guard.c"]


def test_a_report_is_of_the_published_schema(sound: Report) -> None:
    jsonschema.Draft202012Validator(evidence_schema.published()).validate(json.loads(evidence_form.canonical(sound)))


def test_two_runs_on_one_text_differ_in_when_and_where_alone(sound: Report) -> None:
    again = evidence_form.canonical(assembled())
    assert evidence_form.without_run(again) == evidence_form.without_run(evidence_form.canonical(sound))


def test_what_is_taken_from_a_record_says_so_and_names_its_command(sound: Report) -> None:
    made = {one.kind.value: one.made for one in sound.evidence}
    assert made == {"proof": Made.RECORDED, "mutant": Made.RECORDED, "test": Made.NOW}
    assert all(one.command for one in sound.evidence)


def test_every_piece_of_evidence_leads_to_a_line_that_is_there(sound: Report) -> None:
    lines = {path: (ROOT / path).read_text("utf-8").count("\n") for path in {one.source.file for one in sound.evidence}}
    assert all(1 <= one.source.line <= lines[one.source.file] for one in sound.evidence)


def test_what_was_proved_leads_to_the_file_of_its_function_though_another_has_one_of_that_name(sound: Report) -> None:
    for one in (one for one in sound.evidence if one.kind == "proof"):
        _, file, function, _ = one.id.split(":")
        public = function.startswith("ionto_")
        assert Path(one.source.file).name in ({file, "ionto.h"} if public else {file}), one.id


def test_a_clause_leads_to_the_line_of_the_contract_that_has_its_label(sound: Report) -> None:
    of_clauses = [one for one in sound.evidence if one.kind == "proof" and one.invariants]
    for one in of_clauses:
        text = (ROOT / one.source.file).read_text("utf-8").splitlines()
        assert one.id.rpartition(":")[2] in text[one.source.line - 1], one.id
    assert len(of_clauses) > 400


# ---- what does not ---------------------------------------------------------------------------------------------------


def test_a_gap_is_in_the_report_and_turns_the_verdict() -> None:
    tests = [one for one in TESTS if PROMISED_BY_PYTHON not in one.invariants]
    report = assembled((suite_step(tests), EDITS, PROOF))
    assert told(report) == {PROMISED_BY_PYTHON: "neither a proof nor a test shows it"}
    assert not report.verdict.holds
    assert standing(report, PROMISED_BY_PYTHON) is Standing.NOT_SHOWN


def test_a_failing_test_is_in_the_report_and_turns_the_verdict() -> None:
    broken = dataclasses.replace(TESTS[2], failed=("test_si03_holds[9]: a step of 9 mA",))
    report = assembled((suite_step([*TESTS[:2], broken, *TESTS[3:]]), EDITS, PROOF))
    assert told(report) == {"test:tests/test_guard.py::test_si03_holds": "it fails; test_si03_holds[9]: a step of 9 mA"}
    assert standing(report, "SI-03") is Standing.BROKEN
    assert {row.id for row in report.hazards if row.status is Standing.BROKEN} == set(INVARIANT_BY_ID["SI-03"].hazards)


def test_a_test_that_fails_and_shows_no_invariant_turns_the_verdict_all_the_same() -> None:
    broken = Checked("tests/test_cli.py", "test_help", 5, (), 1, ("test_help: no help",), ())
    report = assembled((suite_step([*TESTS, broken]), EDITS, PROOF))
    assert told(report) == {"test:tests/test_cli.py": "it fails; test_help: no help"}


def test_a_test_that_was_left_out_shows_nothing() -> None:
    idle = dataclasses.replace(TESTS[2], left_out=("test_si03_holds: needs clang-19",))
    assert not assembled((suite_step([*TESTS[:2], idle, *TESTS[3:]]), EDITS, PROOF)).verdict.holds


def test_a_suite_that_did_not_come_to_its_end_turns_the_verdict() -> None:
    assert told(assembled((suite_step(TESTS, "pytest ended with status 3"), EDITS, PROOF))) == {
        "tests": "pytest ended with status 3"
    }


def test_a_broken_clause_is_in_the_report_and_turns_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = ledger.load()
    place = ("ccore/src/guard.c", "ionto_guard_step", "ionto_guard_step_ensures_si07_latched")
    clause, invariant, kind, prover, _ = recorded.rows[place]
    rows = {**recorded.rows, place: (clause, invariant, kind, prover, "failed")}
    monkeypatch.setattr(ledger, "load", lambda: dataclasses.replace(recorded, rows=rows))
    report = assembled()
    name = "proof:guard.c:ionto_guard_step:si07_latched"
    assert told(report) == {name: "it fails; ionto_guard_step_ensures_si07_latched is failed"}
    assert standing(report, "SI-07") is Standing.BROKEN


def test_a_line_removed_from_the_guard_turns_the_verdict(elsewhere: Path, sound: Report) -> None:
    guard = elsewhere / "ccore" / "src" / "guard.c"
    lines = guard.read_text("utf-8").splitlines(keepends=True)
    gone = next(number for number, line in enumerate(lines) if line.strip().endswith(";") and "=" in line)
    guard.write_text("".join([*lines[:gone], *lines[gone + 1 :]]), "utf-8")
    report = assembled(root=elsewhere)
    assert sound.verdict.holds
    assert not report.verdict.holds
    assert set(told(report)) == {"proof", "mutant"}
    assert all("SUSPECT" in what for what in told(report).values())
    assert standing(report, "SI-01") is Standing.SUSPECT
    assert {one.status for one in report.evidence if one.made is Made.RECORDED} == {Status.SUSPECT}
    assert {one.status for one in report.evidence if one.made is Made.NOW} == {Status.HOLDS}


def test_an_edit_that_fits_the_text_no_more_turns_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def misfit() -> None:
        raise Refusal("PM-001.original", "found 0 times", "text that stands once", "the table")

    monkeypatch.setattr(proof_mutants, "load", misfit)
    assert "PM-001.original" in told(assembled())["seeded_edits.toml"]


def test_an_edit_that_the_record_does_not_have_turns_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row for row in edited.recorded(*_RECORD) if row[0] != "PM-007"]
    monkeypatch.setattr(edited, "recorded", lambda *_: rows)
    assert told(assembled()) == {"mutant:PM-007": "it was not made; killed.csv does not have it"}


_RECORD = (proof_mutants.RECORD, proof_mutants.COLUMNS)


def test_a_record_that_does_not_say_of_which_text_it_speaks_is_suspect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edited, "speaks_of", lambda _: "")
    assert set(told(assembled())) == {"mutant"}


def test_a_weakened_contract_turns_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [acsl.Finding("ccore/src/guard.c:7", "`admit` states what nothing shows")]
    monkeypatch.setattr(prove, "before", lambda *_: found)
    assert told(assembled()) == {"ccore/src/guard.c:7": "`admit` states what nothing shows"}


def test_a_text_that_changes_meanwhile_makes_no_report(elsewhere: Path) -> None:
    def alters(_: Setting) -> Part:
        (elsewhere / "README.md").write_text("other words")
        return Part()

    with pytest.raises(Refusal, match=r"README\.md has changed"):
        assembled((*SOUND, Step("what alters", alters)), root=elsewhere)


def test_a_text_that_is_not_committed_is_told_and_turns_no_verdict(elsewhere: Path) -> None:
    report = assembled(root=elsewhere)
    assert (report.examined.commit, report.examined.clean) == ("", False)
    assert "uncommitted" in {row.id for row in report.verdict.not_shown}
    assert report.verdict.holds


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`iontocore verify` with steps that take no time, and without the pages."""

    def fill(folder: Path, report: Report) -> None:
        (folder / products.EVIDENCE).write_text(evidence_form.canonical(report), "utf-8")

    def run(*arguments: str, steps: Sequence[Step] = SOUND) -> int:
        monkeypatch.setattr(assemble, "STEPS", steps)
        monkeypatch.setattr(products, "fill", fill)
        monkeypatch.setattr(products, "require_layout", lambda: None)
        monkeypatch.setattr(assemble, "NEEDS", ())
        return cli.main(["verify", *arguments])

    return run


def test_the_command_line_finds_the_command_and_its_status_is_the_verdict(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "report"
    assert command("--out", str(folder), "--quick") == 0
    out, err = capsys.readouterr()
    assert "HOLDS: " in out
    assert "verify, 1 of 3: tests" in err
    report = evidence_form.read((folder / products.EVIDENCE).read_text("utf-8"))
    assert report.verdict.holds
    assert report.mode is Mode.QUICK
    broken = dataclasses.replace(TESTS[2], failed=("it does not",))
    assert command("--out", str(folder), "--quick", steps=(suite_step([*TESTS[:2], broken]), EDITS, PROOF)) == 1
    assert "DOES NOT HOLD" in capsys.readouterr().out


def test_nothing_is_changed_of_a_report_that_was_just_written(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command("--out", str(tmp_path / "report"), "--quick")
    capsys.readouterr()
    assert command("--check", str(tmp_path / "report")) == 0
    assert capsys.readouterr().out.startswith("UNCHANGED")


def test_a_report_that_was_altered_is_found(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command("--out", str(tmp_path / "report"), "--quick")
    evidence = tmp_path / "report" / products.EVIDENCE
    evidence.write_text(evidence.read_text("utf-8").replace('"holds": true', '"holds": false'), "utf-8")
    capsys.readouterr()
    assert command("--check", str(tmp_path / "report")) == 1
    assert "in the report: evidence.json has changed" in capsys.readouterr().out
    evidence.write_text("{}")
    assert command("--check", str(tmp_path / "report")) == 1
    assert "is no report" in capsys.readouterr().out


def test_a_text_that_was_altered_since_is_found(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command("--out", str(tmp_path / "report"), "--quick")
    now = {**examined.hashes(), "ccore/src/guard.c": "0" * 64, "safety/more.py": "1" * 64}
    monkeypatch.setattr(examined, "hashes", lambda: now)
    capsys.readouterr()
    assert command("--check", str(tmp_path / "report")) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["in the text: ccore/src/guard.c has changed", "in the text: safety/more.py is new"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--out --check is required"),
        (["--out", "a", "--check", "b"], "not allowed with"),
        (["--check", "b", "--quick"], "--quick"),
        (["--check", "/nowhere"], manifest.NAME),
        (["--out", str(ROOT / "docs")], "outside of"),
        (["--out", str(ROOT)], "outside of"),
        (["--out", "/"], "outside of"),
        (["--out", str(ROOT.parent)], "outside of"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    arguments: list[str], said: str, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*arguments) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert said in sentence


def test_a_folder_that_holds_something_else_is_refused_before_anything_is_run(
    command: Callable[..., int], tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("three years")

    def never(_: Setting) -> Part:
        raise AssertionError("it was run")

    assert command("--out", str(tmp_path), steps=(Step("never", never),)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_missing_tool_is_refused_before_anything_is_run(
    command: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(products, "require_layout", lambda: None)
    assert verify.main(["--out", str(tmp_path / "report")]) == 2
    assert "frama-c" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_without_its_extra_the_command_says_in_one_sentence_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(verify, "find_spec", lambda name: None if name == "mutmut" else name)
    assert verify.main(["--out", str(tmp_path / "report")]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "mutmut" in sentence
    assert "pip install 'iontocore[verification]'" in sentence


def test_installed_without_its_sources_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    assert verify.main(["--out", str(tmp_path / "report")]) == 2
    assert "checkout" in capsys.readouterr().err


def test_the_help_of_the_command_line_names_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    assert "verify" in capsys.readouterr().out
    assert cli.main(["verify", "--help"]) == 0
    assert "--quick" in capsys.readouterr().out


def test_the_fingerprints_of_the_records_are_those_of_this_text() -> None:
    now = {group.name: group.fingerprint for group in examined.groups()}
    assert ledger.load().fingerprint == now[examined.CORE]
    assert set(now) >= {examined.CORE, examined.TESTED, examined.FUZZED, examined.RULED, examined.EVERYTHING}
    core = next(group for group in examined.groups() if group.name == examined.CORE)
    assert core.paths == tuple(path.as_posix() for path in SOURCES)
