"""The test suite as evidence: which tests there are, which invariants each shows, and how each ended.

It is run as CI runs it (``CI=true``): what hypothesis draws is the same at every run, and a test that is left out is a
failure, since silence there would read as evidence.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from iontocore.verification.progress import progress
from iontocore.verification.suite_plugin import WHERE
from iontocore.verification.tools import ROOT

_LOOKS_EVERY_S: Final = 0.5
_ENDS: Final = (0, 1)
"""pytest's: all passed; some failed. Any other status is not one of tests."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A test function with all its cases. name: as pytest has it, without parameters. line: where it begins, from 1.
    invariants: the ids that any of its cases is marked with. failed: what each case that did not pass said. left_out:
    the same of cases that were not run."""

    file: str
    name: str
    line: int
    invariants: tuple[str, ...]
    cases: int
    failed: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """How the suite ended. complaint: what is wrong beside the tests themselves, or ""."""

    tests: tuple[Checked, ...]
    complaint: str


def run_suite(out: Path, chosen: Sequence[str] = (), root: Path = ROOT) -> Suite:
    """Run the tests of the project below `root`; `chosen` are arguments of pytest. What they say is in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    said, record = out / "tests.log", out / "tests.jsonl"
    record.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "iontocore.verification.suite_plugin"),
        *("-n", "auto", "--dist", "worksteal", f"--junitxml={out / 'tests.xml'}", *chosen),
    ]
    env = {**os.environ, "CI": "true", WHERE: str(record)}
    with (
        said.open("w", encoding="utf-8") as log,
        subprocess.Popen(command, cwd=root, env=env, stdout=log, stderr=log, start_new_session=True) as process,
    ):
        try:
            _watch(process, record)
        except BaseException:
            os.killpg(process.pid, 9)
            raise
    told = list(_told(record))
    tests = tuple(collected(told))
    complaint = ""
    if process.returncode not in _ENDS or not tests or (process.returncode == 1) != any(one.failed for one in tests):
        last = (said.read_text("utf-8", errors="replace").strip().splitlines() or ["nothing"])[-1]
        complaint = f"pytest ended with status {process.returncode} and {len(tests)} tests, saying: {last}"
    return Suite(tests, complaint)


def _watch(process: subprocess.Popen[bytes], record: Path) -> None:
    """Until it ends, showing how far it is."""
    total = _wait_for_number(process, record)
    if not total:
        return
    with progress("tests", total) as advance, record.open(encoding="utf-8") as lines:
        while True:
            running = process.poll() is None
            for line in lines:
                told = json.loads(line)
                if "test" in told:
                    advance(told["test"].rpartition("::")[2])
            if not running:
                return
            time.sleep(_LOOKS_EVERY_S)


def _wait_for_number(process: subprocess.Popen[bytes], record: Path) -> int:
    """How many tests there are; 0 when it ends before it has said so."""
    while True:
        running = process.poll() is None
        number = next((one["collected"] for one in _told(record) if "collected" in one), 0)
        if number or not running:
            return int(number)
        time.sleep(_LOOKS_EVERY_S)


def _told(record: Path) -> Iterator[Mapping[str, Any]]:
    """The lines that were written to their end."""
    if record.exists():
        for line in record.read_text("utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)


def collected(told: Iterable[Mapping[str, Any]]) -> Iterator[Checked]:
    """The functions of which the plugin told the cases, by file and name."""
    by_function: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for case in told:
        if "test" in case:
            file, _, name = str(case["test"]).partition("::")
            by_function.setdefault((file, name.partition("[")[0]), []).append(case)
    for (file, name), cases in sorted(by_function.items()):
        yield Checked(
            file=file,
            name=name,
            line=min(int(case["line"]) for case in cases),
            invariants=tuple(sorted({one for case in cases for one in case["invariants"]})),
            cases=len({case["test"] for case in cases}),
            failed=tuple(sorted(_words(case) for case in cases if case["outcome"] == "failed")),
            left_out=tuple(sorted(_words(case) for case in cases if case["outcome"] == "skipped")),
        )


def _words(case: Mapping[str, Any]) -> str:
    return f"{str(case['test']).rpartition('::')[2]}: {case['said']}"
