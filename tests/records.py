"""Records of short sessions that were really played, for the tests of what is told of a session."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sessions import BEGAN, BRISK, Bench

from iontocore import Body, Plan
from iontocore.body import BodyEvent
from iontocore.record import Circumstances, JournalMark, Record
from iontocore.safety.invariants import INVARIANTS
from iontocore.safety.monitor import Tally

CIRCUMSTANCES: Final = Circumstances(
    seed=3,
    body=Body(),
    started=BEGAN,
    ended=datetime(2026, 3, 1, 9, 1, 5, tzinfo=UTC),
    session_ms=65_000,
    opened_us=50_000,
    stopped_because="",
    versions={"iontocore": "0"},
    journal=JournalMark("a.journal", 12, "0" * 64),
)
SOUND: Final = tuple(Tally(row.id, 61_000, 0, None) for row in INVARIANTS)


def played(folder: Path, plan: Plan = BRISK, *events: BodyEvent, stop_after: int = 0) -> Record:
    """The record of a session under these events, stopped after so many exchanges when that is not 0."""
    bench = Bench(folder, plan, *events)
    try:
        bench.session.start()
        if stop_after:
            bench.idle(stop_after)
            bench.session.stop()
        bench.run()
    finally:
        bench.close()
    return Record.of(bench.session, SOUND, CIRCUMSTANCES)
