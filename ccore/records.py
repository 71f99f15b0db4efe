"""The records and codes of the core and of its simulation, as they stand in `ionto.h` and `ionto_sim.h`.

Field by field and value by value the same, with the same names: a test compares them with the compiled headers. Units
are in the names (nA, us, mV, fC); everything is an integer but for what `Truth` knows. Meanings and ranges stand in the
headers and are not repeated here. Values of enums are never renumbered.
"""

from enum import IntEnum, IntFlag
from functools import lru_cache
from typing import NamedTuple


class Error(IntEnum):
    """What `ionto_init()` and `ionto_configure()` refuse, one for each field: the programmer's errors."""

    OK = 0
    TICK = 1
    TICK_TOLERANCE = 2
    LIMIT = 3
    TRIP = 4
    RISE = 5
    FALL = 6
    DWELL = 7
    COMPLIANCE = 8
    OVER_VOLTAGE = 9
    SATURATION = 10
    HEADROOM = 11
    OPEN = 12
    SHORT = 13
    SHORT_ABOVE = 14
    MISMATCH = 15
    DISAGREE = 16
    SENSOR_MAX_NA = 17
    SENSOR_MAX_MV = 18
    LEAKAGE = 19
    OVER_CURRENT_TIME = 20
    OVER_VOLTAGE_TIME = 21
    OPEN_TIME = 22
    SHORT_TIME = 23
    MISMATCH_TIME = 24
    SENSOR_TIME = 25
    STALE_TIME = 26
    LEAKAGE_TIME = 27
    SWITCH_TIME = 28
    CONTACT_TIME = 29
    HEARTBEAT_TIME = 30
    TIME_CAP = 31
    TIME_RESERVE = 32
    CHARGE_CAP_EACH = 33
    CHARGE_CAP_TOTAL = 34
    CHARGE_RESERVE = 35
    ENERGISED = 36
    TRIPPED = 37
    CORRUPT = 38
    CARRIED = 39


class Trip(IntEnum):
    """Why the output was cut: the patient's trips. A word of trips has the bit `1 << (trip - 1)` for each."""

    NONE = 0
    OVER_CURRENT = 1
    OVER_VOLTAGE = 2
    OPEN = 3
    SHORT = 4
    MISMATCH = 5
    SENSOR = 6
    STALE = 7
    LEAKAGE = 8
    SWITCH = 9
    TICK = 10
    CORRUPT = 11
    EMERGENCY = 12
    PROPOSAL = 13
    HEARTBEAT = 14
    CHARGE = 15
    TIME = 16

    @property
    def label(self) -> str:
        """The name as it is shown and logged: "over-current", "open", ..."""
        return self.name.lower().replace("_", "-")


class Command(IntEnum):
    """What the supervisor asks for; any other value counts as STOP."""

    STOP = 0
    RUN = 1


class Phase(IntEnum):
    """What the core is doing."""

    IDLE = 0
    WAIT = 1
    RAMP = 2
    TREAT = 3
    REVERSE = 4
    FALL = 5
    FAULT = 6


class LimitedBy(IntEnum):
    """What keeps the current from the target, the most binding first."""

    NOTHING = 0
    TRIP = 1
    HEARTBEAT = 2
    TIME = 3
    CHARGE = 4
    STOP = 5
    CONTACT = 6
    REVERSAL = 7
    VOLTAGE = 8
    RAMP = 9


class Refused(IntEnum):
    """Why the last request's target was not taken."""

    NOTHING = 0
    LIMIT = 1


class SimError(IntEnum):
    """What the simulation refuses, one for each field of body and electronics."""

    OK = 0
    AREA_A = 101
    AREA_B = 102
    DRY = 103
    WET = 104
    CAPACITANCE = 105
    SOAK_START = 106
    SOAK_TIME = 107
    VOLTAGE_GAIN = 108
    VOLTAGE_HALF = 109
    FAST_SHARE = 110
    FAST_TIME = 111
    SLOW_TIME = 112
    RECOVERY_TIME = 113
    WATER = 114
    INTERNAL = 115
    OPEN = 116
    CONTACT = 117
    DAC_STEP = 201
    DAC_FULL = 202
    DAC_GAIN = 203
    DAC_OFFSET = 204
    STAGE_TIME = 205
    COMPLIANCE = 206
    A_STEP = 207
    A_FULL = 208
    A_GAIN = 209
    A_OFFSET = 210
    A_NOISE = 211
    B_STEP = 212
    B_FULL = 213
    B_GAIN = 214
    B_OFFSET = 215
    B_NOISE = 216
    V_STEP = 217
    V_FULL = 218
    V_GAIN = 219
    V_OFFSET = 220
    V_NOISE = 221
    SWITCH_TIME = 222
    CONTACT_TIME = 223
    CLOCK_PPM = 224
    JITTER = 225
    WATCHDOG = 226
    FAULT = 301
    PARAMETER = 302
    POWER = 303


