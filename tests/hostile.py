"""What a core may meet, drawn by hypothesis: requests that change at random, and every condition that a sense can
show, each at its border and one beyond, for any number of ticks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference_core import CONFIG, Ask, Look

from iontocore.ccore import TRACE_COLUMNS, Command
from iontocore.safety.samples import TraceRow


class Stepped(Protocol):
    """A core that answers a tick with the row of a trace, and whose last drive can be seen."""

    drive_na: int
    closed: bool

    def step(self, ask: Ask, look: Look) -> TraceRow: ...


Shape = Callable[[Stepped, int, int], Look]
"""Makes a look of the core's last drive, an amount past the border (-1, 0 or 1), and a sign."""

LOOKS: Final[Mapping[str, Shape]] = {
    "sound": lambda core, past, sign: Look(),
    "no contact": lambda core, past, sign: Look(contact=1 + sign),
    "over-current": lambda core, past, sign: Look(measured_na=sign * (CONFIG.trip_na + past)),
    "over-current, second sensor": lambda core, past, sign: Look(check_na=sign * (CONFIG.trip_na + past)),
    "over-voltage": lambda core, past, sign: Look(voltage_mv=sign * (CONFIG.over_voltage_mv + past)),
    "saturated": lambda core, past, sign: Look(
        voltage_mv=sign * (CONFIG.saturation_mv + past), measured_na=core.drive_na // 2
    ),
    "saturated, nothing flows": lambda core, past, sign: Look(
        voltage_mv=sign * CONFIG.saturation_mv, measured_na=sign * (CONFIG.open_na + past)
    ),
    "saturated, too much flows": lambda core, past, sign: Look(
        voltage_mv=sign * CONFIG.saturation_mv, measured_na=core.drive_na + sign * (CONFIG.mismatch_na + past)
    ),
    "short": lambda core, past, sign: Look(
        measured_na=sign * 200_000, check_na=sign * 200_000, voltage_mv=sign * (CONFIG.short_ohm // 5 + past)
    ),
    "mismatch": lambda core, past, sign: Look(measured_na=core.drive_na + sign * (CONFIG.mismatch_na + past)),
    "sensors disagree": lambda core, past, sign: Look(check_na=core.drive_na + sign * (CONFIG.disagree_na + past)),
    "out of range": lambda core, past, sign: Look(measured_na=sign * (CONFIG.sensor_max_na + past)),
    "voltage out of range": lambda core, past, sign: Look(voltage_mv=sign * (CONFIG.sensor_max_mv + past)),
    "extreme": lambda core, past, sign: Look(
        measured_na=-(2**31) if sign < 0 else 2**31 - 1, check_na=-past, voltage_mv=-(2**31) + 1 + past
    ),
    "stale": lambda core, past, sign: Look(same_sample=True),
    "leakage": lambda core, past, sign: Look(measured_na=sign * (CONFIG.leakage_na + past)),
    "switch": lambda core, past, sign: Look(switch_readback=1 - int(core.closed) if past else 7),
    "late": lambda core, past, sign: Look(late_us=sign * (CONFIG.tick_tolerance_us + past)),
    "missed or doubled": lambda core, past, sign: Look(late_us=sign * CONFIG.tick_us),
    "emergency": lambda core, past, sign: Look(emergency_stop=2 + past),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A number of ticks with the same request and the same look."""

    ticks: int
    ask: Ask
    look: str
    past: int
    sign: int


_asks: Final = st.builds(
    Ask,
    command=st.sampled_from([int(Command.RUN)] * 4 + [int(Command.STOP)] * 2 + [7]),
    target_na=st.sampled_from([sign * na for na in (0, 130_000, 999_999, 1_000_000, 1_000_001) for sign in (-1, 1)])
    | st.integers(-(2**31), 2**31 - 1),
    acknowledge=st.sampled_from([0, 0, 1, 2]),
    silent=st.sampled_from([False] * 5 + [True]),
)
_any: Final = st.builds(
    Stretch,
    ticks=st.integers(1, 8) | st.integers(1, 70),
    ask=_asks,
    look=st.sampled_from(["sound"] * len(LOOKS) + list(LOOKS)),
    past=st.integers(-1, 1),
    sign=st.sampled_from([-1, 1]),
)
_START: Final = (
    Stretch(1, Ask(command=0, acknowledge=0), "sound", 0, 1),
    Stretch(2, Ask(command=0, acknowledge=1), "sound", 0, 1),
    Stretch(40, Ask(target_na=700_000), "sound", 0, 1),
)
stretches: Final = st.lists(st.tuples(_any) | _any.map(lambda last: (*_START, last)), min_size=1, max_size=8).map(
    lambda parts: [stretch for part in parts for stretch in part]
)
"""Scripts of a few hundred ticks; every other part begins by starting the core as it wants to be started, since hostile
requests alone hardly ever would."""


def played(core: Stepped, script: Iterable[Stretch]) -> list[TraceRow]:
    """The trace of a script."""
    return [
        core.step(stretch.ask, LOOKS[stretch.look](core, stretch.past, stretch.sign))
        for stretch in script
        for _ in range(stretch.ticks)
    ]


def columns_of(rows: Iterable[TraceRow]) -> dict[str, NDArray[np.integer]]:
    """The same trace as columns, as wide as the core's records are."""
    return {
        name: np.array(column, dtype=TRACE_COLUMNS[name])
        for name, column in zip(TraceRow._fields, zip(*rows, strict=True), strict=True)
    }
