"""The mutants of Python: what is mutated, how survivors are known again, and that the command fails when it should."""

import ast
import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import python_mutants, python_mutants_copy, python_mutants_tables
from iontocore.verification.python_mutants import Mutant, difference, verdict
from iontocore.verification.python_mutants_record import (
    Change,
    Tried,
    judge,
    read,
    read_tried,
    updated,
    write,
    write_tried,
)
from iontocore.verification.tools import ROOT, fingerprint

A = Change("safety/limits.py", "combine", "a < b", "a <= b")
B = Change("table.py", "rows", 'x = "a"', "x = None")


# ---- what is mutated ------------------------------------------------------------------------------------------------


def test_everything_in_safety_is_mutated_and_the_table_the_machine_and_the_session() -> None:
    safety = {f"safety/{path.name}" for path in (ROOT / "safety").glob("*.py")} - {"safety/__init__.py"}
    assert set(python_mutants_copy.TESTS_OF) == safety | {"table.py", "machine.py", "session.py", "progress.py"}


def path_of(module: str) -> Path:
    """``table.py`` stands in the project as ``core/table.py``."""
    return ROOT / (module if "/" in module else f"core/{module}")


@pytest.mark.parametrize("module", python_mutants_copy.TESTS_OF)
def test_a_module_is_held_to_tests_that_exist_and_import_it(module: str) -> None:
    assert path_of(module).is_file()
    name = python_mutants_tables.import_name(module)
    sources = [(ROOT / test).read_text(encoding="utf-8") for test in python_mutants_copy.test_files(module)]
    first = sources[0]
    parent, _, last = name.rpartition(".")
    reexported = {"iontocore.session": "from sessions import"}
    assert f"from {name} import" in first or f"from {parent} import {last}" in first or reexported[name] in first


@pytest.mark.parametrize("test", python_mutants_copy.LEFT_OUT)
def test_a_test_that_is_left_out_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_a_property_becomes_a_method_that_is_made_one_afterwards() -> None:
    source = "class A:\n    @property\n    def f(self) -> int:\n        return 1\n\n    @final\n    def g(self): ...\n"
    altered = python_mutants_copy.without_decorated_properties(source)
    assert altered == (
        "class A:\n    def f(self) -> int:\n        return 1\n    f = property(f)\n\n    @final\n    def g(self): ...\n"
    )


# ---- tables ---------------------------------------------------------------------------------------------------------


def of_tables(source: str, module: str = "safety/limits.py") -> dict[tuple[str, str, str], str]:
    return {tuple(mutant.change[1:]): mutant.source for mutant in python_mutants_tables.mutants(module, source)}  # type: ignore[misc]  # three of its four fields


def test_a_number_a_member_a_name_and_an_element_are_mutated_one_at_a_time() -> None:
    source = 'A = Figure("so much", 5, Unit.MS, ("ab-c", _BAD), Mark.READ)\n'
    assert set(of_tables(source)) == {
        ("A", "5", "6"),
        ("A", "Unit.MS", "Unit.NC"),
        ("A", "Mark.READ", "Mark.EXCERPT"),
        ("A", '"ab-c"', '"XXab-cXX"'),
        ("A", '"ab-c",', ""),
        ("A", "_BAD", ""),
    }
    assert of_tables(source)["A", "5", "6"] == source.replace("5", "6")
    assert of_tables(source)["A", '"ab-c",', ""] == source.replace('("ab-c", _BAD)', "(_BAD,)")


def test_the_last_member_is_followed_by_the_first() -> None:
    assert ("A", "Mark.GIVEN", "Mark.READ") in of_tables("A = Mark.GIVEN\n")


def test_a_figure_and_a_function_are_exchanged_for_the_next_of_their_kind() -> None:
    assert list(of_tables("A = AGE_MIN\nB = {x: FACE_TIME}\nC = fall_time_ms\n")) == [
        ("A", "AGE_MIN", "AGE_DOCTOR"),
        ("B", "x: FACE_TIME", ""),
        ("B", "FACE_TIME", "DRUG_TIME"),
        ("C", "fall_time_ms", "fall_charge_nc"),
    ]


def test_operators_and_truths_are_exchanged() -> None:
    assert set(of_tables("A = 1 << (x - 1)\nB = True\n")) == {
        ("A", "1 << (x - 1)", "1 >> (x - 1)"),
        ("A", "(x - 1)", "(x + 1)"),
        ("A", "1", "2"),
        ("B", "True", "False"),
    }


