"""Maps the folders at the top to one import name, and builds the C core into it.

`ccore/`, `safety/`, `core/` and `verification/` are `iontocore.ccore`, `iontocore.safety`, `iontocore` and
`iontocore.verification`: nothing named `core` or `safety` reaches site-packages. An editable install gets a tree of
links that spells the import name in folders, because type checkers and editors do not follow import hooks.
"""

import os
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

FOLDERS = {
    "iontocore": "core",
    "iontocore.ccore": "ccore",
    "iontocore.safety": "safety",
    "iontocore.verification": "verification",
}
LINKS = {
    ".editable/iontocore": "../core",
    "core/ccore": "../ccore",
    "core/safety": "../safety",
    "core/verification": "../verification",
}
SHIPPED_AS_SOURCE = ("ccore", "core", "safety", "verification", "tests", "docs")
SHIPPED_FILES = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "setup.py")
MADE_FOLDERS = {"build", "__pycache__"}
MADE_SUFFIXES = {".so", ".o", ".a", ".d", ".pyc"}


def link_the_editable_tree() -> bool:
    """Make the links that are missing or lead elsewhere; False where the file system has none."""
    try:
        Path(".editable").mkdir(exist_ok=True)
        for name, target in LINKS.items():
            link = Path(name)
            if link.is_symlink() and os.readlink(link) == target:
                continue
            link.unlink(missing_ok=True)
            link.symlink_to(target, target_is_directory=True)
    except OSError as error:
        print(f"no links ({error}): mypy and editors will not see this install", file=sys.stderr)
        return False
    return True


def source_files() -> list[str]:
    """What a source distribution carries: the folders as they stand, without what is built and without links."""
    found = list(SHIPPED_FILES)
    for top in SHIPPED_AS_SOURCE:
        for folder, subfolders, files in os.walk(top):
            subfolders[:] = [
                name for name in subfolders if name not in MADE_FOLDERS and not Path(folder, name).is_symlink()
            ]
            found += [str(Path(folder, name)) for name in files if Path(name).suffix not in MADE_SUFFIXES]
    return found


class SourceDistribution(sdist):
    """A source distribution that needs no MANIFEST.in."""

    def make_distribution(self) -> None:
        self.filelist.files = sorted({*self.filelist.files, *source_files()})
        super().make_distribution()


class PythonFiles(build_py):
    """The modules of a package, without the builder of the extension: it is of no use once that is built."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        found: list[tuple[str, str, str]]
        found = super().find_package_modules(package, package_dir)  # type: ignore[no-untyped-call]  # stubs leave it so
        return [module for module in found if module[:2] != ("iontocore.ccore", "build_ffi")]


editable = "editable_wheel" in sys.argv and link_the_editable_tree()

setup(
    packages=list(FOLDERS),
    package_dir={"": ".editable"} if editable else FOLDERS,
    package_data={
        "iontocore": ["py.typed", "presets/*.toml", "devices/*.toml"],
        "iontocore.ccore": ["*.pyi", "include/*.h"],
        "iontocore.verification": ["*.schema.json", "templates/*"],
    },
    include_package_data=False,
    cffi_modules=["ccore/build_ffi.py:builder"],
    cmdclass={"sdist": SourceDistribution, "build_py": PythonFiles},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    zip_safe=False,
)