class Fault(IntEnum):
    """Single faults of the simulation. Each has a line in `ionto_sim.h`, with the range of its parameter."""

    A_ZERO = 1
    A_FULL = 2
    A_LAST = 3
    A_OFFSET = 4
    A_GAIN = 5
    A_NOISE = 6
    A_SLOW = 7
    B_ZERO = 11
    B_FULL = 12
    B_LAST = 13
    B_OFFSET = 14
    B_GAIN = 15
    B_NOISE = 16
    B_SLOW = 17
    V_ZERO = 21
    V_FULL = 22
    V_LAST = 23
    V_OFFSET = 24
    V_GAIN = 25
    V_NOISE = 26
    V_SLOW = 27
    CONVERTER_DEAD = 31
    CONTACT_STUCK = 32
    DAC_STUCK = 41
    DAC_RUNAWAY = 42
    DAC_GAIN = 43
    DAC_SIGN = 44
    DAC_OFFSET = 45
    SWITCH_WELDED = 51
    SWITCH_OPEN = 52
    SWITCH_READBACK = 53
    SWITCH_LEAK = 54
    TICK_MISSED = 61
    TICK_DOUBLED = 62
    TIMER_FROZEN = 63
    TIMER_SLOW = 64
    TIMER_FAST = 65
    CLOCK_STOPPED = 66
    CLOCK_SLOW = 67
    CLOCK_FAST = 68
    SUPERVISOR_FROZEN = 71
    HEARTBEAT_LOST = 72
    SUPERVISOR_STUCK = 73
    SUPERVISOR_GARBAGE = 74
    SUPPLY_DIP = 81
    SUPPLY_LOST = 82
    SUPPLY_HIGH = 83
    BODY_LIFT = 91
    BODY_RETURN = 92
    BODY_FLICKER = 93
    BODY_SHORT = 94
    BODY_DRY = 95
    BODY_WET = 96
    EMERGENCY_STOP = 101
    EMERGENCY_DEAD = 102
    MEMORY_FLIP = 111


class Event(IntFlag):
    """What a run of the simulation can stop on: sums of these, described in `ionto_sim.h`."""

    NONE = 0
    PHASE = 1
    TRIP = 2
    CLEARED = 4
    REFUSED = 8
    LIMITED = 16
    CONTACT = 32
    ZERO = 64
    SWITCH = 128
    POWER = 256
    TRACE = 512
    ANY = 1023


class Config(NamedTuple):
    """Everything that the core is told once. Every field has its meaning, unit and range in `ionto.h`."""

    time_cap_us: int
    time_reserve_us: int
    charge_cap_each_fc: int
    charge_cap_total_fc: int
    charge_reserve_fc: int
    tick_us: int
    tick_tolerance_us: int
    limit_na: int
    trip_na: int
    rise_na_per_tick: int
    fall_na_per_tick: int
    dwell_us: int
    compliance_mv: int
    over_voltage_mv: int
    saturation_mv: int
    headroom_na: int
    open_na: int
    short_ohm: int
    short_above_na: int
    mismatch_na: int
    disagree_na: int
    sensor_max_na: int
    sensor_max_mv: int
    leakage_na: int
    over_current_us: int
    over_voltage_us: int
    open_us: int
    short_us: int
    mismatch_us: int
    sensor_us: int
    stale_us: int
    leakage_us: int
    switch_us: int
    contact_us: int
    heartbeat_us: int


class Sense(NamedTuple):
    """What the hardware says, once a tick. `now_us` and `sample` wrap at 32 bits."""

    now_us: int
    sample: int
    measured_na: int
    check_na: int
    voltage_mv: int
    contact: int
    switch_closed: int
    emergency_stop: int


class Request(NamedTuple):
    """What the supervisor asks for; it stays in force until the next one. The sign of `target_na` is the direction."""

    target_na: int
    command: int
    acknowledge: int
    heartbeat: int


class Proposal(NamedTuple):
    """What the regulator hands to the guard: nA, and 1 when it found its own state sound."""

    current_na: int
    sound: int


class Drive(NamedTuple):
    """What goes to the converter (nA, signed) and to the output switch (1 closed) until the next tick."""

    current_na: int
    switch_closed: int


