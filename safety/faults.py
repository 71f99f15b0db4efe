"""Single faults: what can go wrong in a device, one thing at a time, and how each is injected into the simulated one.

A row is one fault in plain English. It names the hazards that it can lead to and the invariants that it puts to the
test; whether they held is found by the campaign (``iontocore.verification.campaign``) and never stated here. A fault
with a size is injected with several: one that is too small to be told from a sound part, and gross ones.

The core cannot answer everything. A fault that it cannot end, because the current no longer passes through anything
that it commands, or because no step happens any more, or because nobody tells it, is the hardware's: its row says why,
and what the integrator has to show. An interruption that is shorter than a debounce passes unseen, and how short that
is says the profile of the device. What is wrong in a report, and decides on no current, is for the supervisor to find.
Such rows are injected and measured like every other and never counted as held. So are two pairs of faults, which are
there because the first fault of each can lie hidden.

Figures without a source are assumptions: they were chosen to lie to either side of the thresholds of the simulated
device (``core/devices/simulated.toml``). Ids are never renumbered and never used again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from iontocore.ccore import Fault
from iontocore.safety.hazards import HAZARD_BY_ID
from iontocore.safety.invariants import INVARIANT_BY_ID

_MA: Final = 1_000_000
"""nA in a milliampere."""
_MS: Final = 1_000
"""us in a millisecond."""
_ID: Final = re.compile(r"SF-\d\d")


class Subject(StrEnum):
    """What fails."""

    FIRST_SENSOR = "first current sensor"
    SECOND_SENSOR = "second current sensor"
    VOLTAGE_SENSOR = "voltage sensor"
    CONVERTER = "converter"
    CONTACT_SENSE = "contact sense"
    DAC = "DAC"
    SWITCH = "output switch"
    TIMER = "timer"
    CLOCK = "clock"
    SUPERVISOR = "supervisor"
    EMERGENCY = "emergency stop"
    SUPPLY = "supply"
    BODY = "body"
    MEMORY = "memory"
    TWO = "two faults"


class AnsweredBy(StrEnum):
    """Who has to keep the fault from hurting."""

    CORE = "core"
    SUPERVISOR = "supervisor"
    HARDWARE = "hardware"
    PROFILE = "device profile"


@dataclass(frozen=True, slots=True)
class Injection:
    """One way to inject a fault: which fault of the simulation, with what parameter (``ionto_sim.h`` states its unit),
    and for how long (us; 0: it stays). second: another fault at the same time, with its parameter."""

    fault: Fault
    parameter: int
    lasts_us: int = 0
    second: tuple[Fault, int] | None = None


@dataclass(frozen=True, slots=True)
class SingleFault:
    """One row. ValueError when it is malformed, or speaks of a hazard or an invariant that there is not.

    id: ``SF-01`` and so on.
    sentence: what has happened to the device.
    subject: which part of it.
    injections: how it is injected, the gravest last; none for memory, of which every word of a part is injected in
    turn.
    memory: names of words of the core's state, or what they begin with; a word belongs to the row that names most of
    it. Empty for what is not memory.
    hazards: ids of ``safety.hazards`` that it can lead to.
    endangers: ids of ``safety.invariants`` that it puts to the test.
    silent: whether the supervisor is not heard any more, so that the core has to end the session alone.
    watchdog: whether the watchdog of the simulated device is fitted.
    answered_by: who has to keep it from hurting.
    why: of what the core does not answer: why not; empty otherwise.
    to_show: ... and what the integrator has to show; empty otherwise.
    """

    id: str
    sentence: str
    subject: Subject
    injections: tuple[Injection, ...]
    hazards: tuple[str, ...]
    endangers: tuple[str, ...]
    memory: tuple[str, ...] = ()
    silent: bool = False
    watchdog: bool = True
    answered_by: AnsweredBy = AnsweredBy.CORE
    why: str = ""
    to_show: str = ""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"fault id {self.id!r} is not of the form SF-01")
        if not self.sentence.strip():
            raise ValueError(f"{self.id}: the sentence is empty")
        if bool(self.injections) == bool(self.memory):
            raise ValueError(f"{self.id}: either injections or a part of the memory")
        if not self.hazards or not self.endangers:
            raise ValueError(f"{self.id}: no hazard, or no invariant that it endangers")
        for name, known, table in (
            ("hazard", self.hazards, HAZARD_BY_ID),
            ("invariant", self.endangers, INVARIANT_BY_ID),
        ):
            unknown = [row for row in known if row not in table]
            if unknown:
                raise ValueError(f"{self.id}: {unknown[0]} is no {name}")
        if (self.answered_by is AnsweredBy.CORE) == bool(self.why or self.to_show):
            raise ValueError(f"{self.id}: what the core does not answer, and nothing else, says why")
        if bool(self.why) != bool(self.to_show):
            raise ValueError(f"{self.id}: one of why and to_show is empty")


def _sensor(
    ids: Sequence[str], subject: Subject, letter: str, sizes: tuple[int, ...], noises: tuple[int, ...], *more: str
) -> tuple[SingleFault, ...]:
    """The seven faults of one sensor. sizes: offsets, noises: r.m.s., in its unit; more: invariants that only this
    sensor's faults endanger."""
    endangers = ("SI-12", "SI-13", *more)
    hazards = ("H-01", "H-11", "H-13") if subject is not Subject.VOLTAGE_SENSOR else ("H-09", "H-10", "H-11")
    ways: tuple[tuple[str, str, tuple[int, ...]], ...] = (
        ("reads zero, whatever is there", "ZERO", (0,)),
        ("reads full scale, in either direction", "FULL", (1, -1)),
        ("repeats its last value", "LAST", (0,)),
        ("is off by a constant", "OFFSET", tuple(sign * size for size in sizes for sign in (1, -1))),
        ("reads a wrong share of the truth, or the other direction", "GAIN", (-1000, 500, 980, 1020, 2000)),
        ("has more noise than it should", "NOISE", noises),
        ("follows slowly", "SLOW", (2 * _MS, 500 * _MS)),
    )
    return tuple(
        SingleFault(
            name,
            f"The {subject} {sentence}.",
            subject,
            tuple(Injection(Fault[f"{letter}_{way}"], parameter) for parameter in parameters),
            hazards,
            endangers,
        )
        for name, (sentence, way, parameters) in zip(ids, ways, strict=True)
    )


