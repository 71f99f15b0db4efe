"""The proof as evidence: a piece for each clause of an invariant, and at most two for each function beside them.

In full mode the core is proved anew and compared with the ledger; in quick mode the ledger is read.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from iontocore.verification import ledger, prove
from iontocore.verification.acsl import Function, read, with_contracts
from iontocore.verification.evidence import Evidence, Figure, Finding, Kind, Made, Mode, Place, Status
from iontocore.verification.examined import CORE
from iontocore.verification.gather import Part, Setting
from iontocore.verification.tools import ROOT, SOURCES

CONTRACT: Final = "contract"
SMOKE: Final = "contradictions"

_SAYS: Final = {
    CONTRACT: "All else that the contract promises, all that callees require, and no undefined behaviour.",
    SMOKE: "No contradiction was found: no prover shows that the contract cannot be met, or a place not be reached.",
}
_SAYS_OF_CLAUSE: Final = "The clause holds after every call that meets what the contract requires."
_WELL: Final = ("valid", "passed")

Texts = Mapping[tuple[str, str, str], str]
"""What a goal that failed asks for, by file, function and goal."""


class Row(NamedTuple):
    """A goal and its end, as the ledger has it."""

    file: str
    function: str
    goal: str
    clause: str
    invariant: str
    kind: str
    prover: str
    status: str

    @property
    def piece(self) -> tuple[str, str, str]:
        """The piece of evidence that it is a part of: file, function, and a clause or what stands for one."""
        return self.file, self.function, SMOKE if self.kind == "smoke" else self.clause if self.invariant else CONTRACT


def gather(setting: Setting) -> Part:
    """Prove the core, or read what was proved."""
    functions = read(SOURCES)
    recorded = ledger.load()
    objections = [*prove.before(functions)]
    shown, said = recorded, dict[tuple[str, str, str], str]()
    if setting.mode is Mode.FULL:
        proof = prove.prove_all(with_contracts(functions), timeout_s=prove.TIMEOUT_S, with_smoke=True)
        shown = ledger.of_proof(proof.goals)
        objections += [*proof.findings, *ledger.differences(recorded, shown)]
        said = {(file.as_posix(), function, goal): text for (file, function, goal), text in proof.texts.items()}
    return Part(
        evidence=tuple(pieces(shown, functions, said, setting.made)),
        objections=tuple(Finding(one.where, one.what) for one in objections),
    )


def pieces(
    shown: ledger.Ledger, functions: Sequence[Function], said: Texts, made: Made, root: Path = ROOT
) -> Iterator[Evidence]:
    """The evidence that a ledger is."""
    labelled = {file: Labelled.of((root / file).read_text("utf-8")) for file in {one.file for one in functions}}
    rows = sorted((Row(*place, *rest) for place, rest in shown.rows.items()), key=lambda row: row.piece)
    for (file, function, piece), goals in groupby(rows, key=lambda row: row.piece):
        part = tuple(goals)
        open_goals = [row for row in part if row.status not in _WELL]
        yield Evidence(
            id=f"{Kind.PROOF}:{Path(file).name}:{function}:{piece}",
            kind=Kind.PROOF,
            subject=f"{Path(file).name}: {function}(), {piece}",
            says=_SAYS.get(piece, _SAYS_OF_CLAUSE),
            invariants=tuple(sorted({row.invariant for row in part if row.invariant})),
            hazards=(),
            status=Status.FAILS if open_goals else Status.HOLDS,
            made=made,
            group=CORE,
            speaks_of=shown.fingerprint,
            figures=_figures(part),
            command=f"make prove ARGS='--function {function}'",
            source=_place(file, function, piece, functions, labelled),
            detail=tuple(_detail(row, said) for row in open_goals),
        )


def _figures(rows: Sequence[Row]) -> Mapping[str, Figure]:
    """How many goals, and by which means. Which of the two solvers took one changes with the load of the machine."""
    by_qed = sum(row.prover == "qed" for row in rows)
    well = sum(row.status in _WELL for row in rows)
    if rows[0].kind == "smoke":
        return {"places": len(rows), "contradictions": len(rows) - well}
    kinds = Counter(f"goals_of_kind_{row.kind}" for row in rows)
    return {"goals": len(rows), "goals_by_qed": by_qed, "goals_by_solver": well - by_qed, **kinds}


def _detail(row: Row, said: Texts) -> str:
    text = said.get((row.file, row.function, row.goal), "")
    return f"{row.goal} is {row.status}" + (f": {text}" if text else "")


class Labelled(NamedTuple):
    """A text, and where labels stand in it."""

    text: str
    at: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, text: str) -> "Labelled":
        """Find everything that a colon makes a label."""
        at: defaultdict[str, list[int]] = defaultdict(list)
        for match in _LABEL.finditer(text):
            at[match["label"]].append(match.start())
        return cls(text, at)

    def line(self, at: int) -> int:
        """The line of a place in the text, from 1."""
        return self.text.count("\n", 0, at) + 1


_LABEL: Final = re.compile(r"\b(?P<label>[A-Za-z_]\w*)\s*:(?!:)")


def _place(
    file: str, function: str, piece: str, functions: Sequence[Function], labelled: Mapping[Path, Labelled]
) -> Place:
    """Where the clause stands: in the contract before the prototype or before the definition, or in the body; else
    where the function begins; and the first line of the file for a function that the text does not have any more. Two
    files may have a function of one name, as guard and regulator have."""
    known = [one for one in functions if one.name == function and (one.file == Path(file) or not one.defined)]
    for one in known:
        found = [at for at in labelled[one.file].at.get(piece, ()) if at < one.end]
        if found and (found[-1] >= one.start or any(clause.label == piece for clause in one.clauses)):
            return Place(one.file.as_posix(), labelled[one.file].line(found[-1]))
    begins = [Place(one.file.as_posix(), labelled[one.file].line(one.start)) for one in known if one.defined]
    return begins[0] if begins else Place(file, 1)
