"""The proof's driver: what it reads of WP and of the text, and that it fails when it should."""

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.safety.refusal import Refusal
from iontocore.verification import acsl, goal_text, proof_table, prove, wp
from iontocore.verification.acsl import Function
from iontocore.verification.tools import ROOT, SOURCES, Answer

FILE = Path("ccore/src/guard.c")

TEXT = """
/*@ requires valid: \\valid_read(p);
    terminates \\true; assigns \\nothing;
    // a comment; with an `ensures si99_no: x;` in it
    ensures si03_rise: \\result >= 0;
    ensures si03_rise_more: \\result <= 5;
    ensures \\result != 3;
*/
static int32_t small(const int32_t *p)
{
    int32_t sum = 0; /* what is; never */
    if (*p > 0) {
        sum = 1;
    }
    return sum;
}

/*@ terminates \\true;
    behavior at_rest:
      assumes on == 0;
      assigns \\nothing;
      ensures si06_off: \\result == 0;
*/
int32_t public_one(int32_t on)
{
    return on;
}
"""
SMALL, PUBLIC = acsl.functions(FILE, TEXT)

OUTPUT = """[kernel] Parsing ccore/src/guard.c (with preprocessing)
[wp] Running WP plugin...
[wp] [CFG] Goal small_terminates : Valid (Trivial)
[wp] 8 goals scheduled
[wp] [CVC4 1.8] Goal typed_small_ensures_si03_rise : Valid (Qed:17ms) (1.5s) (8803)
[wp] [Qed] Goal typed_small_ensures_si03_rise_more_part1 : Valid (2ms)
[wp] [Z3 4.8.12] Goal typed_small_ensures_si03_rise_more_part2 : Valid (Qed:1ms) (37310)
[wp] [Qed] Goal typed_small_ensures : Valid
[wp] [Failed] Goal typed_small_assert_rte_mem_access_2
  Z3 4.8.12: Timeout (Qed:4ms) (10s)
  CVC4 1.8: Unknown (Qed:4ms)
[wp] [Qed] Goal typed_small_assigns_normal_part02 : Valid (1ms)
[wp] [Qed] Goal typed_small_call_product_requires_limit_2 : Valid (1ms)
[wp] [Qed] Goal typed_small_assert_split : Valid (1ms)
[wp] Proved goals:    8 / 9
"""

SMOKE = """[wp] 3 goals scheduled
[wp] [Passed] Smoke-test typed_small_wp_smoke_default_requires
[wp] [Failed] Smoke-test typed_small_wp_smoke_dead_code_s53
       Qed: Valid (0.94ms)
[wp] ccore/src/guard.c:5: Warning: Failed smoke-test
[wp] [Failed] Smoke-test typed_small_wp_smoke_dead_code_s53
       Qed: Valid (0.94ms)
[wp] ccore/src/guard.c:5: Warning: Failed smoke-test
[wp] [Passed] Smoke-test typed_product_wp_smoke_dead_call_s48
[wp] Proved goals:    2 / 3
"""


def of(output: str, totals: tuple[int, int] | None, function: Function = SMALL, status: int = 0) -> wp.Outcome:
    return wp.outcome((function,), Answer(status, output, ""), totals)


def goal(name: str = "small_ensures_si03_rise", **changes: Any) -> wp.Goal:
    plain = wp.Goal(name, FILE, "small", "si03_rise", "SI-03", "ensures", "cvc4", "valid", "", 1.5)
    return dataclasses.replace(plain, **changes)


# ---- the text ----------------------------------------------------------------------------------------------


def test_a_contract_is_read_by_its_clauses_labels_and_behaviours() -> None:
    labels = [(clause.keyword, clause.label, clause.behaviour) for clause in (*SMALL.clauses, *PUBLIC.clauses)]
    assert labels == [
        ("requires", "valid", ""),
        ("terminates", "", ""),
        ("assigns", "", ""),
        ("ensures", "si03_rise", ""),
        ("ensures", "si03_rise_more", ""),
        ("ensures", "", ""),
        ("terminates", "", ""),
        ("assumes", "", "at_rest"),
        ("assigns", "", "at_rest"),
        ("ensures", "si06_off", "at_rest"),
    ]


