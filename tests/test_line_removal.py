"""Lines taken out of the C text: which there are, what is left, and that one which nothing notices is a failure."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import acsl, edited, line_removal, lines, wp
from iontocore.verification.tools import ROOT

FILE = Path("ccore/src/guard.c")
OWN = """static int32_t sum(struct pair *p, int32_t on)
{
    /* a comment; with a semicolon */
    const struct pair *q = p;
    struct pair zero = {0, 0};
    int32_t total;

    total = q->a
        + q->b;
    if ((on == 1) && (q->a > 0)
        && (q->b > 0)) {
        total = 0;
    } else if (on == 2) {
        note(p);
        total = 0;   /* again */
    } else {
        /* nothing */
    }
    return total;
}"""

TAKEN = [
    ("const struct pair *q = p;", 1, lines.GONE),
    ("struct pair zero = {0, 0};", 1, lines.ANY_VALUE),
    ("total = q->a + q->b;", 1, lines.GONE),
    ("q->a +", 1, lines.LINE_GONE),
    ("+ q->b", 1, lines.LINE_GONE),
    ("if ((on == 1) && (q->a > 0) && (q->b > 0))", 1, lines.ALWAYS),
    ("if ((on == 1) && (q->a > 0) && (q->b > 0))", 1, lines.NEVER),
    ("(on == 1) && (q->a > 0) &&", 1, lines.LINE_GONE),
    ("&& (q->b > 0)", 1, lines.LINE_GONE),
    ("total = 0;", 1, lines.GONE),
    ("else if (on == 2)", 1, lines.ALWAYS),
    ("else if (on == 2)", 1, lines.NEVER),
    ("note(p);", 1, lines.GONE),
    ("total = 0;", 2, lines.GONE),
    ("return total;", 1, lines.ANY_VALUE),
]


def left(text: str, form: str, nth: int = 1) -> str:
    (found,) = [one for one in lines.removals(OWN) if (one.text, one.form, one.nth) == (text, form, nth)]
    return " ".join(found.edited.split())


def test_every_statement_question_and_line_is_taken_out_once_in_each_form() -> None:
    assert [(one.text, one.nth, one.form) for one in lines.removals(OWN)] == TAKEN


@pytest.mark.parametrize(
    ("text", "form", "nth", "there"),
    [
        ("const struct pair *q = p;", lines.GONE, 1, "semicolon */ ; struct pair zero"),
        ("struct pair zero = {0, 0};", lines.ANY_VALUE, 1, "= p; struct pair zero; int32_t total;"),
        ("total = q->a + q->b;", lines.GONE, 1, "int32_t total; ; if"),
        ("q->a +", lines.LINE_GONE, 1, "total = q->b;"),
        ("+ q->b", lines.LINE_GONE, 1, "total = q->a ;"),
        ("if ((on == 1) && (q->a > 0) && (q->b > 0))", lines.ALWAYS, 1, "if (1) { total = 0;"),
        ("if ((on == 1) && (q->a > 0) && (q->b > 0))", lines.NEVER, 1, "if (0) { total = 0;"),
        ("(on == 1) && (q->a > 0) &&", lines.LINE_GONE, 1, "if ((q->b > 0)) {"),
        ("&& (q->b > 0)", lines.LINE_GONE, 1, "if ((on == 1) && (q->a > 0) ) {"),
        ("else if (on == 2)", lines.NEVER, 1, "} else if (0) { note(p);"),
        ("total = 0;", lines.GONE, 2, "note(p); ; /* again */"),
        ("return total;", lines.ANY_VALUE, 1, "{ int32_t any_value; return any_value; } }"),
    ],
)
def test_what_is_left_without_a_line(text: str, form: str, nth: int, there: str) -> None:
    assert there in left(text, form, nth)


def test_no_line_of_the_channels_is_passed_over() -> None:
    for line in line_removal.all_lines():
        assert line.removal.edited != edited.text_of(line.function)
    for function in acsl.with_contracts(acsl.read(line_removal.CHANNELS)):
        own = edited.text_of(function)
        if own.startswith("/*"):
            continue  # ghost code
        taken = " ".join(one.text for one in lines.removals(own))
        body = re.sub(r"/\*.*?\*/", " ", own[own.index("\n{") + 2 :], flags=re.DOTALL)
        for written in re.split(r"[;{}\n]", body):
            bare = re.fullmatch(r"(struct )?\w+ \w+", written.strip())
            words = [] if bare or written.strip() == "else" else written.split()
            assert " ".join(words).removeprefix("= ") in taken, f"{function.name}: {written}"


def test_the_record_has_every_line_of_the_channels_and_the_clause_that_noticed() -> None:
    recorded = line_removal.known(edited.recorded(line_removal.RECORD, line_removal.COLUMNS))
    assert set(recorded) == {line.key for line in line_removal.all_lines()}
    assert all(recorded.values())


def test_the_lines_of_the_channels_have_names_of_their_own() -> None:
    given = line_removal.all_lines()
    assert len({line.key for line in given}) == len(given) >= 900
    assert {line.function.file for line in given} == set(line_removal.CHANNELS)


def the_line(function: str, text: str) -> line_removal.Line:
    (found,) = [
        line
        for line in line_removal.all_lines()
        if (line.function.file, line.function.name, line.removal.text) == (FILE, function, text)
    ]
    return found


LINE = the_line("size_of", "int64_t wide = x;")
CLAUSE = wp.UNLABELLED
GAVE_UP = "CVC4 1.8: Unknown (Qed:3ms)"
STOPPED = "CVC4 1.8: Timeout (2s); Z3 4.8.12: Timeout (2s)"
BROKE_DOWN = "CVC4 1.8: Failed; Z3 4.8.12: Failed Unknown error"


def outcome(answers: str) -> wp.Outcome:
    """Of one clause: shown, when nobody said anything against it."""
    status, prover = ("failed", "") if answers else ("valid", "cvc4")
    return wp.Outcome(
        (wp.Goal("size_of_ensures", FILE, "size_of", CLAUSE, "", "ensures", prover, status, answers, 0.1),), ()
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[str, list[tuple[int, bool]]]]:
    """Takes `LINE` out where the provers say what is told: of the text without it each time, and of the whole. Gives
    the clause that noticed, and how long the provers were given for which of the two texts."""

    def take_out(*answers: str, whole: str = "", expected: str = CLAUSE) -> tuple[str, list[tuple[int, bool]]]:
        left, calls = list(answers), []

        def prove(*_: object, timeout_s: int, root: Path = ROOT, **__: object) -> wp.Outcome:
            calls.append((timeout_s, root == ROOT))
            return outcome(whole if root == ROOT else left.pop(0) if len(left) > 1 else left[0])

        monkeypatch.setattr(wp, "prove", prove)
        shown = line_removal.shown_by(tmp_path)
        return line_removal.try_one(LINE, expected, shown, tmp_path, tmp_path / "copy").clause, calls

    return take_out


Asked = Callable[..., tuple[str, Sequence[tuple[int, bool]]]]


def test_a_clause_that_the_prover_gives_up_has_noticed_and_no_clock_was_asked(asked: Asked) -> None:
    clause, calls = asked(GAVE_UP)
    assert clause == CLAUSE
    assert calls == [(line_removal.CONTROL_S, True), (line_removal.QUICK_S, False)]


def test_a_clause_that_the_clock_ended_is_given_more_time_than_the_whole_text_had(asked: Asked) -> None:
    assert asked(STOPPED, STOPPED)[0] == CLAUSE
    assert (line_removal.EDITED_S, False) in asked(STOPPED, STOPPED)[1]
    assert line_removal.EDITED_S >= 2 * line_removal.CONTROL_S


def test_a_clause_that_is_shown_when_it_has_more_time_notices_nothing(asked: Asked) -> None:
    assert asked(STOPPED, "")[0] == ""


def test_a_line_without_which_everything_is_shown_survives(asked: Asked) -> None:
    assert asked("")[0] == ""
    assert asked("", expected="")[0] == ""


def test_nothing_follows_from_a_clause_that_the_whole_text_does_not_show(asked: Asked) -> None:
    assert asked(GAVE_UP, whole=STOPPED)[0] == ""


def test_a_prover_that_broke_down_notices_nothing(asked: Asked) -> None:
    assert asked(BROKE_DOWN)[0] == ""


def test_the_clause_that_notices_is_sought_where_none_is_recorded(asked: Asked) -> None:
    assert asked(GAVE_UP, expected="")[0] == CLAUSE


def test_a_line_without_which_no_c_is_left_is_named_so(tmp_path: Path, asked: Asked) -> None:
    broken = dataclasses.replace(LINE, removal=dataclasses.replace(LINE.removal, edited="static int64_t size_of("))
    shown = line_removal.shown_by(tmp_path)
    assert line_removal.try_one(broken, "", shown, tmp_path, tmp_path / "copy").clause == line_removal.NO_C


def test_the_copy_of_the_text_is_removed(tmp_path: Path, asked: Asked) -> None:
    asked(GAVE_UP)
    assert not (tmp_path / "copy").exists()


def results(*clauses: str) -> list[line_removal.Result]:
    return [line_removal.Result(line, c) for line, c in zip(line_removal.all_lines(), clauses, strict=False)]


def test_a_line_that_no_clause_notices_is_a_finding() -> None:
    assert [one.what for one in line_removal.against(results("sound", ""), None)] == [
        f"{line_removal.all_lines()[1].said()}: no clause notices"
    ]


def test_every_difference_from_the_record_of_lines_is_found(tmp_path: Path) -> None:
    old = results("sound", "flag")
    path = tmp_path / "lines.csv"
    edited.write(path, line_removal.COLUMNS, line_removal.rows(old), "abc")
    recorded = line_removal.known(edited.recorded(path, line_removal.COLUMNS))
    assert not line_removal.against(old, recorded)
    assert not line_removal.gone(old, recorded)
    assert "the record says flag" in line_removal.against(results("sound", "sound"), recorded)[0].what
    assert "has no such line" in line_removal.against(results("sound", "flag", "flag"), recorded)[0].what
    assert [one.what.endswith("in the record alone") for one in line_removal.gone(old[:1], recorded)] == [True]


@pytest.mark.parametrize(("clause", "status"), [("sound", 0), ("flag", 1), ("", 1)])
def test_the_command_fails_on_a_survivor_and_on_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clause: str, status: int
) -> None:
    (line,) = [one for one in line_removal.all_lines() if one.function.name == "or_else"]
    result = [line_removal.Result(line, "sound")]
    edited.write(tmp_path / "lines.csv", line_removal.COLUMNS, line_removal.rows(result), "abc")
    monkeypatch.setattr(line_removal, "RECORD", tmp_path / "lines.csv")
    monkeypatch.setattr(line_removal, "try_all", lambda *_, **__: [dataclasses.replace(result[0], clause=clause)])
    assert line_removal.main(["--only", "or_else"]) == status
    assert ("FAILED" in capsys.readouterr().out) == bool(status)


def test_a_line_that_leaves_no_c_behind_was_noticed_by_no_clause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = results("sound", line_removal.NO_C)
    edited.write(tmp_path / "lines.csv", line_removal.COLUMNS, line_removal.rows(found), "abc")
    monkeypatch.setattr(line_removal, "RECORD", tmp_path / "lines.csv")
    monkeypatch.setattr(line_removal, "try_all", lambda *_, **__: found)
    assert line_removal.main([]) == 0
    assert "of 2 lines taken out, a clause noticed 1; 1 leave no C behind" in capsys.readouterr().out


def test_a_record_with_a_survivor_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_removal, "RECORD", tmp_path / "lines.csv")
    monkeypatch.setattr(line_removal, "try_all", lambda *_, **__: results("sound", ""))
    assert line_removal.main(["--record"]) == 1
    assert not (tmp_path / "lines.csv").exists()


@pytest.mark.parametrize("arguments", [["--only", "no_such_function"], ["--only", "ionto_step"]])
def test_a_function_of_neither_channel_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert line_removal.main(arguments) == 2
    assert "--only" in capsys.readouterr().err


def test_a_record_that_is_missing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_removal, "RECORD", tmp_path / "lines.csv")
    with pytest.raises(Refusal, match="missing"):
        edited.recorded(line_removal.RECORD, line_removal.COLUMNS)
    assert line_removal.main(["--only", "or_else"]) == 2


@pytest.mark.needs("frama-c", "why3", "z3", "cvc4")
def test_a_line_dies_in_a_copy_of_the_text_and_an_empty_edit_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wp, "BUILD", tmp_path)
    config = wp.configure()
    shown = line_removal.shown_by(config)
    assert line_removal.try_one(LINE, "", shown, config, tmp_path / "copy").clause == CLAUSE
    same: Any = dataclasses.replace(LINE.removal, edited=edited.text_of(LINE.function))
    assert (
        line_removal.try_one(dataclasses.replace(LINE, removal=same), "", shown, config, tmp_path / "copy").clause == ""
    )


def test_a_run_that_was_stopped_goes_on_from_where_it_was_and_one_of_another_text_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def one(line: line_removal.Line, *_: object) -> line_removal.Result:
        tried.append(line.function.name)
        if len(tried) == 2:
            raise KeyboardInterrupt
        return line_removal.Result(line, "sound")

    given = [one for one in line_removal.all_lines() if one.function.name in ("or_else", "size_of")][:2]
    monkeypatch.setattr(line_removal, "KEPT", tmp_path / "lines.csv")
    monkeypatch.setattr(line_removal, "cores", lambda: 1)
    monkeypatch.setattr(line_removal, "require", lambda *_: None)
    monkeypatch.setattr(wp, "configure", lambda: tmp_path)
    monkeypatch.setattr(line_removal, "try_one", one)
    with pytest.raises(KeyboardInterrupt):
        line_removal.try_all(given, {}, keep=True)
    assert (tmp_path / "lines.csv").exists()
    assert [one.clause for one in line_removal.try_all(given, {}, keep=True)] == ["sound", "sound"]
    assert len(tried) == 3
    assert not (tmp_path / "lines.csv").exists()
    edited.write(tmp_path / "lines.csv", line_removal.COLUMNS, line_removal.rows(results("sound")), "another text")
    line_removal.try_all(given, {}, keep=True)
    assert len(tried) == 5
