"""What gathering is: steps that each run one kind of evidence, or read its record, and give a part of a report.

A step never prints a verdict and never stops the others: what does not hold is evidence that fails, and what stands
against the claim beside that is an objection. Only what makes a report impossible, such as a tool that is not
installed, is a Refusal.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from iontocore.verification.evidence import (
    Characteristics,
    Coverage,
    Evidence,
    FaultRow,
    Finding,
    Made,
    Mode,
    Model,
    MutantCount,
    NotShown,
    Survivor,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a step is told. fingerprints: of the texts that are examined, by the name of their group. out: a folder for
    what it makes on the way."""

    mode: Mode
    fingerprints: Mapping[str, str]
    out: Path

    @property
    def made(self) -> Made:
        """Of a step that makes its results anew in full mode, and reads their record in quick mode."""
        return Made.NOW if self.mode is Mode.FULL else Made.RECORDED


@dataclass(frozen=True, slots=True)
class Part:
    """What a step gives. objections: what was found against the claim beside the status of its evidence."""

    evidence: tuple[Evidence, ...] = ()
    objections: tuple[Finding, ...] = ()
    not_shown: tuple[NotShown, ...] = ()
    faults: tuple[FaultRow, ...] = ()
    model: Model | None = None
    coverage: Coverage | None = None
    mutants: tuple[MutantCount, ...] = ()
    survivors: tuple[Survivor, ...] = ()
    characteristics: Characteristics | None = None


class Step(NamedTuple):
    """One kind of evidence. name: a word for people."""

    name: str
    run: Callable[[Setting], Part]


def merged(parts: Iterable[Part]) -> Part:
    """All parts as one. ValueError when two give the same table."""
    whole = Part()
    for part in parts:
        for name in ("model", "coverage", "characteristics"):
            if getattr(whole, name) is not None and getattr(part, name) is not None:
                raise ValueError(f"two steps give the table {name}")
        whole = Part(
            evidence=(*whole.evidence, *part.evidence),
            objections=(*whole.objections, *part.objections),
            not_shown=(*whole.not_shown, *part.not_shown),
            faults=(*whole.faults, *part.faults),
            model=whole.model or part.model,
            coverage=whole.coverage or part.coverage,
            mutants=(*whole.mutants, *part.mutants),
            survivors=(*whole.survivors, *part.survivors),
            characteristics=whole.characteristics or part.characteristics,
        )
    return whole