def test_a_functions_text_reaches_from_its_contract_to_its_last_brace() -> None:
    text = TEXT[SMALL.start : SMALL.end].strip()
    assert text.startswith("static int32_t small(")
    assert text.endswith("return sum;\n}")


def test_every_function_of_the_core_is_found() -> None:
    """Another way to count: what is defined begins at the left edge and has its brace on a line of its own."""
    for file in SOURCES:
        text = (ROOT / file).read_text()
        heads = re.findall(r"^[a-z][^;{}#]*?\b(\w+)\([^;{}]*\)\n\{", text, re.MULTILINE)
        assert [one.name for one in acsl.functions(file, text) if one.defined and text[one.start] != "/"] == heads


def test_a_ghost_function_is_found_with_its_own_contract_and_is_nobody_elses() -> None:
    ghost = "/*@ ghost\n  /@ terminates \\true; ensures si20_sound: x; @/\n  void conclude(int x)\n  {\n  }\n*/\n"
    found = acsl.functions(FILE, f"/*@ ensures si01_x: \\true; */\nint f(void);\n\n{ghost}\nint f(void)\n{{\n}}\n")
    assert [(one.name, one.defined, [clause.label for clause in one.clauses]) for one in found] == [
        ("f", False, ["si01_x"]),
        ("conclude", True, ["", "si20_sound"]),
        ("f", True, []),
    ]


def test_a_function_that_is_declared_and_never_defined_is_found() -> None:
    ghost = "/*@ ghost\n  /@ terminates \\true; assigns \\nothing; ensures x: \\false; @/\n  void lie(void);\n*/\n"
    found = [one for one in prove.uncovered(acsl.functions(FILE, ghost)) if one.where == f"{FILE}: lie"]
    assert [one.what for one in found] == ["is declared and never defined: its contract would be taken for granted"]


def test_a_prototypes_contract_is_that_of_the_definition() -> None:
    declared, defined = acsl.functions(FILE, "/*@ ensures si01_x: \\true; */\nint f(void);\nint f(void)\n{\n}\n")
    assert acsl.with_contracts([declared, defined])[0].clauses == declared.clauses


@pytest.mark.parametrize(
    "annotation",
    [
        "//@ admit x > 0;",
        "/*@ axiomatic a { axiom b: \\true; } */",
        "/*@ lemma l: \\forall integer x; x == x; */",
        "/*@ requires x > 0 && \\false; */",
        "//@ assume x == 0;",
        "/*@ predicate p(integer x); */",
        "/*@ logic integer l(integer x) reads x; */",
        "/*@ assigns \\everything; */",
    ],
)
def test_an_annotation_that_weakens_the_proof_is_found(annotation: str) -> None:
    found = list(acsl.weakenings(FILE, f"int f(void)\n{{\n    {annotation}\n}}\n"))
    assert found
    assert all(one.where == f"{FILE}:3" for one in found)


def test_a_block_of_definitions_weakens_nothing() -> None:
    block = "/*@ axiomatic b {\n  predicate p(integer x) = x == 1;\n  logic integer l(integer x) = x + 1;\n} */\n"
    assert not list(acsl.weakenings(FILE, block))


def test_words_of_a_comment_weaken_nothing() -> None:
    assert not list(acsl.weakenings(FILE, "/* nobody may assume this; no lemma */\n// admit\nint f(void)\n{\n}\n"))


def test_a_label_names_its_invariant() -> None:
    assert acsl.invariant_of("si03_rise") == "SI-03"
    assert acsl.invariant_of("side") == ""
    assert acsl.invariant_of("flag") == ""


def test_the_text_of_the_core_has_nothing_against_its_proof() -> None:
    assert prove.before(acsl.read(SOURCES)) == []


def test_a_function_without_a_contract_is_found() -> None:
    found = prove.uncovered(acsl.functions(FILE, "int f(void)\n{\n    return 0;\n}\n"))
    assert {one.what for one in found if one.where == f"{FILE}: f"} == {
        "its contract has no `terminates`",
        "its contract has no `assigns`",
        "its contract has no `ensures`",
    }


