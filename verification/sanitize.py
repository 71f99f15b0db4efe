"""The test suite under ASan and UBSan: the C core and its simulation with every access and every sum checked.

The extension is built with clang's sanitizers in a tree of its own (`instrumented`), and pytest runs with that tree
first on PYTHONPATH and with the runtime of ASan loaded before the interpreter. The first error ends the process that
made it. Leaks are not looked for: the interpreter keeps memory until it ends, and the core allocates none.

A Python that a test starts is checked as well. Another program that it starts is not, and runs without the runtime:
compilers, provers and emulators have errors of their own, and limits of memory that the runtime does not fit into.
"""

import os
import platform
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

from iontocore.safety.refusal import Refusal
from iontocore.verification.command import Parser, answered
from iontocore.verification.instrumented import build, environment
from iontocore.verification.tools import RECORDS, ROOT, SOURCES, fingerprint, require, run

FOLDER: Final = ROOT / "build" / "sanitize"
RECORD: Final = RECORDS / "sanitized.toml"
TEXTS: Final = (*SOURCES, *(path.relative_to(ROOT) for path in sorted((ROOT / "ccore" / "sim").glob("*.[ch]"))))
"""What is checked, relative to the project: all C that the extension is made of."""
COMPILER: Final = "clang-19"
"""And not gcc: the UBSan of that one writes its reports nowhere but to the error stream, which pytest takes."""
FLAGS: Final = (
    "-O1",
    "-g",
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=undefined",
    "-shared-libasan",
)
_WORKERS: Final = "2"
_NO_TEST: Final = (4, 5)
"""pytest's: it does not understand its arguments; it found no test by them."""
_ALL: Final = ("--ignore=tests/test_sanitize.py", "--ignore=tests/test_fuzz.py")
"""All tests but those of this command, which would start it within itself, and those of the fuzzer: its program has
sanitizers of its own, and counts as its memory what the process had that started it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the suite said (its status and how many tests ended how), and what the sanitizers said, process by process:
    the file and the sentence of each report."""

    status: int
    passed: int
    failed: int
    left_out: int
    reports: tuple[tuple[Path, str], ...]

    @property
    def holds(self) -> bool:
        """Whether every test that was run has passed, at least one was, and no sanitizer said anything."""
        return self.status == 0 and self.passed > 0 and self.failed == 0 and not self.reports


def runtime() -> str:
    """The file of the runtime of ASan, which has to be loaded before the interpreter. Refusal when there is none."""
    compiler = require(COMPILER, COMPILER)
    name = f"libclang_rt.asan-{platform.machine()}.so"
    path = run([compiler, f"-print-file-name={name}"], timeout_s=60).out.strip()
    if not Path(path).is_file():
        raise Refusal(name, "missing", "the runtime of ASan in libclang-rt-19-dev", f"{COMPILER} -print-file-name")
    return path


def interpreter(tree: Path, out: Path) -> Path:
    """Write a program into ``out`` that is this interpreter with the runtime loaded and told to report into ``out``,
    whatever its environment is; its path.

    What it runs on the tree finds that program as ``sys.executable``, so that a Python that it starts is checked too;
    all other programs start without the runtime.
    """
    # The runtime looks for the C++ library when it is loaded, and matplotlib brings that later.
    loaded = (runtime(), "libstdc++.so.6")
    # Reports go to files: pytest takes what a test writes to its streams.
    reports = f"log_path={out / 'report'}:halt_on_error=1"
    settings = {
        "ASAN_OPTIONS": f"detect_leaks=0:{reports}",
        "UBSAN_OPTIONS": f"print_stacktrace=1:{reports}",
        # Each object by itself, so that what stands beside it is not its neighbour's memory.
        "PYTHONMALLOC": "malloc",
    }
    program = out / "python"
    program.write_text(
        "#!/bin/sh\n"
        + "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
        + f'LD_PRELOAD="{" ".join(loaded)}${{LD_PRELOAD:+ $LD_PRELOAD}}" exec {shlex.quote(sys.executable)} "$@"\n',
        "utf-8",
    )
    program.chmod(0o755)
    (tree / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"sys.executable = {str(program)!r}\n"
        f'os.environ["LD_PRELOAD"] = " ".join(os.environ.get("LD_PRELOAD", "").split()[{len(loaded)}:])\n',
        "utf-8",
    )
    return program


def check(out: Path, chosen: Sequence[str], exchanged: Mapping[str, Path] | None = None) -> Outcome:
    """Build the extension in ``out`` and run the tests; ``chosen`` are pytest's arguments; without any, all tests
    but those of this command.

    exchanged: sources to take in place of those of the extension, by name. Refusal when it is not built, and where
    `run_on` refuses.
    """
    return run_on(build(out, COMPILER, FLAGS, exchanged=exchanged), out, chosen)


