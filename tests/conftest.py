"""How the tests are run: what is left out, said aloud, and what hypothesis may take its time for.

A test that needs a command of the machine says so with `@pytest.mark.needs("clang-19")`; the commands are those of
`tests/provision.py`. Without the command the test is left out, and the summary names it and the reason. Where CI is
"true" a test that is left out, for this or any other reason, is a failure: silence there would read as evidence.
"""

import os
import shutil
from collections.abc import Generator

import hypothesis
import pytest

from provision import TOOLS

IN_CI = os.environ.get("CI") == "true"

# A slow machine is no failure of a property. In CI the examples are the same at every run.
hypothesis.settings.register_profile("iontocore", deadline=None, print_blob=True, derandomize=IN_CI)
hypothesis.settings.load_profile("iontocore")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What ``-n auto`` is: one more than there are processors, since now and then a test waits for a program or for
    time to pass."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = {tool.command for tool in TOOLS}
    for item in items:
        for marker in item.iter_markers("needs"):
            unknown = set(marker.args) - known
            if unknown or not marker.args:
                raise pytest.UsageError(f"{item.nodeid} needs {sorted(unknown)}: tests/provision.py has no such tool")


def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = {command for marker in item.iter_markers("needs") for command in marker.args}
    missing = [tool for tool in TOOLS if tool.command in wanted and shutil.which(tool.command) is None]
    if missing:
        reasons = [f"needs {tool.command}, which {tool.purpose} (package {tool.package})" for tool in missing]
        pytest.skip("; ".join(reasons))


def _fail_if_left_out(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out, and CI leaves nothing out: {_reason(report)}"


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix("Skipped: ")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_left_out(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_left_out(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = terminalreporter.stats.get("skipped", [])
    if left_out:
        terminalreporter.section("left out")
        for report in left_out:
            terminalreporter.line(f"{report.nodeid}: {_reason(report)}")
