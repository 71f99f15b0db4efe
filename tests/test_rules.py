"""The embedded text keeps MISRA C:2012 and the checks of clang-tidy, but for deviations with a number and a reason."""

import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import misra, rules
from iontocore.verification.deviations import REGISTER, Deviation, Finding, judge, load, recounted
from iontocore.verification.tools import ROOT

GUARD = "ccore/src/guard.c"
NEEDS_BOTH = pytest.mark.needs("cppcheck", "clang-tidy-19")


def decisions(function: str, count: int) -> str:
    """A function whose cognitive complexity is `count`: decisions one after the other, none within another."""
    body = "".join(f"    if (x == {number}) {{\n        y = {number + 1};\n    }}\n" for number in range(count))
    return f"static int32_t {function}(int32_t x)\n{{\n    int32_t y = 0;\n{body}    return y;\n}}\n"


SEEDS = {
    Path(GUARD): decisions("seeded_sixteen", 16)
    + decisions("seeded_fifteen", 15)
    + """
static int32_t seeded_goto(int32_t x)
{
    if (x > 0) {
        goto out;
    }
    x = 1;
out:
    return x;
}
static int32_t seeded_read(void)
{
    int32_t y;
    return y;
}
static int32_t seeded_hidden(int32_t x) { return x; } /* NOLINT */
#ifdef SEEDED
static int32_t seeded_elsewhere(int32_t x) { return x; }
#endif
""",
    Path("ccore/include/ionto.h"): """
#define IONTO_SEEDED_OCTAL 010
/*@
    seeded /* in a contract: uint32_t ionto_phase(
*/
uint32_t ionto_phase(const struct ionto_core *core);
""",
    Path("ccore/ports/ionto_port.c"): """
static int32_t seeded_unbraced(int32_t x)
{
    if (x > 0)
        x = 0;
    return x;
}
""",
}
"""What is written at the end of files of a copy. Nothing of it may pass."""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> rules.Outcome:
    """What the tools find in a copy of the text with breaches in it, with a check switched off that has no reason."""
    root = tmp_path_factory.mktemp("seeded")
    for file in (*rules.SCOPE, rules.CHECKS):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    for file, seed in SEEDS.items():
        with (root / file).open("a") as text:
            text.write(seed)
    checks = root / rules.CHECKS
    checks.write_text(checks.read_text().replace("  -misc-include", "  -misc-no-recursion,\n  -misc-include"))
    return rules.check(root)


@NEEDS_BOTH
def test_every_finding_is_accepted_by_a_row_and_every_row_has_its_findings(capsys: pytest.CaptureFixture[str]) -> None:
    status = rules.main(["--sites"])
    told = capsys.readouterr().out
    assert status == 0, told
    assert told.splitlines()[-1].startswith("HOLDS: ")
    for row in load().deviations:
        assert re.search(rf"^{row.id}  {row.tool} {re.escape(row.rule)}, ", told, re.MULTILINE), row.id


@NEEDS_BOTH
@pytest.mark.parametrize(
    ("tool", "rule", "file", "function"),
    [
        ("cppcheck", "misra-c2012-15.1", GUARD, "seeded_goto"),
        ("cppcheck", "misra-c2012-17.8", GUARD, "seeded_goto"),
        ("cppcheck", "misra-c2012-15.6", "ccore/ports/ionto_port.c", "seeded_unbraced"),
        ("cppcheck", "misra-c2012-7.1", "ccore/include/ionto.h", ""),
        ("clang-tidy", "clang-diagnostic-comment", "ccore/include/ionto.h", ""),
        ("clang-tidy", "readability-function-cognitive-complexity", GUARD, "seeded_sixteen"),
        ("clang-tidy", "clang-analyzer-core.uninitialized.UndefReturn", GUARD, "seeded_read"),
    ],
)
def test_a_breach_is_found_in_its_place(seeded: rules.Outcome, tool: str, rule: str, file: str, function: str) -> None:
    found = [finding for finding, ids in seeded.judgement.accepted if not ids]
    assert (tool, rule, file, function) in [(each.tool, each.rule, each.file, each.function) for each in found]
    assert any(problem.startswith(f"no row accepts {tool} {rule}, {file}:") for problem in seeded.judgement.problems)


