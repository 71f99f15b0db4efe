"""The extension built another way, in a tree of its own: another compiler, other flags, a source exchanged.

The tree holds links to the Python files and, beside them, the extension that was built. Whoever has it first on
PYTHONPATH runs the same Python with the other C; the extension in the checkout is not touched. Processes that a test
starts inherit it.
"""

import io
import os
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from iontocore.ccore.build_ffi import builder
from iontocore.safety.refusal import Refusal
from iontocore.verification.tools import ROOT, complaint, require, run

_BUILD_TIMEOUT_S: Final = 600.0
_PACKAGES: Final = {"gcc": "gcc", "clang-19": "clang-19"}
_LAYERS: Final = ("safety", "verification")


def build(out: Path, compiler: str, flags: Sequence[str] = (), *, exchanged: Mapping[str, Path] | None = None) -> Path:
    """Build the extension into ``out/tree`` and return that folder, which `environment` puts before all others.

    compiler: ``gcc`` or ``clang-19``. flags: given after the extension's own, to compile and to link.
    exchanged: what is compiled in place of a source, by its name ("regulator.c").
    Sources are compiled by their full paths, so that a report finds them. Refusal when the compiler is missing or does
    not compile them, OSError when `out` cannot be made.
    """
    swaps = dict(exchanged or {})
    path = require(compiler, _PACKAGES.get(compiler, compiler))
    tree = out / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    with redirect_stdout(io.StringIO()):  # cffi says which file it writes
        extension = builder().distutils_extension(tmpdir=str(out), verbose=False)
    sources = [Path(source).resolve() for source in extension.sources]
    unknown = sorted(swaps.keys() - {source.name for source in sources})
    if unknown:
        raise ValueError(f"the extension has no source {unknown[0]}")
    package = _link(tree)
    command = [
        path,
        "-shared",
        "-fPIC",
        f"-I{sysconfig.get_path('include')}",
        *(f"-I{Path(folder).resolve()}" for folder in extension.include_dirs),
        *(extension.extra_compile_args or []),
        "-Werror=implicit-function-declaration",
        *flags,
        *(str(swaps.get(source.name, source)) for source in sources),
        *(f"-l{library}" for library in extension.libraries),
        "-o",
        str(package / "_ionto.abi3.so"),
    ]
    answer = run(command, timeout_s=_BUILD_TIMEOUT_S, env={"LC_ALL": "C"})
    if answer.status != 0:
        raise Refusal(
            "the extension", f"not compiled ({complaint(answer)})", f"what {compiler} compiles",
            "verification/instrumented.py",
        )  # fmt: skip
    return tree


def environment(tree: Path) -> dict[str, str]:
    """The variables by which Python imports from a tree that `build` made, before anything else."""
    inherited = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{tree}{os.pathsep}{inherited}" if inherited else str(tree)}


def _link(tree: Path) -> Path:
    """The packages as links, but for the folder of the extension, whose files are links one by one; that folder."""
    package = tree / "iontocore"
    package.mkdir(parents=True)
    for entry in sorted((ROOT / "core").iterdir()):
        if entry.name not in ("ccore", *_LAYERS, "__pycache__"):
            (package / entry.name).symlink_to(entry)
    for layer in _LAYERS:
        (package / layer).symlink_to(ROOT / layer)
    made = package / "ccore"
    made.mkdir()
    for entry in sorted((ROOT / "ccore").iterdir()):
        if entry.suffix != ".so" and entry.name not in ("build", "__pycache__"):
            (made / entry.name).symlink_to(entry)
    return made
