"""The simulated body and its electronics, and what happens to them in a session: what a body file says.

    area_a_cm2 = 150.0

    [electronics]
    compliance_v = 24.0

    [[events]]
    at_s = 300.0
    kind = "lift"

What is left out, but for an event's ``at_s`` and ``kind``, has the simulation's default. What the figures do, where
they come from, what the defaults are and what each fault does stands in its header (``ccore/sim/ionto_sim.h``).
Nothing of this is part of a device.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from iontocore.ccore import Fault, SimulatedBody, SimulatedElectronics, default_body, default_electronics
from iontocore.fields import Quantity, Table, check_choice, parse_table, read_table
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import shown

FORMAT: Final = "the body file's format"
SIMULATION: Final = "the simulation"
_START_AGAIN: Final = "leave --body out for hands in trays"
_LAST_EVENT_MS: Final = 86_400_000
_BILLION: Final = 1_000_000_000


def _row(key: str, attribute: str, low: int, high: int, means: str, step: int = 1) -> Quantity:
    return Quantity(key, attribute, low, high, SIMULATION, means, step)


_DRY: Final = _row("dry_kohm_cm2", "dry_ohm_cm2", 1_000, 100_000_000, "skin before it soaks, at 0 V")
_WET: Final = _row("wet_kohm_cm2", "wet_ohm_cm2", 1_000, 100_000_000, "soaked skin, at 0 V")

BODY_QUANTITIES: Final = (
    _row("area_a_cm2", "area_a_mm2", 10, 200_000, "skin in contact with side A, the output's first terminal"),
    _row("area_b_cm2", "area_b_mm2", 10, 200_000, "skin in contact with side B"),
    _DRY,
    _WET,
    _row("capacitance_nf_cm2", "capacitance_pf_cm2", 10, 1_000_000, "capacitance of skin"),
    _row("soak_start_percent", "soak_start_permille", 0, 1_000, "how far the skin is soaked at the start"),
    _row("soak_s", "soak_ms", 100, 10_000_000, "time constant of soaking"),
    _row("voltage_gain_percent", "voltage_gain_permille", 0, 1_000_000, "gain of conductance at very high voltage"),
    _row("voltage_half_v", "voltage_half_mv", 100, 1_000_000, "skin voltage at which half of that gain is reached"),
    _row("fast_share_percent", "fast_share_permille", 0, 1_000, "the fast part of the drop of resistance at onset"),
    _row("fast_s", "fast_ms", 50, 10_000, "its time constant"),
    _row("slow_s", "slow_ms", 50, 10_000_000, "time constant of the slow part, resistance falling"),
    _row("recovery_s", "recovery_ms", 50, 100_000_000, "... and rising"),
    _row("water_ohm", "water_ohm", 0, 1_000_000, "water and electrode of each side"),
    _row("internal_ohm", "internal_ohm", 10, 1_000_000, "inside the body"),
    _row("open_mohm", "open_ohm", 1_000_000, 2_000_000_000, "what is left when a hand is lifted"),
)
"""The numbers of a body, in the order of ``struct ionto_body``."""


def _sensor(sensor: str) -> tuple[Quantity, ...]:
    return (
        _row(f"{sensor}_step_ua", f"{sensor}_step_na", 1, 1_000_000, "resolution"),
        _row(f"{sensor}_full_ma", f"{sensor}_full_na", 1_000_000, 1_000_000_000, "full scale, never exceeded"),
        _row(f"{sensor}_gain_percent", f"{sensor}_gain_ppm", -200_000, 200_000, "error of gain"),
        _row(f"{sensor}_offset_ua", f"{sensor}_offset_na", -1_000_000, 1_000_000, "error at zero"),
        _row(f"{sensor}_noise_ua", f"{sensor}_noise_na", 0, 1_000_000, "noise, r.m.s."),
    )


ELECTRONICS_QUANTITIES: Final = (
    _row("dac_step_ua", "dac_step_na", 1, 1_000_000, "resolution of the DAC"),
    _row("dac_full_ma", "dac_full_na", 1_000_000, 200_000_000, "the largest current that it can ask for"),
    _row("dac_gain_percent", "dac_gain_ppm", -200_000, 200_000, "its error of gain"),
    _row("dac_offset_ua", "dac_offset_na", -1_000_000, 1_000_000, "its error at zero"),
    _row("stage_ms", "stage_us", 1, 100_000, "time constant of the output stage"),
    _row("compliance_v", "compliance_mv", 1_000, 200_000, "the most that the output stage can give"),
    *_sensor("a"),
    *_sensor("b"),
    _row("v_step_mv", "v_step_mv", 1, 10_000, "resolution of the voltage sensor"),
    _row("v_full_v", "v_full_mv", 1_000, 1_000_000, "its full scale"),
    _row("v_gain_percent", "v_gain_ppm", -200_000, 200_000, "its error of gain"),
    _row("v_offset_mv", "v_offset_mv", -10_000, 10_000, "its error at zero"),
    _row("v_noise_mv", "v_noise_mv", 0, 10_000, "its noise, r.m.s."),
    _row("switch_ms", "switch_us", 0, 100_000, "from the command to the output switch's contacts"),
    _row("contact_ms", "contact_us", 0, 1_000_000, "from a change of contact to the contact sense input"),
    _row("clock_ppm", "clock_ppm", -100_000, 100_000, "error of the free-running clock"),
    _row("jitter_us", "jitter_us", 0, 1_000, "latency of the interrupt, to either side"),
    _row(
        "watchdog_ms", "watchdog_us", 0, 10_000_000, "the switch opens this long after the last drive; 0: none fitted"
    ),
    _row("clock_start_s", "clock_start_us", 0, 4_294_967_295, "the free-running clock at power-on"),
)
"""The numbers of the electronics, in the order of ``struct ionto_electronics``."""


@dataclass(frozen=True, slots=True)
class Words:
    """A parameter that is one of several words. key: its name; codes: what each word is in the simulation."""

    key: str
    codes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: a fault of the simulation, as its header lists them.

    fault: what the simulation calls it. means: what happens, in a line.
    parameter: what has to be said besides, or None. default: what it is when it is left out; None: it is required.
    once: ends by itself, so that it cannot be told how long to last.
    """

    fault: Fault
    means: str
    parameter: Quantity | Words | None = None
    default: int | None = None
    once: bool = False

    @property
    def name(self) -> str:
        """What files call it: ``short`` for BODY_SHORT, ``a-zero`` for A_ZERO."""
        return self.fault.name.removeprefix("BODY_").lower().replace("_", "-")


