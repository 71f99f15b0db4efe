"""The ways through the report: from a harm to hazards, from there to invariants and to their evidence, and the anchors
in the page that these lead to.

A reader begins with what can happen to a person. So harms are found in the sentences of the hazards, by words, and a
hazard whose harm has none of these words stands under `OTHER`: none is lost. An id that has no row is no link.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from iontocore.verification.evidence import (
    AssumptionRow,
    ControlRow,
    Evidence,
    FaultRow,
    Finding,
    HazardRow,
    InvariantRow,
    Kind,
    NotShown,
    Report,
    Standing,
    Status,
)
from iontocore.verification.report_words import KINDS, WORDS, Word, many, sentence


class Harm(NamedTuple):
    """What can happen to a person. words: what the sentence of a hazard's harm says of it, as a pattern."""

    name: str
    words: str


HARMS: Final = (
    Harm("skin burn", r"burn|blister|electrolytic injury"),
    Harm("electric shock", r"shock"),
    Harm("too much of a drug", r"systemic effect|adding up|overdose|repeated or omitted dose"),
    Harm("harm through an implant, the heart or an allergy", r"implant|arrhythmia|allergic"),
    Harm("pain, fright or a loss of control", r"pain|fright|loss of control"),
    Harm("irritated skin", r"irritation|dryness|redness|thickened"),
    Harm("a treatment that fails", r"without effect|wrong course|refusal of the treatment|wrong grounds"),
)
OTHER: Final = "other harm"


class Way(NamedTuple):
    """A harm as a way in: its name, its anchor, the hazards that can lead to it, and what all of them together say."""

    name: str
    anchor: str
    hazards: tuple[HazardRow, ...]
    word: Word


class Piece(NamedTuple):
    """A piece of evidence under the name that it goes by where its kind is known: its id without the kind."""

    name: str
    evidence: Evidence


class Shown(NamedTuple):
    """Evidence of one kind about one invariant, in the order of where it stands: what it says in all. groups: the
    pieces by the text or the file that their ids begin with, "" where a kind has none."""

    kind: Kind
    name: str
    pieces: tuple[Evidence, ...]
    status: Status
    commands: tuple[str, ...]

    def groups(self, first: int, last: int | None = None) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
        """The pieces from one number to another (to the last), by text."""
        grouped: dict[str, list[Piece]] = {}
        for one in self.pieces[first:last]:
            text, name = _named(one)
            grouped.setdefault(text, []).append(Piece(name, one))
        return tuple((text, tuple(some)) for text, some in grouped.items())


_Said = TypeVar("_Said", Word, str)


class Tally(NamedTuple, Generic[_Said]):
    """How often something is said."""

    word: _Said
    number: int


