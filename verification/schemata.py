"""C with every operator-level mutant of it in one text, of which one is chosen at run time (mutant schemata).

    operator    what becomes of it
    relational  the other two that differ from it at one border, and the constant that it is at the far side
    arithmetic  + and - exchanged, * into +, / into *, % into /; either operand alone
    logical     && and || exchanged; an operand of && taken as 1, of || as 0
    condition   of `if` and of ?: negated, always, never (so the branches of ?: are swapped, too)
    constant    one more, one less, zero; 0 becomes 1 alone, and 1 becomes 0 and 2
    sign        a minus or a ! left out
    statement   an assignment or a call left out
    return      0 and 1 in place of what is returned

For a relational operator three of the seven mutants are made: who tells these from the original tells the others
(Kaminski, Ammann, Offutt: Better predicate testing, AST 2011). For the same reason 0 does not become -1. What is the
same by its type alone is no mutant: `== 0` and `<= 0` of what has no sign, `!= 0` and `> 0`.

The text is parsed by pycparser after macros with arguments were expanded; macros that name a constant stay names. Each
place becomes `chosen here ? mutant : original`, so that one build holds them all. A build can also watch: then it notes
of every mutant whether its place was reached, and whether it would have given another value there. A test in which a
mutant makes no difference anywhere cannot kill it, and need not be run.
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
from iontocore.verification.tools import require, run

REACHED: Final = 1
DIFFERS: Final = 2
"""The bits of a byte of `ionto_noted`."""

_RELATIONAL: Final = {
    "<": ("<=", "!=", "0"),
    ">": (">=", "!=", "0"),
    "<=": ("<", "==", "1"),
    ">=": (">", "==", "1"),
    "==": ("<=", ">=", "0"),
    "!=": ("<", ">", "1"),
}
_ARITHMETIC: Final = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/"}
_LOGICAL: Final = {"&&": "||", "||": "&&"}
_TAKEN_AS: Final = {"&&": "1", "||": "0"}
_SAME_WITHOUT_SIGN: Final = {"==": "<=", "!=": ">"}
_LEFT_ALONE: Final = {"/", "%"}
"""Of these only the left operand is a mutant by itself."""

_KEPT: Final = re.compile(r"#\s*(?:include\b|define[ ]+[A-Za-z_]\w*[ ]+[^\s(])")
_TYPES: Final = re.compile(r"\b(?:u?int(?:8|16|32|64)_t|bool)\b")
_NAMED: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_CONSTANT: Final = re.compile(r"\b([A-Z][A-Z0-9_]*)(?:\s*=\s*|[ ]+)(-?[0-9]+)[uUlL]*\b")
_OTHER_TRUTH: Final = {"true": "false", "false": "true"}
_MARK: Final = "@"
_SHOWN: Final = 45
"""Characters of a statement that are shown on either side of a change, and of the two ends of a long expression."""

_HEAD: Final = """\
#include <string.h>
extern int ionto_mutant;                 /* the one chosen; 0 is none */
extern int ionto_watching;
extern unsigned char ionto_noted[];
#define CHOSEN(first, count) ((unsigned)(ionto_mutant - (first)) < (unsigned)(count))
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

    Refusal for what pycparser does not parse, and for operators that are not in the list above."""
    named = {
        name: int(value)
        for path in (*headers, *sources)
        for name, value in _CONSTANT.findall(path.read_text(encoding="utf-8"))
    }
    texts: dict[str, str] = {}
    mutants: list[Mutant] = []
    for source in sources:
        emitter = _Emitter(source.name, len(mutants) + 1, named)
        kept, tree = _parsed(source)
        texts[source.name] = _HEAD + kept + emitter.visit(tree)
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


class _Plain(c_generator.CGenerator):  # type: ignore[misc]  # it has no types to offer
    """Source as it is, but for one place."""

    def __init__(self, place: Any = None, instead: str = "") -> None:
        super().__init__(reduce_parentheses=True)
        self._place = place
        self._instead = instead

    def visit(self, node: Any) -> str:
        return self._instead if node is self._place else str(super().visit(node))


def _text(node: Any) -> str:
    return _Plain().visit(node)


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
        self._path: list[Any] = []
        """The nodes from the function's body to the one that is being visited."""

    # ---- where there is nothing to mutate ----------------------------------------------------------------------------

    def visit_FileAST(self, node: Any) -> str:
        self._pure = _pure_functions(node)
        return str(super().visit_FileAST(node))

    def visit_FuncDef(self, node: Any) -> str:
        self._function = node.decl.name
        returned = node.decl.type.type
        self._returns_number = isinstance(returned, c_ast.TypeDecl) and isinstance(returned.type, c_ast.IdentifierType)
        self._path = [node]
        text = f"{_text(node.decl)}\n{self.visit(node.body)}\n"
        self._path = []
        return text

    def visit_Decl(self, node: Any, no_type: bool = False) -> str:
        lasting = "static" in node.storage
        return _text(node) if lasting or not self._path else str(super().visit_Decl(node, no_type))

    def visit_Case(self, node: Any) -> str:
        return f"case {_text(node.expr)}:\n" + "".join(self._generate_stmt(entry) for entry in node.stmts)

    def visit_Assignment(self, node: Any) -> str:
        return f"{_text(node.lvalue)} {node.op} {self.visit(node.rvalue)}"

    # ---- the places --------------------------------------------------------------------------------------------------

    def visit(self, node: Any) -> str:
        if not self._path:
            return str(super().visit(node))
        parent = self._path[-1]
        self._path.append(node)
        text = str(super().visit(node))
        if isinstance(node, (c_ast.Assignment, c_ast.FuncCall)) and _is_statement(node, parent):
            text = self._statement(node, text)
        else:
            changes = dict(_changes(node, parent, self._named, self._returns_number))
            if changes:
                text = self._expression(node, text, changes)
        self._path.pop()
        return text

    def _expression(self, node: Any, text: str, changes: dict[str, tuple[str, str]]) -> str:
        """changes: the operator and what is shown of the change, by the text of the mutant."""
        first = self._number()
        plain = f"({_text(node)})"
        known = _calls(node) <= self._pure
        chosen, noted = "", ""
        for number, (mutant, (operator, shown)) in enumerate(changes.items(), first):
            self._make(node, operator, shown)
            chosen += f"ionto_mutant == {number} ? ({mutant}) : "
            differs = f"(({mutant}) != {plain} ? {REACHED | DIFFERS} : {REACHED})" if known else f"{REACHED | DIFFERS}"
            noted += f", ionto_noted[{number}] |= {differs}"
        last = first + len(changes) - 1
        chosen = chosen.removesuffix(f"ionto_mutant == {last} ? ({mutant}) : ") + f"({mutant})"
        unknown = " & ".join(f"ionto_noted[{number}]" for number in range(first, last + 1))
        watch = (
            f"(ionto_watching && ({unknown}) != {REACHED | DIFFERS} "
            f"? (void)(ionto_watching = 0{noted}, ionto_watching = 1) : (void)0)"
        )
        return f"(CHOSEN({first}, {len(changes)}) ? ({chosen}) : ({watch}, {text}))"

    def _statement(self, node: Any, text: str) -> str:
        number = self._number()
        self._make(node, "statement", "[{} -> nothing]")
        note = f"ionto_noted[{number}] |= {REACHED | DIFFERS}"
        if isinstance(node, c_ast.FuncCall) or isinstance(node.lvalue, c_ast.ID):
            # a local variable may have no value yet
            return f"(void)(ionto_mutant == {number} ? 0 : ((ionto_watching ? ({note}) : 0), {text}, 0))"
        place = _text(node.lvalue)
        differs = f"(memcmp(&was, &{place}, sizeof was) != 0 ? {REACHED | DIFFERS} : {REACHED})"
        return (
            f"(void)(ionto_mutant == {number} ? 0 : ({{ __typeof__({place}) was = {place}; {text}; "
            f"if (ionto_watching) ionto_noted[{number}] |= {differs}; 0; }}))"
        )

    def _number(self) -> int:
        return self._first + len(self.made)

    def _make(self, node: Any, operator: str, shown: str) -> None:
        change = shown.format(_ends(_text(node)))
        statement = next(
            (
                outer
                for parent, outer in reversed(list(pairwise(self._path)))
                if isinstance(outer, c_ast.If) or _is_statement(outer, parent)
            ),
            node,
        )
        whole, start, end = (statement.cond, "if (", ")") if isinstance(statement, c_ast.If) else (statement, "", "")
        before, after = " ".join(f"{start}{_Plain(node, _MARK).visit(whole)}{end}".split()).split(_MARK)
        before = before if len(before) <= _SHOWN else f"...{before[-_SHOWN:]}"
        after = after if len(after) <= _SHOWN else f"{after[:_SHOWN]}..."
        self.made.append(Mutant(self._number(), self._file, self._function, operator, before + change + after))


