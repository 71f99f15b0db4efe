"""The ledger of the proof: it is read as it was written, and nothing that differs from it is passed over."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import ledger

FILE = Path("ccore/src/guard.c")

TOOLS = {"frama-c": "25.0", "z3": "4.8.12"}
PLACE = (FILE.as_posix(), "small", "small_ensures_si03_rise")
ROW = ("si03_rise", "SI-03", "ensures", "cvc4", "valid")
RECORDED = ledger.Ledger({PLACE: ROW}, "abc", TOOLS)


def test_a_ledger_that_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    ledger.write(RECORDED, tmp_path)
    assert ledger.load(tmp_path) == RECORDED
    assert list(ledger.differences(RECORDED, ledger.load(tmp_path))) == []


def test_another_solver_is_no_difference() -> None:
    fresh = dataclasses.replace(RECORDED, rows={PLACE: (*ROW[:3], "z3", "valid")})
    assert list(ledger.differences(RECORDED, fresh)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows": {}}, "gave no goal"),
        ({"rows": {PLACE: ROW, (*PLACE[:2], "more"): ROW}}, "the ledger does not have"),
        ({"rows": {PLACE: (*ROW[:3], "", "failed")}}, "failed"),
        ({"rows": {PLACE: (*ROW[:3], "qed", "valid")}}, "qed"),
        ({"rows": {PLACE: ("si03_fall", *ROW[1:])}}, "si03_fall"),
        ({"rows": {PLACE: (*ROW[:4], "unknown")}}, "unknown"),
        ({"fingerprint": "abd"}, "the text is not the one that was proved"),
        ({"tools": {**TOOLS, "z3": "4.8.13"}}, "z3 was 4.8.12, and is 4.8.13"),
        ({"tools": {"frama-c": "25.0"}}, "z3 was 4.8.12, and is nothing"),
    ],
)
def test_every_difference_from_the_ledger_is_found(changes: dict[str, Any], said: str) -> None:
    found = list(ledger.differences(RECORDED, dataclasses.replace(RECORDED, **changes)))
    assert len(found) == 1
    assert said in found[0].what


def test_a_ledger_of_another_text_is_stale(tmp_path: Path) -> None:
    ledger.write(RECORDED, tmp_path)
    assert [one.where for one in ledger.stale(tmp_path)] == [ledger.PROOF]


def test_a_ledger_with_a_goal_that_failed_is_stale(tmp_path: Path) -> None:
    ledger.write(dataclasses.replace(RECORDED, rows={PLACE: (*ROW[:4], "failed")}), tmp_path)
    assert any("failed" in one.what for one in ledger.stale(tmp_path))


def test_a_ledger_that_is_missing_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="missing"):
        ledger.load(tmp_path)
    ledger.write(RECORDED, tmp_path)
    table = (tmp_path / ledger.LEDGER).read_text()
    (tmp_path / ledger.LEDGER).write_text(table.splitlines()[0] + "\n")
    with pytest.raises(Refusal, match="0 goals"):
        ledger.load(tmp_path)
    (tmp_path / ledger.LEDGER).write_text(table.replace("clause", "claws"))
    with pytest.raises(Refusal, match="columns"):
        ledger.load(tmp_path)


def test_the_ledger_is_that_of_this_text() -> None:
    assert ledger.stale() == []
