"""The extension built another way: found before the one in the checkout, which stays as it is."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from holes import SOURCES

from iontocore.ccore import _ionto
from iontocore.safety.refusal import Refusal
from iontocore.verification.instrumented import build, environment
from iontocore.verification.tools import Answer, complaint

SAYS_WHERE: Final = "from iontocore.ccore import _ionto, Config; print(_ionto.__file__)"


@pytest.mark.needs("gcc")
def test_a_process_with_its_environment_imports_it_and_the_same_python_around_it(tmp_path: Path) -> None:
    built = Path(str(_ionto.__file__))
    before = built.stat()
    tree = build(tmp_path, "gcc", ["-O0"])
    said = subprocess.run(
        [sys.executable, "-c", f"{SAYS_WHERE}; import iontocore.safety as s; print(s.__file__)"],
        env={**os.environ, **environment(tree)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert Path(said[0]).parent == tree / "iontocore" / "ccore"
    assert Path(said[1]).resolve() == Path(__file__).parent.parent / "safety" / "__init__.py"
    after = built.stat()
    assert (after.st_mtime_ns, after.st_ino, after.st_size) == (before.st_mtime_ns, before.st_ino, before.st_size)


@pytest.mark.needs("gcc")
def test_an_exchanged_source_is_the_one_that_runs(tmp_path: Path) -> None:
    other = tmp_path / "other.c"
    text = (SOURCES / "ionto.c").read_text("utf-8")
    renamed = text.replace("uint32_t ionto_phase(", "uint32_t ionto_phase_as_it_was(")
    assert renamed != text
    other.write_text(
        f"{renamed}\nuint32_t ionto_phase(const struct ionto_core *core)\n{{\n    (void)core;\n    return 5u;\n}}\n"
    )
    tree = build(tmp_path / "made", "gcc", exchanged={"ionto.c": other})
    program = "from iontocore.ccore._ionto import ffi, lib; print(lib.ionto_phase(ffi.new('struct ionto_core *')))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment(tree)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "5\n"


def test_what_is_on_the_path_already_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert environment(Path("/tree")) == {"PYTHONPATH": f"/tree{os.pathsep}/elsewhere"}
    monkeypatch.delenv("PYTHONPATH")
    assert environment(Path("/tree")) == {"PYTHONPATH": "/tree"}


@pytest.mark.needs("gcc")
def test_a_source_that_the_extension_does_not_have_cannot_be_exchanged(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no source other\.c"):
        build(tmp_path, "gcc", exchanged={"other.c": tmp_path / "other.c"})


@pytest.mark.needs("gcc")
@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("int here(void) { return nothing; }", r"bad\.c:\d+:\d+: error: 'nothing' undeclared"),
        ("int here(void) { return nowhere(); }", r"bad\.c:\d+:\d+: error: implicit declaration of function 'nowhere'"),
        (
            "uint32_t ionto_phase(const struct ionto_core *core) { return core != 0; }",
            "multiple definition of `ionto_phase'",
        ),
    ],
    ids=["a name", "a function", "two definitions"],
)
def test_what_does_not_compile_is_refused_with_the_compilers_error_and_leaves_no_extension(
    tmp_path: Path, line: str, error: str
) -> None:
    bad = tmp_path / "bad.c"
    bad.write_text(f"{(SOURCES / 'guard.c').read_text('utf-8')}\n{line}\n")
    with pytest.raises(Refusal, match=rf"not compiled \([^\n]*{error}"):
        build(tmp_path / "made", "gcc", exchanged={"guard.c": bad})
    assert list((tmp_path / "made").rglob("*.so")) == []


def test_a_linker_is_quoted_with_what_it_misses_and_not_with_its_summary() -> None:
    said = "ld: x.o: in function `f':\nx.c:3: undefined reference to `g'\ncc: error: linker command failed\n"
    assert complaint(Answer(1, "", said)) == "x.c:3: undefined reference to `g'"


def test_a_compiler_that_names_no_error_is_quoted_with_its_last_line_and_a_silent_one_with_its_status() -> None:
    assert complaint(Answer(1, "", "x.c: In function 'f':\nclang: out of memory\n")) == "clang: out of memory"
    assert complaint(Answer(1, "told on the other stream\n", "")) == "told on the other stream"
    assert complaint(Answer(-9, "", "")) == "status -9"


def test_a_compiler_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Refusal, match="gcc is not installed"):
        build(tmp_path, "gcc")