def _sensor_kinds(first: Fault, sensor: str, offset: Quantity, noise: Quantity) -> tuple[Kind, ...]:
    """The seven faults that each sensor can have, numbered alike from the first on."""
    sign = Words("direction", MappingProxyType({"positive": 1, "negative": -1}))
    reads = _row("reads_percent", "reads_permille", -2_000, 10_000, "how much of the truth it reads")
    slow = _row("time_constant_ms", "time_constant_us", 1, _BILLION, "its time constant")
    return (
        Kind(first, f"the {sensor} reads zero"),
        Kind(Fault(first + 1), f"the {sensor} reads full scale", sign),
        Kind(Fault(first + 2), f"the {sensor} repeats its last value"),
        Kind(Fault(first + 3), f"the {sensor} is off by a constant", offset),
        Kind(Fault(first + 4), f"the {sensor} reads a part of the truth, or more", reads),
        Kind(Fault(first + 5), f"the {sensor} has more noise", noise),
        Kind(Fault(first + 6), f"the {sensor} follows slowly", slow),
    )


def _permille(means: str, low: int, high: int) -> Quantity:
    return _row("by_percent", "by_permille", low, high, means)


_CURRENT: Final = _row("current_ma", "current_na", -_BILLION, _BILLION, "the current")
_OFFSET: Final = _row("offset_ua", "offset_na", -_BILLION, _BILLION, "how far it is off")
_NOISE: Final = _row("noise_ua", "noise_na", 0, _BILLION, "the noise, r.m.s.")
_OFFSET_V: Final = _row("offset_mv", "offset_mv", -1_000_000, 1_000_000, "how far it is off")
_NOISE_V: Final = _row("noise_mv", "noise_mv", 0, 1_000_000, "the noise, r.m.s.")
_TICKS: Final = _row("for_ticks", "for_ticks", 1, _BILLION, "how many steps")

KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        Fault.BODY_LIFT,
        "a hand is lifted",
        _row("left_in_percent", "left_in_permille", 0, 999, "how much of side A's skin stays in the water"),
        default=0,
    ),
    Kind(Fault.BODY_RETURN, "the hands are in the water: ends lift, flicker and short", once=True),
    Kind(
        Fault.BODY_FLICKER,
        "contact goes and comes back, over and over",
        _row("each_ms", "each_us", 1, _BILLION, "how long it is there, and how long it is gone"),
        default=200_000,
    ),
    Kind(
        Fault.BODY_SHORT,
        "the electrodes touch",
        _row("short_ohm", "short_ohm", 0, 1_000_000, "the resistance between them"),
        default=50,
    ),
    Kind(Fault.BODY_DRY, "water is missing"),
    Kind(Fault.BODY_WET, "salt water"),
    Kind(Fault.EMERGENCY_STOP, "the emergency stop is pressed"),
    *_sensor_kinds(Fault.A_ZERO, "first current sensor", _OFFSET, _NOISE),
    *_sensor_kinds(Fault.B_ZERO, "second current sensor", _OFFSET, _NOISE),
    *_sensor_kinds(Fault.V_ZERO, "voltage sensor", _OFFSET_V, _NOISE_V),
    Kind(Fault.CONVERTER_DEAD, "no sensor is sampled any more"),
    Kind(
        Fault.CONTACT_STUCK,
        "the contact sense input does not move",
        Words("reads", MappingProxyType({"none": 0, "contact": 1})),
    ),
    Kind(Fault.DAC_STUCK, "the DAC holds its last value"),
    Kind(Fault.DAC_RUNAWAY, "the output stage asks for a current of its own", _CURRENT),
    Kind(
        Fault.DAC_GAIN,
        "the DAC gives a part of what is driven, or more",
        _row("gives_percent", "gives_permille", 0, 10_000, "how much of it"),
    ),
    Kind(Fault.DAC_SIGN, "the DAC gives the other direction"),
    Kind(Fault.DAC_OFFSET, "the DAC is off by a constant", _OFFSET),
    Kind(Fault.SWITCH_WELDED, "the output switch is closed, whatever is commanded"),
    Kind(Fault.SWITCH_OPEN, "the output switch is open, whatever is commanded"),
    Kind(
        Fault.SWITCH_READBACK,
        "the switch's read-back does not move",
        Words("reads", MappingProxyType({"open": 0, "closed": 1})),
    ),
    Kind(Fault.SWITCH_LEAK, "current flows although the switch is open", _CURRENT),
    Kind(Fault.TICK_MISSED, "steps of the core do not happen", _TICKS, default=1, once=True),
    Kind(Fault.TICK_DOUBLED, "steps of the core happen twice in their period", _TICKS, default=1, once=True),
    Kind(Fault.TIMER_FROZEN, "no step happens any more"),
    Kind(Fault.TIMER_SLOW, "the timer's period is longer", _permille("by how much", 1, 9_000)),
    Kind(Fault.TIMER_FAST, "the timer's period is shorter", _permille("by how much", 1, 900)),
    Kind(Fault.CLOCK_STOPPED, "the free-running clock stands still"),
    Kind(Fault.CLOCK_SLOW, "the free-running clock is slow", _permille("by how much", 1, 1_000)),
    Kind(Fault.CLOCK_FAST, "the free-running clock is fast", _permille("by how much", 1, 9_000)),
    Kind(Fault.SUPERVISOR_FROZEN, "the core goes on seeing the last request, heartbeat and all"),
    Kind(Fault.HEARTBEAT_LOST, "requests arrive, but their heartbeat stands still"),
    Kind(Fault.SUPERVISOR_STUCK, "the last request comes again and again, with a heartbeat that lives"),
    Kind(
        Fault.SUPERVISOR_GARBAGE,
        "at every tick the core sees another request without sense",
        _permille("of which this many say RUN", 0, 1_000),
    ),
    Kind(
        Fault.SUPPLY_HIGH,
        "the output stage has more voltage than its compliance",
        _row("left_v", "left_mv", 0, 200_000, "what it has"),
    ),
    Kind(Fault.EMERGENCY_DEAD, "the emergency stop does not reach the core"),
    Kind(
        Fault.SUPPLY_DIP,
        "the output stage has little voltage left",
        _row("left_v", "left_mv", 0, 200_000, "how much"),
    ),
    Kind(Fault.SUPPLY_LOST, "no power"),
    Kind(
        Fault.MEMORY_FLIP,
        "one bit of the core's state is inverted",
        _row("state_bit", "state_bit", 0, 8_191, "8 x byte offset + bit, within its first KiB"),
        once=True,
    ),
)
"""Every kind of event, the commonest first: whatever the simulation can do to a session."""

