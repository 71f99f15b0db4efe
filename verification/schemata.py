"""C with every operator-level mutant of it in one text, of which one is chosen at run time (mutant schemata).

The mutants of an expression are those of `mutant_operators`; of a statement, an assignment or a call is left out. The
text is parsed by pycparser after macros with arguments were expanded; macros that name a constant stay names. Each
place becomes `chosen here ? mutant : original`, so that one build holds them all.

A build can also watch. Then it notes of every mutant whether its place was reached, and whether the value around it
would have been another: the value is computed once more under each of its mutants, unless that would write something.
A test in which a mutant makes no difference anywhere cannot kill it, and need not be run.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pycparser import c_ast, c_generator, c_parser  # type: ignore[import-untyped]  # it has no types to offer

from iontocore.safety.refusal import Refusal
from iontocore.verification.mutant_operators import DIVIDING, SHOWN, Change, Plain, changes, ends, text_of
from iontocore.verification.tools import require, run

REACHED: Final = 1
DIFFERS: Final = 2
"""The bits of a byte of `ionto_noted`."""

_KEPT: Final = re.compile(r"#\s*(?:include\b|define[ ]+[A-Za-z_]\w*[ ]+[^\s(])")
_TYPES: Final = re.compile(r"\b(?:u?int(?:8|16|32|64)_t|bool)\b")
_CONSTANT: Final = re.compile(
    r"(?:#[ ]*define[ ]+(?P<defined>[A-Z][A-Z0-9_]*)[ ]+|\b(?P<listed>[A-Z][A-Z0-9_]*)[ ]*=[ ]*)(?P<value>[0-9]+)"
)
_VALUES: Final = (
    c_ast.BinaryOp, c_ast.UnaryOp, c_ast.TernaryOp, c_ast.Cast, c_ast.Constant, c_ast.ID, c_ast.FuncCall,
)  # fmt: skip
_MARK: Final = "@"

_HEAD: Final = """\
#include <string.h>
extern int ionto_mutant;                 /* the one chosen; 0 is none */
extern int ionto_watching;
extern unsigned char ionto_noted[];
#define CHOSEN(first, count) ((unsigned)(ionto_mutant - (first)) < (unsigned)(count))
/* A value; while watching computed once more for each of its mutants that was reached. */
#define WHOLE(first, last, plain, text) __extension__ ({{ \
    __typeof__((plain) + 0) ionto_value, ionto_original = 0; \
    const int ionto_watched = ionto_watching; \
    int ionto_next = 0; \
    for (;;) {{ \
        ionto_value = (text); \
        if (!ionto_watched) break; \
        if (ionto_next == 0) {{ ionto_original = ionto_value; ionto_watching = 0; ionto_next = (first) - 1; }} \
        else if (ionto_value != ionto_original) ionto_noted[ionto_next] |= {differs}; \
        do ionto_next++; while (ionto_next <= (last) && ionto_noted[ionto_next] != {reached}); \
        ionto_mutant = ionto_next <= (last) ? ionto_next : 0; \
        if (ionto_mutant == 0) {{ ionto_value = ionto_original; ionto_watching = 1; break; }} \
    }} \
    ionto_value; }})
"""
_DEFINITIONS: Final = """
__attribute__((visibility("default"))) int ionto_mutant = 0;
__attribute__((visibility("default"))) int ionto_watching = 0;
__attribute__((visibility("default"))) unsigned char ionto_noted[{size}];
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. number: from 1, what `ionto_mutant` is set to. change: the source around it, with ``[old -> new]``;
    unique within its function, and the same as long as that piece of source is."""

    number: int
    file: str
    function: str
    operator: str
    change: str

    @property
    def name(self) -> str:
        """What stands for it in a register."""
        return f"{self.file} {self.function}: {self.change}"


@dataclass(frozen=True, slots=True)
class Schemata:
    """The mutated text of each file, by its name, and all mutants, by their numbers less one."""

    texts: dict[str, str]
    mutants: tuple[Mutant, ...]


def schemata(sources: Sequence[Path], headers: Sequence[Path] = ()) -> Schemata:
    """The mutants of some C files that are compiled together. headers: where constants get their values.

    Refusal for what pycparser does not parse, and for operators that `mutant_operators` does not know."""
    named = {
        found["defined"] or found["listed"]: int(found["value"])
        for path in (*headers, *sources)
        for found in _CONSTANT.finditer(path.read_text(encoding="utf-8"))
    }
    texts: dict[str, str] = {}
    mutants: list[Mutant] = []
    for source in sources:
        emitter = _Emitter(source.name, len(mutants) + 1, named)
        kept, tree = _parsed(source)
        texts[source.name] = _HEAD.format(reached=REACHED, differs=DIFFERS) + kept + emitter.visit(tree)
        mutants += _told_apart(emitter.made)
    texts[sources[-1].name] += _DEFINITIONS.format(size=len(mutants) + 1)
    return Schemata(texts, tuple(mutants))


def _parsed(source: Path) -> tuple[str, Any]:
    """What is kept of the preprocessor's lines, and the tree of the rest."""
    lines = source.read_text(encoding="utf-8").replace("\\\n", " ").split("\n")
    kept = "".join(line + "\n" for line in lines if _KEPT.match(line))
    with TemporaryDirectory() as folder:
        bare = Path(folder, source.name)
        bare.write_text("\n".join("" if _KEPT.match(line) else line for line in lines), encoding="utf-8")
        expanded = run([require("gcc", "gcc"), "-E", "-P", str(bare)], timeout_s=60)
    if expanded.status != 0:
        raise Refusal(source.name, expanded.err.strip(), "C that gcc preprocesses", "verification/schemata.py")
    types = "".join(f"typedef int {name};\n" for name in sorted(set(_TYPES.findall(expanded.out))))
    try:
        tree = c_parser.CParser().parse(types + expanded.out, source.name)
    except c_parser.ParseError as error:
        raise Refusal(source.name, str(error), "C that pycparser parses", "verification/schemata.py") from error
    tree.ext = [entry for entry in tree.ext if not isinstance(entry, c_ast.Typedef)]
    return kept, tree