def run_on(tree: Path, out: Path, chosen: Sequence[str]) -> Outcome:
    """Run the tests on a tree that was built so; what they and the sanitizers say is in ``out``. Refusal when Python
    does not start with its extension, when that is not the one that Python finds, or when there are no such tests."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("report*"):
        old.unlink()
    python, env = str(interpreter(tree, out)), environment(tree)
    asked = run([python, "-c", "from iontocore.ccore import _ionto; print(_ionto.__file__)"], timeout_s=120, env=env)
    if not asked.out.startswith(str(tree)):
        found = asked.out.strip() or (asked.err.strip().splitlines() or ["nothing"])[-1]
        raise Refusal("the extension", found, f"that of {tree}", "Python with the runtime of ASan")
    results = out / "tests.xml"
    results.unlink(missing_ok=True)
    command = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-n",
        _WORKERS,
        "--dist",
        "worksteal",
        "--max-worker-restart=3",
        f"--junitxml={results}",
        *(chosen or _ALL),
    ]
    status = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=False).returncode
    if status in _NO_TEST:
        given, who = shlex.join(chosen) or "everything", f"pytest (status {status})"
        raise Refusal("the choice of tests", given, "tests that pytest finds", who, "see what it says above")
    passed, failed, left_out = _counts(results)
    reports = tuple((path, _sentence(path)) for path in sorted(out.glob("report*")))
    return Outcome(status, passed, failed, left_out, reports)


def _counts(results: Path) -> tuple[int, int, int]:
    """Tests that passed, that failed or broke off, and that were left out; none when pytest wrote no results."""
    if not results.is_file():
        return 0, 0, 0
    suites = ElementTree.parse(results).getroot().iter("testsuite")
    total = failed = left_out = 0
    for suite in suites:
        total += int(suite.get("tests", "0"))
        failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        left_out += int(suite.get("skipped", "0"))
    return total - failed - left_out, failed, left_out


def _sentence(report: Path) -> str:
    """What a report says first: of an error, of a failed check of the runtime, or whatever it begins with."""
    lines = [line.strip() for line in report.read_text("utf-8", errors="replace").splitlines() if line.strip(" =\n")]
    said = (line for line in lines if "error: " in line or "ERROR: " in line)
    return next(said, lines[0] if lines else "an empty report")


class Recorded(NamedTuple):
    """What a run of all tests but `_ALL` said. speaks_of: the fingerprint of `TEXTS`. passed: how many tests."""

    speaks_of: str
    passed: int


def write(path: Path, recorded: Recorded) -> None:
    """Write what was said."""
    path.write_text(
        "# What all tests but those of this command and of the fuzzer said under ASan and UBSan.\n"
        "# Written by `make sanitize ARGS=--record`.\n"
        f'speaks_of = "{recorded.speaks_of}"\npassed = {recorded.passed}\n',
        encoding="utf-8",
    )


def read(path: Path = RECORD) -> Recorded | None:
    """What is recorded; None where nothing is. Refusal for a record that is none."""
    if not path.exists():
        return None
    try:
        told = tomllib.loads(path.read_text("utf-8"))
        return Recorded(str(told["speaks_of"]), int(told["passed"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(path.name, repr(error), "what `--record` writes", __name__) from error


def verdict(outcome: Outcome) -> str:
    """One line: whether all held."""
    left_out = f", {outcome.left_out} left out" if outcome.left_out else ""
    if outcome.reports:
        path, sentence = outcome.reports[0]
        more = f" (and {len(outcome.reports) - 1} more)" if len(outcome.reports) > 1 else ""
        return f"BROKEN: {sentence}{more}; the whole report is {path}"
    if not outcome.holds:
        return f"BROKEN: the suite ended with status {outcome.status}: {outcome.passed} passed, {outcome.failed} failed"
    return f"HOLDS: {outcome.passed} tests passed under ASan and UBSan, which reported nothing{left_out}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the suite. Status 0 when all held, 1 when not, 2 when it cannot be run."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("sanitize", __doc__.splitlines()[0])
    parser.add_argument("chosen", nargs="*", help="tests or options for pytest, after --; all tests without any")
    parser.add_argument("--record", action="store_true", help="write what all tests said, when all held")
    given = parser.parse_args(argv)
    if given.record and given.chosen:
        parser.error("--record is of all tests")
    text = fingerprint(TEXTS)
    outcome = check(FOLDER, given.chosen)
    print(verdict(outcome))
    if given.record and outcome.holds:
        write(RECORD, Recorded(text, outcome.passed))
        print(f"recorded in {RECORD.relative_to(ROOT)}")
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())
