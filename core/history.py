"""The history: what the entries of a journal tell of past sessions, and what of them still waits for an answer.

A loss of power must not clear a fault: what nobody has acknowledged is carried into every later session.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from iontocore.entries import Entry, Kind, Outcome, named_trips
from iontocore.safety.contraindications import CONTRAINDICATION_BY_ID
from iontocore.safety.limits import INTERVAL_DRUG, INTERVAL_TAP_WATER


@dataclass(frozen=True, slots=True)
class PastSession:
    """What the journal knows of a session.

    opened_seq, last_seq: the numbers of its first and last entry.
    ended: wall time of its last entry; of one that was never closed, the earliest time at which it can have ended.
    polarity: the direction that it started with, 1 or -1.
    outcome: None when it was never closed: the power was lost or the program ended.
    treated_ms: as it was closed; None when it was not.
    carried: it ended in a fault or was never closed, and nobody has acknowledged that yet.
    """

    opened_seq: int
    last_seq: int
    patient: str
    polarity: int
    opened: datetime
    ended: datetime
    outcome: Outcome | None
    treated_ms: int | None
    carried: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """What waits for an acknowledgement before anything may start: of every patient, for the device is one.

    trips: names of all trips not acknowledged, in or out of a session: what the core is to be initialised with.
    sessions: those that are ``carried``.
    """

    trips: tuple[str, ...]
    sessions: tuple[PastSession, ...]


@dataclass(slots=True)
class _Draft:
    """A session while its entries are read."""

    opened: Entry
    last: Entry
    closed: Entry | None = None
    interrupted: bool = False  # something later shows that it was over without being closed
    answered: bool = False  # that it was, has been acknowledged
    faulty: bool = False  # a trip or a fault since the last acknowledgement
    blamed: bool = False  # a trip or a fault at any time
    latched: dict[str, None] = field(default_factory=dict)  # trips not acknowledged, in their order

    @property
    def running(self) -> bool:
        return self.closed is None and not self.interrupted

    def past(self) -> PastSession:
        closed = None if self.closed is None else self.closed.data
        return PastSession(
            opened_seq=self.opened.seq,
            last_seq=self.last.seq,
            patient=cast(str, self.opened.data["patient"]),
            polarity=cast(int, self.opened.data["polarity"]),
            opened=self.opened.wall,
            ended=self.last.wall,
            outcome=None if closed is None else Outcome(cast(str, closed["outcome"])),
            treated_ms=None if closed is None else cast(int, closed["treated_ms"]),
            carried=(closed is None and not self.answered) or self.faulty,
        )

    def add(self, entry: Entry) -> None:
        """An entry of this session while it ran."""
        self.last = entry
        if entry.kind is Kind.TRIP:
            self.latched |= dict.fromkeys(named_trips(entry))
        if entry.kind is Kind.TRIP or (entry.kind is Kind.TRANSITION and entry.data["to"] == Outcome.FAULT):
            self.faulty = self.blamed = True
        if entry.kind is Kind.SESSION_CLOSED:
            self.closed = entry
            if entry.data["outcome"] == Outcome.FAULT and not self.blamed:
                self.faulty = True

    def acknowledge(self, names: Iterable[str]) -> None:
        for name in names:
            self.latched.pop(name, None)
        self.faulty = self.faulty and bool(self.latched)
        self.answered = self.answered or self.interrupted


def _drafts(entries: Iterable[Entry]) -> tuple[list[_Draft], tuple[str, ...]]:
    """The sessions in their order, and the trips of the whole device that nobody has acknowledged."""
    drafts: list[_Draft] = []
    latched: dict[str, None] = {}
    for entry in entries:
        running = drafts[-1] if drafts and drafts[-1].running else None
        if entry.kind in (Kind.SESSION_OPENED, Kind.INTERRUPTED) and running is not None:
            running.interrupted = True
        if entry.kind is Kind.SESSION_OPENED:
            drafts.append(_Draft(entry, entry))
        elif running is not None and entry.kind not in (Kind.INTERRUPTED, Kind.NOTE):
            running.add(entry)
        if entry.kind is Kind.TRIP:
            latched |= dict.fromkeys(named_trips(entry))
        elif entry.kind is Kind.ACKNOWLEDGED:
            for name in named_trips(entry):
                latched.pop(name, None)
            for draft in drafts:
                draft.acknowledge(named_trips(entry))
    return drafts, tuple(latched)


def sessions(entries: Iterable[Entry]) -> tuple[PastSession, ...]:
    """The sessions that the entries tell of, oldest first. One that is running now looks as if never closed."""
    return tuple(draft.past() for draft in _drafts(entries)[0])


def last_session(entries: Iterable[Entry], patient_id: str) -> PastSession | None:
    """The last session of this patient, None when there was none: for the shortest interval and for alternating."""
    return next((session for session in reversed(sessions(entries)) if session.patient == patient_id), None)


def left_open(entries: Iterable[Entry]) -> PastSession | None:
    """The session that the entries end in: neither closed, nor told to be over by anything later. None without one."""
    drafts, _ = _drafts(entries)
    return drafts[-1].past() if drafts and drafts[-1].running else None


def was_admitted(entries: Iterable[Entry]) -> bool:
    """Whether the session that is running was opened for someone who may be treated, by what stands here: every
    question of the gate answered with no, and the shortest interval passed since the patient's last session in which
    current flowed. False when none is running."""
    drafts, _ = _drafts(entries)
    if not drafts or not drafts[-1].running:
        return False
    opened = drafts[-1].opened
    answers = cast(Mapping[str, object], opened.data["screening"]).get("answers")
    if not isinstance(answers, Mapping) or dict.fromkeys(CONTRAINDICATION_BY_ID, False) != dict(answers):
        return False
    earlier = [past for past in (draft.past() for draft in drafts[:-1]) if past.treated_ms != 0]
    starts = [past.opened for past in earlier if past.patient == opened.data["patient"]]
    least = timedelta(milliseconds=min(INTERVAL_TAP_WATER.value, INTERVAL_DRUG.value))
    return all(opened.wall - start >= least for start in starts)


def carried(entries: Iterable[Entry]) -> Carried:
    """What a loss of power must not clear. Ask before a session is opened; see ``Carried``."""
    drafts, trips = _drafts(entries)
    return Carried(trips, tuple(past for past in (draft.past() for draft in drafts) if past.carried))
