"""The simulated device as evidence: what its output is like, what single faults do, what a model of it can reach."""

from collections.abc import Mapping, Sequence
from typing import Final

from iontocore.safety.faults import FAULT_BY_ID
from iontocore.verification import campaign, places
from iontocore.verification import characteristics as bench
from iontocore.verification.campaign_table import FaultResult
from iontocore.verification.campaign_table import Verdict as Outcome
from iontocore.verification.characteristics_figures import Characteristic as Figured
from iontocore.verification.characteristics_figures import Point, Verdict
from iontocore.verification.evidence import (
    Characteristic,
    Characteristics,
    Evidence,
    FaultRow,
    Figure,
    Finding,
    Kind,
    LoadPoint,
    Made,
    Mode,
    NotShown,
    Picture,
    Place,
    Status,
)
from iontocore.verification.examined import EVERYTHING
from iontocore.verification.gather import Part, Setting
from iontocore.verification.progress import progress
from iontocore.verification.tools import cores

_CAMPAIGN: Final = "verification/campaign.py"
_FAULTS: Final = "safety/faults.py"
_ROWS: Final = ("verification/characteristics_rows.py", "verification/characteristics_waves.py")
_NA_PER_UA: Final = 1000


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
    return _piece(
        setting,
        Kind.CHARACTERISTIC,
        row.id,
        says=f"{row.name}: {row.value} {row.unit}; allowed is {row.allowed} ({row.says_who}).",
        invariants=row.invariants,
        hazards=row.hazards,
        figures={f"value_{row.measure.small.lower().replace('/', '_per_')}": row.number},
        command="make characteristics",
        source=places.of_id(row.id, *_ROWS),
        fails="" if holds else f"{row.name}: {row.value} {row.unit}, and allowed is {row.allowed}",
    )


def _row(row: Figured) -> Characteristic:
    return Characteristic(
        id=row.id,
        name=row.name,
        condition=row.condition,
        value=row.value,
        unit=row.unit,
        allowed=row.allowed,
        says_who=row.says_who,
        invariants=row.invariants,
        status=Status.FAILS if row.verdict is Verdict.FAILS else Status.HOLDS,
    )


def _point(one: Point) -> LoadPoint:
    return LoadPoint(
        load_ohm=one.load_ohm,
        set_ua=one.set_ua,
        delivered_ua=round(one.delivered_na / _NA_PER_UA),
        shown_ua=round(one.shown_na / _NA_PER_UA),
        voltage_mv=one.voltage_mv,
        ripple_ua=round(one.ripple_na / _NA_PER_UA),
        saturated=one.saturated,
    )


# ---- single faults ---------------------------------------------------------------------------------------------------


def faults(setting: Setting) -> Part:
    """Every single fault; in quick mode in fewer scenes. What the core does not answer is not shown, and says whose it
    is; what it has to answer and does not is evidence that fails."""
    quick = setting.mode is Mode.QUICK
    with progress("campaign", campaign.trials(quick)) as advance:
        found = campaign.run_campaign(quick, workers=cores(), advance=advance)
    return of_campaign(setting, found.faults)


def of_campaign(setting: Setting, rows: Sequence[FaultResult]) -> Part:
    """What came of each fault. A fault of the tables that was not tried is an objection."""
    tried = {row.fault for row in rows}
    return Part(
        evidence=tuple(_fault(setting, row) for row in rows if row.verdict in _THE_CORES),
        objections=tuple(Finding(name, "was injected in no trial") for name in FAULT_BY_ID if name not in tried),
        not_shown=tuple(_unanswered(row) for row in rows if row.verdict not in _THE_CORES),
        faults=tuple(_fault_row(row) for row in rows if row.fault in FAULT_BY_ID),
    )


_THE_CORES: Final = (Outcome.HELD, Outcome.NOT_HELD, Outcome.NOT_SHOWN)
_VERDICTS: Final[Mapping[Outcome, str]] = {
    Outcome.HELD: "held",
    Outcome.NOT_HELD: "broken",
    Outcome.NOT_SHOWN: "not shown",
    Outcome.SUPERVISOR: "supervisor",
    Outcome.HARDWARE: "hardware",
    Outcome.PROFILE: "profile",
}


def _fault(setting: Setting, row: FaultResult) -> Evidence:
    """What held of a fault points at all that it puts to the test; what did not, at what was broken."""
    known = FAULT_BY_ID.get(row.fault)
    broken = tuple(name for name, _ in row.broken)
    fails = ""
    if row.fails:
        against = [f"{name} in {times} trials" for name, times in (*row.hazards, *row.broken)]
        fails = "; ".join(filter(None, (row.why, *against, row.worst))) or "it changed nothing in any trial"
    return _piece(
        setting,
        Kind.FAULT,
        row.fault,
        says=row.sentence,
        invariants=tuple(sorted(broken if row.fails else row.endangered)),
        hazards=() if known is None else known.hazards,
        figures={
            "trials": row.trials,
            "changed": row.changed,
            "found": row.found,
            "hazardous": row.hazardous,
            "peak_mv": row.peak_mv,
        },
        command="make campaign" if known is None else f"make campaign ARGS='--fault {row.fault}'",
        source=Place(_CAMPAIGN, 1) if known is None else places.of_id(row.fault, _FAULTS),
        fails=fails,
    )


def _unanswered(row: FaultResult) -> NotShown:
    return NotShown(
        id=row.fault,
        what=f"{row.sentence} {row.to_show}",
        otherwise=row.why,
        whose=_WHOSE[row.verdict],
        invariants=tuple(sorted(name for name, _ in row.broken)),
        hazards=FAULT_BY_ID[row.fault].hazards,
    )


_WHOSE: Final[Mapping[Outcome, str]] = {
    Outcome.SUPERVISOR: "the supervisor",
    Outcome.HARDWARE: "the manufacturer, of the hardware",
    Outcome.PROFILE: "the manufacturer, of the device's profile",
}


def _fault_row(row: FaultResult) -> FaultRow:
    known = FAULT_BY_ID[row.fault]
    return FaultRow(
        id=row.fault,
        sentence=row.sentence,
        subject=str(known.subject),
        answered_by=str(known.answered_by),
        why=row.why,
        to_show=row.to_show,
        verdict=_VERDICTS[row.verdict],
        hazards=known.hazards,
        endangers=row.endangered,
        trials=row.trials,
        changed=row.changed,
        found=row.found,
        tripped=dict(row.tripped),
        found_us=row.found_us,
        zero_us=row.zero_us,
        until_cut_fc=row.until_cut_fc,
        after_stop_us=row.after_stop_us,
        after_press_us=row.after_press_us,
        wrong_us=row.wrong_us,
        astray_fc=row.astray_fc,
        peak_na=row.peak_na,
        step_na=row.step_na,
        drop_na=row.drop_na,
        hazardous=row.hazardous,
        outcomes=dict(row.hazards),
        broken=dict(row.broken),
        worst=row.worst,
    )


def _piece(
    setting: Setting, kind: Kind, name: str, *, says: str, invariants: tuple[str, ...], hazards: tuple[str, ...],
    figures: Mapping[str, Figure], command: str, source: Place, fails: str,
) -> Evidence:  # fmt: skip
    return Evidence(
        id=f"{kind}:{name}",
        kind=kind,
        subject=name,
        says=says,
        invariants=invariants,
        hazards=hazards,
        status=Status.FAILS if fails else Status.HOLDS,
        made=Made.NOW,
        group=EVERYTHING,
        speaks_of=setting.fingerprints[EVERYTHING],
        figures=figures,
        command=command,
        source=source,
        detail=(fails,) if fails else (),
    )
