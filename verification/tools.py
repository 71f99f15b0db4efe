"""Running the tools of the field that evidence comes from: where they are, what they said, which version they are."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal

ROOT: Final = Path(__file__).resolve().parent.parent
"""The project: evidence speaks of a checkout, so these commands run from one and from nowhere else."""

SOURCES: Final = (
    Path("ccore/include/ionto.h"),
    Path("ccore/src/guard.c"),
    Path("ccore/src/regulator.c"),
    Path("ccore/src/ionto.c"),
)
"""The text that ships, relative to the project: what is proved, mutated, covered and held to the rules."""

RECORDS: Final = ROOT / "ccore" / "proofs"
"""Where the committed results stand."""

_ERROR: Final = re.compile(r"\berror: |undefined reference|multiple definition")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool said: its exit status and its two streams."""

    status: int
    out: str
    err: str


def require(command: str, package: str) -> str:
    """The full path of a command. Refusal when it is not installed, naming the Debian package that has it."""
    path = shutil.which(command)
    if path is None:
        raise Refusal(
            command, "not installed", f"the command of the Debian package {package}", "tests/provision.py",
            f"run `make tools` as root, or `apt-get install {package}`",
        )  # fmt: skip
    return path


def run(
    command: Sequence[str],
    *,
    cwd: Path = ROOT,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
) -> Answer:
    """Run a command to its end in `cwd`. A command that takes longer than `timeout_s` seconds is killed with all its
    children, and its status is -9: it has shown nothing."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            out, err = process.communicate()
            return Answer(-9, out, err)
        except BaseException:
            os.killpg(process.pid, 9)
            raise
    return Answer(process.returncode, out, err)


def complaint(answer: Answer) -> str:
    """What a compiler or a linker that failed says is wrong: its first line that names an error, and not what leads up
    to it ("In function ..."); the last thing that it said when no line does, its status when it said nothing."""
    said = [line.strip() for line in (answer.err.strip() or answer.out.strip()).splitlines()]
    return next(filter(_ERROR.search, said), said[-1] if said else f"status {answer.status}")


def version(command: str, *arguments: str) -> str:
    """The first line with a digit in what a tool says of its own version; "unknown" when it says none."""
    answer = run([command, *(arguments or ("--version",))], timeout_s=60)
    lines = (answer.out + "\n" + answer.err).splitlines()
    return next((line.strip() for line in lines if re.search(r"\d", line)), "unknown")


def fingerprint(paths: Sequence[Path], root: Path = ROOT) -> str:
    """SHA-256 over names and contents of files below `root`, in the order given, as hexadecimal digits."""
    digest = sha256()
    for path in paths:
        content = (root / path).read_bytes()
        digest.update(f"{path.as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))
