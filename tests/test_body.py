"""The simulated body as a file: every figure with its unit, every fault of the simulation as an event."""

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iontocore.body import (
    BODY_QUANTITIES,
    ELECTRONICS_QUANTITIES,
    KIND_BY_NAME,
    KINDS,
    Body,
    BodyEvent,
    Kind,
    Switching,
    Words,
    load_body,
    read_body,
)
from iontocore.ccore import (
    Config,
    Core,
    Fault,
    SimulatedBody,
    SimulatedElectronics,
    Simulation,
    default_body,
    default_electronics,
)
from iontocore.fields import Quantity
from iontocore.safety.refusal import Refusal

PARAMETERS = [kind for kind in KINDS if kind.parameter is not None]


def refused(act: Callable[[], object]) -> Refusal:
    """The refusal of an act, which is a single line that ends like a sentence."""
    with pytest.raises(Refusal) as caught:
        act()
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    return caught.value


def read(text: str) -> Body:
    return read_body(text, "my.toml")


def one_event(text: str) -> BodyEvent:
    (event,) = read(f"[[events]]\nat_s = 300.0\n{text}").events
    return event


def given_parameter(kind: Kind) -> str:
    """A parameter of a kind that is taken, as a line of TOML; nothing for a kind that takes none."""
    match kind.parameter:
        case Quantity() as quantity:
            return f"{quantity.key} = {quantity.toml(max(quantity.low, 1))}\n"
        case Words(key, codes):
            return f'{key} = "{next(iter(codes))}"\n'
        case None:
            return ""


def test_a_body_of_which_nothing_is_said_is_that_of_the_simulation() -> None:
    assert Body() == Body(skin=default_body(), electronics=default_electronics(), events=())
    assert read("contact = true") == Body()


def test_every_figure_of_the_simulation_has_its_key_in_its_order() -> None:
    assert [*(quantity.attribute for quantity in BODY_QUANTITIES), "contact"] == [*SimulatedBody._fields]
    assert [quantity.attribute for quantity in ELECTRONICS_QUANTITIES] == [*SimulatedElectronics._fields]


@given(st.data())
def test_every_body_that_is_accepted_is_one_that_the_simulation_takes(data: st.DataObject) -> None:
    def edges(quantities: tuple[Quantity, ...]) -> dict[str, int]:
        drawn = data.draw(st.lists(st.sampled_from(quantities), unique=True, max_size=4))
        return {
            quantity.attribute: data.draw(
                st.integers(quantity.low, quantity.high) | st.sampled_from([quantity.low, quantity.high])
            )
            for quantity in drawn
            if quantity.high is not None
        }

    skin, electronics = edges(BODY_QUANTITIES), edges(ELECTRONICS_QUANTITIES)
    with suppress(Refusal):
        body = Body(
            skin=default_body()._replace(**skin, contact=data.draw(st.integers(0, 1))),
            electronics=default_electronics()._replace(**electronics),
        )
        Simulation(body.skin, body.electronics, seed=1)


def body_accepts(skin: SimulatedBody, electronics: SimulatedElectronics) -> bool:
    try:
        Body(skin=skin, electronics=electronics)
    except Refusal:
        return False
    return True


def simulation_accepts(skin: SimulatedBody, electronics: SimulatedElectronics) -> bool:
    try:
        Simulation(skin, electronics, seed=1)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("quantity", BODY_QUANTITIES, ids=[quantity.key for quantity in BODY_QUANTITIES])
def test_at_both_ends_of_every_range_body_and_simulation_agree(quantity: Quantity) -> None:
    assert quantity.high is not None
    for value in (quantity.low - 1, quantity.low, quantity.high, quantity.high + 1):
        skin = default_body()._replace(**{quantity.attribute: value})
        assert body_accepts(skin, default_electronics()) is simulation_accepts(skin, default_electronics())


@pytest.mark.parametrize("quantity", ELECTRONICS_QUANTITIES, ids=[quantity.key for quantity in ELECTRONICS_QUANTITIES])
def test_at_both_ends_of_every_range_electronics_and_simulation_agree(quantity: Quantity) -> None:
    assert quantity.high is not None
    for value in (quantity.low - 1, quantity.low, quantity.high, quantity.high + 1):
        electronics = default_electronics()._replace(**{quantity.attribute: value})
        assert body_accepts(default_body(), electronics) is simulation_accepts(default_body(), electronics)


