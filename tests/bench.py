"""Measures the speed and prints a table: `make bench`. Ratios are within this run; absolute times belong to this
machine.

Every figure is the best of several rounds, for other programs can only make it worse. Nothing is asserted: a budget
that is not met says so in its row."""

import ctypes
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from reference_core import STOP, Ask, ReferenceCore

from iontocore.ccore import Command, Request, Simulation
from iontocore.ccore._ionto import ffi, lib
from iontocore.config import core_config
from iontocore.entries import Outcome
from iontocore.journal import Journal
from iontocore.plans import preset
from iontocore.session import Session
from iontocore.simulated import SimulatedPort

TREE: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = [str(TREE / "ccore" / "src" / name) for name in ("regulator.c", "guard.c", "ionto.c")]
FLAGS: Final = ["-std=c99", "-O2", f"-I{TREE / 'ccore' / 'include'}"]
TARGET_NA: Final = 15_000_000
ROUNDS: Final = 5


class CSense(ctypes.Structure):
    """struct ionto_sense"""

    _fields_ = [
        ("now_us", ctypes.c_uint32),
        ("sample", ctypes.c_uint32),
        ("measured_na", ctypes.c_int32),
        ("check_na", ctypes.c_int32),
        ("voltage_mv", ctypes.c_int32),
        ("contact", ctypes.c_uint32),
        ("switch_closed", ctypes.c_uint32),
        ("emergency_stop", ctypes.c_uint32),
    ]


class CRequest(ctypes.Structure):
    """struct ionto_request"""

    _fields_ = [
        ("target_na", ctypes.c_int32),
        ("command", ctypes.c_uint32),
        ("acknowledge", ctypes.c_uint32),
        ("heartbeat", ctypes.c_uint32),
    ]


class CDrive(ctypes.Structure):
    """struct ionto_drive"""

    _fields_ = [("current_na", ctypes.c_int32), ("switch_closed", ctypes.c_uint32)]


def best(what: Callable[[], float], rounds: int = ROUNDS) -> float:
    """The least of several measurements."""
    return min(what() for _ in range(rounds))


def step_in_c(folder: Path) -> tuple[float, float, float]:
    """Nanoseconds a step: the core, the regulator alone, the guard alone; what feeds them is taken off."""
    program = folder / "bench_step"
    subprocess.run(["gcc", *FLAGS, str(TREE / "tests" / "bench_step.c"), *SOURCES, "-o", str(program)], check=True)
    answer = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    whole, regulator, guard, frame = (float(word) for word in answer.split())
    return whole - frame, regulator - frame, guard - frame


def ticks_per_second() -> float:
    """Ticks of core and body together in a second, 400 a call, without a trace."""
    simulation = Simulation(seed=1)
    simulation.start(core_config(preset("palms")))
    request = Request(0, Command.STOP, 0, 1)
    simulation.run(request, 3000)
    began = time.perf_counter()
    for heartbeat in range(2, 1_502):
        simulation.run(Request(TARGET_NA, Command.RUN, 0, heartbeat), 400)
    elapsed = time.perf_counter() - began
    assert simulation.truth().current_na > 0.9 * TARGET_NA, "the treatment that is timed did not run"
    return 1_500 * 400 / elapsed


def session_s(folder: Path) -> tuple[float, float]:
    """Wall time of a 20-minute session through the whole stack, journal included, and its simulated time, in s."""

    def clock() -> datetime:
        return datetime.now(UTC)

    path = folder / f"{time.monotonic_ns()}.journal"
    began = time.perf_counter()
    with Journal.create_or_open(path, clock) as journal:
        session = Session(preset("palms"), SimulatedPort(seed=1), journal, clock)
        session.start()
        reports = list(session)
    elapsed = time.perf_counter() - began
    assert session.outcome is Outcome.COMPLETED, "the session that is timed did not complete"
    return elapsed, reports[-1].session_ms / 1000


def step_in_python(steps: int = 20_000) -> float:
    """Nanoseconds a step of the tests' reference core, which keeps the same promises in plain Python."""
    core = ReferenceCore(config=core_config(preset("palms")))
    core.step(STOP)
    run = Ask(target_na=TARGET_NA)
    began = time.perf_counter()
    for _ in range(steps):
        core.step(run)
    elapsed = time.perf_counter() - began
    assert core.closed, "the treatment that is timed did not run"
    return elapsed / steps * 1e9


