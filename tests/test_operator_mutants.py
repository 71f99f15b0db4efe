"""Operator-level mutants: what the text is turned into, and what is noted."""

import ctypes
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification.schemata import DIFFERS, REACHED, Mutant, Schemata, schemata

PROGRAM: Final = """\
#include <stdint.h>
#define HALF 2
#define TWICE(x) ((x) * 2)

struct box {
    int32_t x;
};

static struct box kept;

static void keep(int32_t x)
{
    kept.x = x;
}

int32_t clipped(int32_t x, int32_t most);
int32_t clipped(int32_t x, int32_t most)
{
    int32_t result = most;
    if ((x >= 0) && (x < most)) {
        result = x;
    }
    return result;
}

int32_t mixed(int32_t x);
int32_t mixed(int32_t x)
{
    int32_t quarter = (x / HALF) / 2;
    keep(-x + 1);
    return (quarter != 0) ? TWICE(kept.x) : kept.x;
}
"""


class Built:
    """A program with all its mutants, compiled and loaded."""

    def __init__(self, folder: Path, text: str) -> None:
        source = folder / "program.c"
        source.write_text(text)
        self.made: Final[Schemata] = schemata([source])
        mutated = folder / "mutated.c"
        mutated.write_text(self.made.texts["program.c"])
        library = folder / f"{folder.name}.so"
        subprocess.run(
            ["gcc", "-std=gnu99", "-fwrapv", "-w", "-shared", "-fPIC", "-o", library, mutated], check=True, timeout=60
        )
        self.library: Final = ctypes.CDLL(str(library))
        self._mutant = ctypes.c_int.in_dll(self.library, "ionto_mutant")
        self._watching = ctypes.c_int.in_dll(self.library, "ionto_watching")
        self._noted = (ctypes.c_ubyte * (len(self.made.mutants) + 1)).in_dll(self.library, "ionto_noted")

    def named(self, change: str) -> Mutant:
        return next(mutant for mutant in self.made.mutants if mutant.change == change)

    def under(self, change: str, function: str, *arguments: int) -> int:
        """What a function answers under a mutant; under none for ""."""
        self._mutant.value = self.named(change).number if change else 0
        answer: Any = getattr(self.library, function)(*arguments)
        self._mutant.value = 0
        return int(answer)

    def noted(self, function: str, *arguments: int) -> dict[str, int]:
        """What is noted of each mutant while a function runs."""
        ctypes.memset(self._noted, 0, len(self._noted))
        self._watching.value = 1
        getattr(self.library, function)(*arguments)
        self._watching.value = 0
        return {mutant.change: self._noted[mutant.number] for mutant in self.made.mutants}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("mutated"), PROGRAM)


@pytest.mark.parametrize("x", [-9, -1, 0, 1, 4, 5, 6, 100])
def test_without_a_mutant_the_text_does_what_it_did(built: Built, x: int) -> None:
    assert built.under("", "clipped", x, 5) == (x if 0 <= x < 5 else 5)
    assert built.under("", "mixed", x) == (2 * (1 - x) if abs(x) >= 4 else 1 - x)


@pytest.mark.parametrize(
    ("change", "function", "arguments", "answer"),
    [
        ("if (x [>= -> >] 0 && x < most)", "clipped", (0, 5), 5),
        ("if (x [>= -> ==] 0 && x < most)", "clipped", (1, 5), 5),
        ("if ([x >= 0 -> 1] && x < most)", "clipped", (-3, 5), -3),
        ("if (x >= 0 && x [< -> <=] most)", "clipped", (5, 5), 5),
        ("if (x >= 0 && x [< -> !=] most)", "clipped", (6, 5), 6),
        ("if (x >= 0 && [x < most -> 0])", "clipped", (2, 5), 5),
        ("if (x >= 0 && [x < most -> 1])", "clipped", (7, 5), 7),
        ("if ((x >= 0) [&& -> ||] (x < most))", "clipped", (7, 5), 7),
        ("if ([x >= 0 && x < most -> not])", "clipped", (2, 5), 5),
        ("if ([x >= 0 && x < most -> 1])", "clipped", (-7, 5), -7),
        ("if (x >= [0 -> 1] && x < most)", "clipped", (0, 5), 5),
        ("[result = x -> nothing]", "clipped", (2, 5), 5),
        ("return [result -> 0];", "clipped", (2, 5), 0),
        ("return [result -> 1];", "clipped", (2, 5), 1),
        ("int32_t quarter = x / [HALF -> HALF + 1] / 2", "mixed", (4,), -3),
        ("int32_t quarter = (x / HALF) [/ -> *] 2", "mixed", (2,), -2),
        ("int32_t quarter = [x / HALF / 2 -> (x / HALF)]", "mixed", (2,), -2),
        ("keep([-x -> x] + 1)", "mixed", (2,), 3),
        ("keep((-x) [+ -> -] 1)", "mixed", (2,), -3),
        ("keep([-x + 1 -> 1])", "mixed", (2,), 1),
        ("return ([quarter != 0 -> not]) ? (kept.x * 2) : (kept.x);", "mixed", (2,), -2),
        ("return (quarter != 0) ? (kept.x [* -> +] 2) : (kept.x);", "mixed", (4,), -1),
    ],
)
def test_each_operator_is_mutated_and_named_by_what_stands_around_it(
    built: Built, change: str, function: str, arguments: tuple[int, ...], answer: int
) -> None:
    assert built.under(change, function, *arguments) == answer


