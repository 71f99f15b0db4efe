"""The measurement of coverage: what is missing is found and named, and nothing but what is excused is let through."""

import ast
import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import cover, excuses, gaps, instrumented
from iontocore.verification.excuses import Excuse, judge
from iontocore.verification.gaps import Gap, Measured, NotMeasuredError, Place, Source, normalised
from iontocore.verification.tools import ROOT, SOURCES, Answer

NEEDS_CLANG: Final = pytest.mark.needs("clang-19", "llvm-cov-19")

PROGRAM: Final = """\
#include <stdint.h>
#define POSITIVE(x) (((x) / 2) > 0)

static int both_or(int a, int b, int c)
{
    return (((a == 1) && (b == 1)) /* the first two */
            || (c == 1)) ? 1 : 0;
}

static int halves(int x, int y)
{
    return (POSITIVE(x) ? 1 : 0) + (POSITIVE(y) ? 1 : 0);
}

static int size(int x)
{
    if (x < 0) {
        return -x;
    }
    return x;
}

int never(int x);
int never(int x)
{
    return ((x > 0) && (x < 5)) ? 1 : 0;
}

int main(void)
{
    return CALLS;
}
"""
ALL_OF_IT: Final = " + ".join(
    [
        "both_or(1, 1, 0)",
        "both_or(0, 1, 0)",
        "both_or(1, 0, 0)",
        "both_or(0, 0, 1)",
        "halves(2, 2)",
        "halves(0, 0)",
        "size(1)",
        "size(-1)",
        "never(1)",
        "never(0)",
        "never(5)",
    ]
)
FILE: Final = "program.c"
BOTH_OR: Final = "((a == 1) && (b == 1)) || (c == 1)"


