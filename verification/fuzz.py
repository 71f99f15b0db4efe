"""Fuzzing: libFuzzer with ASan and UBSan over configurations, requests, senses, proposals and flipped bits.

The target is ``tests/fuzz_core.c``. It turns an input into the life of a core, of a guard alone or of a regulator
alone, and holds every tick to what the header promises (``tests/fuzz_oracle.c``, written from the header and from no
line of the core). What was found stands in ``build/fuzz``: the corpus, which the next run goes on from, and the input
that broke something.

A phase or a trip that no input reached is a failure too: then nothing was shown of it.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from iontocore.ccore import Phase, Trip
from iontocore.safety.refusal import Refusal
from iontocore.verification.command import GREATEST, Parser, answered, whole_number
from iontocore.verification.progress import progress
from iontocore.verification.tools import ROOT, SOURCES, complaint, cores, require, run

COMPILER: Final = "clang-19"
SANITIZERS: Final = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
"""For the harness: it is checked like the core, and is no part of what the fuzzer counts as covered."""
FUZZED: Final = (
    "-fsanitize=fuzzer,address,undefined",
    "-fno-sanitize-recover=undefined",
    # Which operands are compared says nothing of a list of commands, and costs half of the speed. How deep the stack
    # is depends on where it lies, which differs from run to run.
    "-fno-sanitize-coverage=trace-cmp,trace-div,trace-gep,stack-depth",
)
HARNESS: Final = (Path("tests/fuzz_core.c"), Path("tests/fuzz_world.c"), Path("tests/fuzz_oracle.c"))
INCLUDE: Final = ROOT / "ccore" / "include"
FOLDER: Final = ROOT / "build" / "fuzz"
LONG_RUNS: Final = 10_000_000
_LONGEST_INPUT: Final = 64
"""Bytes: a configuration and 13 commands, with which every phase is reached."""
_MOST_WORKERS: Final = 256
_ENVIRONMENT: Final = {
    "LD_PRELOAD": "",  # it brings its own runtime along, also where the tests run under another one
    "ASAN_OPTIONS": "quarantine_size_mb=16",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
_STEPS: Final = 100
_LOOKS_EVERY_S: Final = 0.2
_SAID: Final = re.compile(
    r"^BROKEN: (.*)$|^(.*runtime error: .*)$|ERROR: (AddressSanitizer: .*|libFuzzer: (?!deadly).*)$", re.M
)
_COVERED: Final = re.compile(r"\bcov: (\d+)")
_EDGES: Final = re.compile(r"Loaded \d+ PC tables \((\d+) PCs\)")
_SOUND: Final = ("both channels", "guard alone", "regulator alone")


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that broke something: what was said, and the file that holds it."""

    sentence: str
    reproducer: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did. The counts are by the words of the harness: "inputs", "ticks", "phase 3" and so on."""

    counts: Mapping[str, int]
    seconds: float
    covered: int
    edges: int
    finding: Finding | None

    @property
    def unreached(self) -> tuple[str, ...]:
        """Phases and trips that no input reached, by name."""
        phases = [f"phase {phase.name}" for phase in Phase if not self.counts.get(f"phase {phase.value}")]
        trips = [f"trip {trip.name}" for trip in Trip if trip and not self.counts.get(f"trip {trip.value}")]
        return (*phases, *trips)


def build(out: Path, exchanged: Mapping[str, Path] | None = None) -> Path:
    """Compile the core and the harness into a program in ``out``. `exchanged`: sources to take in place of those of the
    core, by name. Refusal when there is no compiler, or when it does not compile them."""
    compiler = require(COMPILER, COMPILER)
    swaps = exchanged or {}
    out.mkdir(parents=True, exist_ok=True)
    common = [compiler, "-std=c11", "-g", "-O1", f"-I{INCLUDE}"]
    core = [swaps.get(path.name, ROOT / path) for path in SOURCES if path.suffix == ".c"]
    objects = []
    for source, flags in (*((path, FUZZED) for path in core), *((ROOT / path, SANITIZERS) for path in HARNESS)):
        made = out / f"{source.stem}.o"
        _compile([*common, *flags, "-c", str(source), "-o", str(made)])
        objects.append(str(made))
    program = out / "fuzz_core"
    _compile([compiler, *FUZZED[:2], *objects, "-o", str(program)])
    return program


def _compile(command: Sequence[str]) -> None:
    answer = run(command, timeout_s=300, env={"LC_ALL": "C"})
    if answer.status != 0:
        raise Refusal(
            "the fuzz target", f"not compiled ({complaint(answer)})", f"what {COMPILER} compiles",
            "verification/fuzz.py", f"see that {COMPILER} and libclang-rt-19-dev are there",
        )  # fmt: skip


# ---- running --------------------------------------------------------------------------------------------------------


class _Worker:
    """One process of libFuzzer. `at`: inputs that it has run, as far as it said. `stopped`: it did not end by itself.
    Its log is a file."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log: Final = log
        self.at = 0
        self.stopped = False
        self.counts: Counter[str] = Counter()
        with log.open("wb") as errors:
            self.process: Final = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,
            )
        self._reader: Final = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, lines: IO[str]) -> None:
        """What the harness says: a word or two, and a number, in each line."""
        for line in lines:
            words = line.split()
            if words[0] in ("at", "inputs"):
                self.at = int(words[1])
            elif words[0] in ("phase", "trip", "sound"):
                self.counts[f"{words[0]} {words[1]}"] = int(words[2])
            else:
                self.counts[words[0]] = int(words[1])

    def stop(self) -> None:
        """End it, if it has not ended by itself."""
        if self.process.poll() is None:
            self.stopped = True
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()


