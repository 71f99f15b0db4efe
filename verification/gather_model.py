"""The model as evidence: every property that was searched for a breach, and the errors that were sown to be found."""

from collections.abc import Iterator
from typing import Final

from iontocore.verification import model, places
from iontocore.verification.evidence import (
    Evidence,
    Finding,
    Kind,
    Made,
    Mode,
    Model,
    ModelProperty,
    NotShown,
    Place,
    SeededError,
    Status,
)
from iontocore.verification.examined import EVERYTHING
from iontocore.verification.gather import Part, Setting
from iontocore.verification.model_properties import COARSE, PROPERTIES
from iontocore.verification.progress import progress

_COMMAND: Final = "make model"
_PROPERTIES: Final = "verification/model_properties.py"
_SEEDS: Final = "verification/model_seeds.py"
_STATUS: Final = {
    model.Verdict.HOLDS: Status.HOLDS,
    model.Verdict.BROKEN: Status.FAILS,
    model.Verdict.NOT_SHOWN: Status.NOT_RUN,
}


def gather(setting: Setting) -> Part:
    """Search the model; in quick mode for breaches of safety alone, and without the seeded errors."""
    full = setting.mode is Mode.FULL
    with progress("model", model.steps(seeds=full, liveness=full)) as advance:
        found = model.examine(advance, seeds=full, liveness=full, out=setting.out / "model")
    return of_examination(setting, found)


def of_examination(setting: Setting, found: model.Examination) -> Part:
    """What the search came to. A row of the state table that it never came by, and a seeded error that it did not
    find, stand against all of it."""
    missing = [
        Finding("model", f"the search never comes by {row.event.value} in {row.before.value}")
        for row in found.never_taken
    ]
    return Part(
        evidence=(
            *(_property(setting, one) for one in found.properties),
            *(_sown(setting, found) if found.sown else ()),
        ),
        objections=tuple(missing),
        not_shown=(*_coarse(), *_left_out(found)),
        model=Model(
            rows=found.rows,
            rows_taken=found.rows - len(found.never_taken),
            properties=tuple(_row(one) for one in found.properties),
            seeds=tuple(
                SeededError(
                    says=one.seed.says,
                    where="the state table" if one.seed.cell else "the model",
                    found_by=one.seed.found_by,
                    found=one.found,
                )
                for one in found.sown
            ),
        ),
    )


def _left_out(found: model.Examination) -> Iterator[NotShown]:
    searched = {one.property for one in found.properties}
    missing = [each for each in PROPERTIES if each not in searched]
    if missing:
        yield NotShown(
            "model-liveness",
            f"In quick mode the model is not searched for: {', '.join(each.label for each in missing)}.",
            " ".join(f"It may not be so: {each.says}" for each in missing),
            "make verify",
            tuple(sorted({name for each in missing for name in each.invariants})),
        )
    if not found.sown:
        yield _NOT_SOWN


_NOT_SOWN: Final = NotShown(
    "model-seeds",
    "That the search finds errors which are put into the model: in quick mode none are.",
    "A property may be one that nothing can break.",
    "make verify",
)


def _coarse() -> tuple[NotShown, ...]:
    return tuple(
        NotShown(f"model-{one.label}", one.says, one.otherwise, "a reader, by reading", one.invariants)
        for one in COARSE
    )


def _property(setting: Setting, one: model.Judged) -> Evidence:
    status = _STATUS[one.verdict]
    return _piece(
        setting, one.property.label, one.property.says, places.of_id(one.property.label, _PROPERTIES), status,
        invariants=one.property.invariants, figures={"states": one.states, "depth": one.depth},
        detail=one.how if status is Status.FAILS else ("the search did not come to its end",),
    )  # fmt: skip


def _sown(setting: Setting, found: model.Examination) -> tuple[Evidence, ...]:
    missed = tuple(f"{one.seed.found_by} does not find: {one.seed.says}" for one in found.sown if not one.found)
    return (
        _piece(
            setting, "seeds", "Each error that is put into table or model breaks the property that must see it.",
            Place(_SEEDS, 1), Status.FAILS if missed else Status.HOLDS,
            figures={"seeds": len(found.sown), "found": len(found.sown) - len(missed)}, detail=missed,
        ),
    )  # fmt: skip


def _piece(
    setting: Setting, name: str, says: str, source: Place, status: Status, *, figures: dict[str, int | str | bool],
    detail: tuple[str, ...], invariants: tuple[str, ...] = (),
) -> Evidence:  # fmt: skip
    return Evidence(
        id=f"{Kind.MODEL}:{name}",
        kind=Kind.MODEL,
        subject=name,
        says=says,
        invariants=invariants,
        hazards=(),
        status=status,
        made=Made.NOW,
        group=EVERYTHING,
        speaks_of=setting.fingerprints[EVERYTHING],
        figures=figures,
        command=_COMMAND,
        source=source,
        detail=() if status is Status.HOLDS else detail,
    )


def _row(one: model.Judged) -> ModelProperty:
    return ModelProperty(
        label=one.property.label,
        says=one.property.says,
        formula=one.property.formula,
        invariants=one.property.invariants,
        liveness=one.property.liveness,
        status=_STATUS[one.verdict],
        states=one.states,
        depth=one.depth,
    )
