"""A copy of the Python of the project in which mutants can live, laid out as mutmut wants it.

mutmut looks for packages below ``src`` and writes its mutants beside them. Here folders at the top are mapped to one
import name, so the copy spells that name in folders; the compiled extension comes along as it is.

One thing is altered in the copy: a property ``f`` becomes a method followed by ``f = property(f)``, since mutmut leaves
decorated functions alone. And the tests run otherwise: the quick ones first, and hypothesis makes few examples, the
same ones at every run, which it does not shrink. A mutant is killed by whatever fails, and needs no smallest example.
"""

import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Final

import libcst as cst
import libcst.matchers as m

from iontocore.verification.tools import ROOT

TESTS_OF: Final[dict[str, tuple[str, ...]]] = {
    "safety/contraindications.py": ("test_contraindications",),
    "safety/controls.py": ("test_controls",),
    "safety/drugs.py": ("test_drugs",),
    "safety/faults.py": ("test_faults",),
    "safety/faults_page.py": ("test_faults",),
    "safety/hazards.py": ("test_hazards",),
    "safety/invariants.py": ("test_invariants",),
    "safety/limits.py": ("test_limits",),
    "safety/monitor.py": ("test_monitor",),
    "safety/refusal.py": ("test_refusal",),
    "safety/samples.py": ("test_samples",),
    "safety/samples_array.py": ("test_samples",),
    "safety/words.py": ("test_words",),
    "machine.py": ("test_machine",),
    "progress.py": ("test_progress",),
    "session.py": ("test_session_words", "test_session_at_rest", "test_session"),
    "table.py": ("test_table", "test_machine"),
}
"""What is mutated, below ``iontocore``, and the tests that it is held to: those that speak of it, and no others that
happen to pass through it."""

EXAMPLES: Final = 25
"""Examples that hypothesis makes where a test asks for no number of its own."""

LEFT_OUT: Final = {
    "tests/test_controls.py::test_each_leads_to_a_file": "looks at the whole project; the copy is the package alone",
    "tests/test_machine.py::test_there_is_no_way_to_a_state_but_to_fire_an_event": "counts methods; a mutant adds some",
    "tests/test_samples.py::test_a_report_never_accuses_where_every_tick_is_well": "takes as long as all the others",
    "tests/test_session.py::test_every_fault_ends_at_zero_and_no_report_breaks_an_invariant": "is ninety sessions",
    "tests/test_session.py::test_losses_further_apart_than_ten_minutes_are_no_fault": "sits through ten minutes",
    "tests/test_session.py::test_the_largest_dose_there_is_can_be_given": "sits through the longest session there is",
}
"""Tests that are not run on mutants, since they cannot pass on the copy or take too long, and why."""

PYTEST: Final = ("-p", "no:cacheprovider", "-p", "no:xdist", *(f"--deselect={test}" for test in LEFT_OUT))

_MADE: Final = {"__pycache__", "build"}
_CONFTEST: Final = f"""\
import json
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples={EXAMPLES},
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)


def pytest_configure():
    hypothesis.settings.load_profile("mutants")  # after tests/conftest.py has loaded its own


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    measured = next(Path(__file__).parent.glob("**/mutmut-stats.json"), None)
    if measured is not None:
        duration_s = json.loads(measured.read_text())["duration_by_test"]
        items.sort(key=lambda item: duration_s.get(item.nodeid, 0))
"""


def test_files(module: str) -> tuple[str, ...]:
    """The tests that speak of one module, as files of the copy."""
    return tuple(f"tests/{name}.py" for name in TESTS_OF[module])


def scratch(place: Path) -> Path:
    """Where the tests on this copy write: in memory where Linux has a place for that. A journal waits for the disk at
    every entry, and tests of a thousand mutants wait for little else."""
    memory = Path("/dev/shm")
    root = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    return root / f"iontocore-mutants-{sha256(bytes(place)).hexdigest()[:12]}"


def environment(place: Path, *first: Path) -> dict[str, str]:
    """What a process that tests this copy is given: where it writes, and where modules are looked for first."""
    scratch(place).mkdir(exist_ok=True)
    paths = os.pathsep.join(map(str, first))
    return {**os.environ, "TMPDIR": str(scratch(place)), "PYTHONHASHSEED": "0", "PYTHONPATH": paths}


def texts_of(module: str) -> tuple[Path, ...]:
    """A module that is mutated and the tests that it is held to, relative to the project."""
    folder = Path() if (ROOT / module).is_file() else Path("core")
    return (folder / module, *(Path("tests") / f"{name}.py" for name in TESTS_OF[module]))


def make(place: Path, module: str) -> None:
    """Make the copy anew in `place`, set up for mutmut to mutate one module; what was there is gone."""
    shutil.rmtree(place, ignore_errors=True)
    package = place / "src" / "iontocore"
    _copy(ROOT / "core", package)
    for layer in ("ccore", "safety"):
        _copy(ROOT / layer, package / layer)
    for folder in ("tests", "docs", "ccore/include"):
        _copy(ROOT / folder, place / folder)
    shutil.copy2(ROOT / "README.md", place)
    path = package / module
    path.write_text(without_decorated_properties(path.read_text("utf-8")), encoding="utf-8")
    (place / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    settings = (ROOT / "pyproject.toml").read_text("utf-8") + _settings(module)
    (place / "pyproject.toml").write_text(settings, encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name in _MADE or Path(folder, name).is_symlink()]

    shutil.copytree(source, target, ignore=left_out)


def _settings(module: str) -> str:
    settings = {
        "source_paths": ["src"],
        "only_mutate": [f"src/iontocore/{module}"],
        "also_copy": ["README.md", "conftest.py", "docs", "ccore"],
        "pytest_add_cli_args_test_selection": [*test_files(module)],
        "pytest_add_cli_args": [*PYTEST],
    }
    lines = [f"{key} = [{', '.join(map(_quoted, values))}]" for key, values in settings.items()]
    return "\n".join(["", "[tool.mutmut]", *lines, "use_setproctitle = false", "use_git_change_detection = false", ""])


def _quoted(text: str) -> str:
    return f"'{text}'"


class _Properties(cst.CSTTransformer):
    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        body: list[cst.BaseStatement | cst.BaseSmallStatement] = []
        for statement in updated_node.body.body:
            if isinstance(statement, cst.FunctionDef) and _is_property(statement):
                name = statement.name.value
                body += [statement.with_changes(decorators=()), cst.parse_statement(f"{name} = property({name})")]
            else:
                body.append(statement)
        return updated_node.with_changes(body=updated_node.body.with_changes(body=body))


def _is_property(function: cst.FunctionDef) -> bool:
    return len(function.decorators) == 1 and m.matches(function.decorators[0].decorator, m.Name("property"))


def without_decorated_properties(source: str) -> str:
    """The source with each property as a method that is made one by the statement after it."""
    return cst.parse_module(source).visit(_Properties()).code
