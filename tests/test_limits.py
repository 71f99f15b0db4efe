"""The clinical numbers, where they are from, and how limits combine into the one in force."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iontocore.safety import limits as table
from iontocore.safety.limits import (
    FIGURES,
    Bound,
    Figure,
    Layer,
    Limit,
    Mark,
    Mode,
    Site,
    Step,
    charge_bound,
    check_age,
    combine,
    current_bound,
    fall_charge_nc,
    fall_time_ms,
    shortest_interval_ms,
    time_bound,
)
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import Unit, in_words

HEADER = Path(__file__).parent.parent / "ccore" / "include" / "ionto.h"
TAP_WATER_SITES = [Site.PALMS, Site.SOLES, Site.ARMPITS, Site.FACE]

# ---- the numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIGURES)
def test_every_number_has_a_source_and_a_mark_that_fit_each_other(name: str) -> None:
    figure = FIGURES[name]
    assert figure.mark in (Mark.READ, Mark.EXCERPT, Mark.ASSUMPTION)
    without_document = re.search("general knowledge|choice of this project", figure.source) is not None
    if figure.mark is not Mark.ASSUMPTION:
        assert not without_document, "what is read or excerpted names its document"
    assert not re.search(r"\b(read|excerpt|assumption)\b", figure.source), "its mark says it, and nothing else"


def test_no_number_is_left_out_of_the_list() -> None:
    everywhere = {id(value) for value in vars(table).values() if isinstance(value, Figure)}
    everywhere |= {id(value) for sites in (table.SITE_CURRENT, table.SITE_TIME) for value in sites.values()}
    everywhere |= {id(value) for value in table.SITE_CURRENT_CHILD.values()}
    assert everywhere == {id(figure) for figure in FIGURES.values()}


NUMBERS = [
    ("AGE_MIN", "5 years", "BAD leaflet", "read"),
    ("AGE_DOCTOR", "12 years", "BAD leaflet", "read"),
    ("PALMS_CURRENT", "20 mA", "NHS leaflet WPR26540", "excerpt"),
    ("PALMS_CURRENT_CHILD", "15 mA", "NHS leaflet WPR26540", "excerpt"),
    ("SOLES_CURRENT", "20 mA", "NHS leaflet WPR26540", "excerpt"),
    ("SOLES_CURRENT_CHILD", "15 mA", "NHS leaflet WPR26540", "excerpt"),
    ("ARMPITS_CURRENT", "5 mA", "KaWe SwiSto3 manual", "read"),
    ("ARMPITS_TIME", "30 min", "KaWe SwiSto3 manual", "read"),
    ("ARMPIT_SPONGE_AREA", "99 cm2", "KaWe SwiSto3 manual", "read"),
    ("TRAY_PLATE_AREA", "330 cm2", "KaWe SwiSto3 manual", "read"),
    ("SESSION_SHORT", "20 min", "BAD leaflet", "read"),
    ("SESSION_LONG", "30 min", "BAD leaflet", "read"),
    ("SESSION_TIME", "45 min", "Healthline 2021", "read"),
    ("DRUG_CURRENT", "4 mA", "ActivaDose II manual", "read"),
    ("DRUG_CHARGE", "80 mA min", "ActivaDose II manual", "read"),
    ("DRUG_TIME", "75 min", "ActivaPatch", "read"),
    ("TRIP_CURRENT", "35 mA", "Hidrex safety concept", "read"),
    ("RAMP_TIME", "30 s", "Soterix IontoDC", "read"),
    ("DENSITY_CATHODE", "0.5 mA/cm2", "excerpts", "excerpt"),
    ("DENSITY_ANODE", "1 mA/cm2", "general knowledge", "assumption"),
    ("DENSITY_TAP_WATER", "0.2 mA/cm2", "general knowledge", "assumption"),
    ("INTERVAL_TAP_WATER", "20 h", "one session a day", "assumption"),
    ("LOST_CONTACT_COUNT", "3", "choice of this project", "assumption"),
    ("LOST_CONTACT_WINDOW", "10 min", "choice of this project", "assumption"),
    ("AGE_ADULT", "18 years", "choice of this project", "assumption"),
    ("AGE_MAX", "120 years", "choice of this project", "assumption"),
    ("COMPILED_CURRENT", "30 mA", "R.A. Fischer's maximum", "excerpt"),
    ("PROBE_CURRENT", "0.1 mA", "choice of this project", "assumption"),
    ("FACE_CURRENT", "5 mA", "general knowledge", "assumption"),
    ("ARMPITS_CURRENT_CHILD", "3.75 mA", "three quarters", "assumption"),
    ("FACE_CURRENT_CHILD", "3.75 mA", "three quarters", "assumption"),
    ("DRUG_CURRENT_CHILD", "3 mA", "three quarters", "assumption"),
    ("PALM_SKIN_AREA", "140 cm2", "general knowledge", "assumption"),
    ("SOLE_SKIN_AREA", "150 cm2", "general knowledge", "assumption"),
    ("FACE_MASK_AREA", "75 cm2", "choice of this project", "assumption"),
    ("DRUG_ELECTRODE_AREA", "10 cm2", "choice of this project", "assumption"),
    ("COMPILED_TIME", "2 h", "choice of this project", "assumption"),
    ("FACE_TIME", "30 min", "BAD leaflet, without room to lengthen", "read"),
    ("DRUG_SESSION_SHORT", "10 min", "Healthline 2021", "read"),
    ("COMPILED_CHARGE", "100000 mC", "choice of this project", "assumption"),
    ("DRUG_DOSE", "40 mA min", "ActivaDose II manual", "read"),
    ("INTERVAL_DRUG", "20 h", "choice of this project", "assumption"),
    ("ADMISSION_TIME", "1 h", "choice of this project", "assumption"),
    ("RISE_MIN", "0.1 mA/s", "choice of this project", "assumption"),
    ("RISE_MAX", "2 mA/s", "choice of this project", "assumption"),
    ("FALL_MIN", "0.5 mA/s", "choice of this project", "assumption"),
    ("FALL_MAX", "20 mA/s", "choice of this project", "assumption"),
    ("DWELL_TIME", "2 s", "choice of this project", "assumption"),
    ("DWELL_MIN", "0.1 s", "choice of this project", "assumption"),
    ("DWELL_MAX", "1 min", "choice of this project", "assumption"),
    ("BALANCE_TOLERANCE", "2 %", "choice of this project", "assumption"),
    ("BALANCE_TOLERANCE_MAX", "10 %", "choice of this project", "assumption"),
    ("RECONNECT_WAIT", "3 s", "choice of this project", "assumption"),
]


@pytest.mark.parametrize(("name", "words", "source", "mark"), NUMBERS)
def test_a_number_is_the_one_of_its_source(name: str, words: str, source: str, mark: str) -> None:
    figure = FIGURES[name]
    assert (in_words(figure.value, figure.unit), str(figure.mark)) == (words, mark)
    assert source in figure.source


def test_every_number_is_compared_with_its_source() -> None:
    assert sorted(name for name, _, _, _ in NUMBERS) == sorted(FIGURES)


def test_every_unit_is_used_and_rates_alone_are_per_second() -> None:
    assert {name for name, figure in FIGURES.items() if figure.unit is Unit.UA_PER_S} == {
        "RISE_MIN", "RISE_MAX", "FALL_MIN", "FALL_MAX"
    }  # fmt: skip
    assert {figure.unit for figure in FIGURES.values()} == set(Unit)


def test_every_site_has_the_figures_that_are_its_own() -> None:
    assert [*table.SITE_CURRENT.values()] == [
        table.PALMS_CURRENT, table.SOLES_CURRENT, table.ARMPITS_CURRENT, table.FACE_CURRENT
    ]  # fmt: skip
    assert [*table.SITE_CURRENT_CHILD.values()] == [
        table.PALMS_CURRENT_CHILD,
        table.SOLES_CURRENT_CHILD,
        table.ARMPITS_CURRENT_CHILD,
        table.FACE_CURRENT_CHILD,
    ]
    assert [*table.SITE_TIME.values()] == [
        table.SESSION_TIME, table.SESSION_TIME, table.ARMPITS_TIME, table.FACE_TIME
    ]  # fmt: skip
    for sites in (table.SITE_CURRENT, table.SITE_CURRENT_CHILD, table.SITE_TIME):
        assert [*sites] == TAP_WATER_SITES


def test_plans_and_records_spell_sites_modes_layers_and_marks_so() -> None:
    assert [*Site] == ["palms", "soles", "armpits", "face", "patch"]
    assert [*Mode] == ["tap-water", "drug"]
    assert [*Layer] == ["compiled", "device", "site", "age", "density", "drug", "plan"]
    assert [*Mark] == ["read", "excerpt", "assumption", "given"]


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize(
    ("name", "define", "per"),
    [
        ("COMPILED_CURRENT", "IONTO_CEILING_NA", 1_000),
        ("TRIP_CURRENT", "IONTO_TRIP_CEILING_NA", 1_000),
        ("COMPILED_TIME", "IONTO_TIME_CEILING_US", 1_000),
        ("COMPILED_CHARGE", "IONTO_CHARGE_CEILING_FC", 1_000_000),
        ("RISE_MAX", "IONTO_RISE_MAX_UA_PER_S", 1),
        ("FALL_MIN", "IONTO_FALL_MIN_UA_PER_S", 1),
        ("FALL_MAX", "IONTO_FALL_MAX_UA_PER_S", 1),
        ("DWELL_MIN", "IONTO_DWELL_MIN_US", 1_000),
        ("DWELL_MAX", "IONTO_DWELL_MAX_US", 1_000),
    ],
)
def test_the_compiled_ceilings_are_those_of_the_core(name: str, define: str, per: int) -> None:
    found = re.search(rf"^#define {define} (\d+)\b", HEADER.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    assert FIGURES[name].value * per == int(found[1])


def test_the_trip_level_stands_above_every_limit_of_current() -> None:
    assert all(f.value < table.TRIP_CURRENT.value for f in table.SITE_CURRENT.values())
    assert table.COMPILED_CURRENT.value < table.TRIP_CURRENT.value


@pytest.mark.parametrize("site", TAP_WATER_SITES)
def test_a_child_gets_three_quarters_of_an_adult(site: Site) -> None:
    assert table.SITE_CURRENT_CHILD[site].value * 4 == table.SITE_CURRENT[site].value * 3


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "5", None])
def test_a_figure_that_is_no_positive_whole_number_is_not_built(value: Any) -> None:
    with pytest.raises(ValueError, match="not a positive int"):
        dataclasses.replace(table.AGE_MIN, value=value)


@pytest.mark.parametrize("field", ["what", "source"])
def test_a_figure_without_a_phrase_or_a_source_is_not_built(field: str) -> None:
    blank: dict[str, Any] = {field: " "}
    with pytest.raises(ValueError, match="lacks"):
        dataclasses.replace(table.AGE_MIN, **blank)


@pytest.mark.parametrize(("field", "value"), [("unit", "years"), ("mark", "read")])
def test_a_figure_with_a_mere_string_for_its_unit_or_mark_is_not_built(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match="is no"):
        dataclasses.replace(table.AGE_MIN, **{field: value})


@pytest.mark.parametrize("who", ["", "Palms", "palms child", "-palms", "palms_child"])
def test_a_limit_whose_name_is_not_in_kebab_case_is_not_built(who: str) -> None:
    with pytest.raises(ValueError, match="kebab-case"):
        Limit(who, Layer.SITE, table.PALMS_CURRENT)


def test_a_limit_without_a_layer_or_a_figure_is_not_built() -> None:
    limit = Limit("palms", Layer.SITE, table.PALMS_CURRENT)
    wrongs: list[dict[str, Any]] = [{"layer": "site"}, {"figure": 20_000}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="is no"):
            dataclasses.replace(limit, **wrong)


# ---- how limits combine -----------------------------------------------------------------------------------------

names = st.from_regex(r"[a-z]{1,3}(-[a-z]{1,3})?", fullmatch=True)
figures = st.builds(
    Figure,
    what=st.just("a limit"),
    value=st.integers(1, 60) | st.integers(1, 10**18),
    unit=st.just(Unit.UA),
    source=names,
    mark=st.sampled_from(Mark),
)
some_limits = st.lists(st.builds(Limit, names, st.sampled_from(Layer), figures), min_size=1, max_size=8)


@pytest.mark.invariant("SI-01")
@given(some_limits)
def test_the_smallest_limit_wins(some: Sequence[Limit]) -> None:
    bound = combine(some)
    assert bound.value == min(limit.figure.value for limit in some)
    winners = [(x.who, x.figure.value, x.figure.source, x.figure.mark) for x in some]
    assert (bound.binding, bound.value, bound.source, bound.mark) in winners


@pytest.mark.invariant("SI-01")
@given(some_limits, st.randoms(use_true_random=False))
def test_the_order_in_which_limits_are_given_does_not_matter(some: list[Limit], random: Random) -> None:
    shuffled = some.copy()
    random.shuffle(shuffled)
    assert combine(shuffled) == combine(some)


@pytest.mark.invariant("SI-01")
@given(some_limits)
def test_the_chain_decreases_and_ends_at_the_binding_limit(some: Sequence[Limit]) -> None:
    bound = combine(some)
    values = [step.value for step in bound.lowered_by]
    assert values == sorted(set(values), reverse=True)
    assert bound.lowered_by[-1] == Step(bound.binding, bound.value, bound.source, bound.mark)


@given(some_limits)
def test_the_chain_begins_with_the_first_layer_that_speaks_and_follows_the_layers(some: Sequence[Limit]) -> None:
    order = list(Layer)
    layers = {(x.who, x.figure.value, x.figure.source, x.figure.mark): set[Layer]() for x in some}
    for limit in some:
        layers[limit.who, limit.figure.value, limit.figure.source, limit.figure.mark].add(limit.layer)
    chain = [layers[step.who, step.value, step.source, step.mark] for step in combine(some).lowered_by]
    assert min(order.index(x.layer) for x in some) in {order.index(layer) for layer in chain[0]}
    reached = 0
    for candidates in chain:
        later = [order.index(layer) for layer in candidates if order.index(layer) >= reached]
        assert later, "a layer spoke before its turn"
        reached = min(later)


@pytest.mark.invariant("SI-01", "SI-02")
@given(some_limits, some_limits)
def test_another_limit_never_raises_the_bound(some: list[Limit], more: list[Limit]) -> None:
    assert combine(some + more).value == min(combine(some).value, combine(more).value)


def test_of_equal_limits_the_layer_asked_first_binds() -> None:
    site = Limit("site", Layer.SITE, table.ARMPITS_CURRENT)
    plan = Limit("plan", Layer.PLAN, dataclasses.replace(table.ARMPITS_CURRENT, mark=Mark.GIVEN))
    assert combine([plan, site]).binding == "site"


def test_no_limit_at_all_is_no_bound() -> None:
    with pytest.raises(ValueError, match="no limit"):
        combine([])


def test_limits_of_unlike_units_do_not_combine() -> None:
    with pytest.raises(ValueError, match="a is in ua, b in ms"):
        combine([Limit("a", Layer.SITE, table.PALMS_CURRENT), Limit("b", Layer.SITE, table.FACE_TIME)])


@pytest.mark.parametrize(
    "steps", [[], [("a", 3), ("a", 2)], [("a", 1), ("b", 1)], [("a", 1), ("b", 2)], [("b", 1), ("a", 1)]]
)
def test_a_bound_whose_chain_does_not_lead_to_it_is_not_built(steps: list[tuple[str, int]]) -> None:
    chain = tuple(Step(who, value, "source", Mark.READ) for who, value in steps)
    with pytest.raises(ValueError, match="chain"):
        Bound(1, Unit.UA, "b", "source", Mark.READ, chain)


@pytest.mark.invariant("SI-22")
@given(some_limits, st.integers(-5, 5))
def test_what_is_above_the_bound_is_refused_in_the_name_of_the_limit_that_binds(
    some: Sequence[Limit], over: int
) -> None:
    bound = combine(some)
    if over <= 0:
        bound.check("current_ma", bound.value + over)
        return
    with pytest.raises(Refusal) as caught:
        bound.check("current_ma", bound.value + over)
    assert caught.value.field == "current_ma"
    assert caught.value.given == in_words(bound.value + over, Unit.UA)
    assert caught.value.allowed == f"at most {in_words(bound.value, Unit.UA)}"
    assert bound.binding in caught.value.says_who
    assert bound.source in caught.value.says_who


# ---- the current in force ---------------------------------------------------------------------------------------

ages = st.sampled_from([5, 11, 12, 17, 18, 120]) | st.integers(5, 120)
areas_mm2 = st.integers(1, 33_000)
limits_ua = st.integers(1, 100_000)
SIGNS: tuple[Literal[-1, 1], ...] = (-1, 1)


@pytest.mark.invariant("SI-01", "SI-02")
@given(st.sampled_from(TAP_WATER_SITES), ages, areas_mm2, limits_ua, st.none() | limits_ua)
def test_in_tap_water_the_current_is_the_smallest_of_ceiling_device_site_age_density_and_plan(
    site: Site, age: int, area: int, device: int, plan: int | None
) -> None:
    bound = current_bound(
        mode=Mode.TAP_WATER,
        site=site,
        age_years=age,
        electrode_area_mm2=area,
        device_limit_ua=device,
        plan_limit_ua=plan,
    )
    adult = {Site.PALMS: 20_000, Site.SOLES: 20_000, Site.ARMPITS: 5_000, Site.FACE: 5_000}[site]
    by_age = adult if age >= 18 else adult * 3 // 4
    by_plan = [] if plan is None else [plan]
    assert bound.value == min([30_000, device, by_age, area * 2, *by_plan])
    assert bound.unit is Unit.UA


@pytest.mark.invariant("SI-01", "SI-02")
@given(st.sampled_from(Site), ages, areas_mm2, limits_ua, st.none() | limits_ua, st.sampled_from(SIGNS))
def test_with_a_drug_the_current_is_bound_by_density_at_its_sign_and_by_the_ceiling_of_drugs(
    site: Site, age: int, area: int, device: int, plan: int | None, sign: Literal[-1, 1]
) -> None:
    bound = current_bound(
        mode=Mode.DRUG,
        site=site,
        age_years=age,
        electrode_area_mm2=area,
        device_limit_ua=device,
        plan_limit_ua=plan,
        ion_sign=sign,
    )
    drug = 4_000 if age >= 18 else 3_000
    density = area * (10 if sign > 0 else 5)
    by_plan = [] if plan is None else [plan]
    assert bound.value == min([30_000, device, drug, density, *by_plan])


@pytest.mark.parametrize(
    ("binding", "source", "given_"),
    [
        ("site-palms", "NHS leaflet WPR26540", {}),
        ("child-palms", "NHS leaflet WPR26540", {"age_years": 17}),
        ("site-palms", "NHS leaflet WPR26540", {"age_years": 18}),
        ("device", "the device profile", {"device_limit_ua": 12_000}),
        ("density-tap-water", "general knowledge: 0.2 mA/cm2", {"electrode_area_mm2": 5_000}),
        ("plan", "the plan", {"plan_limit_ua": 9_000}),
        ("site-armpits", "KaWe SwiSto3 manual", {"site": Site.ARMPITS}),
        ("site-face", "held to the armpits' limit; 3 to 6 mA is usual by general knowledge", {"site": Site.FACE}),
        ("drug", "ActivaDose II manual", {"mode": Mode.DRUG, "ion_sign": -1}),
        (
            "density-cathode",
            "excerpts on drug iontophoresis: at most 0.5 mA/cm2",
            {"mode": Mode.DRUG, "ion_sign": -1, "electrode_area_mm2": 700},
        ),
        (
            "density-anode",
            "general knowledge: the anode bears twice the cathode's",
            {"mode": Mode.DRUG, "ion_sign": 1, "electrode_area_mm2": 300},
        ),
    ],
)
def test_the_bound_names_the_limit_that_binds_and_its_source(binding: str, source: str, given_: dict[str, Any]) -> None:
    usual: dict[str, Any] = {
        "mode": Mode.TAP_WATER,
        "site": Site.PALMS,
        "age_years": 30,
        "electrode_area_mm2": 14_000,
        "device_limit_ua": 30_000,
    }
    bound = current_bound(**(usual | given_))
    assert (bound.binding, bound.source) == (binding, source)


def test_the_chain_tells_who_lowered_the_limit_from_what_to_what() -> None:
    bound = current_bound(
        mode=Mode.TAP_WATER,
        site=Site.PALMS,
        age_years=10,
        electrode_area_mm2=14_000,
        device_limit_ua=25_000,
        plan_limit_ua=12_000,
    )
    assert [(step.who, step.value) for step in bound.lowered_by] == [
        ("compiled-ceiling", 30_000),
        ("device", 25_000),
        ("site-palms", 20_000),
        ("child-palms", 15_000),
        ("plan", 12_000),
    ]


def test_a_refusal_of_too_much_current_says_it_in_one_sentence() -> None:
    bound = current_bound(
        mode=Mode.TAP_WATER, site=Site.PALMS, age_years=10, electrode_area_mm2=14_000, device_limit_ua=30_000
    )
    with pytest.raises(Refusal) as caught:
        bound.check("current_ma", 18_500)
    assert str(caught.value) == (
        "current_ma is 18.5 mA; allowed is at most 15 mA, says limit child-palms (NHS leaflet WPR26540, excerpt): "
        "ask for less."
    )


@pytest.mark.parametrize(
    ("field", "given_"),
    [
        ("site", {"site": Site.PATCH}),
        ("patient.age_years", {"age_years": 4}),
        ("patient.age_years", {"age_years": 121}),
        ("patient.age_years", {"age_years": -30}),
        ("electrode_area_mm2", {"electrode_area_mm2": 0}),
        ("electrode_area_mm2", {"electrode_area_mm2": -100}),
        ("electrode_area_mm2", {"electrode_area_mm2": 33_001}),
        ("device.limit_ua", {"device_limit_ua": 0}),
        ("limit_ua", {"plan_limit_ua": 0}),
        ("limit_ua", {"plan_limit_ua": -5_000}),
    ],
)
def test_what_has_no_permitted_current_is_refused_by_name(field: str, given_: dict[str, Any]) -> None:
    usual: dict[str, Any] = {
        "mode": Mode.TAP_WATER,
        "site": Site.PALMS,
        "age_years": 30,
        "electrode_area_mm2": 14_000,
        "device_limit_ua": 30_000,
    }
    with pytest.raises(Refusal) as caught:
        current_bound(**(usual | given_))
    assert caught.value.field == field


@pytest.mark.parametrize(("mode", "sign"), [(Mode.TAP_WATER, 1), (Mode.TAP_WATER, -1), (Mode.DRUG, None)])
def test_an_ions_sign_is_given_exactly_with_a_drug(mode: Mode, sign: Literal[-1, 1] | None) -> None:
    with pytest.raises(ValueError, match="exactly with a drug"):
        current_bound(
            mode=mode,
            site=Site.PALMS,
            age_years=30,
            electrode_area_mm2=14_000,
            device_limit_ua=30_000,
            ion_sign=sign,
        )


# ---- age --------------------------------------------------------------------------------------------------------


@given(st.integers(-10, 3_000) | st.sampled_from([4, 5, 11, 12, 120, 121]), st.booleans())
def test_an_age_is_treated_from_12_and_from_5_when_the_doctor_agrees(age: int, doctor: bool) -> None:
    if (12 <= age <= 120) or (doctor and 5 <= age <= 120):
        check_age(age, doctor_agrees=doctor)
        return
    with pytest.raises(Refusal) as caught:
        check_age(age, doctor_agrees=doctor)
    assert caught.value.field == "patient.age_years"
    assert str(age) in caught.value.given


# ---- time, charge, interval -------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-17")
@pytest.mark.parametrize(
    ("mode", "site", "minutes", "binding"),
    [
        (Mode.TAP_WATER, Site.PALMS, 45, "session-palms"),
        (Mode.TAP_WATER, Site.SOLES, 45, "session-soles"),
        (Mode.TAP_WATER, Site.ARMPITS, 30, "session-armpits"),
        (Mode.TAP_WATER, Site.FACE, 30, "session-face"),
        (Mode.DRUG, Site.PATCH, 75, "session-drug"),
        (Mode.DRUG, Site.PALMS, 75, "session-drug"),
    ],
)
def test_energised_time_is_bound_by_site_and_mode(mode: Mode, site: Site, minutes: int, binding: str) -> None:
    bound = time_bound(mode=mode, site=site)
    assert (bound.value, bound.unit, bound.binding) == (minutes * 60_000, Unit.MS, binding)


@pytest.mark.invariant("SI-17")
@given(st.integers(1, 10**8))
def test_a_plans_cap_can_shorten_the_time_and_never_lengthen_it(cap_ms: int) -> None:
    assert time_bound(mode=Mode.TAP_WATER, site=Site.PALMS, plan_cap_ms=cap_ms).value == min(cap_ms, 45 * 60_000)


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize(
    ("mode", "site", "age", "milliampere_minutes", "binding", "mark"),
    [
        (Mode.TAP_WATER, Site.PALMS, 30, 600, "charge-site-palms", "excerpt"),
        (Mode.TAP_WATER, Site.PALMS, 10, 450, "charge-child-palms", "excerpt"),
        (Mode.TAP_WATER, Site.ARMPITS, 30, 150, "charge-site-armpits", "read"),
        (Mode.TAP_WATER, Site.FACE, 30, 150, "charge-site-face", "assumption"),
        (Mode.DRUG, Site.PATCH, 30, 80, "charge-drug", "read"),
        (Mode.DRUG, Site.PATCH, 10, 80, "charge-drug", "read"),
    ],
)
def test_charge_is_bound_by_the_drug_or_by_the_sites_current_for_half_an_hour(
    mode: Mode, site: Site, age: int, milliampere_minutes: int, binding: str, mark: str
) -> None:
    bound = charge_bound(mode=mode, site=site, age_years=age)
    assert (bound.value, bound.unit) == (milliampere_minutes * 60_000_000, Unit.NC)
    assert (bound.binding, str(bound.mark)) == (binding, mark)


@pytest.mark.invariant("SI-18")
@given(st.integers(1, 10**12), ages)
def test_a_plans_cap_can_lower_the_charge_and_never_raise_it(cap_nc: int, age: int) -> None:
    bound = charge_bound(mode=Mode.DRUG, site=Site.PATCH, age_years=age, plan_cap_nc=cap_nc)
    assert bound.value == min(cap_nc, 4_800_000_000)


@pytest.mark.parametrize("cap", [0, -1])
def test_a_cap_of_a_plan_that_is_not_positive_is_refused(cap: int) -> None:
    with pytest.raises(Refusal, match="time_cap_ms"):
        time_bound(mode=Mode.DRUG, site=Site.PATCH, plan_cap_ms=cap)
    with pytest.raises(Refusal, match="charge_cap_nc"):
        charge_bound(mode=Mode.DRUG, site=Site.PATCH, age_years=30, plan_cap_nc=cap)


def test_a_patch_has_no_time_and_no_charge_in_tap_water() -> None:
    with pytest.raises(Refusal, match="site is patch"):
        time_bound(mode=Mode.TAP_WATER, site=Site.PATCH)
    with pytest.raises(Refusal, match="site is patch"):
        charge_bound(mode=Mode.TAP_WATER, site=Site.PATCH, age_years=30)


@pytest.mark.invariant("SI-24")
@given(st.sampled_from(Mode), st.none() | st.integers(-1, 3 * 72_000_000))
def test_a_plan_can_ask_for_a_longer_interval_and_never_for_a_shorter_one(mode: Mode, plan_ms: int | None) -> None:
    if plan_ms is None:
        assert shortest_interval_ms(mode, plan_ms) == 20 * 3_600_000
    elif plan_ms >= 20 * 3_600_000:
        assert shortest_interval_ms(mode, plan_ms) == plan_ms
    else:
        with pytest.raises(Refusal, match="at least 20 h"):
            shortest_interval_ms(mode, plan_ms)


# ---- ramps ------------------------------------------------------------------------------------------------------

falls_ua_per_s = st.integers(1, 20_000)


@given(st.integers(0, 35_000), falls_ua_per_s)
def test_the_reserve_of_a_fall_is_the_triangle_under_it_rounded_up(current_ua: int, fall: int) -> None:
    time_s = Fraction(current_ua, fall)
    charge_nc = Fraction(current_ua * current_ua, 2 * fall) * 1000
    assert 0 <= fall_time_ms(current_ua, fall) - time_s * 1000 < 1
    assert 0 <= fall_charge_nc(current_ua, fall) - charge_nc < 1


@pytest.mark.invariant("SI-17", "SI-18")
@given(st.integers(1, 3_000), st.integers(500, 20_000), st.sampled_from([1, 2, 5, 10]))
def test_a_ramp_in_ticks_fits_into_the_reserve_and_one_tick(current_ua: int, fall: int, tick_ms: int) -> None:
    left, time_ms, charge = Fraction(current_ua), 0, Fraction(0)
    while left > 0:
        time_ms += tick_ms
        charge += left * tick_ms  # 1 uA for 1 ms is 1 nC
        left -= Fraction(fall * tick_ms, 1000)
    assert time_ms < fall_time_ms(current_ua, fall) + tick_ms
    assert charge <= fall_charge_nc(current_ua, fall) + current_ua * tick_ms


@pytest.mark.parametrize(("current_ua", "fall"), [(-1, 500), (1_000, 0), (1_000, -500)])
def test_a_fall_that_never_ends_has_no_reserve(current_ua: int, fall: int) -> None:
    for reserve in (fall_time_ms, fall_charge_nc):
        with pytest.raises(ValueError, match="no ramp down"):
            reserve(current_ua, fall)


@pytest.mark.parametrize(
    ("current_ua", "fall", "time_ms", "charge_nc"),
    [
        (0, 500, 0, 0),
        (1, 20_000, 1, 1),
        (20_000, 500, 40_000, 400_000_000),
        (3, 2, 1_500, 2_250),
        (10, 3, 3_334, 16_667),
    ],
)
def test_a_reserve_is_a_whole_number(current_ua: int, fall: int, time_ms: int, charge_nc: int) -> None:
    reserves = (fall_time_ms(current_ua, fall), fall_charge_nc(current_ua, fall))
    assert reserves == (time_ms, charge_nc)
    assert all(type(reserve) is int for reserve in reserves)


# ---- what the table says, to the letter ---------------------------------------------------------------------------

PALMS: dict[str, Any] = {
    "mode": Mode.TAP_WATER,
    "site": Site.PALMS,
    "age_years": 30,
    "electrode_area_mm2": 14_000,
    "device_limit_ua": 30_000,
}
NO_PATCH = "site is patch; allowed is one of palms, soles, armpits, face in tap water, says the table of limits."


@pytest.mark.parametrize(
    ("age", "sentence"),
    [
        (4, "patient.age_years is 4 years; allowed is 5 to 120 years, says BAD leaflet (read): do not treat."),
        (
            121,
            "patient.age_years is 121 years; allowed is 5 to 120 years, says a choice of this project (assumption): "
            "give the age, not a year of birth.",
        ),
        (
            11,
            "patient.age_years is 11 years without the doctor's agreement; allowed is from 12 years, or from 5 years "
            "with the doctor's agreement, says BAD leaflet (read): ask the doctor, and record the agreement.",
        ),
    ],
)
def test_an_age_that_is_not_treated_is_answered_in_one_sentence(age: int, sentence: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_age(age, doctor_agrees=False)
    assert str(caught.value) == sentence


def test_the_ages_at_which_the_rule_changes_are_treated() -> None:
    check_age(12, doctor_agrees=False)
    check_age(120, doctor_agrees=False)
    check_age(5, doctor_agrees=True)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"site": Site.PATCH}, NO_PATCH),
        (
            {"device_limit_ua": 0},
            "device.limit_ua is 0 mA; allowed is above zero, says the table of limits: give a positive number.",
        ),
        (
            {"electrode_area_mm2": -100},
            "electrode_area_mm2 is -1 cm2; allowed is above zero, says the table of limits: give a positive number.",
        ),
        (
            {"plan_limit_ua": 0},
            "limit_ua is 0 mA; allowed is above zero, says the table of limits: give a positive number.",
        ),
        (
            {"electrode_area_mm2": 33_001},
            "electrode_area_mm2 is 330.01 cm2; allowed is at most 330 cm2, says the largest plate known (KaWe SwiSto3 "
            "manual, read): give the area of one pole, and no more than the skin that it touches.",
        ),
    ],
)
def test_what_has_no_permitted_current_is_answered_in_one_sentence(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as caught:
        current_bound(**(PALMS | asked))
    assert str(caught.value) == sentence


def test_the_largest_plate_and_a_current_of_1_ua_are_allowed() -> None:
    assert current_bound(**(PALMS | {"electrode_area_mm2": 33_000, "plan_limit_ua": 1})).value == 1


def test_a_cap_that_is_not_positive_is_answered_in_one_sentence() -> None:
    rest = "allowed is above zero, says the table of limits: give a positive number."
    with pytest.raises(Refusal) as of_time:
        time_bound(mode=Mode.DRUG, site=Site.PATCH, plan_cap_ms=0)
    assert str(of_time.value) == f"time_cap_ms is 0 s; {rest}"
    with pytest.raises(Refusal) as of_charge:
        charge_bound(mode=Mode.DRUG, site=Site.PATCH, age_years=30, plan_cap_nc=0)
    assert str(of_charge.value) == f"charge_cap_nc is 0 mA min; {rest}"


def test_a_charge_is_asked_of_the_age_and_the_site_as_a_current_is() -> None:
    with pytest.raises(Refusal) as age:
        charge_bound(mode=Mode.DRUG, site=Site.PATCH, age_years=4)
    assert age.value.field == "patient.age_years"
    with pytest.raises(Refusal) as site:
        charge_bound(mode=Mode.TAP_WATER, site=Site.PATCH, age_years=30)
    assert str(site.value) == NO_PATCH


def chain_of(bound: Bound) -> list[tuple[str, int, str, str]]:
    return [(step.who, step.value, step.source, str(step.mark)) for step in bound.lowered_by]


OURS = "a choice of this project"


def test_every_step_of_a_bound_of_current_has_its_source_and_mark() -> None:
    bound = current_bound(**(PALMS | {"age_years": 10, "device_limit_ua": 25_000, "plan_limit_ua": 12_000}))
    assert chain_of(bound) == [
        ("compiled-ceiling", 30_000, "R.A. Fischer's maximum", "excerpt"),
        ("device", 25_000, "the device profile", "given"),
        ("site-palms", 20_000, "NHS leaflet WPR26540", "excerpt"),
        ("child-palms", 15_000, "NHS leaflet WPR26540", "excerpt"),
        ("plan", 12_000, "the plan", "given"),
    ]
    assert bound.says_who == "limit plan (the plan)"


def test_every_step_of_a_bound_of_current_with_a_drug_has_its_source_and_mark() -> None:
    asked = PALMS | {"mode": Mode.DRUG, "site": Site.PATCH, "ion_sign": -1, "electrode_area_mm2": 900}
    ceiling = ("compiled-ceiling", 30_000, "R.A. Fischer's maximum", "excerpt")
    assert chain_of(current_bound(**asked)) == [
        ceiling,
        ("density-cathode", 4_500, "excerpts on drug iontophoresis: at most 0.5 mA/cm2", "excerpt"),
        ("drug", 4_000, "ActivaDose II manual", "read"),
    ]
    ratio = "three quarters of the adult's, the ratio of NHS leaflet WPR26540 (15 mA to 20 mA)"
    child = current_bound(**(asked | {"age_years": 10}))
    assert chain_of(child) == [ceiling, ("child-drug", 3_000, ratio, "assumption")]
    assert child.says_who == f"limit child-drug ({ratio}, assumption)"


def test_every_step_of_a_bound_of_time_has_its_source_and_mark() -> None:
    assert chain_of(time_bound(mode=Mode.TAP_WATER, site=Site.SOLES, plan_cap_ms=60_000)) == [
        ("compiled-time", 7_200_000, OURS, "assumption"),
        ("session-soles", 2_700_000, "Healthline 2021: 25 to 45 min", "read"),
        ("plan", 60_000, "the plan", "given"),
    ]
    assert chain_of(time_bound(mode=Mode.DRUG, site=Site.PATCH)) == [
        ("compiled-time", 7_200_000, OURS, "assumption"),
        ("session-drug", 4_500_000, "ActivaPatch: 40 mA min in 75 min", "read"),
    ]


def test_every_step_of_a_bound_of_charge_has_its_source_and_mark() -> None:
    bound = charge_bound(mode=Mode.TAP_WATER, site=Site.FACE, age_years=10, plan_cap_nc=60_000_000)
    ratio = "three quarters of the adult's, the ratio of NHS leaflet WPR26540 (15 mA to 20 mA)"
    assert chain_of(bound) == [
        ("compiled-charge", 100_000_000_000, OURS, "assumption"),
        (
            "charge-site-face",
            9_000_000_000,
            "held to the armpits' limit; 3 to 6 mA is usual by general knowledge for 30 min (BAD leaflet)",
            "assumption",
        ),
        ("charge-child-face", 6_750_000_000, f"{ratio} for 30 min (BAD leaflet)", "assumption"),
        ("plan", 60_000_000, "the plan", "given"),
    ]
    assert chain_of(charge_bound(mode=Mode.DRUG, site=Site.PATCH, age_years=10)) == [
        ("compiled-charge", 100_000_000_000, OURS, "assumption"),
        ("charge-drug", 4_800_000_000, "ActivaDose II manual", "read"),
    ]


def test_a_limit_that_is_worked_out_says_of_what() -> None:
    density = table._density_limit(700, -1).figure
    assert (density.what, density.value) == ("0.5 mA/cm2 on 7 cm2", 3_500)
    charge = table._charge_of(table.ARMPITS_CURRENT, table.SESSION_LONG)
    assert charge.what == "armpits, adult: 5 mA for 30 min"
    assert table._given("plan", Layer.PLAN, 7, Unit.UA, "the plan").figure.what == "stated by the plan"


@pytest.mark.parametrize(("area_mm2", "value_ua"), [(50, 100), (51, 102), (149, 298)])
def test_the_current_of_a_density_is_rounded_down(area_mm2: int, value_ua: int) -> None:
    assert table._density_limit(area_mm2, None).figure.value == value_ua


@pytest.mark.invariant("SI-24")
def test_the_interval_is_that_of_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "INTERVAL_DRUG", dataclasses.replace(table.INTERVAL_DRUG, value=90_000_000))
    assert shortest_interval_ms(Mode.TAP_WATER) == 72_000_000
    assert shortest_interval_ms(Mode.DRUG) == 90_000_000
    assert shortest_interval_ms(Mode.DRUG, 90_000_000) == 90_000_000


def test_an_interval_that_is_too_short_is_answered_in_one_sentence() -> None:
    with pytest.raises(Refusal) as caught:
        shortest_interval_ms(Mode.TAP_WATER, 3_600_000)
    assert str(caught.value) == (
        "shortest_interval is 1 h; allowed is at least 20 h, says a choice of this project after the Dermadry "
        "treatment schedule, not more than one session a day; 20 h leaves room for an earlier hour (assumption): "
        "give a longer interval."
    )
    with pytest.raises(Refusal) as named:
        shortest_interval_ms(Mode.DRUG, 3_600_000, "plan.shortest_interval_h")
    assert named.value.field == "plan.shortest_interval_h"


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (lambda: combine([]), "no limit is no bound"),
        (lambda: current_bound(**(PALMS | {"ion_sign": 1})), "an ion's sign is given exactly with a drug"),
    ],
)
def test_a_programmers_error_is_named(mistake: Callable[[], Bound], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        mistake()
