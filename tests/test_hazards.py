"""The table of hazards: complete in itself, what remains included, and free of any claim about what answers it."""

import dataclasses
import re
from typing import Any

import pytest

from iontocore.safety import hazards
from iontocore.safety.hazards import HAZARD_BY_ID, HAZARDS, Hazard, Severity
from iontocore.safety.limits import Mark

TEXTS = [
    (row.id, field.name, getattr(row, field.name))
    for row in HAZARDS
    for field in dataclasses.fields(row)
    if field.name not in ("id", "name", "severity", "mark")
]


def test_ids_are_given_once_and_in_order() -> None:
    assert [row.id for row in HAZARDS] == [f"H-{n:02}" for n in range(1, 19)]


def test_names_are_given_once() -> None:
    assert len({row.name for row in HAZARDS}) == len(HAZARDS)


def test_a_hazard_is_found_by_its_id_and_the_table_cannot_be_changed() -> None:
    assert list(HAZARD_BY_ID.values()) == list(HAZARDS)
    with pytest.raises(TypeError):
        HAZARD_BY_ID["H-01"] = HAZARDS[1]  # type: ignore[index]  # that it has no __setitem__ is what is tested


@pytest.mark.parametrize(("row", "field", "text"), TEXTS, ids=lambda part: part if len(part) < 12 else "")
def test_every_text_is_made_of_sentences(row: str, field: str, text: str) -> None:
    assert text[0].isupper(), (row, field)
    assert text.endswith("."), (row, field)
    assert "  " not in text, (row, field)


@pytest.mark.parametrize(("row", "field", "text"), TEXTS, ids=lambda part: part if len(part) < 12 else "")
def test_no_row_names_what_guards_against_it_or_proves_that(row: str, field: str, text: str) -> None:
    assert not re.search(r"\bSI-\d|\btest_|\bproof|\bproved|\binvariant|\.[chp]y?\b", text), (row, field)


def test_a_row_has_no_room_for_controls_or_evidence() -> None:
    names = [field.name for field in dataclasses.fields(Hazard)]
    before = ["id", "name", "hazard", "sequence", "situation", "harm", "severity", "basis", "mark", "note"]
    assert names == [*before, "remains"]


def test_what_can_kill_or_maim_is_rated_so() -> None:
    worst = {row.id for row in HAZARDS if row.severity >= Severity.CRITICAL}
    assert worst == {"H-06", "H-16"}


def test_the_rest_is_rated_by_whether_the_injury_has_to_be_treated() -> None:
    rated = {severity: {row.id[2:] for row in HAZARDS if row.severity is severity} for severity in Severity}
    assert rated == {
        Severity.NEGLIGIBLE: set(),
        Severity.MINOR: {"03", "04", "12", "14", "15", "18"},
        Severity.SERIOUS: {"01", "02", "05", "07", "08", "09", "10", "11", "13", "17"},
        Severity.CRITICAL: {"06"},
        Severity.CATASTROPHIC: {"16"},
    }
    assert [int(severity) for severity in Severity] == [1, 2, 3, 4, 5]


def test_a_table_that_gives_an_id_twice_is_not_built() -> None:
    with pytest.raises(ValueError, match=r"^a hazard id is given twice$"):
        hazards._by_id((HAZARDS[0], HAZARDS[0]))


@pytest.mark.parametrize("wrong", ["H-1", "H-001", "h-01", "", "H-01 "])
def test_a_malformed_id_is_not_built(wrong: str) -> None:
    with pytest.raises(ValueError, match="not of the form"):
        dataclasses.replace(HAZARDS[0], id=wrong)


def test_where_harm_is_known_from_is_marked_and_most_of_it_is_general_knowledge() -> None:
    marked = {mark: {row.id[2:] for row in HAZARDS if row.mark is mark} for mark in Mark}
    assert marked == {
        Mark.READ: {"02", "09", "16", "17"},
        Mark.EXCERPT: {"04"},
        Mark.ASSUMPTION: {"01", "03", "05", "06", "07", "08", "10", "11", "12", "13", "14", "15", "18"},
        Mark.GIVEN: set(),
    }


@pytest.mark.parametrize("wrong", [{"severity": 3}, {"mark": "read"}])
def test_a_severity_or_a_mark_that_is_none_is_not_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^H-01: .* is no severity or .* is no mark$"):
        dataclasses.replace(HAZARDS[0], **wrong)


@pytest.mark.parametrize("field", ["name", "hazard", "sequence", "situation", "harm", "basis", "note", "remains"])
def test_an_empty_text_is_not_built(field: str) -> None:
    blank: dict[str, Any] = {field: " "}
    with pytest.raises(ValueError, match=f"H-01: {field} is empty"):
        dataclasses.replace(HAZARDS[0], **blank)