KIND_BY_NAME: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in KINDS})

_AT: Final = Quantity("at_s", "at_ms", 0, _LAST_EVENT_MS, FORMAT, "when, from the power-on of the simulation")
_FOR: Final = Quantity("for_s", "for_ms", 1, _LAST_EVENT_MS, FORMAT, "how long; to the end when it is left out")


@dataclass(frozen=True, slots=True)
class BodyEvent:
    """Something that happens. Checked when built; a Refusal names the field as a file has it.

    at_ms: when, from the power-on of the simulation. kind: a name of :data:`KINDS`.
    parameter: what the kind takes, in the unit of its attribute; 0 when it takes nothing.
    for_ms: how long it lasts; None: until something else ends it, or to the end. None for what ends by itself.
    """

    at_ms: int
    kind: str
    parameter: int = 0
    for_ms: int | None = None

    def __post_init__(self) -> None:
        _AT.check(self.at_ms)
        kind = KIND_BY_NAME[check_choice(self.kind, "kind", KIND_BY_NAME, FORMAT)]
        _check_parameter(kind, self.parameter)
        if self.for_ms is not None:
            _FOR.check(self.for_ms)
            if kind.once:
                raise Refusal("for_s", _FOR.shown(self.for_ms), f"nothing, for {self.kind} ends by itself", SIMULATION)

    @property
    def switching(self) -> "Switching":
        """How it begins, as the simulation is told."""
        return Switching(self.at_ms, KIND_BY_NAME[self.kind].fault, self.parameter, True)

    @property
    def end_ms(self) -> int | None:
        """When it ends; None when it was not said."""
        return None if self.for_ms is None else self.at_ms + self.for_ms


