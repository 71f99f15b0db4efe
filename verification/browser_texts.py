"""The texts of the auditor's browser: hazards, invariants, controls, clauses and tests, in StrictDoc's form.

Five documents, each made from what it speaks of and from nothing else: the tables in ``safety/``, the contracts of the
C text, and the markers of the tests. A node is a row of a table, a clause with its label, or a test; it points up at
what it shows by id, and down at the lines of the file in which it stands. The sources need no comment for that.
"""

import ast
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from iontocore.safety.controls import CONTROLS, Control
from iontocore.safety.hazards import HAZARDS, Hazard
from iontocore.safety.invariants import INVARIANTS, Invariant
from iontocore.verification import acsl, places
from iontocore.verification.suite import Checked
from iontocore.verification.tools import ROOT, SOURCES

_HAZARDS: Final = "safety/hazards.py"
_CONTROLS: Final = "safety/controls.py"
_INVARIANTS: Final = "safety/invariants.py"
_ENSURES: Final = re.compile(r"\bensures\s+(?P<label>si\d\d_\w+)\s*:(?!:)(?P<says>[^;]*);", re.DOTALL)
_LINE_COMMENT: Final = re.compile(r"//[^\n]*")
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "iontocore.browser")


class Lines(NamedTuple):
    """Lines of a file, from and to, both from 1 and both included."""

    file: str
    first: int
    last: int


class Node(NamedTuple):
    """A node: what it is, its id, its title, its fields by name, what it points up at, and the lines where it stands.
    Of a clause these are its own, and those of the function that it speaks of."""

    tag: str
    uid: str
    title: str
    fields: Mapping[str, str]
    parents: tuple[str, ...]
    lines: tuple[Lines, ...]


class Document(NamedTuple):
    """A document: the name of its file, its title, what it says of itself, and its nodes by section."""

    name: str
    title: str
    about: str
    role: str
    sections: tuple[tuple[str, tuple[Node, ...]], ...]


def documents(tests: Sequence[Checked], root: Path = ROOT) -> tuple[Document, ...]:
    """The five documents. tests: those of the suite; the ones that show no invariant are left out."""
    return (
        Document(
            "1-hazards",
            "Hazards",
            "What can hurt a patient, by what sequence of events, and how badly; and what remains when all that this "
            "project has against it holds. Made from safety/hazards.py.",
            "",
            (("", tuple(_hazard(row, root) for row in HAZARDS)),),
        ),
        Document(
            "2-invariants",
            "Invariants",
            "What always holds. Each points at the hazards that it guards, and at the predicate that judges a tick by "
            "it. Made from safety/invariants.py.",
            "Guards",
            (("", tuple(_invariant(row, root) for row in INVARIANTS)),),
        ),
        Document(
            "3-controls",
            "Controls",
            "What stands against the hazards besides the invariants, and who has to provide it. Made from "
            "safety/controls.py.",
            "Controls",
            (("", tuple(_control(row, root) for row in CONTROLS)),),
        ),
        Document(
            "4-clauses",
            "Clauses of the contracts",
            "What Frama-C shows of the C text, clause by clause, where its label names an invariant. Whether each is "
            "proved stands in ccore/proofs/ledger.csv. Made from ccore/include/ionto.h and ccore/src.",
            "Shows",
            tuple((path.as_posix(), tuple(clauses(path, root))) for path in SOURCES),
        ),
        Document(
            "5-tests",
            "Tests",
            "The tests that name an invariant. How each ended stands in the report. Made from the markers of the "
            "tests.",
            "Shows",
            tuple(_by_file(_test(one, root) for one in tests if one.invariants)),
        ),
    )


# ---- nodes ----------------------------------------------------------------------------------------------------------