@NEEDS_BOTH
def test_a_cognitive_complexity_of_fifteen_passes(seeded: rules.Outcome) -> None:
    rule = "readability-function-cognitive-complexity"
    found = {finding.function for finding, _ in seeded.judgement.accepted if finding.rule == rule}
    assert "seeded_sixteen" in found
    assert "seeded_fifteen" not in found


@NEEDS_BOTH
def test_a_comment_that_silences_a_tool_is_a_problem(seeded: rules.Outcome) -> None:
    assert any(problem.endswith("hides from the tools: NOLINT") for problem in seeded.judgement.problems)


@NEEDS_BOTH
def test_text_that_some_compilers_do_not_see_is_a_problem(seeded: rules.Outcome) -> None:
    assert any(problem.endswith("hides from the tools: #ifdef SEEDED") for problem in seeded.judgement.problems)


@NEEDS_BOTH
def test_a_passage_that_only_a_reader_sees_is_counted_too(seeded: rules.Outcome) -> None:
    expected = "DV-17 says 1 of misra-c2012-5.7 in ccore/include/ionto.h, found: 2"
    assert expected in seeded.judgement.problems


@NEEDS_BOTH
def test_a_check_that_is_switched_off_without_a_reason_is_a_problem(seeded: rules.Outcome) -> None:
    expected = "ccore/.clang-tidy switches misc-no-recursion off, and no row of left_out says why"
    assert expected in seeded.judgement.problems
    assert f"ccore/.clang-tidy switches {load().checks - 1} checks on, the register says {load().checks}" in (
        seeded.judgement.problems
    )


@NEEDS_BOTH
def test_a_problem_fails_the_command(
    seeded: rules.Outcome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rules, "check", lambda: seeded)
    assert rules.main([]) == 1
    told = capsys.readouterr().out
    assert told.splitlines()[-1].startswith(f"BROKEN: {len(seeded.judgement.problems)} problems")
    assert all(problem in told for problem in seeded.judgement.problems)


@NEEDS_BOTH
def test_a_text_that_does_not_compile_is_a_problem(tmp_path: Path) -> None:
    for file in (*rules.SCOPE, rules.CHECKS):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / GUARD).write_text("int32_t broken(void) { return (1; }\n")
    problems = rules.check(tmp_path).judgement.problems
    assert any(problem.startswith("no row accepts clang-tidy clang-diagnostic-error") for problem in problems)
    assert any(problem.startswith("no row accepts cppcheck syntaxError") for problem in problems)