def test_what_stands_in_a_class_is_mutated_by_its_full_name() -> None:
    assert list(of_tables('class A:\n    """Text."""\n\n    B = "b"\n    __slots__ = ("c",)\n    d: int = 1\n')) == [
        ("A.B", '"b"', '"XXbXX"'),
        ("A.d", "1", "2"),
    ]


def test_prose_types_functions_and_imports_are_left_alone() -> None:
    source = 'import x\nA: Literal[1] = f"{1}"\nB = Literal[1, 2]\nC = "two words"\n\ndef f(a=1):\n    return a + 1\n'
    assert of_tables(source) == {}


@pytest.mark.parametrize("module", python_mutants_copy.TESTS_OF)
def test_mutants_of_every_table_can_be_compiled_and_differ_from_it(module: str) -> None:
    source = path_of(module).read_text(encoding="utf-8")
    whole = ast.dump(ast.parse(source))
    for mutant in itertools.islice(python_mutants_tables.mutants(module, source), 0, None, 25):
        assert ast.dump(ast.parse(mutant.source)) != whole, mutant.change


# ---- what a mutation changed ----------------------------------------------------------------------------------------


def test_a_mutation_is_known_by_the_lines_that_it_changes_however_they_are_indented() -> None:
    before = ["def x_f__mutmut_orig(a):", "    if a:", "        return   1", "    return 2"]
    after = ["def x_f__mutmut_17(a):", "    if a:", "        return   2", "    return 2"]
    assert difference(before, after) == ("return 1", "return 2")
    assert difference(["  " + line for line in before], ["  " + line for line in after]) == ("return 1", "return 2")


def test_a_default_that_is_mutated_and_a_case_that_is_left_out_are_known() -> None:
    assert difference(["def xǁAǁf__mutmut_orig(a=1):"], ["def xǁAǁf__mutmut_3(a=2):"]) == ("def _(a=1):", "def _(a=2):")
    assert difference(["match a:", "case 1: b", "case 2: c"], ["match a:", "case 2: c"]) == ("case 1: b", "")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """What mutmut leaves behind of a module with one function and one method."""
    package = tmp_path / "mutants" / "src" / "iontocore"
    package.mkdir(parents=True)
    (package / "table.py").write_text(
        "def x_f__mutmut_orig():\n    return 1\n\n\ndef x_f__mutmut_1():\n    return 2\n\n\n"
        "class A:\n    def xǁAǁg__mutmut_orig(self):\n        return 1\n\n"
        "    def xǁAǁg__mutmut_1(self):\n        return None\n",
        encoding="utf-8",
    )
    (package / "table.py.meta").write_text(
        '{"exit_code_by_key": {"iontocore.table.x_f__mutmut_1": 1, "iontocore.table.xǁAǁg__mutmut_1": 0}}',
        encoding="utf-8",
    )
    return tmp_path


def test_what_mutmut_found_is_read_with_the_function_and_the_change(place: Path) -> None:
    found = python_mutants.results(place)
    assert [(one.module, one.status) for one in found] == [("table.py", "killed"), ("table.py", "survived")]
    changes = python_mutants.changes(place, "table.py", [one.name for one in found])
    assert list(changes.values()) == [
        Change("table.py", "f", "return 1", "return 2"),
        Change("table.py", "A.g", "return 1", "return None"),
    ]


# ---- the record -----------------------------------------------------------------------------------------------------


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = ((A, "equal values never occur"), (B._replace(was='say "\\n" and \x1b'), "…"))
    write(tmp_path / "r.toml", record)
    assert read(tmp_path / "r.toml") == record
    assert read(tmp_path / "none.toml") == ()


@pytest.mark.parametrize(
    "text",
    [
        '[[survivor]]\nmodule = "a"\n',
        "survivor = 1\n",
        "survivor = [1]\n",
        "[[survivor\n",
        "[[survivor]]\nmodule = 1\n",
    ],
)
def test_a_record_that_is_malformed_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Refusal, match="a list of survivors"):
        read(tmp_path / "r.toml")


