"""The tests against the mutants of one build: a fork for each, out of one process that has imported everything once.

A process of its own, since the extension is the one that its tree holds: it reads an `Order` from its input and writes
one JSON object a line: how many tests there are, then each test without a mutant while the build watches, then a
control, which is no mutant run like one, then each mutant. A mutant is met by the tests in which it makes a difference,
and by no others; those that killed most in its function come first, then those that killed most, then the shortest. It
is killed by a test that fails, by a crash, and by time that runs out. Of each mutant is said, too, what was noted of it
in all tests together: whether any of them reached it, and whether it would have made a difference in any.

Left out are the tests of the tools of evidence, which look at the text of the core or at a build of their own, and
those that need a command of the machine for the same reason.
"""

import contextlib
import ctypes
import gc
import json
import os
import selectors
import shutil
import signal
import sys
import tempfile
import time
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from operator import or_
from typing import IO, Any, Final, NamedTuple

import pytest

from iontocore.ccore import _ionto
from iontocore.verification.schemata import DIFFERS

_PROFILE: Final = "mutants"
_TEST_LIMIT_S: Final = 600.0
_MUTANT_LIMIT_S: Final = 3600.0
_FEW: Final = 40
_LIMIT_S: Final = 1.0
_SLOWER: Final = 5.0
"""Under a mutant a test may use so many times the processor's time that it uses without one, and `_LIMIT_S` more."""

_WAITS_S: Final = 60.0
"""By the clock it may take so many times that time again, and `_WAITS_S` more: a test that waits uses no processor."""

_WAITS_TIMES: Final = 20.0
"""By the clock a test may take so many times `longest_s`."""

_NO_END: Final = "no end"
_TOO_LONG: Final = (signal.SIGPROF, signal.SIGALRM)
_PARTS: Final = 8
"""Processes that the control takes."""

