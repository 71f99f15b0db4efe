"""Every clinical number of the project, with its unit, its source and its mark; and how limits combine.

A number is a :class:`Figure`. Its mark says how far it can be trusted:

    read         read in the source that is named
    excerpt      seen in a truncated or second-hand excerpt of the source that is named
    assumption   general knowledge, or a choice of ours; the source then says which, and what it leans on
    given        no clinical number: stated by the device's profile or by the plan

A :class:`Limit` is a figure that binds from above, and knows which layer of the system speaks through it. Limits
combine by minimum: :func:`combine` gives the :class:`Bound`, which remembers who lowered it, from what to what. No
layer can raise what another has set; a plan can ask for less than the tables allow and never for more.

Everything is an integer: µA, ms, nC, mm², µA/s, µA/cm². Divisions round to the safe side, and say which that is.
1 mA·min is 60 000 000 nC, so 80 mA·min is 4 800 000 000 nC.

A density limit concerns the skin that the current passes, hence the smaller of the wet electrode and the skin that it
touches. In a tray that is the palm or the sole that is immersed and not the plate, which is larger. The area is of one
pole: with two electrodes of unlike size, the smaller; and where both signs matter (:func:`current_bound`, drugs), the
return electrode carries the same current at the opposite sign, so that under an anode as small as allowed the
return electrode must be twice as large.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal

from iontocore.safety.refusal import Refusal
from iontocore.safety.words import KEBAB, Unit, in_words, shown

IonSign = Literal[-1, 1]
"""Sign of a drug's ion, and so of the electrode that holds it: +1 goes in from the anode, -1 from the cathode."""


class Mark(StrEnum):
    """How far a number can be trusted; see the module's text."""

    READ = "read"
    EXCERPT = "excerpt"
    ASSUMPTION = "assumption"
    GIVEN = "given"


class Site(StrEnum):
    """Where the current enters the body. ``patch`` is an electrode on skin that holds a drug."""

    PALMS = "palms"
    SOLES = "soles"
    ARMPITS = "armpits"
    FACE = "face"
    PATCH = "patch"


class Mode(StrEnum):
    """What the current is for."""

    TAP_WATER = "tap-water"
    DRUG = "drug"


class Layer(StrEnum):
    """Who may lower a limit, in the order in which they are asked."""

    COMPILED = "compiled"
    DEVICE = "device"
    SITE = "site"
    AGE = "age"
    DENSITY = "density"
    DRUG = "drug"
    PLAN = "plan"


_LAYERS: Final = {layer: rank for rank, layer in enumerate(Layer)}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and where it is from. ValueError for a value that is no positive int, or an empty text.

    what: what the number says, as a phrase. value, unit: the number. source: where it is from. mark: how far to trust
    it.
    """

    what: str
    value: int
    unit: Unit
    source: str
    mark: Mark

    def __post_init__(self) -> None:
        if type(self.value) is not int or self.value <= 0:
            raise ValueError(f"{self.what}: {self.value!r} is not a positive int")
        if not self.what.strip() or not self.source.strip():
            raise ValueError(f"a figure of {self.value} {self.unit} lacks its phrase or its source")
        # The types are checked at run time too: a mark that is a mere string would print well and compare false.
        if not isinstance(self.unit, Unit) or not isinstance(self.mark, Mark):
            raise ValueError(f"{self.what}: {self.unit!r} is no unit or {self.mark!r} is no mark")

    @property
    def says_who(self) -> str:
        """The source and how far to trust it, for a refusal: ``BAD leaflet (read)``."""
        return f"{self.source} ({self.mark})"


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure that binds from above. ValueError when ``who`` is not kebab-case or a part has the wrong type.

    who: its name, as reports and refusals show it (``child-palms``). layer: whose voice it is. figure: the number.
    """

    who: str
    layer: Layer
    figure: Figure

    def __post_init__(self) -> None:
        if not KEBAB.fullmatch(self.who):
            raise ValueError(f"limit name {self.who!r} is not in kebab-case")
        if not isinstance(self.layer, Layer) or not isinstance(self.figure, Figure):
            raise ValueError(f"limit {self.who}: {self.layer!r} is no layer or {self.figure!r} is no figure")


