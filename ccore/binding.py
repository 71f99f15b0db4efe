"""The core, its channels and its simulation as Python objects: the one module that knows cffi at run time.

Records cross as bytes: a named tuple is packed into its C struct by a format that is taken from the compiled header,
and unpacked the same way, which costs a fraction of setting fields one by one. A number that does not fit its field is
refused with the field's name (ValueError; TypeError for what is no integer); nothing is cut to size.

Core, Guard and Regulator are the raw state of the C functions, one tick a call, for tests and tools: they check what
the C code checks and no more. A treatment runs on a Simulation, or on a port of `iontocore`. None of them is to be used
by two threads at once.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from operator import index
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from iontocore.ccore._ionto import ffi, lib
from iontocore.ccore.records import (
    Config,
    Drive,
    Error,
    Event,
    Fault,
    Phase,
    Proposal,
    Request,
    Sense,
    SimError,
    SimulatedBody,
    SimulatedElectronics,
    Telemetry,
    Trial,
    TrialOutcome,
    Truth,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Column: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.int32] | npt.NDArray[np.uint32]

Pointer: TypeAlias = Any
"""A pointer to a C struct, or a C type: cffi does not tell a type checker what is in it."""

_FORMATS: Final = {"int64_t": "q", "int32_t": "i", "uint32_t": "I", "uint64_t": "Q", "double": "d"}
_RANGES: Final = {"q": (-(2**63), 2**63 - 1), "i": (-(2**31), 2**31 - 1), "I": (0, 2**32 - 1), "Q": (0, 2**64 - 1)}
_DTYPES: Final = {"int64_t": "int64", "int32_t": "int32", "uint32_t": "uint32"}
_SMALLEST_TRACE: Final = 2
"""A doubled tick writes two rows at once."""

TRACE_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: _DTYPES[field.type.item.cname]
        for name, field in ffi.typeof("struct ionto_trace").fields
        if field.type.kind == "pointer"
    }
)
"""The columns of a trace in their order, each with the name of its NumPy dtype. They are described in `ionto_sim.h`."""


# ---- records as bytes -----------------------------------------------------------------------------------------------


def _misfit(name: str, value: object, code: str) -> ValueError | TypeError | None:
    """Why a value does not fit a field, or None when it does."""
    if code == "d":
        return None
    try:
        number = index(value)  # type: ignore[arg-type]  # whatever it is: that is the question
    except TypeError:
        return TypeError(f"{name} is an integer, not {value!r}")
    low, high = _RANGES[code]
    if low <= number <= high:
        return None
    return ValueError(f"{name}: {number} does not fit, it is {low} to {high}")


def _fit(name: str, value: int, code: str) -> int:
    """The value, or an error that names the argument."""
    error = _misfit(name, value, code)
    if error is not None:
        raise error
    return value


def _leaves(struct_type: Pointer, prefix: str = "", base: int = 0) -> Iterator[tuple[str, str, int]]:
    """The numbers in a struct and in the structs within it: dotted name, format code, offset in bytes."""
    for name, field in struct_type.fields:
        if field.type.kind == "struct":
            yield from _leaves(field.type, f"{prefix}{name}.", base + field.offset)
        else:
            yield f"{prefix}{name}", _FORMATS[field.type.cname], base + field.offset


class _Layout:
    """How the fields of a record lie in its C struct; what the record does not have is skipped (and zeroed by pack)."""

    def __init__(self, struct_name: str, fields: tuple[str, ...]) -> None:
        self._owner = struct_name.removeprefix("struct ionto_")
        struct_type = ffi.typeof(struct_name)
        wanted = list(fields)
        self._fields: list[tuple[str, str]] = []
        form, at = "=", 0
        for name, code, offset in _leaves(struct_type):
            if wanted and name.rpartition(".")[2] == wanted[0]:
                form += f"{offset - at}x{code}"
                at = offset + struct.calcsize(f"={code}")
                self._fields.append((wanted.pop(0), code))
        if wanted:
            raise ImportError(f"the compiled module is of other sources: its {struct_name} has no {wanted[0]}")
        self._struct = struct.Struct(f"{form}{ffi.sizeof(struct_type) - at}x")
        self.unpack: Final[Callable[[Any], tuple[Any, ...]]] = self._struct.unpack

    def pack(self, buffer: Any, record: tuple[int, ...]) -> None:
        """Write the record into the buffer of its struct."""
        try:
            self._struct.pack_into(buffer, 0, *record)
        except struct.error:
            for (name, code), value in zip(self._fields, record, strict=True):
                _fit(f"{self._owner}.{name}", value, code)
            raise


_CONFIG: Final = _Layout("struct ionto_config", Config._fields)
_SENSE: Final = _Layout("struct ionto_sense", Sense._fields)
_REQUEST: Final = _Layout("struct ionto_request", Request._fields)
_PROPOSAL: Final = _Layout("struct ionto_proposal", Proposal._fields)
_TELEMETRY: Final = _Layout("struct ionto_telemetry", Telemetry._fields[1:])
_BODY: Final = _Layout("struct ionto_body", SimulatedBody._fields)
_ELECTRONICS: Final = _Layout("struct ionto_electronics", SimulatedElectronics._fields)
_ANSWER: Final = _Layout("struct ionto_sim_answer", Telemetry._fields)
_TRUTH: Final = _Layout("struct ionto_truth", Truth._fields)
_TRIAL: Final = _Layout("struct ionto_trial", Trial._fields)
_MOST_LIFT_PERMILLE: Final = 999
_OUTCOME: Final = _Layout("struct ionto_trial_outcome", TrialOutcome._fields)


class _Slot:
    """One C struct that records are written to and read from."""

    def __init__(self, layout: _Layout, struct_name: str) -> None:
        self.pointer: Final[Pointer] = ffi.new(f"{struct_name} *")
        self._buffer: Final = ffi.buffer(self.pointer)
        self._layout: Final = layout

    def write(self, record: tuple[int, ...]) -> Pointer:
        self._layout.pack(self._buffer, record)
        return self.pointer

    def read(self) -> tuple[Any, ...]:
        return self._layout.unpack(self._buffer)


# ---- errors ---------------------------------------------------------------------------------------------------------

# The codes number the fields in this order.
_FIELD_OF_ERROR: Final[Mapping[Error | SimError, str]] = MappingProxyType(
    dict(zip((e for e in Error if 1 <= e <= 35), Config._fields[5:] + Config._fields[:5], strict=True))
    | dict(zip((e for e in SimError if 101 <= e <= 117), SimulatedBody._fields, strict=True))
    | dict(zip((e for e in SimError if 201 <= e <= 226), SimulatedElectronics._fields[:-1], strict=True))
)
_STATE_OF_ERROR: Final[Mapping[Error | SimError, str]] = MappingProxyType(
    {
        Error.ENERGISED: "the core is energised: it takes a configuration at rest alone",
        Error.TRIPPED: "a trip is latched: acknowledge it before configuring",
        Error.CORRUPT: "the core's state is not sound: it has to be started anew",
        Error.CARRIED: "carried_trips has a bit that stands for no trip",
        SimError.POWER: "the supply is lost: there is no core to configure",
    }
)


class ConfigurationError(ValueError):
    """A configuration, a body or electronics that the C code refused.

    error: its code. field: the field that is out of its range, None when the state is what forbids it.
    """

    def __init__(self, error: Error | SimError, given: Mapping[str, int]) -> None:
        self.error: Final = error
        self.field: Final = _FIELD_OF_ERROR.get(error)
        if self.field is None:
            super().__init__(_STATE_OF_ERROR[error])
        else:
            header = "ionto.h" if isinstance(error, Error) else "ionto_sim.h"
            super().__init__(f"{self.field}: {given[self.field]} is out of the range that {header} states for it")


def _refuse(code: int, *records: Config | SimulatedBody | SimulatedElectronics) -> None:
    """Raise ConfigurationError unless the code is that of no error."""
    if code != Error.OK:
        error = Error(code) if code < SimError.AREA_A else SimError(code)
        owner = next((record for record in records if _FIELD_OF_ERROR.get(error) in record._fields), None)
        raise ConfigurationError(error, owner._asdict() if owner is not None else {})


# ---- the raw core ---------------------------------------------------------------------------------------------------


class Memory:
    """The bytes of a state that C code keeps, for tests of corruption and for looking inside.

    bytes: all of them, writable. fields: where each number lies, by its dotted name ("guard.state.last_na").
    """

    def __init__(self, struct_name: str, pointer: Pointer) -> None:
        self._pointer: Final = pointer  # what keeps the bytes alive
        self._codes: Final = {name: code for name, code, _ in _leaves(ffi.typeof(struct_name))}
        self.bytes: Final = memoryview(ffi.buffer(pointer, ffi.sizeof(struct_name)))
        self.fields: Final[Mapping[str, slice]] = MappingProxyType(
            {
                name: slice(offset, offset + struct.calcsize(f"={code}"))
                for name, code, offset in _leaves(ffi.typeof(struct_name))
            }
        )

    def read(self, name: str) -> int:
        """One number, by its dotted name. Raises KeyError for a name that the header does not have."""
        (value,) = struct.unpack(f"={self._codes[name]}", self.bytes[self.fields[name]])
        return int(value)

    def write(self, name: str, value: int) -> None:
        """Overwrite one number behind the back of the core."""
        self.bytes[self.fields[name]] = struct.pack(f"={self._codes[name]}", _fit(name, value, self._codes[name]))


class Core:
    """Both channels, joined as in a device: `struct ionto_core` and the functions on it.

    Made with a configuration that `ionto_init()` accepts, else ConfigurationError. memory: its bytes.
    """

    def __init__(self, config: Config, carried_trips: int = 0) -> None:
        self._core: Final[Pointer] = ffi.new("struct ionto_core *")
        self._config = _Slot(_CONFIG, "struct ionto_config")
        self._sense = _Slot(_SENSE, "struct ionto_sense")
        self._request = _Slot(_REQUEST, "struct ionto_request")
        self._telemetry = _Slot(_TELEMETRY, "struct ionto_telemetry")
        self.memory: Final = Memory("struct ionto_core", self._core)
        _refuse(self.init(config, carried_trips), config)

    def init(self, config: Config, carried_trips: int = 0) -> Error:
        """`ionto_init()`. What is refused leaves a core that is latched at zero."""
        self._steps = 0
        self._tick_us = config.tick_us
        carried = _fit("carried_trips", carried_trips, "I")
        return Error(lib.ionto_init(self._core, self._config.write(config), carried))

    def configure(self, config: Config) -> Error:
        """`ionto_configure()`. What is refused changes nothing."""
        error = Error(lib.ionto_configure(self._core, self._config.write(config)))
        if error is Error.OK:
            self._tick_us = config.tick_us
        return error

    def step(self, sense: Sense, request: Request) -> Drive:
        """`ionto_step()`: one tick."""
        drive = lib.ionto_step(self._core, self._sense.write(sense), self._request.write(request))
        self._steps += 1
        return Drive(drive.current_na, drive.switch_closed)

    def report(self) -> Telemetry:
        """`ionto_report()`; the extremes start anew. `time_us` is the number of steps since `init()` times the tick."""
        lib.ionto_report(self._core, self._telemetry.pointer)
        return Telemetry(self._steps * self._tick_us, *self._telemetry.read())

    @property
    def phase(self) -> Phase:
        """`ionto_phase()`."""
        return Phase(lib.ionto_phase(self._core))


class Regulator:
    """The channel that proposes, alone: `struct ionto_regulator`. memory: its bytes."""

    def __init__(self, config: Config) -> None:
        self._regulator: Final[Pointer] = ffi.new("struct ionto_regulator *")
        self._config = _Slot(_CONFIG, "struct ionto_config")
        self._sense = _Slot(_SENSE, "struct ionto_sense")
        self._request = _Slot(_REQUEST, "struct ionto_request")
        self.memory: Final = Memory("struct ionto_regulator", self._regulator)
        _refuse(self.init(config), config)

    def init(self, config: Config) -> Error:
        """`ionto_regulator_init()`. What is refused leaves a regulator that is latched at zero."""
        return Error(lib.ionto_regulator_init(self._regulator, self._config.write(config)))

    def step(self, sense: Sense, request: Request, cut: int = 0) -> Proposal:
        """`ionto_regulator_step()`: one tick; cut is not 0 while the guard holds the output at zero."""
        proposal = lib.ionto_regulator_step(
            self._regulator, self._sense.write(sense), self._request.write(request), _fit("cut", cut, "I")
        )
        return Proposal(proposal.current_na, proposal.sound)


class Guard:
    """The channel that permits, alone: `struct ionto_guard`. memory: its bytes."""

    def __init__(self, config: Config, carried_trips: int = 0) -> None:
        self._guard: Final[Pointer] = ffi.new("struct ionto_guard *")
        self._config = _Slot(_CONFIG, "struct ionto_config")
        self._sense = _Slot(_SENSE, "struct ionto_sense")
        self._request = _Slot(_REQUEST, "struct ionto_request")
        self._proposal = _Slot(_PROPOSAL, "struct ionto_proposal")
        self.memory: Final = Memory("struct ionto_guard", self._guard)
        _refuse(self.init(config, carried_trips), config)

    def init(self, config: Config, carried_trips: int = 0) -> Error:
        """`ionto_guard_init()`. What is refused leaves a guard that is latched at zero."""
        carried = _fit("carried_trips", carried_trips, "I")
        return Error(lib.ionto_guard_init(self._guard, self._config.write(config), carried))

    def step(self, sense: Sense, request: Request, proposal: Proposal) -> Drive:
        """`ionto_guard_step()`: one tick, under any proposal."""
        drive = lib.ionto_guard_step(
            self._guard, self._sense.write(sense), self._request.write(request), self._proposal.write(proposal)
        )
        return Drive(drive.current_na, drive.switch_closed)

    def ready(self, config: Config) -> Error:
        """`ionto_guard_ready()`: whether the guard is at rest and the configuration in range."""
        return Error(lib.ionto_guard_ready(self._guard, self._config.write(config)))

    @property
    def trips(self) -> int:
        """`ionto_guard_trips()`: all that are latched, as a sum of bits."""
        trips: int = lib.ionto_guard_trips(self._guard)
        return trips


# ---- the trace ------------------------------------------------------------------------------------------------------


class Trace:
    """A block of columns that the simulation writes a row to at every step, with no copy in between.

    capacity: rows, at least 2. columns: the whole arrays, by the names of TRACE_COLUMNS.
    `allocate(name, dtype, capacity)` makes each array; without it they are new NumPy arrays, which needs the extra
    `cli`. An array has one dimension, that dtype and at least that length, and is contiguous and writable: ValueError
    names the one that is not.
    """

    def __init__(self, capacity: int, allocate: "Callable[[str, str, int], Column] | None" = None) -> None:
        if capacity < _SMALLEST_TRACE:
            raise ValueError(f"capacity: {capacity} rows are too few, a doubled tick writes {_SMALLEST_TRACE}")
        _fit("capacity", capacity, "I")
        make = _empty_column if allocate is None else allocate
        columns = {name: make(name, dtype, capacity) for name, dtype in TRACE_COLUMNS.items()}
        self.capacity: Final = capacity
        self.columns: Final[Mapping[str, Column]] = MappingProxyType(columns)
        self.pointer: Final[Pointer] = ffi.new("struct ionto_trace *", {"capacity": capacity, "count": 0})
        self._views: Final = {name: _view(name, column, capacity) for name, column in columns.items()}
        for name, view in self._views.items():
            setattr(self.pointer, name, view)

    @property
    def count(self) -> int:
        """Rows that are written."""
        count: int = self.pointer.count
        return count

    def rows(self) -> "dict[str, Column]":
        """The written part of every column, as views: they change when the block is written again."""
        return {name: column[: self.count] for name, column in self.columns.items()}

    def clear(self) -> None:
        """Begin again at the first row."""
        self.pointer.count = 0


def _empty_column(_name: str, dtype: str, capacity: int) -> "Column":
    import numpy as np

    column: Column = np.empty(capacity, dtype=dtype)
    return column


def _view(name: str, column: "Column", capacity: int) -> Pointer:
    """The array as a C pointer that keeps it alive; cffi would not look at the dtype."""
    dtype = TRACE_COLUMNS[name]
    flags = column.flags
    if column.dtype.name != dtype or column.ndim != 1 or column.shape[0] < capacity:
        raise ValueError(f"{name}: {column.dtype.name}{list(column.shape)} given, {dtype}[{capacity}] is needed")
    if not (flags.c_contiguous and flags.writeable and column.dtype.isnative):
        raise ValueError(f"{name}: the array is not contiguous, not writable or of the other byte order")
    # The array and not its ``data``: a memoryview that is part of a cycle is cleared by the garbage collector while the
    # pointer still exports it, which ends in a crash. Any: before Python 3.12 no stub says that an array is a buffer.
    buffer: Any = column
    return ffi.from_buffer(f"{dtype}_t[]", buffer, require_writable=True)


# ---- the simulation -------------------------------------------------------------------------------------------------


def default_body() -> SimulatedBody:
    """Hands in trays of tap water: figures and sources are in `ionto_sim.h`. Change some with `_replace()`."""
    slot = _Slot(_BODY, "struct ionto_body")
    lib.ionto_body_defaults(slot.pointer)
    return SimulatedBody._make(slot.read())


def default_electronics() -> SimulatedElectronics:
    """A device of ordinary parts with 60 V: the figures are in `ionto_sim.h`. Change some with `_replace()`."""
    slot = _Slot(_ELECTRONICS, "struct ionto_electronics")
    lib.ionto_electronics_defaults(slot.pointer)
    return SimulatedElectronics._make(slot.read())


class Simulation:
    """The core in a simulated device on a simulated body. The same seed and the same calls give the same bits.

    Before `start()` time passes and nothing is driven. seed: an unsigned integer of 64 bits. memory: the core's bytes.
    ConfigurationError names a figure of body or electronics that is out of its range.
    """

    def __init__(
        self, body: SimulatedBody | None = None, electronics: SimulatedElectronics | None = None, *, seed: int = 0
    ) -> None:
        self._sim: Final[Pointer] = ffi.new("struct ionto_sim *")
        self._config = _Slot(_CONFIG, "struct ionto_config")
        self._request = _Slot(_REQUEST, "struct ionto_request")
        self._answer = _Slot(_ANSWER, "struct ionto_sim_answer")
        self._truth = _Slot(_TRUTH, "struct ionto_truth")
        self._trace: Trace | None = None
        self._when_full: Callable[[Trace], None] | None = None
        self._advanced = 0
        self._events = 0
        given_body = default_body() if body is None else body
        given_electronics = default_electronics() if electronics is None else electronics
        body_slot = _Slot(_BODY, "struct ionto_body")
        electronics_slot = _Slot(_ELECTRONICS, "struct ionto_electronics")
        code = lib.ionto_sim_init(
            self._sim, body_slot.write(given_body), electronics_slot.write(given_electronics), _fit("seed", seed, "Q")
        )
        _refuse(code, given_body if code < SimError.DAC_STEP else given_electronics)
        self.memory: Final = Memory("struct ionto_core", ffi.addressof(self._sim, "core"))

    def start(self, config: Config, carried_trips: int = 0) -> None:
        """Power on, or start anew: `ionto_init()`. Time and body go on. ConfigurationError leaves the core off."""
        carried = _fit("carried_trips", carried_trips, "I")
        _refuse(lib.ionto_sim_start(self._sim, self._config.write(config), carried), config)

    def configure(self, config: Config) -> None:
        """`ionto_configure()` of the running core. ConfigurationError when it is refused; then nothing has changed."""
        _refuse(lib.ionto_sim_configure(self._sim, self._config.write(config)), config)

    def run(self, request: Request, ticks: int, stop_on: int = Event.NONE) -> Telemetry:
        """Advance by up to `ticks` periods of the timer with this request; stop after one with an event in `stop_on`.

        The answer has true time, and the extremes since the last answer. `advanced` tells how far it came, and `events`
        what happened.
        """
        pointer = self._request.write(request)
        try:
            if self._trace is None:
                self._advanced = lib.ionto_sim_run(self._sim, pointer, ticks, stop_on, ffi.NULL)
                self._events = 0
            else:
                self._run_traced(self._trace, pointer, ticks, stop_on)
        except (OverflowError, TypeError):
            _fit("ticks", ticks, "I")
            _fit("stop_on", stop_on, "I")
            raise
        lib.ionto_sim_answer(self._sim, self._answer.pointer)
        return Telemetry._make(self._answer.read())

    def _run_traced(self, trace: Trace, request: Pointer, ticks: int, stop_on: int) -> None:
        self._advanced = lib.ionto_sim_run(self._sim, request, ticks, stop_on, trace.pointer)
        self._events = self._sim.events
        while self._when_full is not None and self._sim.events & Event.TRACE:
            self._when_full(trace)
            trace.clear()
            self._advanced += lib.ionto_sim_run(self._sim, request, ticks - self._advanced, stop_on, trace.pointer)
            self._events = (self._events & ~Event.TRACE) | self._sim.events

    @property
    def advanced(self) -> int:
        """Periods of the timer that the last run advanced by."""
        return self._advanced

    @property
    def events(self) -> Event:
        """What happened during the last run."""
        return Event(self._events | self._sim.events if self._trace is None else self._events)

    @property
    def time_us(self) -> int:
        """True time since the simulation was made."""
        time_us: int = self._sim.time_us
        return time_us

    @property
    def powered(self) -> bool:
        """Whether a core was started and the supply is not lost; without power telemetry is the last that came."""
        return bool(self._sim.powered)

    def truth(self) -> Truth:
        """What really is and was. `peak_na` begins anew."""
        lib.ionto_sim_truth(self._sim, self._truth.pointer)
        return Truth._make(self._truth.read())

    def inject(self, fault: int, parameter: int = 0) -> None:
        """Begin a fault, now. ValueError: no such fault, or its parameter is out of the range in `ionto_sim.h`."""
        code = lib.ionto_sim_inject(self._sim, _fit("fault", fault, "I"), _fit("parameter", parameter, "i"))
        _refuse_fault(code, fault, parameter)

    def clear(self, fault: int) -> None:
        """End a fault; one that is not there stays so. ValueError when there is no such fault."""
        _refuse_fault(lib.ionto_sim_clear(self._sim, _fit("fault", fault, "I")), fault, 0)

    def trial(self, trial: Trial, trace: Trace) -> TrialOutcome:
        """What comes of a fault, tried on a copy: this simulation, which has power, stays as it is.

        The trace is begun anew and holds every step of the trial. ValueError: no such fault, its parameter is out of
        its range, a share of a hand is, a time that has to pass is not above 0, or the trace is too short.
        """
        for name in ("settle_us", "exchange_us"):
            if getattr(trial, name) <= 0:
                raise ValueError(f"{name}: {getattr(trial, name)} does not pass")
        if not 0 <= trial.lift_permille <= _MOST_LIFT_PERMILLE:
            raise ValueError(f"lift_permille: {trial.lift_permille} is not from 0 to {_MOST_LIFT_PERMILLE}")
        slot, outcome_slot = _Slot(_TRIAL, "struct ionto_trial"), _Slot(_OUTCOME, "struct ionto_trial_outcome")
        trace.clear()
        lib.ionto_trial_run(self._sim, slot.write(trial), trace.pointer, outcome_slot.pointer)
        outcome = TrialOutcome._make(outcome_slot.read())
        if outcome.error != SimError.OK:
            raise ValueError(
                f"trial: fault {trial.fault} with {trial.parameter}, or {trial.second_fault} with "
                f"{trial.second_parameter}, is none of those of ionto_sim.h or out of its range"
            )
        if outcome.full:
            raise ValueError(f"trace: {trace.capacity} rows are too few for this trial")
        return outcome

    def record(self, trace: Trace | None, when_full: Callable[[Trace], None] | None = None) -> None:
        """Write every step from now on into a trace, or none.

        A full trace is handed to `when_full`, and when that returns it is written from its first row again. Without
        `when_full` a run stops at a full trace, with Event.TRACE.
        """
        self._trace = trace
        self._when_full = when_full


def _refuse_fault(code: int, fault: int, parameter: int) -> None:
    if code == SimError.FAULT:
        raise ValueError(f"fault: {fault} is none of the faults of ionto_sim.h")
    if code == SimError.PARAMETER:
        raise ValueError(f"parameter: {parameter} is out of the range that ionto_sim.h states for {Fault(fault).name}")
