"""What building and testing needs of the machine, in one list, and how to get it where that is allowed.

    python3 tests/provision.py build    what the build cannot do without; ends with status 1 when it is not there
    python3 tests/provision.py test     the tools that some tests need; names those that cannot be had

Packages are installed with apt-get by root, or by `sudo` where it asks for no password. Nothing else of the machine is
changed. `tests/conftest.py` leaves out the tests whose tool is missing. Standard library alone: it runs before there is
anything else.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from typing import NamedTuple


class Tool(NamedTuple):
    """A command that tests ask for by name, in the Debian package that has it, and what it needs besides."""

    command: str
    package: str
    purpose: str


TOOLS = (
    Tool("make", "make", "builds the embedded library"),
    Tool("gcc", "gcc", "compiles the C core"),
    Tool("clang-19", "clang-19 libclang-rt-19-dev", "compiles the C core with other warnings, sanitizers and a fuzzer"),
    Tool("arm-none-eabi-gcc", "gcc-arm-none-eabi", "compiles the C core for Cortex-M"),
    Tool("qemu-system-arm", "qemu-system-arm", "runs it on an emulated Cortex-M"),
    Tool("frama-c", "frama-c-base", "proves the C core"),
    Tool("why3", "why3", "stands between Frama-C and the provers"),
    Tool("z3", "z3", "is one of the two provers"),
    Tool("cvc4", "cvc4", "is the other"),
    Tool("llvm-cov-19", "llvm-19", "reports which decisions of the C core the tests decide"),
    Tool("clang-tidy-19", "clang-tidy-19", "holds the C core to rules"),
    Tool("cppcheck", "cppcheck", "holds the C core to MISRA C:2012"),
    Tool("pango-view", "pango1.0-tools libharfbuzz-subset0 fonts-inter", "lays out the pages of the report as PDF"),
    Tool("pdftotext", "poppler-utils", "reads them again"),
    Tool("spin", "spin", "searches the model of the states"),
)


def missing_tools() -> list[Tool]:
    """The tools that tests ask for and that no folder of PATH has."""
    return [tool for tool in TOOLS if shutil.which(tool.command) is None]


def has_venv() -> bool:
    """Debian keeps half of the module `venv` in a package of its own."""
    return importlib.util.find_spec("ensurepip") is not None


def can_compile_an_extension() -> bool:
    """Whether gcc, the headers of the C library and those of this Python are there."""
    command = ["gcc", f"-I{sysconfig.get_path('include')}", "-fsyntax-only", "-x", "c", "-"]
    return shutil.which("gcc") is not None and succeeds(command, "#include <Python.h>\n#include <math.h>\n")


def apt_get() -> list[str] | None:
    """The start of a command that may install packages here without asking; None where there is none."""
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n", *command]
    return None


def install(packages: list[str]) -> None:
    """Try to install packages, each by itself: one that this release does not have keeps none of the others away."""
    command = apt_get()
    if command is None:
        return
    print(f"installing {' '.join(packages)} with apt-get", flush=True)
    succeeds([*command, "update"])
    for package in packages:
        succeeds([*command, "install", "--no-install-recommends", package])


def succeeds(command: list[str], given: str = "") -> bool:
    """Whether a command ends with status 0; what it prints is of no interest."""
    return subprocess.run(command, input=given, text=True, capture_output=True, check=False).returncode == 0


def provide_for_build() -> int:
    """Status 0 when an extension can be built in a virtual environment; else 1, and a sentence that says what to do."""
    needs = ((has_venv, ["python3-venv"]), (can_compile_an_extension, ["gcc", "libc6-dev", "python3-dev"]))
    lacking = [package for present, packages in needs if not present() for package in packages]
    if lacking:
        install(lacking)
        importlib.invalidate_caches()
    lacking = [package for present, packages in needs if not present() for package in packages]
    if lacking:
        names = " ".join(lacking)
        print(
            f"The build needs the Debian packages {names} (or their like for {sys.executable}), and they could not be "
            f"installed from here: run `sudo apt-get install {names}`, then try again.",
            file=sys.stderr,
        )
        return 1
    return 0


def provide_for_tests() -> int:
    """Status 0: a missing tool is no reason not to run the other tests. The test run says what it leaves out."""
    lacking = missing_tools()
    if lacking:
        install([package for tool in lacking for package in tool.package.split()])
    for tool in missing_tools():
        print(f"without {tool.command} ({tool.package}), which {tool.purpose}: the tests that need it are left out")
    return 0


if __name__ == "__main__":
    stages = {"build": provide_for_build, "test": provide_for_tests}
    if len(sys.argv) != 2 or sys.argv[1] not in stages:
        sys.exit("usage: python3 tests/provision.py build|test")
    sys.exit(stages[sys.argv[1]]())