def fuzz(program: Path, out: Path, *, runs: int, seconds: int = 0, seed: int = 1, workers: int = 1) -> Outcome:
    """Run so many inputs in all, by so many processes, and end at the first that breaks something.

    seconds: when to end before that; 0 is never. `out` holds the corpus, which a run begins from, the logs and what was
    found. With an empty `out`, one worker and no `seconds` the same seed gives the same inputs.
    """
    corpus = out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    share = -(-runs // workers)
    began = time.monotonic()
    team: list[_Worker] = []
    try:
        for number in range(workers):
            command = [
                str(program),
                f"-seed={seed + number}",
                f"-runs={share}",
                f"-max_total_time={seconds}",
                f"-max_len={_LONGEST_INPUT}",
                "-timeout=10",
                f"-reload={int(workers > 1)}",
                "-detect_leaks=0",
                "-print_final_stats=1",
                f"-artifact_prefix={out}{os.sep}",
                str(corpus),
            ]
            team.append(_Worker(command, out / f"worker-{number}.log"))
        _watch(team, runs)
    finally:
        for worker in team:
            worker.stop()
    took = time.monotonic() - began
    counts: Counter[str] = Counter()
    for worker in team:
        counts.update(worker.counts)
        counts["inputs"] += worker.at
    finding = next((found for worker in team if (found := _finding(worker)) is not None), None)
    covered, edges = (0, 0) if finding else _coverage(program, corpus)
    return Outcome(counts, took, covered, edges, finding)


def _watch(team: Sequence[_Worker], runs: int) -> None:
    """Until all have come to their end, or one has found something."""
    with progress("fuzzing", _STEPS) as advance:
        shown = 0
        while True:
            running = [worker for worker in team if worker.process.poll() is None]
            at = sum(worker.at for worker in team)
            if any(worker.process.poll() not in (None, 0) for worker in team):
                return
            reached = _STEPS if not running else min(_STEPS - 1, at * _STEPS // runs)
            for _ in range(shown, reached):
                advance(f"{_number(at)} inputs")
            shown = max(shown, reached)
            if not running:
                return
            time.sleep(_LOOKS_EVERY_S)


def _finding(worker: _Worker) -> Finding | None:
    """What a worker that failed had found, or None when it did not fail or was stopped because another had. Refusal
    when it failed and found nothing."""
    status = worker.process.returncode
    if status == 0 or worker.stopped:
        return None
    log = worker.log.read_text("utf-8", errors="replace")
    written = re.search(r"Test unit written to (\S+)", log)
    said = _SAID.search(log)
    if written is None:
        last = log.strip().splitlines()[-1:] or ["nothing"]
        raise Refusal(
            "the fuzzer", f"ended with status {status} ({last[0]})", "an input that it found", str(worker.log)
        )
    sentence = next(part for part in said.groups() if part) if said else f"libFuzzer ended with status {status}"
    return Finding(sentence.strip(), Path(written[1]))


def _coverage(program: Path, corpus: Path) -> tuple[int, int]:
    """Edges of the core that the corpus goes through, and all that there are."""
    answer = run([str(program), "-runs=0", "-detect_leaks=0", str(corpus)], timeout_s=600, env=_ENVIRONMENT)
    covered, edges = _COVERED.findall(answer.err), _EDGES.search(answer.err)
    if answer.status != 0 or edges is None or not covered:
        raise Refusal("the corpus", f"not run (status {answer.status})", "what the fuzzer itself has kept", str(corpus))
    return int(covered[-1]), int(edges[1])


# ---- telling --------------------------------------------------------------------------------------------------------


def how_to_repeat(program: Path, finding: Finding) -> str:
    """A sentence that says how to see a finding again."""
    return f"To see it again: {_short(program)} {_short(finding.reproducer)}"


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def table(outcome: Outcome) -> str:
    """What was done and what was reached, as aligned lines."""
    counts = outcome.counts
    inputs = counts.get("inputs", 0)
    rows = [
        ("inputs", _number(inputs), ""),
        ("inputs a second", _number(inputs / outcome.seconds), f"in {outcome.seconds:.0f} s"),
        *((f"  {name}", _number(counts.get(f"sound {place}", 0)), "") for place, name in enumerate(_SOUND)),
        ("ticks", _number(counts.get("ticks", 0)), "each judged"),
        ("starts of current", _number(counts.get("starts", 0)), ""),
        ("flipped bits", _number(counts.get("flips", 0)), ""),
        ("refused configurations", _number(counts.get("refused", 0)), "at power-on"),
        ("edges of the core", _number(outcome.covered), f"of {outcome.edges}, the alarms of the sanitizers among them"),
        ("", "", ""),
        *((f"phase {phase.name}", *_reached(counts, f"phase {phase.value}")) for phase in Phase),
        *((f"trip {trip.name}", *_reached(counts, f"trip {trip.value}")) for trip in Trip if trip),
    ]
    return "\n".join(f"{name:24}{value:>14}  {note}".rstrip() for name, value, note in rows)


def _reached(counts: Mapping[str, int], name: str) -> tuple[str, str]:
    reached = counts.get(name, 0)
    return _number(reached), "inputs" if reached else "NOT REACHED"


def verdict(outcome: Outcome, program: Path, runs: int) -> str:
    """One line: whether all held, and of how much that speaks."""
    inputs = outcome.counts.get("inputs", 0)
    if outcome.finding is not None:
        return f"BROKEN: {outcome.finding.sentence}. {how_to_repeat(program, outcome.finding)}"
    if outcome.unreached:
        return f"NOT SHOWN: {_number(inputs)} inputs broke nothing and never reached {', '.join(outcome.unreached)}"
    short = f", of {_number(runs)} that were asked for" if inputs < runs else ""
    return f"HOLDS: no promise of the header was broken, by {_number(inputs)} inputs{short}"


def main(argv: Sequence[str] | None = None) -> int:
    """Fuzz. Status 0 when nothing was broken and all was reached, 1 when not, 2 when it cannot be run."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("fuzz", __doc__.splitlines()[0])
    for flag, greatest, default, about in (
        ("--runs", GREATEST, LONG_RUNS, "inputs in all (%(default)s)"),
        ("--seconds", GREATEST, 0, "end after so many seconds (never)"),
        ("--seed", GREATEST, 1, "what chance begins from (%(default)s)"),
        ("--workers", _MOST_WORKERS, cores(), "processes (%(default)s, one a processor)"),
    ):
        parser.add_argument(flag, type=whole_number(flag, greatest), default=default, help=about)
    given = parser.parse_args(argv)
    program = build(FOLDER)
    outcome = fuzz(program, FOLDER, runs=given.runs, seconds=given.seconds, seed=given.seed, workers=given.workers)
    if outcome.finding is None:
        print(table(outcome))
    said = verdict(outcome, program, given.runs)
    print(said)
    if outcome.finding is not None:
        outcome.finding.reproducer.with_name(f"{outcome.finding.reproducer.name}.txt").write_text(f"{said}\n", "utf-8")
    return 0 if outcome.finding is None and not outcome.unreached else 1


if __name__ == "__main__":
    sys.exit(main())
