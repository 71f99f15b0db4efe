"""The binding: names, values and layouts as in the compiled headers, numbers that fit or are refused, the raw core."""

import subprocess
import sys
from collections.abc import Callable
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_core import CONFIG, RUN, STOP, Device

from iontocore.ccore import (
    TRACE_COLUMNS,
    Command,
    Config,
    ConfigurationError,
    Core,
    Drive,
    Error,
    Event,
    Fault,
    Guard,
    LimitedBy,
    Phase,
    Proposal,
    Refused,
    Regulator,
    Request,
    Sense,
    SimError,
    SimulatedBody,
    SimulatedElectronics,
    Simulation,
    Telemetry,
    Trace,
    Trial,
    TrialHazard,
    TrialOutcome,
    Trip,
    Truth,
    default_body,
    default_electronics,
    get_include,
    trip_names,
)
from iontocore.ccore._ionto import ffi, lib

INT32: Final = st.integers(-(2**31), 2**31 - 1)
UINT32: Final = st.integers(0, 2**32 - 1)
SENSES: Final = st.builds(Sense, UINT32, UINT32, INT32, INT32, INT32, UINT32, UINT32, UINT32)
REQUESTS: Final = st.builds(Request, INT32, UINT32, UINT32, UINT32)
PROPOSALS: Final = st.builds(Proposal, INT32, UINT32)
CALM: Final = Sense(0, 0, 0, 0, 0, 1, 0, 0)
IDLE: Final = Request(0, STOP, 0, 0)
MA: Final = 1_000_000
"""nA in a milliampere."""

# ---- names, values and layouts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("enum", "name", "prefix"),
    [
        (Error, "ionto_error", "IONTO_ERROR_"),
        (Trip, "ionto_trip", "IONTO_TRIP_"),
        (Command, "ionto_command", "IONTO_COMMAND_"),
        (Phase, "ionto_phase", "IONTO_PHASE_"),
        (LimitedBy, "ionto_limited_by", "IONTO_LIMITED_BY_"),
        (Refused, "ionto_refused", "IONTO_REFUSED_"),
        (SimError, "ionto_sim_error", "IONTO_SIM_ERROR_"),
        (Fault, "ionto_fault", "IONTO_FAULT_"),
        (Event, "ionto_event", "IONTO_EVENT_"),
        (TrialHazard, "ionto_trial_hazard", "IONTO_TRIAL_"),
    ],
)
def test_a_code_has_the_name_and_the_value_that_it_has_in_the_header(
    enum: type[IntEnum], name: str, prefix: str
) -> None:
    in_header = {
        constant.removeprefix(prefix).removeprefix("IONTO_SIM_").removeprefix("IONTO_"): value
        for constant, value in ffi.typeof(f"enum {name}").relements.items()
    }
    assert {member: int(value) for member, value in enum.__members__.items()} == in_header
    # cffi takes the values of enums on trust: the compiler says them once more
    assert {constant: getattr(lib, constant) for constant in ffi.typeof(f"enum {name}").relements} == dict(
        ffi.typeof(f"enum {name}").relements
    )


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (Config, "ionto_config"),
        (Sense, "ionto_sense"),
        (Request, "ionto_request"),
        (Proposal, "ionto_proposal"),
        (Drive, "ionto_drive"),
        (SimulatedBody, "ionto_body"),
        (SimulatedElectronics, "ionto_electronics"),
        (Truth, "ionto_truth"),
        (Trial, "ionto_trial"),
        (TrialOutcome, "ionto_trial_outcome"),
    ],
)
def test_a_record_has_the_fields_of_its_struct_in_their_order(record: Any, name: str) -> None:
    assert list(record._fields) == [field for field, _ in ffi.typeof(f"struct {name}").fields]


def test_telemetry_has_the_time_before_the_fields_of_its_struct() -> None:
    struct_fields = [field for field, _ in ffi.typeof("struct ionto_telemetry").fields]
    assert list(Telemetry._fields) == ["time_us", *struct_fields]


@pytest.mark.parametrize("name", sorted(t for t in ffi.list_types()[1]))
def test_the_compiler_agrees_on_the_size_of_every_struct(name: str) -> None:
    struct_type = ffi.typeof(f"struct {name}")
    last_name, last = struct_type.fields[-1]
    size = ffi.sizeof(struct_type)
    end = last.offset + ffi.sizeof(last.type)
    assert end <= size < end + ffi.alignof(struct_type), last_name


def test_the_columns_of_a_trace_are_those_of_its_struct() -> None:
    in_header = {
        name: field.type.item.cname.removesuffix("_t")
        for name, field in ffi.typeof("struct ionto_trace").fields
        if name not in ("capacity", "count")
    }
    assert in_header == TRACE_COLUMNS


