"""Plans: every plan that exists is within every limit, and everything else is refused in one clear sentence."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from fractions import Fraction
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iontocore.ccore import Core
from iontocore.config import core_config
from iontocore.device import simulated_device
from iontocore.plans import (
    CAP_MARGIN_MS,
    Patient,
    Plan,
    Polarity,
    load_plan,
    plan_names,
    preset,
    preset_text,
    read_plan,
    to_toml,
)
from iontocore.safety import limits
from iontocore.safety.contraindications import ANSWERS, CONTRAINDICATIONS, NOT_CONTRAINDICATIONS
from iontocore.safety.drugs import DRUGS, Drug
from iontocore.safety.limits import Figure, IonSign, Mode, Site
from iontocore.safety.refusal import Refusal

HOSTILE = [
    *("true", "nan", "inf", "-inf", "-1", "0", "1e300", "1e-300", "9" * 400, "0xffffffff", '""', '"x"', "[]", "{}"),
    *('"\\u0000"', "1979-05-27", "[[1]]", "-0.0", "0.0001234", "1e999999999", '"reverse-mid-session"', '"drug"'),
    *('"tap-water"', '"patch"', '"positive"', '"negative"', '"lidocaine"', "20.0", "4.001", "45.0", "7", "", "=", "'"),
]


def refused(act: Callable[[], object]) -> Refusal:
    """The refusal of an act, which is a single line that ends like a sentence."""
    with pytest.raises(Refusal) as caught:
        act()
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    return caught.value


def changed(text: str, /, **values: str | None) -> str:
    """A plan's text with the values of some keys exchanged; None takes the line out."""
    for key, value in values.items():
        line = re.compile(rf"^{key.replace('__', '-')} = [^#\n]*", re.MULTILINE)
        assert line.search(text), key
        text = line.sub("" if value is None else f"{key.replace('__', '-')} = {value} ", text)
    return text


def reading(name: str, /, **values: str | None) -> Callable[[], Plan]:
    """Reads a preset with some values exchanged."""
    return lambda: read_plan(changed(preset_text(name), **values), "my.toml")


def with_lines(name: str, lines: str) -> Callable[[], Plan]:
    """Reads a preset with lines put in front."""
    return lambda: read_plan(f"{lines}\n{preset_text(name)}", "my.toml")


