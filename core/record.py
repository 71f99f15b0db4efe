"""The record of a session for machines: ``session.json``, a typed summary of a session and of what the monitor found.

Everything in it but wall time, and the journal whose hashes depend on it, is the same for the same plan, body, device
and seed. Units stand in the names: ms, µA (``ua``), nC, µs. Fields are added and never change their meaning; the
number of the format changes when one goes away.

    {
      "format": 1,
      "outcome": "completed",                  or stopped, fault
      "trip": null,                            the first trip that ended the session
      "stopped_because": null,                 why it was stopped, when nobody pressed a key for it
      "treated_ms": 1200199,                   energised time
      "session_ms": 1203250,                   from the opening of the session to the end of the record
      "charge_positive_nc": 8561522208,        measured, each way
      "charge_negative_nc": 8562733824,
      "balance": {"net_nc": -1211616, "percent": 0.007, "tolerance_percent": 2},
      "peak_ua": 15054,                        the largest magnitude measured
      "limit": {"value_ua": 20000, "binding": "site-palms", "source": "NHS leaflet WPR26540", "mark": "excerpt"},
      "limited_by": {"nothing": 1078250},      how long each cause kept the current from its target, in ms
      "invariants": [{"id": "SI-01", "ticks_checked": 1203300, "breaches": 0, "first": null}],
      "transitions": [{"t_ms": 0, "event": "start", "from": "idle", "to": "ramp", "why": "..."}],
      "ticks": 1203300,                        how many were judged
      "opened_us": 50000,                      what t_ms counts from, in the time of the ticks
      "plan": {}, "device": {}, "body": {}, "seed": 0, "versions": {},
      "started": "...", "ended": "...",        wall time, UTC
      "journal": {"file": "...", "entries": 31, "head": "..."}     null when it was not to be kept
    }
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Final, Self

from iontocore.body import Body
from iontocore.ccore import Trip
from iontocore.entries import Json, Outcome
from iontocore.plans import Plan
from iontocore.safety.limits import Bound
from iontocore.safety.monitor import Tally
from iontocore.session import Session, Transition
from iontocore.table import State

FORMAT: Final = 1
"""The number of the format."""


@dataclass(frozen=True, slots=True)
class JournalMark:
    """Where the session's journal is, and what tells it from every other one: how many entries, and the last hash."""

    file: str
    entries: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a session does not know of itself.

    seed, body: of the simulation. started, ended: wall time, aware. session_ms: from the opening of the session to the
    end of the record. opened_us: when it was opened, in the time of the ticks. stopped_because: why it was stopped, in
    a sentence, when no key was pressed for it; else empty. versions: of what it ran on, by name. journal: None when it
    was not to be kept.
    """

    seed: int
    body: Body
    started: datetime
    ended: datetime
    session_ms: int
    opened_us: int
    stopped_because: str
    versions: Mapping[str, str]
    journal: JournalMark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A session that has ended. Fields as in ``session.json``; charge is measured, and both ways are magnitudes."""

    outcome: Outcome
    trip: Trip
    treated_ms: int
    charge_positive_nc: int
    charge_negative_nc: int
    peak_ua: int
    limit: Bound
    limited_by: Mapping[str, int]
    invariants: tuple[Tally, ...]
    transitions: tuple[Transition, ...]
    plan: Plan
    first_sign: int
    circumstances: Circumstances

    @classmethod
    def of(cls, session: Session, tallies: Sequence[Tally], circumstances: Circumstances) -> Self:
        """The record of a session that has ended; ValueError while it has not."""
        if session.outcome is None:
            raise ValueError("a session that has not ended has no record")
        positive_nc, negative_nc = session.charge_nc
        return cls(
            outcome=session.outcome,
            trip=session.trip,
            treated_ms=session.treated_ms,
            charge_positive_nc=positive_nc,
            charge_negative_nc=negative_nc,
            peak_ua=session.peak_ua,
            limit=session.plan.bound,
            limited_by={cause.name.lower(): spent_ms for cause, spent_ms in session.limited_ms.items()},
            invariants=tuple(tallies),
            transitions=session.transitions,
            plan=session.plan,
            first_sign=session.first_sign,
            circumstances=circumstances,
        )

    @property
    def trip_name(self) -> str | None:
        """The name of the trip, None when there was none."""
        return None if self.trip is Trip.NONE else self.trip.label

    @property
    def fault(self) -> Transition | None:
        """What led to the fault, also to one that was found after the end; None when there was none."""
        entries = (row for row in self.transitions if row.after is State.FAULT and row.before is not State.FAULT)
        return next(entries, None)

    @property
    def net_nc(self) -> int:
        """Positive charge less negative charge."""
        return self.charge_positive_nc - self.charge_negative_nc

    @property
    def net_percent(self) -> float:
        """The magnitude of the net charge in percent of all charge, to the thousandth; 0 when none has flowed."""
        all_nc = self.charge_positive_nc + self.charge_negative_nc
        return round(100 * abs(self.net_nc) / all_nc, 3) if all_nc > 0 else 0.0

    @property
    def ticks(self) -> int:
        """On how many ticks the invariants were judged."""
        return max((tally.ticks_checked for tally in self.invariants), default=0)

    @property
    def breached(self) -> tuple[Tally, ...]:
        """The invariants that were broken."""
        return tuple(tally for tally in self.invariants if tally.breaches > 0)

    def as_json(self) -> dict[str, Json]:
        """The content of ``session.json``."""
        at = self.circumstances
        return {
            "format": FORMAT,
            "outcome": str(self.outcome),
            "trip": self.trip_name,
            "stopped_because": at.stopped_because or None,
            "treated_ms": self.treated_ms,
            "session_ms": at.session_ms,
            "charge_positive_nc": self.charge_positive_nc,
            "charge_negative_nc": self.charge_negative_nc,
            "balance": {
                "net_nc": self.net_nc,
                "percent": self.net_percent,
                "tolerance_percent": self.plan.balance_tolerance_percent,
            },
            "peak_ua": self.peak_ua,
            "limit": {
                "value_ua": self.limit.value,
                "binding": self.limit.binding,
                "source": self.limit.source,
                "mark": str(self.limit.mark),
            },
            "limited_by": dict(self.limited_by),
            "invariants": [_tally(tally) for tally in self.invariants],
            "transitions": [_transition(row) for row in self.transitions],
            "ticks": self.ticks,
            "opened_us": at.opened_us,
            "plan": _plan(self.plan, self.first_sign),
            "device": asdict(self.plan.device),
            "body": _body(at.body),
            "seed": at.seed,
            "versions": dict(at.versions),
            "started": at.started.astimezone(UTC).isoformat(timespec="milliseconds"),
            "ended": at.ended.astimezone(UTC).isoformat(timespec="milliseconds"),
            "journal": None if at.journal is None else asdict(at.journal),
        }

    def text(self) -> str:
        """``session.json``, as it is written: indented, with a line's end at the end, in ASCII, so that it survives
        every terminal and mail."""
        return json.dumps(self.as_json(), indent=2, allow_nan=False) + "\n"


