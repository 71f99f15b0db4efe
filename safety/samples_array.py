"""The witness over columns: the samples of many ticks at once, as arrays, equal to what ``samples.Witness`` makes
tick by tick.

This module alone of the package ``safety`` needs NumPy (the extra ``cli``). Columns of any integer type are taken as
64-bit ints, so that no arithmetic on values of 32 bits overflows. Charge is counted in 64 bits: 9223 C, where the
ceiling is 100 C.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from iontocore.ccore import Command
from iontocore.safety.samples import (
    CAUSES,
    Conditions,
    Sample,
    Settings,
    TraceRow,
    allowed_na,
    conditions,
    slow_causes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_RUN: Final = int(Command.RUN)
NEUTRAL: Final[Mapping[str, str | int]] = {
    "corrupted": 0,
    "completed": 0,
    "journaled_target_na": "requested_na",
    "journaled_command": "command",
}
"""Columns that a trace may leave out, with what stands in their place: a value, or another column."""


class Block(NamedTuple):
    """A run of ticks. ``previous`` and ``current`` are samples whose every field is an array with an element a tick."""

    previous: Sample
    current: Sample
    table: "Ints"
    """What both are views of: a row for each field of a sample, a column for the tick before the run and for each of
    the run."""

    @property
    def ticks(self) -> int:
        """How many ticks the run has."""
        return int(self.table.shape[1]) - 1

    @property
    def last(self) -> Sample:
        """The last tick in plain ints: what the next run goes on from."""
        return self.at(self.ticks)

    def at(self, place: int) -> Sample:
        """One tick in plain ints: 0 is the tick before the run, 1 the first of the run."""
        return Sample._make(self.table[:, place].tolist())


def witness_columns(
    columns: Mapping[str, "NDArray[np.integer]"],
    settings: Settings,
    before: Sample,
    start: int = 0,
    stop: int | None = None,
) -> Block:
    """The samples of the rows ``start`` to ``stop`` of the trace, at least one, after the sample ``before``.

    ``columns`` has an array for each field of ``TraceRow``, all of one length, and may have those named in ``NEUTRAL``.
    Raises KeyError for a column that is missing and ValueError for no rows or for columns of unlike lengths.
    """
    lengths = {name: len(columns[name]) for name in (*TraceRow._fields, *(name for name in NEUTRAL if name in columns))}
    rows = slice(start, lengths["time_us"] if stop is None else stop)
    count = len(range(*rows.indices(lengths["time_us"])))
    if count == 0 or len(set(lengths.values())) != 1:
        raise ValueError(f"{count} rows of columns with lengths {lengths}: at least one row, and one length, is needed")

    # Row 0 of every field is the sample before, so that previous and current are two views of the same array.
    table = np.empty((len(Sample._fields), count + 1), dtype=np.int64)
    table[:, 0] = before
    field = dict(zip(Sample._fields, table[:, 1:], strict=True))
    for name in TraceRow._fields:
        field[name][:] = columns[name][rows]
    for name, neutral in NEUTRAL.items():
        if name in columns:
            field[name][:] = columns[name][rows]
        else:
            field[name][:] = field[neutral] if isinstance(neutral, str) else neutral

    traced = len(TraceRow._fields)
    row = TraceRow._make(table[:traced, 1:])
    seen: Conditions = conditions(TraceRow._make(table[:traced, :-1]), row, settings)
    tick_us = settings.tick_us
    place = np.arange(1, count + 1, dtype=np.int64)
    zero = field["drive_na"] == 0
    off = zero & (field["switch_closed"] == 0)
    untripped = field["trips"] == 0

    field["ticks"][:] = 1
    field["tick_count"][:] = before.tick_count + place
    field["drive_min_na"][:] = field["drive_na"]
    field["drive_max_na"][:] = field["drive_na"]
    field["allowed_na"][:] = allowed_na(TraceRow._make(table[:traced, :-1]), row, settings)
    np.maximum(abs(field["measured_na"]), abs(field["check_na"]), out=field["residual_na"])
    field["zero_us"][:] = _held(zero, before.zero_us, tick_us, place)
    field["last_sign"][:] = _last_sign(field["drive_na"], before.last_sign, place)
    field["proposal_zero_us"][:] = _held(field["proposal_na"] == 0, before.proposal_zero_us, tick_us, place)
    field["proposal_last_sign"][:] = _last_sign(field["proposal_na"], before.proposal_last_sign, place)
    field["carried_trips"][:] = before.carried_trips & np.bitwise_and.accumulate(field["trips"])
    field["armed"][:] = _armed(off & untripped, field["command"] != _RUN, before.armed, place)
    field["live_us"][:] = before.live_us + np.cumsum(np.where(off, 0, tick_us))
    field["charge_positive_fc"][:] = before.charge_positive_fc + np.cumsum(np.maximum(field["drive_na"], 0) * tick_us)
    field["charge_negative_fc"][:] = before.charge_negative_fc + np.cumsum(np.maximum(-field["drive_na"], 0) * tick_us)
    field["causes"][:] = 0
    for name, flags in zip(Conditions._fields, seen, strict=True):
        condition = np.asarray(flags)
        if name in CAUSES and condition.any():
            field["causes"] += condition * CAUSES[name]
        if name == "tick_off":
            field["tick_off"][:] = condition
        else:
            field[f"{name}_us"][:] = _held(condition, getattr(before, f"{name}_us"), tick_us, place)
    field["causes"] += slow_causes(field["emergency_stop"] != 0, field["unheard_us"] >= settings.heartbeat_us)
    return Block(previous=Sample._make(table[:, :-1]), current=Sample._make(table[:, 1:]), table=table)


def _held(condition: "Flags", carried_us: int, tick_us: int, place: "Ints") -> "Ints | int":
    """How long the condition has held at each tick; ``carried_us`` is how long it had before the first."""
    if not condition.any():
        return 0
    broken = np.maximum.accumulate(np.where(condition, 0, place))
    return (place - broken) * tick_us + np.where(broken == 0, carried_us, 0)


def _last_sign(value: "Ints", carried: int, place: "Ints") -> "Ints":
    """Sign of the last value that was not zero, at each tick."""
    at = np.maximum.accumulate(np.where(value == 0, 0, place))
    return np.where(at == 0, carried, np.sign(value)[at - 1])


def _armed(quiet: "Flags", stop: "Flags", carried: int, place: "Ints") -> "Flags | Ints":
    """``Sample.armed``: while quiet (off and untripped) a STOP arms; whatever is not quiet disarms."""
    stopped = np.maximum.accumulate(np.where(quiet & stop, place, 0))
    broken = np.maximum.accumulate(np.where(quiet, 0, place))
    return np.where((stopped == 0) & (broken == 0), carried, stopped > broken)
