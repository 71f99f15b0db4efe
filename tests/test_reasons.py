"""Where a check is told to look away, it is told at what, and why."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("core", "safety", "ccore", "verification", "tests")
SOURCES = [
    *sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py*") if path.suffix in (".py", ".pyi")),
    ROOT / "setup.py",
]

ASIDE = re.compile(r"#\s*(?:type:\s*ignore|noqa|pragma:|pyright:|mypy:|pylint:)|#\s*ruff:\s*noqa", re.IGNORECASE)
"""What tells a check of the source to look away."""
REASONED = re.compile(
    r"# (?:type: ignore\[[a-z-]+(?:, [a-z-]+)*\]|noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*)  # (?P<reason>\S.*)"
)
"""One or more checks by name, and after two spaces the reason."""
LEAST_WORDS = 3


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Every comment with its line; a text that merely speaks of one is none."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def unreasoned(source: str) -> list[int]:
    """The lines on which a check is told to look away, but not at what, or not why."""
    lines = []
    for line, comment in comments(source):
        if ASIDE.search(comment):
            found = REASONED.fullmatch(comment)
            if found is None or len(found["reason"].split()) < LEAST_WORDS:
                lines.append(line)
    return lines


def test_every_ignore_names_what_it_ignores_and_why() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        if "build" not in path.parts[len(ROOT.parts) :] and not any(parent.is_symlink() for parent in path.parents)
        for line in unreasoned(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_sources_are_looked_at() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in SOURCES}
    assert {"core/session.py", "safety/limits.py", "ccore/binding.py", "verification/tools.py", "setup.py"} <= names
    assert "tests/test_reasons.py" in names


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore",
        "# type: ignore  # it is so, it has to be",
        "# type: ignore[misc]",
        "# type: ignore[misc] # one space is too few",
        "# type: ignore[misc]  # because",
        "# type:ignore[misc]  # not as it is written here",
        "# noqa",
        "# noqa: E501",
        "# ruff: noqa",
        "# mypy: ignore-errors",
        "# pragma: no cover",
        "# pragma: no mutate",
    ],
)
def test_an_ignore_of_everything_or_without_a_reason_is_found(comment: str) -> None:
    assert unreasoned(f"x = 1\ny = 2  {comment}\n") == [2]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # type: ignore[misc]  # that it is frozen is what is tested",
        "x = 1  # type: ignore[union-attr, misc]  # that it cannot be assigned",
        "import x  # noqa: F401  # it is there for others to import",
        's = "# type: ignore"  # a text about ignores',
        "x = 1  # why this is so",
    ],
)
def test_a_reasoned_ignore_and_a_text_about_one_pass(line: str) -> None:
    assert unreasoned(line + "\n") == []


def test_what_mypy_and_ruff_leave_out_everywhere_is_reasoned_beside_it() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    everywhere = [number for number, line in enumerate(lines) if re.match(r"(ignore|extend-exclude|exclude) =", line)]
    assert everywhere, "ruff's list is looked at"
    assert all(lines[number - 1].startswith("# ") for number in everywhere)
    assert not any(re.match(r"(ignore_errors|ignore_missing_imports|disable_error_code)\b", line) for line in lines)
