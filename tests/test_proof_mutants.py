"""Seeded edits of the C text: which are taken, what kills them, and that a survivor is a failure."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import acsl, edited, proof_mutants, proof_table, prove, wp
from iontocore.verification.tools import ROOT, SOURCES

FILE = Path("ccore/src/guard.c")
(SMALL,) = acsl.functions(FILE, "/*@ ensures si03_rise: \\true; */\nint small(void)\n{\n}\n")


def goal(**changes: Any) -> wp.Goal:
    plain = wp.Goal("small_ensures", FILE, "small", "si03_rise", "SI-03", "ensures", "cvc4", "valid", "", 1.5)
    return dataclasses.replace(plain, **changes)


EDIT = """
[[edit]]
id = "PM-001"
what = "What it does."
file = "ccore/src/guard.c"
function = "debounced"
original = "(timer_us + tick_us)"
replacement = "(timer_us + 1)"
kills = ["count"]
invariant = "SI-08"
"""


def edits(tmp_path: Path, text: str) -> tuple[proof_mutants.Edit, ...]:
    path = tmp_path / "edits.toml"
    path.write_text(text)
    return proof_mutants.load(path)


def test_every_seeded_edit_fits_the_text_of_the_core() -> None:
    assert len(proof_mutants.load()) >= 60


def test_the_seeded_edits_endanger_every_invariant_that_a_step_states() -> None:
    assert {edit.invariant for edit in proof_mutants.load()} >= set(proof_table.STATED)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(timer_us + tick_us)", "no such text", "found 0 times"),
        ("(timer_us + tick_us)", "timer_us", "found"),
        ("(timer_us + 1)", "(timer_us + tick_us)", "changed"),
        ('["count"]', '["counts"]', "counts"),
        ('["count"]', "[]", "nothing"),
        ('"debounced"', '"bounced"', "bounced"),
        ('"PM-001"', '"PM-1"', "PM- and three digits"),
        ('invariant = "SI-08"', "", "missing"),
        ("SI-08", "SI-99", "SI-99"),
        ("what =", "why =", "unknown or missing"),
        ("[[edit]]", "[[edits]]", "damaged"),
        ("[[edit]]", "[[edit", "damaged"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert edits(tmp_path, EDIT)
    with pytest.raises(Refusal, match=re.escape(said)):
        edits(tmp_path, EDIT.replace(old, new, 1))


def test_an_id_is_given_to_one_edit(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="given 2 times"):
        edits(tmp_path, EDIT + EDIT)


def test_an_edit_changes_its_function_and_nothing_else(tmp_path: Path) -> None:
    (edit,) = edits(tmp_path, EDIT)
    edited.copy(edit.function, proof_mutants.applied(edit), tmp_path)
    for file in SOURCES:
        old, new = (ROOT / file).read_text(), (tmp_path / file).read_text()
        start, end = (edit.function.start, edit.function.end) if file == edit.function.file else (0, 0)
        assert new == old[:start] + old[start:end].replace(edit.original, edit.replacement) + old[end:]
        assert (new != old) == (file == edit.function.file)


def test_an_edit_is_not_applied_to_a_text_that_changed_meanwhile(tmp_path: Path) -> None:
    (edit,) = edits(tmp_path, EDIT)
    moved = dataclasses.replace(edit, function=dataclasses.replace(edit.function, start=0, end=10))
    with pytest.raises(Refusal, match="changed"):
        proof_mutants.applied(moved)


def test_an_edit_is_killed_by_the_clause_that_it_names_and_by_nothing_else(tmp_path: Path) -> None:
    (edit,) = edits(tmp_path, EDIT)
    other = goal(clause="anew", status="failed", prover="", answers="CVC4: Unknown")
    named = dataclasses.replace(other, clause="count")
    shown = goal(clause="count")
    assert proof_mutants.judge(edit, wp.Outcome((named, other), ())).against == ()
    assert proof_mutants.judge(edit, wp.Outcome((shown, other), ())).against == ("count is still shown",)
    assert proof_mutants.judge(edit, wp.Outcome((other,), ())).against == ("count gave no goal",)
    assert proof_mutants.judge(edit, wp.Outcome((named,), ("a warning",))).against == ("a warning",)


def test_a_prover_that_broke_down_kills_nothing(tmp_path: Path) -> None:
    (edit,) = edits(tmp_path, EDIT)
    broken = goal(clause="count", status="failed", prover="", answers="Z3: Failed Unknown error; CVC4: Failed")
    assert proof_mutants.judge(edit, wp.Outcome((broken,), ())).against == ("count is still shown",)
    looked = dataclasses.replace(broken, answers="Z3: Failed Unknown error; CVC4: Unknown")
    assert proof_mutants.judge(edit, wp.Outcome((looked,), ())).against == ()


def test_a_clause_that_the_unedited_text_does_not_show_is_found() -> None:
    slow = goal(status="failed", prover="", answers="CVC4: Timeout")
    assert not proof_mutants.control(SMALL, {"si03_rise"}, wp.Outcome((goal(),), ()))
    assert proof_mutants.control(SMALL, {"si03_rise"}, wp.Outcome((goal(), slow), ()))
    assert proof_mutants.control(SMALL, {"si03_rise"}, wp.Outcome((), ()))


def test_every_difference_from_the_record_of_edits_is_found(tmp_path: Path) -> None:
    old = [("PM-001", "f", "debounced", "count", "SI-08"), ("PM-002", "f", "held", "ensures", "SI-05")]
    edited.write(tmp_path / "killed.csv", proof_mutants.COLUMNS, old, "abc")
    assert edited.speaks_of(tmp_path / "killed.csv") == "abc"
    assert edited.recorded(tmp_path / "killed.csv", proof_mutants.COLUMNS) == old
    assert proof_mutants.differences(old, old) == []
    assert [one.where for one in proof_mutants.differences(old, old[:1])] == ["PM-002"]
    assert [one.where for one in proof_mutants.differences(old[:1], old)] == ["PM-002"]
    with pytest.raises(Refusal, match="missing"):
        edited.recorded(tmp_path / "none.csv", proof_mutants.COLUMNS)
    with pytest.raises(Refusal, match="id,file"):
        edited.recorded(tmp_path / "killed.csv", ("file", "function"))


@pytest.mark.needs("frama-c", "why3", "z3", "cvc4")
def test_a_seeded_edit_dies_in_a_copy_of_the_text_where_the_text_itself_is_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wp, "BUILD", tmp_path)
    config = wp.configure()
    (edit,) = edits(tmp_path, EDIT)
    whole = wp.prove(edit.function, config=config, timeout_s=10)
    assert whole.complaints == ()
    assert [one.goal for one in whole.goals if not one.well] == []
    assert prove.unproved(edit.function, whole.goals) == []
    result = proof_mutants.try_one(edit, config)
    assert (result.died, result.against) == (("count",), ())
    assert not (tmp_path / edit.id).exists()


def test_every_seeded_edit_has_been_seen_to_die_of_the_clauses_that_it_names() -> None:
    named = {
        (one.id, one.function.file.as_posix(), one.function.name, label, one.invariant)
        for one in proof_mutants.load()
        for label in one.kills
    }
    assert set(edited.recorded(proof_mutants.RECORD, proof_mutants.COLUMNS)) == named