@pytest.mark.parametrize(("label", "said"), [("si99_x", "which is no invariant"), ("si19_x", "no single step states")])
def test_a_label_that_names_no_invariant_of_a_step_is_found(label: str, said: str) -> None:
    text = f"/*@ terminates \\true; assigns \\nothing; ensures {label}: \\true; */\nint f(void)\n{{\n}}\n"
    found = [one for one in prove.uncovered(acsl.functions(FILE, text)) if one.where == f"{FILE}: f"]
    assert len(found) == 1
    assert said in found[0].what


@pytest.mark.parametrize(("name", "file"), [("ionto_step", "ionto.h"), ("ionto_guard_step", "guard.c")])
def test_an_invariant_that_no_channel_states_in_the_header_is_found(name: str, file: str) -> None:
    """All but SI-01 are stated by a channel in the header; SI-01 is, but elsewhere."""
    head = "/*@ terminates \\true; assigns \\nothing; ensures "
    rest = " ensures ".join(f"{row.lower().replace('-', '')}_x: \\true;" for row in proof_table.STATED[1:])
    texts = [
        *acsl.functions(Path("ccore/include/ionto.h"), f"{head}{rest} */\nint ionto_regulator_step(void);\n"),
        *acsl.functions(Path(file), f"{head}si01_x: \\true; */\nint {name}(void);\n"),
        *acsl.functions(FILE, f"int ionto_regulator_step(void)\n{{\n}}\nint {name}(void)\n{{\n}}\n"),
    ]
    assert [one.what.split(":")[0] for one in prove.uncovered(texts)] == ["no contract of a channel states SI-01"]


def test_every_invariant_is_either_stated_by_a_step_or_said_to_be_shown_elsewhere() -> None:
    assert sorted((*proof_table.STATED, *proof_table.ELSEWHERE)) == sorted(INVARIANT_BY_ID)


# ---- what WP says ------------------------------------------------------------------------------------------


def test_goals_are_read_with_their_clauses_provers_and_times() -> None:
    outcome = of(OUTPUT, (8, 7))
    assert outcome.complaints == ()
    rows = [(one.kind, one.clause, one.invariant, one.prover, one.status) for one in outcome.goals]
    assert rows == [
        ("terminates", "terminates", "", "qed", "valid"),
        ("ensures", "si03_rise", "SI-03", "cvc4", "valid"),
        ("ensures", "si03_rise_more", "SI-03", "qed", "valid"),
        ("ensures", "si03_rise_more", "SI-03", "z3", "valid"),
        ("ensures", "ensures", "", "qed", "valid"),
        ("rte", "rte_mem_access", "", "", "failed"),
        ("assigns", "assigns", "", "qed", "valid"),
        ("requires", "call_product_requires_limit", "", "qed", "valid"),
        ("assert", "split", "", "qed", "valid"),
    ]
    assert outcome.goals[1].seconds == pytest.approx(1.517)
    assert outcome.goals[5].answers == "Z3 4.8.12: Timeout (Qed:4ms) (10s); CVC4 1.8: Unknown (Qed:4ms)"


def test_the_label_of_a_behaviour_is_read() -> None:
    output = "[wp] [Qed] Goal typed_public_one_at_rest_ensures_si06_off : Valid\n[wp] Proved goals:    1 / 1\n"
    assert of(output, (1, 1), PUBLIC).goals[0].clause == "si06_off"


def test_a_goal_that_a_single_prover_leaves_open_has_failed() -> None:
    output = "[wp] [CVC4 1.8] Goal typed_small_ensures_si03_rise : Unknown (Qed:1ms)\n[wp] Proved goals:    0 / 1\n"
    outcome = of(output, (1, 0))
    assert outcome.complaints == ()
    assert [one.status for one in outcome.goals] == ["failed"]


def test_a_doomed_smoke_goal_has_failed_and_is_told_once() -> None:
    outcome = of(SMOKE, (3, 2))
    assert outcome.complaints == ()
    assert [(one.goal, one.status) for one in outcome.goals] == [
        ("small_smoke_contract_1", "passed"),
        ("small_smoke_call_product_1", "passed"),
        ("small_smoke_code_1", "doomed"),
    ]
    assert outcome.goals[2].answers == "at ccore/src/guard.c:5; Qed: Valid (0.94ms)"


