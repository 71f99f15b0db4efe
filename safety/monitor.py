"""Judges samples by the invariants, and counts: one at a time while a session runs, or a whole trace at once.

    Monitor        judges sample by sample in plain ints: the reports of a session, or the ticks of a test
    TraceMonitor   judges every tick of a trace, block by block, as arrays (needs the extra ``cli``)
    judge_trace    the same for a trace that is there as a whole

Both count the same: how often each invariant was judged, how often it was broken, and when first. How a trace is cut
into blocks makes no difference. A breach is reported and never repaired: what keeps the patient safe is the core.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from iontocore.safety.invariants import INVARIANTS, Invariant
from iontocore.safety.samples import Sample, Settings, power_on

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK_TICKS: Final = 16384
"""Ticks judged at once: a block and what the predicates make of it stay in a processor's cache."""


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that was broken, when (in the core's time), and a sentence with the numbers."""

    id: str
    time_us: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What was found of one invariant: on how many ticks or reports it was judged, on how many it was broken, and the
    first of those."""

    id: str
    ticks_checked: int
    breaches: int
    first: Breach | None


def _tallies(
    rows: Sequence[Invariant], checked: int, breaches: Sequence[int], first: Sequence[Breach | None]
) -> tuple[Tally, ...]:
    """What was found of each of the rows, in their order."""
    return tuple(
        Tally(row.id, checked, broken, breach) for row, broken, breach in zip(rows, breaches, first, strict=True)
    )


def breach_of(invariant: Invariant, previous: Sample, current: Sample, settings: Settings) -> Breach:
    """The breach of ``invariant`` at ``current``: its sentence, and every number that it judged, with the one before
    where that differs."""
    shown = []
    for name in invariant.shows:
        if name in Sample._fields:
            before, now = getattr(previous, name), getattr(current, name)
            shown.append(f"{name} {now}" if before == now else f"{name} {now} after {before}")
        else:
            shown.append(f"{name} {getattr(settings, name)}")
    return Breach(
        id=invariant.id,
        time_us=current.time_us,
        sentence=f"{invariant.id} broken at {current.time_us / 1e6:.6f} s: {', '.join(shown)}. {invariant.sentence}",
    )


def report_rows(rows: Iterable[Invariant] = INVARIANTS) -> tuple[Invariant, ...]:
    """Those that can be judged on telemetry reports."""
    return tuple(row for row in rows if row.scope == "report")


class Monitor:
    """Judges one sample after the other. Between two samples no exchange may have been left out.

    rows: the invariants that are judged; by default those that can be judged on reports (``sample_of_report``). Give
    INVARIANTS for samples of every tick (``Witness``).
    """

    def __init__(
        self, settings: Settings, *, carried_trips: int = 0, rows: tuple[Invariant, ...] | None = None
    ) -> None:
        self._settings = settings
        self._rows = report_rows() if rows is None else rows
        self._checked = 0
        self._breaches = [0] * len(self._rows)
        self._first: list[Breach | None] = [None] * len(self._rows)
        self.previous = power_on(carried_trips)
        """The last sample that was judged, or that of before the first."""

    def power_on(self, carried_trips: int) -> None:
        """The core was started again, or configured anew: the next sample is a first one. The counts go on."""
        self.previous = power_on(carried_trips)

    def judge(self, sample: Sample) -> tuple[Breach, ...]:
        """The breaches at this sample; empty when every invariant holds."""
        previous, settings = self.previous, self._settings
        self.previous = sample
        self._checked += 1
        broken: tuple[Breach, ...] = ()
        for place, row in enumerate(self._rows):
            if not row.holds(previous, sample, settings):
                breach = breach_of(row, previous, sample, settings)
                self._breaches[place] += 1
                self._first[place] = self._first[place] or breach
                broken += (breach,)
        return broken

    def tallies(self) -> tuple[Tally, ...]:
        """What was found so far, a tally for each invariant that is judged, in the order of the table."""
        return _tallies(self._rows, self._checked, self._breaches, self._first)


class TraceMonitor:
    """Judges every tick of a trace that comes in pieces, by every invariant. Needs NumPy (the extra ``cli``)."""

    def __init__(self, settings: Settings, *, carried_trips: int = 0) -> None:
        self.settings = settings
        """What is judged by; it may be exchanged between two feeds, when more is known of the session."""
        self._checked = 0
        self._breaches = [0] * len(INVARIANTS)
        self._first: list[Breach | None] = [None] * len(INVARIANTS)
        self._last = power_on(carried_trips)

    def power_on(self, carried_trips: int) -> None:
        """The core was started again, or configured anew: the next tick is a first one. The counts go on."""
        self._last = power_on(carried_trips)

    def feed(self, columns: Mapping[str, "NDArray[np.integer]"], *, block_ticks: int = BLOCK_TICKS) -> None:
        """Judge the next ticks: ``columns`` as for ``samples_array.witness_columns``, of any length. Raises as it
        does."""
        from iontocore.safety.samples_array import witness_columns  # the extra "cli", which a session can do without

        count = len(columns["time_us"])
        for start in range(0, count, block_ticks):
            block = witness_columns(columns, self.settings, self._last, start, min(start + block_ticks, count))
            for place, row in enumerate(INVARIANTS):
                # Arrays in, arrays out: the predicates' types speak of the ints of one sample.
                held = cast("NDArray[np.bool_]", row.holds(block.previous, block.current, self.settings))
                if held.all():
                    continue
                self._breaches[place] += block.ticks - int(held.sum())
                if self._first[place] is None:
                    first = int(held.argmin())
                    self._first[place] = breach_of(row, block.at(first), block.at(first + 1), self.settings)
            self._checked += block.ticks
            self._last = block.last

    def tallies(self) -> tuple[Tally, ...]:
        """What was found so far, a tally for each invariant, in the order of the table."""
        return _tallies(INVARIANTS, self._checked, self._breaches, self._first)


def judge_trace(
    columns: Mapping[str, "NDArray[np.integer]"],
    settings: Settings,
    *,
    carried_trips: int = 0,
    block_ticks: int = BLOCK_TICKS,
) -> tuple[Tally, ...]:
    """What every invariant says of a whole trace, from power-on with ``carried_trips`` on. Raises as
    ``witness_columns``."""
    monitor = TraceMonitor(settings, carried_trips=carried_trips)
    monitor.feed(columns, block_ticks=block_ticks)
    return monitor.tallies()