Outcome = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted.

    mutants: the function of each, by its number. excused: those that meet a few tests alone, of those that killed most
    in their function and those that are shortest. size: of the bytes that the build notes in. examples: of a property;
    0 is what the tests say themselves. longest_s: tests that take more of the processor's time while the build watches
    are stopped and left out; 0 leaves out none. tests: arguments for pytest.
    """

    mutants: Mapping[int, str]
    excused: Sequence[int]
    size: int
    workers: int
    examples: int
    longest_s: float
    tests: Sequence[str]

    def write(self) -> str:
        """What `read` reads."""
        return json.dumps(asdict(self))

    @staticmethod
    def read(stream: IO[str]) -> "Order":
        """The order that another process wrote."""
        told = json.load(stream)
        return Order(**{**told, "mutants": {int(number): place for number, place in told["mutants"].items()}})


# ---- forks ---------------------------------------------------------------------------------------------------------


class Job(NamedTuple):
    """What a fork does, what it is called by whoever waits for it, and the seconds that it may take."""

    name: Any
    limit_s: float
    work: Callable[[], Outcome]


@dataclass(slots=True)
class _Fork:
    name: Any
    process: int
    folder: str
    until: float
    said: bytes = b""


def in_forks(jobs: Iterator[Job], workers: int) -> Generator[tuple[Any, Outcome], None, None]:
    """Run each job in a fork of this process, `workers` at a time, and give its name and its outcome as it ends.

    What died, or took longer than it may, has the outcome ``{"died": why}``. The next job is taken from `jobs` when
    there is room for it, so that it may depend on what came before. No fork outlives this generator.
    """
    with selectors.DefaultSelector() as running:
        try:
            while True:
                while len(running.get_map()) < workers and (job := next(jobs, None)) is not None:
                    pipe, fork = _begin(job)
                    running.register(pipe, selectors.EVENT_READ, fork)
                if not running.get_map():
                    return
                yield from _ended(running)
        finally:
            for key in running.get_map().values():
                _end(key.data, late=True)


def _ended(running: selectors.BaseSelector) -> Iterator[tuple[Any, Outcome]]:
    """Wait until a fork has something to say or has taken too long, and give those that are over."""
    soonest = min(key.data.until for key in running.get_map().values())
    ready = {key.fd for key, _ in running.select(max(soonest - time.monotonic(), 0.0))}
    for key in list(running.get_map().values()):
        piece = os.read(key.fd, 1 << 20) if key.fd in ready else b""
        key.data.said += piece
        late = time.monotonic() > key.data.until
        if late or (key.fd in ready and not piece):
            running.unregister(key.fd)
            os.close(key.fd)
            yield key.data.name, _end(key.data, late)


def _begin(job: Job) -> tuple[int, _Fork]:
    reading, writing = os.pipe()
    folder = tempfile.mkdtemp(prefix="iontocore-mutant-")
    process = os.fork()
    if process == 0:
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.close(reading)
            os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
            said = json.dumps(job.work())
            with os.fdopen(writing, "w") as stream:
                stream.write(said + "\n")
        finally:
            os._exit(0)
    os.close(writing)
    return reading, _Fork(job.name, process, folder, time.monotonic() + job.limit_s)


def _end(fork: _Fork, late: bool) -> Outcome:
    """The outcome of a fork that ended or is to end; what it has started ends with it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(fork.process, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(fork.process, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(fork.process, 0)[1])
    shutil.rmtree(fork.folder, ignore_errors=True)
    if fork.said.endswith(b"\n"):
        outcome: Outcome = json.loads(fork.said)
        return outcome
    return {"died": _NO_END if late or -status in _TOO_LONG else f"signal {-status}"}


# ---- the build -----------------------------------------------------------------------------------------------------


class Build:
    """The mutated extension that is loaded: which mutant it is, and what it notes."""

    def __init__(self, size: int) -> None:
        library = ctypes.CDLL(_ionto.__file__)
        self._mutant = ctypes.c_int.in_dll(library, "ionto_mutant")
        self._watching = ctypes.c_int.in_dll(library, "ionto_watching")
        self._noted = (ctypes.c_ubyte * size).in_dll(library, "ionto_noted")

    def choose(self, number: int) -> None:
        """Be this mutant from now on; 0 is none."""
        self._mutant.value = number

    def watch(self) -> None:
        """Note from now on which mutants would make a difference."""
        self._watching.value = 1

    def noted(self) -> bytes:
        """What was noted of each mutant, by its number."""
        self._watching.value = 0
        return bytes(self._noted)


# ---- the tests -----------------------------------------------------------------------------------------------------


class Runs:
    """A plugin of pytest that takes the place of its loop: see the module."""

    def __init__(self, order: Order, tell: Callable[[Outcome], None]) -> None:
        self._order = order
        self._tell = tell
        self._build = Build(order.size)
        self._failed = False
        self._items: dict[str, pytest.Item] = {}
        self._seconds: dict[str, float] = {}
        self._tests_of: defaultdict[int, list[str]] = defaultdict(list)
        self._noted = bytes(order.size)
        self._kills: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """How many mutants of a function each test killed; of all functions under ""."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Properties look for a failure and not for the smallest one, always with the same examples."""
        # pytest wants to be the first to import it
        from hypothesis import HealthCheck, Phase, settings

        settings.register_profile(
            _PROFILE,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
            max_examples=self._order.examples or settings().max_examples,
        )
        settings.load_profile(_PROFILE)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        self._items = {item.nodeid: item for item in session.items if not _of_tools(item)}
        self._tell({"tests": len(self._items)})
        gc.freeze()
        self._watch()
        self._tell(self._control())
        for number, outcome in in_forks(self._mutants(), self._order.workers):
            killer = outcome.get("killer", "")
            if killer:
                self._kills[self._order.mutants[number]][killer] += 1
                self._kills[""][killer] += 1
            self._tell_of(number, outcome)
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            print(report.longreprtext, file=sys.stderr)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed = self._failed or report.failed

    # ---- without a mutant ------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Run every test without a mutant, each in a fork of its own, so that nothing is kept from one to the next."""
        for test, outcome in in_forks(map(self._watching, self._items), self._order.workers):
            self._met(test, outcome)

    def _met(self, test: str, outcome: Outcome) -> None:
        """Take up what a test showed: the mutants that it meets from now on, unless it failed or was stopped."""
        noted = b64decode(outcome.get("noted", "")) or bytes(self._order.size)
        stopped = outcome.get("died") == _NO_END and self._order.longest_s > 0
        numbers = [number for number in self._order.mutants if noted[number] & DIFFERS]
        self._noted = bytes(map(or_, self._noted, noted))
        if outcome.get("passed", False):
            self._seconds[test] = outcome["seconds"]
            for number in numbers:
                self._tests_of[number].append(test)
        self._tell({"test": test, "passed": outcome.get("passed", stopped)})

    def _watching(self, test: str) -> Job:
        return Job(test, _TEST_LIMIT_S, partial(self._watched, test))

    def _watched(self, test: str) -> Outcome:
        if self._order.longest_s > 0:
            _stop_after(self._order.longest_s, _WAITS_TIMES * self._order.longest_s)
        self._build.watch()
        began = time.process_time()
        passed = self._passes(test)
        seconds = time.process_time() - began
        return {"passed": passed, "seconds": seconds, "noted": b64encode(self._build.noted()).decode()}

    def _control(self) -> Outcome:
        """No mutant, run as if it were one, against every test that mutants meet: what fails here would kill all."""
        tests = sorted({test for met in self._tests_of.values() for test in met})
        jobs = (Job(0, _MUTANT_LIMIT_S, partial(self._killer, 0, tests[part::_PARTS])) for part in range(_PARTS))
        failed = [
            outcome.get("killer") or outcome.get("died", "") for _, outcome in in_forks(jobs, self._order.workers)
        ]
        return {"control": next(filter(None, failed), "")}

    def _passes(self, test: str) -> bool:
        self._failed = False
        item = self._items[test]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self._failed

    # ---- with one --------------------------------------------------------------------------------------------------

    def _mutants(self) -> Iterator[Job]:
        for number, place in self._order.mutants.items():
            tests = self._tests_of[number]
            if not tests:
                self._tell_of(number, {})
                continue
            tests.sort(key=partial(self._rank, place))
            yield Job(number, _MUTANT_LIMIT_S, partial(self._killer, number, tests))

    def _tell_of(self, number: int, outcome: Outcome) -> None:
        noted = {"noted": self._noted[number], "tests": len(self._tests_of[number])}
        self._tell({"mutant": number, **noted, "died": "", "killer": "", **outcome})

    def _rank(self, place: str, test: str) -> tuple[int, int, float]:
        return -self._kills[place][test], -self._kills[""][test], self._seconds[test]

    def _killer(self, number: int, tests: Sequence[str]) -> Outcome:
        self._build.choose(number)
        for test in tests[:_FEW] if number in self._order.excused else tests:
            limit_s = _LIMIT_S + _SLOWER * self._seconds[test]
            _stop_after(limit_s, _WAITS_S + _SLOWER * limit_s)
            if not self._passes(test):
                return {"killer": test}
        return {"killer": ""}


def _stop_after(processor_s: float, clock_s: float) -> None:
    """A signal ends this process after so much of the processor's time or, when it waits, so much time."""
    signal.setitimer(signal.ITIMER_PROF, processor_s)
    signal.setitimer(signal.ITIMER_REAL, clock_s)


def _of_tools(item: pytest.Item) -> bool:
    named = vars(item.module).values() if isinstance(item, pytest.Function) else ()
    return item.get_closest_marker("needs") is not None or any(
        str(getattr(one, "__module__", None) or getattr(one, "__name__", "")).startswith("iontocore.verification")
        for one in named
    )


def main() -> int:
    """The process itself. What the tests print is dropped; what goes wrong outside them is on the error stream.

    SIGTERM ends it, and its forks with it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    order = Order.read(sys.stdin)
    with os.fdopen(os.dup(1), "w") as stream:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

        def tell(outcome: Outcome) -> None:
            stream.write(json.dumps(outcome) + "\n")
            stream.flush()

        without = [f"-pno:{name}" for name in ("cacheprovider", "terminal", "faulthandler")]
        return int(pytest.main([*without, "--capture=no", *order.tests], plugins=[Runs(order, tell)]))


if __name__ == "__main__":
    sys.exit(main())
