"""The plan of one session: who is treated, where, with what, how much and how long. Checked whole when it is built.

A plan is a TOML file or a preset, and belongs to the device that it was read for. What comes out of here is within
every limit of ``iontocore.safety.limits``; what is not is refused, with the limit that binds, its value and its source.
Nothing is clamped, rounded or filled in. Whether this patient may be treated now, by the answers that the plan carries,
is decided at the gate before every session (``iontocore.safety.contraindications``).

Units inside are µA, ms, nC, mm² and µA/s; files have mA, min, s, mA min, cm² and mA/s. Numbers that cannot be told
apart from their neighbours inside are refused as too fine.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from importlib import resources
from math import ceil
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from iontocore.device import DeviceProfile, simulated_device
from iontocore.fields import (
    Quantity,
    Table,
    check_choice,
    check_flag,
    check_text,
    check_whole,
    parse_table,
    quoted,
    read_table,
)
from iontocore.safety import limits
from iontocore.safety.contraindications import ANSWERS, CONTRAINDICATION_BY_ID, checked_answers
from iontocore.safety.drugs import DRUGS, Drug
from iontocore.safety.limits import Bound, Mode, Site
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import Unit, in_words, shown

FORMAT: Final = "the plan's format"
_START_AGAIN: Final = "start again from a preset, as 'iontocore plans palms' prints it"

_PRESETS: Final = ("palms", "soles", "armpits", "face", "dexamethasone", "lidocaine")

CAP_MARGIN_MS: Final = 2_000
"""A session that goes as planned ends this much before the core would end it: assumption, forty exchanges."""

_MS_PER_H: Final = 3_600_000


class Polarity(StrEnum):
    """Which way the current goes. The literature disagrees, so a plan says which school it follows."""

    REVERSE_MID_SESSION = "reverse-mid-session"
    """One way for half of the time, through zero, then the other way for the other half (BAD leaflet)."""
    FIXED = "fixed"
    """One way, always: the sign of a drug's ion."""
    ALTERNATE = "alternate"
    """One way in a session, the other way in the patient's next (Hidrex 1994, DP450 manual)."""


_SIGNS: Final[Mapping[str, Literal[-1, 1]]] = MappingProxyType({"positive": 1, "negative": -1})


CURRENT: Final = Quantity("current_ma", "current_ua", 1, None, FORMAT, "the current of the treatment")
LIMIT: Final = Quantity("limit_ma", "limit_ua", 1, None, FORMAT, "the most that the operator may raise it to")
# A time in minutes that reads back exactly is a multiple of 3 ms; a hundredth of a minute is one that people can say.
DURATION: Final = Quantity("duration_min", "session_ms", 600, None, FORMAT, "energised time, ramps included", 600)
DOSE: Final = Quantity("dose_ma_min", "dose_nc", 600_000, None, FORMAT, "the dose", 600_000)
AREA: Final = Quantity(
    "electrode_area_cm2",
    "electrode_area_mm2",
    1,
    limits.TRAY_PLATE_AREA.value,
    f"the largest plate known, {limits.TRAY_PLATE_AREA.says_who}",
    "one pole: the wet electrode or the skin that it touches, whichever is smaller",
)
RISE: Final = Quantity(
    "rise_ma_per_s",
    "rise_ua_per_s",
    limits.RISE_MIN.value,
    limits.RISE_MAX.value,
    "the range compiled into the core",
    "ramp up",
)
FALL: Final = Quantity(
    "fall_ma_per_s",
    "fall_ua_per_s",
    limits.FALL_MIN.value,
    limits.FALL_MAX.value,
    "the range compiled into the core",
    "ramp down",
)
DWELL: Final = Quantity(
    "dwell_s",
    "dwell_ms",
    limits.DWELL_MIN.value,
    limits.DWELL_MAX.value,
    "the range compiled into the core",
    "at zero between the two directions",
)
TIME_CAP: Final = Quantity(
    "time_cap_min", "time_cap_ms", 600, None, FORMAT, "the most that a session may lengthen to", 600
)
BALANCE: Final = Quantity(
    "balance_tolerance_percent",
    "balance_tolerance_percent",
    1,
    limits.BALANCE_TOLERANCE_MAX.value,
    limits.BALANCE_TOLERANCE_MAX.says_who,
    "net charge at the end, of all charge",
)
INTERVAL: Final = Quantity(
    "shortest_interval_h", "shortest_interval_h", 1, 2160, FORMAT, "from the start of one session to that of the next"
)