def _memory(*parts: tuple[str, str, str]) -> tuple[SingleFault, ...]:
    """Memory that is stored twice, so that every bit of it counts."""
    return tuple(
        SingleFault(
            name,
            f"One bit flips in {sentence}.",
            Subject.MEMORY,
            (),
            ("H-01", "H-06", "H-11"),
            ("SI-01", "SI-02", "SI-03", "SI-07", "SI-20"),
            memory=(memory,),
        )
        for name, memory, sentence in parts
    )


def _each(fault: Fault, *parameters: int) -> tuple[Injection, ...]:
    return tuple(Injection(fault, parameter) for parameter in parameters)


def _lasting(fault: Fault, parameter: int, *lasts_us: int) -> tuple[Injection, ...]:
    return tuple(Injection(fault, parameter, time_us) for time_us in lasts_us)


_CURRENT_SIZES: Final = (_MA // 5, 2 * _MA)
_VOLTAGE_SIZES: Final = (100, 20_000)

FAULTS: Final[tuple[SingleFault, ...]] = (
    *_sensor(
        ("SF-01", "SF-02", "SF-03", "SF-04", "SF-05", "SF-06", "SF-07"),
        Subject.FIRST_SENSOR,
        "A",
        _CURRENT_SIZES,
        (_MA // 20, 5 * _MA),
        "SI-08",
    ),
    *_sensor(
        ("SF-08", "SF-09", "SF-10", "SF-11", "SF-12", "SF-13", "SF-14"),
        Subject.SECOND_SENSOR,
        "B",
        _CURRENT_SIZES,
        (_MA // 20, 5 * _MA),
    ),
    *_sensor(
        ("SF-15", "SF-16", "SF-17", "SF-18", "SF-19", "SF-20", "SF-21"),
        Subject.VOLTAGE_SENSOR,
        "V",
        _VOLTAGE_SIZES,
        (50, 20_000),
        "SI-09",
        "SI-10",
        "SI-11",
    ),
    SingleFault(
        "SF-22",
        "The converter is dead: no sensor is sampled any more.",
        Subject.CONVERTER,
        _each(Fault.CONVERTER_DEAD, 0),
        ("H-01", "H-11"),
        ("SI-12", "SI-13"),
    ),
    SingleFault(
        "SF-23",
        "The contact sense says contact, whatever is there.",
        Subject.CONTACT_SENSE,
        _each(Fault.CONTACT_STUCK, 1),
        ("H-04", "H-05"),
        ("SI-05", "SI-10", "SI-27"),
    ),
    SingleFault(
        "SF-24",
        "The contact sense says no contact, whatever is there.",
        Subject.CONTACT_SENSE,
        _each(Fault.CONTACT_STUCK, 0),
        ("H-04",),
        ("SI-05", "SI-10"),
    ),
    SingleFault(
        "SF-25",
        "The DAC holds its last value, whatever is driven.",
        Subject.DAC,
        _each(Fault.DAC_STUCK, 0),
        ("H-01", "H-06"),
        ("SI-12", "SI-14", "SI-16"),
    ),
    SingleFault(
        "SF-26",
        "The DAC runs away to a current of its own, in either direction.",
        Subject.DAC,
        _each(Fault.DAC_RUNAWAY, 40 * _MA, -40 * _MA, 5 * _MA, -5 * _MA),
        ("H-01", "H-03"),
        ("SI-08", "SI-12", "SI-14"),
    ),
    SingleFault(
        "SF-27",
        "The DAC gives a wrong share of what is driven.",
        Subject.DAC,
        _each(Fault.DAC_GAIN, 0, 500, 980, 1020, 1500, 10_000),
        ("H-01", "H-11"),
        ("SI-08", "SI-12"),
    ),
    SingleFault(
        "SF-28",
        "The DAC gives the other direction.",
        Subject.DAC,
        _each(Fault.DAC_SIGN, 0),
        ("H-03", "H-11", "H-14"),
        ("SI-12",),
    ),
    SingleFault(
        "SF-29",
        "The DAC is off by a constant.",
        Subject.DAC,
        _each(Fault.DAC_OFFSET, _MA // 5, -_MA // 5, 3 * _MA, -3 * _MA),
        ("H-01", "H-08"),
        ("SI-12", "SI-14"),
    ),
    SingleFault(
        "SF-30",
        "The output switch is welded: it does not open any more.",
        Subject.SWITCH,
        _each(Fault.SWITCH_WELDED, 0),
        ("H-06", "H-08"),
        ("SI-06", "SI-14"),
    ),
    SingleFault(
        "SF-31",
        "The output switch does not close any more.",
        Subject.SWITCH,
        _each(Fault.SWITCH_OPEN, 0),
        ("H-11",),
        ("SI-12", "SI-14"),
    ),
    SingleFault(
        "SF-32",
        "The read-back of the output switch says closed, whatever it does.",
        Subject.SWITCH,
        _each(Fault.SWITCH_READBACK, 1),
        ("H-08",),
        ("SI-14",),
    ),
    SingleFault(
        "SF-33",
        "The read-back of the output switch says open, whatever it does.",
        Subject.SWITCH,
        _each(Fault.SWITCH_READBACK, 0),
        ("H-08",),
        ("SI-14",),
    ),
    SingleFault(
        "SF-34",
        "Current flows past the output switch while it is open.",
        Subject.SWITCH,
        _each(Fault.SWITCH_LEAK, _MA // 2, -_MA // 2, 5 * _MA),
        ("H-06", "H-08"),
        ("SI-14",),
        answered_by=AnsweredBy.HARDWARE,
        why="the core finds it and latches LEAKAGE, but the switch is the last thing that it commands: this current "
        "goes past it",
        to_show="that no single fault lets more than the leakage level past the open output: a second switch, or a "
        "supply of the output stage that is cut when a trip is latched",
    ),
    SingleFault(
        "SF-35",
        "Ticks are missed: the timer's interrupt does not come.",
        Subject.TIMER,
        _each(Fault.TICK_MISSED, 1, 5, 40),
        ("H-03", "H-12"),
        ("SI-03", "SI-21"),
    ),
    SingleFault(
        "SF-36",
        "Ticks are doubled: the timer's interrupt comes twice.",
        Subject.TIMER,
        _each(Fault.TICK_DOUBLED, 1, 5),
        ("H-03", "H-12"),
        ("SI-03", "SI-21"),
    ),
    SingleFault(
        "SF-37",
        "The timer of the tick is slow.",
        Subject.TIMER,
        _each(Fault.TIMER_SLOW, 150, 500, 1000, 9000),
        ("H-12", "H-13"),
        ("SI-17", "SI-18", "SI-21"),
    ),
    SingleFault(
        "SF-38",
        "The timer of the tick is fast.",
        Subject.TIMER,
        _each(Fault.TIMER_FAST, 150, 500, 900),
        ("H-03",),
        ("SI-03", "SI-21"),
    ),
    SingleFault(
        "SF-39",
        "The timer of the tick is frozen: no step happens any more.",
        Subject.TIMER,
        _each(Fault.TIMER_FROZEN, 0),
        ("H-06",),
        ("SI-16", "SI-21"),
        answered_by=AnsweredBy.HARDWARE,
        why="without a step the core sees nothing and commands nothing, and the last drive flows on",
        to_show="that a watchdog of its own clock opens the output switch when steps stop (the simulated device: after "
        "50 ms)",
    ),
    SingleFault(
        "SF-40",
        "The free-running clock stands still.",
        Subject.CLOCK,
        _each(Fault.CLOCK_STOPPED, 0),
        ("H-12",),
        ("SI-21",),
    ),
    SingleFault(
        "SF-41",
        "The free-running clock is slow.",
        Subject.CLOCK,
        _each(Fault.CLOCK_SLOW, 150, 500, 1000),
        ("H-12",),
        ("SI-21",),
    ),
    SingleFault(
        "SF-42",
        "The free-running clock is fast.",
        Subject.CLOCK,
        _each(Fault.CLOCK_FAST, 150, 500, 9000),
        ("H-12",),
        ("SI-21",),
    ),
    SingleFault(
        "SF-43",
        "The supervisor dies: the last request stands, heartbeat and all.",
        Subject.SUPERVISOR,
        _each(Fault.SUPERVISOR_FROZEN, 0),
        ("H-06", "H-07"),
        ("SI-15",),
        silent=True,
    ),
    SingleFault(
        "SF-44",
        "The supervisor hangs: requests come, and its heartbeat stands still.",
        Subject.SUPERVISOR,
        _each(Fault.HEARTBEAT_LOST, 0),
        ("H-06", "H-07"),
        ("SI-15",),
        silent=True,
    ),
    SingleFault(
        "SF-45",
        "The supervisor repeats its last request, with a heartbeat that lives.",
        Subject.SUPERVISOR,
        _each(Fault.SUPERVISOR_STUCK, 0),
        ("H-06", "H-07"),
        ("SI-01", "SI-16"),
        answered_by=AnsweredBy.HARDWARE,
        why="to the core this is a living supervisor who wants the session to go on; it ends at the caps of charge and "
        "time, and at the emergency stop",
        to_show="that the emergency stop reaches the core by a line of its own, past the supervisor",
    ),
    SingleFault(
        "SF-46",
        "The supervisor sends garbage at every tick, in which there is a stop now and then.",
        Subject.SUPERVISOR,
        _each(Fault.SUPERVISOR_GARBAGE, 0, 500),
        ("H-01", "H-03", "H-05", "H-07"),
        ("SI-01", "SI-03", "SI-04", "SI-05", "SI-07", "SI-16", "SI-22"),
    ),
    SingleFault(
        "SF-47",
        "The supervisor sends garbage at every tick, and every request says RUN.",
        Subject.SUPERVISOR,
        _each(Fault.SUPERVISOR_GARBAGE, 1000),
        ("H-01", "H-03", "H-06", "H-07"),
        ("SI-01", "SI-03", "SI-04", "SI-05", "SI-07", "SI-22"),
        answered_by=AnsweredBy.HARDWARE,
        why="the core keeps every limit and ramp of what it is asked for, but nobody asks it to stop; it ends at the "
        "caps of charge and time, and at the emergency stop",
        to_show="that the emergency stop reaches the core by a line of its own, past the supervisor; and that records "
        "on the link are checked, so that garbage is not taken for requests",
    ),
    SingleFault(
        "SF-48",
        "The supply of the output stage drops and stays low.",
        Subject.SUPPLY,
        _each(Fault.SUPPLY_DIP, 20_000, 5000, 0),
        ("H-03", "H-11"),
        ("SI-10", "SI-12"),
    ),
    SingleFault(
        "SF-49",
        "The supply of the output stage dips and comes back.",
        Subject.SUPPLY,
        (
            *_lasting(Fault.SUPPLY_DIP, 0, 100 * _MS, 1000 * _MS),
            *_lasting(Fault.SUPPLY_DIP, 20_000, 100 * _MS, 1000 * _MS),
        ),
        ("H-03",),
        ("SI-03", "SI-10", "SI-12"),
    ),
    SingleFault(
        "SF-50",
        "The supply is lost.",
        Subject.SUPPLY,
        _each(Fault.SUPPLY_LOST, 0),
        ("H-05", "H-06"),
        ("SI-05", "SI-06"),
    ),
    SingleFault(
        "SF-51",
        "The supply is lost and comes back while the supervisor goes on asking for current.",
        Subject.SUPPLY,
        _each(Fault.SUPPLY_LOST, _MS, 50 * _MS, 1000 * _MS),
        ("H-03", "H-05"),
        ("SI-05", "SI-06", "SI-07"),
    ),
    SingleFault(
        "SF-52",
        "A hand is lifted, in whole or by half.",
        Subject.BODY,
        _each(Fault.BODY_LIFT, 500, 0),
        ("H-02", "H-04"),
        ("SI-10", "SI-27"),
    ),
    SingleFault(
        "SF-53",
        "A hand is lifted and comes back.",
        Subject.BODY,
        _lasting(Fault.BODY_LIFT, 0, 10 * _MS, 100 * _MS, 1000 * _MS),
        ("H-03", "H-04"),
        ("SI-05", "SI-10", "SI-27"),
    ),
    SingleFault(
        "SF-54",
        "The hands come back to a device that waits for them.",
        Subject.BODY,
        _each(Fault.BODY_RETURN, 0),
        ("H-03", "H-04", "H-05"),
        ("SI-03", "SI-05"),
    ),
    SingleFault(
        "SF-55",
        "Contact goes and comes back, over and over.",
        Subject.BODY,
        _each(Fault.BODY_FLICKER, 20 * _MS, 300 * _MS),
        ("H-03", "H-04"),
        ("SI-03", "SI-05", "SI-10", "SI-27"),
    ),
    SingleFault(
        "SF-56",
        "The electrodes touch, or the skin touches an electrode.",
        Subject.BODY,
        _each(Fault.BODY_SHORT, 1500, 150, 0),
        ("H-10",),
        ("SI-11",),
    ),
    SingleFault(
        "SF-57",
        "The electrodes touch and come apart again.",
        Subject.BODY,
        _lasting(Fault.BODY_SHORT, 0, 5 * _MS, 50 * _MS, 1000 * _MS),
        ("H-03", "H-10"),
        ("SI-03", "SI-11"),
    ),
    SingleFault(
        "SF-58",
        "The skin is dry and water is missing.",
        Subject.BODY,
        _each(Fault.BODY_DRY, 0),
        ("H-02", "H-09"),
        ("SI-09", "SI-10", "SI-12", "SI-27"),
    ),
    SingleFault(
        "SF-59",
        "There is salt in the water and the skin is soaked.",
        Subject.BODY,
        _each(Fault.BODY_WET, 0),
        ("H-01", "H-10"),
        ("SI-01", "SI-11"),
    ),
    *_memory(
        ("SF-60", "regulator.limits.", "the limits that the regulator works by"),
        ("SF-61", "regulator.limits_inv.", "the complement of the regulator's limits"),
        ("SF-62", "regulator.state.", "what the regulator remembers"),
        ("SF-63", "regulator.state_inv.", "the complement of what the regulator remembers"),
        ("SF-64", "guard.config.", "the configuration that the guard works by"),
        ("SF-65", "guard.config_inv.", "the complement of the guard's configuration"),
        ("SF-66", "guard.state.", "what the guard remembers, trips among it"),
        ("SF-67", "guard.state_inv.", "the complement of what the guard remembers"),
    ),
    *(
        SingleFault(
            name,
            f"One bit flips in {sentence}.",
            Subject.MEMORY,
            (),
            ("H-11",),
            ("SI-01", "SI-03", "SI-07", "SI-22"),
            memory=memory,
        )
        for name, memory, sentence in (
            (
                "SF-68",
                ("regulator.phase", "regulator.limited_by", "regulator.refused"),
                "what the regulator says of itself for the report",
            ),
            ("SF-69", ("telemetry.", "reported"), "the report that is being gathered, the measured charge apart"),
        )
    ),
    SingleFault(
        "SF-70",
        "One bit flips in the measured charge of the report.",
        Subject.MEMORY,
        (),
        ("H-11", "H-13"),
        ("SI-18",),
        memory=("telemetry.measured_positive_fc", "telemetry.measured_negative_fc"),
        answered_by=AnsweredBy.SUPERVISOR,
        why="the core stores the measured charge once: it decides on no current by it, and its caps go by the driven "
        "charge. The session that is shipped takes no report of a charge that cannot have flowed since the last one, "
        "and ends in fault; what passes is less than twice the sensors' full scale for one exchange",
        to_show="of a supervisor that is not the session that is shipped: that it does the same; or that memory is "
        "checked (parity or ECC)",
    ),
    SingleFault(
        "SF-71",
        "The timer is frozen, and there is no watchdog.",
        Subject.TWO,
        _each(Fault.TIMER_FROZEN, 0),
        ("H-06",),
        ("SI-16", "SI-21"),
        watchdog=False,
        answered_by=AnsweredBy.HARDWARE,
        why="no step happens and nothing else opens the switch: this is what SF-39 comes to without its watchdog",
        to_show="that the watchdog is tested at every power-on, so that its failure does not lie hidden",
    ),
    SingleFault(
        "SF-72",
        "The DAC runs away while the output switch is welded.",
        Subject.TWO,
        tuple(
            Injection(Fault.DAC_RUNAWAY, sign * size, second=(Fault.SWITCH_WELDED, 0))
            for size in (40 * _MA, 5 * _MA)
            for sign in (1, -1)
        ),
        ("H-01", "H-06"),
        ("SI-08", "SI-12", "SI-14"),
        answered_by=AnsweredBy.HARDWARE,
        why="the core finds both and drives zero, but neither of the two that could stop the current obeys",
        to_show="that a welded switch, which the core finds by its read-back at the next opening, locks the device "
        "until it is repaired; or a second means to cut the output stage",
    ),
    SingleFault(
        "SF-73",
        "The supply of the output stage dips for less than the debounce of a mismatch, and comes back.",
        Subject.SUPPLY,
        (*_lasting(Fault.SUPPLY_DIP, 0, 3 * _MS, 15 * _MS), *_lasting(Fault.SUPPLY_DIP, 20_000, 3 * _MS, 15 * _MS)),
        ("H-03",),
        ("SI-03", "SI-12"),
        answered_by=AnsweredBy.PROFILE,
        why="less current than is driven counts as a mismatch only when it lasts, and the drive goes on meanwhile: "
        "what comes back comes back in one step",
        to_show="that the supply of the output stage bridges the debounce of a mismatch; or a debounce as short as the "
        "sensors allow, down to one tick",
    ),
    SingleFault(
        "SF-74",
        "Contact is lost for less than the debounce of an open circuit, once or over and over.",
        Subject.BODY,
        (*_lasting(Fault.BODY_LIFT, 0, 2 * _MS, 4 * _MS), *_each(Fault.BODY_FLICKER, 2 * _MS, 4 * _MS)),
        ("H-03", "H-04"),
        ("SI-03", "SI-10", "SI-27"),
    ),
    SingleFault(
        "SF-75",
        "Most of a hand is lifted, whether or not it comes back.",
        Subject.BODY,
        (
            *_lasting(Fault.BODY_LIFT, 100, 0, 100 * _MS, 1000 * _MS),
            *_lasting(Fault.BODY_LIFT, 20, 0, 100 * _MS, 1000 * _MS),
        ),
        ("H-02", "H-03", "H-04"),
        ("SI-03", "SI-10", "SI-27"),
    ),
    *(
        SingleFault(
            name,
            f"The {subject} is dead: its input is connected to nothing, and floats.",
            subject,
            tuple(Injection(Fault[f"{letter}_GAIN"], 0, second=(Fault[f"{letter}_NOISE"], noise)) for noise in noises),
            hazards,
            endangers,
        )
        for name, subject, letter, noises, hazards, endangers in (
            ("SF-76", Subject.FIRST_SENSOR, "A", (_MA // 20, 20 * _MA), ("H-01", "H-11", "H-13"), ("SI-12", "SI-13")),
            ("SF-77", Subject.SECOND_SENSOR, "B", (_MA // 20, 20 * _MA), ("H-01", "H-11", "H-13"), ("SI-12", "SI-13")),
            ("SF-78", Subject.VOLTAGE_SENSOR, "V", (50, 20_000), ("H-09", "H-10", "H-11"), ("SI-10", "SI-11", "SI-13")),
        )
    ),
    SingleFault(
        "SF-79",
        "The emergency stop does not reach the core.",
        Subject.EMERGENCY,
        _each(Fault.EMERGENCY_DEAD, 0),
        ("H-06",),
        ("SI-16",),
        answered_by=AnsweredBy.HARDWARE,
        why="what the core is not told of it cannot obey; STOP still ends the session",
        to_show="that the emergency stop opens the output by itself, and that a broken wire reads as pressed",
    ),
    SingleFault(
        "SF-80",
        "The supply of the output stage rises above its compliance.",
        Subject.SUPPLY,
        _each(Fault.SUPPLY_HIGH, 64_000, 80_000, 120_000),
        ("H-09",),
        ("SI-09", "SI-10"),
    ),
)


def _by_id(rows: tuple[SingleFault, ...]) -> Mapping[str, SingleFault]:
    """The rows by id, in their order. ValueError when an id is given twice."""
    table = {row.id: row for row in rows}
    if len(table) != len(rows):
        raise ValueError("a fault's id is given twice")
    return MappingProxyType(table)


FAULT_BY_ID: Final[Mapping[str, SingleFault]] = _by_id(FAULTS)
"""The same rows by id; read-only."""