def _check_parameter(kind: Kind, parameter: int) -> None:
    match kind.parameter:
        case Quantity() as quantity:
            quantity.check(parameter)
        case Words(key, codes):
            if parameter not in codes.values():
                raise Refusal(key, shown(parameter), f"one of {', '.join(codes)}", SIMULATION)
        case None:
            if parameter != 0:
                raise Refusal("parameter", shown(parameter), f"nothing, for {kind.name} takes none", SIMULATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The simulated body, its electronics, and what happens to them. Checked when built.

    skin, electronics: the records of the simulation; left out, they are hands in trays and ordinary parts.
    events: what happens, in the order of the file.
    """

    skin: SimulatedBody = field(default_factory=default_body)
    electronics: SimulatedElectronics = field(default_factory=default_electronics)
    events: tuple[BodyEvent, ...] = ()

    def __post_init__(self) -> None:
        for quantity in BODY_QUANTITIES:
            quantity.check(getattr(self.skin, quantity.attribute))
        if self.skin.contact not in (0, 1):
            raise Refusal("contact", shown(self.skin.contact), "1 (true) or 0 (false)", FORMAT)
        if self.skin.wet_ohm_cm2 > self.skin.dry_ohm_cm2:
            raise Refusal(
                _WET.key,
                _WET.shown(self.skin.wet_ohm_cm2),
                f"at most {_DRY.key}, {_DRY.shown(self.skin.dry_ohm_cm2)}",
                SIMULATION,
                "soaked skin conducts better than dry skin",
            )
        for quantity in ELECTRONICS_QUANTITIES:
            quantity.check(getattr(self.electronics, quantity.attribute), f"electronics.{quantity.key}")
        _check_overlaps(self.events)

    def schedule(self) -> tuple["Switching", ...]:
        """What the simulation has to be told, in order of time; at one moment ends first, then in the file's order."""
        begins = (event.switching for event in self.events)
        ends = (
            Switching(event.end_ms, KIND_BY_NAME[event.kind].fault, 0, False)
            for event in self.events
            if event.end_ms is not None
        )
        return tuple(sorted((*ends, *begins), key=lambda switching: (switching.at_ms, switching.begins)))


class Switching(NamedTuple):
    """A fault that begins or ends: what the simulation is told.

    at_ms: when, from its power-on. fault, parameter: for ``ionto_sim_inject()``. begins: False: to be cleared.
    """

    at_ms: int
    fault: Fault
    parameter: int
    begins: bool


def _check_overlaps(events: tuple[BodyEvent, ...]) -> None:
    """Refuses an event while another of its kind lasts: where the first ends, the second would end with it."""
    lasting: dict[str, tuple[int, int]] = {}
    for number, event in sorted(enumerate(events, start=1), key=lambda pair: pair[1].at_ms):
        other, end_ms = lasting.get(event.kind, (0, 0))
        if event.at_ms < end_ms:
            raise Refusal(
                f"events[{number}].at_s",
                _AT.shown(event.at_ms),
                f"{_AT.shown(end_ms)} or later, when the {event.kind} of events[{other}] is over",
                FORMAT,
                "let one end before the next begins",
            )
        if event.end_ms is not None:
            lasting[event.kind] = (number, event.end_ms)


def load_body(path: str | Path) -> Body:
    """The body of a TOML file. Refusal when the file or anything in it is not as it has to be."""
    return _body(read_table(path, FORMAT, _START_AGAIN))


def read_body(text: str, file: str) -> Body:
    """The body of a TOML text, as :func:`load_body`; file: what refusals call it."""
    return _body(parse_table(text, file, FORMAT, _START_AGAIN))


def _body(top: Table) -> Body:
    top.only((*(quantity.key for quantity in BODY_QUANTITIES), "contact", "electronics", "events"))
    skin = default_body()._replace(**_given(top, BODY_QUANTITIES))
    if top.has("contact"):
        skin = skin._replace(contact=int(top.flag("contact")))
    electronics = default_electronics()
    if top.has("electronics"):
        table = top.table("electronics")
        table.only([quantity.key for quantity in ELECTRONICS_QUANTITIES])
        electronics = electronics._replace(**_given(table, ELECTRONICS_QUANTITIES))
    events = tuple(_event(table) for table in top.tables("events"))
    with top.naming():
        return Body(skin=skin, electronics=electronics, events=events)


def _given(table: Table, quantities: tuple[Quantity, ...]) -> dict[str, int]:
    return table.amounts(quantity for quantity in quantities if table.has(quantity.key))


def _event(table: Table) -> BodyEvent:
    kind = KIND_BY_NAME[table.choice("kind", KIND_BY_NAME)]
    takes = () if kind.parameter is None else (kind.parameter.key,)
    table.only(("at_s", "kind", *takes, *(() if kind.once else ("for_s",))))
    return BodyEvent(
        at_ms=table.amount(_AT),
        kind=kind.name,
        parameter=_parameter(table, kind),
        for_ms=table.amount(_FOR) if table.has(_FOR.key) else None,
    )


def _parameter(table: Table, kind: Kind) -> int:
    if kind.parameter is None:
        return 0
    if kind.default is not None and not table.has(kind.parameter.key):
        return kind.default
    if isinstance(kind.parameter, Words):
        return kind.parameter.codes[table.choice(kind.parameter.key, kind.parameter.codes)]
    return table.amount(kind.parameter)