def test_a_survivor_without_an_entry_or_without_a_reason_is_unreasoned_and_an_entry_without_a_survivor_stale() -> None:
    assert judge([A], ((A, "why"),)) == (((A, "why"),), (), ())
    assert judge([A], ()) == ((), (A,), ())
    assert judge([A], ((A, " "),)) == ((), (A,), ())
    assert judge([], ((A, "why"),)) == ((), (), (A,))
    assert judge([A, A], ((A, "why"),)) == (((A, "why"),), (A,), ()), "two alike need two entries"


def test_recording_keeps_reasons_and_other_modules_and_drops_what_is_stale() -> None:
    stale, new = A._replace(was="gone"), A._replace(was="new")
    record = ((A, "why"), (stale, "was so"), (B, "of another module"))
    assert updated([A, new], record, ["safety/limits.py"]) == tuple(
        sorted([(A, "why"), (new, ""), (B, "of another module")])
    )


def test_what_was_tried_is_read_as_it_was_written_and_other_modules_stay(tmp_path: Path) -> None:
    path = tmp_path / "tried.csv"
    assert read_tried(path) == ()
    write_tried(path, [Tried("table.py", "aa", 10, 9), Tried("session.py", "bb", 4, 4)])
    write_tried(path, [Tried("table.py", "cc", 11, 11)])
    assert read_tried(path) == (Tried("session.py", "bb", 4, 4), Tried("table.py", "cc", 11, 11))
    path.write_text("module,mutants\ntable.py,1\n")
    with pytest.raises(Refusal, match=r"tried\.csv"):
        read_tried(path)


def test_the_committed_counts_are_of_every_module_and_of_enough_that_was_killed() -> None:
    tried = read_tried(python_mutants.TRIED)
    assert {one.module for one in tried} == set(python_mutants_copy.TESTS_OF)
    assert all(100 * one.killed >= python_mutants.LEAST_PERCENT * one.mutants > 0 for one in tried)


def test_the_committed_record_has_a_reason_for_every_entry_and_is_sorted(tmp_path: Path) -> None:
    record = read(python_mutants.RECORD)
    assert all(len(reason.split()) > 2 for _, reason in record)
    assert {change.module for change, _ in record} <= set(python_mutants_copy.TESTS_OF)
    write(tmp_path / "r.toml", record)
    assert (tmp_path / "r.toml").read_text("utf-8") == python_mutants.RECORD.read_text("utf-8")


# ---- the verdict ----------------------------------------------------------------------------------------------------


def some(killed: int, timeout: int, survived: int) -> list[Mutant]:
    statuses = ["killed"] * killed + ["timeout"] * timeout + ["survived"] * survived
    return [Mutant(A, status) for status in statuses]


def test_all_is_well_from_95_percent_on_when_every_survivor_has_a_reason() -> None:
    well, line = verdict(some(94, 1, 5), judge([A] * 5, ((A, "why"),) * 5))
    assert well
    assert line == "95.0 % of 100 mutants killed; each of the 5 left has a reason."


def test_below_95_percent_all_reasons_do_not_help() -> None:
    well, line = verdict(some(94, 0, 6), judge([A] * 6, ((A, "why"),) * 6))
    assert not well
    assert line == "FAILED: 94.0 % killed, and 95 % is the least."


def test_a_survivor_without_a_reason_and_a_stale_entry_fail() -> None:
    well, line = verdict(some(99, 0, 1), judge([A], ((B, "why"),)))
    assert not well
    assert line == "FAILED: 1 survivors without a reason; 1 stale entries in the record."


def test_no_mutant_at_all_fails() -> None:
    well, line = verdict([], judge([], ()))
    assert not well
    assert line == "FAILED: no mutant was made."


def test_the_table_counts_functions_and_tables_apart_and_the_survivors_are_shown_with_their_reasons() -> None:
    lines = python_mutants.shown_table(some(3, 0, 1), [Mutant(B, "killed")])
    assert [line.split() for line in lines[1:]] == [
        ["safety/limits.py", "functions", "4", "3", "0", "1", "75.0"],
        ["table.py", "tables", "1", "1", "0", "0", "100.0"],
        ["all", "5", "4", "0", "1", "80.0"],
    ]
    shown = "\n".join(python_mutants.shown_survivors(judge([A, B], ((A, "why"), (A, "old")))))
    assert "  - a < b\n  + a <= b\n    STALE: the record has it, and it does not live\n  + a <= b\n    why\n" in shown
    assert '  - x = "a"\n  + x = None\n    UNREASONED' in shown


