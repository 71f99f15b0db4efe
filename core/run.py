"""One session from the command line: checked whole first, then treated, judged at every tick, and written down.

Nothing is energised before everything has been checked, the room for the results included, and what was made for a
session that is then refused is taken away again. Once the session is open it ends in order and the results are written.

Needs the extra ``cli`` (numpy, rich; matplotlib with a folder for the results).
"""

import os
import platform
import tempfile
import textwrap
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final, cast

from rich.console import Console
from rich.text import Text

from iontocore.body import Body
from iontocore.entries import Outcome
from iontocore.journal import Journal
from iontocore.outlet import Outlet, complain
from iontocore.plans import Plan
from iontocore.record import Circumstances, JournalMark, Record
from iontocore.recording import Recording
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import printable
from iontocore.session import Session
from iontocore.simulated import SimulatedPort
from iontocore.summary import Line, headline, summary
from iontocore.table import State
from iontocore.treatment import Signals, Treatment

_AFTER: Final = 20
"""Exchanges after the end, 1 s, so that the trace shows that all stays at zero."""
_PARTS: Final = ("iontocore", "cffi", "transitions", "numpy")
"""What a session runs on, for the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is to be run. journal: None for one that is not kept. out: the folder for the results, None for none.
    speed: session time over real time; None: as fast as it goes. as_json: the record on the output and nothing else."""

    plan: Plan
    body: Body
    seed: int
    journal: Path | None = None
    out: Path | None = None
    speed: float | None = None
    as_json: bool = False


def run(options: Options, outlet: Outlet) -> int:
    """Run a session. The exit status: 0 completed or stopped; 1 ended in fault, or an invariant was broken, or a result
    could not be written. Raises Refusal when it is refused; then nothing was written and nothing energised."""
    console = None if options.as_json else Console(file=cast(IO[str], outlet), highlight=False)
    with ExitStack() as open_things:
        undo = open_things.enter_context(ExitStack())
        if options.out is not None:
            # Brings matplotlib: a third of a second that others need not wait, and no surprise after the treatment.
            from iontocore.results import FILES, make_folder, write_files

            make_folder(options.out, options.journal, undo)
        journal = _open_journal(options.journal, open_things, undo)
        port = SimulatedPort(options.body, seed=options.seed)
        recording = Recording(port, journal, options.plan, keep=options.out is not None)
        open_things.callback(recording.close)
        signals = open_things.enter_context(Signals())
        started = _now()
        session = Session(options.plan, recording, journal, _now)
        undo.pop_all()

        treatment = Treatment(session, journal, signals, speed=options.speed, console=console)
        treatment.run()
        recording.completed = session.outcome is Outcome.COMPLETED
        if treatment.broken is None:
            for _ in range(_AFTER):
                session.advance()
        circumstances = Circumstances(
            seed=options.seed,
            body=options.body,
            started=started,
            ended=_now(),
            session_ms=(recording.last_us - recording.first_us) // 1000,
            opened_us=recording.first_us,
            stopped_because=treatment.stopped_because if session.outcome is Outcome.STOPPED else "",
            versions={"python": platform.python_version()} | {name: version(name) for name in _PARTS},
            journal=None if options.journal is None else _mark(options.journal, journal),
        )
        record = Record.of(session, recording.tallies(), circumstances)
        places: tuple[Line, ...] = ()
        troubles = [] if treatment.broken is None else [str(treatment.broken)]
        if record.outcome is not Outcome.FAULT and record.fault is not None:
            troubles.append(record.fault.why)
        if options.out is not None:
            troubles += write_files(options.out, record, recording.columns())
            places = (Line("files", f"{', '.join(FILES)} in {printable(str(options.out))}"),)
    if console is None:
        outlet.write(record.text())
    else:
        _print(console, (headline(record), *summary(record), *places, *_journal_lines(record)))
    troubles += [f"{row.id} WAS BROKEN at {row.breaches} of {row.ticks_checked} ticks." for row in record.breached]
    for trouble in troubles:
        complain(trouble)
    return 1 if troubles or record.outcome is Outcome.FAULT else 0


# ---- the journal -------------------------------------------------------------------------------------------


def _open_journal(named: Path | None, open_things: ExitStack, undo: ExitStack) -> Journal:
    """The journal of the session; one that is removed at the end where none was named. undo: takes a new one away."""
    place = Path(_temporary_folder(open_things), "temporary.journal") if named is None else named
    is_new = not os.path.lexists(place)
    journal = Journal.create_or_open(place, _now)
    open_things.callback(journal.close)
    if is_new:
        undo.callback(_take_away_unused, journal)
    return journal


def _temporary_folder(open_things: ExitStack) -> str:
    try:
        return open_things.enter_context(tempfile.TemporaryDirectory(prefix="iontocore-"))
    except OSError as error:
        given = f"nowhere to be made ({(error.strerror or 'no reason given').lower()})"
        do = "name a journal with --journal"
        raise Refusal("a temporary journal", given, "a folder that can be written", "the file system", do) from None


def _take_away_unused(journal: Journal) -> None:
    if journal.count == 0:
        journal.close()
        for place in (journal.path, journal.path.with_name(f"{journal.path.name}-journal")):
            place.unlink(missing_ok=True)


def _mark(named: Path, journal: Journal) -> JournalMark:
    return JournalMark(os.fsencode(named).decode(errors="replace"), journal.count, journal.head)


# ---- what is said at the end -------------------------------------------------------------------------------


def _journal_lines(record: Record) -> tuple[Line, ...]:
    """Where the journal is, and what is to be done with it."""
    journal = record.circumstances.journal
    if journal is None:
        return (Line("journal", "was temporary and is gone; --journal FILE keeps it"),)
    file = printable(journal.file)
    lines = [Line("journal", f"{file}, {journal.entries} entries")]
    if record.transitions[-1].after is State.FAULT:
        do = f"iontocore journal acknowledge {file} --by NAME"
        lines.append(Line("", f"The fault stands against the next start, until it is acknowledged: {do}"))
    return tuple(lines)


def _print(console: Console, lines: tuple[Line, ...]) -> None:
    """Print labels and texts, beside each other; on a terminal a text that is too long goes on below itself."""
    console.print()
    for place, line in enumerate(lines):
        style = "bold red" if line.bad else "bold" if place == 0 else ""
        label = f" {line.label:<12}" if place else " "
        width = max(console.width - len(label), 20) if console.is_terminal else len(line.text) + 1
        text = textwrap.fill(printable(line.text), width, break_long_words=False, break_on_hyphens=False)
        hanging = text.replace("\n", "\n" + " " * len(label))
        console.print(Text.assemble((label, "dim"), (hanging, style)), soft_wrap=True)


def _now() -> datetime:
    return datetime.now(UTC)