@dataclass(frozen=True, slots=True)
class Step:
    """One lowering of a bound: who lowered it, to what, by which source."""

    who: str
    value: int
    source: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Bound:
    """The limit in force. ValueError when the chain is empty, does not decrease, or does not end at the bound.

    value, unit: the smallest of all limits. binding: the name of the limit that sets it. source, mark: of that limit.
    lowered_by: who set it first and who lowered it, in order, each with the value that was in force after it.
    """

    value: int
    unit: Unit
    binding: str
    source: str
    mark: Mark
    lowered_by: tuple[Step, ...]

    def __post_init__(self) -> None:
        chain = self.lowered_by
        if not chain or chain[-1] != Step(self.binding, self.value, self.source, self.mark):
            raise ValueError(f"the chain of {self.binding} does not end at it")
        if any(later.value >= earlier.value for earlier, later in pairwise(chain)):
            raise ValueError(f"the chain of {self.binding} does not decrease")

    @property
    def says_who(self) -> str:
        """The binding limit and its source, for a refusal: ``limit child-palms (NHS leaflet WPR26540, excerpt)``."""
        trust = "" if self.mark is Mark.GIVEN else f", {self.mark}"
        return f"limit {self.binding} ({self.source}{trust})"

    def check(self, field: str, asked: int, do: str = "ask for less") -> None:
        """Refuse what is above the bound, in the name of the limit that binds.

        field: what is checked, as its author would find it. asked: a magnitude in the bound's unit. Raises Refusal.
        """
        if asked > self.value:
            given, allowed = in_words(asked, self.unit), in_words(self.value, self.unit)
            raise Refusal(field, given, f"at most {allowed}", self.says_who, do)


def combine(limits: Iterable[Limit]) -> Bound:
    """The smallest of the limits, and who lowered it. The order in which the limits are given does not matter.

    They are asked layer by layer, from the compiled ceiling to the plan, so that the chain is always read the same way.
    Of equal limits the one asked first binds. ValueError when there is none, or when they have unlike units.
    """
    asked = sorted(
        limits,
        key=lambda x: (_LAYERS[x.layer], -x.figure.value, x.who, x.figure.source, x.figure.mark, x.figure.what),
    )
    if not asked:
        raise ValueError("no limit is no bound")
    unit = asked[0].figure.unit
    chain: list[Step] = []
    for limit in asked:
        figure = limit.figure
        if figure.unit is not unit:
            raise ValueError(f"{limit.who} is in {figure.unit}, {asked[0].who} in {unit}")
        if not chain or figure.value < chain[-1].value:
            chain.append(Step(limit.who, figure.value, figure.source, figure.mark))
    last = chain[-1]
    return Bound(last.value, unit, last.who, last.source, last.mark, tuple(chain))


# ---- sources --------------------------------------------------------------------------------------------------

_BAD: Final = "BAD leaflet"
"""British Association of Dermatologists: Iontophoresis for hyperhidrosis, patient information leaflet."""
_NHS: Final = "NHS leaflet WPR26540"
_KAWE: Final = "KaWe SwiSto3 manual"
_ACTIVADOSE: Final = "ActivaDose II manual"
_RATIO: Final = "three quarters of the adult's, the ratio of NHS leaflet WPR26540 (15 mA to 20 mA)"
_OURS: Final = "a choice of this project"

# ---- age ------------------------------------------------------------------------------------------------------

AGE_MIN = Figure("youngest age that is treated", 5, Unit.YEARS, _BAD, Mark.READ)
AGE_DOCTOR = Figure("below this age, only with the doctor's agreement", 12, Unit.YEARS, _BAD, Mark.READ)
AGE_ADULT = Figure(
    "from this age the limits for adults hold",
    18,
    Unit.YEARS,
    f"{_OURS}, the cautious one: {_NHS} gives no age for its child",
    Mark.ASSUMPTION,
)
AGE_MAX = Figure(
    "oldest age that is believed: beyond it, a year of birth was entered", 120, Unit.YEARS, _OURS, Mark.ASSUMPTION
)

# ---- current --------------------------------------------------------------------------------------------------