@pytest.mark.parametrize("quantity", BODY_QUANTITIES, ids=[quantity.key for quantity in BODY_QUANTITIES])
@pytest.mark.parametrize("beyond", [-1, 1])
def test_a_figure_that_the_body_refuses_is_one_that_the_simulation_refuses(quantity: Quantity, beyond: int) -> None:
    assert quantity.high is not None
    value = quantity.low - 1 if beyond < 0 else quantity.high + 1
    record = default_body()._replace(**{quantity.attribute: value})
    assert refused(lambda: Body(skin=record)).field == quantity.key
    if value <= 2**31 - 1:
        with pytest.raises(ValueError, match=quantity.attribute):
            Simulation(record, default_electronics(), seed=1)


@pytest.mark.parametrize("quantity", ELECTRONICS_QUANTITIES, ids=[quantity.key for quantity in ELECTRONICS_QUANTITIES])
@pytest.mark.parametrize("beyond", [-1, 1])
def test_a_figure_of_the_electronics_out_of_range_is_refused_here_and_there(quantity: Quantity, beyond: int) -> None:
    assert quantity.high is not None
    value = quantity.low - 1 if beyond < 0 else quantity.high + 1
    record = default_electronics()._replace(**{quantity.attribute: value})
    assert refused(lambda: Body(electronics=record)).field == f"electronics.{quantity.key}"
    with pytest.raises(ValueError, match=quantity.attribute):
        Simulation(default_body(), record, seed=1)


@given(st.data())
def test_every_figure_reads_in_the_unit_of_its_name(data: st.DataObject) -> None:
    quantity = data.draw(st.sampled_from(BODY_QUANTITIES))
    assert quantity.high is not None
    value = data.draw(st.integers(quantity.low, quantity.high))
    with suppress(Refusal):
        assert getattr(read(f"{quantity.key} = {quantity.toml(value)}").skin, quantity.attribute) == value


def test_units_are_those_of_the_names() -> None:
    body = read(
        "area_a_cm2 = 1.5\ndry_kohm_cm2 = 800\ncapacitance_nf_cm2 = 0.01\nopen_mohm = 2.5\ncontact = false\n"
        "[electronics]\na_gain_percent = -0.25\nclock_start_s = 0.000001\nv_noise_mv = 7"
    )
    assert (body.skin.area_a_mm2, body.skin.dry_ohm_cm2, body.skin.capacitance_pf_cm2) == (150, 800_000, 10)
    assert (body.skin.open_ohm, body.skin.contact) == (2_500_000, 0)
    assert (body.electronics.a_gain_ppm, body.electronics.clock_start_us) == (-2500, 1)
    assert body.electronics.v_noise_mv == 7


# ---- events ------------------------------------------------------------------------------------------------------


def test_every_fault_of_the_simulation_is_a_kind_of_event_and_has_one_name() -> None:
    assert sorted(kind.fault for kind in KINDS) == sorted(Fault)
    assert len(KIND_BY_NAME) == len(KINDS)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.name) for kind in KINDS)
    assert {"lift", "return", "short", "dry", "wet", "emergency-stop", "a-zero"} <= KIND_BY_NAME.keys()


@pytest.mark.parametrize("kind", KINDS, ids=KIND_BY_NAME)
def test_every_kind_of_event_is_one_that_the_simulation_does(kind: Kind) -> None:
    event = one_event(f'kind = "{kind.name}"\n{given_parameter(kind)}')
    simulation = Simulation(default_body(), default_electronics(), seed=1)
    (switching,) = Body(events=(event,)).schedule()
    simulation.inject(switching.fault, switching.parameter)
    simulation.clear(switching.fault)


@pytest.mark.parametrize("kind", PARAMETERS, ids=[kind.name for kind in PARAMETERS])
def test_the_range_of_a_parameter_is_that_of_the_simulation(kind: Kind) -> None:
    simulation = Simulation(default_body(), default_electronics(), seed=1)
    match kind.parameter:
        case Quantity(low=low, high=int() as high):
            least, most = low, high
        case Words(codes=codes):
            least, most = min(codes.values()), max(codes.values())
        case _:
            pytest.fail("a parameter without a range")
    for inside in (least, most):
        simulation.inject(kind.fault, inside)
        assert BodyEvent(0, kind.name, inside).parameter == inside
    for outside in (least - 1, most + 1):
        with pytest.raises(Refusal):
            BodyEvent(0, kind.name, outside)
        if kind.fault is not Fault.MEMORY_FLIP:
            with pytest.raises(ValueError, match="parameter"):
                simulation.inject(kind.fault, outside)


