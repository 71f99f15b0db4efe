"""What a report examines: every text of the checkout with its hash, the groups that evidence speaks of, the tools."""

import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version as version_of_package
from pathlib import Path
from typing import Final

from iontocore.verification import fuzz, operator_mutants, rules, sanitize
from iontocore.verification.deviations import REGISTER
from iontocore.verification.evidence import Examined, Group
from iontocore.verification.ledger import tools as provers
from iontocore.verification.python_mutants_copy import TESTS_OF, texts_of
from iontocore.verification.tools import ROOT, SOURCES, fingerprint, run, version

CORE: Final = "the C core"
FUZZED: Final = "the C core and its fuzzer"
TESTED: Final = "the C core and the tests of it"
SANITIZED: Final = "the C core and its simulation"
RULED: Final = "the embedded text and its rules"
EVERYTHING: Final = "everything"

_MADE: Final = {".git", "build", "dist", "__pycache__"}
_MADE_SUFFIXES: Final = {".so", ".o", ".a", ".d", ".pyc", ".egg-info"}
_COMMANDS: Final = (
    "gcc", "clang-19", "llvm-cov-19", "clang-tidy-19", "cppcheck", "arm-none-eabi-gcc", "qemu-system-arm", "git",
)  # fmt: skip
_PACKAGES: Final = ("cffi", "hypothesis", "numpy", "pycparser", "pytest", "transitions")


def python_group(module: str) -> str:
    """The name of the texts that the mutants of a Python module speak of. module: as ``safety/limits.py``."""
    return f"{module} and its tests"


def members() -> Mapping[str, tuple[Path, ...]]:
    """The texts of each group but `EVERYTHING`, relative to the project."""
    return {
        CORE: SOURCES,
        FUZZED: (*SOURCES, *fuzz.HARNESS),
        TESTED: (*SOURCES, *operator_mutants.TESTS),
        SANITIZED: sanitize.TEXTS,
        RULED: (*rules.SCOPE, rules.CHECKS, REGISTER.relative_to(ROOT)),
        **{python_group(module): texts_of(module) for module in TESTS_OF},
    }


def texts(root: Path = ROOT) -> tuple[Path, ...]:
    """Every text below `root` that is not made from others, in order. A folder whose name begins with a dot is a
    tool's."""
    found = []
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [
            name
            for name in subfolders
            if not name.startswith(".") and _is_source(name) and not (Path(folder) / name).is_symlink()
        ]
        found += [(Path(folder) / name).relative_to(root) for name in files if _is_source(name)]
    return tuple(sorted(found))


def _is_source(name: str) -> bool:
    return name not in _MADE and Path(name).suffix not in _MADE_SUFFIXES


def hashes(root: Path = ROOT) -> Mapping[str, str]:
    """The SHA-256 of every text below `root`, by its path."""
    return {path.as_posix(): sha256((root / path).read_bytes()).hexdigest() for path in texts(root)}


def groups(root: Path = ROOT) -> tuple[Group, ...]:
    """Every group with its fingerprint."""
    every = {**members(), EVERYTHING: texts(root)}
    return tuple(
        Group(name, tuple(path.as_posix() for path in paths), fingerprint(paths, root))
        for name, paths in sorted(every.items())
    )


def examine(root: Path = ROOT) -> Examined:
    """The text below `root`, and the tools of this machine."""
    commit, clean = _commit(root)
    return Examined(commit, clean, hashes(root), groups(root), tools())


def _commit(root: Path) -> tuple[str, bool]:
    """The commit that is checked out, and whether the texts are those of it; "" and False outside of a repository."""
    if shutil.which("git") is None or not (root / ".git").exists():
        return "", False
    head = run(["git", "rev-parse", "HEAD"], cwd=root, timeout_s=60)
    changed = run(["git", "status", "--porcelain"], cwd=root, timeout_s=60)
    if head.status != 0 or changed.status != 0:
        return "", False
    return head.out.strip(), not changed.out.strip()


def tools(commands: Sequence[str] = _COMMANDS) -> Mapping[str, str]:
    """What evidence is made with, each with its version; what is not there is not listed."""
    found = {name: version(name) for name in commands if shutil.which(name)}
    found |= {name: version_of_package(name) for name in _PACKAGES}
    found["python"] = platform.python_version()
    return dict(sorted({**provers(), **found}.items()))