def every_limit_ua(plan: Plan) -> list[int]:
    """Each single limit on the current, from the tables and without the code that combines them."""
    child = plan.patient.age_years < limits.AGE_ADULT.value
    every = [limits.COMPILED_CURRENT.value, plan.device.ceiling_ua]
    density = limits.DENSITY_TAP_WATER
    if plan.drug is not None:
        every += [limits.DRUG_CURRENT.value] + [limits.DRUG_CURRENT_CHILD.value] * child
        density = limits.DENSITY_ANODE if plan.first_sign > 0 else limits.DENSITY_CATHODE
    if plan.site is not Site.PATCH:
        every += [limits.SITE_CURRENT[plan.site].value] + [limits.SITE_CURRENT_CHILD[plan.site].value] * child
    every.append(density.value * plan.electrode_area_mm2 // 100)
    if plan.limit_ua is not None:
        every.append(plan.limit_ua)
    return every


def assert_within_every_limit(plan: Plan) -> None:
    assert 0 < plan.current_ua <= plan.bound.value == min(every_limit_ua(plan))
    assert plan.ramps_ms <= plan.duration_ms <= plan.time_cap_ms <= plan.time_bound.value
    assert 0 < plan.charge_nc <= plan.charge_bound.value
    assert limits.AGE_MIN.value <= plan.patient.age_years <= limits.AGE_MAX.value
    assert plan.patient.doctor_agrees or plan.patient.age_years >= limits.AGE_DOCTOR.value
    assert plan.patient.contraindications.keys() == {row.id for row in CONTRAINDICATIONS}
    if plan.mode is Mode.DRUG:
        assert plan.drug is not None
        assert plan.first_sign == plan.drug.ion_sign
        assert plan.polarity is Polarity.FIXED


NO_ANSWERS = {row.id: False for row in CONTRAINDICATIONS}
DEVICES = st.builds(
    lambda ceiling, tick: replace(simulated_device(), ceiling_ua=ceiling, tick_us=tick, tick_tolerance_us=10),
    st.sampled_from([30_000, 10_000, 2_000]),
    st.sampled_from([1000, 100, 10_000]),
)
PATIENTS = st.builds(
    Patient,
    id=st.text("abcdefgh -_'\"\\ÄØ漢0123456789", min_size=1, max_size=20).map(lambda text: f"p{text}p"),
    age_years=st.integers(5, 120),
    doctor_agrees=st.just(True),
    contraindications=st.fixed_dictionaries({key: st.booleans() for key in NO_ANSWERS}),
)


@st.composite
def accepted_plans(draw: st.DrawFn) -> Plan:
    """Plans from every corner of what is allowed: numbers are drawn within what the tables leave."""
    device, patient = draw(DEVICES), draw(PATIENTS)
    drug = draw(st.none() | st.sampled_from(list(DRUGS.values())))
    mode = Mode.TAP_WATER if drug is None else Mode.DRUG
    site = draw(st.sampled_from([site for site in Site if drug is not None or site is not Site.PATCH]))
    polarity = draw(st.sampled_from(Polarity)) if drug is None else Polarity.FIXED
    reverses = polarity is Polarity.REVERSE_MID_SESSION
    sign: IonSign = 1 if draw(st.booleans()) else -1
    first_sign = sign if drug is None else drug.ion_sign
    area_mm2 = draw(st.integers(200, limits.TRAY_PLATE_AREA.value))
    most_ua = limits.current_bound(
        mode=mode,
        site=site,
        age_years=patient.age_years,
        electrode_area_mm2=area_mm2,
        device_limit_ua=device.ceiling_ua,
        ion_sign=None if drug is None else drug.ion_sign,
    ).value
    limit_ua = draw(st.none() | st.integers(101, most_ua))
    in_force_ua = most_ua if limit_ua is None else limit_ua
    current_ua = draw(st.integers(101, in_force_ua))
    # The faster ramps leave every session some time at its current; multiples of 10 suit every tick.
    rise, fall = draw(st.integers(40, 200)) * 10, draw(st.integers(50, 2000)) * 10
    dwell_ms = draw(st.integers(100, 60_000))
    ramps_ms = (2 if reverses else 1) * (current_ua * 1000 // rise + current_ua * 1000 // fall) + 2 + dwell_ms
    cap_ms = limits.time_bound(mode=mode, site=site).value
    room_ms = cap_ms - limits.fall_time_ms(in_force_ua, fall) - CAP_MARGIN_MS
    session_ms = dose_nc = None
    if drug is None:
        most_ms = min(room_ms, limits.SESSION_LONG.value - limits.fall_time_ms(in_force_ua, fall))
        session_ms = draw(st.integers(-(-ramps_ms // 600), most_ms // 600)) * 600
    else:
        least_nc = current_ua * (ramps_ms - dwell_ms) // 2
        most_nc = min(limits.DRUG_CHARGE.value, current_ua * (room_ms - ramps_ms) + least_nc)
        dose_nc = draw(st.integers(-(-least_nc // 600_000), most_nc // 600_000)) * 600_000
    return Plan(
        name=draw(st.sampled_from(["palms", 'my "plan"', "Händler \\ 漢"])),
        source="a test",
        mode=mode,
        site=site,
        polarity=polarity,
        first_sign=first_sign,
        current_ua=current_ua,
        limit_ua=limit_ua,
        session_ms=session_ms,
        dose_nc=dose_nc,
        drug=drug,
        electrode_area_mm2=area_mm2,
        rise_ua_per_s=rise,
        fall_ua_per_s=fall,
        dwell_ms=dwell_ms,
        time_cap_ms=cap_ms,
        balance_tolerance_percent=draw(st.integers(1, 10)) if reverses else None,
        shortest_interval_h=draw(st.integers(20, 2160)),
        patient=patient,
        device=device,
    )


@given(accepted_plans())
def test_a_plan_that_is_printed_reads_back_as_an_equal_plan(plan: Plan) -> None:
    assert read_plan(to_toml(plan), "printed", plan.device) == plan


@pytest.mark.invariant("SI-01")
@given(accepted_plans())
def test_an_accepted_plan_is_within_every_single_limit(plan: Plan) -> None:
    assert_within_every_limit(plan)


@pytest.mark.invariant("SI-02")
@given(accepted_plans())
def test_an_accepted_plan_is_one_that_the_core_accepts(plan: Plan) -> None:
    config = core_config(plan)
    Core(config)
    assert config.limit_na == plan.bound.value * 1000 <= limits.COMPILED_CURRENT.value * 1000


HOSTILE_INTEGERS = st.none() | st.integers() | st.sampled_from([0, 1, -1, 100, 101, 600, 20_000, 30_001, 2**31, 2**63])


@pytest.mark.invariant("SI-01", "SI-23")
@given(accepted_plans(), st.sampled_from([field.name for field in fields(Plan)]), st.data())
def test_a_plan_with_any_one_field_exchanged_is_within_every_limit_or_refused(
    plan: Plan, name: str, data: st.DataObject
) -> None:
    others: dict[str, st.SearchStrategy[Any]] = {
        "mode": st.sampled_from([*Mode, "drug", "water", None]),
        "site": st.sampled_from([*Site, "hands", 3]),
        "polarity": st.sampled_from([*Polarity, "wild"]),
        "drug": st.none() | st.sampled_from([*DRUGS.values(), replace(DRUGS["lidocaine"], ion_sign=-1)]),
        "patient": PATIENTS | st.none(),
        "device": DEVICES | st.none(),
        "name": st.text() | st.none(),
        "source": st.text() | st.none(),
    }
    with suppress(Refusal):
        assert_within_every_limit(replace(plan, **{name: data.draw(others.get(name, HOSTILE_INTEGERS | st.floats()))}))


# ---- presets -----------------------------------------------------------------------------------------------------


def test_the_presets_are_the_files_that_are_shipped() -> None:
    shipped = {path.name.removesuffix(".toml") for path in resources.files("iontocore").joinpath("presets").iterdir()}
    assert set(plan_names()) == shipped
    assert len(plan_names()) == len(shipped)


@pytest.mark.parametrize("name", plan_names())
def test_every_preset_is_a_plan_of_its_own_name_within_every_limit(name: str) -> None:
    plan = preset(name)
    assert plan.name == name
    assert plan.device == simulated_device()
    assert plan.patient.contraindications == NO_ANSWERS
    assert_within_every_limit(plan)
    assert read_plan(to_toml(plan), name) == plan


@pytest.mark.parametrize("name", plan_names())
def test_every_preset_asks_the_questions_of_the_table_in_its_words_and_its_order(name: str) -> None:
    asked = preset_text(name).split("[patient.contraindications]\n")[1]
    assert asked == "".join(f"# {row.question}\n{row.id} = false\n" for row in CONTRAINDICATIONS)
    assert to_toml(preset(name)).endswith(asked)


@pytest.mark.parametrize("name", plan_names())
def test_every_number_of_a_preset_and_of_a_printed_plan_carries_a_comment(name: str) -> None:
    for text in (preset_text(name), to_toml(preset(name))):
        numbers = re.findall(r"^\w+ = [0-9][^\n]*", text, re.MULTILINE)
        # The age is a fact about the simulated adult, and no figure of a source.
        assert len([line for line in numbers if "#" in line or line.startswith("age_years")]) == len(numbers) > 8


def test_the_presets_say_what_their_sources_say() -> None:
    palms, dexamethasone, lidocaine = preset("palms"), preset("dexamethasone"), preset("lidocaine")
    assert (palms.session_ms, palms.polarity, palms.current_ua) == (1_200_000, "reverse-mid-session", 15_000)
    assert palms.reverses
    assert preset("armpits").current_ua == limits.ARMPITS_CURRENT.value
    assert (dexamethasone.first_sign, dexamethasone.current_ua, dexamethasone.dose_nc) == (-1, 4_000, 2_400_000_000)
    assert (lidocaine.first_sign, lidocaine.dose_nc) == (1, 2_400_000_000)


TAP_WATER = ["palms", "soles", "armpits", "face"]
WITH_A_DRUG = ["dexamethasone", "lidocaine"]


def test_the_presets_of_tap_water_and_of_drugs_are_all() -> None:
    assert tuple(TAP_WATER + WITH_A_DRUG) == plan_names()


@pytest.mark.parametrize(
    "name, area",
    [
        ("palms", limits.PALM_SKIN_AREA),
        ("soles", limits.SOLE_SKIN_AREA),
        ("armpits", limits.ARMPIT_SPONGE_AREA),
        ("face", limits.FACE_MASK_AREA),
        ("dexamethasone", limits.DRUG_ELECTRODE_AREA),
        ("lidocaine", limits.DRUG_ELECTRODE_AREA),
    ],
)
def test_the_area_of_a_preset_is_that_of_the_tables(name: str, area: Figure) -> None:
    assert preset(name).electrode_area_mm2 == area.value


@pytest.mark.parametrize("name", TAP_WATER)
def test_a_preset_in_tap_water_takes_as_long_as_the_leaflet_says(name: str) -> None:
    assert preset(name).duration_ms == limits.SESSION_SHORT.value
    assert preset(name).balance_tolerance_percent == limits.BALANCE_TOLERANCE.value


@pytest.mark.parametrize("name", WITH_A_DRUG)
def test_a_preset_with_a_drug_gives_the_usual_dose_and_is_no_shorter_than_usual(name: str) -> None:
    assert preset(name).dose_nc == limits.DRUG_DOSE.value
    # At the most current that a drug allows, the dose without ramps is the shortest session, to the millisecond.
    assert limits.DRUG_CURRENT.value * limits.DRUG_SESSION_SHORT.value == limits.DRUG_DOSE.value
    assert preset(name).duration_ms > limits.DRUG_SESSION_SHORT.value


@pytest.mark.parametrize("name", plan_names())
def test_the_ramps_of_a_preset_are_the_usual_ones_to_a_tenth_of_a_milliampere_a_second(name: str) -> None:
    plan, step = preset(name), limits.RISE_MIN.value
    usual = round(Fraction(plan.current_ua * 1000, limits.RAMP_TIME.value * step)) * step
    assert plan.rise_ua_per_s == max(usual, limits.RISE_MIN.value)
    assert plan.fall_ua_per_s == max(usual, limits.FALL_MIN.value)
    assert plan.dwell_ms == limits.DWELL_TIME.value


def test_the_duration_of_a_drug_is_that_in_which_the_ramps_and_the_rest_give_the_dose() -> None:
    plan = preset("dexamethasone")
    # 4 mA at 0.1 mA/s up and 0.5 mA/s down are 40 s and 8 s at half the current: 24 s of 4 mA in 48 s.
    assert plan.ramps_ms == 48_000
    assert plan.duration_ms == 48_000 + (600_000 - 24_000)
    assert plan.charge_nc == 2_400_000_000


def test_the_charge_of_a_reversing_session_counts_both_ways_and_neither_ramps_nor_dwell_in_full() -> None:
    plan = preset("palms")
    # 15 mA at 0.5 mA/s: four ramps of 30 s, and 2 s at zero.
    assert plan.ramps_ms == 122_000
    assert plan.charge_nc == 15_000 * (1_200_000 - 122_000) + 15_000 * 60_000
    assert plan.shortest_interval_ms == 48 * 3_600_000


def test_a_preset_that_is_not_there_is_refused_with_the_list() -> None:
    refusal = refused(lambda: preset("palm"))
    assert refusal.allowed == f"one of {', '.join(plan_names())}"
    assert refusal.do == "write palms, if that is what you mean"


def test_a_preset_that_a_device_cannot_do_is_refused_in_its_name() -> None:
    small = replace(simulated_device(), ceiling_ua=2_000)
    refusal = refused(lambda: preset("palms", small))
    assert refusal.field == "preset palms: current_ma"
    assert refusal.says_who == "limit device (the device profile)"


# ---- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-01")
@pytest.mark.parametrize(
    "name, values, binding",
    [
        ("palms", {"current_ma": "25.0"}, "limit site-palms (NHS leaflet WPR26540, excerpt)"),
        ("palms", {"current_ma": "1e9"}, "limit site-palms (NHS leaflet WPR26540, excerpt)"),
        ("palms", {"current_ma": "20.001"}, "limit site-palms (NHS leaflet WPR26540, excerpt)"),
        ("palms", {"current_ma": "15.1", "age_years": "17"}, "limit child-palms (NHS leaflet WPR26540, excerpt)"),
        (
            "palms",
            {"electrode_area_cm2": "50.0"},
            "limit density-tap-water (general knowledge: 0.2 mA/cm2, assumption)",
        ),
        ("armpits", {"current_ma": "5.001"}, "limit site-armpits (KaWe SwiSto3 manual, read)"),
        ("dexamethasone", {"current_ma": "4.1"}, "limit drug (ActivaDose II manual, read)"),
        (
            "dexamethasone",
            {"electrode_area_cm2": "7.99"},
            "limit density-cathode (excerpts on drug iontophoresis: at most 0.5 mA/cm2, excerpt)",
        ),
    ],
)
def test_a_current_over_a_limit_is_refused_in_the_name_of_the_one_that_binds(
    name: str, values: dict[str, str | None], binding: str
) -> None:
    refusal = refused(reading(name, **values))
    assert refusal.field == "my.toml: current_ma"
    assert refusal.says_who == binding
    assert refusal.allowed.startswith("at most ")


def test_the_refusal_of_a_current_is_one_clear_sentence() -> None:
    assert str(refused(reading("palms", current_ma="25.0"))) == (
        "my.toml: current_ma is 25 mA; allowed is at most 20 mA, says limit site-palms "
        "(NHS leaflet WPR26540, excerpt): lower the current."
    )


def test_a_plan_may_set_a_limit_of_its_own_below_the_tables_and_never_above() -> None:
    plan = with_lines("palms", "limit_ma = 16.0")()
    assert (plan.bound.value, plan.bound.binding) == (16_000, "plan")
    assert refused(with_lines("palms", "limit_ma = 14.0")).says_who == "limit plan (the plan)"
    assert refused(with_lines("palms", "limit_ma = 20.1")).field == "my.toml: limit_ma"


BOTH_WAYS = "the ramps up and down, both ways, and the dwell"


@pytest.mark.parametrize(
    "name, values, field, allowed",
    [
        ("palms", {"duration_min": "2.0"}, "duration_min", f"at least 2.04 min, {BOTH_WAYS}"),
        ("palms", {"rise_ma_per_s": "0.1", "duration_min": "6.0"}, "duration_min", f"at least 6.04 min, {BOTH_WAYS}"),
        (
            "armpits",
            {"polarity": '"fixed"', "balance_tolerance_percent": None, "duration_min": "0.5"},
            "duration_min",
            "at least 0.59 min, the ramps up and down",
        ),
        (
            "dexamethasone",
            {"dose_ma_min": "1.59"},
            "dose_ma_min",
            "at least 1.6 mA min, which the ramps up and down deliver already",
        ),
    ],
)
def test_ramps_that_are_longer_than_the_session_are_refused(
    name: str, values: dict[str, str | None], field: str, allowed: str
) -> None:
    refusal = refused(reading(name, **values))
    assert (refusal.field, refusal.allowed) == (f"my.toml: {field}", allowed)


def test_a_session_of_ramps_alone_is_the_shortest_that_is_taken() -> None:
    # Four ramps of 30 s and 2 s at zero are 122 s, and 2.04 min are 122.4 s.
    assert reading("palms", duration_min="2.04")().duration_ms == 122_400
    assert refused(reading("palms", duration_min="2.03")).allowed.startswith("at least 2.04 min, the ramps")
    # 4 mA: 40 s and 8 s at half of it are 96 mC, which is 1.6 mA min.
    assert reading("dexamethasone", dose_ma_min="1.6")().duration_ms == 48_000


def test_a_time_cap_below_the_session_and_its_reserve_is_refused() -> None:
    # 20 min, the 40 s that the limit of 20 mA needs to fall at 0.5 mA/s, and 2 s.
    assert reading("palms", time_cap_min="20.7")().time_cap_ms == 1_242_000
    refusal = refused(reading("palms", time_cap_min="20.69"))
    assert refusal.field == "my.toml: time_cap_min"
    assert refusal.allowed == "at least 20.7 min"
    assert "takes 20 min and whose core keeps 42 s in reserve" in refusal.says_who
    assert refused(reading("palms", time_cap_min="19.0")).field == "my.toml: time_cap_min"
    assert refused(reading("dexamethasone", current_ma="0.5")).field == "my.toml: time_cap_min"


@pytest.mark.parametrize(
    "name, cap, most, who",
    [
        ("palms", "45.01", "at most 45 min", "limit session-palms (Healthline 2021: 25 to 45 min, read)"),
        ("armpits", "31.0", "at most 30 min", "limit session-armpits (KaWe SwiSto3 manual, read)"),
        ("lidocaine", "76.0", "at most 75 min", "limit session-drug (ActivaPatch: 40 mA min in 75 min, read)"),
    ],
)
def test_a_time_cap_over_the_tables_is_refused(name: str, cap: str, most: str, who: str) -> None:
    refusal = refused(reading(name, time_cap_min=cap))
    assert (refusal.field, refusal.allowed, refusal.says_who) == ("my.toml: time_cap_min", most, who)


def test_a_session_that_is_ramps_and_dwell_to_the_millisecond_is_taken() -> None:
    # Four ramps of 30 s and 1.2 s at zero are 2.02 min.
    plan = reading("palms", dwell_s="1.2", duration_min="2.02")()
    assert plan.ramps_ms == plan.duration_ms == 121_200


def test_the_direction_is_plus_or_minus_one_and_nothing_like_it() -> None:
    for sign in (0, 2, True, 1.0, None):
        other: Any = sign
        with pytest.raises(Refusal, match="first_direction"):
            replace(preset("palms"), first_sign=other)


@pytest.mark.parametrize("field", ["name", "source", "mode", "site", "polarity", "patient", "device", "current_ua"])
def test_a_plan_of_python_is_checked_as_one_of_a_file(field: str) -> None:
    nothing: Any = None
    refusal = refused(lambda: replace(preset("palms"), **{field: nothing}))
    assert refusal.field == field.replace("_ua", "_ma")


def test_sessions_closer_together_than_the_tables_allow_are_refused() -> None:
    for name, figure in (("palms", limits.INTERVAL_TAP_WATER), ("lidocaine", limits.INTERVAL_DRUG)):
        assert reading(name, shortest_interval_h="20")().shortest_interval_ms == figure.value
        refusal = refused(reading(name, shortest_interval_h="19"))
        assert refusal.allowed == "at least 20 h"
        assert figure.source in refusal.says_who
    assert reading("palms", shortest_interval_h="2160")().shortest_interval_h == 90 * 24
    assert refused(reading("palms", shortest_interval_h="2161")).allowed == "1 to 2160 h"


def test_a_current_that_the_device_takes_for_zero_is_refused() -> None:
    refusal = refused(reading("face", current_ma="0.1"))
    assert refusal.allowed == "more than 0.1 mA"
    assert refusal.says_who == "the profile of device simulated, which takes less for zero"
    assert reading("face", current_ma="0.101")().current_ua == 101


def test_a_dose_over_80_ma_min_is_refused_and_80_is_taken() -> None:
    assert reading("dexamethasone", dose_ma_min="80.0")().dose_nc == 4_800_000_000
    refusal = refused(reading("dexamethasone", dose_ma_min="80.01"))
    assert (refusal.given, refusal.allowed) == ("80.01 mA min", "at most 80 mA min")
    assert "ActivaDose" in refusal.says_who


def test_more_charge_than_the_longest_session_gives_is_refused_in_tap_water() -> None:
    # 20 mA: 162 s of ramps and dwell carry as much as 80 s; 400 mC are kept back: (36 C - 0.4 C) / 20 mA and 82 s.
    assert reading("palms", current_ma="20.0", duration_min="31.03")().charge_nc <= 36_000_000_000 - 400_000_000
    refusal = refused(reading("palms", current_ma="20.0", duration_min="31.04"))
    assert refusal.field == "my.toml: current_ma over duration_min"
    assert refusal.allowed == "at most 600 mA min"


@pytest.mark.invariant("SI-23")
@pytest.mark.parametrize("drug", DRUGS.values(), ids=DRUGS)
def test_a_drug_goes_in_by_the_sign_of_its_ion_and_by_no_other(drug: Drug) -> None:
    right, wrong = ("positive", "negative") if drug.ion_sign > 0 else ("negative", "positive")
    assert reading("lidocaine", drug=f'"{drug.name}"', first_direction=f'"{right}"')().first_sign == drug.ion_sign
    refusal = refused(reading("lidocaine", drug=f'"{drug.name}"', first_direction=f'"{wrong}"'))
    assert refusal.field == "my.toml: first_direction"
    assert refusal.allowed == f"{right} for {drug.name}"
    assert drug.source in refusal.says_who


@pytest.mark.invariant("SI-23")
@pytest.mark.parametrize("polarity", ["reverse-mid-session", "alternate"])
def test_a_drug_is_never_reversed(polarity: str) -> None:
    # With and without what reversing needs besides: the drug is what stands against it.
    for text in (preset_text("lidocaine"), f"balance_tolerance_percent = 2\n{preset_text('lidocaine')}"):
        refusal = refused(partial(read_plan, changed(text, polarity=f'"{polarity}"'), "my.toml"))
        assert refusal.field == "my.toml: polarity"
        assert refusal.allowed == "fixed, with a drug"


def test_a_drug_whose_row_was_altered_is_refused() -> None:
    altered, name = replace(DRUGS["lidocaine"], ion_sign=-1), "lidocaine"
    no_row: Any
    for no_row in (altered, name):
        with pytest.raises(Refusal, match="which is no row of the table"):
            replace(preset("lidocaine"), drug=no_row, first_sign=-1)
    assert refused(reading("lidocaine", drug='"lidocain"')).do == "write lidocaine, if that is what you mean"


@pytest.mark.parametrize(
    "read, field",
    [
        (reading("palms", duration_min=None), "duration_min"),
        (reading("lidocaine", dose_ma_min=None), "dose_ma_min"),
        (reading("lidocaine", drug=None), "drug"),
        (reading("palms", balance_tolerance_percent=None), "balance_tolerance_percent"),
        (reading("palms", mode='"drug"'), "duration_min"),
        (reading("lidocaine", mode='"tap-water"'), "duration_min"),
        (with_lines("palms", "dose_ma_min = 40.0"), "dose_ma_min"),
        (with_lines("palms", 'drug = "lidocaine"'), "drug"),
        (with_lines("lidocaine", "duration_min = 10.0"), "duration_min"),
        (with_lines("lidocaine", "balance_tolerance_percent = 2"), "balance_tolerance_percent"),
        (reading("palms", polarity='"fixed"'), "balance_tolerance_percent"),
    ],
)
def test_a_mode_has_the_fields_that_it_needs_and_no_other(read: Callable[[], Plan], field: str) -> None:
    refusal = refused(read)
    assert refusal.field == f"my.toml: {field}"
    assert refusal.given in ("missing", "given")


def test_a_site_that_the_mode_does_not_treat_is_refused() -> None:
    refusal = refused(reading("palms", site='"patch"'))
    assert refusal.field == "my.toml: site"
    assert refusal.allowed == "one of palms, soles, armpits, face in tap water"
    assert reading("dexamethasone", site='"palms"')().site is Site.PALMS


@pytest.mark.parametrize(
    "age, agrees, allowed",
    [
        ("4", "true", "5 to 120 years"),
        ("-3", "true", "5 to 120 years"),
        ("-9999", "true", "5 to 120 years"),
        ("121", "true", "5 to 120 years"),
        ("1980", "false", "5 to 120 years"),
        (f"0x{'f' * 5000}", "false", "5 to 120 years"),
        ("11", "false", "from 12 years, or from 5 years with the doctor's agreement"),
    ],
)
def test_an_age_that_is_not_treated_is_refused(age: str, agrees: str, allowed: str) -> None:
    refusal = refused(reading("face", age_years=age, doctor_agrees=agrees))
    assert (refusal.field, refusal.allowed) == ("my.toml: patient.age_years", allowed)


def test_a_year_of_birth_is_told_apart_from_an_age() -> None:
    assert str(refused(reading("palms", age_years="1980"))) == (
        "my.toml: patient.age_years is 1980 years; allowed is 5 to 120 years, says a choice of this project "
        "(assumption): give the age, not a year of birth."
    )
    assert refused(reading("palms", age_years="4")).says_who == "BAD leaflet (read)"
    assert refused(reading("palms", age_years="35.5")).allowed == "a whole number of years"


def test_a_word_that_is_none_of_the_plans_is_answered_with_the_list_and_the_one_that_was_meant() -> None:
    site, polarity = refused(reading("palms", site='"knee"')), refused(reading("palms", polarity='"reverse"'))
    assert (site.allowed, site.do) == ("one of palms, soles, armpits, face, patch", "choose one of these")
    assert polarity.allowed == "one of reverse-mid-session, fixed, alternate"
    assert polarity.do == "write reverse-mid-session, if that is what you mean"


def test_a_child_is_treated_with_the_doctors_agreement_and_with_less() -> None:
    plan = reading("face", age_years="5", doctor_agrees="true")()
    assert (plan.bound.value, plan.bound.binding) == (3_750, "child-face")


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize("row", CONTRAINDICATIONS, ids=[row.id for row in CONTRAINDICATIONS])
def test_a_question_that_was_not_answered_is_no_answer(row: Any) -> None:
    refusal = refused(reading("palms", **{row.id.replace("-", "__"): None}))
    assert refusal.field == f"my.toml: patient.contraindications.{row.id}"
    assert row.question in refusal.do
    for answer in ("0", '"no"', "[]"):
        assert refused(reading("palms", **{row.id.replace("-", "__"): answer})).allowed == "true or false"


def test_a_question_that_the_table_does_not_ask_is_refused() -> None:
    def with_answer(line: str) -> Callable[[], Plan]:
        return lambda: read_plan(preset_text("palms") + line, "my.toml")

    assert refused(with_answer("jewelery = false\n")).do == "write jewellery, if that is what you mean"
    for key, source in NOT_CONTRAINDICATIONS.items():
        assert refused(with_answer(f"{key} = false\n")).says_who == source


def test_a_yes_is_kept_in_the_plan_for_the_gate_to_refuse() -> None:
    answers = reading("palms", pregnancy="true")().patient.contraindications
    assert [key for key, yes in answers.items() if yes] == ["pregnancy"]


def test_a_patient_knows_where_the_answers_stand_and_is_the_same_whatever_file_they_stand_in() -> None:
    patient = reading("palms")().patient
    assert patient.answers_from == "my.toml: patient.contraindications"
    assert patient == preset("palms").patient
    assert replace(patient, answers_from=ANSWERS).answers_from == "patient.contraindications"


def test_the_answers_of_a_patient_cannot_be_changed_afterwards() -> None:
    given_answers = dict(NO_ANSWERS)
    patient = Patient(id="p", age_years=30, doctor_agrees=False, contraindications=given_answers)
    given_answers["pregnancy"] = True
    assert not patient.contraindications["pregnancy"]
    with pytest.raises(TypeError):
        patient.contraindications["pregnancy"] = True  # type: ignore[index]  # that it has no __setitem__ is what is tested


@pytest.mark.parametrize("answers", [None, [], {3: False}, NO_ANSWERS | {"pregnancy": 0}])
def test_answers_that_are_no_table_of_true_and_false_are_refused(answers: Any) -> None:
    refused(lambda: Patient(id="p", age_years=30, doctor_agrees=False, contraindications=answers))


@pytest.mark.parametrize(
    "name, values, field",
    [
        ("palms", {"electrode_area_cm2": None}, "electrode_area_cm2"),
        ("palms", {"electrode_area_cm2": "331.0"}, "electrode_area_cm2"),
        ("palms", {"current_ma": "-15.0"}, "current_ma"),
        ("palms", {"current_ma": "0.1"}, "current_ma"),
        ("palms", {"current_ma": "nan"}, "current_ma"),
        ("palms", {"current_ma": "inf"}, "current_ma"),
        ("palms", {"current_ma": "true"}, "current_ma"),
        ("palms", {"current_ma": "0.0001234"}, "current_ma"),
        ("palms", {"duration_min": "-20.0"}, "duration_min"),
        ("palms", {"duration_min": "20.001"}, "duration_min"),
        ("palms", {"rise_ma_per_s": "2.1"}, "rise_ma_per_s"),
        ("palms", {"fall_ma_per_s": "0.4"}, "fall_ma_per_s"),
        ("palms", {"dwell_s": "0.05"}, "dwell_s"),
        ("palms", {"balance_tolerance_percent": "11"}, "balance_tolerance_percent"),
        ("palms", {"shortest_interval_h": "19"}, "shortest_interval_h"),
        ("palms", {"first_direction": '"left"'}, "first_direction"),
        ("palms", {"mode": '"water"'}, "mode"),
        ("palms", {"polarity": '"reverse"'}, "polarity"),
        ("palms", {"name": '""'}, "name"),
        ("palms", {"id": "7"}, "patient.id"),
        ("palms", {"age_years": "35.5"}, "patient.age_years"),
        ("palms", {"doctor_agrees": "1"}, "patient.doctor_agrees"),
    ],
)
def test_a_value_that_is_not_as_it_has_to_be_is_refused_by_its_dotted_name(
    name: str, values: dict[str, str | None], field: str
) -> None:
    assert refused(reading(name, **values)).field == f"my.toml: {field}"


def test_a_ramp_that_the_devices_tick_cannot_do_exactly_is_refused() -> None:
    fast = replace(simulated_device(), tick_us=100, tick_tolerance_us=20)
    assert preset("palms", fast).rise_ua_per_s == 500
    refusal = refused(lambda: read_plan(changed(preset_text("palms"), rise_ma_per_s="0.505"), "my.toml", fast))
    assert refusal.field == "my.toml: rise_ma_per_s"
    assert refusal.allowed == "a whole number of nA a tick"


@pytest.mark.parametrize(
    "lines, field, do",
    [
        ("curent_ma = 15.0", "curent_ma", "write current_ma, if that is what you mean"),
        ("[patient.contraindication]", "patient.contraindication", "write contraindications, if that is what you mean"),
        ("[surprise]", "surprise", "remove it"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(lines: str, field: str, do: str) -> None:
    text = preset_text("palms")
    text = f"{text}{lines}\n" if lines.startswith("[") else f"{lines}\n{text}"
    refusal = refused(lambda: read_plan(text, "my.toml"))
    assert (refusal.field, refusal.do) == (f"my.toml: {field}", do)


def test_a_plan_file_is_loaded_and_named_in_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(preset_text("soles"), encoding="utf-8")
    assert load_plan(path) == preset("soles")
    path.write_text("", encoding="utf-8")
    assert refused(lambda: load_plan(path)).field == str(path)
    assert refused(lambda: load_plan(tmp_path)).given == "a directory"


# ---- garbage -----------------------------------------------------------------------------------------------------


def assert_a_plan_or_a_refusal(text: str | bytes, path: Path) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    try:
        plan = load_plan(path)
    except Refusal as refusal:
        sentence = str(refusal)
    else:
        assert_within_every_limit(plan)
        return
    assert sentence.isprintable()
    assert sentence.startswith(str(path))


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans") / "garbage.toml"


@given(name=st.sampled_from(plan_names()), share=st.floats(0, 1))
def test_a_plan_cut_off_anywhere_is_refused_or_whole(scratch: Path, name: str, share: float) -> None:
    data = preset_text(name).encode()
    cut = data[: int(len(data) * share)]
    assert_a_plan_or_a_refusal(cut, scratch)
    if len(cut) < len(data.rstrip()):
        with pytest.raises(Refusal):
            load_plan(scratch)


@given(name=st.sampled_from(plan_names()), data=st.data())
def test_a_plan_with_a_key_renamed_is_refused(scratch: Path, name: str, data: st.DataObject) -> None:
    text = preset_text(name)
    keys = [match.span() for match in re.finditer(r"^[\w-]+(?= =)", text, re.MULTILINE)]
    start, end = data.draw(st.sampled_from(keys))
    other = data.draw(st.text("abcdefgh_-", min_size=1, max_size=12).filter(lambda key: key != text[start:end]))
    scratch.write_text(text[:start] + other + text[end:], encoding="utf-8")
    with pytest.raises(Refusal):
        load_plan(scratch)


@given(name=st.sampled_from(plan_names()), data=st.data())
def test_a_plan_with_hostile_values_is_within_every_limit_or_refused(
    scratch: Path, name: str, data: st.DataObject
) -> None:
    text = preset_text(name)
    for _ in range(data.draw(st.integers(1, 3))):
        values = [match.span() for match in re.finditer(r"(?<= = )[^#\n]*", text)]
        start, end = data.draw(st.sampled_from(values))
        hostile = data.draw(st.sampled_from(HOSTILE) | st.floats().map(str) | st.integers().map(str) | st.text())
        text = f"{text[:start]}{hostile} {text[end:]}"
    assert_a_plan_or_a_refusal(text, scratch)


@given(name=st.sampled_from(plan_names()), place=st.floats(0, 1), noise=st.binary(max_size=8), gone=st.integers(0, 8))
def test_a_plan_with_bytes_exchanged_is_within_every_limit_or_refused(
    scratch: Path, name: str, place: float, noise: bytes, gone: int
) -> None:
    data = preset_text(name).encode()
    at = int(len(data) * place)
    assert_a_plan_or_a_refusal(data[:at] + noise + data[at + gone :], scratch)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_direction_is_read_and_printed_as_a_word(sign: IonSign) -> None:
    plan = replace(preset("face"), first_sign=sign)
    word = "positive" if sign > 0 else "negative"
    assert f'first_direction = "{word}"' in to_toml(plan)
    assert reading("face", first_direction=f'"{word}"')().first_sign == sign