def _ends(text: str) -> str:
    """A long expression by its two ends."""
    text = " ".join(text.split())
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]} ... {text[-_SHOWN:]}"


def _holds_statements(node: Any) -> bool:
    return isinstance(node, (c_ast.Compound, c_ast.Case, c_ast.Default, c_ast.Label))


def _is_statement(node: Any, parent: Any) -> bool:
    if isinstance(parent, c_ast.If):
        return node is parent.iftrue or node is parent.iffalse
    return _holds_statements(parent)


def _changes(
    node: Any, parent: Any, named: Mapping[str, int], returns_number: bool
) -> Iterator[tuple[str, tuple[str, str]]]:
    """The mutants of an expression: the text of each, its operator and what is shown, with {} for the source."""
    if isinstance(node, c_ast.BinaryOp):
        yield from _of_operator(node, named)
    elif isinstance(node, c_ast.UnaryOp) and node.op in ("-", "!"):
        yield _text(node.expr), ("sign", f"[{{}} -> {_text(node.expr)}]")
    elif isinstance(node, (c_ast.Constant, c_ast.ID)) and not isinstance(parent, c_ast.StructRef):
        yield from _of_constant(_text(node), named)
    chained = isinstance(node, c_ast.BinaryOp) and isinstance(parent, c_ast.BinaryOp) and node.op == parent.op
    if isinstance(parent, c_ast.BinaryOp) and parent.op in _TAKEN_AS and not chained:
        constant = _TAKEN_AS[parent.op]
        yield constant, ("logical", f"[{{}} -> {constant}]")
    if isinstance(parent, (c_ast.If, c_ast.TernaryOp)) and node is parent.cond:
        yield f"!({_text(node)})", ("condition", "[{} -> not]")
        for constant in ("0", "1"):
            yield constant, ("condition", f"[{{}} -> {constant}]")
    if isinstance(parent, c_ast.Return) and returns_number and not isinstance(node, (c_ast.Constant, c_ast.TernaryOp)):
        for constant in ("0", "1"):
            yield constant, ("return", f"[{{}} -> {constant}]")


