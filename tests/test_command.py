"""The commands that gather evidence: each answers a mistake in one sentence, with status 2, and does nothing more."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import cover, fuzz, python_mutants, rules, sanitize
from iontocore.verification.command import GREATEST, answered, whole_number
from iontocore.verification.tools import ROOT

Main = Callable[[Sequence[str] | None], int]
MAINS: Final[dict[str, Main]] = {
    "cover": cover.main,
    "fuzz": fuzz.main,
    "python_mutants": python_mutants.main,
    "rules": rules.main,
    "sanitize": sanitize.main,
}
NUMBERS: Final = {
    ("fuzz", "--runs"): 2_147_483_647,
    ("fuzz", "--seconds"): 2_147_483_647,
    ("fuzz", "--seed"): 2_147_483_647,
    ("fuzz", "--workers"): 256,
    ("python_mutants", "--jobs"): 256,
}
"""Every flag that takes a whole number, and the greatest."""


def refused(capsys: pytest.CaptureFixture[str], name: str, *arguments: str) -> str:
    """The one sentence with which a command answers, and nothing else."""
    assert MAINS[name](arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (sentence,) = said.err.splitlines()
    return sentence


@pytest.mark.parametrize("name", MAINS)
def test_an_argument_that_there_is_not_is_answered_with_those_that_there_are(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, name, "--bogus", "1")
    assert said.startswith("the command line is wrong (unrecognized arguments: --bogus")
    assert "; allowed is [-h]" in said
    assert said.endswith(f", says this command: see python -m iontocore.verification.{name} --help.")


@pytest.mark.parametrize(("name", "flag"), NUMBERS)
@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "1_0", " 1", "", "²", "99999999999", "9" * 5000])
def test_a_number_is_whole_and_in_its_range_or_the_answer_says_which_there_are(
    name: str, flag: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, name, f"{flag}={text}")
    assert said.startswith(f"{flag} is {text[:20].strip() or 'empty'}" if text != " 1" else f"{flag} is  1")
    assert said.endswith(f"; allowed is a whole number from 1 to {NUMBERS[name, flag]}, says this command.")


def test_both_ends_of_a_range_are_in_it() -> None:
    read = whole_number("--jobs", 256)
    assert [read("1"), read("007"), read("256")] == [1, 7, 256]
    with pytest.raises(Refusal, match="--jobs is 257; allowed is a whole number from 1 to 256"):
        read("257")
    assert whole_number("--runs")(str(GREATEST)) == GREATEST == 2**31 - 1


@pytest.mark.parametrize(("name", "flag"), NUMBERS)
def test_a_flag_without_its_number_and_one_cut_short_are_refused(
    name: str, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"wrong (argument {flag}: expected one argument); allowed is" in refused(capsys, name, flag)
    assert "unrecognized arguments" in refused(capsys, name, f"{flag[:-1]}=1"), "what is meant is not guessed"


@pytest.mark.parametrize("name", MAINS)
def test_help_is_no_mistake(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        MAINS[name](["--help"])
    assert ended.value.code == 0
    assert f"usage: python -m iontocore.verification.{name}" in capsys.readouterr().out


def in_no_folder(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Every command writes into a folder of its own, here below what is no folder."""
    for module, place in ((cover, "_BUILD"), (fuzz, "FOLDER"), (python_mutants, "PLACE"), (sanitize, "FOLDER")):
        monkeypatch.setattr(module, place, path)


@pytest.mark.needs("clang-19", "llvm-cov-19")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("cover", []), ("fuzz", ["--runs", "1"]), ("python_mutants", ["safety/hazards.py"]), ("sanitize", [])],
)
def test_a_folder_that_cannot_be_made_is_named_with_what_the_system_says(
    name: str,
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    in_no_folder(monkeypatch, tmp_path / "file" / "below")
    assert MAINS[name](arguments) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(str(tmp_path / "file" / "below"))
    assert said.endswith(
        " is out of reach (not a directory); allowed is what this user may read and write, says the system."
    )


def test_what_the_system_refuses_of_no_file_is_no_mistake_of_the_user() -> None:
    def work() -> int:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        answered(work)


@pytest.mark.parametrize("status", [0, 1])
def test_what_is_not_refused_keeps_its_status(status: int) -> None:
    assert answered(lambda: status) == status


def test_every_number_that_a_command_takes_is_read_by_the_one_reader() -> None:
    """And is in the list above."""
    taken = set()
    for name in MAINS:
        text = (ROOT / "verification" / f"{name}.py").read_text("utf-8")
        assert re.search(r"type=(?!whole_number\()", text) is None, name
        flags = set(re.findall(r'"(--[a-z]+)"', text)) if "whole_number(" in text else set()
        taken |= {(name, flag) for flag in flags - {"--record"}}
    assert taken == NUMBERS.keys()
