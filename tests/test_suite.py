"""The suite as evidence: every test is tied to its invariants, and none that failed, was left out or broke is lost."""

from pathlib import Path

import pytest

from iontocore.verification.suite import Checked, Suite, run_suite

SETTINGS = '[tool.pytest.ini_options]\nmarkers = ["invariant(*ids): what it shows"]\n'
CASES = """
import pytest

@pytest.mark.invariant("SI-03", "SI-01")
@pytest.mark.parametrize("step", [1, 2, 9])
def test_of_cases(step):
    assert step < 9, "a step of 9 mA"

@pytest.mark.invariant("SI-05")
class TestInAClass:
    def test_holds(self):
        pass

@pytest.mark.skip(reason="needs a tool")
def test_left_out():
    pass

@pytest.fixture
def broken():
    raise OSError("no such device")

def test_without_its_fixture(broken):
    pass

def test_plain():
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "tests" / "test_cases.py").write_text(CASES)
    return tmp_path


def run(project: Path, workers: int) -> Suite:
    return run_suite(project / "out", ("-n", str(workers), "tests"), project)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_test_is_told_with_its_line_its_invariants_and_its_end(project: Path, workers: int) -> None:
    suite = run(project, workers)
    assert suite.complaint == ""
    by_name = {one.name: one for one in suite.tests}
    file = "tests/test_cases.py"
    assert by_name["test_of_cases"] == Checked(
        file, "test_of_cases", 4, ("SI-01", "SI-03"), 3, ("test_of_cases[9]: AssertionError: a step of 9 mA",), ()
    )
    assert by_name["TestInAClass::test_holds"] == Checked(file, "TestInAClass::test_holds", 11, ("SI-05",), 1, (), ())
    assert by_name["test_left_out"].left_out == ("test_left_out: Skipped: needs a tool",)
    assert by_name["test_without_its_fixture"].failed == ("test_without_its_fixture: OSError: no such device",)
    assert by_name["test_plain"] == Checked(file, "test_plain", 25, (), 1, (), ())
    assert len(suite.tests) == 5


@pytest.mark.parametrize("workers", [0, 2])
def test_a_file_that_cannot_be_read_is_not_passed_over(project: Path, workers: int) -> None:
    (project / "tests" / "test_more.py").write_text("import no_such_module\n")
    suite = run(project, workers)
    failed = {one.file for one in suite.tests if one.failed}
    assert "status 2" in suite.complaint or "tests/test_more.py" in failed


def test_no_tests_are_no_evidence(project: Path) -> None:
    (project / "tests" / "test_cases.py").write_text("")
    assert "0 tests" in run(project, 0).complaint


def test_what_they_said_is_kept_for_people_and_for_machines(project: Path) -> None:
    run(project, 0)
    assert {path.name for path in (project / "out").iterdir()} == {"tests.jsonl", "tests.log", "tests.xml"}
    assert "a step of 9 mA" in (project / "out" / "tests.log").read_text("utf-8")