class Told(NamedTuple):
    """The verdict as the first page tells it: one word, one sentence, and what stands against the claim."""

    word: Word
    sentence: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A report with the rows of its tables by id, and the anchor of every id that the page has."""

    report: Report
    evidence: Mapping[str, Evidence]
    invariants: Mapping[str, InvariantRow]
    hazards: Mapping[str, HazardRow]
    controls: Mapping[str, ControlRow]
    assumptions: Mapping[str, AssumptionRow]
    not_shown: Mapping[str, NotShown]
    anchors: Mapping[str, str]

    def shown(self, row: InvariantRow) -> tuple[Shown, ...]:
        """The evidence of an invariant by kind; a proof, tests, faults and a model are named even where there are
        none."""
        pieces = [self.evidence[name] for name in row.evidence]
        by_kind = {kind: tuple(one for one in pieces if one.kind is kind) for kind in KINDS}
        always = (Kind.PROOF, Kind.TEST, Kind.FAULT, Kind.MODEL)
        return tuple(of_kind(kind, found) for kind, found in by_kind.items() if found or kind in always)

    def breaches(self, row: InvariantRow) -> int:
        """How many trials of all faults broke an invariant."""
        return sum(fault.broken.get(row.id, 0) for fault in self.report.faults)

    def rests_on(self, row: InvariantRow) -> tuple[AssumptionRow, ...]:
        """The assumptions that bear a kind of evidence which an invariant has."""
        kinds = {self.evidence[name].kind for name in row.evidence}
        return tuple(each for each in self.report.assumptions if not kinds.isdisjoint(each.bears))

    def left_open(self, row: HazardRow) -> tuple[NotShown, ...]:
        """What is not shown of a hazard: of itself, and of the invariants that guard it."""
        guards = set(row.invariants)
        return tuple(
            each
            for each in self.report.verdict.not_shown
            if row.id in each.hazards or not guards.isdisjoint(each.invariants)
        )

    def of_fault(self, fault: FaultRow) -> tuple[Evidence, ...]:
        """The evidence that is of one fault."""
        one = self.evidence.get(f"{Kind.FAULT.value}:{fault.id}")
        return () if one is None else (one,)

    def word_of(self, finding: Finding) -> Word:
        """The word for a finding: that of the row that it is about, or of the evidence of a kind where all of it that
        does not hold is SUSPECT. Whatever else stands against the claim is a failure."""
        about = [one for one in self.report.evidence if finding.where in (one.id, one.kind.value)]
        words = {WORDS[one.status] for one in about}
        words |= {WORDS[row.status] for row in self.report.invariants if row.id == finding.where}
        words |= {WORDS[row.status] for row in self.report.hazards if row.id == finding.where}
        words.discard(WORDS[Status.HOLDS])
        return words.pop() if len(words) == 1 else WORDS[Status.FAILS]

    def of(self, kind: Kind) -> Shown:
        """All evidence of one kind."""
        return of_kind(kind, tuple(one for one in self.report.evidence if one.kind is kind))


def trace(report: Report) -> Trace:
    """The ways through a report."""
    return Trace(
        report,
        {row.id: row for row in report.evidence},
        {row.id: row for row in report.invariants},
        {row.id: row for row in report.hazards},
        {row.id: row for row in report.controls},
        {row.id: row for row in report.assumptions},
        {row.id: row for row in report.verdict.not_shown},
        _anchors(report),
    )


def ways(traced: Trace) -> tuple[Way, ...]:
    """The ways in, one for each harm that a hazard can lead to."""
    rows = traced.report.hazards
    found = {harm.name: tuple(row for row in rows if re.search(harm.words, row.harm, re.I)) for harm in HARMS}
    named = {row.id for of_harm in found.values() for row in of_harm}
    found[OTHER] = tuple(row for row in rows if row.id not in named)
    return tuple(
        Way(name, f"harm-{slug(name)}", of_harm, worst(row.status for row in of_harm))
        for name, of_harm in found.items()
        if of_harm
    )


def of_kind(kind: Kind, pieces: Sequence[Evidence]) -> Shown:
    """What evidence of one kind says in all; none was not run."""
    statuses = {one.status for one in pieces} or {Status.NOT_RUN}
    status = next(each for each in _FROM_WORST if each in statuses)
    ordered = sorted(pieces, key=lambda one: (_named(one)[0], one.source.file, one.source.line, one.id))
    commands = tuple(dict.fromkeys(one.command for one in ordered))
    return Shown(kind, KINDS[kind], tuple(ordered), status, commands)


def _named(one: Evidence) -> tuple[str, str]:
    """The text that a piece of evidence is about and its name in it, from its id: ``proof:guard.c:permit:si03_rise`` is
    "permit si03_rise" of guard.c, and a test is a sentence of its file."""
    name = one.id.partition(":")[2]
    if one.kind is Kind.TEST:
        file, _, function = name.partition("::")
        return file, sentence(function) if function else "its other tests"
    if one.kind in (Kind.PROOF, Kind.LINES):
        file, _, rest = name.partition(":")
        return (file, rest.replace(":", " ")) if rest else ("", name)
    return "", name


def worst(standings: Iterable[Standing]) -> Word:
    """The word for several standings together."""
    given = set(standings)
    return WORDS[next(each for each in _STANDINGS_FROM_WORST if each in given)]


def told(report: Report) -> Told:
    """The verdict for the first page. It is found from the rows anew: a record that says that all holds while a row of
    it does not is itself a finding."""
    against = tuple(_against(report))
    fails = [word for _, word in against if word.style == "fails"]
    suspect = [word for _, word in against if word.style == "suspect"]
    open_here = [word for _, word in against if word.style == "unshown"]
    findings = report.verdict.findings
    if report.verdict.holds and against:
        findings = (
            *findings,
            *(Finding(where, f"{word.word}, though the record says that all holds") for where, word in against),
        )
    counted = _counted(report)
    if not findings and report.verdict.holds:
        return Told(WORDS[Status.HOLDS], f"{counted} {_counted_open(report)}", ())
    stand = f"{many(len(findings), 'finding stands', 'findings stand')} against the claim. {counted}"
    if fails or not (suspect or open_here):
        return Told(WORDS[Status.FAILS], stand, findings)
    return Told(WORDS[Standing.NOT_SHOWN if open_here else Status.SUSPECT], f"Nothing fails, but {stand}", findings)


def tally(given: Iterable[_Said]) -> tuple[Tally[_Said], ...]:
    """How often each word is said, the most frequent first."""
    return tuple(Tally(word, number) for word, number in Counter(given).most_common())


def gap(row: NotShown) -> str:
    """The name of what is not shown, in a space of its own: a fault that the core does not answer is both."""
    return f"not-shown-{row.id}"


def register(kind: Kind) -> str:
    """The name under which the register has all evidence of a kind."""
    return f"register-{kind.value}"


def slug(text: str) -> str:
    """A text as an anchor: letters, digits, points, hyphens and underscores."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-") or "unnamed"


