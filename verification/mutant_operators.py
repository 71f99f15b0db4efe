"""The mutants of one expression of C, by its operator.

    operator    what becomes of it
    relational  the other two that differ from it at one border, and the constant that it is at the far side
    arithmetic  + and - exchanged, * into +, / into *, % into /; either operand alone
    logical     && and || exchanged; an operand of && taken as 1, of || as 0
    condition   of `if` and of ?: negated, always, never (so the branches of ?: are swapped, too)
    constant    one more, one less, zero; 0 becomes 1 alone, and 1 becomes 0 and 2
    sign        a minus or a ! left out
    return      0 and 1 in place of what is returned

For a relational operator three of the seven mutants are made: who tells these from the original tells the others
(Kaminski, Ammann, Offutt: Better predicate testing, AST 2011). For the same reason 0 does not become -1. What is the
same by its type alone is no mutant: `== 0` and `<= 0` of what has no sign, `!= 0` and `> 0`. No divisor becomes zero.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from pycparser import c_ast, c_generator  # type: ignore[import-untyped]  # it has no types to offer

from iontocore.safety.refusal import Refusal

DIVIDING: Final = ("/", "%")
"""Of these only the left operand is a mutant by itself."""

SHOWN: Final = 45
"""Characters of a statement that are shown on either side of a change, and of the two ends of a long expression."""

_RELATIONAL: Final = {
    "<": ("<=", "!=", "0"),
    ">": (">=", "!=", "0"),
    "<=": ("<", "==", "1"),
    ">=": (">", "==", "1"),
    "==": ("<=", ">=", "0"),
    "!=": ("<", ">", "1"),
}
_SAME_WITHOUT_SIGN: Final = {"==": "<=", "!=": ">"}
_ARITHMETIC: Final = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/"}
_LOGICAL: Final = {"&&": "||", "||": "&&"}
_TAKEN_AS: Final = {"&&": "1", "||": "0"}
_OTHER_TRUTH: Final = {"true": "false", "false": "true"}
_NAMED: Final = re.compile(r"[A-Z][A-Z0-9_]*")


class Change(NamedTuple):
    """One mutant of an expression: its text, its operator, and what is shown of it, with {} for the source."""

    text: str
    operator: str
    shown: str


class Plain(c_generator.CGenerator):  # type: ignore[misc]  # it has no types to offer
    """Source as it is, but for one place."""

    def __init__(self, place: Any = None, instead: str = "") -> None:
        super().__init__(reduce_parentheses=True)
        self._place = place
        self._instead = instead

    def visit(self, node: Any) -> str:
        """The text of a node of pycparser's tree."""
        return self._instead if node is self._place else str(super().visit(node))


def text_of(node: Any) -> str:
    """The text of a node of pycparser's tree."""
    return Plain().visit(node)


def ends(text: str) -> str:
    """A text on one line; a long one by its two ends."""
    text = " ".join(text.split())
    return text if len(text) <= 2 * SHOWN else f"{text[:SHOWN]} ... {text[-SHOWN:]}"


def changes(node: Any, parent: Any, named: Mapping[str, int], returns_number: bool) -> list[Change]:
    """The mutants of an expression, each text once. named: the values of constants that have a name.

    Refusal for an operator that is not in the list above."""
    found = {change.text: change for change in _changes(node, parent, named, returns_number)}
    return list(found.values())


def _changes(node: Any, parent: Any, named: Mapping[str, int], returns_number: bool) -> Iterator[Change]:
    text = text_of(node)
    if isinstance(node, c_ast.BinaryOp):
        yield from _of_operator(node, named)
    elif isinstance(node, c_ast.UnaryOp) and node.op in ("-", "!"):
        yield Change(text_of(node.expr), "sign", f"[{{}} -> {text_of(node.expr)}]")
    elif isinstance(node, (c_ast.Constant, c_ast.ID)) and not isinstance(parent, c_ast.StructRef):
        divides = isinstance(parent, c_ast.BinaryOp) and parent.op in DIVIDING and node is parent.right
        for other in _other_constants(text, named, may_be_zero=not divides):
            yield Change(other, "constant", f"[{{}} -> {other}]")
    chained = isinstance(node, c_ast.BinaryOp) and isinstance(parent, c_ast.BinaryOp) and node.op == parent.op
    if isinstance(parent, c_ast.BinaryOp) and parent.op in _TAKEN_AS and not chained:
        yield Change(_TAKEN_AS[parent.op], "logical", f"[{{}} -> {_TAKEN_AS[parent.op]}]")
    if isinstance(parent, (c_ast.If, c_ast.TernaryOp)) and node is parent.cond:
        yield Change(f"!({text})", "condition", "[{} -> not]")
        yield Change("0", "condition", "[{} -> 0]")
        yield Change("1", "condition", "[{} -> 1]")
    if isinstance(parent, c_ast.Return) and returns_number and not isinstance(node, (c_ast.Constant, c_ast.TernaryOp)):
        yield Change("0", "return", "[{} -> 0]")
        yield Change("1", "return", "[{} -> 1]")


def _of_operator(node: Any, named: Mapping[str, int]) -> Iterator[Change]:
    left, right = _in_parentheses(node.left), _in_parentheses(node.right)

    def exchanged(other: str, operator: str) -> Change:
        return Change(f"{left} {other} {right}", operator, f"{ends(left)} [{node.op} -> {other}] {ends(right)}")

    if node.op in _RELATIONAL:
        same = _SAME_WITHOUT_SIGN.get(node.op) if _is_unsigned_zero(node.right, named) else None
        for other in _RELATIONAL[node.op]:
            if other.isdigit():
                yield Change(other, "relational", f"[{{}} -> {other}]")
            elif other != same:
                yield exchanged(other, "relational")
    elif node.op in _LOGICAL:
        yield exchanged(_LOGICAL[node.op], "logical")
    elif node.op in _ARITHMETIC:
        yield exchanged(_ARITHMETIC[node.op], "arithmetic")
        for operand in (left,) if node.op in DIVIDING else (left, right):
            yield Change(operand, "arithmetic", f"[{{}} -> {operand}]")
    else:
        known = ", ".join((*_RELATIONAL, *_LOGICAL, *_ARITHMETIC))
        raise Refusal("an operator", node.op, f"one of {known}", "verification/mutant_operators.py")


def _is_unsigned_zero(node: Any, named: Mapping[str, int]) -> bool:
    text = text_of(node)
    cast = re.fullmatch(r"\(uint(?:8|16|32|64)_t\) (\w+)", text)
    return text in ("0u", "0U") or (cast is not None and (cast[1] == "0" or named.get(cast[1]) == 0))


def _in_parentheses(node: Any) -> str:
    text = text_of(node)
    return text if isinstance(node, (c_ast.Constant, c_ast.ID, c_ast.StructRef, c_ast.FuncCall)) else f"({text})"


def _other_constants(text: str, named: Mapping[str, int], *, may_be_zero: bool) -> Iterator[str]:
    number = re.fullmatch(r"([0-9]+)([uUlL]*)", text)
    if number is not None:
        value: int | None = int(number[1])
        more, less, zero = (f"{int(number[1]) + step}{number[2]}" for step in (1, -1, -int(number[1])))
    elif _NAMED.fullmatch(text):
        value = named.get(text)
        more, less, zero = f"{text} + 1", f"{text} - 1", "0"
    else:
        if text in _OTHER_TRUTH:
            yield _OTHER_TRUTH[text]
        return
    yield more
    if value != 0 and (value != 1 or may_be_zero):
        yield less
    if value not in (0, 1) and may_be_zero:
        yield zero
