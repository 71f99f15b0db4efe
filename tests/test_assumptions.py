"""What is assumed: one list with ids, the page that prints it, and the texts that lean on it."""

import re
from pathlib import Path

import pytest

from iontocore.verification.assumptions import ASSUMPTIONS, BY_ID, Assumption, as_page, main

ROOT = Path(__file__).resolve().parent.parent
SAFETY_CASE = ROOT / "docs" / "safety-case.md"


def test_ids_are_numbered_without_a_gap_and_none_twice() -> None:
    assert [row.id for row in ASSUMPTIONS] == [f"A-{number:02d}" for number in range(1, len(ASSUMPTIONS) + 1)]
    assert len(BY_ID) == len(ASSUMPTIONS)


def test_the_page_is_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert (ROOT / "docs" / "assumptions.md").read_text("utf-8") == as_page()
    assert main([]) == 0
    assert capsys.readouterr().out == as_page()


@pytest.mark.parametrize("row", ASSUMPTIONS, ids=lambda row: row.id)
def test_each_says_what_rests_on_it_and_what_would_follow(row: Assumption) -> None:
    assert row.bears
    for text in (row.assumes, row.otherwise):
        assert text[0].isupper()
        assert text.endswith(".")


def test_the_safety_case_leans_on_each_assumption_and_on_no_other() -> None:
    text = SAFETY_CASE.read_text("utf-8")
    named = set(re.findall(r"\bA-\d\d\b", text))
    assert named == set(BY_ID)


def test_what_the_safety_case_names_is_there() -> None:
    text = SAFETY_CASE.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert (SAFETY_CASE.parent / target).exists(), target
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z][a-z-]*)", text)) <= targets
    header = (ROOT / "ccore" / "include" / "ionto.h").read_text("utf-8")
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "ccore" / "src").glob("*.c"))
    for label in re.findall(r"`(si\d\d_[a-z_]+[a-z])`", text):
        assert re.search(rf"ensures {label}:", header + sources), label