def _hazard(row: Hazard, root: Path) -> Node:
    fields = {
        "SEVERITY": f"{int(row.severity)} of 5, {row.severity.name.lower()}",
        "STATEMENT": row.hazard,
        "SEQUENCE": row.sequence,
        "SITUATION": row.situation,
        "HARM": row.harm,
        "BASIS": f"{row.basis} ({row.mark})",
        "NOTE": row.note,
        "REMAINS": row.remains,
    }
    return Node("HAZARD", row.id, row.name, fields, (), (_call(_HAZARDS, row.id, root),))


def _control(row: Control, root: Path) -> Node:
    fields = {"STATEMENT": row.what, "MEANS": row.means, "OWNER": row.owner, "PLACE": row.where}
    return Node("CONTROL", row.id, row.name, fields, row.hazards, (_call(_CONTROLS, row.id, root),))


def _invariant(row: Invariant, root: Path) -> Node:
    fields = {"STATEMENT": row.sentence, "CLAUSE": row.clause, "JUDGED": f"at every {row.scope}"}
    title = row.holds.__name__.removeprefix("_").partition("_")[2].replace("_", " ")
    first, last = _extent(root / _INVARIANTS, row.holds.__name__)
    return Node("INVARIANT", row.id, title, fields, row.hazards, (Lines(_INVARIANTS, first, last),))


def clauses(path: Path, root: Path = ROOT) -> Iterator[Node]:
    """The clauses of a C text whose labels name an invariant, in the order of the text."""
    text = (root / path).read_text(encoding="utf-8")
    bodies = _bodies(root)
    for one in acsl.functions(path, text):
        labels = {clause.label for clause in one.clauses if clause.label}
        for match in _ENSURES.finditer(text, *_contract(text, one)):
            label = match["label"]
            if label not in labels:
                continue
            labels.remove(label)  # what stands twice under one label is one node, at its first place
            says = " ".join(_LINE_COMMENT.sub("", match["says"]).split())
            lines = Lines(path.as_posix(), _line(text, match.start()), _line(text, match.end()))
            fields = {"FUNCTION": one.name, "STATEMENT": says}
            parents = (acsl.invariant_of(label),)
            uid, title = f"{path.name}:{one.name}:{label}", f"{one.name}(): {label}"
            yield Node("CLAUSE", uid, title, fields, parents, (lines, bodies[one.name]))


def _bodies(root: Path) -> Mapping[str, Lines]:
    """Where each function of the C text is defined, from the comments before it on."""
    found = {}
    for path in SOURCES:
        text = (root / path).read_text(encoding="utf-8")
        for one in acsl.functions(path, text):
            if one.defined:
                first = text.rfind("\n\n", 0, one.start) + 2
                found[one.name] = Lines(path.as_posix(), _line(text, first), _line(text, one.end - 1))
    return found


def _contract(text: str, one: acsl.Function) -> tuple[int, int]:
    """Where its contract stands: the last annotation before it, or, of a ghost function, within its own."""
    if text.startswith("/*@", one.start):
        return one.start, one.end
    return max(text.rfind("/*@", 0, one.start), 0), one.start


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _test(one: Checked, root: Path) -> Node:
    first, last = _extent(root / one.file, one.name)
    title = one.name.removeprefix("test_").replace("::", ": ").replace("_", " ")
    fields = {"CASES": str(one.cases)}
    return Node("TEST", f"{one.file}:{one.name}", title, fields, one.invariants, (Lines(one.file, first, last),))


def _by_file(nodes: Iterable[Node]) -> Iterator[tuple[str, tuple[Node, ...]]]:
    for file, of_it in groupby(sorted(nodes, key=lambda one: one.lines), key=lambda one: one.lines[0].file):
        yield file, tuple(of_it)


def _call(file: str, row: str, root: Path) -> Lines:
    """The lines of the row with this id: the call that has its place within it, the innermost."""
    at = places.of_row(file, row, root).line
    calls = [
        node
        for node in _nodes(root / file)
        if isinstance(node, ast.Call) and node.lineno <= at <= (node.end_lineno or node.lineno)
    ]
    inner = max(calls, key=lambda node: node.lineno)
    return Lines(file, inner.lineno, inner.end_lineno or inner.lineno)