@pytest.mark.parametrize(
    ("output", "totals", "status"),
    [
        pytest.param(OUTPUT + "[wp] guard.c:8: Warning: Missing assigns clause\n", (8, 7), 0, id="a warning"),
        pytest.param(OUTPUT + "[kernel] User Error: nothing\n", (8, 7), 0, id="an error"),
        pytest.param(OUTPUT.replace("8 / 9", "9 / 10"), (8, 7), 0, id="a goal that was not read"),
        pytest.param(OUTPUT.replace("[wp] Proved goals:    8 / 9\n", ""), (8, 7), 0, id="no end"),
        pytest.param(OUTPUT, (9, 7), 0, id="another report"),
        pytest.param(OUTPUT, None, 0, id="no report"),
        pytest.param(OUTPUT, (8, 7), -9, id="killed"),
    ],
)
def test_nothing_that_wp_says_against_a_proof_is_passed_over(
    output: str, totals: tuple[int, int] | None, status: int
) -> None:
    assert of(output, totals, status=status).complaints


def test_a_function_without_smoke_goals_is_well_and_one_without_goals_is_not() -> None:
    answer = Answer(0, "[wp] Running WP plugin...\n[wp] Warning: No goal generated\n", "")
    assert wp.outcome((SMALL,), answer, (0, 0), smoke=True) == wp.Outcome((), ())
    assert wp.outcome((SMALL,), answer, None, smoke=True).complaints
    assert wp.outcome((SMALL,), answer, (0, 0)).complaints


def test_a_warning_is_told_with_the_lines_that_belong_to_it() -> None:
    warning = "[wp:pedantic-assigns] guard.c:8: Warning: \n  No 'assigns' specification.\n  Callers.\n[wp] other\n"
    assert of(OUTPUT + warning, (8, 7)).complaints[0].endswith("Warning: No 'assigns' specification. Callers.")


def test_a_clause_that_gave_no_goal_is_found() -> None:
    found = prove.unproved(SMALL, of(OUTPUT.replace("si03_rise ", "si03_other "), (8, 7)).goals)
    assert [one.what for one in found] == ["si03_rise gave no goal"]


def test_a_function_that_gave_no_goal_is_found_beside_one_that_did() -> None:
    following = dataclasses.replace(SMALL, name="following")
    outcome = wp.outcome((SMALL, following), Answer(0, OUTPUT, ""), (8, 7))
    assert not outcome.complaints
    assert [one.what for one in prove.unproved(following, outcome.goals)] == ["gave no goal"]
    assert prove.unproved(SMALL, outcome.goals) == []


def test_goals_of_one_run_belong_to_the_function_with_the_longest_name_that_they_begin_with() -> None:
    longer = dataclasses.replace(SMALL, name="small_call")
    output = OUTPUT.replace("typed_small_call_product", "typed_small_call_call_product")
    goals = wp.outcome((SMALL, longer), Answer(0, output, ""), (8, 7)).goals
    assert [(one.goal, one.kind) for one in goals if one.function == "small_call"] == [
        ("small_call_call_product_requires_limit_2", "requires")
    ]


def test_a_goal_that_is_named_after_none_of_several_functions_is_told() -> None:
    others = tuple(dataclasses.replace(SMALL, name=name) for name in ("first", "second"))
    assert "small_terminates is a goal of none of them" in " ".join(
        wp.outcome(others, Answer(0, OUTPUT, ""), (8, 7)).complaints
    )


def test_every_function_is_proved_once_and_only_small_ones_of_one_file_together() -> None:
    functions = acsl.with_contracts(acsl.read(SOURCES))
    portions = prove.portions(sorted(functions, key=lambda one: one.size, reverse=True))
    assert sorted((one.file, one.name) for some in portions for one in some) == sorted(
        (one.file, one.name) for one in functions
    )
    assert len(portions) < len(functions) // 2
    for some in portions:
        assert len({one.file for one in some}) == 1
        assert len(some) == 1 or sum(one.size for one in some) <= prove.TOGETHER
        assert len(some) == 1 or all(one.size <= prove.SMALL for one in some)


