"""The join: evidence points up at invariants, invariants point up at hazards, and what does not meet is a finding.

Nothing is listed twice: a row of ``safety/invariants.py`` names no evidence, and here it gets its own by the ids that
evidence names. What stands against the claim is

* a hazard that no invariant guards,
* an invariant that neither a proof nor a test shows,
* evidence that names an id which no table has,
* a result that was recorded of another text than the one that is examined (SUSPECT),
* evidence that fails, and evidence that was not made.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from iontocore.safety.controls import CONTROLS
from iontocore.safety.hazards import HAZARDS, Hazard
from iontocore.safety.invariants import INVARIANTS, Invariant
from iontocore.verification import places
from iontocore.verification.evidence import (
    ControlRow,
    Evidence,
    Finding,
    Group,
    HazardRow,
    InvariantRow,
    Kind,
    NotShown,
    Place,
    Standing,
    Status,
    Verdict,
)

_SHOWS: Final = (Kind.PROOF, Kind.TEST)
"""The kinds of evidence of which an invariant needs one: all others show that these two can be relied on."""

_FROM_BEST: Final = (Standing.HOLDS, Standing.SUSPECT, Standing.NOT_SHOWN, Standing.BROKEN)

_HAZARDS_FILE: Final = "safety/hazards.py"
_CONTROLS_FILE: Final = "safety/controls.py"
_INVARIANTS_FILE: Final = "safety/invariants.py"


class Joined(NamedTuple):
    """What the join makes of evidence: the evidence in the order of its ids, each with its status; and what follows."""

    evidence: tuple[Evidence, ...]
    hazards: tuple[HazardRow, ...]
    controls: tuple[ControlRow, ...]
    invariants: tuple[InvariantRow, ...]
    verdict: Verdict


def join(
    evidence: Iterable[Evidence],
    groups: Sequence[Group],
    not_shown: Sequence[NotShown],
    objections: Sequence[Finding] = (),
    *,
    hazards: Sequence[Hazard] = HAZARDS,
    invariants: Sequence[Invariant] = INVARIANTS,
) -> Joined:
    """Join evidence with the tables. objections: what was found against the claim while the evidence was made, beside
    its own status, in any order. ValueError when two pieces of evidence have one id, or when one speaks of a group that
    is not given."""
    known = {group.name: group.fingerprint for group in groups}
    rows = tuple(sorted((_judged(one, known) for one in evidence), key=lambda one: one.id))
    twice = [name for name, times in Counter(one.id for one in rows).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]} is the id of two pieces of evidence")
    guarded = tuple(_invariant_row(row, rows, not_shown) for row in invariants)
    by_id = {row.id: row for row in guarded}
    endangering = tuple(_hazard_row(row, by_id, rows) for row in hazards)
    findings = (
        *sorted(set(objections)),
        *_gaps(endangering, guarded, rows),
        *_unmet(rows, not_shown, endangering, guarded),
    )
    findings += (*_failing(rows), *_stale(rows))
    return Joined(rows, endangering, _controls(), guarded, Verdict(not findings, findings, tuple(not_shown)))


def _judged(one: Evidence, known: Mapping[str, str]) -> Evidence:
    """The same; SUSPECT when it held of another text."""
    if one.group not in known:
        raise ValueError(f"{one.id} speaks of the texts {one.group}, which were not examined")
    stale = one.status is Status.HOLDS and one.speaks_of != known[one.group]
    return replace(one, status=Status.SUSPECT) if stale else one


# ---- rows ------------------------------------------------------------------------------------------------------------


def _invariant_row(row: Invariant, evidence: Sequence[Evidence], not_shown: Sequence[NotShown]) -> InvariantRow:
    pointing = [one for one in evidence if row.id in one.invariants]
    return InvariantRow(
        id=row.id,
        sentence=row.sentence,
        hazards=row.hazards,
        clause=row.clause,
        scope=row.scope,
        status=_standing(pointing),
        evidence=tuple(one.id for one in pointing),
        not_shown=tuple(one.id for one in not_shown if row.id in one.invariants),
        source=places.of_row(_INVARIANTS_FILE, row.id),
        predicate=Place(_INVARIANTS_FILE, row.holds.__code__.co_firstlineno),
    )


def _standing(pointing: Sequence[Evidence]) -> Standing:
    """What evidence says of the invariant that it points at."""
    if any(one.status is Status.FAILS for one in pointing):
        return Standing.BROKEN
    if not any(one.kind in _SHOWS and one.status is not Status.NOT_RUN for one in pointing):
        return Standing.NOT_SHOWN
    return Standing.SUSPECT if any(one.status is Status.SUSPECT for one in pointing) else Standing.HOLDS


def _hazard_row(row: Hazard, invariants: Mapping[str, InvariantRow], evidence: Sequence[Evidence]) -> HazardRow:
    guards = [one for one in invariants.values() if row.id in one.hazards]
    through = {name for guard in guards for name in guard.evidence}
    direct = [one for one in evidence if row.id in one.hazards]
    reached = through | {one.id for one in direct}
    standings = [guard.status for guard in guards] or [Standing.NOT_SHOWN]
    if any(one.status is Status.FAILS for one in direct):
        standings.append(Standing.BROKEN)
    if any(one.status is Status.SUSPECT for one in direct):
        standings.append(Standing.SUSPECT)
    return HazardRow(
        id=row.id,
        name=row.name,
        hazard=row.hazard,
        sequence=row.sequence,
        situation=row.situation,
        harm=row.harm,
        severity=int(row.severity),
        severity_name=row.severity.name.lower(),
        basis=row.basis,
        mark=str(row.mark),
        note=row.note,
        remains=row.remains,
        controls=tuple(control.id for control in CONTROLS if row.id in control.hazards),
        invariants=tuple(guard.id for guard in guards),
        status=max(standings, key=_FROM_BEST.index),
        reached=Counter(one.kind.value for one in evidence if one.id in reached),
        evidence=tuple(one.id for one in direct),
        source=places.of_row(_HAZARDS_FILE, row.id),
    )


def _controls() -> tuple[ControlRow, ...]:
    return tuple(
        ControlRow(
            id=row.id,
            name=row.name,
            what=row.what,
            hazards=row.hazards,
            means=str(row.means),
            owner=str(row.owner),
            where=row.where,
            source=places.of_row(_CONTROLS_FILE, row.id),
        )
        for row in CONTROLS
    )


# ---- what does not meet ----------------------------------------------------------------------------------------------


def _gaps(
    hazards: Sequence[HazardRow], invariants: Sequence[InvariantRow], evidence: Sequence[Evidence]
) -> Iterable[Finding]:
    for hazard in hazards:
        if not hazard.invariants:
            yield Finding(hazard.id, f"no invariant guards it: {hazard.name}")
    shows = {one.id for one in evidence if one.kind in _SHOWS and one.status is not Status.NOT_RUN}
    for row in invariants:
        if shows.isdisjoint(row.evidence):
            yield Finding(row.id, "neither a proof nor a test shows it")


def _unmet(
    evidence: Sequence[Evidence],
    not_shown: Sequence[NotShown],
    hazards: Sequence[HazardRow],
    invariants: Sequence[InvariantRow],
) -> Iterable[Finding]:
    """Ids that are named and that no table has."""
    known = {row.id for row in hazards} | {row.id for row in invariants}
    pointing = [(one.id, (*one.invariants, *one.hazards)) for one in evidence]
    pointing += [(one.id, (*one.invariants, *one.hazards)) for one in not_shown]
    pointing += [(row.id, row.hazards) for row in invariants]
    for who, named in pointing:
        for name in named:
            if name not in known:
                yield Finding(who, f"it names {name}, and no table has such a row")


def _failing(evidence: Sequence[Evidence]) -> Iterable[Finding]:
    for one in evidence:
        if one.status is Status.FAILS:
            yield Finding(one.id, "; ".join(("it fails", *one.detail)))
        if one.status is Status.NOT_RUN:
            yield Finding(one.id, "; ".join(("it was not made", *one.detail)))


def _stale(evidence: Sequence[Evidence]) -> Iterable[Finding]:
    """One finding for each command that has to be run again."""
    stale = Counter((one.kind, one.command) for one in evidence if one.status is Status.SUSPECT)
    for (kind, command), count in sorted(stale.items()):
        results = "result" if count == 1 else "results"
        yield Finding(kind, f"SUSPECT: {count} {results} of another text than this one; made again by `{command}`")
