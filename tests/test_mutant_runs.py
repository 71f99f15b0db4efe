"""Mutants of the core run against a few tests of their own: what kills, what is noted, and what hangs or crashes."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from iontocore.verification import operator_mutants
from iontocore.verification.instrumented import build
from iontocore.verification.mutant_runs import Job, Order, in_forks
from iontocore.verification.operator_mutants import Findings, against_tests, core_texts
from iontocore.verification.schemata import Mutant, schemata
from iontocore.verification.tools import ROOT

TESTS: Final = """\
import os

from configurations import BASE
from iontocore.ccore import Error, Regulator

REGULATOR = Regulator(BASE)


def test_that_fails_when_the_saturation_is_refused():
    assert REGULATOR.init(BASE._replace(saturation_mv=500)) is Error.OK


def test_that_never_ends_when_a_dwell_of_nothing_is_accepted():
    while REGULATOR.init(BASE._replace(dwell_us=0)) is Error.OK:
        pass


def test_that_crashes_when_a_limit_of_nothing_is_accepted():
    if REGULATOR.init(BASE._replace(limit_na=0)) is Error.OK:
        os.abort()


def test_that_does_not_look():
    REGULATOR.init(BASE._replace(contact_us=0))
"""
KILLING: Final = "test_that_fails_when_the_saturation_is_refused"
WANTED: Final = {
    "within(l->saturation_mv, [500 -> 501], ": ("killed", f"{KILLING}"),
    "within(l->dwell_us, [IONTO_DWELL_MIN_US -> 0], ": ("killed", "no end"),
    "within(l->limit_na, [1 -> 0], ": ("killed", "signal 6"),
    "within(l->contact_us, [1 -> 0], ": ("other value", ""),
    "within(l->time_cap_us, [1000000 -> 1000001], ": ("same value", ""),
    "acknowledge [== -> >=] 1u": ("not reached", ""),
}
"""Pieces of the names of some mutants, and what becomes of them and by what."""


class Core:
    """The core with all its mutants, built once."""

    def __init__(self, folder: Path) -> None:
        made = schemata(*core_texts())
        for name, text in made.texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        exchanged = {name: folder / name for name in made.texts}
        self._folder: Final = folder
        self._tree: Final = build(folder, "gcc", ("-w", "-O0", "-fwrapv"), exchanged=exchanged)
        self._mutants: Final = made.mutants

    def named(self, piece: str) -> Mutant:
        """The mutant of whose name this is a piece."""
        (mutant,) = (mutant for mutant in self._mutants if piece in mutant.name)
        return mutant

    def against(self, tests: str, *mutants: Mutant, longest_s: float = 0.0) -> Findings:
        """These mutants against a file of tests, of which longer ones are left out."""
        file = self._folder / "test_of_the_core.py"
        file.write_text(tests)
        places = {mutant.number: mutant.function for mutant in mutants}
        arguments = (f"--rootdir={self._folder}", f"--override-ini=pythonpath={ROOT / 'tests'}", str(file))
        order = Order(places, (), len(self._mutants) + 1, 2, 0, longest_s, arguments)
        return against_tests(mutants, order, self._tree, self._folder / "log")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    return Core(tmp_path_factory.mktemp("core"))


def test_a_mutant_is_killed_by_a_failure_a_crash_and_a_test_without_end_and_else_what_was_noted_is_told(
    core: Core,
) -> None:
    mutants = {piece: core.named(piece) for piece in WANTED}
    findings = core.against(TESTS, *mutants.values())
    assert findings.failing == ()
    seen = {one.mutant: (one.outcome, one.by.rpartition("::")[2]) for one in findings.seen}
    assert {piece: seen[mutant] for piece, mutant in mutants.items()} == WANTED


def test_a_test_that_fails_without_a_mutant_is_told_and_kills_nothing(core: Core) -> None:
    mutant = core.named("within(l->saturation_mv, [500 -> 501], ")
    findings = core.against(TESTS.replace("saturation_mv=500", "saturation_mv=499"), mutant)
    assert [test.rpartition("::")[2] for test in findings.failing] == [KILLING]
    assert [one.outcome for one in findings.seen] == ["same value"]


@pytest.mark.parametrize("wait", ["while time.process_time() < until: pass", "time.sleep(20)"])
def test_a_test_that_takes_too_long_is_left_out_and_kills_nothing(core: Core, wait: str) -> None:
    slow = f"import time\n{TESTS}".replace(
        "    assert", f"    until = time.process_time() + 20\n    {wait}\n    assert"
    )
    mutant = core.named("within(l->saturation_mv, [500 -> 501], ")
    findings = core.against(slow, mutant, longest_s=0.2)
    assert findings.failing == ()
    assert [(one.outcome, one.tests) for one in findings.seen] == [("same value", 0)]


def test_a_test_that_fails_after_others_alone_is_told_by_the_control(core: Core) -> None:
    shared = "\n\nSEEN = []\n\n\n@pytest.mark.parametrize('part', range(9))\ndef test_shared(part):\n"
    shared += "    REGULATOR.init(BASE._replace(saturation_mv=500))\n    SEEN.append(part)\n    assert len(SEEN) == 1\n"
    findings = core.against(f"import pytest\n{TESTS}{shared}", core.named("within(l->saturation_mv, [500 -> 501], "))
    assert [test.rpartition("::")[2].partition("[")[0] for test in findings.failing] == ["test_shared"]


HANGING: Final = """\
import os
import time
from pathlib import Path

SEEN = Path({seen!r})


def test_that_hangs():
    writing = SEEN.with_suffix(".writing")
    writing.write_text(str(os.getpid()))
    writing.rename(SEEN)
    time.sleep(60)


def test_that_waits_for_it():
    while not SEEN.exists():
        time.sleep(0.01)
"""


def test_no_process_is_left_of_a_run_that_is_interrupted(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def interrupted(title: str, total: int) -> Iterator[Callable[[str], None]]:
        def advance(what: str) -> None:
            raise KeyboardInterrupt

        yield advance

    monkeypatch.setattr(operator_mutants, "progress", interrupted)
    seen = tmp_path / "process"
    with pytest.raises(KeyboardInterrupt):
        core.against(HANGING.format(seen=str(seen)), core.named("within(l->saturation_mv, [500 -> 501], "))
    with pytest.raises(ProcessLookupError):
        os.kill(int(seen.read_text()), 0)


# ---- forks -----------------------------------------------------------------------------------------------------------


def test_forks_say_what_they_did_or_how_they_died() -> None:
    def crash() -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    def hang() -> dict[str, Any]:
        time.sleep(60)
        return {}

    jobs = [Job("sound", 60, lambda: {"is": 1}), Job("crash", 60, crash), Job("hang", 0.1, hang)]
    assert dict(in_forks(iter(jobs), 2)) == {
        "sound": {"is": 1},
        "crash": {"died": f"signal {int(signal.SIGKILL)}"},
        "hang": {"died": "no end"},
    }


def test_no_fork_outlives_the_one_who_waits_for_it(tmp_path: Path) -> None:
    def hang() -> dict[str, Any]:
        (tmp_path / "writing").write_text(str(os.getpid()))
        (tmp_path / "writing").rename(tmp_path / "process")
        time.sleep(60)
        return {}

    def wait() -> dict[str, Any]:
        while not (tmp_path / "process").exists():
            time.sleep(0.01)
        return {}

    forks = in_forks(iter([Job("hang", 60, hang), Job("wait", 60, wait)]), 2)
    assert next(forks) == ("wait", {})
    forks.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "process").read_text()), 0)