COMPILED_CURRENT = Figure(
    "ceiling compiled into the core (IONTO_CEILING_NA), the largest device on the market",
    30_000,
    Unit.UA,
    "R.A. Fischer's maximum",
    Mark.EXCERPT,
)
TRIP_CURRENT = Figure(
    "over-current trip level, apart from every limit", 35_000, Unit.UA, "Hidrex safety concept", Mark.READ
)
PROBE_CURRENT = Figure(
    "probe for contact that counts as zero", 100, Unit.UA, f"{_OURS}, far below what is felt", Mark.ASSUMPTION
)

PALMS_CURRENT = Figure("palms, adult", 20_000, Unit.UA, _NHS, Mark.EXCERPT)
SOLES_CURRENT = Figure("soles, adult", 20_000, Unit.UA, _NHS, Mark.EXCERPT)
ARMPITS_CURRENT = Figure("armpits, adult", 5_000, Unit.UA, _KAWE, Mark.READ)
FACE_CURRENT = Figure(
    "face, adult",
    5_000,
    Unit.UA,
    "held to the armpits' limit; 3 to 6 mA is usual by general knowledge",
    Mark.ASSUMPTION,
)

PALMS_CURRENT_CHILD = Figure("palms, child", 15_000, Unit.UA, _NHS, Mark.EXCERPT)
SOLES_CURRENT_CHILD = Figure("soles, child", 15_000, Unit.UA, _NHS, Mark.EXCERPT)
ARMPITS_CURRENT_CHILD = Figure("armpits, child", 3_750, Unit.UA, _RATIO, Mark.ASSUMPTION)
FACE_CURRENT_CHILD = Figure("face, child", 3_750, Unit.UA, _RATIO, Mark.ASSUMPTION)

DRUG_CURRENT = Figure("any drug, adult", 4_000, Unit.UA, _ACTIVADOSE, Mark.READ)
DRUG_CURRENT_CHILD = Figure("any drug, child", 3_000, Unit.UA, _RATIO, Mark.ASSUMPTION)

SITE_CURRENT: Final[Mapping[Site, Figure]] = MappingProxyType(
    {
        Site.PALMS: PALMS_CURRENT,
        Site.SOLES: SOLES_CURRENT,
        Site.ARMPITS: ARMPITS_CURRENT,
        Site.FACE: FACE_CURRENT,
    }
)
"""Adult's limit of each site. A patch has none of its own: the drug's limits and the density bind it."""

SITE_CURRENT_CHILD: Final[Mapping[Site, Figure]] = MappingProxyType(
    {
        Site.PALMS: PALMS_CURRENT_CHILD,
        Site.SOLES: SOLES_CURRENT_CHILD,
        Site.ARMPITS: ARMPITS_CURRENT_CHILD,
        Site.FACE: FACE_CURRENT_CHILD,
    }
)

# ---- density --------------------------------------------------------------------------------------------------

DENSITY_TAP_WATER = Figure("tap water", 200, Unit.UA_PER_CM2, "general knowledge: 0.2 mA/cm2", Mark.ASSUMPTION)
DENSITY_CATHODE = Figure(
    "drug at the cathode", 500, Unit.UA_PER_CM2, "excerpts on drug iontophoresis: at most 0.5 mA/cm2", Mark.EXCERPT
)
DENSITY_ANODE = Figure(
    "drug at the anode",
    1_000,
    Unit.UA_PER_CM2,
    "general knowledge: the anode bears twice the cathode's",
    Mark.ASSUMPTION,
)
# ---- areas of one pole, for plans -----------------------------------------------------------------------------

TRAY_PLATE_AREA = Figure(
    "plate of a tray, 150 mm x 220 mm; no larger electrode is believed", 33_000, Unit.MM2, _KAWE, Mark.READ
)
ARMPIT_SPONGE_AREA = Figure("armpit sponge, 90 mm x 110 mm", 9_900, Unit.MM2, _KAWE, Mark.READ)
PALM_SKIN_AREA = Figure(
    "skin of an adult's palm with fingers, immersed",
    14_000,
    Unit.MM2,
    "general knowledge: 0.8 % of a body surface of 1.8 m2",
    Mark.ASSUMPTION,
)
SOLE_SKIN_AREA = Figure(
    "skin of an adult's sole, immersed",
    15_000,
    Unit.MM2,
    "general knowledge: a little above the palm's",
    Mark.ASSUMPTION,
)
FACE_MASK_AREA = Figure("one pole of a wet face mask", 7_500, Unit.MM2, f"{_OURS}, half a face", Mark.ASSUMPTION)
DRUG_ELECTRODE_AREA = Figure(
    "drug electrode: 4 mA at 0.4 mA/cm2", 1_000, Unit.MM2, f"{_OURS}, of usual size", Mark.ASSUMPTION
)