def _told_apart(made: Sequence[Mutant]) -> Iterator[Mutant]:
    """The same, with #2, #3 ... after a change that its function has already had."""
    seen: Counter[str] = Counter()
    for mutant in made:
        seen[mutant.name] += 1
        again = seen[mutant.name]
        yield mutant if again == 1 else replace(mutant, change=f"{mutant.change} #{again}")


class _Emitter(c_generator.CGenerator):  # type: ignore[misc]  # it has no types to offer
    """Source in which every place can be mutated; `made` is what it made, in order."""

    def __init__(self, file: str, first: int, named: Mapping[str, int]) -> None:
        super().__init__()
        self.made: list[Mutant] = []
        self._named = named
        self._file = file
        self._first = first
        self._function = ""
        self._returns_number = False
        self._pure: frozenset[str] = frozenset()
        self._within = False
        """Whether what is being visited is part of a value that may be computed more than once."""
        self._path: list[Any] = []
        """The nodes from the function's body to the one that is being visited."""

    # ---- where there is nothing to mutate ----------------------------------------------------------------------------

    def visit_FileAST(self, node: Any) -> str:
        self._pure = _pure_functions(node)
        return str(super().visit_FileAST(node))

    def visit_FuncDef(self, node: Any) -> str:
        self._function = node.decl.name
        self._returns_number = _returns_number(node)
        self._path = [node]
        text = f"{text_of(node.decl)}\n{self.visit(node.body)}\n"
        self._path = []
        return text

    def visit_Decl(self, node: Any, no_type: bool = False) -> str:
        lasting = "static" in node.storage
        return text_of(node) if lasting or not self._path else str(super().visit_Decl(node, no_type))

    def visit_Case(self, node: Any) -> str:
        return f"case {text_of(node.expr)}:\n" + "".join(self._generate_stmt(entry) for entry in node.stmts)

    def visit_Assignment(self, node: Any) -> str:
        return f"{text_of(node.lvalue)} {node.op} {self.visit(node.rvalue)}"

    # ---- the places --------------------------------------------------------------------------------------------------

    def visit(self, node: Any) -> str:
        if not self._path:
            return str(super().visit(node))
        parent = self._path[-1]
        self._path.append(node)
        first = self._number()
        begins = not self._within and isinstance(node, _VALUES) and _may_be_repeated(node, self._pure)
        self._within = self._within or begins
        text = str(super().visit(node))
        if (isinstance(node, c_ast.Assignment) or _is_call(node)) and _is_statement(node, parent):
            text = self._statement(node, text)
        else:
            mutants = changes(node, parent, self._named, self._returns_number)
            if mutants:
                text = self._expression(node, text, mutants)
        if begins:
            self._within = False
            if self._number() > first:
                text = f"WHOLE({first}, {self._number() - 1}, {text_of(node)}, {text})"
        self._path.pop()
        return text

    def _expression(self, node: Any, text: str, mutants: Sequence[Change]) -> str:
        first = self._number()
        chosen, noted = "", "0"
        for number, mutant in enumerate(mutants, first):
            self._make(node, mutant.operator, mutant.shown)
            chosen += f"ionto_mutant == {number} ? ({mutant.text}) : "
            noted += f", ionto_noted[{number}] |= {REACHED if self._within else REACHED | DIFFERS}"
        chosen += f"({mutants[-1].text})"
        watch = f"(ionto_watching && ionto_noted[{first}] == 0 ? (void)({noted}) : (void)0)"
        return f"(CHOSEN({first}, {len(mutants)}) ? ({chosen}) : ({watch}, {text}))"

    def _statement(self, node: Any, text: str) -> str:
        number = self._number()
        self._make(node, "statement", "[{} -> nothing]")
        note = f"ionto_noted[{number}] |= {REACHED | DIFFERS}"
        if _is_call(node) or isinstance(node.lvalue, c_ast.ID):
            # a local variable may have no value yet
            return f"(void)(ionto_mutant == {number} ? 0 : ((ionto_watching ? ({note}) : 0), {text}, 0))"
        place = text_of(node.lvalue)
        differs = f"(memcmp(&was, &{place}, sizeof was) != 0 ? {REACHED | DIFFERS} : {REACHED})"
        return (
            f"(void)(ionto_mutant == {number} ? 0 : ({{ __typeof__({place}) was = {place}; {text}; "
            f"if (ionto_watching) ionto_noted[{number}] |= {differs}; 0; }}))"
        )

    def _number(self) -> int:
        return self._first + len(self.made)

    def _make(self, node: Any, operator: str, shown: str) -> None:
        change = shown.format(ends(text_of(node)))
        statement = next(
            (
                outer
                for parent, outer in reversed(list(pairwise(self._path)))
                if isinstance(outer, c_ast.If) or _is_statement(outer, parent)
            ),
            node,
        )
        whole, start, end = (statement.cond, "if (", ")") if isinstance(statement, c_ast.If) else (statement, "", "")
        before, after = " ".join(f"{start}{Plain(node, _MARK).visit(whole)}{end}".split()).split(_MARK)
        before = before if len(before) <= SHOWN else f"...{before[-SHOWN:]}"
        after = after if len(after) <= SHOWN else f"{after[:SHOWN]}..."
        self.made.append(Mutant(self._number(), self._file, self._function, operator, before + change + after))