def test_a_missing_tool_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert rules.main([]) == 2
    assert "cppcheck is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cppcheck", "tidy", "said"),
    [
        ("echo out of memory >&2; exit 1", "exit 0", "cppcheck is ended with status 1, saying out of memory"),
        ("echo '<results/>' >&2; exit 3", "exit 0", "cppcheck is ended with status 3"),
        ("echo '<results/>' >&2", "kill -SEGV $$", "clang-tidy-19 is ended with status -11"),
        (
            "echo '<results/>' >&2",
            "echo no config >&2; exit 1",
            "clang-tidy-19 is ended with status 1, saying no config",
        ),
    ],
)
def test_a_tool_that_does_not_run_to_its_end_has_shown_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    cppcheck: str,
    tidy: str,
    said: str,
) -> None:
    for name, does in (("cppcheck", cppcheck), ("clang-tidy-19", tidy)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert rules.main([]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.needs("cppcheck")
def test_the_register_says_what_stands_in_for_every_guideline_that_is_not_looked_at() -> None:
    looked_at = misra.looked_at(misra.addon().read_text())
    assert len(misra.RULES) == 158
    assert len(misra.DIRECTIVES) == 17
    assert "15.1" in looked_at
    assert [row.guideline for row in load().unchecked] == [
        *(rule for rule in misra.RULES if rule not in looked_at),
        *misra.DIRECTIVES,
    ]


def test_the_rules_that_an_addon_looks_at_are_those_that_it_runs() -> None:
    source = "def misra_2_1(self): pass\n  self.executeCheck(1501, self.misra_15_1, cfg)\n self.executeCheck(203, a, b)"
    assert misra.looked_at(source) == ("2.3", "15.1")


def test_the_embedded_text_includes_no_header_of_a_library_that_declares_a_function() -> None:
    """What the register says of the rules about the library."""
    included = {
        header
        for file in rules.SCOPE
        for header in re.findall(r"^\s*#\s*include\s+(\S+)", (ROOT / file).read_text(), re.MULTILINE)
    }
    assert '"ionto.h"' in included
    assert included <= {"<stdbool.h>", "<stddef.h>", "<stdint.h>", '"ionto.h"', '"ionto_port.h"'}


ROW = Deviation("DV-01", "deviation", "cppcheck", "misra-c2012-15.5", "one exit", {GUARD: 1}, "why", "who", "return 1")
FOUND = Finding("cppcheck", "misra-c2012-15.5", GUARD, 7, "watch", "return 1;")


def test_a_finding_within_its_row_is_accepted() -> None:
    judgement = judge([ROW], [FOUND])
    assert judgement.problems == []
    assert judgement.accepted == [(FOUND, ("DV-01",))]


@pytest.mark.parametrize(
    "other",
    [
        FOUND._replace(rule="misra-c2012-15.4"),
        FOUND._replace(tool="clang-tidy"),
        FOUND._replace(file="ccore/src/regulator.c"),
        FOUND._replace(text="return 2;"),
    ],
)
def test_a_finding_of_another_rule_tool_file_or_text_is_not_accepted(other: Finding) -> None:
    assert judge([ROW], [FOUND, other]).problems == [f"no row accepts {other}"]


def test_a_row_that_accepts_nothing_any_more_is_stale() -> None:
    assert judge([ROW], []).problems == [
        f"DV-01 is stale: {GUARD} has no such finding of misra-c2012-15.5 (the row says 1)"
    ]


def test_one_finding_more_than_the_row_says_is_a_problem() -> None:
    more = judge([ROW], [FOUND, FOUND._replace(line=8)])
    assert more.problems == [f"DV-01 says 1 of misra-c2012-15.5 in {GUARD}, found: 2"]


def test_a_row_for_a_function_accepts_nothing_outside_of_it() -> None:
    row = Deviation("DV-01", "deviation", FOUND.tool, FOUND.rule, "asks", {f"{GUARD}:watch": 1}, "why", "who")
    elsewhere = FOUND._replace(function="permit")
    assert judge([row], [FOUND]).problems == []
    assert judge([row], [FOUND, elsewhere]).problems == [f"no row accepts {elsewhere}"]


def test_two_rows_that_accept_the_same_finding_are_a_problem() -> None:
    second = Deviation("DV-02", "deviation", FOUND.tool, FOUND.rule, "asks", {GUARD: 1}, "why", "who")
    assert judge([ROW, second], [FOUND]).problems == [f"DV-01 and DV-02 both accept {FOUND}"]


def test_recording_changes_the_numbers_of_rows_that_there_are_and_nothing_else() -> None:
    row = (
        f'[[deviation]]\nid = "DV-01"\nwhere = {{ "{GUARD}" = 1, "{GUARD}:watch" = 4 }}\nreason = "1"\n'
        f'[[deviation]]\nid = "DV-02"\nwhere = {{ "{GUARD}" = 1 }}\n'
    )
    judgement = judge([ROW], [FOUND, FOUND._replace(line=8), FOUND._replace(line=9, text="return 3;")])
    assert recounted(row, judgement) == row.replace(f'"{GUARD}" = 1, ', f'"{GUARD}" = 2, ', 1)


WRITTEN = REGISTER.read_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "DV-02"', 'id = "DV-01"'),
        ('id = "DV-02"', 'id = "DV-2"'),
        ('kind = "deviation"', 'kind = "accepted"'),
        ('kind = "deviation"\n', ""),
        ('kind = "deviation"\n', 'kind = "deviation"\nuntil = "2027"\n'),
        ("text = '^#define IONTO_'", "text = '('"),
        ('"ccore/ports/ionto_port.h" = 7', '"ccore/ports/ionto_port.h" = 0'),
        ('"ccore/ports/ionto_port.h" = 7', '"ccore/ports/ionto_port.h" = "all"'),
        ('where = { "ccore/ports/ionto_port.h" = 7 }\n', ""),
        (
            'objection = "A reviewer of dead code: a macro that is not used leaves nothing in the program."',
            'objection = " "',
        ),
        ("[written_for]", "[written]"),
        ("checks = ", 'checks = "all" # '),
        ("[[deviation]]", "[[deviation"),
    ],
)
def test_a_register_with_a_row_that_is_not_complete_is_refused(tmp_path: Path, old: str, new: str) -> None:
    assert old in WRITTEN
    register = tmp_path / "deviations.toml"
    register.write_text(WRITTEN.replace(old, new, 1))
    with pytest.raises(Refusal):
        load(register)