_ALWAYS: Final = (CURRENT, AREA, RISE, FALL, DWELL, TIME_CAP, INTERVAL)
_SOMETIMES: Final = (LIMIT, DURATION, DOSE, BALANCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who is treated. Checked when built; a Refusal names the field as it stands in a plan.

    id: how the clinic's records call the person. age_years: completed years.
    doctor_agrees: a doctor agrees to the treatment; needed below 12 years (BAD leaflet).
    contraindications: for every id of the table of contraindications whether it applies. None is left out: a question
    that was not asked is no answer.
    answers_from: where the answers stand, file and table, as a refusal names it; makes no difference between patients.
    """

    id: str
    age_years: int
    doctor_agrees: bool
    contraindications: Mapping[str, bool]
    answers_from: str = dataclasses.field(default=ANSWERS, compare=False)

    def __post_init__(self) -> None:
        check_text(self.id, "patient.id", FORMAT)
        check_whole(self.age_years, "patient.age_years", "years", FORMAT)
        check_flag(self.doctor_agrees, "patient.doctor_agrees", FORMAT)
        limits.check_age(self.age_years, doctor_agrees=self.doctor_agrees)
        answers = checked_answers(self.contraindications, self.answers_from)
        object.__setattr__(self, "contraindications", MappingProxyType(answers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One session. Checked whole when it is built, against its device; a Refusal names the field as a file has it.

    name: the plan, as it is shown and recorded. source: where its figures come from, in one line.
    mode: tap water, or a drug. site: where the current enters. polarity: which way it goes, see :class:`Polarity`.
    first_sign: +1 or -1, the direction it begins with; with a drug the sign of its ion. Positive current leaves the
    device at its first terminal (the active electrode, with a drug) and enters the body there.
    current_ua: the magnitude to treat with.
    limit_ua: the most that the operator may raise it to; None: what the tables and the device allow.
    session_ms: tap water: energised time of the session, ramps and dwell included, half of it each way when reversing.
    dose_nc: drug: the charge to deliver. Each is None in the other mode; :attr:`duration_ms` is there in both.
    drug: a row of the table of drugs; None in tap water.
    electrode_area_mm2: of one pole, the wet electrode or the skin that it touches, whichever is smaller.
    rise_ua_per_s, fall_ua_per_s: the ramps. dwell_ms: at zero between the directions.
    time_cap_ms: the most energised time, when a saturated voltage lengthens the session.
    balance_tolerance_percent: net charge at the end in percent of all charge, exactly when reversing; else None.
    shortest_interval_h: from the start of one session of the patient to the earliest start of the next.
    patient: who. device: what on; it is not part of the file.
    """

    name: str
    source: str
    mode: Mode
    site: Site
    polarity: Polarity
    first_sign: Literal[-1, 1]
    current_ua: int
    limit_ua: int | None = None
    session_ms: int | None = None
    dose_nc: int | None = None
    drug: Drug | None = None
    electrode_area_mm2: int
    rise_ua_per_s: int
    fall_ua_per_s: int
    dwell_ms: int
    time_cap_ms: int
    balance_tolerance_percent: int | None = None
    shortest_interval_h: int
    patient: Patient
    device: DeviceProfile

    def __post_init__(self) -> None:
        self._check_fields()
        self._check_mode()
        self._check_current()
        self._check_ramps()
        self._check_time()
        self._check_charge()

    @property
    def bound(self) -> Bound:
        """The limit in force in µA, the smallest of compiled ceiling, device, site, age, density, drug and plan."""
        return self._current_bound(self.limit_ua)

    @property
    def time_bound(self) -> Bound:
        """The most energised time in ms, the plan's cap included."""
        return limits.time_bound(mode=self.mode, site=self.site, plan_cap_ms=self.time_cap_ms)

    @property
    def charge_bound(self) -> Bound:
        """The most charge in nC, both directions together, by the tables."""
        return limits.charge_bound(mode=self.mode, site=self.site, age_years=self.patient.age_years)

    @property
    def reverses(self) -> bool:
        """Whether the current changes its direction within the session."""
        return self.polarity is Polarity.REVERSE_MID_SESSION

    @property
    def ramps_ms(self) -> int:
        """The time that all ramps of the session, and the dwell when it reverses, take together; rounded up."""
        return ceil(self._ramps_ms())

    @property
    def duration_ms(self) -> int:
        """Energised time of the session as planned, ramps included, rounded up: what saturation lengthens to the cap.

        With a drug, the time in which the dose is delivered at the plan's current."""
        if self.session_ms is not None:
            return self.session_ms
        return ceil(self._ramps_ms() + (self.charge_nc - self._ramps_nc()) / self.current_ua)

    @property
    def charge_nc(self) -> int:
        """Charge of the session as planned, both directions together, rounded up: the dose, with a drug."""
        if self.dose_nc is not None:
            return self.dose_nc
        return ceil(self._ramps_nc() + (self.duration_ms - self._ramps_ms()) * self.current_ua)

    @property
    def shortest_interval_ms(self) -> int:
        """The shortest interval in ms."""
        return self.shortest_interval_h * _MS_PER_H

    def _check_fields(self) -> None:
        check_text(self.name, "name", FORMAT)
        check_text(self.source, "source", FORMAT)
        for field, kind in (("mode", Mode), ("site", Site), ("polarity", Polarity)):
            check_choice(getattr(self, field), field, [member.value for member in kind], FORMAT)
            object.__setattr__(self, field, kind(getattr(self, field)))
        if type(self.first_sign) is not int or self.first_sign not in _SIGNS.values():
            raise Refusal("first_direction", shown(self.first_sign), "+1 (positive) or -1 (negative)", FORMAT)
        for quantity in _ALWAYS:
            quantity.check(getattr(self, quantity.attribute))
        for quantity in _SOMETIMES:
            value = getattr(self, quantity.attribute)
            if value is not None:
                quantity.check(value)
        for field, kind in (("patient", Patient), ("device", DeviceProfile)):
            if not isinstance(getattr(self, field), kind):
                raise Refusal(field, shown(getattr(self, field)), f"a {kind.__name__}", FORMAT)

    def _check_mode(self) -> None:
        """Every mode and polarity has the fields that it needs and no other."""
        tap_water = self.mode is Mode.TAP_WATER
        _check_given("duration_min", self.session_ms, tap_water, "in tap water")
        _check_given("drug", self.drug, not tap_water, "with a drug")
        _check_given("dose_ma_min", self.dose_nc, not tap_water, "with a drug")
        if self.drug is not None:
            self._check_drug(self.drug)
        _check_given("balance_tolerance_percent", self.balance_tolerance_percent, self.reverses, "when reversing")

    def _check_drug(self, drug: Drug) -> None:
        """It is a row of the table, and goes in by the sign of its ion."""
        if drug not in DRUGS.values():
            given = f"{shown(drug)}, which is no row of the table"
            raise Refusal("drug", given, f"one of {', '.join(DRUGS)}", "the table of drugs")
        says_who = f"the sign of {drug.ion} in the table of drugs ({drug.source}, {drug.mark})"
        if self.polarity is not Polarity.FIXED:
            do = 'with a drug, write polarity = "fixed"'
            raise Refusal("polarity", self.polarity, "fixed, with a drug", says_who, do)
        if self.first_sign != drug.ion_sign:
            right = _direction(drug.ion_sign)
            do = f'write first_direction = "{right}"'
            raise Refusal("first_direction", _direction(self.first_sign), f"{right} for {drug.name}", says_who, do)

    def _check_current(self) -> None:
        tables = self._current_bound(None)
        if self.limit_ua is not None:
            tables.check("limit_ma", self.limit_ua, "lower it, or leave limit_ma out")
        self.bound.check("current_ma", self.current_ua, "lower the current")
        zero_na = self.device.leakage_na
        if self.current_ua * 1000 <= zero_na:
            raise Refusal(
                "current_ma",
                CURRENT.shown(self.current_ua),
                f"more than {zero_na / 1_000_000:g} mA",
                f"the profile of device {self.device.name}, which takes less for zero",
            )

    def _check_ramps(self) -> None:
        tick_us = self.device.tick_us
        for quantity, rate in ((RISE, self.rise_ua_per_s), (FALL, self.fall_ua_per_s)):
            if rate * tick_us % 1000:
                raise Refusal(
                    quantity.key,
                    quantity.shown(rate),
                    "a whole number of nA a tick",
                    f"the profile of device {self.device.name}, with its tick of {tick_us} us",
                )
        what = "ramps up and down, both ways, and the dwell" if self.reverses else "ramps up and down"
        if self.session_ms is not None and self._ramps_ms() > self.session_ms:
            raise Refusal(
                "duration_min",
                DURATION.shown(self.session_ms),
                f"at least {DURATION.shown(_up(self.ramps_ms, DURATION))}, the {what}",
                "this plan's current and its rise_ma_per_s, fall_ma_per_s and dwell_s",
                "lengthen the session, or make the ramps faster",
            )
        if self.dose_nc is not None and self._ramps_nc() > self.dose_nc:
            raise Refusal(
                "dose_ma_min",
                DOSE.shown(self.dose_nc),
                f"at least {DOSE.shown(_up(ceil(self._ramps_nc()), DOSE))}, which the {what} deliver already",
                "this plan's current and its rise_ma_per_s and fall_ma_per_s",
                "lower the current, or make the ramps faster",
            )

    def _check_time(self) -> None:
        tables = limits.time_bound(mode=self.mode, site=self.site)
        tables.check("time_cap_min", self.time_cap_ms, "lower the cap")
        # The core begins its own ramp down this much before the cap; the session's has to have begun by then.
        reserve_ms = limits.fall_time_ms(self.bound.value, self.fall_ua_per_s) + CAP_MARGIN_MS
        if self.duration_ms + reserve_ms > self.time_cap_ms:
            raise Refusal(
                "time_cap_min",
                TIME_CAP.shown(self.time_cap_ms),
                f"at least {TIME_CAP.shown(_up(self.duration_ms + reserve_ms, TIME_CAP))}",
                f"this plan, whose session takes {in_words(self.duration_ms, Unit.MS)} and whose core keeps "
                f"{in_words(reserve_ms, Unit.MS)} in reserve to ramp down from its limit",
                "raise the cap, or shorten the session",
            )
        limits.shortest_interval_ms(self.mode, self.shortest_interval_ms, "shortest_interval_h")

    def _check_charge(self) -> None:
        if self.dose_nc is not None:
            self.charge_bound.check("dose_ma_min", self.dose_nc, "lower the dose")
            return
        # As with time: what the core keeps back for its own ramp down before the cap on charge.
        reserve_nc = limits.fall_charge_nc(self.bound.value, self.fall_ua_per_s)
        self.charge_bound.check(
            "current_ma over duration_min", self.charge_nc + reserve_nc, "lower the current or shorten the session"
        )

    def _current_bound(self, plan_limit_ua: int | None) -> Bound:
        return limits.current_bound(
            mode=self.mode,
            site=self.site,
            age_years=self.patient.age_years,
            electrode_area_mm2=self.electrode_area_mm2,
            device_limit_ua=self.device.ceiling_ua,
            plan_limit_ua=plan_limit_ua,
            ion_sign=None if self.drug is None else self.drug.ion_sign,
        )

    def _ways(self) -> int:
        return 2 if self.reverses else 1

    def _ramps_ms(self) -> Fraction:
        once = Fraction(self.current_ua * 1000, self.rise_ua_per_s) + Fraction(
            self.current_ua * 1000, self.fall_ua_per_s
        )
        return once * self._ways() + (self.dwell_ms if self.reverses else 0)

    def _ramps_nc(self) -> Fraction:
        """The charge of all ramps, triangles: half of what the full current would give. 1 uA for 1 ms is 1 nC."""
        dwell_ms = self.dwell_ms if self.reverses else 0
        return (self._ramps_ms() - dwell_ms) * self.current_ua / 2


def _check_given(field: str, value: object, needed: bool, when: str) -> None:
    if needed and value is None:
        raise Refusal(field, "missing", f"a value, {when}", FORMAT, f"add {field}")
    if not needed and value is not None:
        raise Refusal(field, "given", f"nothing, save {when}", FORMAT, f"remove {field}, or change the mode")


def _direction(sign: int) -> str:
    return "positive" if sign > 0 else "negative"


def _up(value: int, quantity: Quantity) -> int:
    """The least multiple of the quantity's step that is not below the value: one that a plan can say."""
    return -(-value // quantity.step) * quantity.step


# ---- TOML ------------------------------------------------------------------------------------------------------

_KEYS: Final = (
    *("name", "source", "mode", "site", "drug", "polarity", "first_direction"),
    *(
        quantity.key
        for quantity in (CURRENT, LIMIT, DURATION, DOSE, RISE, FALL, DWELL, TIME_CAP, AREA, BALANCE, INTERVAL)
    ),
    "patient",
)


def load_plan(path: str | Path, device: DeviceProfile | None = None) -> Plan:
    """The plan of a TOML file, for a device; the simulated one when none is given.

    Refusal, naming the file and the field, when the file or anything in it is not as it has to be."""
    return _plan(read_table(path, FORMAT, _START_AGAIN), device or simulated_device())


def read_plan(text: str, file: str, device: DeviceProfile | None = None) -> Plan:
    """The plan of a TOML text, as :func:`load_plan`; file: what refusals call it."""
    return _plan(parse_table(text, file, FORMAT, _START_AGAIN), device or simulated_device())


def plan_names() -> tuple[str, ...]:
    """The names of the presets, tap water first."""
    return _PRESETS


def preset(name: str, device: DeviceProfile | None = None) -> Plan:
    """The preset of that name, for a device; the simulated one when none is given.

    Refusal when there is none, or when the device cannot do it."""
    return read_plan(preset_text(name), f"preset {name}", device)


def preset_text(name: str) -> str:
    """The preset of that name as it is shipped: TOML with the sources of its numbers. Refusal when there is none."""
    check_choice(name, "plan", _PRESETS, "the list of presets")
    return resources.files("iontocore").joinpath(f"presets/{name}.toml").read_text(encoding="utf-8")


def _plan(top: Table, device: DeviceProfile) -> Plan:
    top.only(_KEYS)
    patient = _patient(top)
    texts = {key: top.text(key) for key in ("name", "source")}
    mode = Mode(top.choice("mode", [*Mode]))
    site = Site(top.choice("site", [*Site]))
    polarity = Polarity(top.choice("polarity", [*Polarity]))
    first_sign = _SIGNS[top.choice("first_direction", _SIGNS)]
    drug = DRUGS[top.choice("drug", DRUGS, "the table of drugs")] if top.has("drug") else None
    always = top.amounts(_ALWAYS)
    sometimes = top.amounts(quantity for quantity in _SOMETIMES if top.has(quantity.key))
    with top.naming():
        return Plan(
            name=texts["name"],
            source=texts["source"],
            mode=mode,
            site=site,
            polarity=polarity,
            first_sign=first_sign,
            drug=drug,
            patient=patient,
            device=device,
            **always,
            **sometimes,
        )


def _patient(top: Table) -> Patient:
    table = top.table("patient")
    table.only(("id", "age_years", "doctor_agrees", "contraindications"))
    name, age_years, doctor_agrees = table.text("id"), table.whole("age_years", "years"), table.flag("doctor_agrees")
    answers_from = table.name("contraindications")
    answers = checked_answers(table.table("contraindications").values, answers_from)
    with top.naming():
        return Patient(
            id=name,
            age_years=age_years,
            doctor_agrees=doctor_agrees,
            contraindications=answers,
            answers_from=answers_from,
        )


def to_toml(plan: Plan) -> str:
    """The plan as TOML that reads back, on the same device, as an equal plan. Comments give limits and sources."""
    bound, time_bound = plan.bound, limits.time_bound(mode=plan.mode, site=plan.site)
    allowed = f"at most {CURRENT.shown(bound.value)}: {bound.says_who}"
    notes = {
        CURRENT: allowed,
        LIMIT: LIMIT.means,
        DURATION: DURATION.means,
        DOSE: f"at most {DOSE.shown(plan.charge_bound.value)}: {plan.charge_bound.says_who}",
        TIME_CAP: f"{TIME_CAP.means}; at most {TIME_CAP.shown(time_bound.value)}: {time_bound.says_who}",
    }

    def number(quantity: Quantity) -> list[str]:
        value = getattr(plan, quantity.attribute)
        if value is None:
            return []
        note = notes.get(quantity, f"{quantity.means}; {quantity.allowed}: {quantity.says_who}")
        return [f"{quantity.key} = {quantity.toml(value)}  # {note}"]

    drug = [] if plan.drug is None else [f"drug = {quoted(plan.drug.name)}  # {plan.drug.source} ({plan.drug.mark})"]
    lines = [
        f"name = {quoted(plan.name)}",
        f"source = {quoted(plan.source)}",
        "",
        f"mode = {quoted(plan.mode)}  # {', '.join(Mode)}",
        f"site = {quoted(plan.site)}  # {', '.join(Site)}",
        *drug,
        f"polarity = {quoted(plan.polarity)}  # {', '.join(Polarity)}",
        f"first_direction = {quoted(_direction(plan.first_sign))}  # positive enters the body at the first terminal",
        "",
        *(line for quantity in (CURRENT, LIMIT, DURATION, DOSE, TIME_CAP) for line in number(quantity)),
        *(line for quantity in (RISE, FALL, DWELL, AREA, BALANCE, INTERVAL) for line in number(quantity)),
        "",
        "[patient]",
        f"id = {quoted(plan.patient.id)}",
        f"age_years = {plan.patient.age_years}  # from {limits.AGE_MIN.value}: {limits.AGE_MIN.says_who}",
        f"doctor_agrees = {_flag(plan.patient.doctor_agrees)}  # needed below {limits.AGE_DOCTOR.value} years: "
        f"{limits.AGE_DOCTOR.says_who}",
        "",
        "[patient.contraindications]",
    ]
    for key, row in CONTRAINDICATION_BY_ID.items():
        lines += [f"# {row.question}", f"{key} = {_flag(plan.patient.contraindications[key])}"]
    return "\n".join(lines) + "\n"


def _flag(value: bool) -> str:
    return "true" if value else "false"
