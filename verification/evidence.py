"""The records that a report is made of: everything that an auditor is shown is in one `Report`.

It says what was examined, what holds and what does not, what is not shown, and gives each piece of evidence with the
ids of the invariants and hazards that it points up at. Pages and pictures are made from the report and add nothing to
it. Every number is whole, with its unit in its name, or a decimal number as a text; so two runs on the same text give
the same records, but for `Run`, which alone says when and where.

``evidence_form`` writes and reads them, ``evidence_schema`` publishes their shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

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
    """FULL makes all results anew but those that take too long for that; QUICK makes only those that take seconds."""

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


@dataclass(frozen=True, slots=True, order=True)
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
    """A hazard (ISO 14971), the invariants that guard it and the other controls against it, and the evidence that is
    reached through the invariants or points at it directly. severity: 1 to 5. basis, mark: where it is known from, and
    how far that can be trusted. remains: what is left when all this holds. reached: how many pieces of evidence of each
    kind are reached. evidence: ids of what points at the hazard itself."""

    id: str
    name: str
    hazard: str
    sequence: str
    situation: str
    harm: str
    severity: int
    severity_name: str
    basis: str
    mark: str
    note: str
    remains: str
    controls: tuple[str, ...]
    invariants: tuple[str, ...]
    status: Standing
    reached: Mapping[str, int]
    evidence: tuple[str, ...]
    source: Place


@dataclass(frozen=True, slots=True)
class ControlRow:
    """A control besides the invariants: what it does, against which hazards, by what means, and who has to provide it.
    where: the file that does it or asks for it."""

    id: str
    name: str
    what: str
    hazards: tuple[str, ...]
    means: str
    owner: str
    where: str
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

    verdict: held, broken, not shown; or supervisor, hardware or profile, which have to answer it. tripped: how often
    each trip was the first. found_us: from the fault to the trip. zero_us: from the fault to zero current.
    until_cut_fc: the charge that flowed until then. after_stop_us, after_press_us: from a stop, and from the emergency
    stop, to zero. wrong_us: how long a wrong current flowed. astray_fc: charge beyond what was driven. hazardous:
    trials with a hazardous outcome. outcomes: how often which. broken: how often which invariant was broken. worst: the
    worst trial in words.
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
    """One measured figure of the output, in the simulation. value: a decimal number in `unit`. allowed: its bound in
    words, and says_who its source; "" where there is none."""

    id: str
    name: str
    condition: str
    value: str
    unit: str
    allowed: str
    says_who: str
    invariants: tuple[str, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """The output at rest, at one load and one setting: what was asked, what flowed and what was shown in the mean, the
    voltage across the load, what of the current is ripple from peak to peak, and whether the voltage limits it."""

    load_ohm: int
    set_ua: int
    delivered_ua: int
    shown_ua: int
    voltage_mv: int
    ripple_ua: int
    saturated: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of waveforms. svg: its text, which loads nothing."""

    id: str
    title: str
    caption: str
    svg: str


@dataclass(frozen=True, slots=True)
class Characteristics:
    """What regulators ask for of an output."""

    figures: tuple[Characteristic, ...]
    points: tuple[LoadPoint, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class SoupRow:
    """Software of unknown provenance (IEC 62304, 3.29) as it is on this machine. used: at run time, to build, or to
    make evidence. needs: what it needs itself. fails: what follows when it does not do what it has to. answer: what
    stands against that here."""

    name: str
    version: str
    license: str
    maker: str
    used: str
    purpose: str
    needs: str
    fails: str
    answer: str


@dataclass(frozen=True, slots=True)
class ChecklistRow:
    """A clause in own words, and how it is answered. gives: what this project gives towards it, or why it does not
    apply. left: what is left for the manufacturer to show; "" when nothing is. where: files and commands to look at.
    mark: how far its number and content can be trusted."""

    clause: str
    asks: str
    answer: str
    gives: str
    left: str
    where: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """The clauses of one standard."""

    standard: str
    about: str
    rows: tuple[ChecklistRow, ...]


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
    controls: tuple[ControlRow, ...]
    invariants: tuple[InvariantRow, ...]
    evidence: tuple[Evidence, ...]
    faults: tuple[FaultRow, ...]
    model: Model | None
    coverage: Coverage | None
    mutants: Mutants
    characteristics: Characteristics | None
    soup: tuple[SoupRow, ...]
    checklists: tuple[Checklist, ...]
    run: Run