def test_a_register_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="unreadable"):
        load(tmp_path / "deviations.toml")
    (tmp_path / "deviations.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(Refusal, match=r"unreadable \('utf-8' codec"):
        load(tmp_path / "deviations.toml")


PARTS: Final = {"deviation": "[]", "left_out": "[]", "unchecked": "[]", "written_for": "{}", "checks": "1"}


@pytest.mark.parametrize(
    ("part", "value"),
    [(part, value) for part in ("deviation", "left_out", "unchecked") for value in ("1", "'all'", "[1]")]
    + [("written_for", "'cppcheck'"), ("written_for", "[]")],
)
def test_a_part_of_the_register_that_is_no_table_is_refused_by_its_name(tmp_path: Path, part: str, value: str) -> None:
    register = tmp_path / "deviations.toml"
    register.write_text("".join(f"{name} = {text}\n" for name, text in PARTS.items()))
    assert load(register).checks == 1
    register.write_text("".join(f"{name} = {text}\n" for name, text in {**PARTS, part: value}.items()))
    with pytest.raises(Refusal, match=rf"deviations\.toml: {part} is "):
        load(register)


def test_a_finding_is_placed_by_its_function_and_its_statement(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(
        "#define TWO 2\n"
        "/* x; } */\n"
        "static int32_t first(int32_t a,\n"
        "                     int32_t b)\n"
        "{\n"
        "    if (a > b) {   /* not; this */\n"
        "        a = b\n"
        "            + TWO;\n"
        "    } else if (a < b) {\n"
        "    }\n"
        "    return a;\n"
        "}\n"
        "\n"
        "struct pair {\n"
        "    int32_t one;\n"
        "};\n"
    )
    text = rules.Text(tmp_path, Path("a.c"))
    assert [text.function(line) for line in (1, 2, 3, 4, 8, 12, 13, 15)] == ["", "", *["first"] * 4, "", ""]
    assert text.statement(1) == "#define TWO 2"
    assert text.statement(2) == "/* x; } */"
    assert text.statement(3) == text.statement(4) == "static int32_t first(int32_t a, int32_t b) {"
    assert text.statement(6) == "if (a > b) {"
    assert text.statement(7) == text.statement(8) == "a = b + TWO;"
    assert text.statement(9) == "else if (a < b) {"
    assert text.statement(15) == "int32_t one;"