def test_no_more_is_said_where_nothing_is_left() -> None:
    assert verdict(some(2, 0, 0), judge([], ())) == (True, "100.0 % of 2 mutants killed.")


def test_a_module_that_is_not_mutated_and_no_job_at_all_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert python_mutants.main(["--jobs", "0"]) == 2
    assert "--jobs is 0; allowed is a whole number from 1 to 256" in capsys.readouterr().err
    assert python_mutants.main(["safety/nothing.py"]) == 2
    assert "MODULE is safety/nothing.py; allowed is one of safety/contraindications.py" in capsys.readouterr().err


# ---- the real thing, on a module of four lines ----------------------------------------------------------------------

SUBJECT = """\
class Counter:
    @property
    def step(self):
        return 2 if STEP > 1 else 3


STEP = 1
"""
TEST = "from iontocore.safety import hazards\n\n\ndef test_it():\n    assert hazards.Counter().step == 3{}\n"


@pytest.fixture
def subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a small module and its test in the place of a large one; gives the record's path."""
    monkeypatch.setattr(python_mutants, "PLACE", tmp_path / "place")
    monkeypatch.setattr(python_mutants, "RECORD", tmp_path / "record.toml")
    monkeypatch.setattr(python_mutants, "TRIED", tmp_path / "tried.csv")

    def put(more: str) -> Path:
        def copied(source: Path, target: Path) -> None:
            copy(source, target)
            if target.name == "safety":
                (target / "hazards.py").write_text(SUBJECT, encoding="utf-8")
            if target.name == "tests":
                (target / "test_hazards.py").write_text(TEST.format(more), encoding="utf-8")

        copy = python_mutants_copy._copy
        monkeypatch.setattr(python_mutants_copy, "_copy", copied)
        return tmp_path / "record.toml"

    return put


def test_mutants_that_no_test_kills_fail_the_command_until_each_has_a_reason(
    subject: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    record = subject("")
    assert python_mutants.main(["safety/hazards.py", "--jobs", "2", "--record"]) == 1
    out = capsys.readouterr().out
    assert "safety/hazards.py  Counter.step\n  - return 2 if STEP > 1 else 3\n" in out
    assert "  + return 3 if STEP > 1 else 3\n    UNREASONED\n" in out
    assert out.splitlines()[-1].startswith("FAILED: ")
    known = read(record)
    assert known
    assert not any(reason for _, reason in known), "recorded is not reasoned"
    (tried,) = read_tried(record.with_name("tried.csv"))
    assert tried.speaks_of == fingerprint(python_mutants_copy.texts_of("safety/hazards.py"))
    assert tried.mutants - tried.killed == len(known)


def test_tests_that_kill_every_mutant_pass_and_a_record_of_more_is_stale(
    subject: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    record = subject("\n    hazards.STEP = 2\n    assert hazards.Counter().step == 2\n    hazards.STEP = 1")
    assert python_mutants.main(["safety/hazards.py", "--jobs", "2"]) == 0
    assert "100.0 % of" in capsys.readouterr().out
    write(record, ((Change("safety/hazards.py", "STEP", "1", "2"), "it does not matter"),))
    judged = judge([], read(record))
    assert verdict(some(1, 0, 0), judged) == (False, "FAILED: 1 stale entries in the record.")


def test_a_worker_answers_with_the_status_of_the_tests(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "subject.py").write_text("A = 1\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(
        "import subject\n\ndef test_a():\n    assert subject.A == 1\n", encoding="utf-8"
    )
    script = ROOT / "verification" / "python_mutants_worker.py"
    jobs = "".join(
        f'{{"module": "subject", "source": "{source}", "arguments": ["-q", "test_it.py"], "timeout_s": 20}}\n'
        for source in ("A = 1", "A = 2", "A = 1 /", "while True: pass")
    ).replace('"timeout_s": 20}\n', '"timeout_s": 20}\n', 3)
    jobs = jobs[: jobs.rindex("20")] + "1}\n"
    done = subprocess.run(
        [sys.executable, "-P", str(script)],
        cwd=tmp_path, env={"PYTHONPATH": "src", "PATH": ""}, input=jobs, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [int(status) for status in done.stdout.split()] == [0, 1, 1, -14]