def test_a_call_that_is_left_out_leaves_what_was(built: Built) -> None:
    built.under("", "mixed", 10)
    assert built.under("[keep(-x + 1) -> nothing]", "mixed", 0) == -9


def test_a_call_whose_answer_is_dropped_is_left_out_too(tmp_path: Path) -> None:
    text = (
        "static int calls;\nint next(void);\nint next(void)\n{\n    calls = calls + 1;\n    return calls;\n}\n"
        "int twice(void);\nint twice(void)\n{\n    (void)next();\n    return next();\n}\n"
    )
    built = Built(tmp_path, text)
    assert built.under("[(void) next() -> nothing]", "twice") == 1
    assert built.under("", "twice") == 3


def test_every_mutant_is_named_once_and_belongs_to_its_function(built: Built) -> None:
    names = [mutant.name for mutant in built.made.mutants]
    assert len(set(names)) == len(names)
    assert [mutant.number for mutant in built.made.mutants] == list(range(1, len(names) + 1))
    assert built.named("keep([-x -> x] + 1)").name == "program.c mixed: keep([-x -> x] + 1)"
    assert {mutant.function for mutant in built.made.mutants} == {"keep", "clipped", "mixed"}


def test_two_pieces_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    text = "int f(int x);\nint f(int x)\n{\n    x = x + 3;\n    x = x + 3;\n    return x;\n}\n"
    built = Built(tmp_path, text)
    assert built.under("x = x + [3 -> 4]", "f", 0) == built.under("x = x + [3 -> 4] #2", "f", 0) == 7


def test_a_mutant_that_gives_another_value_is_noted_one_that_gives_the_same_is_reached(built: Built) -> None:
    seen = built.noted("clipped", 2, 5)
    assert seen["if (x >= 0 && x [< -> <=] most)"] == REACHED
    assert seen["if (x >= 0 && [x < most -> 0])"] == REACHED | DIFFERS
    assert seen["keep([-x -> x] + 1)"] == 0
    assert built.noted("clipped", 5, 5)["if (x >= 0 && x [< -> <=] most)"] == REACHED | DIFFERS


def test_what_is_noted_of_a_statement_is_whether_it_changes_what_was(built: Built) -> None:
    built.under("", "mixed", 6)
    assert built.noted("mixed", 6)["[kept.x = x -> nothing]"] == REACHED
    assert built.noted("mixed", 7)["[kept.x = x -> nothing]"] == REACHED | DIFFERS


def test_a_mutant_in_which_nothing_was_noted_to_differ_gives_the_same_answer(built: Built) -> None:
    for x in (-4, 0, 3, 5, 8):
        for change, noted in built.noted("clipped", x, 5).items():
            if not noted & DIFFERS:
                assert built.under(change, "clipped", x, 5) == built.under("", "clipped", x, 5), change


def test_a_call_that_writes_is_not_made_twice_to_see_what_a_mutant_gives(tmp_path: Path) -> None:
    text = (
        "static int calls;\nint next(void);\nint next(void)\n{\n    calls = calls + 1;\n    return calls;\n}\n"
        "int twice(void);\nint twice(void)\n{\n    return next() + next();\n}\n"
    )
    built = Built(tmp_path, text)
    built.noted("twice")
    assert built.under("", "next") == 3


def test_constants_with_a_name_are_mutated_by_their_value(tmp_path: Path) -> None:
    text = "enum e { OFF = 0, ON = 1, FAR = 7 };\nint f(int x);\nint f(int x)\n{\n    return x + OFF + ON + FAR;\n}\n"
    changes = {mutant.change for mutant in Built(tmp_path, text).made.mutants if mutant.operator == "constant"}
    assert {change[change.index("[") : change.index("]") + 1] for change in changes} == {
        "[OFF -> OFF + 1]",
        "[ON -> ON + 1]",
        "[ON -> ON - 1]",
        "[FAR -> FAR + 1]",
        "[FAR -> FAR - 1]",
        "[FAR -> 0]",
    }


def test_what_is_the_same_by_its_type_alone_is_no_mutant(tmp_path: Path) -> None:
    text = (
        "#include <stdint.h>\nenum e { OFF = 0 };\nint f(uint32_t x, int y);\nint f(uint32_t x, int y)\n{\n"
        "    return (x == 0u) + (x != (uint32_t)OFF) + (y == 0);\n}\n"
    )
    changes = {mutant.change for mutant in Built(tmp_path, text).made.mutants if mutant.operator == "relational"}
    made = {change[change.index("[") : change.index("]") + 1] for change in changes}
    assert made == {
        "[== -> >=]",
        "[x == 0u -> 0]",
        "[!= -> <]",
        "[x != ((uint32_t) OFF) -> 1]",
        "[== -> <=]",
        "[y == 0 -> 0]",
    }


@pytest.mark.parametrize("text", ["int f(void) { return 1 +; }", "int f(int x) { return x << 1; }"])
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    source = tmp_path / "odd.c"
    source.write_text(text)
    with pytest.raises(Refusal):
        schemata([source])
