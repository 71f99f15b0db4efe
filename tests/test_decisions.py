"""The decisions: numbered without a gap, each with what was refused or why, and no file named that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")


def test_the_numbers_run_without_a_gap() -> None:
    numbers = [int(number) for number in re.findall(r"^### D-(\d\d) ", TEXT, flags=re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"\b(?:ccore|core|safety|docs|tests)/[\w/]+\.\w+", TEXT))
    assert named
    assert all((ROOT / name).is_file() for name in named)
