"""The C core, its simulated body, and the one module through which Python reaches them (`binding`).

The core is meant for firmware: `get_include()` says where its header lies, and `ccore/src` compiles as it stands.
What is imported here is the same core as a Python extension, with its records as named tuples and its codes as enums.
"""

from pathlib import Path

from iontocore.ccore.binding import (
    TRACE_COLUMNS,
    ConfigurationError,
    Core,
    Guard,
    Regulator,
    Simulation,
    Trace,
    default_body,
    default_electronics,
)
from iontocore.ccore.records import (
    Command,
    Config,
    Drive,
    Error,
    Event,
    Fault,
    LimitedBy,
    Phase,
    Proposal,
    Refused,
    Request,
    Sense,
    SimError,
    SimulatedBody,
    SimulatedElectronics,
    Telemetry,
    Trial,
    TrialHazard,
    TrialOutcome,
    Trip,
    Truth,
    trip_names,
)

__all__ = [
    "TRACE_COLUMNS",
    "Command",
    "Config",
    "ConfigurationError",
    "Core",
    "Drive",
    "Error",
    "Event",
    "Fault",
    "Guard",
    "LimitedBy",
    "Phase",
    "Proposal",
    "Refused",
    "Regulator",
    "Request",
    "Sense",
    "SimError",
    "SimulatedBody",
    "SimulatedElectronics",
    "Simulation",
    "Telemetry",
    "Trace",
    "Trial",
    "TrialHazard",
    "TrialOutcome",
    "Trip",
    "Truth",
    "default_body",
    "default_electronics",
    "get_include",
    "trip_names",
]


def get_include() -> str:
    """The folder of the C header `ionto.h`, for the compiler's `-I`."""
    return str(Path(__file__).parent / "include")