# ---- time -----------------------------------------------------------------------------------------------------

COMPILED_TIME = Figure(
    "longest energised time compiled into the core (IONTO_TIME_CEILING_US)", 7_200_000, Unit.MS, _OURS, Mark.ASSUMPTION
)
SESSION_SHORT = Figure("tap-water session, from", 1_200_000, Unit.MS, _BAD, Mark.READ)
SESSION_LONG = Figure("tap-water session, to", 1_800_000, Unit.MS, _BAD, Mark.READ)
SESSION_TIME = Figure(
    "energised time of a tap-water session, lengthened ones included",
    2_700_000,
    Unit.MS,
    "Healthline 2021: 25 to 45 min",
    Mark.READ,
)
ARMPITS_TIME = Figure("energised time, armpits", 1_800_000, Unit.MS, _KAWE, Mark.READ)
FACE_TIME = Figure("energised time, face", 1_800_000, Unit.MS, f"{_BAD}, without room to lengthen", Mark.READ)
DRUG_TIME = Figure(
    "energised time with a drug: the slow patch's", 4_500_000, Unit.MS, "ActivaPatch: 40 mA min in 75 min", Mark.READ
)
DRUG_SESSION_SHORT = Figure("drug session, from", 600_000, Unit.MS, "Healthline 2021: 10 to 15 min", Mark.READ)

SITE_TIME: Final[Mapping[Site, Figure]] = MappingProxyType(
    {
        Site.PALMS: SESSION_TIME,
        Site.SOLES: SESSION_TIME,
        Site.ARMPITS: ARMPITS_TIME,
        Site.FACE: FACE_TIME,
    }
)
"""Energised time of each site in tap water."""

# ---- charge ---------------------------------------------------------------------------------------------------

COMPILED_CHARGE = Figure(
    "largest charge compiled into the core (IONTO_CHARGE_CEILING_FC): 100 C",
    100_000_000_000,
    Unit.NC,
    _OURS,
    Mark.ASSUMPTION,
)
DRUG_CHARGE = Figure("any drug: 80 mA min", 4_800_000_000, Unit.NC, _ACTIVADOSE, Mark.READ)
DRUG_DOSE = Figure("usual dose: 40 mA min", 2_400_000_000, Unit.NC, _ACTIVADOSE, Mark.READ)

# ---- between sessions -----------------------------------------------------------------------------------------

_ONE_A_DAY: Final = f"{_OURS} after the Dermadry treatment schedule, not more than one session a day"
INTERVAL_TAP_WATER = Figure(
    "shortest interval between the starts of sessions in tap water: 20 h",
    72_000_000,
    Unit.MS,
    f"{_ONE_A_DAY}; 20 h leaves room for an earlier hour",
    Mark.ASSUMPTION,
)
INTERVAL_DRUG = Figure(
    "shortest interval between the starts of sessions with a drug: 20 h",
    72_000_000,
    Unit.MS,
    f"{_ONE_A_DAY}, as in tap water; the drug's own label may ask for more",
    Mark.ASSUMPTION,
)

ADMISSION_TIME = Figure(
    "a session starts within this time after the questions were answered: 1 h",
    3_600_000,
    Unit.MS,
    _OURS,
    Mark.ASSUMPTION,
)

# ---- ramps and reversal ---------------------------------------------------------------------------------------

