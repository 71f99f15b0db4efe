"""The records that a report is made of, and the one form in which they are written: ``evidence.json``.

Everything that an auditor is shown is in one `Report`: what was examined, what holds and what does not, what is not
shown, and each piece of evidence with the ids of the invariants and hazards that it points up at. Pages and pictures
are made from the report and add nothing to it.

The form is canonical: keys are sorted, lines end in LF, texts are UTF-8, and every number is whole, with its unit in
its name. So two runs on the same text give the same bytes, but for `Run`, which alone says when and where. The shape
is published as ``evidence.schema.json`` (JSON Schema 2020-12), which is made from these records
(``iontocore.verification.evidence_schema``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from types import UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

FORMAT: Final = "iontocore-evidence-1"
"""Raised when a reader of the former one would misread a report."""

Figure = int | str | bool
"""A number is whole, and its name ends in its unit; a count has none."""


class Kind(StrEnum):
    """The kinds of evidence."""

    PROOF = "proof"
    MUTANT = "mutant"
    LINES = "lines"
    OPERATOR_MUTANT = "operator-mutant"
    PYTHON_MUTANT = "python-mutant"
    TEST = "test"
    MODEL = "model"
    FAULT = "fault"
    COVERAGE = "coverage"
    RULES = "rules"
    FUZZ = "fuzz"
    SANITIZE = "sanitize"
    CHARACTERISTIC = "characteristic"
    SIZES = "sizes"


class Status(StrEnum):
    """What a piece of evidence says. SUSPECT: it was recorded of another text than the one that is examined."""

    HOLDS = "holds"
    FAILS = "fails"
    SUSPECT = "suspect"
    NOT_RUN = "not-run"


class Standing(StrEnum):
    """What all evidence together says of an invariant or of a hazard."""

    HOLDS = "holds"
    BROKEN = "broken"
    SUSPECT = "suspect"
    NOT_SHOWN = "not-shown"


class Made(StrEnum):
    """Whether a result was made for this report, or read from the records that are committed beside the text."""

    NOW = "now"
    RECORDED = "recorded"


class Mode(StrEnum):
    """FULL makes all results anew but those that take hours; QUICK makes only those that take seconds."""

    FULL = "full"
    QUICK = "quick"


# ---- what was examined -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a text. file: relative to the project. line: from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Project:
    """What the report is about."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Group:
    """Texts that a kind of evidence speaks of. fingerprint: SHA-256 over their names and contents, in this order."""

    name: str
    paths: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Examined:
    """The text that was examined, and by which tools. commit: "" outside of a repository. clean: whether the texts are
    those of the commit. texts: the SHA-256 of each by its path. tools: the version of each by its name."""

    commit: str
    clean: bool
    texts: Mapping[str, str]
    groups: tuple[Group, ...]
    tools: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """When and where a report was made; it alone may differ between two reports of one text. date: UTC, ISO 8601.
    seconds: of each step, and "all"."""

    date: str
    machine: str
    processors: int
    seconds: Mapping[str, int]