def step_by_ctypes(folder: Path, steps: int = 50_000) -> float:
    """Nanoseconds a step of the C core through ctypes, the sense brought up to date before each."""
    library = folder / "libcore.so"
    subprocess.run(["gcc", *FLAGS, "-fPIC", "-shared", *SOURCES, "-o", str(library)], check=True)
    step = ctypes.CDLL(str(library)).ionto_step
    init = ctypes.CDLL(str(library)).ionto_init
    step.restype = CDrive
    core = ctypes.create_string_buffer(ffi.sizeof("struct ionto_core"))
    config = ffi.new("struct ionto_config *", core_config(preset("palms"))._asdict())
    init(core, ctypes.c_void_p(int(ffi.cast("uintptr_t", config))), 0)
    sense, request = CSense(contact=1), CRequest()
    core_at, sense_at, request_at = ctypes.byref(core), ctypes.byref(sense), ctypes.byref(request)
    drive = CDrive()
    began = time.perf_counter()
    for tick in range(steps):
        sense.now_us = tick * 1000
        sense.sample = tick
        sense.measured_na = sense.check_na = drive.current_na
        sense.voltage_mv = drive.current_na // 400
        sense.switch_closed = drive.switch_closed
        request.heartbeat = tick
        request.command = tick > 3000
        request.target_na = TARGET_NA
        drive = step(core_at, sense_at, request_at)
    elapsed = time.perf_counter() - began
    assert drive.current_na > 0, "the treatment that is timed did not run"
    return elapsed / steps * 1e9


def step_by_cffi(steps: int = 50_000) -> float:
    """Nanoseconds a step of the C core with one cffi call a tick, the sense brought up to date before each."""
    core = ffi.new("struct ionto_core *")
    config = ffi.new("struct ionto_config *", core_config(preset("palms"))._asdict())
    lib.ionto_init(core, config, 0)
    sense: Any = ffi.new("struct ionto_sense *", {"contact": 1})
    request: Any = ffi.new("struct ionto_request *")
    step = lib.ionto_step
    drive: Any = ffi.new("struct ionto_drive *")[0]
    began = time.perf_counter()
    for tick in range(steps):
        sense.now_us = tick * 1000
        sense.sample = tick
        sense.measured_na = sense.check_na = drive.current_na
        sense.voltage_mv = drive.current_na // 400
        sense.switch_closed = drive.switch_closed
        request.heartbeat = tick
        request.command = tick > 3000
        request.target_na = TARGET_NA
        drive = step(core, sense, request)
    elapsed = time.perf_counter() - began
    assert drive.current_na > 0, "the treatment that is timed did not run"
    return elapsed / steps * 1e9


def main() -> int:
    """Measure everything, saying what is under way, and print the table."""

    def under_way(what: str) -> None:
        print(f"measuring: {what} ...", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        under_way("a step in C")
        whole, regulator, guard = step_in_c(folder)
        under_way("core and body together")
        ticks = 1 / best(lambda: 1 / ticks_per_second())
        under_way("a session of 20 minutes")
        wall_s, simulated_s = min(session_s(folder) for _ in range(ROUNDS))
        under_way("the same step in plain Python, through ctypes, and through cffi")
        python = best(step_in_python, 3)
        by_ctypes = best(lambda: step_by_ctypes(folder), 3)
        by_cffi = best(step_by_cffi, 3)
    batch = 1e9 / ticks

    def budget(met: bool, words: str) -> str:
        return f"{words}: {'met' if met else 'NOT MET'}"

    rows = [
        ("a step of the core, in C", f"{whole:8.1f} ns", "1.0", budget(whole <= 60, "at most 60 ns")),
        ("  the regulator alone", f"{regulator:8.1f} ns", f"{regulator / whole:.2f}", ""),
        ("  the guard alone", f"{guard:8.1f} ns", f"{guard / whole:.2f}", "the cost of the safety itself"),
        ("core and body, a tick, many a call", f"{batch:8.1f} ns", f"{batch / whole:.1f}", ""),
        ("one cffi call a tick", f"{by_cffi:8.0f} ns", f"{by_cffi / whole:.0f}", ""),
        ("one ctypes call a tick", f"{by_ctypes:8.0f} ns", f"{by_ctypes / whole:.0f}", ""),
        ("the same promises in plain Python", f"{python:8.0f} ns", f"{python / whole:.0f}", ""),
    ]
    print(f"{'a tick':36} {'cost':>11}  {'ratio':>6}  budget")
    for what, cost, ratio, note in rows:
        print(f"{what:36} {cost:>11}  {ratio:>6}  {note}")
    print()
    rate = simulated_s / wall_s
    print(f"core and body together: {ticks / 1e6:.1f} million ticks a second; {budget(ticks >= 1e7, 'at least 10')}")
    print(
        f"a session of {simulated_s / 60:.1f} min with plan, table, monitor and journal: {wall_s:.2f} s, "
        f"{rate:.0f} x real time; {budget(wall_s <= 1.0, 'at most 1.0 s')}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
