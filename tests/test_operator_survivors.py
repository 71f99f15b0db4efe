"""The register of operator mutants that survive: what it lets through, and what the command says of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import operator_mutants
from iontocore.verification.operator_mutants import (
    UNREASONED,
    Findings,
    Reason,
    Register,
    Seen,
    problems,
    read,
    recorded,
    table,
    written,
)
from iontocore.verification.schemata import Mutant, Schemata, schemata

A, B, C, D = (Mutant(number, "guard.c", "held", "constant", f"x = [{number} -> 0]") for number in (1, 2, 3, 4))
FOUND: Final = Findings(
    (
        Seen(A, "killed", "test_a", 3),
        Seen(B, "other value", "", 7),
        Seen(C, "not reached", "", 0),
        Seen(D, "same value", "", 0),
    ),
    (),
)
KNOWN: Final[Register] = {
    B.name: Reason("other value", "nobody reads it"),
    C.name: Reason("not reached", "never called with that"),
    D.name: Reason("same value", "the same for every x"),
}


def test_survivors_that_have_a_reason_are_no_problem() -> None:
    assert problems(FOUND, KNOWN, whole=True) == []


@pytest.mark.parametrize("one", [seen for seen in FOUND.seen if seen.outcome != "killed"], ids=lambda one: one.outcome)
def test_a_survivor_without_a_reason_is_a_problem(one: Seen) -> None:
    without = {name: reason for name, reason in KNOWN.items() if name != one.mutant.name}
    unreasoned = {**KNOWN, one.mutant.name: Reason(one.outcome, UNREASONED)}
    for register in (without, unreasoned):
        assert problems(FOUND, register, whole=True) == [
            f"{UNREASONED}, {one.outcome}, {one.tests} tests: {one.mutant.name}"
        ]


def test_a_reason_is_stale_when_its_mutant_is_killed_or_is_none_any_more() -> None:
    gone = "guard.c held: y = [1 -> 0]"
    register = {**KNOWN, A.name: Reason("same value", "some"), gone: Reason("same value", "some")}
    stale = [f"stale, killed by test_a: {A.name}", f"stale, no such mutant: {gone}"]
    assert problems(FOUND, register, whole=True) == stale
    assert problems(FOUND, register, whole=False) == stale[:1]


@pytest.mark.parametrize(
    ("mutant", "found", "said"),
    [(B, "other value", "same value"), (B, "other value", "not reached"), (D, "same value", "not reached")],
)
def test_a_reason_that_the_tests_contradict_is_stale(mutant: Mutant, found: str, said: str) -> None:
    register = {**KNOWN, mutant.name: Reason(said, "some")}
    assert problems(FOUND, register, whole=False) == [f"stale, {found} where the reason says {said}: {mutant.name}"]


def test_a_reason_that_claims_less_than_was_found_is_no_problem() -> None:
    register = {**KNOWN, D.name: Reason("other value", "some"), C.name: Reason("same value", "some")}
    assert problems(FOUND, register, whole=True) == []


def test_a_test_that_fails_without_a_mutant_is_a_problem() -> None:
    assert problems(Findings(FOUND.seen, ("test_b",)), KNOWN, whole=True) == ["fails without a mutant: test_b"]


def test_what_is_recorded_keeps_the_reasons_and_says_which_are_missing(tmp_path: Path) -> None:
    told = Reason("other value", 'says "so"')
    register = recorded(FOUND, {B.name: told, "gone": told})
    assert register == {
        B.name: told,
        C.name: Reason("not reached", UNREASONED),
        D.name: Reason("same value", UNREASONED),
    }
    path = tmp_path / "register.toml"
    path.write_text(written(register, "abc"))
    assert read(path) == register


def test_without_a_file_no_survivor_has_a_reason(tmp_path: Path) -> None:
    assert read(tmp_path / "register.toml") == {}


ROW: Final = '[[survivor]]\noutcome = "same value"\nreason = "r"\nmutants = ["a"]\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ROW, "survivor = "),
        (ROW, "survivor = 1"),
        (ROW, "survivor = [1]"),
        ('outcome = "same value"', ""),
        ('outcome = "same value"', 'outcome = "killed"'),
        ('reason = "r"', ""),
        ('reason = "r"', 'reason = " "'),
        ('reason = "r"', "reason = 1"),
        ('reason = "r"', 'reason = "r"\nnote = "n"'),
        ('["a"]', '"a"'),
        ('["a"]', '[["a"]]'),
        ('["a"]', '["a", "a"]'),
        ('["a"]', '["\\udcff"]'),
    ],
)
def test_a_register_that_is_none_is_refused_by_its_name(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "register.toml"
    path.write_text(ROW)
    assert read(path) == {"a": Reason("same value", "r")}
    path.write_text(ROW.replace(old, new))
    with pytest.raises(Refusal, match=r"register\.toml"):
        read(path)


def test_a_register_that_is_no_text_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(Refusal, match=r"register\.toml"):
        read(path)


def test_the_committed_register_has_a_reason_for_every_mutant_that_it_names() -> None:
    register = read(operator_mutants.REGISTER)
    assert register
    assert operator_mutants.REGISTER.read_text(encoding="utf-8") == written(
        register, operator_mutants.speaks_of(operator_mutants.REGISTER)
    )
    assert [name for name, reason in register.items() if reason.text == UNREASONED] == []


def test_every_mutant_that_the_committed_register_names_is_one_of_the_core() -> None:
    made = schemata(*operator_mutants.core_texts())
    assert read(operator_mutants.REGISTER).keys() <= {mutant.name for mutant in made.mutants}


def test_the_table_counts_by_file_and_operator_and_names_each_survivor_below_its_reason() -> None:
    lines = table(FOUND, {B.name: Reason("other value", "nobody reads it")}).splitlines()
    counted = ["4", "1", "1", "1", "1", "25.0"]
    assert [line.split() for line in lines[1:4]] == [
        ["guard.c", "constant", *counted],
        ["guard.c", "all", *counted],
        ["all", "all", *counted],
    ]
    assert lines[-6:] == [
        "nobody reads it",
        f"    {B.name}",
        "",
        UNREASONED,
        f"    {C.name}",
        f"    {D.name}",
    ]


def test_a_place_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert operator_mutants.main(["--only", "guard.c:nowhere"]) == 2
    assert "guard.c:nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--record", "--only", "guard.c"], "--record is of all mutants, without --only"),
        (["--workers", "0"], "--workers is 0; allowed is a whole number from 1 to 256"),
        (["--thoroughly"], "unrecognized arguments: --thoroughly"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_in_one_sentence(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert operator_mutants.main(argv) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert said in sentence


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """The command, told what the tests find, with a register of its own beside."""

    def run(findings: Findings, register: Register, *argv: str) -> int:
        path = tmp_path / "register.toml"
        path.write_text(written(register, "abc"))
        monkeypatch.setattr(operator_mutants, "REGISTER", path)
        monkeypatch.setattr(operator_mutants, "_OUT", tmp_path)
        monkeypatch.setattr(operator_mutants, "schemata", lambda *_: Schemata({}, (A, B, C, D)))
        monkeypatch.setattr(operator_mutants, "build", lambda *_, **__: tmp_path)
        monkeypatch.setattr(operator_mutants, "measure", lambda *_: findings)
        return operator_mutants.main(argv)

    return run


def test_the_command_succeeds_when_every_survivor_has_a_reason(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(FOUND, KNOWN) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "HOLDS: 1 of 4 mutants are killed by the tests, 3 survive"


def test_the_command_fails_with_a_line_for_each_problem(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    gone = "guard.c held: y = [1 -> 0]"
    register = {A.name: KNOWN[B.name], B.name: KNOWN[B.name], C.name: KNOWN[C.name], gone: KNOWN[B.name]}
    assert command(FOUND, register) == 1
    assert capsys.readouterr().out.splitlines()[-4:] == [
        f"stale, killed by test_a: {A.name}",
        f"{UNREASONED}, same value, 0 tests: {D.name}",
        f"stale, no such mutant: {gone}",
        "FAILED: 3 problems: 1 of 4 mutants are killed by the tests, 3 survive",
    ]


def test_what_is_recorded_without_a_reason_still_fails(command: Callable[..., int]) -> None:
    assert command(FOUND, {}, "--record") == 1
    assert read(operator_mutants.REGISTER) == {
        one.mutant.name: Reason(one.outcome, UNREASONED) for one in FOUND.seen if one.outcome != "killed"
    }


def test_nothing_is_recorded_of_tests_that_fail_by_themselves(command: Callable[..., int]) -> None:
    assert command(Findings(FOUND.seen, ("test_b",)), KNOWN, "--record") == 1
    assert read(operator_mutants.REGISTER) == KNOWN
