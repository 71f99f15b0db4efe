"""Mutants as evidence that proof and tests have teeth: seeded edits, lines taken out, exchanged operators, Python.

All four take longer than a report may, so they are read from their committed records, which say of which text they
speak; that each record fits its table is looked at anew.
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.verification import (
    edited,
    line_removal,
    operator_mutants,
    places,
    proof_mutants,
    python_mutants,
    python_mutants_record,
)
from iontocore.verification.evidence import (
    Evidence,
    Figure,
    Finding,
    Kind,
    Made,
    MutantCount,
    NotShown,
    Place,
    Status,
    Survivor,
)
from iontocore.verification.examined import CORE, TESTED, python_group
from iontocore.verification.gather import Part, Setting
from iontocore.verification.python_mutants_copy import TESTS_OF, texts_of
from iontocore.verification.python_mutants_record import Tried
from iontocore.verification.schemata import schemata


@dataclass(frozen=True, slots=True)
class _Read:
    """What is read of one subject. missing: why the record does not speak of it. fails: why it does not hold."""

    name: str
    says: str
    group: str
    speaks_of: str
    command: str
    source: Place
    figures: Mapping[str, Figure]
    subject: str = ""
    invariants: Iterable[str] = ()
    missing: str = ""
    fails: str = ""


def _evidence(kind: Kind, read: _Read) -> Evidence:
    return Evidence(
        id=f"{kind}:{read.name}",
        kind=kind,
        subject=read.subject or read.name,
        says=read.says,
        invariants=tuple(sorted(set(read.invariants))),
        hazards=(),
        status=Status.NOT_RUN if read.missing else Status.FAILS if read.fails else Status.HOLDS,
        made=Made.RECORDED,
        group=read.group,
        speaks_of=read.speaks_of,
        figures=read.figures,
        command=read.command,
        source=read.source,
        detail=tuple(filter(None, (read.missing, read.fails))),
    )


def _function(file: str, name: str) -> Place:
    """Where a function stands; the first line of the file for one that the text does not have any more."""
    try:
        return places.of_function(file, name)
    except LookupError:
        return Place(file, 1)


# ---- seeded edits ----------------------------------------------------------------------------------------------------


def edits(_: Setting) -> Part:
    """Each seeded edit, and the clauses that were seen to die of it."""
    objections: tuple[Finding, ...] = ()
    try:
        proof_mutants.load()
    except Refusal as misfit:
        objections = (Finding(proof_mutants.TABLE.name, str(misfit)),)
    told = tomllib.loads(proof_mutants.TABLE.read_text("utf-8"))["edit"]
    died: defaultdict[str, list[edited.Row]] = defaultdict(list)
    for row in edited.recorded(proof_mutants.RECORD, proof_mutants.COLUMNS):
        died[row[0]].append(row)
    speaks_of = edited.speaks_of(proof_mutants.RECORD)
    evidence = tuple(_edit(one, died.get(one["id"], []), speaks_of) for one in told)
    return Part(evidence, objections, mutants=tuple(_by_file(Kind.MUTANT, evidence)))


def _edit(told: Mapping[str, str], died: Sequence[edited.Row], speaks_of: str) -> Evidence:
    name, file, function = told["id"], told["file"], told["function"]
    read = _Read(
        name,
        f"{told['what']} Not proved any more: {', '.join(row[3] for row in died)}." if died else told["what"],
        CORE,
        speaks_of,
        f"python -m iontocore.verification.proof_mutants --only {name}",
        _function(file, function),
        {"clauses_that_died": len(died)},
        subject=f"{name} in {Path(file).name}: {function}()",
        invariants=[row[4] for row in died],
        missing="" if died else f"{proof_mutants.RECORD.name} does not have it",
    )
    return _evidence(Kind.MUTANT, read)


def _by_file(kind: Kind, evidence: Iterable[Evidence]) -> Iterator[MutantCount]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in evidence:
        counts[one.source.file]["killed" if one.status is Status.HOLDS else "open"] += 1
    for file, count in sorted(counts.items()):
        yield MutantCount(kind, file, count.total(), count["killed"], 0)


# ---- lines -----------------------------------------------------------------------------------------------------------

_LINES: Final = "Each line that is taken out by itself is noticed by a clause."


def lines(_: Setting) -> Part:
    """Every line of the two channels, function by function, and whether a clause was seen to notice that it is gone."""
    if not line_removal.RECORD.exists():
        return Part(not_shown=(_NO_LINES,))
    rows = edited.recorded(line_removal.RECORD, line_removal.COLUMNS)
    known = line_removal.known(rows)
    speaks_of = edited.speaks_of(line_removal.RECORD)
    by_function = {key: tuple(part) for key, part in groupby(sorted(rows), key=lambda row: (row[0], row[1]))}
    unknown = Counter(one.key[:2] for one in line_removal.all_lines() if one.key not in known)
    evidence = tuple(
        _of_function(file, function, by_function.get((file, function), ()), unknown[file, function], speaks_of)
        for file, function in sorted({*by_function, *((file, function) for file, function in unknown)})
    )
    return Part(evidence, mutants=tuple(_lines_by_file(evidence)))


def _of_function(file: str, function: str, rows: Sequence[edited.Row], unknown: int, speaks_of: str) -> Evidence:
    no_c = sum(row[5] == line_removal.NO_C for row in rows)
    name = Path(file).name
    read = _Read(
        f"{name}:{function}",
        _LINES,
        CORE,
        speaks_of,
        f"make lines ARGS='--only {function}'",
        _function(file, function),
        {"removals": len(rows), "noticed": len(rows) - no_c, "leave_no_c": no_c},
        subject=f"{name}: {function}()",
        invariants=[row[6] for row in rows if row[6]],
        missing=f"{line_removal.RECORD.name} does not have {unknown} removals" if unknown else "",
    )
    return _evidence(Kind.LINES, read)


_NO_LINES: Final = NotShown(
    "lines",
    "That every line of the guard and of the regulator is noticed by a clause when it is gone: there is no record yet.",
    "A line may be beside the point, or a clause may be missing.",
    "make lines",
)


def _lines_by_file(evidence: Iterable[Evidence]) -> Iterator[MutantCount]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in evidence:
        counts[one.source.file].update({name: value for name, value in one.figures.items() if isinstance(value, int)})
    for file, count in sorted(counts.items()):
        yield MutantCount(Kind.LINES, file, count["removals"], count["noticed"], count["leave_no_c"])


# ---- operators -------------------------------------------------------------------------------------------------------


def operators(_: Setting) -> Part:
    """The mutants of each C file: those that live have a reason in the register, and all others were killed."""
    register = operator_mutants.read(operator_mutants.REGISTER)
    speaks_of = operator_mutants.speaks_of(operator_mutants.REGISTER)
    made = schemata(*operator_mutants.core_texts()).mutants
    living = Counter(name.partition(" ")[0] for name in register)
    counts = tuple(
        MutantCount(Kind.OPERATOR_MUTANT, f"ccore/src/{file}", number, number - living[file], living[file])
        for file, number in sorted(Counter(one.file for one in made).items())
    )
    survivors = tuple(
        Survivor(Kind.OPERATOR_MUTANT, f"ccore/src/{name.partition(' ')[0]}", name.partition(" ")[2], reason.text)
        for name, reason in sorted(register.items())
    )
    names = {one.name for one in made}
    wrong = [f"no such mutant any more: {name}" for name in register if name not in names]
    wrong += [
        f"lives without a reason: {name}" for name, why in register.items() if why.text == operator_mutants.UNREASONED
    ]
    objections = tuple(Finding(operator_mutants.REGISTER.name, what) for what in wrong)
    evidence = tuple(_operators_of(count, speaks_of) for count in counts)
    return Part(evidence, objections, mutants=counts, survivors=survivors)


def _operators_of(count: MutantCount, speaks_of: str) -> Evidence:
    name = Path(count.subject).name
    read = _Read(
        name,
        "Each operator that is exchanged fails a test, or the register says why that is no gap.",
        TESTED,
        speaks_of,
        f"python -m iontocore.verification.operator_mutants --only {name}",
        Place(count.subject, 1),
        {"mutants": count.mutants, "killed": count.killed, "live_with_a_reason": count.reasoned},
    )
    return _evidence(Kind.OPERATOR_MUTANT, read)


# ---- Python ----------------------------------------------------------------------------------------------------------


def python(_: Setting) -> Part:
    """The mutants of each Python module that safety rests on."""
    tried = {one.module: one for one in python_mutants_record.read_tried(python_mutants.TRIED)}
    living = python_mutants_record.read(python_mutants.RECORD)
    reasoned = Counter(change.module for change, reason in living if reason.strip())
    known = [tried[module] for module in sorted(TESTS_OF) if module in tried]
    missing = [module for module in sorted(TESTS_OF) if module not in tried]
    survivors = tuple(
        Survivor(
            Kind.PYTHON_MUTANT,
            texts_of(change.module)[0].as_posix(),
            f"{change.function}: {change.was} -> {change.now}",
            reason,
        )
        for change, reason in living
    )
    counts = tuple(
        MutantCount(
            Kind.PYTHON_MUTANT, texts_of(one.module)[0].as_posix(), one.mutants, one.killed, reasoned[one.module]
        )
        for one in known
    )
    evidence = tuple(_python_of(one, reasoned[one.module]) for one in known)
    return Part(evidence, not_shown=tuple(_untried(missing)), mutants=counts, survivors=survivors)


def _untried(modules: Sequence[str]) -> Iterator[NotShown]:
    if modules:
        yield NotShown(
            "python-mutants",
            f"That the tests notice the mutants of {', '.join(modules)}: there is no record of these yet.",
            "A test may pass whatever the module does.",
            "make python-mutants ARGS=--record",
        )


def _python_of(one: Tried, reasoned: int) -> Evidence:
    path = texts_of(one.module)[0].as_posix()
    living = one.mutants - one.killed
    fails = f"{living} live, and {reasoned} of them with a reason" if living != reasoned else ""
    if 100 * one.killed < python_mutants.LEAST_PERCENT * one.mutants:
        fails = f"fewer than {python_mutants.LEAST_PERCENT} % are killed"
    read = _Read(
        path,
        "Each mutant fails a test, or the record says why it may live.",
        python_group(one.module),
        one.speaks_of,
        f"python -m iontocore.verification.python_mutants {one.module}",
        Place(path, 1),
        {"mutants": one.mutants, "killed": one.killed, "live_with_a_reason": reasoned},
        fails=fails,
    )
    return _evidence(Kind.PYTHON_MUTANT, read)
