"""What is not shown is a row, and the safety case says the same in the same words."""

import re

from iontocore.safety.hazards import HAZARD_BY_ID
from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.verification.assumptions import BY_ID
from iontocore.verification.not_shown import LIMITS, rows
from iontocore.verification.tools import ROOT

SECTION = (
    (ROOT / "docs" / "safety-case.md").read_text("utf-8").partition("## What is not shown")[2].partition("\n## ")[0]
)


def test_the_safety_case_has_every_row_in_its_words() -> None:
    said = " ".join(SECTION.replace("**", "").split())
    for row in rows():
        assert f"* {row.what}" in said, row.id


def test_rows_are_numbered_in_order_and_point_at_what_is_there() -> None:
    assert [row.id for row in LIMITS] == [f"NS-{number:02}" for number in range(1, len(LIMITS) + 1)]
    for row in LIMITS:
        assert set(row.invariants) <= set(INVARIANT_BY_ID)
        assert set(row.hazards) <= set(HAZARD_BY_ID)
        assert row.otherwise.endswith(".")
        assert row.whose


def test_an_assumption_that_a_row_names_is_one() -> None:
    named = {name for row in LIMITS for name in re.findall(r"A-\d\d", row.what)}
    assert named <= set(BY_ID)
    assert named
