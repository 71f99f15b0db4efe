"""The C text with one function edited: a copy to prove it in, whether a clause died there, and the record of what did.

An edit can break the edited function alone: a function is proved against its own contract and those of its callees, and
so are its callers. What an edit shows rests on a control: the unedited text has to show the same clause within a time
for each goal and prover, and the edited one is given a multiple of it. What fails then is the clause, and not the
patience of the provers.
"""

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.verification import wp
from iontocore.verification.acsl import Function
from iontocore.verification.tools import ROOT, SOURCES


def text_of(function: Function, root: Path = ROOT) -> str:
    """The function's own text, as it stands in the file below `root` now."""
    return (root / function.file).read_text()[function.start : function.end]


@contextmanager
def copied(function: Function, edited: str, root: Path) -> Iterator[None]:
    """A copy of the text below `root` in which the function's own text is `edited`; removed afterwards."""
    try:
        copy(function, edited, root)
        yield
    finally:
        shutil.rmtree(root, ignore_errors=True)


def copy(function: Function, edited: str, root: Path) -> None:
    """Copy the text to `root`, the function's own text replaced by `edited`."""
    for file in SOURCES:
        text = (ROOT / file).read_text()
        if file == function.file:
            text = text[: function.start] + edited + text[function.end :]
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)


def not_shown(goal: wp.Goal) -> bool:
    """Whether a prover looked at a goal and did not show it. One that broke down has looked at nothing."""
    return not goal.well and any(": Failed" not in answer for answer in goal.answers.split("; "))


def shown(outcome: wp.Outcome) -> frozenset[str]:
    """The labels of the clauses of which every goal was shown."""
    asked = {goal.clause for goal in outcome.goals if goal.kind == "ensures"}
    return frozenset(asked - {goal.clause for goal in outcome.goals if not goal.well})


# ---- records ---------------------------------------------------------------------------------------------------

Row = tuple[str, ...]

_AGAIN: Final = "write it with `--record`"
_SPEAKS_OF: Final = "# speaks of "


def write(path: Path, columns: Row, rows: Sequence[Row], text: str) -> None:
    """Write a record, sorted, below the fingerprint of the text that it speaks of."""
    with path.open("w", newline="") as file:
        file.write(f"{_SPEAKS_OF}{text}\n")
        csv.writer(file, lineterminator="\n").writerows((columns, *sorted(rows)))


def speaks_of(path: Path) -> str:
    """The fingerprint of the text that a record speaks of; "" of one that does not say, which is that of no text."""
    with path.open() as file:
        first = file.readline()
    return first.removeprefix(_SPEAKS_OF).strip() if first.startswith(_SPEAKS_OF) else ""


def recorded(path: Path, columns: Row) -> Sequence[Row]:
    """A committed record. Refusal when there is none, or one of other columns."""
    try:
        with path.open(newline="") as file:
            lines = (line for line in file if not line.startswith(_SPEAKS_OF))
            header, *rest = map(tuple, csv.reader(lines))
    except (FileNotFoundError, ValueError):
        raise Refusal(str(path), "missing or empty", "what `--record` writes", path.name, _AGAIN) from None
    if header != columns:
        raise Refusal(str(path), ",".join(header), ",".join(columns), path.name, _AGAIN)
    return rest
