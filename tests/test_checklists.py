"""The checklists: every clause has an answer, it leads to what is there, and none claims too much."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.safety.limits import Mark
from iontocore.verification import checklists
from iontocore.verification.checklist import Answer, Checklist, Row, Unfounded, unfounded
from iontocore.verification.checklists import CHECKLISTS, IEC_62304, main
from iontocore.verification.iec_60601_1 import IEC_60601_1
from iontocore.verification.iec_60601_2_10 import IEC_60601_2_10

CLASS_C = {
    "4": 4,
    "5.1": 12,
    "5.2": 6,
    "5.3": 6,
    "5.4": 4,
    "5.5": 5,
    "5.6": 8,
    "5.7": 5,
    "5.8": 8,
    "6.2.1": 3,
    "6.3": 2,
    "7.1": 4,
    "7.2": 2,
    "7.4": 3,
    "8.1": 3,
    "8.2": 4,
    "9": 8,
}
"""How many clauses each chapter has that are numbered without a gap; all of them apply to class C."""

ROWS = [(checklist, row) for checklist in CHECKLISTS for row in checklist.rows]
EACH = pytest.mark.parametrize(
    ("checklist", "row"), ROWS, ids=[f"{checklist.standard} {row.clause}" for checklist, row in ROWS]
)
A_ROW = IEC_62304.rows[1]


def test_every_clause_that_applies_to_class_c_has_a_row() -> None:
    clauses = {f"{chapter}.{number}" for chapter, last in CLASS_C.items() for number in range(1, last + 1)}
    clauses |= {"6.1", "6.2.2", "6.2.3", "6.2.4", "6.2.5", "7.3.1", "7.3.3", "8.3"}  # 7.3.2 was taken out by A1
    clauses |= {f"5.5.4 {letter})" for letter in "abcdefgh"}
    assert {row.clause for row in IEC_62304.rows} == clauses


def test_the_clauses_of_the_device_that_speak_of_software_have_rows() -> None:
    clauses = {row.clause for row in IEC_60601_1.rows}
    assert clauses >= {"4.7", "11.8", "12.1", "12.3", "12.4.1", "12.4.2", "12.4.3", "12.4.4"}
    assert clauses >= {f"14.{number}" for number in range(1, 14) if number != 6}
    assert clauses >= {"8.5", "8.7", "8.8", "15", "17"}
    assert {row.clause for row in IEC_60601_2_10.rows} >= {f"201.12.4.10{number}" for number in range(1, 5)}


def test_what_no_software_can_show_is_the_manufacturers() -> None:
    answers = {row.clause: row.answer for row in IEC_60601_1.rows}
    hardware = ("8.5", "8.7", "8.8", "9", "14.11", "15", "17")
    assert {answers[clause] for clause in hardware} == {Answer.MANUFACTURER}


def test_of_a_clause_about_an_output_a_part_at_most_is_answered_without_a_device() -> None:
    outputs = [row for row in IEC_60601_1.rows if not row.clause.startswith("14.")]
    assert {row.answer for row in (*outputs, *IEC_60601_2_10.rows)} == {Answer.PARTLY, Answer.MANUFACTURER}


def test_clauses_whose_text_was_not_at_hand_are_not_said_to_be_read() -> None:
    assert {row.mark for row in (*IEC_60601_1.rows, *IEC_60601_2_10.rows)} == {Mark.ASSUMPTION, Mark.EXCERPT}


def test_all_that_rows_name_is_there() -> None:
    assert list(unfounded(CHECKLISTS)) == []


@EACH
def test_no_row_claims_compliance(checklist: Checklist, row: Row) -> None:
    texts = " ".join((row.asks, row.gives, row.left))
    assert not re.search(r"\b(compl(y|ies|iant)|compliance|conform|certif|fulfil)", texts, re.IGNORECASE)


@EACH
def test_invariants_that_a_row_names_are_in_the_table(checklist: Checklist, row: Row) -> None:
    assert set(re.findall(r"SI-\d+", row.gives + row.left)) <= set(INVARIANT_BY_ID)


@pytest.mark.parametrize("wrong", ["docs/nothing.md", "make nothing", "make", "core/"])
def test_a_row_that_names_what_is_not_there_is_found(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "Makefile").write_text("test: lint ## all\n\techo nothing:\n", encoding="utf-8")
    (tmp_path / "there.md").touch()
    row = dataclasses.replace(A_ROW, where=("make test", "there.md", wrong))
    assert list(unfounded([Checklist("a standard", "", (row,))], tmp_path)) == [Unfounded("a standard", "4.2", wrong)]


def test_the_command_prints_every_clause_and_fails_when_something_is_not_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {row.clause:10} {row.answer.upper()}\n" in out for _, row in ROWS)
    wrong = Checklist("a standard", "", (dataclasses.replace(A_ROW, where=("docs/nothing.md",)),))
    monkeypatch.setattr(checklists, "CHECKLISTS", (wrong,))
    assert main([]) == 1
    assert capsys.readouterr().err == "a standard, 4.2: docs/nothing.md is not there\n"
    assert main(["--nothing"]) == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"clause": "five"}, "is no clause"),
        ({"asks": "no sentence"}, "not all sentences"),
        ({"gives": ""}, "not all sentences"),
        ({"left": "nothing"}, "not all sentences"),
        ({"answer": "answered here"}, "is no answer"),
        ({"mark": "read"}, "is no mark"),
        ({"left": ""}, "something is left"),
        ({"answer": Answer.HERE}, "something is left"),
        ({"answer": Answer.DOES_NOT_APPLY}, "something is left"),
        ({"where": ()}, "an answer stands somewhere"),
    ],
)
def test_a_row_that_contradicts_itself_is_not_built(wrong: dict[str, Any], says: str) -> None:
    assert A_ROW.answer is Answer.PARTLY
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(A_ROW, **wrong)


def test_clauses_stand_in_their_order_and_once() -> None:
    late, early = (dataclasses.replace(A_ROW, clause=clause) for clause in ("5.10", "5.9"))
    assert Checklist("a standard", "", (early, late)).count() == {Answer.PARTLY: 2}
    for rows in ((late, early), (early, early)):
        with pytest.raises(ValueError, match="twice or out of order"):
            Checklist("a standard", "", rows)