RAMP_TIME = Figure(
    "usual ramp, up and down", 30_000, Unit.MS, "Soterix IontoDC, a neighbour: 30 s up, 30 s down", Mark.READ
)
RISE_MIN = Figure("slowest rise", 100, Unit.UA_PER_S, f"{_OURS}, the resolution of a ramp", Mark.ASSUMPTION)
RISE_MAX = Figure("fastest rise (IONTO_RISE_MAX_UA_PER_S)", 2_000, Unit.UA_PER_S, _OURS, Mark.ASSUMPTION)
FALL_MIN = Figure(
    "slowest fall (IONTO_FALL_MIN_UA_PER_S): 30 mA are gone in 60 s", 500, Unit.UA_PER_S, _OURS, Mark.ASSUMPTION
)
FALL_MAX = Figure(
    "fastest fall that is no cut (IONTO_FALL_MAX_UA_PER_S)", 20_000, Unit.UA_PER_S, _OURS, Mark.ASSUMPTION
)
DWELL_TIME = Figure("usual time at zero between the directions", 2_000, Unit.MS, _OURS, Mark.ASSUMPTION)
DWELL_MIN = Figure("shortest time at zero (IONTO_DWELL_MIN_US)", 100, Unit.MS, _OURS, Mark.ASSUMPTION)
DWELL_MAX = Figure("longest time at zero (IONTO_DWELL_MAX_US)", 60_000, Unit.MS, _OURS, Mark.ASSUMPTION)

# ---- balance and contact --------------------------------------------------------------------------------------

BALANCE_TOLERANCE = Figure(
    "usual tolerance of a reversing session: net charge in percent of all charge",
    2,
    Unit.PERCENT,
    _OURS,
    Mark.ASSUMPTION,
)
BALANCE_TOLERANCE_MAX = Figure(
    "largest tolerance of balance that a plan may state", 10, Unit.PERCENT, _OURS, Mark.ASSUMPTION
)
LOST_CONTACT_COUNT = Figure("losses of contact that are a fault", 3, Unit.COUNT, _OURS, Mark.ASSUMPTION)
LOST_CONTACT_WINDOW = Figure("... when they happen within this time", 600_000, Unit.MS, _OURS, Mark.ASSUMPTION)
RECONNECT_WAIT = Figure(
    "contact holds for this long before the current ramps again", 3_000, Unit.MS, _OURS, Mark.ASSUMPTION
)

FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {name: value for name, value in tuple(globals().items()) if isinstance(value, Figure)}
)
"""Every figure above by its name, in order, for documents and checks. Collected, so that none is left out."""

# ---- the bounds in force --------------------------------------------------------------------------------------


def check_age(age_years: int, *, doctor_agrees: bool, field: str = "patient.age_years") -> None:
    """Refuse an age that is not treated: below 5, below 12 unless the doctor agrees, above 120. Raises Refusal."""
    _check_age_range(age_years, field)
    if age_years < AGE_DOCTOR.value and not doctor_agrees:
        raise Refusal(
            field,
            f"{age_years} years without the doctor's agreement",
            f"from {AGE_DOCTOR.value} years, or from {AGE_MIN.value} years with the doctor's agreement",
            AGE_DOCTOR.says_who,
            "ask the doctor, and record the agreement",
        )


def current_bound(
    *,
    mode: Mode,
    site: Site,
    age_years: int,
    electrode_area_mm2: int,
    device_limit_ua: int,
    plan_limit_ua: int | None = None,
    ion_sign: IonSign | None = None,
) -> Bound:
    """The largest current in µA: the smallest of compiled ceiling, device, site, age, density, drug and plan (SI-01).

    electrode_area_mm2: of one pole, see the module's text. device_limit_ua: the device profile's ceiling.
    plan_limit_ua: the plan's own maximum; None when it sets none. ion_sign: of the drug; exactly with a drug.

    Refusal for an age below 5 or above 120, a site that the mode does not treat, an area that is not positive or above
    the plate of a tray, or a limit that is not positive. ValueError (a programmer's error) for an ion's sign in tap
    water, or none with a drug.
    """
    if (ion_sign is not None) != (mode is Mode.DRUG):
        raise ValueError("an ion's sign is given exactly with a drug")
    _check_age_range(age_years, "patient.age_years")
    _check_site(mode, site)
    _check_positive("device.limit_ua", device_limit_ua, Unit.UA)
    _check_positive("electrode_area_mm2", electrode_area_mm2, Unit.MM2)
    if electrode_area_mm2 > TRAY_PLATE_AREA.value:
        raise Refusal(
            "electrode_area_mm2",
            in_words(electrode_area_mm2, Unit.MM2),
            f"at most {in_words(TRAY_PLATE_AREA.value, Unit.MM2)}",
            f"the largest plate known ({TRAY_PLATE_AREA.source}, {TRAY_PLATE_AREA.mark})",
            "give the area of one pole, and no more than the skin that it touches",
        )
    limits = [
        Limit("compiled-ceiling", Layer.COMPILED, COMPILED_CURRENT),
        _given("device", Layer.DEVICE, device_limit_ua, Unit.UA, "the device profile"),
        _density_limit(electrode_area_mm2, ion_sign),
        *_clinical_current(mode, site, age_years),
    ]
    if plan_limit_ua is not None:
        _check_positive("limit_ua", plan_limit_ua, Unit.UA)
        limits.append(_given("plan", Layer.PLAN, plan_limit_ua, Unit.UA, "the plan"))
    return combine(limits)


