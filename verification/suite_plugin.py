"""A plugin of pytest that writes down how each test ended and which invariants it shows, for `suite` to read.

It is told by ``IONTOCORE_SUITE`` where to write: a line of JSON for the number of tests, and one for each test.
"""

import json
import os
from pathlib import Path
from typing import IO, Any, Final

import pytest

WHERE: Final = "IONTOCORE_SUITE"
PROPERTY: Final = "invariant"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ties each test to its invariants; runs in every worker, and the reports carry it from there."""
    for item in items:
        named = {str(name) for marker in item.iter_markers("invariant") for name in marker.args}
        item.user_properties += [(PROPERTY, name) for name in sorted(named)]


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that was started writes, not its workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(os.environ[WHERE])))


class Recorder:
    """What is written down, as it happens."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8")

    def _say(self, **what: Any) -> None:
        self._file.write(json.dumps(what) + "\n")
        self._file.flush()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many tests there are, where one process runs them."""
        if session.items:
            self._say(collected=len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """... and where several do."""
        self._say(collected=len(ids))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that could not be read has tests that nobody sees."""
        if report.outcome != "passed":
            self._say(test=report.nodeid, line=1, outcome=report.outcome, invariants=[], said=_said(report))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that passed is told after its call; one that did not, after whatever part of it did not."""
        if report.when == "call" or report.outcome != "passed":
            file, line, _ = report.location
            inside = report.nodeid.startswith(f"{file}::")
            self._say(
                test=report.nodeid,
                line=(line or 0) + 1 if inside else 1,
                outcome=report.outcome,
                invariants=[value for name, value in report.user_properties if name == PROPERTY],
                said="" if report.outcome == "passed" else _said(report),
            )

    def pytest_unconfigure(self) -> None:
        """The end."""
        self._file.close()


def _said(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Why, on one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    told = crash.message if crash is not None else report.longrepr
    lines = str(told[2] if isinstance(told, tuple) else told).strip().splitlines()
    return lines[0] if lines else "no reason was given"
