"""The ledger of the proof: each goal and its end, the text that was proved, and the tools that proved it.

A fresh proof and the ledger are the same when their goals are, with file, function, clause, invariant, kind and status;
when each goal was discharged by the same means; and when the text and the versions of the tools are. The means are two:
Qed, which is the same on every machine, and a solver. Which of the two solvers answered is written down, and is not
compared: cvc4 goes first and z3 takes what cvc4 leaves at the time limit, so a goal near that limit changes hands with
the load of the machine. A limit in steps would not, but WP hands one number to both, and they count differently: a
second is some 100 000 steps of cvc4 and some millions of z3.

So that a slower machine finds the same, what is recorded has been shown within a part of the time that a check allows
(``prove.RECORD_TIMEOUT_S`` of ``prove.TIMEOUT_S``).
"""

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.verification.acsl import Finding
from iontocore.verification.tools import RECORDS, ROOT, SOURCES, fingerprint, version
from iontocore.verification.wp import MACROS, OPTIONS, PROVERS, SMOKE_PROVERS, Goal

LEDGER: Final = "ledger.csv"
PROOF: Final = "proof.toml"
_COLUMNS: Final = ("file", "function", "goal", "clause", "invariant", "kind", "prover", "status")
_RECORD_AGAIN: Final = "prove it anew and write the ledger: python -m iontocore.verification.prove --record"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a proof found: a row for each goal, by file, function and goal; the text's fingerprint; the tools."""

    rows: Mapping[tuple[str, str, str], tuple[str, ...]]
    fingerprint: str
    tools: Mapping[str, str]


def of_proof(goals: Sequence[Goal], root: Path = ROOT) -> Ledger:
    """The ledger of a fresh proof of the text below `root`, by the tools that are installed."""
    rows = {
        (goal.file.as_posix(), goal.function, goal.goal): (
            goal.clause, goal.invariant, goal.kind, goal.prover, goal.status,
        )
        for goal in goals
    }  # fmt: skip
    return Ledger(dict(sorted(rows.items())), fingerprint(SOURCES, root), tools())


def tools() -> Mapping[str, str]:
    """The versions of what proves, and the options of WP that decide what is proved."""
    return {
        "frama-c": version("frama-c", "-version"),
        "why3": version("why3"),
        "cvc4": version("cvc4"),
        "cvc4-macros": MACROS,
        "z3": version("z3"),
        "options": " ".join(OPTIONS),
        "provers": ",".join(PROVERS),
        "smoke_provers": ",".join(SMOKE_PROVERS),
    }


def write(ledger: Ledger, folder: Path = RECORDS) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LEDGER).open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows((*place, *rest) for place, rest in ledger.rows.items())
    lines = [
        "# What was proved, and by what. Written by `python -m iontocore.verification.prove --record`.",
        f'fingerprint = "{ledger.fingerprint}"',
        f"goals = {len(ledger.rows)}",
        "",
        "[tools]",
        *(f'{name} = "{value}"' for name, value in ledger.tools.items()),
    ]
    (folder / PROOF).write_text("\n".join(lines) + "\n")


def load(folder: Path = RECORDS) -> Ledger:
    """The committed ledger. Refusal when there is none, or when it is not one."""
    try:
        with (folder / LEDGER).open(newline="") as file:
            header, *rows = csv.reader(file)
        facts = tomllib.loads((folder / PROOF).read_text())
        if tuple(header) != _COLUMNS or any(len(row) != len(_COLUMNS) for row in rows):
            raise _refused(folder / LEDGER, "not a table of the columns " + ", ".join(_COLUMNS))
        if len(rows) != facts["goals"]:
            raise _refused(folder / LEDGER, f"a table of {len(rows)} goals, where {PROOF} counts {facts['goals']}")
        by_place = {(row[0], row[1], row[2]): tuple(row[3:]) for row in rows}
        return Ledger(by_place, facts["fingerprint"], facts["tools"])
    except FileNotFoundError as missing:
        raise _refused(Path(missing.filename), "missing") from None
    except (ValueError, KeyError) as damaged:
        raise _refused(folder / PROOF, f"damaged ({damaged})") from None


def without_smoke(ledger: Ledger) -> Ledger:
    """The ledger as it is of a proof that looked for no contradictions."""
    return replace(ledger, rows={place: row for place, row in ledger.rows.items() if row[2] != "smoke"})


def differences(recorded: Ledger, fresh: Ledger) -> Iterator[Finding]:
    """Where a fresh proof is not what the ledger says, in the order of the files."""
    if recorded.fingerprint != fresh.fingerprint:
        yield Finding(PROOF, "the text is not the one that was proved: " + _RECORD_AGAIN)
    for name in dict.fromkeys((*recorded.tools, *fresh.tools)):
        was, now = recorded.tools.get(name, "nothing"), fresh.tools.get(name, "nothing")
        if was != now:
            yield Finding(PROOF, f"{name} was {was}, and is {now}")
    for place in sorted({*recorded.rows, *fresh.rows}):
        old, new = recorded.rows.get(place), fresh.rows.get(place)
        where = ": ".join(place)
        if old is None:
            yield Finding(where, "is a goal that the ledger does not have")
        elif new is None:
            yield Finding(where, "is in the ledger, and gave no goal")
        elif _compared(old) != _compared(new):
            yield Finding(where, f"the ledger says {', '.join(old)}; this proof says {', '.join(new)}")


def stale(folder: Path = RECORDS, root: Path = ROOT) -> Sequence[Finding]:
    """Whether the ledger is that of the text below `root`, with every goal shown: without a proof, within a
    moment. Refusal when there is no ledger."""
    recorded = load(folder)
    found = []
    if recorded.fingerprint != fingerprint(SOURCES, root):
        found.append(Finding(PROOF, "the text is not the one that was proved: " + _RECORD_AGAIN))
    for place, row in recorded.rows.items():
        if row[-1] not in ("valid", "passed"):
            found.append(Finding(": ".join(place), f"is recorded as {row[-1]}"))
    return found


def _compared(row: tuple[str, ...]) -> tuple[str, ...]:
    clause, invariant, kind, prover, status = row
    return clause, invariant, kind, "solver" if prover in PROVERS else prover, status


def _refused(path: Path, given: str) -> Refusal:
    return Refusal(str(path), given, "the ledger of the proof", "ccore/proofs", _RECORD_AGAIN)
