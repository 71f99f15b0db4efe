"""The table of invariants, and its predicates one by one: at each border the promise is kept, one step beyond it is
broken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_core import CONFIG

from iontocore import ccore
from iontocore.ccore import Command, Phase, Refused, Trip
from iontocore.safety import invariants
from iontocore.safety.hazards import HAZARD_BY_ID
from iontocore.safety.invariants import INVARIANT_BY_ID, INVARIANTS, Invariant
from iontocore.safety.samples import Sample, Settings, power_on, settings_of

SETTINGS = settings_of(CONFIG)
TICK_US = CONFIG.tick_us
RUN, STOP = int(Command.RUN), int(Command.STOP)
FALL_US = 20 * TICK_US
"""1 000 000 nA at 50 000 nA a tick."""


# ---- the table -------------------------------------------------------------------------------------------------------


def test_the_ids_are_complete_and_in_order() -> None:
    assert [row.id for row in INVARIANTS] == [f"SI-{number:02}" for number in range(1, 28)]
    assert list(INVARIANT_BY_ID.values()) == list(INVARIANTS)


def test_the_table_by_id_is_read_only() -> None:
    with pytest.raises(TypeError):
        INVARIANT_BY_ID["SI-01"] = INVARIANTS[1]  # type: ignore[index]  # that is what is refused


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^an invariant's id is given twice$"):
        invariants._by_id((INVARIANTS[0], INVARIANTS[0]))


LINKS = {
    "SI-01": ("01 02", "report", "drive_na drive_min_na drive_max_na limit_na"),
    "SI-02": (
        "01 03 09 12 13",
        "report",
        "drive_min_na drive_max_na limit_na trip_na rise_na_per_tick fall_na_per_tick tick_us",
    ),
    "SI-03": ("03", "report", "drive_na drive_min_na drive_max_na allowed_na ticks rise_na_per_tick fall_na_per_tick"),
    "SI-04": ("03", "report", "drive_na last_sign zero_us dwell_us"),
    "SI-05": (
        "03 04 05",
        "report",
        "drive_na switch_closed command armed contact_us unheard_us heartbeat_us rise_na_per_tick",
    ),
    "SI-06": ("05 06 08", "report", "phase drive_na switch_closed trips"),
    "SI-07": ("01 05 06", "report", "trips first_trip acknowledge residual_na leakage_na drive_na switch_closed"),
    "SI-08": ("01 11", "tick", "measured_na trip_na over_current_us drive_na trips"),
    "SI-09": ("09", "tick", "voltage_mv over_voltage_mv over_voltage_us drive_na trips"),
    "SI-10": ("03 04", "tick", "contact voltage_mv measured_na open_us drive_na trips"),
    "SI-11": ("10", "tick", "voltage_mv measured_na short_ohm short_us drive_na trips"),
    "SI-12": ("01 11", "tick", "measured_na voltage_mv mismatch_na mismatch_us drive_na trips"),
    "SI-13": ("01 11 13", "tick", "measured_na check_na voltage_mv sample sensor_us stale_us drive_na trips"),
    "SI-14": ("06 08", "tick", "measured_na check_na switch_readback leakage_us switch_us drive_na trips"),
    "SI-15": ("06 07", "report", "unheard_us heartbeat_us drive_na limit_na fall_na_per_tick"),
    "SI-16": ("06", "report", "command emergency_stop stopping_us drive_na switch_closed limit_na fall_na_per_tick"),
    "SI-17": ("06 12", "report", "live_us energised_us time_cap_us"),
    "SI-18": ("12 13", "report", "charge_positive_fc charge_negative_fc charge_cap_each_fc charge_cap_total_fc"),
    "SI-19": ("15", "report", "measured_positive_fc measured_negative_fc balance_tolerance_percent"),
    "SI-20": ("01 06 11", "report", "corrupted drive_na switch_closed trips"),
    "SI-21": ("03 12", "tick", "now_us tick_us tick_tolerance_us drive_na trips"),
    "SI-22": ("01 11", "report", "requested_na target_na refused limit_na"),
    "SI-23": ("14", "report", "drive_min_na drive_max_na ion_sign"),
    "SI-24": ("16 17", "report", "drive_na switch_closed admitted"),
    "SI-25": ("18", "report", "requested_na journaled_target_na command journaled_command"),
    "SI-26": ("01 03 05 06", "tick", "proposal_na drive_na trips limit_na rise_na_per_tick fall_na_per_tick"),
    "SI-27": ("03 04", "report", "drive_na measured_na voltage_mv saturation_mv headroom_na"),
}
"""Of each invariant once more: the numbers of its hazards, where it is judged, and what a breach shows."""


@pytest.mark.parametrize("row", INVARIANTS, ids=lambda row: row.id)
def test_a_row_guards_the_hazards_and_shows_the_numbers_that_were_agreed(row: Invariant) -> None:
    hazards, scope, shows = LINKS[row.id]
    assert [hazard.removeprefix("H-") for hazard in row.hazards] == hazards.split()
    assert (row.scope, " ".join(row.shows)) == (scope, shows)
    assert row.holds.__name__.startswith(f"_si{row.id[3:]}_")


@pytest.mark.parametrize("row", INVARIANTS, ids=lambda row: row.id)
def test_a_row_is_a_sentence_with_hazards_that_exist_a_clause_and_what_to_show(row: Invariant) -> None:
    assert re.fullmatch(r"[A-Z].*[^.]\.", row.sentence)
    assert row.hazards
    assert sorted(set(row.hazards)) == list(row.hazards)
    assert set(row.hazards) <= set(HAZARD_BY_ID)
    assert re.fullmatch(r"(IEC \d{5}(-\d+)*, [\d.]+|21 CFR [\d.]+\(\w\)) \([a-z -]+\)", row.clause)
    assert row.scope in ("tick", "report")
    assert row.shows
    assert set(row.shows) <= set(Sample._fields) | {field.name for field in fields(Settings)}


def test_the_readme_says_how_many_there_are_and_how_many_of_them_a_monitor_in_operation_judges() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"**{len(INVARIANTS)} safety invariants**" in readme
    in_operation = sum(row.scope == "report" for row in INVARIANTS)
    assert f"judges {in_operation} of the {len(INVARIANTS)}" in " ".join(readme.split())


@pytest.mark.parametrize(("trip", "bit"), [(Trip.OVER_CURRENT, 1), (Trip.OPEN, 4), (Trip.EMERGENCY, 1 << 11)])
def test_a_trip_is_a_bit_by_its_number(trip: Trip, bit: int) -> None:
    assert invariants._bit(trip) == bit


def test_every_hazard_is_guarded() -> None:
    guarded = {hazard for row in INVARIANTS for hazard in row.hazards}
    assert guarded == set(HAZARD_BY_ID)


def test_no_two_rows_share_a_sentence_or_a_predicate() -> None:
    assert len({row.sentence for row in INVARIANTS}) == len(INVARIANTS)
    assert len({row.holds for row in INVARIANTS}) == len(INVARIANTS)


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize(
    "name",
    [
        "CEILING_NA",
        "TRIP_CEILING_NA",
        "RISE_MAX_UA_PER_S",
        "FALL_MAX_UA_PER_S",
        "DWELL_MIN_US",
        "VOLTAGE_CEILING_MV",
        "LEAKAGE_MAX_NA",
        "MISMATCH_MAX_NA",
        "DISAGREE_MAX_NA",
        "DEBOUNCE_MAX_US",
        "HEARTBEAT_MAX_US",
        "TIME_CEILING_US",
        "CHARGE_CEILING_FC",
    ],
)
def test_the_ceilings_are_those_of_the_header(name: str) -> None:
    header = (Path(ccore.get_include()) / "ionto.h").read_text(encoding="utf-8")
    defined = re.search(rf"^#define IONTO_{name} (\d+)", header, re.MULTILINE)
    assert defined is not None
    assert getattr(invariants, name) == int(defined[1])


# ---- both kinds of numbers -------------------------------------------------------------------------------------------

_word = st.sampled_from([0, 1, 2, -1, 7, 2**31 - 1, -(2**31)]) | st.integers(-(2**31), 2**31 - 1)
_small = st.integers(-2, 2)
_trips = st.integers(0, 0xFFFF)
_times = st.sampled_from([0, TICK_US, 3 * TICK_US, 20 * TICK_US]) | st.integers(0, 10**9)
_codes = st.integers(0, 20)
_KINDS = {
    "trips": _trips,
    "carried_trips": _trips,
    "causes": _trips,
    "first_trip": st.integers(0, 17),
    "ticks": st.integers(0, 50),
    "phase": st.integers(0, 8),
    "command": _codes,
    "refused": _small,
    "acknowledge": st.integers(0, 2),
    "last_sign": st.sampled_from([-1, 0, 1]),
    "proposal_last_sign": st.sampled_from([-1, 0, 1]),
}
_CURRENTS = st.sampled_from([0, 0, 20_000, 50_000, 999_999, 1_000_000, 1_000_001, -1_000_000]) | _word


def _strategy(field: str) -> st.SearchStrategy[int]:
    if field in _KINDS:
        return _KINDS[field]
    if field.endswith("_us"):
        return _times
    if field.endswith("_fc"):
        return st.integers(0, 10**17)
    return _CURRENTS if field.endswith("_na") else _word


_sample = st.builds(Sample, **{field: _strategy(field) for field in Sample._fields})
_settings = st.builds(
    settings_of,
    st.just(CONFIG),
    ion_sign=st.sampled_from([-1, 0, 1]),
    reversing=st.booleans(),
    balance_tolerance_percent=st.integers(0, 100),
    admitted=st.booleans(),
)


def _columns(samples: list[Sample]) -> Sample:
    return Sample._make(np.array(column, dtype=np.int64) for column in zip(*samples, strict=True))


@given(pairs=st.lists(st.tuples(_sample, _sample), min_size=1, max_size=4), settings=_settings)
def test_a_predicate_says_the_same_of_ints_and_of_columns(
    pairs: list[tuple[Sample, Sample]], settings: Settings
) -> None:
    previous, current = ([pair[place] for pair in pairs] for place in (0, 1))
    for row in INVARIANTS:
        one_by_one = [row.holds(before, now, settings) for before, now in pairs]
        together: object = row.holds(_columns(previous), _columns(current), settings)
        assert all(type(held) is bool for held in one_by_one), row.id
        assert isinstance(together, np.ndarray), row.id
        assert together.dtype == np.bool_, row.id
        assert together.tolist() == one_by_one, row.id


# ---- the borders -----------------------------------------------------------------------------------------------------

_TREATING = power_on()._replace(
    tick_count=1000,
    ticks=1,
    sample=5,
    heartbeat=5,
    now_us=5,
    acknowledge=0,
    command=RUN,
    journaled_command=RUN,
    contact=1,
    contact_us=10_000_000,
    switch_closed=1,
    switch_readback=1,
    phase=int(Phase.TREAT),
)


def _driving(na: int, **changes: int) -> Sample:
    """A sample in treatment with this drive, and whatever else is different."""
    sign = (na > 0) - (na < 0)
    return _TREATING._replace(
        **{"drive_na": na, "drive_min_na": na, "drive_max_na": na, "proposal_na": na}
        | {"last_sign": sign, "proposal_last_sign": sign}
        | changes
    )


def _resting(**changes: int) -> Sample:
    """A sample with the output off, no trip, and a STOP in force."""
    return _driving(0, switch_closed=0, switch_readback=0, phase=int(Phase.IDLE), command=STOP)._replace(
        **{"armed": 1, "zero_us": 10**9, "journaled_command": STOP} | changes
    )


def _bit(*trips: Trip) -> int:
    return sum(1 << (trip - 1) for trip in trips if trip is not Trip.NONE)


def _tripped(*trips: Trip, **changes: int) -> Sample:
    """A sample in fault with these trips, the first of them first."""
    fault = {"phase": int(Phase.FAULT), "trips": _bit(*trips), "first_trip": int(trips[0]), "armed": 0}
    return _resting(**fault | changes)


LIMIT = CONFIG.limit_na
RISE, FALL = CONFIG.rise_na_per_tick, CONFIG.fall_na_per_tick
CAP_FC = CONFIG.charge_cap_each_fc


@dataclass(frozen=True, slots=True)
class Border:
    """Two pairs of successive samples on either side of a border: the invariant holds for one and not for the other."""

    id: str
    what: str
    kept: tuple[Sample, Sample]
    broken: tuple[Sample, Sample]
    settings: Settings = SETTINGS
    broken_settings: Settings | None = None


def _of_the_current() -> Iterator[Border]:
    for sign in (1, -1):
        at, beyond = _driving(sign * LIMIT), _driving(sign * (LIMIT + 1))
        yield Border("SI-01", "the limit", (at, at), (at, beyond))
        extreme = "drive_max_na" if sign > 0 else "drive_min_na"
        inside = _driving(0, ticks=50)
        yield Border(
            "SI-01",
            "the limit between two reports",
            (at, inside._replace(**{extreme: sign * LIMIT})),
            (at, inside._replace(**{extreme: sign * (LIMIT + 1)})),
        )
        yield Border(
            "SI-02",
            "the ceiling of current",
            (at, inside._replace(**{extreme: sign * invariants.CEILING_NA})),
            (at, inside._replace(**{extreme: sign * (invariants.CEILING_NA + 1)})),
        )

        was = _driving(sign * 500_000)
        up, down = 500_000 + RISE, 500_000 - FALL
        yield Border("SI-03", "rise", (was, _driving(sign * up)), (was, _driving(sign * (up + 1))))
        yield Border("SI-03", "fall", (was, _driving(sign * down)), (was, _driving(sign * (down - 1))))
        zero = _driving(0)
        yield Border("SI-03", "rise from zero", (zero, _driving(sign * RISE)), (zero, _driving(sign * (RISE + 1))))
        low = _driving(sign * FALL)
        yield Border("SI-03", "rise across zero", (low, _driving(-sign * RISE)), (low, _driving(-sign * (RISE + 1))))
        high = _driving(sign * (FALL + 1))
        yield Border("SI-03", "fall across zero", (low, _driving(-sign)), (high, _driving(-sign)))
        yield Border("SI-03", "a cut needs a trip", (was, _tripped(Trip.OPEN)), (was, _resting()))
        yield Border(
            "SI-03",
            "a cut opens the switch",
            (was, _tripped(Trip.OPEN)),
            (was, _tripped(Trip.OPEN, switch_closed=1)),
        )
        far = sign * (500_000 + 5 * RISE)
        yield Border(
            "SI-03", "rise over five ticks", (was, _driving(far, ticks=5)), (was, _driving(far + sign, ticks=5))
        )
        yield Border("SI-03", "the number of ticks", (was, _driving(far, ticks=5)), (was, _driving(far, ticks=4)))
        between = _driving(sign * 500_000, ticks=5)
        yield Border(
            "SI-03",
            "rise between two reports",
            (was, between._replace(**{extreme: far})),
            (was, between._replace(**{extreme: far + sign})),
        )
        yield Border(
            "SI-03",
            "fall over five ticks",
            (was, _driving(sign * 250_000, ticks=5)),
            (was, _driving(sign * 249_999, ticks=5)),
        )

        held = _driving(sign * 200_000, allowed_na=200_000 + FALL)
        yield Border(
            "SI-03",
            "a fall to what a saturated voltage allows",
            (was, held),
            (was, held._replace(allowed_na=200_001 + FALL)),
        )
        yield Border("SI-03", "... and no other side", (was, held), (was, held._replace(drive_na=-held.drive_na)))
        ended = _driving(0, allowed_na=FALL)
        yield Border("SI-03", "a fall by way of that to zero", (was, ended), (was, ended._replace(allowed_na=FALL + 1)))
        given = {"voltage_mv": -sign * CONFIG.saturation_mv, "measured_na": sign * 300_000}
        most = 300_000 + CONFIG.headroom_na
        saturated = _driving(sign * most, **given)
        yield Border("SI-27", "the headroom", (was, saturated), (was, _driving(sign * (most + 1), **given)))
        against = saturated._replace(measured_na=-sign * 300_000)
        yield Border("SI-27", "what flows the other way", (was, saturated), (was, against))
        alone = _driving(sign * CONFIG.headroom_na, **given | {"measured_na": 0})
        yield Border(
            "SI-27", "the headroom alone", (was, alone), (was, _driving(sign * most, **given | {"measured_na": 0}))
        )
        above = _driving(sign * (most + 1), **given)
        below = above._replace(voltage_mv=sign * (CONFIG.saturation_mv - 1))
        yield Border("SI-27", "a saturated voltage", (was, below), (was, above))

        rested = _driving(0, last_sign=sign, zero_us=CONFIG.dwell_us)
        hasty = rested._replace(zero_us=CONFIG.dwell_us - 1)
        turned = _driving(-sign)
        yield Border("SI-04", "the dwell", (rested, turned), (hasty, turned))
        yield Border("SI-04", "the same direction needs none", (hasty, _driving(sign)), (hasty, turned))
        yield Border("SI-04", "zero itself needs none", (hasty, _driving(0)), (hasty, turned))
        yield Border(
            "SI-04",
            "the first direction after power-on needs it too",
            (rested._replace(last_sign=0), turned),
            (hasty._replace(last_sign=0), turned),
        )
        yield Border(
            "SI-04",
            "the dwell, partly since the last report",
            (rested._replace(zero_us=CONFIG.dwell_us - 4 * TICK_US), turned._replace(ticks=5)),
            (rested._replace(zero_us=CONFIG.dwell_us - 4 * TICK_US - 1), turned._replace(ticks=5)),
        )
        both = _driving(0, drive_min_na=-1, drive_max_na=1, last_sign=0)
        yield Border(
            "SI-04",
            "both directions since the last report",
            (rested, both._replace(ticks=11)),
            (rested, both._replace(ticks=10)),
            replace(SETTINGS, dwell_us=10 * TICK_US),
        )
        yield Border(
            "SI-04",
            "the dwell, without a tick since the last report",
            (rested, turned._replace(ticks=0)),
            (hasty, turned._replace(ticks=0)),
        )
        there_and_back = _driving(0, last_sign=0, **{extreme: sign})
        yield Border(
            "SI-04",
            "the other direction and back to zero since the last report",
            (rested._replace(last_sign=-sign), there_and_back),
            (hasty._replace(last_sign=-sign), there_and_back),
        )

        resting = _resting(command=RUN)
        first = _driving(sign * RISE)
        yield Border("SI-05", "the first step", (resting, first), (resting, _driving(sign * (RISE + 1))))
        between = first._replace(ticks=5, **{extreme: sign * 5 * RISE})
        yield Border(
            "SI-05",
            "the first steps between two reports",
            (resting, between),
            (resting, between._replace(**{extreme: sign * (5 * RISE + 1)})),
        )

        own, other = replace(SETTINGS, ion_sign=sign), replace(SETTINGS, ion_sign=-sign)
        yield Border("SI-23", "the ion", (at, at), (at, at), own, other)
        yield Border(
            "SI-23",
            "the ion between two reports",
            (at, inside),
            (at, inside._replace(**{extreme: sign})),
            other,
        )


def _of_the_start() -> Iterator[Border]:
    resting = _resting(command=RUN)
    started = _driving(0)
    held = started._replace(contact_us=CONFIG.contact_us)
    yield Border(
        "SI-05",
        "contact for its time",
        (resting, held),
        (resting, held._replace(contact_us=CONFIG.contact_us - 1)),
    )
    silent = CONFIG.heartbeat_us
    yield Border(
        "SI-05",
        "a supervisor that is heard",
        (resting, started._replace(unheard_us=silent - 1)),
        (resting, started._replace(unheard_us=silent)),
    )
    yield Border(
        "SI-05",
        "a supervisor that was heard when it may have started, some ticks ago",
        (resting, started._replace(ticks=5, unheard_us=silent + 4 * TICK_US - 1)),
        (resting, started._replace(ticks=5, unheard_us=silent + 4 * TICK_US)),
    )
    yield Border("SI-05", "RUN", (resting, started), (resting, started._replace(command=STOP)))
    yield Border("SI-05", "RUN and no other word", (resting, started), (resting, started._replace(command=2)))
    yield Border("SI-05", "a STOP before", (resting, started), (resting._replace(armed=0), started))
    yield Border("SI-05", "power-on", (resting, started), (power_on(), started))
    yield Border(
        "SI-05",
        "nothing is asked of an output that stays off",
        (_resting(armed=0), _resting(contact_us=0)),
        (_resting(armed=0), _driving(0)),
    )
    yield Border(
        "SI-05",
        "a drive with the switch open is a start as well",
        (resting._replace(switch_closed=1, armed=0), _driving(1)),
        (resting._replace(armed=0), _driving(1, switch_closed=0)),
    )
    for phase in (Phase.IDLE, Phase.WAIT):
        at_rest = _resting(phase=int(phase))
        yield Border("SI-06", "the switch at rest", (at_rest, at_rest), (at_rest, at_rest._replace(switch_closed=1)))
        yield Border("SI-06", "the drive at rest", (at_rest, at_rest), (at_rest, at_rest._replace(drive_na=-1)))
        yield Border("SI-06", "rest without a trip", (at_rest, at_rest), (at_rest, at_rest._replace(trips=4)))
    fault = _tripped(Trip.SHORT)
    yield Border("SI-06", "the switch in fault", (fault, fault), (fault, fault._replace(switch_closed=1)))
    yield Border("SI-06", "fault without a trip", (fault, fault), (fault, fault._replace(trips=0)))
    yield Border(
        "SI-06", "the phases that there are", (fault, _driving(0)), (fault, _driving(0, phase=int(Phase.FAULT) + 1))
    )
    barred = replace(SETTINGS, admitted=False)
    yield Border("SI-24", "who may be treated", (resting, started), (resting, started), SETTINGS, barred)
    yield Border("SI-24", "the switch alone", (resting, _resting()), (resting, _resting(switch_closed=1)), barred)
    yield Border("SI-24", "the drive alone", (resting, _resting()), (resting, _resting(drive_na=-1)), barred)


def _of_the_latch() -> Iterator[Border]:
    fault = _tripped(Trip.SHORT, Trip.STALE)
    acknowledged = _resting(acknowledge=1)
    yield Border("SI-07", "an acknowledge", (fault, acknowledged), (fault, _resting()))
    yield Border(
        "SI-07", "an acknowledge that is new", (fault, acknowledged), (fault._replace(acknowledge=1), acknowledged)
    )
    yield Border("SI-07", "1 and no other word", (fault, acknowledged), (fault, _resting(acknowledge=2)))
    yield Border(
        "SI-07", "from 0 and no other word", (fault, acknowledged), (_tripped(Trip.OPEN, acknowledge=2), acknowledged)
    )
    yield Border(
        "SI-07",
        "nothing measured",
        (fault, acknowledged._replace(residual_na=CONFIG.leakage_na)),
        (fault, acknowledged._replace(residual_na=CONFIG.leakage_na + 1)),
    )
    yield Border(
        "SI-07", "off while it is cleared", (fault, acknowledged), (fault, acknowledged._replace(switch_closed=1))
    )
    yield Border("SI-07", "one of two gone", (fault, fault), (fault, fault._replace(trips=_bit(Trip.SHORT))))
    yield Border("SI-07", "off in fault", (fault, fault), (fault, fault._replace(drive_na=1)))
    yield Border("SI-07", "open in fault", (fault, fault), (fault, fault._replace(switch_closed=1)))
    yield Border("SI-07", "the first is kept", (fault, fault), (fault, fault._replace(first_trip=int(Trip.STALE))))
    yield Border(
        "SI-07",
        "later ones are added",
        (fault, _tripped(Trip.SHORT, Trip.STALE, Trip.TICK)),
        (fault, _tripped(Trip.TICK, Trip.SHORT, Trip.STALE)),
    )
    yield Border(
        "SI-07",
        "the first is one of them",
        (_resting(), fault),
        (_resting(), fault._replace(first_trip=int(Trip.OPEN))),
    )
    yield Border("SI-07", "no trip has no first", (_resting(), _resting()), (_resting(), _resting(first_trip=3)))
    yield Border("SI-07", "a trip has a first", (_resting(), fault), (_resting(), fault._replace(first_trip=0)))
    carried = power_on(_bit(Trip.SHORT))
    yield Border(
        "SI-07",
        "power-on clears nothing",
        (carried, _tripped(Trip.SHORT, acknowledge=1)),
        (carried, _resting(acknowledge=1)),
    )
    for trip in sorted(set(Trip) - {Trip.NONE, Trip.CORRUPT}):
        others = _bit(*Trip) - _bit(trip)
        yield Border(
            "SI-07",
            f"the cause of {trip.name} is gone",
            (_tripped(trip), acknowledged._replace(causes=others)),
            (_tripped(trip), acknowledged._replace(causes=_bit(trip))),
        )
    corrupt = _tripped(Trip.CORRUPT)
    yield Border(
        "SI-07",
        "a corrupt core is cleared by power-on and acknowledge alone",
        (corrupt._replace(carried_trips=_bit(Trip.CORRUPT)), acknowledged),
        (corrupt, acknowledged),
    )
    yield Border("SI-07", "corruption stands for all", (fault, corrupt), (fault, _tripped(Trip.TICK)))


_DEBOUNCED = [
    ("SI-08", Trip.OVER_CURRENT, "over_current_us"),
    ("SI-09", Trip.OVER_VOLTAGE, "over_voltage_us"),
    ("SI-10", Trip.OPEN, "open_us"),
    ("SI-11", Trip.SHORT, "short_us"),
    ("SI-12", Trip.MISMATCH, "mismatch_us"),
    ("SI-13", Trip.SENSOR, "sensor_us"),
    ("SI-13", Trip.STALE, "stale_us"),
    ("SI-14", Trip.LEAKAGE, "leakage_us"),
    ("SI-14", Trip.SWITCH, "switch_us"),
]


def _of_what_is_sensed() -> Iterator[Border]:
    treating = _driving(500_000)
    for id, trip, timer in _DEBOUNCED:
        due = {timer: getattr(CONFIG, timer)}
        nearly = {timer: getattr(CONFIG, timer) - 1}
        yield Border(
            id, f"{timer} is up", (treating, treating._replace(**nearly)), (treating, treating._replace(**due))
        )
        cut = _tripped(trip, **due)
        yield Border(id, f"{trip.name} opens", (treating, cut), (treating, cut._replace(switch_closed=1)))
        yield Border(id, f"{trip.name} drives nothing", (treating, cut), (treating, cut._replace(drive_na=1)))
        yield Border(id, f"{trip.name} is latched", (treating, cut), (treating, _tripped(Trip.PROPOSAL, **due)))
        yield Border(
            id, f"{trip.name}, or worse", (treating, _tripped(Trip.CORRUPT, **due)), (treating, _resting(**due))
        )
    zero = _driving(0)
    yield Border("SI-10", "back by the ramp", (zero, _driving(-RISE)), (zero, _driving(-RISE - 1)))
    off = _tripped(Trip.TICK, tick_off=1)
    yield Border("SI-21", "a tick that is off", (treating, treating), (treating, treating._replace(tick_off=1)))
    yield Border("SI-21", "TICK is latched", (treating, off), (treating, _tripped(Trip.OPEN, tick_off=1)))
    corrupt = _tripped(Trip.CORRUPT, corrupted=1)
    yield Border("SI-20", "found at once", (treating, corrupt), (treating, treating._replace(corrupted=1)))
    yield Border("SI-20", "off", (treating, corrupt), (treating, corrupt._replace(drive_na=1)))
    yield Border("SI-20", "open", (corrupt, corrupt), (corrupt, corrupt._replace(corrupted=0, switch_closed=1)))
    yield Border("SI-20", "latched", (treating, corrupt), (treating, _tripped(Trip.OPEN, corrupted=1)))
    yield Border("SI-20", "for good", (corrupt, _tripped(Trip.CORRUPT)), (corrupt, _tripped(Trip.OPEN)))
    yield Border(
        "SI-20",
        "until power-on",
        (corrupt._replace(carried_trips=_bit(Trip.CORRUPT)), _resting()),
        (corrupt, _resting()),
    )


def _of_the_end() -> Iterator[Border]:
    for sign in (1, -1):
        was = _driving(sign * 500_000)
        falls, lags = _driving(sign * (500_000 - FALL)), _driving(sign * (500_001 - FALL))
        quiet = {"unheard_us": CONFIG.heartbeat_us}
        yield Border("SI-15", "it falls", (was, falls._replace(**quiet)), (was, lags._replace(**quiet)))
        yield Border(
            "SI-15",
            "from the heartbeat time on",
            (was, lags._replace(unheard_us=CONFIG.heartbeat_us - 1)),
            (was, lags._replace(**quiet)),
        )
        partly = CONFIG.heartbeat_us + 4 * TICK_US
        yield Border(
            "SI-15",
            "a report that began in time",
            (was, was._replace(ticks=5, unheard_us=partly - 1)),
            (was, was._replace(ticks=5, unheard_us=partly)),
        )
        near = _driving(sign * (FALL - 1))
        yield Border("SI-15", "to zero", (near, _driving(0, **quiet)), (near, _driving(sign, **quiet)))
        last = _driving(sign)
        end = CONFIG.heartbeat_us + FALL_US
        yield Border(
            "SI-15",
            "zero in time",
            (_driving(sign * (1 + FALL)), last._replace(unheard_us=end - 1)),
            (_driving(sign * (1 + FALL)), last._replace(unheard_us=end)),
        )
        yield Border(
            "SI-15",
            "not through zero",
            (_driving(sign * 2 * FALL), _driving(sign * FALL)._replace(**quiet)),
            (_driving(sign * 2 * FALL), _driving(-sign * FALL)._replace(**quiet)),
        )

        stop = {"command": STOP, "stopping_us": TICK_US}
        yield Border("SI-16", "it falls", (was, falls._replace(**stop)), (was, lags._replace(**stop)))
        yield Border("SI-16", "once it is told", (was, lags), (was, lags._replace(**stop)))
        yield Border(
            "SI-16",
            "over five ticks",
            (was, _driving(sign * 250_000, ticks=5, **stop)),
            (was, _driving(sign * 250_001, ticks=5, **stop)),
        )
        yield Border(
            "SI-16",
            "zero in time",
            (_driving(sign * (1 + FALL)), last._replace(command=STOP, stopping_us=FALL_US - TICK_US)),
            (_driving(sign * (1 + FALL)), last._replace(command=STOP, stopping_us=FALL_US)),
        )
        yield Border("SI-16", "from zero nothing", (_driving(0), _resting()), (_driving(0), last._replace(**stop)))
    yield Border("SI-16", "the switch opens", (_driving(5), _resting()), (_driving(5), _resting(switch_closed=1)))
    yield Border(
        "SI-16",
        "RUN keeps it closed at zero",
        (_driving(5), _driving(0)),
        (_driving(5), _driving(0, command=STOP)),
    )
    pressed = {"emergency_stop": 1}
    yield Border(
        "SI-16",
        "an emergency stop cuts",
        (_driving(5), _tripped(Trip.EMERGENCY, **pressed)),
        (_driving(5), _driving(5, **pressed)),
    )
    yield Border(
        "SI-16",
        "an emergency stop is latched",
        (_driving(5), _tripped(Trip.EMERGENCY, **pressed)),
        (_driving(5), _tripped(Trip.OPEN, **pressed)),
    )


def _of_the_caps() -> Iterator[Border]:
    was = _driving(5)
    for field in ("live_us", "energised_us"):
        at = _driving(5, **{field: CONFIG.time_cap_us})
        yield Border("SI-17", field, (was, at), (was, at._replace(**{field: CONFIG.time_cap_us + 1})))
    later = _driving(5, energised_us=7)
    yield Border("SI-17", "not backwards", (later, later), (later, later._replace(energised_us=6)))
    yield Border("SI-17", "but anew", (later, _tripped(Trip.CORRUPT)), (later, _tripped(Trip.OPEN)))
    rest_fc = CONFIG.charge_cap_total_fc - CAP_FC
    for kind in ("charge", "driven"):
        for one, other in (("positive", "negative"), ("negative", "positive")):
            at = _driving(5, **{f"{kind}_{one}_fc": CAP_FC, f"{kind}_{other}_fc": rest_fc})
            over = _driving(5, **{f"{kind}_{one}_fc": CAP_FC + 1})
            total = at._replace(**{f"{kind}_{other}_fc": rest_fc + 1})
            yield Border("SI-18", f"{kind} {one}", (was, at), (was, over))
            yield Border("SI-18", f"{kind} in all", (was, at), (was, total))
    for kind in ("driven", "measured"):
        for way in ("positive", "negative"):
            name = f"{kind}_{way}_fc"
            more = _driving(5, **{name: 7})
            yield Border("SI-18", f"{name} never less", (more, more), (more, more._replace(**{name: 6})))
            if kind == "driven":
                anew = _tripped(Trip.CORRUPT)
                yield Border("SI-18", f"{name} anew", (more, anew), (more, _tripped(Trip.OPEN)))

    both_ways = replace(SETTINGS, reversing=True, balance_tolerance_percent=2)
    for one, other in (("positive", "negative"), ("negative", "positive")):
        at = _resting(completed=1, **{f"measured_{one}_fc": 5_100, f"measured_{other}_fc": 4_900})
        off = at._replace(**{f"measured_{one}_fc": 5_101, f"measured_{other}_fc": 4_899})
        yield Border("SI-19", "balance", (was, at), (was, off), both_ways)
        yield Border("SI-19", "only at the end", (was, off._replace(completed=0)), (was, off), both_ways)
        yield Border("SI-19", "only when reversing", (was, off), (was, off), SETTINGS, both_ways)
    huge = _resting(completed=1, measured_positive_fc=51 * 10**15, measured_negative_fc=49 * 10**15)
    more = huge._replace(measured_positive_fc=52 * 10**15)
    yield Border("SI-19", "the largest charges", (was, huge), (was, more), both_ways)


def _of_requests() -> Iterator[Border]:
    was = _driving(5, target_na=7)
    for sign in (1, -1):
        at = _driving(5, requested_na=sign * LIMIT, target_na=sign * LIMIT)
        beyond = _driving(5, requested_na=sign * (LIMIT + 1), target_na=7, refused=int(Refused.LIMIT))
        yield Border("SI-22", "taken", (was, at), (was, at._replace(target_na=7)))
        yield Border("SI-22", "taken and said so", (was, at), (was, at._replace(refused=int(Refused.LIMIT))))
        denied = _driving(5, requested_na=sign * LIMIT, target_na=7, refused=int(Refused.LIMIT))
        yield Border("SI-22", "not refused", (was, at), (was, denied))
        yield Border("SI-22", "refused", (was, beyond), (was, beyond._replace(target_na=sign * (LIMIT + 1))))
        yield Border("SI-22", "refused, not clamped", (was, beyond), (was, beyond._replace(target_na=sign * LIMIT)))
        yield Border("SI-22", "refused and said so", (was, beyond), (was, beyond._replace(refused=0)))
        yield Border("SI-22", "why", (was, beyond), (was, beyond._replace(refused=2)))
    least = _driving(5, requested_na=-(2**31), target_na=7, refused=int(Refused.LIMIT))
    yield Border("SI-22", "the least word", (was, least), (was, least._replace(refused=0, target_na=-(2**31))))
    corrupt = _tripped(Trip.CORRUPT, requested_na=9)
    yield Border("SI-22", "corrupt", (was, corrupt), (was, _tripped(Trip.OPEN, requested_na=9)))
    yield Border(
        "SI-25", "the target", (was, was._replace(journaled_target_na=0)), (was, was._replace(journaled_target_na=1))
    )
    yield Border("SI-25", "the command", (was, was), (was, was._replace(journaled_command=STOP)))


def _of_the_regulator() -> Iterator[Border]:
    for sign in (1, -1):

        def proposing(na: int, **changes: int) -> Sample:
            return _driving(0, **{"proposal_na": na, "proposal_last_sign": (na > 0) - (na < 0)} | changes)

        at = proposing(sign * LIMIT)
        yield Border("SI-26", "the limit", (at, at), (at, proposing(sign * (LIMIT + 1))))
        was = proposing(sign * 500_000)
        up, down = 500_000 + RISE, 500_000 - FALL
        yield Border("SI-26", "rise", (was, proposing(sign * up)), (was, proposing(sign * (up + 1))))
        yield Border("SI-26", "fall", (was, proposing(sign * down)), (was, proposing(sign * (down - 1))))
        held = proposing(sign * 200_000, allowed_na=200_000)
        yield Border("SI-26", "what a saturated voltage allows", (was, held), (was, held._replace(allowed_na=199_999)))
        yield Border("SI-26", "given up with the cut", (was, _tripped(Trip.OPEN)), (was, _resting()))
        half = _tripped(Trip.OPEN, proposal_na=sign)
        yield Border("SI-26", "given up is zero", (was, _tripped(Trip.OPEN)), (was, half))
        cut = _tripped(Trip.OPEN, proposal_na=sign * 500_000)
        yield Border("SI-26", "given up after the cut", (cut, _resting()), (cut, proposing(sign * 500_000)))
        closed = _tripped(Trip.OPEN, switch_closed=1)  # a guard that fails to open is no excuse for the regulator
        yield Border("SI-26", "nothing after the cut", (closed, proposing(0)), (closed, proposing(sign)))
        rested = proposing(0, proposal_last_sign=sign, proposal_zero_us=CONFIG.dwell_us)
        hasty = rested._replace(proposal_zero_us=CONFIG.dwell_us - 1)
        yield Border("SI-26", "the dwell", (rested, proposing(-sign)), (hasty, proposing(-sign)))
        first = rested._replace(proposal_last_sign=0)
        early = hasty._replace(proposal_last_sign=0)
        yield Border("SI-26", "the dwell after power-on", (first, proposing(sign)), (early, proposing(sign)))
        resting = _resting(proposal_last_sign=sign)
        yield Border("SI-26", "RUN", (resting, proposing(sign)), (resting, proposing(sign, command=STOP)))
        yield Border("SI-26", "a STOP before", (resting, proposing(sign)), (resting._replace(armed=0), proposing(sign)))


BORDERS = [
    *_of_the_current(),
    *_of_the_start(),
    *_of_the_latch(),
    *_of_what_is_sensed(),
    *_of_the_end(),
    *_of_the_caps(),
    *_of_requests(),
    *_of_the_regulator(),
]


@pytest.mark.parametrize(
    "border",
    [
        pytest.param(border, id=f"{border.id} {border.what}", marks=pytest.mark.invariant(border.id))
        for border in BORDERS
    ],
)
def test_an_invariant_holds_up_to_its_border_and_not_beyond(border: Border) -> None:
    holds = INVARIANT_BY_ID[border.id].holds
    assert holds(*border.kept, border.settings)
    assert not holds(*border.broken, border.broken_settings or border.settings)


def test_every_invariant_has_a_border_that_is_tried() -> None:
    assert {border.id for border in BORDERS} == set(INVARIANT_BY_ID)


@pytest.mark.parametrize("sample", [power_on(), _driving(500_000), _resting(), _tripped(Trip.OPEN, Trip.SHORT)])
def test_a_moment_that_goes_on_unchanged_breaks_nothing(sample: Sample) -> None:
    current = sample._replace(target_na=0, zero_us=sample.zero_us + TICK_US)
    assert [row.id for row in INVARIANTS if not row.holds(sample._replace(target_na=0), current, SETTINGS)] == []


_AT_THE_CEILINGS = CONFIG._replace(
    limit_na=invariants.CEILING_NA,
    trip_na=invariants.TRIP_CEILING_NA,
    rise_na_per_tick=invariants.RISE_MAX_UA_PER_S * TICK_US // 1000,
    fall_na_per_tick=invariants.FALL_MAX_UA_PER_S * TICK_US // 1000,
    dwell_us=invariants.DWELL_MIN_US,
    compliance_mv=invariants.VOLTAGE_CEILING_MV,
    leakage_na=invariants.LEAKAGE_MAX_NA,
    mismatch_na=invariants.MISMATCH_MAX_NA,
    disagree_na=invariants.DISAGREE_MAX_NA,
    heartbeat_us=invariants.HEARTBEAT_MAX_US,
    time_cap_us=invariants.TIME_CEILING_US,
    charge_cap_each_fc=invariants.CHARGE_CEILING_FC,
    charge_cap_total_fc=invariants.CHARGE_CEILING_FC,
    **{timer: invariants.DEBOUNCE_MAX_US for _, _, timer in _DEBOUNCED},
)


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize(
    "field, beyond",
    [
        ("limit_na", invariants.CEILING_NA + 1),
        ("limit_na", 0),
        ("limit_na", -1),
        ("trip_na", invariants.TRIP_CEILING_NA + 1),
        ("trip_na", invariants.CEILING_NA),
        ("rise_na_per_tick", _AT_THE_CEILINGS.rise_na_per_tick + 1),
        ("rise_na_per_tick", 0),
        ("fall_na_per_tick", _AT_THE_CEILINGS.fall_na_per_tick + 1),
        ("fall_na_per_tick", 0),
        ("dwell_us", invariants.DWELL_MIN_US - 1),
        ("compliance_mv", invariants.VOLTAGE_CEILING_MV + 1),
        ("leakage_na", invariants.LEAKAGE_MAX_NA + 1),
        ("mismatch_na", invariants.MISMATCH_MAX_NA + 1),
        ("disagree_na", invariants.DISAGREE_MAX_NA + 1),
        ("heartbeat_us", invariants.HEARTBEAT_MAX_US + 1),
        ("time_cap_us", invariants.TIME_CEILING_US + 1),
        ("charge_cap_total_fc", invariants.CHARGE_CEILING_FC + 1),
        ("charge_cap_total_fc", invariants.CHARGE_CEILING_FC - 1),
        *((timer, invariants.DEBOUNCE_MAX_US + 1) for _, _, timer in _DEBOUNCED),
    ],
)
def test_no_configuration_goes_beyond_a_ceiling(field: str, beyond: int) -> None:
    holds = INVARIANT_BY_ID["SI-02"].holds
    assert holds(_TREATING, _TREATING, settings_of(_AT_THE_CEILINGS))
    assert not holds(_TREATING, _TREATING, settings_of(_AT_THE_CEILINGS._replace(**{field: beyond})))


@pytest.mark.invariant("SI-02")
def test_the_smallest_limit_there_can_be_is_within_the_ceilings() -> None:
    assert INVARIANT_BY_ID["SI-02"].holds(_resting(), _resting(), settings_of(_AT_THE_CEILINGS._replace(limit_na=1)))


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize("first", [trip for trip in Trip if trip is not Trip.NONE])
def test_the_first_cause_is_kept_whichever_it_was(first: Trip) -> None:
    other = Trip.SHORT if first is Trip.OPEN else Trip.OPEN
    before, both = _tripped(first), _tripped(first, other)
    holds = INVARIANT_BY_ID["SI-07"].holds
    assert holds(before, both._replace(first_trip=int(first)), SETTINGS)
    assert not holds(before, both._replace(first_trip=int(other)), SETTINGS)


@pytest.mark.invariant("SI-15", "SI-16")
@pytest.mark.parametrize(("limit_na", "ticks"), [(1_000_000, 20), (1_000_001, 21), (1, 1)])
def test_the_fall_time_is_in_whole_ticks_rounded_up(limit_na: int, ticks: int) -> None:
    fall_us = invariants._fall_us(replace(SETTINGS, limit_na=limit_na))
    assert (fall_us, type(fall_us)) == (ticks * TICK_US, int)


@pytest.mark.invariant("SI-15", "SI-16")
def test_without_a_tick_nothing_has_to_fall() -> None:
    still = _driving(1)
    assert invariants._falls_at_every_tick(still, still._replace(ticks=0), SETTINGS)


@pytest.mark.invariant("SI-19")
def test_the_tolerance_of_balance_is_of_whole_hundredths_of_the_charge() -> None:
    settings = replace(SETTINGS, reversing=True, balance_tolerance_percent=2)
    for positive_fc, negative_fc, kept in ((100, 99, True), (101, 98, False), (98, 101, False), (101, 99, True)):
        sample = _resting(completed=1, measured_positive_fc=positive_fc, measured_negative_fc=negative_fc)
        assert INVARIANT_BY_ID["SI-19"].holds(sample, sample, settings) is kept