class Telemetry(NamedTuple):
    """What the supervisor is told. Extremes and counters are described in `ionto.h`.

    `time_us` stands before what the core reports: time since the start, which does not wrap; true time in a simulation.
    """

    time_us: int
    energised_us: int
    driven_positive_fc: int
    driven_negative_fc: int
    measured_positive_fc: int
    measured_negative_fc: int
    ticks: int
    phase: int
    limited_by: int
    refused: int
    first_trip: int
    trips: int
    heartbeat: int
    contact: int
    switch_closed: int
    emergency_stop: int
    target_na: int
    drive_na: int
    drive_min_na: int
    drive_max_na: int
    measured_na: int
    measured_min_na: int
    measured_max_na: int
    voltage_mv: int
    voltage_min_mv: int
    voltage_max_mv: int


class SimulatedBody(NamedTuple):
    """The body between the electrodes. Meaning, range and source of each figure are in `ionto_sim.h`."""

    area_a_mm2: int
    area_b_mm2: int
    dry_ohm_cm2: int
    wet_ohm_cm2: int
    capacitance_pf_cm2: int
    soak_start_permille: int
    soak_ms: int
    voltage_gain_permille: int
    voltage_half_mv: int
    fast_share_permille: int
    fast_ms: int
    slow_ms: int
    recovery_ms: int
    water_ohm: int
    internal_ohm: int
    open_ohm: int
    contact: int


class SimulatedElectronics(NamedTuple):
    """The electronics around the core. Meaning and range of each figure are in `ionto_sim.h`."""

    dac_step_na: int
    dac_full_na: int
    dac_gain_ppm: int
    dac_offset_na: int
    stage_us: int
    compliance_mv: int
    a_step_na: int
    a_full_na: int
    a_gain_ppm: int
    a_offset_na: int
    a_noise_na: int
    b_step_na: int
    b_full_na: int
    b_gain_ppm: int
    b_offset_na: int
    b_noise_na: int
    v_step_mv: int
    v_full_mv: int
    v_gain_ppm: int
    v_offset_mv: int
    v_noise_mv: int
    switch_us: int
    contact_us: int
    clock_ppm: int
    jitter_us: int
    watchdog_us: int
    clock_start_us: int


class Truth(NamedTuple):
    """What really was in the simulation. Charges count from the start, `peak_na` from the last look."""

    time_us: int
    flowing_us: int
    positive_fc: float
    negative_fc: float
    peak_na: float
    current_na: float
    voltage_mv: float
    skin_a_ohm: float
    skin_b_ohm: float
    total_ohm: float
    contact: int
    switch_closed: int


class TrialHazard(IntFlag):
    """What is hazardous in a trial of a fault: sums of these, described in `ionto_trial.h`."""

    SAFE = 0
    OVER = 1
    ASTRAY = 2
    WHILE_OFF = 4
    STEP = 8
    NO_STOP = 16
    NO_EMERGENCY = 32
    ALONE = 64
    UNASKED = 128
    AGAINST = 256
    TOO_LONG = 512
    TOO_MUCH = 1024
    VOLTAGE = 2048


class Trial(NamedTuple):
    """What is done in a trial of a fault. Every field is described in `ionto_trial.h`."""

    lasts_us: int
    rest_us: int
    run_us: int
    stop_us: int
    press_us: int
    settle_us: int
    exchange_us: int
    react_us: int
    fall_us: int
    alone_us: int
    lift_us: int
    away_us: int
    against_us: int
    flow_us: int
    each_fc: int
    total_fc: int
    fault: int
    parameter: int
    second_fault: int
    second_parameter: int
    watchdog: int
    target_na: int
    lift_permille: int
    over_na: int
    astray_na: int
    zero_na: int
    step_na: int
    high_mv: int


class TrialOutcome(NamedTuple):
    """What came of a trial. A time of -1 did not come. Every field is described in `ionto_trial.h`."""

    trip_us: int
    zero_us: int
    cut_us: int
    after_stop_us: int
    after_press_us: int
    over_us: int
    astray_us: int
    while_off_us: int
    unasked_us: int
    against_us: int
    flowed_us: int
    high_us: int
    step_us: int
    digest: int
    charge_fc: float
    until_cut_fc: float
    astray_fc: float
    peak_na: float
    peak_mv: float
    rise_na: float
    tick_na: float
    drop_na: float
    phase: int
    trips_before: int
    trips: int
    first_trip: int
    hazards: int
    flows: int
    power_rows: int
    power_trips: int
    power_periods: int
    periods: int
    error: int
    full: int


@lru_cache(maxsize=256)
def trip_names(trips: int) -> tuple[str, ...]:
    """The names of the trips in a word of them, in the order of their numbers: `5` is `("over-current", "open")`.

    Raises ValueError when a bit stands for no trip.
    """
    known = [trip for trip in Trip if trip is not Trip.NONE]
    if not 0 <= trips < 1 << len(known):
        raise ValueError(f"trips: {trips} is outside 0 to {(1 << len(known)) - 1}, the sum of the bits of all trips")
    return tuple(trip.label for trip in known if trips >> (trip - 1) & 1)
