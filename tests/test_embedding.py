"""The C core as firmware takes it: without Python, libc or helpers of the compiler, by two compilers, for Cortex-M."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from iontocore.ccore import get_include

CCORE = Path(__file__).resolve().parent.parent / "ccore"
STRICT = {"-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-ffreestanding"}


def make(*arguments: str, folder: Path = CCORE) -> subprocess.CompletedProcess[str]:
    # The make that may be running the tests must not pass its own flags and targets on.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A copy of what an embedder takes, to be altered."""
    for name in ("include", "src"):
        shutil.copytree(CCORE / name, tmp_path / name)
    shutil.copy(CCORE / "Makefile", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "compiler",
    [
        pytest.param("gcc", marks=pytest.mark.needs("make", "gcc")),
        pytest.param("clang-19", marks=pytest.mark.needs("make", "clang-19")),
    ],
)
def test_the_archive_is_built_without_a_warning_and_takes_nothing_from_outside(compiler: str, tmp_path: Path) -> None:
    done = make(f"CC={compiler}", f"BUILD={tmp_path}", "all", "check-symbols")
    assert done.returncode == 0, done.stderr
    compiled = [line.split() for line in done.stdout.splitlines() if line.startswith(f"{compiler} ")]
    assert {Path(words[words.index("-c") + 1]).name for words in compiled} == {
        path.name for path in (CCORE / "src").glob("*.c")
    }
    assert all(set(words) >= STRICT for words in compiled)
    assert "nothing undefined" in done.stdout
    assert (tmp_path / compiler / "libiontocore.a").is_file()


@pytest.mark.needs("make", "arm-none-eabi-gcc")
def test_the_core_compiles_for_cortex_m0_plus_and_m3_and_says_how_much_flash_it_takes(tmp_path: Path) -> None:
    done = make(f"BUILD={tmp_path}", "cortex")
    assert done.returncode == 0, done.stderr
    flash = {cpu: (int(text), int(ram)) for cpu, text, ram in re.findall(r"(\S+): (\d+) B flash, (\d+) B", done.stdout)}
    assert set(flash) == {"cortex-m0plus", "cortex-m3"}
    assert all(text > 0 and ram == 0 for text, ram in flash.values())


@pytest.mark.needs("make", "gcc")
def test_a_core_that_calls_the_c_library_is_refused(scratch: Path) -> None:
    source = "int abs(int);\nint extra(int x);\nint extra(int x) { return abs(x) + 1; }\n"
    (scratch / "src" / "extra.c").write_text(source)
    done = make("check-symbols", "CFLAGS=-O0 -fno-builtin", folder=scratch)
    assert done.returncode != 0
    assert "undefined in" in done.stderr
    assert "abs" in done.stderr


@pytest.mark.needs("make", "gcc")
def test_a_core_that_narrows_in_silence_is_refused(scratch: Path) -> None:
    (scratch / "src" / "extra.c").write_text("short extra(int x);\nshort extra(int x) { return x; }\n")
    done = make(folder=scratch)
    assert done.returncode != 0
    assert "-Werror=conversion" in done.stderr


@pytest.mark.needs("make", "gcc")
def test_a_change_of_the_header_builds_everything_again(scratch: Path) -> None:
    assert make(folder=scratch).returncode == 0
    assert "gcc" not in make(folder=scratch).stdout
    os.utime(scratch / "include" / "ionto.h")
    assert make(folder=scratch).stdout.count("gcc -std=c99") == len(list((scratch / "src").glob("*.c")))


@pytest.mark.needs("make", "gcc")
def test_an_embedder_finds_the_header_in_the_installed_package_and_links_the_archive(tmp_path: Path) -> None:
    program = tmp_path / "main.c"
    program.write_text(
        '#include "ionto.h"\n'
        "int main(void) {\n"
        "    static struct ionto_core core;\n"
        "    static struct ionto_config empty;\n"
        "    return ionto_init(&core, &empty, 0u) == IONTO_ERROR_TICK ? 0 : 1;\n"
        "}\n"
    )
    assert make(f"BUILD={tmp_path}", "CC=gcc").returncode == 0
    archive = tmp_path / "gcc" / "libiontocore.a"
    binary = tmp_path / "main"
    subprocess.run(["gcc", "-I", str(get_include()), str(program), str(archive), "-o", str(binary)], check=True)
    assert subprocess.run([str(binary)], check=False).returncode == 0