def _extent(path: Path, name: str) -> tuple[int, int]:
    """The lines of a function, its decorators included; or those in which a test is made of a state machine, as in
    ``TestName = Machine.TestCase``. name: as pytest has it. LookupError when the file has neither."""
    owner, _, method = name.rpartition("::")
    for node in _nodes(path):
        if isinstance(node, ast.FunctionDef) and node.name == method:
            return min((node.lineno, *(one.lineno for one in node.decorator_list))), node.end_lineno or node.lineno
    for node in _nodes(path):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == owner:
            return node.lineno, node.end_lineno or node.lineno
    raise LookupError(f"{path} has no function {name}")


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


# ---- the form -------------------------------------------------------------------------------------------------------


def sdoc(document: Document) -> str:
    """The document in StrictDoc's form. Texts are taken as they are: a node's fields have no markup."""
    return "".join(f"{line}\n" for line in _sdoc(document))


def _sdoc(document: Document) -> Iterator[str]:
    tag, fields = next((node.tag, tuple(node.fields)) for _, section in document.sections for node in section)
    yield from ("[DOCUMENT]", f"MID: {_mid(document.name)}", f"TITLE: {document.title}")
    yield from ("OPTIONS:", "  ENABLE_MID: True", "  MARKUP: Text", "  VIEW_STYLE: Table", "  DEFAULT_VIEW: readers")
    yield from ("VIEWS:", "- ID: readers", "  TAGS:")
    for one, shown in (("SECTION", ("TITLE",)), ("TEXT", ("STATEMENT",)), (tag, ("UID", "TITLE", *fields))):
        yield from (f"  - OBJECT_TYPE: {one}", "    VISIBLE_FIELDS:", *(f"    - NAME: {field}" for field in shown))
    yield from ("", "[GRAMMAR]", "ELEMENTS:")
    yield from _element("SECTION", ("MID", "TITLE"), composite=True)
    yield from _element("TEXT", ("MID", "STATEMENT"))
    yield from _element(tag, ("MID", "UID", "TITLE", *fields))
    yield "  RELATIONS:"
    if document.role:
        yield from ("  - TYPE: Parent", f"    ROLE: {document.role}")
    yield "  - TYPE: File"
    yield from ("", "[TEXT]", f"MID: {_mid(document.name, 'about')}", *_field("STATEMENT", document.about))
    for title, section in document.sections:
        if title:
            yield from ("", "[[SECTION]]", f"MID: {_mid(document.name, title)}", f"TITLE: {title}")
        for node in section:
            yield from ("", *_node(node, document.role))
        if title:
            yield from ("", "[[/SECTION]]")


def _element(tag: str, fields: Iterable[str], *, composite: bool = False) -> Iterator[str]:
    yield from (f"- TAG: {tag}", "  PROPERTIES:", f"    IS_COMPOSITE: {composite}", "  FIELDS:")
    for field in fields:
        yield from (f"  - TITLE: {field}", "    TYPE: String", "    REQUIRED: True")


def _node(node: Node, role: str) -> Iterator[str]:
    yield from (f"[{node.tag}]", f"MID: {_mid(node.uid)}", f"UID: {node.uid}", f"TITLE: {node.title}")
    for name, text in node.fields.items():
        yield from _field(name, text)
    yield "RELATIONS:"
    for parent in node.parents:
        yield from ("- TYPE: Parent", f"  VALUE: {parent}", f"  ROLE: {role}")
    for lines in node.lines:
        yield from ("- TYPE: File", f"  PATH: {lines.file}", f"  LINE_RANGE: {lines.first}, {lines.last}")


def _field(name: str, text: str) -> tuple[str, ...]:
    return (f"{name}: >>>", text, "<<<")


def _mid(*names: str) -> str:
    """The id that machines know it by: the same for the same name, where StrictDoc would draw one."""
    return uuid.uuid5(_NAMESPACE, "/".join(names)).hex
