"""The fault campaign: every single fault, in every state, at several depths of a session, in both directions.

Each fault of ``safety.faults`` is injected into the simulated device in every scene, memory bit by bit; the trial runs
in C to its end, and is judged twice: by what is hazardous in the current that really flows, and by every invariant at
every tick. The same command gives the same trials, bit by bit, on however many processes.

A fault that the core has to answer fails when one trial is hazardous or breaks an invariant, and when one of the
ways to inject it changed nothing in any trial. What is the hardware's, the device profile's or the supervisor's to
answer is told with its reason and what is to be shown, and is never counted as held.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from iontocore.safety.faults import FAULT_BY_ID
from iontocore.safety.refusal import Refusal
from iontocore.verification.campaign_cases import cases
from iontocore.verification.campaign_scenes import SCENES, quick_scenes
from iontocore.verification.campaign_table import FaultResult, holds, results, table, to_json, verdict
from iontocore.verification.campaign_trials import Run, run_trial
from iontocore.verification.command import Parser, answered, whole_number
from iontocore.verification.progress import progress
from iontocore.verification.tools import cores

_PIECE = 100
"""Trials that a process does at once."""
_MOST_WORKERS = 256


@dataclass(frozen=True, slots=True)
class Campaign:
    """What came of it. faults: a row for each fault, the sound device first. runs: every trial, in the order of scenes
    and faults. holds: whether everything that the core has to answer was shown, and held. verdict: that in words."""

    faults: tuple[FaultResult, ...]
    runs: tuple[Run, ...]
    holds: bool
    verdict: str


def _pieces(quick: bool, faults: Sequence[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The pieces of a campaign: the number of a scene, and those of its cases."""
    for scene in quick_scenes() if quick else SCENES:
        known = cases(scene, quick)
        numbers = [
            number for number, case in enumerate(known) if case.fault is None or not faults or case.fault.id in faults
        ]
        for start in range(0, len(numbers), _PIECE):
            yield SCENES.index(scene), tuple(numbers[start : start + _PIECE])


def _piece(quick: bool, scene: int, numbers: tuple[int, ...]) -> list[Run]:
    """What one process does at once."""
    known = cases(SCENES[scene], quick)
    return [run_trial(SCENES[scene], known[number]) for number in numbers]


def trials(quick: bool, faults: Sequence[str] = ()) -> int:
    """How many trials a campaign has."""
    return sum(len(numbers) for _, numbers in _pieces(quick, faults))


def run_campaign(
    quick: bool, faults: Sequence[str] = (), workers: int = 1, advance: Callable[[str], None] = lambda what: None
) -> Campaign:
    """Run it. The result does not depend on what finished first.

    quick: one depth of every state, the last injection of every fault, a share of the memory. faults: ids; all without
    any. workers: processes. advance: is told of every trial.
    """
    done: dict[int, list[Run]] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(_piece, quick, *piece): place for place, piece in enumerate(_pieces(quick, faults))}
        for finished in as_completed(waiting):
            done[waiting[finished]] = finished.result()
            for run in done[waiting[finished]]:
                advance(f"{run.fault}, {run.scene}")
    runs = tuple(run for place in sorted(done) for run in done[place])
    rows = results(runs)
    return Campaign(rows, runs, holds(rows), verdict(rows))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the campaign. Status 0 when all that the core has to answer held, 1 when not, 2 for a mistake."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("campaign", __doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="one depth of every state, the last injection of each fault"
    )
    parser.add_argument("--fault", action="append", default=[], metavar="SF-nn", help="this fault; may be repeated")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write every trial, too")
    parser.add_argument(
        "--workers", type=whole_number("--workers", _MOST_WORKERS), default=cores(), help="processes (%(default)s)"
    )
    given = parser.parse_args(argv)
    for fault in given.fault:
        if fault not in FAULT_BY_ID:
            first, last = min(FAULT_BY_ID), max(FAULT_BY_ID)
            raise Refusal("--fault", fault, f"an id from {first} to {last}", "the table of faults")
    with progress("campaign", trials(given.quick, given.fault)) as advance:
        campaign = run_campaign(given.quick, given.fault, given.workers, advance)
    if given.out is not None:
        given.out.write_text(to_json(campaign.faults, campaign.runs), "utf-8")
    print(table(campaign.faults))
    print(campaign.verdict)
    return 0 if campaign.holds else 1


if __name__ == "__main__":
    sys.exit(main())
