"""What happens to a test whose tool is missing, and to a machine on which nothing may be installed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import provision

TESTS = Path(__file__).resolve().parent
CASES = """
import pytest

@pytest.mark.needs("clang-19")
def test_that_needs_clang():
    raise AssertionError("ran without its tool")

def test_that_needs_nothing():
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with this one's settings and conftest, and one test of two that cannot be run."""
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("conftest.py", "provision.py"):
        shutil.copy(TESTS / name, tests)
    shutil.copy(TESTS.parent / "pyproject.toml", tmp_path)
    (tests / "test_cases.py").write_text(CASES)
    (tmp_path / "bin").mkdir()
    return tmp_path


def run(project: Path, *arguments: str, ci: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CI"))}
    environment["PATH"] = str(project / "bin")
    if ci is not None:
        environment["CI"] = ci
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_test_without_its_tool_is_left_out_and_the_summary_says_why(project: Path, workers: str) -> None:
    done = run(project, "-n", workers)
    assert done.returncode == 0
    assert "1 passed, 1 skipped" in done.stdout
    assert "left out" in done.stdout
    assert re.search(r"test_that_needs_clang: needs clang-19, which .* \(package clang-19 .*\)", done.stdout)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_under_ci_a_test_that_is_left_out_is_a_failure(project: Path, workers: str) -> None:
    done = run(project, "-n", workers, ci="true")
    assert done.returncode == 1
    assert "skipped" not in done.stdout.splitlines()[-1]
    assert "left out, and CI leaves nothing out: needs clang-19" in done.stdout


def test_under_ci_a_whole_file_that_leaves_itself_out_is_a_failure(project: Path) -> None:
    (project / "tests" / "test_file.py").write_text('import pytest\npytest.importorskip("no_such_module")\n')
    assert run(project, ci="true").returncode != 0
    assert run(project).returncode == 0


def test_with_its_tool_the_test_runs(project: Path) -> None:
    tool = project / "bin" / "clang-19"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert "ran without its tool" in run(project).stdout


def test_a_need_that_no_package_meets_is_an_error_of_the_test(project: Path) -> None:
    cases = project / "tests" / "test_cases.py"
    cases.write_text(CASES.replace("clang-19", "clang-ninety"))
    done = run(project)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "clang-ninety" in done.stderr


def test_a_marker_that_no_one_declared_is_an_error_of_the_test(project: Path) -> None:
    (project / "tests" / "test_cases.py").write_text(CASES.replace("needs(", "nedes("))
    assert run(project).returncode == pytest.ExitCode.INTERRUPTED


def test_every_tool_of_the_list_is_asked_for_by_a_test() -> None:
    sources = [path.read_text("utf-8") for path in TESTS.glob("test_*.py") if path.name != Path(__file__).name]
    calls = [call for source in sources for call in re.findall(r"mark\.needs\(([^)]*)\)", source)]
    asked = {name for call in calls for name in re.findall(r'"([^"]+)"', call)}
    assert {tool.command for tool in provision.TOOLS} <= asked


def provide(stage: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TESTS / "provision.py"), stage]
    return subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True, check=False)


def test_where_nothing_may_be_installed_the_build_says_in_one_sentence_what_it_needs(tmp_path: Path) -> None:
    done = provide("build", tmp_path)
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert "gcc libc6-dev python3-dev" in sentence
    assert "sudo apt-get install" in sentence


def test_where_nothing_may_be_installed_the_tests_run_and_every_missing_tool_is_named(tmp_path: Path) -> None:
    done = provide("test", tmp_path)
    assert done.returncode == 0
    for tool in provision.TOOLS:
        assert f"without {tool.command} ({tool.package}), which {tool.purpose}" in done.stdout


def test_where_it_is_allowed_each_missing_package_is_installed_by_itself(tmp_path: Path) -> None:
    log = tmp_path / "log"
    scripts = {"sudo": '#!/bin/sh\nshift\nexec "$@"\n', "apt-get": f'#!/bin/sh\necho "$@" >> {log}\nexit 1\n'}
    for name, text in scripts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for name in ("env", "sh", "true"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    done = provide("test", tmp_path)
    assert done.returncode == 0
    asked = [line.split()[-1] for line in log.read_text().splitlines()]
    packages = [package for tool in provision.TOOLS for package in tool.package.split()]
    assert asked == ["update", *packages]


def test_a_virtual_environment_needs_its_half_of_a_package_on_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    assert provision.has_venv()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not provision.has_venv()