def _of_operator(node: Any, named: Mapping[str, int]) -> Iterator[tuple[str, tuple[str, str]]]:
    left, right = _in_parentheses(node.left), _in_parentheses(node.right)
    if node.op in _RELATIONAL:
        same = _SAME_WITHOUT_SIGN.get(node.op) if _is_unsigned_zero(node.right, named) else None
        for other in _RELATIONAL[node.op]:
            if other == same:
                continue
            if other.isdigit():
                yield other, ("relational", f"[{{}} -> {other}]")
            else:
                yield f"{left} {other} {right}", ("relational", f"{_ends(left)} [{node.op} -> {other}] {_ends(right)}")
    elif node.op in _LOGICAL:
        other = _LOGICAL[node.op]
        yield f"{left} {other} {right}", ("logical", f"{_ends(left)} [{node.op} -> {other}] {_ends(right)}")
    elif node.op in _ARITHMETIC:
        other = _ARITHMETIC[node.op]
        yield f"{left} {other} {right}", ("arithmetic", f"{_ends(left)} [{node.op} -> {other}] {_ends(right)}")
        yield left, ("arithmetic", f"[{{}} -> {left}]")
        if node.op not in _LEFT_ALONE:
            yield right, ("arithmetic", f"[{{}} -> {right}]")
    else:
        raise Refusal("operator", node.op, f"one of {', '.join((*_RELATIONAL, *_LOGICAL, *_ARITHMETIC))}",
                      "verification/schemata.py")  # fmt: skip