def test_every_bit_that_can_be_flipped_is_one_of_the_core(minimal_config: Config) -> None:
    bit = KIND_BY_NAME["memory-flip"].parameter
    assert isinstance(bit, Quantity)
    assert bit.high is not None
    assert bit.high < 8 * len(Core(minimal_config).memory.bytes)


@pytest.fixture
def minimal_config() -> Config:
    """A configuration that the core accepts; which one does not matter."""
    config = Config(**dict.fromkeys(Config._fields, 1000))._replace(
        time_cap_us=10**9,
        time_reserve_us=10**8,
        charge_cap_each_fc=10**15,
        charge_cap_total_fc=10**15,
        charge_reserve_fc=10**14,
        limit_na=20_000_000,
        trip_na=25_000_000,
        tick_tolerance_us=100,
        rise_na_per_tick=500,
        fall_na_per_tick=500,
        dwell_us=100_000,
        compliance_mv=60_000,
        over_voltage_mv=65_000,
        saturation_mv=59_000,
        headroom_na=100_000,
        mismatch_na=500_000,
        disagree_na=500_000,
        short_above_na=1_000_000,
        sensor_max_na=50_000_000,
        sensor_max_mv=80_000,
        heartbeat_us=500_000,
    )
    return config


def test_an_event_has_the_default_of_its_kind_or_says_what_it_takes() -> None:
    assert one_event('kind = "short"') == BodyEvent(300_000, "short", 50)
    assert one_event('kind = "short"\nshort_ohm = 0') == BodyEvent(300_000, "short", 0)
    assert BodyEvent(0, "lift").parameter == 0
    assert one_event('kind = "flicker"') == BodyEvent(300_000, "flicker", 200_000)
    assert one_event('kind = "dry"\nfor_s = 2.5') == BodyEvent(300_000, "dry", 0, 2_500)
    assert one_event('kind = "a-full"\ndirection = "negative"').parameter == -1
    assert one_event('kind = "dac-runaway"\ncurrent_ma = 33.0').parameter == 33_000_000
    assert one_event('kind = "tick-missed"') == BodyEvent(300_000, "tick-missed", 1)
    assert refused(lambda: one_event('kind = "dac-runaway"')).field == "my.toml: events[1].current_ma"


@pytest.mark.parametrize(
    "text, field",
    [
        ('kind = "lifted"', "events[1].kind"),
        ("kind = 91", "events[1].kind"),
        ("", "events[1].kind"),
        ('kind = "return"\nfor_s = 1', "events[1].for_s"),
        ('kind = "dry"\nshort_ohm = 1', "events[1].short_ohm"),
        ('kind = "short"\nshort_ohm = -1', "events[1].short_ohm"),
        ('kind = "short"\nfor_s = 0', "events[1].for_s"),
        ('kind = "short"\nfor_s = nan', "events[1].for_s"),
        ('kind = "a-full"\ndirection = "up"', "events[1].direction"),
    ],
)
def test_an_event_that_is_not_as_it_has_to_be_is_refused_by_its_number(text: str, field: str) -> None:
    assert refused(lambda: one_event(text)).field == f"my.toml: {field}"


@pytest.mark.parametrize("at", ["-1.0", "86400.001", "inf", "nan", "true", '"5 min"', "0.0001"])
def test_an_event_at_no_possible_time_is_refused(at: str) -> None:
    refusal = refused(lambda: read(f'[[events]]\nat_s = {at}\nkind = "lift"'))
    assert refusal.field == "my.toml: events[1].at_s"


def test_the_schedule_is_in_order_of_time_and_ends_come_before_what_begins() -> None:
    body = read(
        """
        [[events]]
        at_s = 20.0
        kind = "lift"
        for_s = 5.0
        [[events]]
        at_s = 10.0
        kind = "dry"
        for_s = 10.0
        [[events]]
        at_s = 25.0
        kind = "lift"
        [[events]]
        at_s = 25.0
        kind = "wet"
        """
    )
    assert body.schedule() == (
        Switching(10_000, Fault.BODY_DRY, 0, True),
        Switching(20_000, Fault.BODY_DRY, 0, False),
        Switching(20_000, Fault.BODY_LIFT, 0, True),
        Switching(25_000, Fault.BODY_LIFT, 0, False),
        Switching(25_000, Fault.BODY_LIFT, 0, True),
        Switching(25_000, Fault.BODY_WET, 0, True),
    )