def time_bound(*, mode: Mode, site: Site, plan_cap_ms: int | None = None) -> Bound:
    """The longest energised time of a session in ms, ramps and a lengthening at saturated voltage included (SI-17).

    plan_cap_ms: the plan's own cap; None when it sets none. Refusal as :func:`current_bound`.
    """
    _check_site(mode, site)
    limits = [Limit("compiled-time", Layer.COMPILED, COMPILED_TIME)]
    if mode is Mode.TAP_WATER:
        limits.append(Limit(f"session-{site}", Layer.SITE, SITE_TIME[site]))
    else:
        limits.append(Limit("session-drug", Layer.DRUG, DRUG_TIME))
    if plan_cap_ms is not None:
        _check_positive("time_cap_ms", plan_cap_ms, Unit.MS)
        limits.append(_given("plan", Layer.PLAN, plan_cap_ms, Unit.MS, "the plan"))
    return combine(limits)


def charge_bound(*, mode: Mode, site: Site, age_years: int, plan_cap_nc: int | None = None) -> Bound:
    """The largest charge of a session in nC, both directions together (SI-18).

    With a drug 80 mA·min. In tap water what the site's current makes of the dermatologists' longest session of 30 min;
    a session that lengthens because the voltage is saturated keeps its charge, and so needs no more.
    plan_cap_nc: the plan's own cap; None when it sets none. Refusal as :func:`current_bound`.
    """
    _check_age_range(age_years, "patient.age_years")
    _check_site(mode, site)
    limits = [Limit("compiled-charge", Layer.COMPILED, COMPILED_CHARGE)]
    if mode is Mode.DRUG:
        limits.append(Limit("charge-drug", Layer.DRUG, DRUG_CHARGE))
    else:
        limits += [
            Limit(f"charge-{limit.who}", limit.layer, _charge_of(limit.figure, SESSION_LONG))
            for limit in _clinical_current(mode, site, age_years)
        ]
    if plan_cap_nc is not None:
        _check_positive("charge_cap_nc", plan_cap_nc, Unit.NC)
        limits.append(_given("plan", Layer.PLAN, plan_cap_nc, Unit.NC, "the plan"))
    return combine(limits)


def shortest_interval_ms(mode: Mode, plan_interval_ms: int | None = None, field: str = "shortest_interval") -> int:
    """The time in ms from the start of one session to the earliest start of the next of the same patient (SI-24).

    A plan may ask for more than the table and never for less: less is a Refusal that names the source.
    field: the plan's interval, as its author would find it.
    """
    figure = INTERVAL_TAP_WATER if mode is Mode.TAP_WATER else INTERVAL_DRUG
    if plan_interval_ms is None:
        return figure.value
    if plan_interval_ms < figure.value:
        raise Refusal(
            field,
            in_words(plan_interval_ms, Unit.MS),
            f"at least {in_words(figure.value, Unit.MS)}",
            figure.says_who,
            "give a longer interval",
        )
    return plan_interval_ms


# ---- ramps ----------------------------------------------------------------------------------------------------