def compiled(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A program, compiled as the core is for the measurement."""
    (folder / FILE).write_text(text)
    command = ["clang-19", *cover.FLAGS, str(folder / FILE), "-o", str(folder / "program")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def measured(folder: Path, calls: str, program: str = PROGRAM) -> Measured:
    """What is covered of a program by some calls."""
    text = program.replace("CALLS", calls)
    answer = compiled(folder, text)
    assert answer.returncode == 0, answer.stderr
    raw, profile = folder / "raw", folder / "profile"
    subprocess.run([folder / "program"], env={"LLVM_PROFILE_FILE": str(raw)}, check=False)
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", raw, "-o", profile], check=True)
    export = subprocess.run(
        ["llvm-cov-19", "export", folder / "program", f"-instr-profile={profile}"], capture_output=True, check=True
    ).stdout
    return gaps.read(json.loads(export), [source(folder, text)])


def source(folder: Path, text: str) -> Source:
    """A program as a source to be measured."""
    path = folder / FILE
    preprocessed = subprocess.run(["clang-19", "-E", "-P", path], capture_output=True, text=True, check=True).stdout
    return Source(str(path), FILE, text, preprocessed)


def missing(folder: Path, calls: str, program: str = PROGRAM) -> set[tuple[str, str, str]]:
    """The same as function, condition, and what it never does."""
    return {(gap.place.function, gap.place.condition, gap.never) for gap in measured(folder, calls, program).gaps}


# ---- what is missing is found ----------------------------------------------------------------------------------------


@NEEDS_CLANG
def test_nothing_is_missing_where_every_condition_is_true_and_false_and_decides(tmp_path: Path) -> None:
    found = measured(tmp_path, ALL_OF_IT)
    assert found.gaps == []
    assert found.totals[FILE] == ((5, 5), (19, 19), (16, 16), (5, 5))


@NEEDS_CLANG
@pytest.mark.parametrize(
    ("without", "expected"),
    [
        ("size(-1)", {("size", "x < 0", "true")}),
        ("size(1)", {("size", "x < 0", "false")}),
        # each is true and false without it: it is the pairs that are lost
        ("both_or(0, 1, 0)", {("both_or", "a == 1", "decides"), ("both_or", "c == 1", "decides")}),
        ("both_or(1, 0, 0)", {("both_or", "b == 1", "false"), ("both_or", "b == 1", "decides")}),
        ("both_or(0, 0, 1)", {("both_or", "c == 1", "true"), ("both_or", "c == 1", "decides")}),
        ("never(5)", {("never", "x < 5", "false"), ("never", "x < 5", "decides")}),
        ("halves(0, 0)", {("halves", "POSITIVE(x)", "false"), ("halves", "POSITIVE(y)", "false")}),
    ],
)
def test_each_call_that_is_left_out_leaves_exactly_its_own_gaps(
    tmp_path: Path, without: str, expected: set[tuple[str, str, str]]
) -> None:
    calls = " + ".join(call for call in ALL_OF_IT.split(" + ") if call != without)
    assert missing(tmp_path, calls) == expected


@NEEDS_CLANG
def test_a_function_that_is_never_called_is_one_gap_and_not_one_for_each_condition_in_it(tmp_path: Path) -> None:
    calls = " + ".join(call for call in ALL_OF_IT.split(" + ") if not call.startswith("never"))
    assert missing(tmp_path, calls) == {("never", "", "called")}


@NEEDS_CLANG
def test_a_macro_that_is_covered_in_one_place_is_missed_in_the_other(tmp_path: Path) -> None:
    calls = ALL_OF_IT.replace("halves(0, 0)", "halves(2, 0)")
    assert missing(tmp_path, calls) == {("halves", "POSITIVE(x)", "false")}


@NEEDS_CLANG
def test_a_gap_has_the_text_of_its_decision_and_the_same_name_in_another_layout(tmp_path: Path) -> None:
    calls = ALL_OF_IT.replace("both_or(0, 0, 1)", "0")
    place = Place(FILE, "both_or", BOTH_OR, "c == 1")
    assert {gap.place for gap in measured(tmp_path, calls).gaps} == {place}
    moved = "/* a line more */\n" + PROGRAM.replace("(c == 1)", "(c  ==\n 1 /* the third */)")
    assert moved.count("third") == 1
    assert {gap.place for gap in measured(tmp_path, calls, moved).gaps} == {place}


@NEEDS_CLANG
def test_a_decision_that_clang_leaves_out_is_no_coverage_though_each_of_its_branches_is_taken(tmp_path: Path) -> None:
    nested = PROGRAM.replace("(b == 1)", "(b == ((c > 5) || (c < 9)))")
    with pytest.raises(NotMeasuredError, match=r"1 of 4 operators && and \|\| were measured, not all in both_or;"):
        measured(tmp_path, ALL_OF_IT, nested)


@NEEDS_CLANG
def test_a_condition_of_a_decision_may_be_a_macro(tmp_path: Path) -> None:
    program = PROGRAM.replace("(b == 1)", "POSITIVE(b * 2)")
    assert missing(tmp_path, ALL_OF_IT, program) == set()
    calls = ALL_OF_IT.replace("both_or(1, 0, 0)", "0")
    assert missing(tmp_path, calls, program) == {
        ("both_or", "POSITIVE(b * 2)", "false"),
        ("both_or", "POSITIVE(b * 2)", "decides"),
    }


@NEEDS_CLANG
def test_a_file_that_was_not_measured_or_is_not_counted_as_llvm_counts_is_no_evidence(tmp_path: Path) -> None:
    measured(tmp_path, ALL_OF_IT.replace("size(-1)", "0"))
    export = json.loads(
        subprocess.run(
            ["llvm-cov-19", "export", tmp_path / "program", f"-instr-profile={tmp_path / 'profile'}"],
            capture_output=True,
            check=True,
        ).stdout
    )
    found = source(tmp_path, PROGRAM)
    with pytest.raises(NotMeasuredError, match=r"program\.c was not measured"):
        gaps.read(export, [found._replace(path=str(tmp_path / "other.c"))])
    export["data"][0]["functions"] = [
        function for function in export["data"][0]["functions"] if not function["name"].endswith("size")
    ]
    with pytest.raises(NotMeasuredError, match="0 branches found, and llvm-cov counts 1"):
        gaps.read(export, [found])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a == 1)", "a == 1"),
        ("((a)\n    && (b))", "(a) && (b)"),
        ("(a) && (b)", "(a) && (b)"),
        ("( a /* why */ == 1 )", "a == 1"),
        ("a", "a"),
        ("", ""),
        ("(a", "(a"),
    ],
)
def test_a_text_is_compared_without_comments_layout_and_outer_parentheses(text: str, expected: str) -> None:
    assert normalised(text) == expected


# ---- what is excused -------------------------------------------------------------------------------------------------

PLACE: Final = Place("ccore/src/guard.c", "permit", "a && b", "b")
FALSE: Final = Gap(PLACE, "false", 7)
DECIDES: Final = Gap(PLACE, "decides", 7)
EXCUSE: Final = Excuse("CV-01", PLACE, ("false", "decides"), "a reason")


def test_what_is_excused_is_let_through_and_nothing_else_of_the_same_place() -> None:
    assert judge([FALSE, DECIDES], [EXCUSE]) == ([(FALSE, EXCUSE), (DECIDES, EXCUSE)], [], [])
    true = Gap(PLACE, "true", 7)
    assert judge([FALSE, DECIDES, true], [EXCUSE]).unexcused == [true]
    assert judge([FALSE, DECIDES], []).unexcused == [FALSE, DECIDES]


@pytest.mark.parametrize(
    "other",
    [
        PLACE._replace(file="ccore/src/regulator.c"),
        PLACE._replace(function="account"),
        PLACE._replace(decision="c && b"),
        PLACE._replace(condition="a"),
    ],
)
def test_an_excuse_for_another_place_is_none_and_is_for_nothing(other: Place) -> None:
    judgement = judge([FALSE._replace(place=other), DECIDES._replace(place=other)], [EXCUSE])
    assert len(judgement.unexcused) == 2
    assert judgement.stale == [(EXCUSE, ["false", "decides"])]


def test_an_excuse_that_is_in_vain_in_part_is_stale_in_that_part() -> None:
    judgement = judge([DECIDES], [EXCUSE])
    assert (judgement.unexcused, judgement.stale) == ([], [(EXCUSE, ["false"])])


def test_an_excuse_is_for_one_of_two_places_with_the_same_text() -> None:
    assert judge([FALSE, DECIDES, FALSE._replace(line=9)], [EXCUSE]).unexcused == [FALSE._replace(line=9)]


ENTRY: Final = """\
[[excuse]]
id = "CV-01"
file = "ccore/src/guard.c"
function = "permit"
condition = "(b)"
decision = '''
a
  && b'''
never = ["false", "decides"]
reason = '''a
reason'''
"""


def load(folder: Path, text: str) -> list[Excuse]:
    (folder / "coverage.toml").write_text(text)
    return list(excuses.load(folder / "coverage.toml"))


def test_an_entry_is_read_whatever_its_layout_and_a_register_may_be_empty(tmp_path: Path) -> None:
    assert load(tmp_path, ENTRY) == [EXCUSE]
    assert load(tmp_path, "# nothing is excused\n") == []
    called = '[[excuse]]\nid = "CV-02"\nfile = "f.c"\nfunction = "f"\nnever = ["called"]\nreason = "r"\n'
    assert load(tmp_path, ENTRY + called)[1] == Excuse("CV-02", Place("f.c", "f"), ("called",), "r")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "CV-01"\n', "", "an entry without an id"),
        ('"CV-01"', '"CV-1"', "CV- and two digits"),
        ('file = "ccore/src/guard.c"\n', "", "made of"),
        ("never =", "line = 7\nnever =", "made of"),
        ("'''a\nreason'''", "' '", "reason is no text"),
        ("'''a\nreason'''", "7", "reason is no text"),
        ('["false", "decides"]', "[]", "never is"),
        ('["false", "decides"]', '["false", "false"]', "never is"),
        ('["false", "decides"]', '["wrong"]', "never is"),
        ('["false", "decides"]', '["called"]', "never is"),
        ('["false", "decides"]', '"false"', "never is"),
        ("[[excuse]]", "[[excuses]]", "a list of entries"),
        ("[[excuse]]", "[excuse]", "a list of entries"),
        ("[[excuse]]", "[[excuse]", "unreadable"),
        (ENTRY, "excuse = [1]\n", "a list of entries"),
        (ENTRY, "excuse = 'all'\n", "a list of entries"),
        ("[[excuse]]", ENTRY + "[[excuse]]", "numbered CV-01, CV-01"),
    ],
)
def test_an_entry_that_is_not_complete_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ENTRY
    with pytest.raises(Refusal) as refused:
        load(tmp_path, ENTRY.replace(old, new))
    assert said in str(refused.value)


def test_a_register_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="unreadable"):
        excuses.load(tmp_path / "coverage.toml")
    (tmp_path / "coverage.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(Refusal, match=r"unreadable \('utf-8' codec"):
        excuses.load(tmp_path / "coverage.toml")


def test_the_register_of_the_project_excuses_what_its_sources_say() -> None:
    for excuse in excuses.load():
        text = normalised((ROOT / excuse.place.file).read_text())
        assert Path(excuse.place.file) in SOURCES
        assert f" {excuse.place.function}(" in text
        assert excuse.place.decision in text, f"{excuse.id} is for a decision that is there no more"
        assert excuse.place.condition in excuse.place.decision


# ---- the command -----------------------------------------------------------------------------------------------------

TOTALS: Final = {"ccore/src/guard.c": gaps.Totals(*[gaps.Count(9, 10)] * 4)}


def test_the_report_names_every_gap_with_its_text_and_an_entry_that_would_excuse_it(tmp_path: Path) -> None:
    text = cover.report(TOTALS, judge([FALSE, DECIDES], []))
    assert "NOT EXCUSED  ccore/src/guard.c:7, permit()\n    b: never false, never decides\n    in a && b\n" in text
    assert text.splitlines()[-1].startswith("NOT COVERED: places without an excuse: 1; excuses for nothing: 0")
    entry = [line.removeprefix("    | ") for line in text.splitlines() if line.startswith("    | ")]
    written = "\n".join(["[[excuse]]", 'id = "CV-01"', *entry, 'reason = "a reason"'])
    assert load(tmp_path, written) == [EXCUSE]


def test_the_report_says_what_is_excused_and_why_and_which_excuse_is_for_nothing() -> None:
    text = cover.report(TOTALS, judge([FALSE, DECIDES], [EXCUSE]))
    assert "CV-01  ccore/src/guard.c:7, permit()" in text
    assert "    a reason" in text
    covered = "COVERED: every condition is true and false, and decides"
    assert text.splitlines()[-1] == f"{covered}, but where CV-01 says why it cannot"
    second = Gap(DECIDES.place._replace(function="other"), "decides", 9)
    both = judge([FALSE, DECIDES, second], [EXCUSE, Excuse("CV-02", second.place, ("decides",), "another reason")])
    assert cover.report(TOTALS, both).splitlines()[-1] == f"{covered}, but where CV-01, CV-02 say why it cannot"
    assert cover.report(TOTALS, judge([], [])).splitlines()[-1] == covered
    text = cover.report(TOTALS, judge([FALSE], [EXCUSE]))
    assert "CV-01 FOR NOTHING  ccore/src/guard.c, permit()\n    b: never decides\n" in text
    assert text.splitlines()[-1].startswith("NOT COVERED: places without an excuse: 0; excuses for nothing: 1")


@pytest.mark.parametrize(
    ("found", "status", "verdict"),
    [([], 1, "NOT COVERED"), ([FALSE], 1, "NOT COVERED"), ([FALSE, DECIDES], 0, "COVERED")],
)
def test_the_status_is_0_when_all_that_is_missing_is_excused_and_1_otherwise(
    found: list[Gap],
    status: int,
    verdict: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cover, "load", lambda: [EXCUSE])
    monkeypatch.setattr(cover, "measure", lambda out: Measured(TOTALS, found))
    monkeypatch.setattr(cover, "version", lambda command: "a compiler")
    assert cover.main([]) == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{verdict}:")


@NEEDS_CLANG
@pytest.mark.parametrize(("tool", "package"), cover.TOOLS.items())
def test_a_missing_tool_is_named_with_its_package_and_the_status_is_2(
    tool: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for other in cover.TOOLS.keys() - {tool}:
        (tmp_path / other).symlink_to(str(shutil.which(other)))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cover, "_BUILD", tmp_path / "build")
    assert cover.main([]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"{tool} is not installed")
    assert package in said.err
    assert said.out == ""


@NEEDS_CLANG
def test_a_failing_test_is_no_coverage_and_the_status_is_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(instrumented, "build", lambda out, compiler, flags: out / "tree")
    monkeypatch.setattr(cover, "_BUILD", tmp_path)
    monkeypatch.setattr(cover, "_sources", list)
    monkeypatch.setattr(cover, "run", lambda command, **how: Answer(1, "1 failed, 7 passed", ""))
    assert cover.main([]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == ["1 failed, 7 passed", "NOT MEASURED: the tests fail on the instrumented build"]


@NEEDS_CLANG
def test_the_core_is_measured_and_what_no_test_asked_for_is_missing(tmp_path: Path) -> None:
    """With a file of tests that never looks at a short circuit or steps the guard by itself."""
    found = cover.measure(tmp_path, ["tests/test_caps.py"])
    assert set(found.totals) == {"ccore/src/guard.c", "ccore/src/regulator.c", "ccore/src/ionto.c"}
    missing = {(gap.place.file, gap.place.function, gap.never) for gap in found.gaps}
    assert ("ccore/src/ionto.c", "ionto_step", "called") in missing
    assert ("ccore/src/guard.c", "ionto_guard_step", "called") not in missing
    assert found.totals["ccore/src/guard.c"].functions.covered > 0


def test_the_tests_that_count_are_there_and_so_is_the_one_that_draws_at_random_without_its_mark() -> None:
    for name in cover.TESTS:
        assert (ROOT / name).is_file(), name
    path, _, test = cover.DRAWN.partition("::")
    assert path in cover.TESTS
    functions = [node.name for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)]
    assert test in functions