def test_a_failed_goals_text_is_read_from_what_wp_prints() -> None:
    printed = (
        "----------------------------------------\n  Function small\n----------------------------------------\n\n"
        "Goal Instance of 'Pre-condition' in 'small' at call 'f' (file guard.c, line 8)\n:\n"
        "Assume { Have: 0 <= x. }\nProve: (0 <= x)\n  /\\ (x <= 5).\n\n----------------------------------------\n"
    )
    assert goal_text.parse(printed) == [
        ("Instance of 'Pre-condition' in 'small' at call 'f' (file guard.c, line 8)", "(0 <= x) /\\ (x <= 5)")
    ]


# ---- the tables and the verdict ----------------------------------------------------------------------------


def test_the_table_counts_clauses_and_goals_by_invariant_channel_and_prover() -> None:
    table = proof_table.by_invariant(of(OUTPUT, (8, 7)).goals)
    row = table[table.index("\nSI-03 ") : table.index("\nSI-04 ")].splitlines()[-1].split()
    assert row == ["guard", "2", "3", "1", "1", "1", "0", "1.5"]
    assert "SI-19" in table


def test_a_doomed_smoke_goal_says_where_and_why() -> None:
    doomed = [one for one in of(SMOKE, (3, 2)).goals if not one.well]
    text = " ".join(proof_table.of_failures(doomed, {}).split())
    assert "no input gets here" in text
    assert "ccore/src/guard.c:5" in text


def test_the_table_of_failures_says_where_what_and_who() -> None:
    failed = [one for one in of(OUTPUT, (8, 7)).goals if not one.well]
    text = proof_table.of_failures(failed, {(FILE, "small", failed[0].goal): "line 8; to prove: valid_rd(p)"})
    for part in ("guard.c: small", "rte_mem_access", "structure", "Timeout", "valid_rd(p)"):
        assert part in text


@pytest.mark.parametrize(
    ("goals", "findings"),
    [
        pytest.param([goal(status="failed", prover="")], [], id="a goal that failed"),
        pytest.param(of(SMOKE, (3, 2)).goals, [], id="a doomed smoke goal"),
        pytest.param([goal()], [acsl.Finding("here", "something")], id="an objection"),
    ],
)
def test_a_proof_with_anything_against_it_fails(
    goals: list[wp.Goal], findings: list[acsl.Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    assert prove.verdict(prove.Proof(goals, findings, {}), findings) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("FAILED: ")


def test_a_proof_with_nothing_against_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.verdict(prove.Proof([goal()], [], {}), []) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "PROVED: 1 of 1 goals, 0 objections"


def test_a_function_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.main(["--function", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err


# ---- the tools themselves ----------------------------------------------------------------------------------


@pytest.mark.needs("frama-c", "why3", "z3", "cvc4")
def test_a_contradiction_dooms_a_smoke_goal_and_an_undefined_sum_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wp, "BUILD", tmp_path)
    config = wp.configure()
    text = """
/*@ requires x > 5 && x < 3; terminates \\true; assigns \\nothing; ensures all: \\result == 7; */
int none(int x)
{
    return x;
}
/*@ terminates \\true; assigns \\nothing; ensures more: \\result == x + 1; */
int next(int x)
{
    return x + 1;
}
"""
    (tmp_path / "text.c").write_text(text)
    none, following = acsl.functions(Path("text.c"), text)
    assert all(one.well for one in wp.prove(none, config=config, timeout_s=1, root=tmp_path).goals)
    smoke = wp.smoke(none, config=config, root=tmp_path)
    assert [one.status for one in smoke.goals if one.clause == "contract"] == ["doomed"]
    outcome = wp.prove(following, config=config, timeout_s=1, root=tmp_path)
    failed = [one.goal for one in outcome.goals if not one.well]
    assert failed == ["next_assert_rte_signed_overflow"]
    texts = goal_text.of_failed(following, outcome.goals, config=config, root=tmp_path)
    assert "x <= 2147483646" in texts[failed[0]]


def test_a_tool_that_is_missing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Refusal, match="not installed"):
        wp.configure()