def fall_time_ms(current_ua: int, fall_ua_per_s: int) -> int:
    """The time in ms that a ramp from the current to zero takes, rounded up: the reserve to keep before a cap on time.

    current_ua: magnitude, 0 or more. fall_ua_per_s: above 0. ValueError otherwise. Exact for a straight ramp; one in
    ticks takes up to one tick more, which the caller adds who knows the tick.
    """
    _check_fall(current_ua, fall_ua_per_s)
    return _divide_up(current_ua * 1000, fall_ua_per_s)


def fall_charge_nc(current_ua: int, fall_ua_per_s: int) -> int:
    """The charge in nC that a ramp from the current to zero lets through, rounded up: the reserve before a charge cap.

    It is I²/(2·fall), the triangle under the ramp; 1 µA·s is 1000 nC. Arguments and errors as :func:`fall_time_ms`. A
    ramp in ticks lies above the straight one by at most the current for one tick.
    """
    _check_fall(current_ua, fall_ua_per_s)
    return _divide_up(current_ua * current_ua * 1000, 2 * fall_ua_per_s)


def _divide_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def _check_fall(current_ua: int, fall_ua_per_s: int) -> None:
    if current_ua < 0 or fall_ua_per_s <= 0:
        raise ValueError(f"no ramp down from {current_ua} uA at {fall_ua_per_s} uA/s")


def _check_positive(field: str, value: int, unit: Unit) -> None:
    if value <= 0:
        raise Refusal(field, in_words(value, unit), "above zero", "the table of limits", "give a positive number")


def _check_age_range(age_years: int, field: str) -> None:
    for figure, wrong, do in (
        (AGE_MIN, age_years < AGE_MIN.value, "do not treat"),
        (AGE_MAX, age_years > AGE_MAX.value, "give the age, not a year of birth"),
    ):
        if wrong:
            allowed = f"{AGE_MIN.value} to {AGE_MAX.value} years"
            raise Refusal(field, f"{shown(age_years)} years", allowed, figure.says_who, do)


def _check_site(mode: Mode, site: Site) -> None:
    if mode is Mode.TAP_WATER and site not in SITE_CURRENT:
        raise Refusal("site", site, f"one of {', '.join(SITE_CURRENT)} in tap water", "the table of limits")


def _given(who: str, layer: Layer, value: int, unit: Unit, source: str) -> Limit:
    return Limit(who, layer, Figure(f"stated by {source}", value, unit, source, Mark.GIVEN))


def _density_limit(area_mm2: int, ion_sign: IonSign | None) -> Limit:
    """The current at which the density limit is reached on the area, rounded down; 1 cm² is 100 mm²."""
    if ion_sign is None:
        density, who = DENSITY_TAP_WATER, "density-tap-water"
    elif ion_sign < 0:
        density, who = DENSITY_CATHODE, "density-cathode"
    else:
        density, who = DENSITY_ANODE, "density-anode"
    what = f"{in_words(density.value, density.unit)} on {in_words(area_mm2, Unit.MM2)}"
    value = density.value * area_mm2 // 100
    return Limit(who, Layer.DENSITY, Figure(what, value, Unit.UA, density.source, density.mark))


def _clinical_current(mode: Mode, site: Site, age_years: int) -> list[Limit]:
    """The limits that site, age and drug set on the current."""
    limits: list[Limit] = []
    child = age_years < AGE_ADULT.value
    if site in SITE_CURRENT:
        limits.append(Limit(f"site-{site}", Layer.SITE, SITE_CURRENT[site]))
        if child:
            limits.append(Limit(f"child-{site}", Layer.AGE, SITE_CURRENT_CHILD[site]))
    if mode is Mode.DRUG:
        limits.append(Limit("drug", Layer.DRUG, DRUG_CURRENT))
        if child:
            limits.append(Limit("child-drug", Layer.AGE, DRUG_CURRENT_CHILD))
    return limits


def _charge_of(current: Figure, time: Figure) -> Figure:
    """Current x time: 1 µA for 1 ms is 1 nC. It is marked as the weaker of the two."""
    ranks = tuple(Mark)
    return Figure(
        f"{current.what}: {in_words(current.value, current.unit)} for {in_words(time.value, time.unit)}",
        current.value * time.value,
        Unit.NC,
        f"{current.source} for {in_words(time.value, time.unit)} ({time.source})",
        max(current.mark, time.mark, key=ranks.index),
    )
