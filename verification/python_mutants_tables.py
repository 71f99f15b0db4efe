"""Mutates the tables: what stands at module level and in the bodies of classes, which mutmut leaves alone.

One mutation each:

* a whole number is one more, True is False and False is True
* a member of an enumeration is the next of its members (``State.IDLE`` is ``State.RAMP``)
* a figure or a function that is named is the next one of its kind in the module
* a name or an id in quotes is another one (``"H-01"`` is ``"XXH-01XX"``); prose, which has spaces, is left alone
* an element of a tuple, a set or a dict is left out
* an operator is another one, as mutmut exchanges it

A table is made when its module is imported, so every mutant needs fresh modules: a worker that has all but them
(``python_mutants_worker``) forks for each.
"""

import importlib
import json
import queue
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from enum import EnumType
from itertools import accumulate
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final, NamedTuple

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, WhitespaceInclusivePositionProvider
from mutmut.mutation.mutators import operator_name, operator_number, operator_swap_op

from iontocore.safety.limits import Figure
from iontocore.safety.refusal import Refusal
from iontocore.verification import python_mutants_copy as copies
from iontocore.verification.progress import progress
from iontocore.verification.python_mutants_record import Change

TIMEOUT_S: Final = 120
"""Seconds after which the tests of a mutant count as running for ever."""

