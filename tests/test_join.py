"""The join: what points at nothing, what nothing points at, and what is older than its text is found."""

from dataclasses import replace

import pytest
from sample_evidence import CORE, GROUPS, NOT_SHOWN, evidence, mutant, proof, shown_by_test

from iontocore.safety.hazards import HAZARD_BY_ID
from iontocore.safety.invariants import INVARIANT_BY_ID, INVARIANTS
from iontocore.verification.evidence import Evidence, Finding, Kind, NotShown, Standing, Status
from iontocore.verification.join import Joined, join
from iontocore.verification.tools import ROOT

ROWS = evidence()


def joined(*rows: Evidence) -> Joined:
    return join(rows, GROUPS, NOT_SHOWN)


def without(invariant: str) -> list[Evidence]:
    return [one for one in ROWS if invariant not in one.invariants]


def standing(found: Joined, row: str) -> Standing:
    standings = {one.id: one.status for one in found.invariants} | {one.id: one.status for one in found.hazards}
    return standings[row]


def test_evidence_for_every_row_that_holds_is_a_verdict_that_holds() -> None:
    found = joined(*ROWS)
    assert found.verdict.holds
    assert found.verdict.findings == ()
    assert {standing(found, row) for row in (*INVARIANT_BY_ID, *HAZARD_BY_ID)} == {Standing.HOLDS}
    assert [row.id for row in found.invariants] == list(INVARIANT_BY_ID)
    assert [row.id for row in found.hazards] == list(HAZARD_BY_ID)


def test_every_row_gets_what_points_at_it_and_nothing_else() -> None:
    found = joined(*ROWS)
    for row in found.invariants:
        assert set(row.evidence) == {one.id for one in ROWS if row.id in one.invariants}
    too_much = next(row for row in found.hazards if row.id == "H-11")
    assert too_much.evidence == ("fault:SF-01",)
    assert too_much.reached["fault"] == 1
    assert set(too_much.invariants) == {row.id for row in INVARIANTS if "H-11" in row.hazards}


def test_every_row_knows_the_line_on_which_it_stands() -> None:
    found = joined(*ROWS)
    stands = [(row.id, row.source) for row in found.invariants] + [(row.id, row.source) for row in found.hazards]
    for name, place in stands:
        assert f'"{name}"' in (ROOT / place.file).read_text("utf-8").splitlines()[place.line - 1]
    for invariant in found.invariants:
        lines = (ROOT / invariant.predicate.file).read_text("utf-8").splitlines()
        assert lines[invariant.predicate.line - 1].startswith(f"def _{invariant.id.lower().replace('-', '')}")


def test_a_hazard_that_no_invariant_guards_is_a_gap() -> None:
    forgetful = [replace(row, hazards=tuple(name for name in row.hazards if name != "H-15")) for row in INVARIANTS]
    found = join(ROWS, GROUPS, NOT_SHOWN, invariants=forgetful)
    assert found.verdict.findings == (Finding("H-15", "no invariant guards it: unbalanced charge"),)
    assert standing(found, "H-15") is Standing.NOT_SHOWN


def test_an_invariant_with_neither_proof_nor_test_is_a_gap_whatever_else_points_at_it() -> None:
    others = [*without("SI-03"), mutant("SI-03", 99)]
    found = joined(*others)
    assert found.verdict.findings == (Finding("SI-03", "neither a proof nor a test shows it"),)
    assert standing(found, "SI-03") is Standing.NOT_SHOWN
    for hazard in INVARIANT_BY_ID["SI-03"].hazards:
        assert standing(found, hazard) is Standing.NOT_SHOWN


@pytest.mark.parametrize("kept", [Kind.PROOF, Kind.TEST])
def test_a_proof_alone_is_enough_and_so_is_a_test(kept: Kind) -> None:
    rows = [*without("SI-03"), *(one for one in ROWS if "SI-03" in one.invariants and one.kind is kept)]
    assert standing(joined(*rows), "SI-03") is Standing.HOLDS


def test_a_label_that_no_table_has_is_found() -> None:
    found = joined(*ROWS, proof("SI-99"))
    assert [one.where for one in found.verdict.findings] == ["proof:guard.c:ionto_guard_permit:si99_holds"]
    assert "SI-99" in found.verdict.findings[0].what