def _is_call(node: Any) -> bool:
    """Whether a node calls a function, with or without a cast to void."""
    return isinstance(node.expr if isinstance(node, c_ast.Cast) else node, c_ast.FuncCall)


def _holds_statements(node: Any) -> bool:
    return isinstance(node, (c_ast.Compound, c_ast.Case, c_ast.Default, c_ast.Label))


def _is_statement(node: Any, parent: Any) -> bool:
    if isinstance(parent, c_ast.If):
        return node is parent.iftrue or node is parent.iffalse
    return _holds_statements(parent)


# ---- what may be computed twice -----------------------------------------------------------------------------------


def _returns_number(function: Any) -> bool:
    returned = function.decl.type.type
    return (
        isinstance(returned, c_ast.TypeDecl)
        and isinstance(returned.type, c_ast.IdentifierType)
        and returned.type.names != ["void"]
    )


class _Uses(c_ast.NodeVisitor):  # type: ignore[misc]  # it has no types to offer
    """What a piece of a program calls, declares, and writes to."""

    def __init__(self) -> None:
        self.calls: set[str] = set()
        self.declares: set[str] = set()
        self.writes: set[str] = set()
        self.divides = False
        """Whether by something that is no constant, so that a mutant of it may be zero."""

    def visit_FuncCall(self, node: Any) -> None:
        self.calls.add(text_of(node.name))
        self.generic_visit(node)

    def visit_Decl(self, node: Any) -> None:
        self.declares.add(node.name)
        self.generic_visit(node)

    def visit_Assignment(self, node: Any) -> None:
        self.writes.add(text_of(node.lvalue))
        self.generic_visit(node)

    def visit_BinaryOp(self, node: Any) -> None:
        self.divides = self.divides or (node.op in DIVIDING and not isinstance(node.right, c_ast.Constant | c_ast.ID))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: Any) -> None:
        if node.op in ("++", "--", "p++", "p--"):
            self.writes.add(text_of(node.expr))
        self.generic_visit(node)


def _uses(node: Any) -> _Uses:
    uses = _Uses()
    uses.visit(node)
    return uses


def _may_be_repeated(node: Any, pure: frozenset[str]) -> bool:
    uses = _uses(node)
    return uses.calls <= pure and not uses.writes and not uses.divides


def _pure_functions(tree: Any) -> frozenset[str]:
    """The functions that return a number, write to their own variables alone, and call none but such functions."""
    defined = [entry for entry in tree.ext if isinstance(entry, c_ast.FuncDef)]
    uses = {entry.decl.name: _uses(entry) for entry in defined if _returns_number(entry)}
    pure = {name for name, found in uses.items() if found.writes <= found.declares}
    while True:
        tainted = {name for name in pure if not uses[name].calls <= pure}
        if not tainted:
            return frozenset(pure)
        pure -= tainted
