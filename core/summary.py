"""A session in a few lines for people, as they stand on the terminal when it has ended."""

from typing import NamedTuple

from iontocore.entries import Outcome
from iontocore.record import Record
from iontocore.safety.words import NC_PER_MA_MIN, Unit, in_words, printable
from iontocore.wording import duration, minutes


class Line(NamedTuple):
    """A label, or none; what it says; whether it is bad news."""

    label: str
    text: str
    bad: bool = False


def headline(record: Record) -> Line:
    """The plan and how it ended."""
    how = str(record.outcome)
    if record.fault is not None:
        what = f"FAULT, {record.trip_name}" if record.trip_name else "FAULT"
        how = what if record.outcome is Outcome.FAULT else f"{how}, then {what}"
    return Line("", f"{printable(record.plan.name)}: {how}", record.fault is not None)


def summary(record: Record) -> tuple[Line, ...]:
    """What the session came to, from its time to the verdict on the invariants."""
    lines = []
    if record.fault is not None:
        lines.append(Line("why", record.fault.why, bad=True))
    if record.circumstances.stopped_because:
        lines.append(Line("stopped", record.circumstances.stopped_because))
    limit = record.limit
    lines += [
        Line("treated", f"{minutes(record.treated_ms)} of {minutes(record.plan.duration_ms)} planned"),
        Line("charge", _charge(record)),
        Line("peak", f"{record.peak_ua / 1000:.2f} mA, as measured"),
        Line("limit", f"{in_words(limit.value, Unit.UA)}: {limit.says_who}"),
        Line("limited by", ", ".join(f"{name} {duration(ms)}" for name, ms in record.limited_by.items() if ms)),
        *_verdict(record),
    ]
    return tuple(line for line in lines if line.text)


def _charge(record: Record) -> str:
    """Each way, what was planned, and how far the two ways balance where they have to."""
    positive, negative = record.charge_positive_nc / NC_PER_MA_MIN, record.charge_negative_nc / NC_PER_MA_MIN
    tolerance_percent = record.plan.balance_tolerance_percent
    if tolerance_percent is None:
        planned = record.plan.charge_nc / NC_PER_MA_MIN
        ways = [f"{name} {way:.1f}" for name, way in (("positive", positive), ("negative", negative)) if way >= 0.05]
        return f"{' and '.join(ways) or 'none'} of {planned:.1f} mA·min"
    net = f"net {record.net_nc / NC_PER_MA_MIN:+.2f} ({record.net_percent:.2f} %"
    allowed = f", at most {tolerance_percent} %" if record.outcome is Outcome.COMPLETED else "; not completed"
    return f"positive {positive:.1f}, negative {negative:.1f} mA·min, {net}{allowed})"


def _verdict(record: Record) -> tuple[Line, ...]:
    broken, ticks = record.breached, f"{record.ticks:,}".replace(",", " ")
    if not broken:
        return (Line("invariants", f"all {len(record.invariants)} held at each of {ticks} ticks"),)
    head = f"{len(broken)} of {len(record.invariants)} BROKEN within {ticks} ticks"
    said = (
        Line("", f"{tally.id} at {_times(tally.breaches)}. {'' if tally.first is None else tally.first.sentence}", True)
        for tally in broken
    )
    return (Line("INVARIANTS", head, True), *said)


def _times(count: int) -> str:
    return "1 tick" if count == 1 else f"{count} ticks"
