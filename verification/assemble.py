"""A whole report from what the steps give: examine the text, gather, join, and see that the text stood still."""

import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.verification import assumptions as assumed
from iontocore.verification import (
    examined,
    gather_device,
    gather_model,
    gather_mutants,
    gather_proof,
    gather_runs,
    manifest,
    places,
)
from iontocore.verification.checklist import Checklist as Clauses
from iontocore.verification.checklists import CHECKLISTS
from iontocore.verification.evidence import (
    FORMAT,
    AssumptionRow,
    Checklist,
    ChecklistRow,
    Examined,
    Kind,
    Mode,
    Mutants,
    NotShown,
    Project,
    Report,
    Run,
    SoupRow,
)
from iontocore.verification.gather import Part, Setting, Step, merged
from iontocore.verification.join import join
from iontocore.verification.not_shown import rows as limits
from iontocore.verification.soup import Found, found
from iontocore.verification.soup_items import SOUP
from iontocore.verification.tools import ROOT, cores

STEPS: Final = (
    Step("tests", gather_runs.tests),
    Step("coverage", gather_runs.coverage),
    Step("rules", gather_runs.rules_of_text),
    Step("sizes", gather_runs.sizes),
    Step("characteristics", gather_device.characteristics),
    Step("faults", gather_device.faults),
    Step("model", gather_model.gather),
    Step("seeded edits", gather_mutants.edits),
    Step("lines", gather_mutants.lines),
    Step("operator mutants", gather_mutants.operators),
    Step("Python mutants", gather_mutants.python),
    Step("sanitizers", gather_runs.sanitizers),
    Step("fuzzing", gather_runs.fuzzing),
    Step("proof", gather_proof.gather),
)
"""Every kind of evidence; what takes longest comes last."""

NEEDS: Final = (
    ("frama-c", "frama-c-base"),
    ("why3", "why3"),
    ("cvc4", "cvc4"),
    ("z3", "z3"),
    ("clang-19", "clang-19"),
    ("llvm-cov-19", "llvm-19"),
    ("clang-tidy-19", "clang-tidy-19"),
    ("cppcheck", "cppcheck"),
    ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
    ("qemu-system-arm", "qemu-system-arm"),
    ("spin", "spin"),
)
"""The commands without which there is no report, and the Debian packages that have them: asked for before anything is
run."""

_BEARS: Final[Mapping[assumed.Kind, tuple[Kind, ...]]] = {
    assumed.Kind.PROOF: (Kind.PROOF, Kind.MUTANT, Kind.LINES),
    assumed.Kind.TESTS: (Kind.TEST, Kind.COVERAGE, Kind.OPERATOR_MUTANT, Kind.FUZZ, Kind.SIZES),
    assumed.Kind.SIMULATION: (Kind.FAULT, Kind.CHARACTERISTIC),
    assumed.Kind.SUPERVISOR: (Kind.MODEL, Kind.PYTHON_MUTANT),
}
"""The kinds of evidence that rest on what an assumption bears."""

Say = Callable[[str], None]


def assemble(mode: Mode, scratch: Path, steps: Sequence[Step], *, root: Path = ROOT, say: Say) -> Report:
    """Gather and join what these steps give of the text below `root`. scratch: for what they make on the way. say: is
    told which step begins. Refusal when a step cannot be run, or when a text has changed meanwhile."""
    began = time.monotonic()
    subject = examined.examine(root)
    setting = Setting(mode, {group.name: group.fingerprint for group in subject.groups}, scratch)
    parts: list[Part] = []
    seconds: dict[str, int] = {}
    for number, step in enumerate(steps, 1):
        say(f"{number} of {len(steps)}: {step.name}")
        at = time.monotonic()
        parts.append(step.run(setting))
        seconds[step.name] = round(time.monotonic() - at)
    _stood_still(subject, root)
    seconds["all"] = round(time.monotonic() - began)
    date = datetime.now(UTC).replace(microsecond=0).isoformat()
    return concluded(mode, subject, merged(parts), Run(date, platform.platform(), cores(), seconds))


def _stood_still(subject: Examined, root: Path) -> None:
    changed = list(manifest.differences(subject.texts, examined.hashes(root)))
    if changed:
        raise Refusal(
            "the text", f"altered while it was examined ({changed[0]})", "a text that stands still", "this command"
        )


def concluded(mode: Mode, subject: Examined, part: Part, run: Run) -> Report:
    """The report on what was gathered."""
    not_shown = (*limits(), *part.not_shown, *_uncommitted(subject))
    joined = join(part.evidence, subject.groups, not_shown, part.objections)
    return Report(
        schema=FORMAT,
        project=Project("iontocore", version("iontocore")),
        examined=subject,
        mode=mode,
        verdict=joined.verdict,
        assumptions=tuple(_assumption(row) for row in assumed.ASSUMPTIONS),
        hazards=joined.hazards,
        controls=joined.controls,
        invariants=joined.invariants,
        evidence=joined.evidence,
        faults=part.faults,
        model=part.model,
        coverage=part.coverage,
        mutants=Mutants(part.mutants, part.survivors),
        characteristics=part.characteristics,
        soup=tuple(_soup(one) for one in found(SOUP)),
        checklists=tuple(_checklist(one) for one in CHECKLISTS),
        run=run,
    )


def _uncommitted(subject: Examined) -> Iterator[NotShown]:
    if not subject.clean:
        of_commit = f"the commit {subject.commit}" if subject.commit else "any commit"
        yield NotShown(
            "uncommitted",
            f"That the texts are those of {of_commit}: some are not, or there is no repository.",
            "The hashes say what was examined, and the commit does not.",
            "make verify, of a commit",
        )


def _assumption(row: assumed.Assumption) -> AssumptionRow:
    return AssumptionRow(
        id=row.id,
        assumes=row.assumes,
        bears=tuple(kind for each in row.bears for kind in _BEARS[each]),
        otherwise=row.otherwise,
        bounded_by=row.bounded_by,
        whose=row.shows,
        source=places.of_row("verification/assumptions.py", row.id),
    )


def _soup(one: Found) -> SoupRow:
    item = one.item
    return SoupRow(
        name=item.name,
        version=one.version,
        license=item.license,
        maker=item.maker,
        used=str(item.used),
        purpose=item.purpose,
        needs=item.needs,
        fails=item.fails,
        answer=item.answer,
    )


def _checklist(one: Clauses) -> Checklist:
    rows = tuple(
        ChecklistRow(
            clause=row.clause,
            asks=row.asks,
            answer=str(row.answer),
            gives=row.gives,
            left=row.left,
            where=row.where,
            mark=str(row.mark),
        )
        for row in one.rows
    )
    return Checklist(one.standard, one.about, rows)


def to_stderr(what: str) -> None:
    """Tell a person which step begins."""
    print(f"verify, {what}", file=sys.stderr, flush=True)