def test_an_event_while_another_of_its_kind_lasts_is_refused() -> None:
    def events(*times: tuple[int, int | None]) -> Callable[[], Body]:
        return lambda: Body(events=tuple(BodyEvent(at, "lift", 0, lasts) for at, lasts in times))

    refusal = refused(events((9_000, 5_000), (5_000, 5_000)))
    assert (refusal.field, refusal.given) == ("events[1].at_s", "9 s")
    assert refusal.allowed == "10 s or later, when the lift of events[2] is over"
    assert events((5_000, 5_000), (10_000, None), (11_000, 1_000))().events[2].end_ms == 12_000


@given(
    st.lists(
        st.builds(BodyEvent, st.integers(0, 10_000), st.just("lift"), st.just(0), st.none() | st.integers(1, 3_000)),
        max_size=6,
    )
)
def test_whatever_lasts_ends_in_the_schedule_and_nothing_of_its_kind_begins_before(events: list[BodyEvent]) -> None:
    with suppress(Refusal):
        schedule = Body(events=tuple(events)).schedule()
        assert len(schedule) == len(events) + sum(event.for_ms is not None for event in events)
        for event in events:
            if event.end_ms is not None:
                assert Switching(event.end_ms, Fault.BODY_LIFT, 0, False) in schedule
                assert not any(event.at_ms < other.at_ms < event.end_ms for other in events)


@pytest.mark.parametrize(
    "event",
    [
        ("return", 0, 1000),
        ("lift", 0, 0),
        ("lift", True),
        ("lift", 1.0),
        ("lift", 1000),
        ("dry", 1),
        ("a-full", 0),
        ("nothing", 0),
    ],
)
def test_an_event_of_python_is_checked_as_one_of_a_file(event: tuple[Any, ...]) -> None:
    refused(lambda: BodyEvent(0, *event))


# ---- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, field, do",
    [
        ("water_kohm = 1", "water_kohm", "write water_ohm, if that is what you mean"),
        ("[electronic]", "electronic", "write electronics, if that is what you mean"),
        (
            "[electronics]\ncompliance_mv = 1",
            "electronics.compliance_mv",
            "write compliance_v, if that is what you mean",
        ),
        ('[[events]]\nat_s = 1\nkind = "lift"\nfors = 3', "events[1].fors", "write for_s, if that is what you mean"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(text: str, field: str, do: str) -> None:
    refusal = refused(lambda: read(text))
    assert (refusal.field, refusal.do) == (f"my.toml: {field}", do)


@pytest.mark.parametrize(
    "text, field",
    [
        ("area_a_cm2 = 0.05", "area_a_cm2"),
        ("area_a_cm2 = inf", "area_a_cm2"),
        ("contact = 1", "contact"),
        ("wet_kohm_cm2 = 1000.001", "wet_kohm_cm2"),
        ("electronics = 3", "electronics"),
        ("events = 3", "events"),
        ("[events]\nat_s = 3", "events"),
        ("[electronics]\ncompliance_v = 300", "electronics.compliance_v"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_by_its_dotted_name(text: str, field: str) -> None:
    assert refused(lambda: read(text)).field == f"my.toml: {field}"


def test_soaked_skin_conducts_better_than_dry_skin_or_the_body_is_refused() -> None:
    refusal = refused(lambda: read("dry_kohm_cm2 = 100\nwet_kohm_cm2 = 200"))
    assert (refusal.field, refusal.allowed) == ("my.toml: wet_kohm_cm2", "at most dry_kohm_cm2, 100 kohm cm2")
    assert read("dry_kohm_cm2 = 100\nwet_kohm_cm2 = 100").skin.wet_ohm_cm2 == 100_000


def test_a_body_file_is_loaded_and_named_in_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dry.toml"
    path.write_text("water_ohm = 1000\n", encoding="utf-8")
    assert load_body(path).skin.water_ohm == 1000
    path.write_text("# nothing\n", encoding="utf-8")
    assert refused(lambda: load_body(path)).given == "empty"


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")), st.decimals())
def test_garbage_is_a_body_that_the_simulation_takes_or_a_refusal(text: str, number: Decimal) -> None:
    for garbage in (text, f"water_ohm = {number}", f'[[events]]\nat_s = {number}\nkind = "lift"\n{text}'):
        with suppress(Refusal):
            body = read(garbage)
            Simulation(body.skin, body.electronics, seed=1)