def test_a_hazard_that_no_table_has_is_found_wherever_it_is_named() -> None:
    open_row = NotShown("NS-09", "that", "then", "somebody", hazards=("H-98",))
    pointing = replace(INVARIANTS[0], hazards=(*INVARIANTS[0].hazards, "H-97"))
    found = join([*ROWS, proof("SI-01", id="x", hazards=("H-99",))], GROUPS, (*NOT_SHOWN, open_row),
                 invariants=(pointing, *INVARIANTS[1:]))  # fmt: skip
    assert [one.where for one in found.verdict.findings] == ["x", "NS-09", "SI-01"]


def test_a_result_that_is_older_than_its_text_is_suspect_and_turns_the_verdict() -> None:
    stale = mutant("SI-03", 99, speaks_of="0" * 64)
    found = joined(*ROWS, stale)
    assert next(one for one in found.evidence if one.id == stale.id).status is Status.SUSPECT
    assert standing(found, "SI-03") is Standing.SUSPECT
    assert standing(found, "SI-05") is Standing.HOLDS
    (finding,) = found.verdict.findings
    assert finding.where == "mutant"
    assert "SUSPECT: 1 result" in finding.what
    assert "make mutants" in finding.what


def test_stale_results_of_one_command_are_told_together() -> None:
    found = joined(*ROWS, *(mutant("SI-03", number, speaks_of="0" * 64) for number in range(900, 950)))
    (finding,) = found.verdict.findings
    assert "50 results" in finding.what


@pytest.mark.parametrize("kind", [Kind.FAULT, Kind.MODEL, Kind.TEST])
def test_what_fails_breaks_the_invariant_and_its_hazards(kind: Kind) -> None:
    broken = shown_by_test("SI-03", id="broken", kind=kind, status=Status.FAILS, detail=("a step of 9 mA",))
    found = joined(*ROWS, broken)
    assert not found.verdict.holds
    assert found.verdict.findings == (Finding("broken", "it fails; a step of 9 mA"),)
    assert standing(found, "SI-03") is Standing.BROKEN
    for hazard in INVARIANT_BY_ID["SI-03"].hazards:
        assert standing(found, hazard) is Standing.BROKEN


def test_what_fails_is_no_less_broken_for_being_old() -> None:
    broken = proof("SI-03", id="broken", status=Status.FAILS, speaks_of="0" * 64)
    assert standing(joined(*ROWS, broken), "SI-03") is Standing.BROKEN


def test_what_fails_at_a_hazard_alone_breaks_the_hazard() -> None:
    broken = proof("SI-01", id="broken", invariants=(), hazards=("H-08",), status=Status.FAILS)
    assert standing(joined(*ROWS, broken), "H-08") is Standing.BROKEN
    assert standing(joined(*ROWS, broken), "SI-01") is Standing.HOLDS


def test_what_was_not_made_is_a_finding_and_shows_nothing() -> None:
    idle = shown_by_test("SI-03", status=Status.NOT_RUN, detail=("needs clang-19",))
    found = joined(*without("SI-03"), idle)
    assert standing(found, "SI-03") is Standing.NOT_SHOWN
    assert {one.where for one in found.verdict.findings} == {"SI-03", idle.id}


def test_an_objection_turns_the_verdict() -> None:
    objection = Finding("ccore/src/guard.c: permit", "its contract has no `assigns`")
    found = join(ROWS, GROUPS, NOT_SHOWN, [objection])
    assert found.verdict.findings == (objection,)
    assert not found.verdict.holds


def test_what_is_not_shown_turns_no_verdict_and_stands_at_its_invariant() -> None:
    found = joined(*ROWS)
    assert found.verdict.not_shown == NOT_SHOWN
    assert next(row for row in found.invariants if row.id == "SI-21").not_shown == ("NS-01", "NS-02")


def test_the_order_in_which_evidence_came_is_not_seen() -> None:
    assert joined(*reversed(ROWS)) == joined(*ROWS)


def test_one_id_twice_and_a_text_that_was_not_examined_are_mistakes() -> None:
    with pytest.raises(ValueError, match="two pieces"):
        joined(*ROWS, ROWS[0])
    with pytest.raises(ValueError, match="not examined"):
        join(ROWS, [CORE], NOT_SHOWN)