def test_get_include_leads_to_the_header_of_the_core() -> None:
    assert "struct ionto_drive ionto_step(" in (Path(get_include()) / "ionto.h").read_text("utf-8")


def test_numpy_is_imported_for_a_trace_and_not_before() -> None:
    program = """
import sys
from iontocore.ccore import Request, Simulation, Trace
Simulation().run(Request(0, 0, 0, 0), 10)
assert "numpy" not in sys.modules
Trace(10)
assert "numpy" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@given(st.sets(st.sampled_from([trip for trip in Trip if trip is not Trip.NONE])))
def test_the_names_of_trips_are_those_of_the_bits_in_the_word(trips: set[Trip]) -> None:
    word = sum(1 << (trip - 1) for trip in trips)
    assert trip_names(word) == tuple(trip.name.lower().replace("_", "-") for trip in sorted(trips))


def test_trips_have_names_in_kebab_case() -> None:
    assert trip_names(0b101) == ("over-current", "open")
    assert Trip.OVER_VOLTAGE.label == "over-voltage"


@pytest.mark.parametrize("word", [-1, 1 << 16, 1 << 40])
def test_a_word_of_trips_with_an_unknown_bit_is_refused(word: int) -> None:
    with pytest.raises(ValueError, match=f"^trips: {word} is outside 0 to 65535"):
        trip_names(word)


# ---- numbers that fit, or are refused -------------------------------------------------------------------------------


@given(SENSES, REQUESTS)
def test_what_is_given_to_a_step_reaches_the_c_code_as_it_is(sense: Sense, request: Request) -> None:
    core = Core(CONFIG)
    core.step(sense, request)
    telemetry = core.report()
    assert telemetry.measured_na == telemetry.measured_min_na == telemetry.measured_max_na == sense.measured_na
    assert telemetry.voltage_mv == telemetry.voltage_min_mv == telemetry.voltage_max_mv == sense.voltage_mv
    assert core.memory.read("guard.state.now_seen") == sense.now_us
    assert core.memory.read("guard.state.sample_seen") == sense.sample
    assert telemetry.contact == (sense.contact == 1)
    assert telemetry.emergency_stop == (sense.emergency_stop != 0)
    assert telemetry.heartbeat == request.heartbeat
    assert telemetry.target_na == (request.target_na if abs(request.target_na) <= CONFIG.limit_na else 0)


STEPS: Final[dict[str, Callable[[Sense, Request], object]]] = {
    "Core": Core(CONFIG).step,
    "Regulator": Regulator(CONFIG).step,
    "Guard": lambda sense, request: Guard(CONFIG).step(sense, request, Proposal(0, 1)),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("field", Sense._fields)
def test_a_number_of_a_sense_that_does_not_fit_is_refused_by_its_name(
    step: Callable[[Sense, Request], object], field: str
) -> None:
    with pytest.raises(ValueError, match=f"^sense.{field}: 4294967296 does not fit, it is (-2147483648|0) to"):
        step(CALM._replace(**{field: 2**32}), IDLE)
    wrong: dict[str, Any] = {field: 1.0}
    with pytest.raises(TypeError, match=f"^sense.{field} is an integer, not 1.0$"):
        step(CALM._replace(**wrong), IDLE)


@pytest.mark.parametrize("field", Request._fields)
def test_a_number_of_a_request_that_does_not_fit_is_refused_by_its_name(field: str) -> None:
    for step in (lambda request: Core(CONFIG).step(CALM, request), lambda request: Simulation().run(request, 1)):
        with pytest.raises(ValueError, match=f"^request.{field}: -2147483649 does not fit"):
            step(IDLE._replace(**{field: -(2**31) - 1}))
        wrong: dict[str, Any] = {field: None}
        with pytest.raises(TypeError, match=f"^request.{field} is an integer, not None$"):
            step(IDLE._replace(**wrong))


def test_a_proposal_that_does_not_fit_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"^proposal\.current_na: 2147483648 does not fit"):
        Guard(CONFIG).step(CALM, IDLE, Proposal(2**31, 1))


@pytest.mark.parametrize("field", Config._fields)
def test_a_number_of_a_configuration_that_does_not_fit_is_refused_by_its_name(field: str) -> None:
    for make in (Core, Regulator, Guard, Simulation().start):
        with pytest.raises(ValueError, match=f"^config.{field}: 9223372036854775808 does not fit"):
            make(CONFIG._replace(**{field: 2**63}))


def test_integers_of_numpy_are_integers() -> None:
    numbers: Any = (np.int32(-5), np.uint32(0), np.int64(0), np.uint8(7))
    core = Core(CONFIG)
    core.step(CALM, Request._make(numbers))
    assert core.report().target_na == -5
    assert core.report().heartbeat == 7


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda s: s.run(IDLE, -1), "ticks: -1 does not fit"),
        (lambda s: s.run(IDLE, 2**32), "ticks: 4294967296 does not fit"),
        (lambda s: s.run(IDLE, 1, -1), "stop_on: -1 does not fit"),
        (lambda s: s.inject(-1), "fault: -1 does not fit"),
        (lambda s: s.inject(1, 2**31), "parameter: 2147483648 does not fit"),
        (lambda s: s.clear(2**32), "fault: 4294967296 does not fit"),
        (lambda s: s.start(CONFIG, -1), "carried_trips: -1 does not fit"),
        (lambda s: Simulation(seed=-1), "seed: -1 does not fit"),
        (lambda s: Simulation(seed=2**64), "seed: 18446744073709551616 does not fit"),
        (lambda s: Core(CONFIG, 2**32), "carried_trips: 4294967296 does not fit"),
        (lambda s: Guard(CONFIG, -1), "carried_trips: -1 does not fit"),
        (lambda s: Regulator(CONFIG).step(CALM, IDLE, -1), "cut: -1 does not fit"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_by_its_name(
    act: Callable[[Simulation], object], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        act(Simulation())


def test_an_argument_that_is_no_integer_is_refused_by_its_name() -> None:
    half: Any = 0.5
    with pytest.raises(TypeError, match=r"^ticks is an integer, not 0\.5$"):
        Simulation().run(IDLE, half)
    with pytest.raises(TypeError, match=r"^fault is an integer, not 0\.5$"):
        Simulation().inject(half)


# ---- configurations -------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize("field", Config._fields)
def test_a_field_of_a_configuration_that_is_out_of_its_range_is_refused_by_its_name(field: str) -> None:
    wrong = CONFIG._replace(**{field: -1})
    for make in (Core, Guard, Simulation().start):
        with pytest.raises(ConfigurationError, match=f"^{field}: -1 is out of the range that ionto.h states") as caught:
            make(wrong)
        assert caught.value.field == field
        assert caught.value.error not in (Error.OK, Error.CARRIED)


def test_trips_that_no_core_has_reported_are_refused() -> None:
    for make in (Core, Guard, Simulation().start):
        with pytest.raises(ConfigurationError, match="carried_trips has a bit that stands for no trip") as caught:
            make(CONFIG, 1 << 16)
        assert caught.value.error is Error.CARRIED
        assert caught.value.field is None


def test_every_error_of_the_core_and_of_the_simulation_has_a_message() -> None:
    everything = CONFIG._asdict() | default_body()._asdict() | default_electronics()._asdict()
    of_arguments = {SimError.FAULT, SimError.PARAMETER}
    errors: list[Error | SimError] = [error for error in Error if error is not Error.OK]
    errors += [error for error in SimError if error is not SimError.OK and error not in of_arguments]
    messages = {str(ConfigurationError(error, everything)) for error in errors}
    assert len(messages) >= len(errors) - 2  # compliance_mv and contact_us are fields of two records
    assert all(messages)


def test_a_configuration_that_is_refused_later_leaves_the_core_as_it_was() -> None:
    core = Core(CONFIG)
    before = bytes(core.memory.bytes)
    assert core.configure(CONFIG._replace(limit_na=0)) is Error.LIMIT
    assert bytes(core.memory.bytes) == before
    assert core.configure(CONFIG._replace(limit_na=MA)) is Error.OK
    assert core.memory.read("guard.config.limit_na") == MA


def test_what_init_refuses_is_latched_at_zero() -> None:
    core = Core(CONFIG)
    assert core.init(CONFIG._replace(trip_na=0)) is Error.TRIP
    assert core.phase is Phase.FAULT
    assert core.step(CALM, Request(MA, RUN, 0, 1)) == Drive(0, 0)


def test_carried_trips_are_latched_from_the_start() -> None:
    assert Guard(CONFIG, 0b101).trips == 0b101
    assert trip_names(Core(CONFIG, 0b101).report().trips) == ("over-current", "open")


def test_a_guard_says_whether_it_takes_a_configuration() -> None:
    guard = Guard(CONFIG)
    assert guard.ready(CONFIG) is Error.OK
    assert guard.ready(CONFIG._replace(short_ohm=0)) is Error.SHORT
    assert Guard(CONFIG, 1).ready(CONFIG) is Error.TRIPPED


# ---- the raw core ---------------------------------------------------------------------------------------------------


def recorded(seconds: int) -> list[dict[str, int]]:
    """A start, a lift and an acknowledge on the simulated device, row by row."""
    device = Device(seed=5)
    trace = Trace(20_000)
    device.simulation.record(trace)
    device.treat(2 * MA)
    device.run(seconds, -2 * MA)
    device.simulation.inject(Fault.BODY_LIFT)
    device.run(1, -2 * MA)
    device.simulation.inject(Fault.BODY_RETURN)
    device.exchange(-2 * MA, STOP, acknowledge=1)
    device.run(2, -2 * MA)
    rows = trace.rows()
    return [{name: int(column[k]) for name, column in rows.items()} for k in range(trace.count)]


def sense_of(row: dict[str, int]) -> Sense:
    return Sense(
        row["now_us"],
        row["sample"],
        row["measured_na"],
        row["check_na"],
        row["voltage_mv"],
        row["contact"],
        row["switch_readback"],
        row["emergency_stop"],
    )


def request_of(row: dict[str, int]) -> Request:
    return Request(row["requested_na"], row["command"], row["acknowledge"], row["heartbeat"])


def test_a_raw_core_that_is_given_a_trace_answers_what_the_trace_says() -> None:
    core, regulator, guard = Core(CONFIG), Regulator(CONFIG), Guard(CONFIG)
    rows = recorded(5)
    for row in rows:
        sense, request = sense_of(row), request_of(row)
        cut = int(guard.memory.read("state.first_trip") != Trip.NONE)
        proposal = regulator.step(sense, request, cut)
        expected = Drive(row["drive_na"], row["switch_closed"])
        assert core.step(sense, request) == expected
        assert guard.step(sense, request, proposal) == expected
        assert proposal == Proposal(row["proposal_na"], 1)
        assert guard.trips == row["trips"]
        assert core.phase == row["phase"]
        assert core.report()[1:6] == tuple(row[name] for name in Telemetry._fields[1:6])
    phases = {row["phase"] for row in rows}
    assert {Phase.RAMP, Phase.TREAT, Phase.REVERSE, Phase.FAULT} <= phases


@given(st.lists(st.tuples(SENSES, REQUESTS), max_size=30))
def test_the_channels_joined_by_hand_are_the_core(ticks: list[tuple[Sense, Request]]) -> None:
    core, regulator, guard = Core(CONFIG), Regulator(CONFIG), Guard(CONFIG)
    for sense, request in ticks:
        cut = int(guard.memory.read("state.first_trip") != Trip.NONE)
        assert core.step(sense, request) == guard.step(sense, request, regulator.step(sense, request, cut))


@given(st.lists(st.tuples(SENSES, REQUESTS, PROPOSALS), max_size=30))
def test_a_guard_under_any_proposal_at_power_on_lets_nothing_through_but_what_it_was_told(
    ticks: list[tuple[Sense, Request, Proposal]],
) -> None:
    guard = Guard(CONFIG)
    for sense, request, proposal in ticks:
        drive = guard.step(sense, request, proposal)
        assert drive.current_na in (0, proposal.current_na)
        assert drive.switch_closed in (0, 1)
        assert abs(drive.current_na) <= CONFIG.limit_na


def test_the_time_of_a_raw_core_is_its_steps_and_begins_anew_with_init() -> None:
    core = Core(CONFIG)
    for _ in range(7):
        core.step(CALM, IDLE)
    assert core.report().time_us == 7000
    assert core.report().ticks == 7
    core.init(CONFIG._replace(tick_us=2000))
    core.step(CALM, IDLE)
    assert core.report().time_us == 2000


def test_memory_is_read_and_written_where_the_header_says() -> None:
    core = Core(CONFIG)
    assert core.memory.read("guard.config.limit_na") == CONFIG.limit_na
    assert core.memory.read("guard.config.time_cap_us") == CONFIG.time_cap_us
    core.memory.write("guard.config.limit_na", 123)
    place = core.memory.fields["guard.config.limit_na"]
    assert int.from_bytes(core.memory.bytes[place], sys.byteorder) == 123
    assert core.step(CALM, IDLE) == Drive(0, 0)
    assert trip_names(core.report().trips) == ("corrupt",)


def test_memory_refuses_names_that_are_not_in_the_header_and_numbers_that_do_not_fit() -> None:
    memory = Core(CONFIG).memory
    with pytest.raises(KeyError):
        memory.read("guard.state.no_such_field")
    with pytest.raises(ValueError, match=r"^guard\.state\.last_na: 2147483648 does not fit"):
        memory.write("guard.state.last_na", 2**31)


def test_the_fields_of_memory_lie_side_by_side_and_reach_to_the_end() -> None:
    for memory in (Core(CONFIG).memory, Guard(CONFIG).memory, Regulator(CONFIG).memory):
        places = list(memory.fields.values())
        gaps = [later.start - earlier.stop for earlier, later in pairwise(places)]
        assert all(0 <= gap < 8 for gap in gaps)
        assert 0 <= len(memory.bytes) - places[-1].stop < 8


def test_the_memory_of_a_simulation_is_that_of_its_core() -> None:
    device = Device()
    device.treat(2 * MA)
    assert device.simulation.memory.read("guard.state.last_na") == 2 * MA
    assert device.simulation.memory.fields == Core(CONFIG).memory.fields