# ---- what is concluded -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that stands against the claim. where: an id, or a place."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class NotShown:
    """Something that this evidence does not show. otherwise: what follows if it is not so. whose: who can show it.
    invariants, hazards: what it leaves open."""

    id: str
    what: str
    otherwise: str
    whose: str
    invariants: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion. It holds when there is no finding."""

    holds: bool
    findings: tuple[Finding, ...]
    not_shown: tuple[NotShown, ...]


@dataclass(frozen=True, slots=True)
class AssumptionRow:
    """A thing taken for granted, and the kinds of evidence that rest on it."""

    id: str
    assumes: str
    bears: tuple[Kind, ...]
    otherwise: str
    bounded_by: str
    whose: str
    source: Place


@dataclass(frozen=True, slots=True)
class HazardRow:
    """A hazard (ISO 14971), the invariants that guard it, and the evidence that is reached through them or points at it
    directly. severity: 1 to 5. reached: how many pieces of evidence of each kind are reached. evidence: ids of what
    points at the hazard itself."""

    id: str
    name: str
    hazard: str
    sequence: str
    situation: str
    harm: str
    severity: int
    severity_name: str
    note: str
    invariants: tuple[str, ...]
    status: Standing
    reached: Mapping[str, int]
    evidence: tuple[str, ...]
    source: Place


@dataclass(frozen=True, slots=True)
class InvariantRow:
    """An invariant, and the ids of the evidence that points at it. scope: ``tick`` when it is judged at every tick
    alone, ``report`` when reports of a running session are judged by it as well. source: its row. predicate: what
    judges samples by it."""

    id: str
    sentence: str
    hazards: tuple[str, ...]
    clause: str
    scope: str
    status: Standing
    evidence: tuple[str, ...]
    not_shown: tuple[str, ...]
    source: Place
    predicate: Place


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence.

    id: unique; its kind, a colon and the subject, such as ``proof:guard.c:permit:si03_rise``.
    subject: what was looked at. says: what it shows, in one sentence.
    invariants, hazards: the ids that it points up at.
    group: the name of the texts that it speaks of. speaks_of: their fingerprint when it was made.
    figures: what was counted or measured. command: what makes it again. source: where its subject stands.
    detail: what was said when it does not hold.
    """

    id: str
    kind: Kind
    subject: str
    says: str
    invariants: tuple[str, ...]
    hazards: tuple[str, ...]
    status: Status
    made: Made
    group: str
    speaks_of: str
    figures: Mapping[str, Figure]
    command: str
    source: Place
    detail: tuple[str, ...] = ()


# ---- tables of their own ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A single fault over all its trials; each figure is the worst of them, and None where it never came to that.

    verdict: held, broken, not shown, hardware or profile (who else has to answer it). tripped: how often each trip was
    the first. found_us: from the fault to the trip. zero_us: from the fault to zero current. until_cut_fc: the charge
    that flowed until then. after_stop_us, after_press_us: from a stop, and from the emergency stop, to zero. wrong_us:
    how long a wrong current flowed. astray_fc: charge beyond what was driven. hazardous: trials with a hazardous
    outcome. outcomes: how often which. broken: how often which invariant was broken. worst: the worst trial in words.
    """

    id: str
    sentence: str
    subject: str
    answered_by: str
    why: str
    to_show: str
    verdict: str
    hazards: tuple[str, ...]
    endangers: tuple[str, ...]
    trials: int
    changed: int
    found: int
    tripped: Mapping[str, int]
    found_us: int | None
    zero_us: int | None
    until_cut_fc: int
    after_stop_us: int | None
    after_press_us: int | None
    wrong_us: int
    astray_fc: int
    peak_na: int
    step_na: int
    drop_na: int
    hazardous: int
    outcomes: Mapping[str, int]
    broken: Mapping[str, int]
    worst: str


@dataclass(frozen=True, slots=True)
class ModelProperty:
    """A property that was searched for a breach. states, depth: of the search."""

    label: str
    says: str
    formula: str
    invariants: tuple[str, ...]
    liveness: bool
    status: Status
    states: int
    depth: int


@dataclass(frozen=True, slots=True)
class SeededError:
    """An error that was put into the model, the property that must find it, and whether it did."""

    says: str
    where: str
    found_by: str
    found: bool


@dataclass(frozen=True, slots=True)
class Model:
    """The model of the state table, the core and a hostile world. rows_taken of rows: the rows of the state table that
    the search came by."""

    rows: int
    rows_taken: int
    properties: tuple[ModelProperty, ...]
    seeds: tuple[SeededError, ...]


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """What the tests covered of a C file: functions called, lines run, outcomes of conditions, conditions of compound
    decisions that were shown to decide (MC/DC); each of how many."""

    file: str
    functions: int
    functions_covered: int
    lines: int
    lines_covered: int
    branches: int
    branches_covered: int
    conditions: int
    conditions_covered: int


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A place that no test covers. excuse: its id in the register, or "". never: what is missing there."""

    excuse: str
    place: Place
    function: str
    decision: str
    condition: str
    never: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tests cover of the C core, and each place that they do not."""

    files: tuple[FileCoverage, ...]
    uncovered: tuple[Uncovered, ...]


@dataclass(frozen=True, slots=True)
class MutantCount:
    """Mutants of one kind in one text: how many were made, killed, and left with a reason why they may live."""

    kind: Kind
    subject: str
    mutants: int
    killed: int
    reasoned: int


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that lives, and the reason why it may."""

    kind: Kind
    subject: str
    change: str
    reason: str


