"""The folder of a report: written as a whole or not at all, with the SHA-256 of every file in ``SHA256SUMS``.

The manifest is of the form that ``sha256sum --check`` reads. A folder that holds anything else than a report is never
touched.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from iontocore.safety.refusal import Refusal

NAME: Final = "SHA256SUMS"
_WHO: Final = "the folder of a report"


def require_free(folder: Path) -> None:
    """Refusal unless the folder is not there, is empty, or holds a report and nothing else."""
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise Refusal("--out", f"{folder}, which is no folder", "a folder", _WHO)
    there = _files(folder)
    if not there:
        return
    if NAME not in there:
        what = f"{folder}, which holds {sorted(there)[0]}"
        raise Refusal("--out", what, "a folder that is empty, or holds a report", _WHO, "name another, or empty it")
    foreign = sorted(there - {NAME} - listed(folder).keys())
    if foreign:
        what = f"{folder}, which holds {foreign[0]} beside its report"
        raise Refusal("--out", what, "a folder that holds a report and nothing else", _WHO, "name another, or empty it")


def write(folder: Path, fill: Callable[[Path], None]) -> None:
    """Put what `fill` writes in the place of the folder, with its manifest. Until then the folder is what it was."""
    require_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fill(made)
        lines = [f"{digest}  {name}\n" for name, digest in sorted(digests(made).items())]
        (made / NAME).write_text("".join(lines), encoding="utf-8", newline="\n")
        made.chmod(0o755)
        if folder.exists():
            former = Path(mkdtemp(prefix=f".{folder.name}-former-", dir=folder.parent))
            os.replace(folder, former)
            os.replace(made, folder)
            shutil.rmtree(former)
        else:
            os.replace(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def digests(folder: Path) -> Mapping[str, str]:
    """The SHA-256 of every file below a folder but its manifest, by its path. Of a link, of which a report has none, it
    is that of where the link leads."""
    return {name: sha256(_content(folder / name)).hexdigest() for name in _files(folder) - {NAME}}


def _content(path: Path) -> bytes:
    return f"link to {os.readlink(path)}".encode() if path.is_symlink() else path.read_bytes()


def listed(folder: Path) -> Mapping[str, str]:
    """What the manifest says. Refusal when there is none, or it is none."""
    path = folder / NAME
    if not path.is_file():
        raise Refusal("--check", str(folder), f"a folder that has {NAME}", _WHO, "write a report with --out")
    found = {}
    for line in path.read_text("utf-8").splitlines():
        digest, gap, name = line.partition("  ")
        if len(digest) != 64 or not gap or not name:
            raise Refusal(str(path), f"damaged ({line[:40]})", "lines of a hash and a name", _WHO)
        found[name] = digest
    return found


def changes(folder: Path) -> Iterator[str]:
    """What is not as the manifest says, a line for each file. Refusal when there is none."""
    was, now = listed(folder), digests(folder)
    yield from differences(was, now)


def differences(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """What differs between hashes by name, a line for each."""
    for name in sorted({*was, *now}):
        if name not in now:
            yield f"{name} is gone"
        elif name not in was:
            yield f"{name} is new"
        elif was[name] != now[name]:
            yield f"{name} has changed"


def _files(folder: Path) -> set[str]:
    """Every file and every link below a folder, by its path."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