_WORKER: Final = Path(__file__).resolve().parent / "python_mutants_worker.py"
_ARGUMENTS: Final = ("-x", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", *copies.PYTEST)
"""hypothesis is imported before pytest can rewrite its asserts; it has none that matter."""
_WORD: Final = re.compile(r"[\w-]+")


class TableMutant(NamedTuple):
    """A mutant of a table: what it changes, and the source of the whole module with the change."""

    change: Change
    source: str


class _Found(NamedTuple):
    """A node, what comes in its place, and which part of it a reader is shown before and after."""

    old: cst.CSTNode
    new: cst.CSTNode
    was: cst.CSTNode
    now: cst.CSTNode | None


def mutants(module: str, source: str) -> Iterator[TableMutant]:
    """Every mutant of the tables in the source of one module; its names are looked up in the module as imported."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    tree, places = wrapper.module, wrapper.resolve(WhitespaceInclusivePositionProvider)
    starts = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]
    imported = importlib.import_module(import_name(module))
    for name, value in _statements(tree.body):
        for found in _found(value, imported):
            start, end = places[found.old].start, places[found.old].end
            before, after = source[: starts[start.line - 1] + start.column], source[starts[end.line - 1] + end.column :]
            was, now = (" ".join(tree.code_for_node(node).split()) if node else "" for node in (found.was, found.now))
            yield TableMutant(Change(module, name, was, now), before + tree.code_for_node(found.new) + after)


def _statements(body: Sequence[cst.CSTNode], prefix: str = "") -> Iterator[tuple[str, cst.BaseExpression]]:
    """Each value that is assigned at module level or in a class, with the name that it is assigned to."""
    for node in body:
        if isinstance(node, cst.ClassDef):
            yield from _statements(node.body.body, f"{prefix}{node.name.value}.")
        for small in node.body if isinstance(node, cst.SimpleStatementLine) else ():
            target = small.target if isinstance(small, cst.AnnAssign) else None
            if isinstance(small, cst.Assign):
                target = small.targets[0].target
            if not isinstance(target, cst.Name) or target.value.startswith("__"):
                continue
            if isinstance(small, cst.Assign | cst.AnnAssign) and small.value:
                yield prefix + target.value, small.value


def _found(root: cst.CSTNode, module: ModuleType) -> Iterator[_Found]:
    """The mutations of a node and of all that is below it."""
    if isinstance(root, cst.Annotation | cst.FormattedString) or m.matches(root, m.Subscript(m.Name("Literal"))):
        return  # types, and prose
    for new in _instead(root, module):
        yield _Found(root, new, root, new)
    yield from _without_one(root)
    for child in root.children:
        # The name of what is called, of an attribute or of a parameter is no value.
        named = isinstance(root, cst.Attribute) or (isinstance(root, cst.Arg) and child is root.keyword)
        if not named and not (isinstance(root, cst.Call) and child is root.func):
            yield from _found(child, module)


def _instead(node: cst.CSTNode, module: ModuleType) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.BaseNumber):
        yield from operator_number(node)
    elif isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name):
        kind = getattr(module, node.value.value, None)
        if isinstance(kind, EnumType) and node.attr.value in kind.__members__:
            yield node.with_changes(attr=cst.Name(_next(node.attr.value, list(kind.__members__))))
    elif isinstance(node, cst.Name):
        yield from operator_name(node)
        yield from _next_of_its_kind(node, module)
    elif isinstance(node, cst.SimpleString) and isinstance(text := node.evaluated_value, str) and _WORD.fullmatch(text):
        yield cst.SimpleString(f'"XX{text}XX"')
    elif not isinstance(node, cst.UnaryOperation):
        yield from operator_swap_op(node)


def _next_of_its_kind(node: cst.Name, module: ModuleType) -> Iterator[cst.Name]:
    """Another figure, or another function that is made here as well and is named for the same use."""
    value = getattr(module, node.value, None)
    kind = Figure if isinstance(value, Figure) else FunctionType
    if isinstance(value, kind) and getattr(value, "__module__", "") == module.__name__:
        alike = [name for name, other in vars(module).items() if _is_alike(value, other, module)]
        if len(alike) > 1:
            yield cst.Name(_next(node.value, alike))


def _is_alike(value: object, other: object, module: ModuleType) -> bool:
    if isinstance(value, FunctionType) and isinstance(other, FunctionType):
        return other.__module__ == module.__name__ and other.__annotations__ == value.__annotations__
    return type(value) is type(other) and getattr(other, "__module__", "") == module.__name__


def _next(name: str, names: list[str]) -> str:
    return names[(names.index(name) + 1) % len(names)]


def _without_one(node: cst.CSTNode) -> Iterator[_Found]:
    if isinstance(node, cst.Tuple | cst.List | cst.Set | cst.Dict):
        for element in node.elements:
            rest = [other for other in node.elements if other is not element]
            if isinstance(node, cst.Set) and not rest:
                continue  # {} is a dict
            if isinstance(node, cst.Tuple) and len(rest) == 1:
                rest = [rest[0].with_changes(comma=cst.Comma())]
            yield _Found(node, node.with_changes(elements=rest), element, None)


# ---- their tests -------------------------------------------------------------------------------------------


class _Worker:
    """A process that tests one mutant after the other, in the copy in `place`."""

    def __init__(self, place: Path) -> None:
        environment = copies.environment(place, place / "src")
        environment["OPENBLAS_NUM_THREADS"] = "1"  # a process that forks has one thread
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER)],
            cwd=place, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def status(self, module: str, source: str, tests: Sequence[str]) -> int:
        """The exit status of pytest on the mutant; below 0 a signal, which is the alarm after `TIMEOUT_S`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"module": module, "source": source, "arguments": [*_ARGUMENTS, *tests], "timeout_s": TIMEOUT_S}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process; whatever it is at is given up."""
        self._process.kill()
        self._process.communicate()


def mutants_of_tables(place: Path, module: str, jobs: int) -> list[tuple[Change, str]]:
    """Every mutant of a table in one module, tested in the copy in `place`, and what became of it: killed, timeout or
    survived. Refusal when the module's tests fail without a mutant."""
    source = (place / "src" / "iontocore" / module).read_text("utf-8")
    found = list(mutants(module, source))
    with ExitStack() as stack:
        free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for _ in range(jobs):
            worker = _Worker(place)
            stack.callback(worker.close)
            free.put(worker)

        def tested(mutated: str) -> int:
            worker = free.get()
            try:
                return worker.status(import_name(module), mutated, copies.test_files(module))
            finally:
                free.put(worker)

        status = tested(source)
        if status != 0:
            tests = ", ".join(copies.test_files(module))
            raise Refusal(tests, f"failing without a mutant ({status})", "tests that pass", module, "mend them")
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        stack.callback(pool.shutdown, cancel_futures=True)
        advance = stack.enter_context(progress(f"mutants of the tables of {module}", len(found)))
        result = []
        for mutant, status in zip(found, pool.map(lambda mutant: tested(mutant.source), found), strict=True):
            result.append((mutant.change, "survived" if status == 0 else "timeout" if status < 0 else "killed"))
            advance(mutant.change.function)
        return result


def import_name(module: str) -> str:
    """``safety/limits.py`` is imported as ``iontocore.safety.limits``."""
    return "iontocore." + module.removesuffix(".py").replace("/", ".")
