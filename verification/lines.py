"""Taking lines out of a C function, one at a time, so that what is left is still C.

This is no parser of C: it knows the shapes in which this project writes, as `iontocore.verification.acsl` does. A line
that is commented out as it stands leaves C behind only when it is a statement of its own; so each is taken out in the
form in which it means the same:

    gone        an assignment or a call; and a pointer, which is the name of a place: what uses it is no C without it
    any value   what a declaration or a return computes: the variable, or the result, is left without a value, and so
                may have every one
    always      the question of an ``if``: what it guards is done at every time
    never       ... and at none
    line gone   a line of a statement that has more of them, with the ``&&``, ``||`` or ``+`` that joins it to the rest

Blank lines, comments, annotations, braces, ``else`` and declarations without a value do nothing that could be missing.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_HEAD: Final = re.compile(r"(?:static\s+)?(?P<type>[^()]*?)\s*\w+\s*\([^()]*\)\s*\{", re.DOTALL)
_QUESTION: Final = re.compile(r"(?P<before>(?:else\s+)?if\s*)\((?P<asked>.*)\)", re.DOTALL)
_VARIABLE: Final = r"(?:const\s+)?(?:struct\s+)?[A-Za-z_]\w*(?:\s+|\s*\*\s*)[A-Za-z_]\w*"
_DECLARED: Final = re.compile(rf"(?P<declared>{_VARIABLE})\s*=(?!=)")
_BARE: Final = re.compile(rf"{_VARIABLE}\s*;")
_RETURN: Final = re.compile(r"return\b")
_BEFORE: Final = re.compile(r"(?:return\b|[^=]*?=(?!=))\s*")
_JOINED: Final = re.compile(r"(?P<joint>&&|\|\||\+)\s*")
_INITIALISER: Final = re.compile(r"=\s*$")

GONE: Final = "gone"
ANY_VALUE: Final = "any value"
ALWAYS: Final = "always"
NEVER: Final = "never"
LINE_GONE: Final = "line gone"


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that is taken out of a function.

    text: what it is taken from, on one line: a statement, a question, or a line of either.
    nth: which of those of the same text and form in the function, from 1.
    form: one of the module's five.
    edited: the function's own text without it.
    """

    text: str
    nth: int
    form: str
    edited: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A statement, or the head of a block: its place in the function's own text, and whether it is a head."""

    start: int
    end: int
    head: bool


def removals(own: str) -> tuple[Removal, ...]:
    """Everything that can be taken out of a function, whose own text is `own`, in its order. A line that leaves no C
    behind is among them: that is for a compiler to say."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for text, form, edited in _all(own):
        seen[text, form] += 1
        found.append(Removal(text, seen[text, form], form, edited))
    return tuple(found)


def _all(own: str) -> Iterator[tuple[str, str, str]]:
    bare = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), own)
    head = _HEAD.match(bare)
    if head is None:
        return
    for part in _parts(bare, head.end()):
        said = " ".join(bare[part.start : part.end].split())
        for form, edited in _whole(own, bare, part, head["type"]):
            yield said, form, edited
        for start, end in _lines(bare, part):
            yield " ".join(bare[start:end].split()), LINE_GONE, _without(own, start, end)


def _parts(bare: str, begun: int) -> Iterator[_Part]:
    """The statements and heads from `begun` on, where the body starts."""
    at, parentheses, braces = begun, 0, 0
    while at < len(bare):
        character = bare[at]
        if character in "()":
            parentheses += 1 if character == "(" else -1
        elif character == "{" and (braces or _INITIALISER.search(bare, begun, at)):
            braces += 1
        elif character == "}" and braces:
            braces -= 1
        elif character in "{};" and not parentheses and not braces:
            start = begun + len(bare[begun:at]) - len(bare[begun:at].lstrip())
            if start < at:
                end = at + 1 if character == ";" else len(bare[:at].rstrip())
                yield _Part(start, end, head=character == "{")
            begun = at + 1
        at += 1


def _whole(own: str, bare: str, part: _Part, result: str) -> Iterator[tuple[str, str]]:
    """The forms in which a whole statement or question is taken out, each with the text that is left."""
    said = bare[part.start : part.end]
    if part.head:
        question = _QUESTION.fullmatch(said)
        if question:
            for form, answer in ((ALWAYS, "1"), (NEVER, "0")):
                yield form, _replaced(own, part, f"{question['before']}({answer})")
        return
    declared = _DECLARED.match(said)
    if declared and "*" in declared["declared"]:
        yield GONE, _replaced(own, part, ";")
    elif declared:
        yield ANY_VALUE, _replaced(own, part, f"{declared['declared']};")
    elif _RETURN.match(said):
        yield ANY_VALUE, _replaced(own, part, f"{{ {result} any_value; return any_value; }}")
    elif not _BARE.fullmatch(said):
        yield GONE, _replaced(own, part, ";")


def _lines(bare: str, part: _Part) -> Iterator[tuple[int, int]]:
    """The places of the lines of a statement of more than one, each with what joins it to the rest: from its first
    ``&&``, ``||`` or ``+`` to where the brackets that it opens are closed; of the first line, what stands before such a
    joint that begins the second."""
    at = part.start
    lines = []
    for line in bare[part.start : part.end].splitlines(keepends=True):
        lines.append((at + len(line) - len(line.lstrip()), at + len(line.rstrip())))
        at += len(line)
    for number, (start, end) in enumerate(lines):
        if number and _JOINED.match(bare, start):
            stop = _balanced_from(bare, start, end)
            if stop > start:
                yield start, stop
        elif number + 1 < len(lines):
            joint = _JOINED.match(bare, lines[number + 1][0])
            begin = _operand(bare, start, end) if joint else end
            if joint and begin < end:
                yield begin, joint.end()


def _balanced_from(bare: str, start: int, end: int) -> int:
    """The furthest place up to `end` at which every bracket that was opened from `start` on is closed."""
    depth, furthest = 0, start
    for at in range(start, end):
        depth += {"(": 1, ")": -1}.get(bare[at], 0)
        if depth < 0:
            break
        if depth == 0:
            furthest = at + 1
    return len(bare[:furthest].rstrip().rstrip(";"))


def _operand(bare: str, start: int, end: int) -> int:
    """Where the operand begins that ends the line from `start` to `end`: behind the last bracket that the line leaves
    open, or else behind its ``return`` or ``=``; `end` for none."""
    depth = 0
    for at in range(end - 1, start - 1, -1):
        depth += {")": 1, "(": -1}.get(bare[at], 0)
        if depth < 0:
            return at + 1
    before = _BEFORE.match(bare, start, end)
    return before.end() if before else end


def _replaced(own: str, part: _Part, by: str) -> str:
    return own[: part.start] + by + own[part.end :]


def _without(own: str, start: int, end: int) -> str:
    return own[:start] + own[end:]