def _tally(tally: Tally) -> Json:
    return {
        "id": tally.id,
        "ticks_checked": tally.ticks_checked,
        "breaches": tally.breaches,
        "first": None if tally.first is None else tally.first.sentence,
    }


def _transition(row: Transition) -> Json:
    return {
        "t_ms": row.t_ms,
        "event": row.event.value,
        "from": row.before.value,
        "to": row.after.value,
        "why": row.why,
    }


def _plan(plan: Plan, first_sign: int) -> Json:
    """The plan as it was carried out: the direction is this session's, which a plan that alternates leaves open."""
    written: dict[str, Json] = {}
    for field in fields(plan):
        match field.name:
            case "device":
                continue
            case "first_sign":
                written["first_direction"] = "positive" if first_sign > 0 else "negative"
            case "drug":
                written["drug"] = None if plan.drug is None else plan.drug.name
            case "patient":
                written["patient"] = {
                    "id": plan.patient.id,
                    "age_years": plan.patient.age_years,
                    "doctor_agrees": plan.patient.doctor_agrees,
                    "contraindications": dict(plan.patient.contraindications),
                }
            case name:
                written[name] = getattr(plan, name)
    return written


def _body(body: Body) -> Json:
    return {
        "skin": body.skin._asdict(),
        "electronics": body.electronics._asdict(),
        "events": [asdict(event) for event in body.events],
    }