_FROM_WORST: Final = (Status.FAILS, Status.SUSPECT, Status.NOT_RUN, Status.HOLDS)
_STANDINGS_FROM_WORST: Final = (Standing.BROKEN, Standing.NOT_SHOWN, Standing.SUSPECT, Standing.HOLDS)


def _counted(report: Report) -> str:
    """How many invariants stand how, in one sentence."""
    number = Counter(row.status for row in report.invariants)
    if number[Standing.HOLDS] == len(report.invariants):
        return f"All {len(report.invariants)} invariants hold, so far as this report shows them."
    ways = (
        (Standing.HOLDS, "hold"),
        (Standing.BROKEN, "broken"),
        (Standing.SUSPECT, "suspect"),
        (Standing.NOT_SHOWN, "not shown"),
    )
    said = ", ".join(f"{number[standing]} {word}" for standing, word in ways if number[standing])
    return f"Of {len(report.invariants)} invariants: {said}."


def _counted_open(report: Report) -> str:
    left = len(report.verdict.not_shown)
    return f"{many(left, 'thing is', 'things are')} not shown, and listed below." if left else "Nothing is left open."


def _against(report: Report) -> Iterable[tuple[str, Word]]:
    """Each row that is not as it has to be, and the word for it."""
    standings = [(row.id, row.status) for row in report.invariants]
    standings += [(row.id, row.status) for row in report.hazards]
    for name, standing in standings:
        if standing is not Standing.HOLDS:
            yield name, WORDS[standing]
    for one in report.evidence:
        if one.status is not Status.HOLDS:
            yield one.id, WORDS[one.status]
    if report.model is not None:
        for each in report.model.properties:
            if each.status is not Status.HOLDS:
                yield each.label, WORDS[each.status]
        for seed in report.model.seeds:
            if not seed.found:
                yield seed.found_by, WORDS[Status.FAILS]
    if report.characteristics is not None:
        for measured in report.characteristics.figures:
            if measured.status is not Status.HOLDS:
                yield measured.id, WORDS[measured.status]
    for fault in report.faults:
        if fault.verdict == "broken":
            yield fault.id, WORDS[Status.FAILS]


def _anchors(report: Report) -> Mapping[str, str]:
    """An anchor for each id that the page has a place for; no two the same."""
    wanted = [
        *((row.id, row.id) for row in report.invariants),
        *((row.id, row.id) for row in report.hazards),
        *((row.id, row.id) for row in report.controls),
        *((row.id, row.id) for row in report.assumptions),
        *((row.id, row.id) for row in report.faults),
        *((row.id, row.id) for row in (report.characteristics.figures if report.characteristics else ())),
        *((row.id, f"evidence-{row.id}") for row in report.evidence),
        *((gap(row), gap(row)) for row in report.verdict.not_shown),
        *((register(kind), register(kind)) for kind in KINDS if any(row.kind is kind for row in report.evidence)),
    ]
    anchors: dict[str, str] = {}
    taken: set[str] = set()
    for name, text in wanted:
        anchor = base = slug(text)
        number = 1
        while anchor in taken:
            number += 1
            anchor = f"{base}.{number}"
        if name not in anchors:
            anchors[name] = anchor
            taken.add(anchor)
    return anchors