@dataclass(frozen=True, slots=True)
class Mutants:
    """Every kind of mutant, and each one that lives."""

    counts: tuple[MutantCount, ...]
    survivors: tuple[Survivor, ...]


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One measured figure of the output, in the simulation. allowed: the bound in words, or "" where there is none.
    value: in `unit`."""

    id: str
    what: str
    condition: str
    value: int
    unit: str
    allowed: str
    status: Status


@dataclass(frozen=True, slots=True)
class Waveform:
    """A curve to be drawn: values in `unit` at times in microseconds, as many of one as of the other."""

    id: str
    title: str
    unit: str
    times_us: tuple[int, ...]
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Characteristics:
    """What regulators ask for of an output."""

    figures: tuple[Characteristic, ...]
    waveforms: tuple[Waveform, ...]


@dataclass(frozen=True, slots=True)
class SoupRow:
    """Software of unknown provenance (IEC 62304, 3.29). used: at run time, to build, or to gather evidence."""

    name: str
    version: str
    license: str
    supplier: str
    used: str
    purpose: str
    risk: str


@dataclass(frozen=True, slots=True)
class ChecklistRow:
    """A clause of a standard, in own words, and how it is answered. answered_by: software, or the integrator.
    evidence: ids of evidence, invariants, or names of documents."""

    standard: str
    clause: str
    asks: str
    answer: str
    answered_by: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it; what ``evidence.json`` holds. A table that is None was not made, and `not_shown` says so."""

    schema: str
    project: Project
    examined: Examined
    mode: Mode
    verdict: Verdict
    assumptions: tuple[AssumptionRow, ...]
    hazards: tuple[HazardRow, ...]
    invariants: tuple[InvariantRow, ...]
    evidence: tuple[Evidence, ...]
    faults: tuple[FaultRow, ...]
    model: Model | None
    coverage: Coverage | None
    mutants: Mutants
    characteristics: Characteristics | None
    soup: tuple[SoupRow, ...]
    checklists: tuple[ChecklistRow, ...]
    run: Run


# ---- the canonical form ----------------------------------------------------------------------------------------------

_T = TypeVar("_T")


def canonical(report: Report) -> str:
    """The text of ``evidence.json``. TypeError for a value that has no canonical form, such as a broken number."""
    return json.dumps(plain(report), sort_keys=True, ensure_ascii=False, indent=1, separators=(",", ": ")) + "\n"


def plain(value: object) -> Any:
    """A record as JSON has it. TypeError for what has no canonical form."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | str):
        return str(value) if isinstance(value, StrEnum) else value
    raise TypeError(f"{value!r} has no canonical form")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{key!r} is no key")
    return str(key)


def without_run(text: str) -> str:
    """The text of an ``evidence.json`` but for when and where it was made: what two reports of one text share."""
    told = json.loads(text)
    del told["run"]
    return json.dumps(told, sort_keys=True, ensure_ascii=False)


def read(text: str) -> Report:
    """The report that a text of `canonical` holds. ValueError when it is none."""
    try:
        told = json.loads(text)
        if not isinstance(told, dict) or told.get("schema") != FORMAT:
            raise ValueError(f"it is not of the form {FORMAT}")
        return _record(Report, told)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no report: {error!r}") from error


def _record(kind: type[_T], told: object) -> _T:
    hints = get_type_hints(kind)
    if not isinstance(told, dict) or told.keys() != hints.keys():
        raise ValueError(f"{kind.__name__} has {', '.join(hints)}, and nothing else")
    return kind(**{name: _value(hints[name], told[name]) for name in hints})


def _value(kind: Any, told: Any) -> Any:
    """What a plain value is as this type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(told, list):
        return tuple(_value(inner[0], each) for each in told)
    if origin in (UnionType, Union):
        if type(told) in inner:
            return told
        (record,) = (each for each in inner if is_dataclass(each))
        return _record(cast(type[Any], record), told)
    if origin is Mapping and isinstance(told, dict):
        return {name: _value(inner[1], each) for name, each in told.items()}
    if is_dataclass(kind):
        return _record(cast(type[Any], kind), told)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(told)
    if type(told) is not kind:  # a truth is no number
        raise ValueError(f"{told!r} is no {kind}")
    return told
