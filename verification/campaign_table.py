"""The table of the fault campaign: what came of each fault over all its trials, as typed rows, as text and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from iontocore.ccore import TrialHazard, Trip
from iontocore.safety.faults import FAULT_BY_ID, AnsweredBy
from iontocore.verification.campaign_trials import SOUND_ID, Run

_FC_PER_UC: Final = 1e9
_NA_PER_MA: Final = 1e6

KNOWN_OPEN: Final[dict[str, str]] = {}
"""Faults that the core has to answer and does not yet, with the reason. Each is not held, and fails the campaign; and
it fails when such a fault holds, so that nothing stays here that is put right."""


class Verdict(StrEnum):
    """What a fault came to. HELD, and it alone, says that the core answers the fault."""

    HELD = "HELD"
    NOT_HELD = "NOT HELD"
    NOT_SHOWN = "NOT SHOWN"
    SUPERVISOR = "SUPERVISOR"
    HARDWARE = "HARDWARE"
    PROFILE = "PROFILE"


_NOT_THE_CORES: Final = {
    AnsweredBy.SUPERVISOR: Verdict.SUPERVISOR,
    AnsweredBy.HARDWARE: Verdict.HARDWARE,
    AnsweredBy.PROFILE: Verdict.PROFILE,
}


@dataclass(frozen=True, slots=True)
class FaultResult:
    """One fault over all its trials: the worst of them all. Times are in us, charges in fC, currents in nA, voltages in
    mV; a time is None where there was none.

    fault: its id, or "sound": the device without a fault. sentence: in plain English. verdict: what it came to.
    trials: how many. changed: of them went otherwise than without the fault. found: of them ended in a trip because of
    it. tripped: which trip was the first of those, and how often.
    found_us: slowest time from the fault to that trip. zero_us: ... to zero, found or not, where the current ended
    because of the fault. never_zero: trials in which it was found and current flowed on.
    until_cut_fc: the most that flowed from the fault until it was cut, where it was found. astray_fc: the most that
    flowed beyond what was driven. wrong_us: the longest that something flowed or stood at the output, in all, that
    must not (``ionto_trial.h``). peak_na, peak_mv: the largest current, and voltage at the output. step_na: the largest
    step in a tick, up or to the other direction. drop_na: the largest fall in a tick. after_stop_us, after_press_us:
    slowest time from STOP and from the emergency stop to zero.
    endangered: ids of the invariants that the fault puts to the test. broken: ids of those that were broken, endangered
    or not, and in how many trials. hazardous: trials with a hazardous outcome. hazards: which, and how often.
    worst: one of the trials that did not hold, in words; empty when all held.
    why, to_show: of what is not the core's, or is known to be open: the reason, and what the integrator has to show.
    """

    fault: str
    sentence: str
    verdict: Verdict
    trials: int
    changed: int
    found: int
    tripped: tuple[tuple[str, int], ...]
    found_us: int | None
    zero_us: int | None
    never_zero: int
    until_cut_fc: int
    astray_fc: int
    wrong_us: int
    peak_na: int
    peak_mv: int
    step_na: int
    drop_na: int
    after_stop_us: int | None
    after_press_us: int | None
    endangered: tuple[str, ...]
    broken: tuple[tuple[str, int], ...]
    hazardous: int
    hazards: tuple[tuple[str, int], ...]
    worst: str
    why: str
    to_show: str

    @property
    def held(self) -> tuple[str, ...]:
        """The endangered invariants that held in every trial."""
        broken = dict(self.broken)
        return tuple(row for row in self.endangered if row not in broken)

    @property
    def fails(self) -> bool:
        """Whether the campaign fails by it."""
        return self.verdict in (Verdict.NOT_HELD, Verdict.NOT_SHOWN) or self.no_longer_open

    @property
    def no_longer_open(self) -> bool:
        """Whether it is listed as open, and holds."""
        return self.fault in KNOWN_OPEN and self.verdict is Verdict.HELD


def hazard_names(hazards: int) -> tuple[str, ...]:
    """The names of what was hazardous."""
    return tuple((hazard.name or "").lower().replace("_", " ") for hazard in TrialHazard if hazard & hazards)


def _verdict(fault: str, runs: Sequence[Run]) -> Verdict:
    answered_by = FAULT_BY_ID[fault].answered_by if fault in FAULT_BY_ID else AnsweredBy.CORE
    if answered_by in _NOT_THE_CORES:
        return _NOT_THE_CORES[answered_by]
    if not all(run.held for run in runs):
        return Verdict.NOT_HELD
    if fault == SOUND_ID:
        return Verdict.NOT_HELD if any(run.found or run.changed for run in runs) else Verdict.HELD
    return Verdict.HELD if all(_shown(runs)) else Verdict.NOT_SHOWN


def _shown(runs: Sequence[Run]) -> Iterator[bool]:
    """Of each way of injecting the fault, whether it changed anything. A word of the report that is written anew before
    it is read changes nothing, so that memory is one way; of a word that is stored twice SI-20 asks more."""
    changed: dict[str, bool] = {}
    for run in runs:
        way = "memory" if " bit " in run.injection else run.injection
        changed[way] = changed.get(way, False) or run.changed
    yield from changed.values()


def _counted(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items()))


def _slowest_us(times_us: Iterable[int]) -> int | None:
    slowest_us = max((time_us for time_us in times_us if time_us >= 0), default=-1)
    return None if slowest_us < 0 else slowest_us


def _wrong_us(run: Run) -> int:
    """Current against the direction that is asked for is how a reversal begins, and wrong when it lasts."""
    outcome = run.outcome
    against_us = outcome.against_us if outcome.hazards & TrialHazard.AGAINST else 0
    return max(
        outcome.over_us, outcome.astray_us, outcome.while_off_us, outcome.unasked_us, outcome.high_us, against_us
    )


def _badness(run: Run) -> tuple[int, int, float]:
    return run.outcome.hazards.bit_count(), len(run.broken), run.outcome.tick_na


def _result(fault: str, runs: Sequence[Run]) -> FaultResult:
    row = FAULT_BY_ID.get(fault)
    outcomes = [run.outcome for run in runs]
    found = [run for run in runs if run.found]
    worst = max((run for run in runs if not run.held), key=_badness, default=None)
    return FaultResult(
        fault=fault,
        sentence="The device is sound." if row is None else row.sentence,
        verdict=_verdict(fault, runs),
        trials=len(runs),
        changed=sum(run.changed for run in runs),
        found=len(found),
        tripped=_counted(Trip(run.outcome.first_trip).label for run in found),
        found_us=_slowest_us(run.outcome.trip_us for run in found),
        zero_us=_slowest_us(run.ended_us for run in runs),
        never_zero=sum(run.never_ended for run in runs),
        until_cut_fc=round(max((run.outcome.until_cut_fc for run in found), default=0.0)),
        astray_fc=round(max(outcome.astray_fc for outcome in outcomes)),
        wrong_us=max(_wrong_us(run) for run in runs),
        peak_na=round(max(outcome.peak_na for outcome in outcomes)),
        peak_mv=round(max(outcome.peak_mv for outcome in outcomes)),
        step_na=round(max(outcome.tick_na for outcome in outcomes)),
        drop_na=round(max(outcome.drop_na for outcome in outcomes)),
        after_stop_us=_slowest_us(outcome.after_stop_us for outcome in outcomes),
        after_press_us=_slowest_us(outcome.after_press_us for outcome in outcomes),
        endangered=() if row is None else row.endangers,
        broken=_counted(row for run in runs for row in run.broken),
        hazardous=sum(run.hazardous for run in runs),
        hazards=_counted(name for run in runs for name in hazard_names(run.outcome.hazards)),
        worst="" if worst is None else f"{worst.injection}; {worst.scene}; {worst.use}",
        why=KNOWN_OPEN.get(fault, "" if row is None else row.why),
        to_show="" if row is None else row.to_show,
    )


def results(runs: Iterable[Run]) -> tuple[FaultResult, ...]:
    """A row for each fault that was tried, in the order of the ids, the sound device first."""
    ordered = sorted(runs, key=lambda run: (run.fault != SOUND_ID, run.fault))
    return tuple(_result(fault, tuple(group)) for fault, group in groupby(ordered, key=lambda run: run.fault))


def holds(rows: Iterable[FaultResult]) -> bool:
    """Whether everything that the core has to answer was shown, and held."""
    return not any(row.fails for row in rows)


# ---- as text --------------------------------------------------------------------------------------------------------


def _time(us: int | None) -> str:
    if us is None:
        return "never"
    return f"{us / 1000:.1f} ms" if us < 1_000_000 else f"{us / 1e6:.2f} s"


def _counts(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts)


def _zero(row: FaultResult) -> str:
    never = f"never in {row.never_zero}" if row.never_zero else ""
    time = f"at the latest after {_time(row.zero_us)}" if row.zero_us is not None else ""
    return "zero " + (", ".join(part for part in (time, never) if part) or "as without the fault")


def _text(row: FaultResult) -> Iterator[str]:
    yield f"{row.fault:5} {row.verdict:10} {row.sentence}"
    found = f"found in {row.found} of {row.trials} trials"
    if row.found:
        found += f" ({_counts(row.tripped)}), at the latest after {_time(row.found_us)}"
    yield f"      {found}; {_zero(row)}; {row.until_cut_fc / _FC_PER_UC:.0f} uC until then"
    yield f"      wrong for {_time(row.wrong_us)} at most, {row.astray_fc / _FC_PER_UC:.0f} uC beyond the drive"
    yield (
        f"      current to {row.peak_na / _NA_PER_MA:.2f} mA, voltage to {row.peak_mv / 1000:.1f} V; step in a tick "
        f"{row.step_na / _NA_PER_MA:.2f} mA up, {row.drop_na / _NA_PER_MA:.2f} mA down"
    )
    yield f"      zero {_time(row.after_stop_us)} after STOP, {_time(row.after_press_us)} after the emergency stop"
    if row.endangered:
        broken = f"broken: {_counts(row.broken)}" if row.broken else "none was broken"
        yield f"      endangers {' '.join(row.endangered)}; {broken}"
    if row.hazardous:
        yield f"      hazardous in {row.hazardous} trials ({_counts(row.hazards)})"
    if row.worst:
        yield f"      as in: {row.worst}"
    if row.no_longer_open:
        yield "      listed as open, and holds: take it off the list in verification/campaign_table.py"
    elif row.why:
        whose = "known to be open" if row.fault in KNOWN_OPEN else "not the core's"
        yield f"      {whose}: {row.why}"
    if row.to_show:
        yield f"      to be shown: {row.to_show}"


def table(rows: Iterable[FaultResult]) -> str:
    """The table for people, some lines for each fault."""
    return "\n".join(line for row in rows for line in _text(row))


def verdict(rows: Sequence[FaultResult]) -> str:
    """One line: whether all held, and what was not the core's to hold."""
    counts = Counter(row.verdict for row in rows if row.fault != SOUND_ID)
    runs = sum(row.trials for row in rows)
    others = (
        f"{counts[Verdict.HARDWARE]} are the hardware's, {counts[Verdict.PROFILE]} the device profile's, "
        f"{counts[Verdict.SUPERVISOR]} the supervisor's"
    )
    if holds(rows):
        return f"HOLDS: {counts[Verdict.HELD]} faults in {runs} trials; {others}"
    wrong = [f"{row.fault} (known)" if row.fault in KNOWN_OPEN else row.fault for row in rows if row.fails]
    return f"NOT HELD: {', '.join(wrong)}; {counts[Verdict.HELD]} faults held in {runs} trials; {others}"


# ---- as JSON --------------------------------------------------------------------------------------------------------


def to_json(rows: Sequence[FaultResult], runs: Sequence[Run]) -> str:
    """Everything: a row for each fault, and a line for each trial under the names of its columns. Equal campaigns give
    equal texts."""
    names = [name for name in Run._fields if name != "outcome"]
    columns = [*names, *runs[0].outcome._fields]
    lines = [json.dumps([*(getattr(run, name) for name in names), *run.outcome]) for run in runs]
    faults = ",\n".join(json.dumps(asdict(row), sort_keys=True) for row in rows)
    return (
        f'{{"columns": {json.dumps(columns)},\n"faults": [\n{faults}\n],\n"trials": [\n' + ",\n".join(lines) + "\n]}\n"
    )
