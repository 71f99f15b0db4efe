"""What really happened in a session, tick by tick: judged by every invariant while it runs, and kept when it is wanted.

``Recording`` is a port that stands before a simulated one. The simulation writes a row for every tick into a block; a
full block is judged as it stands, as views and without a copy, and then written anew. What is kept of it are its
columns, flags in a byte each: about 130 MB for twenty minutes at a tick of 1 ms, and nothing when nothing is kept.

Facts that no tick knows are looked up where they are true, and not taken from the session: what the journal held when a
request was sent is read back from its file (SI-25), and so is whether the session was opened for someone who may be
treated (SI-24); a session is completed from the exchange after its end on (SI-19); and a core that has lost its power
is judged as one that was switched on, with the trips that it carries (SI-07).

Needs the extra ``cli`` (numpy).
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from iontocore.ccore import TRACE_COLUMNS, Command, Config, Request, Telemetry, Trace
from iontocore.config import session_settings
from iontocore.entries import Kind
from iontocore.history import was_admitted
from iontocore.journal import Journal
from iontocore.plans import Plan
from iontocore.safety.monitor import BLOCK_TICKS, Tally, TraceMonitor
from iontocore.safety.refusal import Refusal
from iontocore.session import EXCHANGE_US
from iontocore.simulated import SimulatedPort

if TYPE_CHECKING:
    from iontocore.ports import Port

Column: TypeAlias = NDArray[np.integer[Any]]

FLAGS: Final = frozenset(
    {
        "command",
        "acknowledge",
        "switch_closed",
        "phase",
        "limited_by",
        "refused",
        "first_trip",
        "contact",
        "switch_readback",
        "emergency_stop",
        "true_contact",
        "true_switch",
    }
)
"""Columns of a trace whose values fit a byte, as long as the core's memory is sound."""

_BYTE_MAX: Final = 255
_WRAP: Final = 0xFFFFFFFF
_MOST_ROWS: Final = 20
"""Rows for a tick of an exchange, at the most: a timer that is ten times too fast, and every tick doubled."""
_FAST: Final = 1  # of zlib's levels: a third of the size costs five times as long at the default
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say: the same trace is the same file


class _Held(NamedTuple):
    """The request that the journal held at a moment."""

    target_na: int
    command: int


class _Last(NamedTuple):
    """What has to be known of the last row of a block that is written anew."""

    time_us: int
    trips: int

    @classmethod
    def of(cls, columns: Mapping[str, Column], row: int) -> Self:
        return cls(int(columns["time_us"][row]), int(columns["trips"][row]))


