"""The simulated device as evidence: what its output is like, what single faults do, what a model of it can reach."""

from typing import Final

from iontocore.verification import characteristics as bench
from iontocore.verification import places
from iontocore.verification.characteristics_figures import Characteristic as Figured
from iontocore.verification.characteristics_figures import Point, Verdict
from iontocore.verification.evidence import (
    Characteristic,
    Characteristics,
    Evidence,
    Kind,
    LoadPoint,
    Made,
    Picture,
    Status,
)
from iontocore.verification.examined import EVERYTHING
from iontocore.verification.gather import Part, Setting
from iontocore.verification.progress import progress

_ROWS: Final = "verification/characteristics_rows.py"


# ---- the output ------------------------------------------------------------------------------------------------------


def characteristics(setting: Setting) -> Part:
    """Figures of the output, each against its limit; pictures of the waveforms."""
    with progress("characteristics", bench.STEPS) as advance:
        found = bench.characterise(advance)
    return Part(
        evidence=tuple(_figure(setting, row) for row in found.rows if row.limit is not None),
        characteristics=Characteristics(
            figures=tuple(_row(row) for row in found.rows),
            points=tuple(_point(point) for point in found.points),
            pictures=tuple(Picture(one.name, one.title, one.caption, one.svg) for one in found.pictures),
        ),
    )


def _figure(setting: Setting, row: Figured) -> Evidence:
    holds = row.verdict is Verdict.HOLDS
    limit = "" if row.limit is None else f"{row.limit.shown} {row.unit} ({row.limit.source})"
    return Evidence(
        id=f"{Kind.CHARACTERISTIC}:{row.id}",
        kind=Kind.CHARACTERISTIC,
        subject=f"{row.id}, {row.name}",
        says=f"{row.condition}: {row.shown}; allowed is {limit}.",
        invariants=row.invariants,
        hazards=(),
        status=Status.HOLDS if holds else Status.FAILS,
        made=Made.NOW,
        group=EVERYTHING,
        speaks_of=setting.fingerprints[EVERYTHING],
        figures={"value": _decimal(row.value), "unit": row.unit},
        command="make characteristics",
        source=places.of_id(_ROWS, row.id),
        detail=() if holds else (f"{row.name}: {row.shown}, and allowed is {limit}",),
    )


def _row(row: Figured) -> Characteristic:
    limit = row.limit
    return Characteristic(
        id=row.id,
        name=row.name,
        condition=row.condition,
        value=_decimal(row.value),
        unit=row.unit,
        allowed="" if limit is None else limit.shown,
        says_who="" if limit is None else limit.source,
        invariants=row.invariants,
        status=Status.FAILS if row.verdict is Verdict.FAILS else Status.HOLDS,
    )


def _decimal(value: float) -> str:
    """A measured value as a text: six digits, which is more than any figure is good for."""
    return f"{value:.6g}"


def _point(one: Point) -> LoadPoint:
    return LoadPoint(
        load_ohm=one.load_ohm,
        set_ua=one.set_ua,
        delivered_ua=round(one.delivered_ua),
        shown_ua=round(one.shown_ua),
        voltage_mv=round(one.voltage_mv),
        ripple_ua=round(one.ripple_ua),
        saturated=one.saturated,
    )