def _is_unsigned_zero(node: Any, named: Mapping[str, int]) -> bool:
    text = _text(node)
    cast = re.fullmatch(r"\(uint(?:8|16|32|64)_t\) (\w+)", text)
    return text in ("0u", "0U") or (cast is not None and (cast[1] == "0" or named.get(cast[1]) == 0))


def _in_parentheses(node: Any) -> str:
    text = _text(node)
    return text if isinstance(node, (c_ast.Constant, c_ast.ID, c_ast.StructRef, c_ast.FuncCall)) else f"({text})"


def _of_constant(text: str, named: Mapping[str, int]) -> Iterator[tuple[str, tuple[str, str]]]:
    if text in _OTHER_TRUTH:
        yield _OTHER_TRUTH[text], ("constant", f"[{{}} -> {_OTHER_TRUTH[text]}]")
    number = re.fullmatch(r"([0-9]+)([uUlL]*)", text)
    if number is not None:
        value: int | None = int(number[1])
        more, less, zero = (f"{int(number[1]) + step}{number[2]}" for step in (1, -1, -int(number[1])))
    elif _NAMED.fullmatch(text):
        value = named.get(text)
        more, less, zero = f"{text} + 1", f"{text} - 1", "0"
    else:
        return
    yield more, ("constant", f"[{{}} -> {more}]")
    if value != 0:
        yield less, ("constant", f"[{{}} -> {less}]")
    if value not in (0, 1):
        yield zero, ("constant", f"[{{}} -> {zero}]")


# ---- what may be computed twice -----------------------------------------------------------------------------------


class _Uses(c_ast.NodeVisitor):  # type: ignore[misc]  # it has no types to offer
    """What a piece of a program calls, declares, and writes to."""

    def __init__(self) -> None:
        self.calls: set[str] = set()
        self.declares: set[str] = set()
        self.writes: set[str] = set()

    def visit_FuncCall(self, node: Any) -> None:
        self.calls.add(_text(node.name))
        self.generic_visit(node)

    def visit_Decl(self, node: Any) -> None:
        self.declares.add(node.name)
        self.generic_visit(node)

    def visit_Assignment(self, node: Any) -> None:
        self.writes.add(_text(node.lvalue))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: Any) -> None:
        if node.op in ("++", "--", "p++", "p--"):
            self.writes.add(_text(node.expr))
        self.generic_visit(node)


def _uses(node: Any) -> _Uses:
    uses = _Uses()
    uses.visit(node)
    return uses


def _calls(node: Any) -> set[str]:
    return _uses(node).calls


def _pure_functions(tree: Any) -> frozenset[str]:
    """The functions that write to their own variables alone, and call none but such functions."""
    uses = {entry.decl.name: _uses(entry) for entry in tree.ext if isinstance(entry, c_ast.FuncDef)}
    pure = {name for name, found in uses.items() if found.writes <= found.declares}
    while True:
        tainted = {name for name in pure if not uses[name].calls <= pure}
        if not tainted:
            return frozenset(pure)
        pure -= tainted