class Recording:
    """A port for one session: ``port`` with every tick of it judged and, with ``keep``, kept.

    plan: of the session that is to come. journal: the session's, for what it holds at each request; what stands in
    it now belongs to the past. completed: to be set when the session has called itself so.
    first_us, last_us: when the first and the last exchange were answered; a session counts its time from the first.
    """

    def __init__(self, port: SimulatedPort, journal: Journal, plan: Plan, *, keep: bool) -> None:
        self._port, self._journal = port, journal
        self._past = self._seen = journal.count
        # Nobody is admitted before the journal says so.
        self._plan, self._monitor = plan, TraceMonitor(session_settings(plan, admitted=False))
        # An exchange finds room, so that a block ends between two of them.
        self._room = _MOST_ROWS * EXCHANGE_US // plan.device.tick_us
        self._trace = Trace(max(BLOCK_TICKS, 2 * self._room))
        self._target_na = np.zeros(self._trace.capacity, dtype=np.int64)
        self._command = np.full(self._trace.capacity, Command.STOP, dtype=np.int64)
        self._completed = np.zeros(self._trace.capacity, dtype=np.int64)
        self._kept: dict[str, list[Column]] | None = {name: [] for name in TRACE_COLUMNS} if keep else None
        self._request = Request(target_na=0, command=Command.STOP, acknowledge=0, heartbeat=0)
        self._held = self._taken = _Held(0, Command.STOP)
        self._noted = self._judged = self._ticks = 0
        self._last = _Last(0, 0)
        self.first_us = self.last_us = 0
        self.completed = False
        port.record(self._trace, self._full)

    # ---- the port ------------------------------------------------------------------------------------------

    def configure(self, config: Config, carried_trips: int) -> None:
        """See ``Port``."""
        self._port.configure(config, carried_trips)

    def exchange(self, request: Request, duration_us: int) -> Telemetry:
        """See ``Port``."""
        self._request = request
        if self._trace.capacity - self._trace.count < self._room:
            self._empty()
        if self._journal.count != self._seen:
            self._look_up()
        first = self._trace.count
        try:
            telemetry = self._port.exchange(request, duration_us)
        finally:
            self._note()
        if telemetry.ticks != self._ticks:
            self._began_anew(first)
            self._ticks = telemetry.ticks
        self.last_us = telemetry.time_us
        self.first_us = self.first_us or self.last_us
        return telemetry

    def close(self) -> None:
        """See ``Port``."""
        self._port.close()

    # ---- the record ----------------------------------------------------------------------------------------

    def tallies(self) -> tuple[Tally, ...]:
        """What every invariant says of every tick so far."""
        self._empty()
        return self._monitor.tallies()

    def columns(self) -> dict[str, Column]:
        """Every tick so far, a column for each name of ``TRACE_COLUMNS``. To be asked once: the blocks are given up, so
        that the trace does not take its room twice. ValueError when nothing was kept."""
        if self._kept is None:
            raise ValueError("nothing was kept of this session")
        self._empty()
        kept, self._kept = self._kept, None
        return {name: _joined(name, kept.pop(name)) for name in TRACE_COLUMNS}

    def _full(self, _trace: Trace) -> None:
        """An exchange that is longer than a session's fills a block in its middle."""
        self._note()
        self._empty()

    def _empty(self) -> None:
        """Judge and keep what stands in the block, and begin it anew."""
        if self._trace.count == 0:
            return
        self._judge(self._trace.count)
        if self._kept is not None:
            for name, column in self._trace.rows().items():
                self._kept[name].append(_narrow(name, column))
        self._last = _Last.of(self._trace.columns, self._trace.count - 1)
        self._trace.clear()
        self._noted = self._judged = 0

    def _judge(self, end: int) -> None:
        rows = slice(self._judged, end)
        if rows.start == end:
            return
        columns: dict[str, Column] = {name: column[rows] for name, column in self._trace.columns.items()}
        columns["journaled_target_na"] = self._target_na[rows]
        columns["journaled_command"] = self._command[rows]
        columns["completed"] = self._completed[rows]
        self._monitor.feed(columns)
        self._judged = end

    def _began_anew(self, first: int) -> None:
        """The core has not made as many steps as there are rows: within those from ``first`` on, the longest silence is
        where its power was lost, and the row after that its first."""
        columns, end = self._trace.columns, self._trace.count
        if first == end:
            return
        before = self._last if first == 0 else _Last.of(columns, first - 1)
        anew = first + int(np.diff(columns["time_us"][first:end], prepend=before.time_us).argmax())
        if columns["energised_us"][anew] == 0:  # else it goes on, and it is its count that is not sound
            self._judge(anew)
            self._monitor.power_on(before.trips if anew == first else int(columns["trips"][anew - 1]))

    # ---- facts about the session ---------------------------------------------------------------------------

    def _look_up(self) -> None:
        """Read back from the journal what this session has put there last as its request. What cannot be read is not
        there."""
        self._seen = self._journal.count
        try:
            entry = self._journal.latest(Kind.REQUEST)
            if not self._monitor.settings.admitted and was_admitted(self._journal.entries()):
                self._judge(self._trace.count)  # what came before is judged by what was known then
                self._monitor.settings = session_settings(self._plan, admitted=True)
        except Refusal:
            return
        if entry is not None and entry.seq > self._past:
            target_na, command = entry.data["target_na"], entry.data["command"]
            assert isinstance(target_na, int), "the journal has verified the entry's shape"
            self._held = _Held(target_na, Command[str(command).upper()])

    def _note(self) -> None:
        """Say of the rows since the last note what the journal held when their request was sent."""
        first, end = self._noted, self._trace.count
        if first == end:
            return
        rows = slice(first, end)
        self._ticks = (self._ticks + end - first) & _WRAP
        self._target_na[rows], self._command[rows] = self._held
        self._completed[rows] = self.completed
        heartbeats, heartbeat = self._trace.columns["heartbeat"], self._request.heartbeat
        if heartbeats[first] == heartbeat == heartbeats[end - 1]:
            self._taken = self._held
        else:
            self._note_older(rows)
        self._noted = end

    def _note_older(self, rows: slice) -> None:
        """Where another request is in force than the one just sent, since the line stands still, it is the last that
        the core took, and what counts is what the journal held when that one was sent."""
        columns = self._trace.columns
        older = (columns["heartbeat"][rows] != self._request.heartbeat) & (
            (columns["requested_na"][rows] != self._request.target_na)
            | (columns["command"][rows] != self._request.command)
        )
        self._target_na[rows][older], self._command[rows][older] = self._taken


def _narrow(name: str, column: Column) -> Column:
    """A copy of the column, in bytes where it has flags. A value that fits no byte, of a core whose memory is not
    sound, is kept as it is."""
    if name in FLAGS and int(column.max()) <= _BYTE_MAX:
        return column.astype(np.uint8)
    return column.copy()


def _joined(name: str, blocks: Sequence[Column]) -> Column:
    if not blocks:
        return np.empty(0, dtype=np.uint8 if name in FLAGS else TRACE_COLUMNS[name])
    return np.concatenate(blocks)


def write_columns(columns: Mapping[str, Column], stream: BinaryIO) -> None:
    """Write columns as an ``.npz`` file, as ``numpy.load`` reads it. The same columns give the same bytes.

    Raises OSError when the stream does not take it.
    """
    with zipfile.ZipFile(stream, "w") as archive:
        for name, column in columns.items():
            written = io.BytesIO()
            np.lib.format.write_array(written, column, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _NO_TIME)
            archive.writestr(entry, written.getbuffer(), zipfile.ZIP_DEFLATED, _FAST)


if TYPE_CHECKING:
    _fits: type[Port] = Recording
