"""The control core of an iontophoresis device, and what a shell around it needs.

    plan      preset, load_plan, plan_names, Plan, Patient, to_toml
    port      SimulatedPort, Port, LinkLost
    body      Body, load_body (the simulated one)
    device    DeviceProfile, load_device, simulated_device
    journal   Journal; iontocore.journal verifies and reads one, iontocore.history tells its sessions,
              iontocore.journal_text shows it
    session   Session, AsyncSession, Report, Transition, State, Event, Outcome, Trip
    refusal   Refusal: every mistake of a user, as one sentence

The tutorial is these in a dozen lines. Not a certified device.
"""

from importlib.metadata import version

from iontocore.aio import AsyncSession
from iontocore.body import Body, load_body
from iontocore.ccore import LimitedBy, Telemetry, Trip
from iontocore.device import DeviceProfile, load_device, simulated_device
from iontocore.entries import Outcome
from iontocore.journal import Journal
from iontocore.plans import Patient, Plan, load_plan, plan_names, preset, to_toml
from iontocore.ports import LinkLost, Port
from iontocore.safety.refusal import Refusal
from iontocore.session import Report, Session, Transition
from iontocore.simulated import SimulatedPort
from iontocore.table import Event, State

__version__ = version("iontocore")

__all__ = [
    "AsyncSession",
    "Body",
    "DeviceProfile",
    "Event",
    "Journal",
    "LimitedBy",
    "LinkLost",
    "Outcome",
    "Patient",
    "Plan",
    "Port",
    "Refusal",
    "Report",
    "Session",
    "SimulatedPort",
    "State",
    "Telemetry",
    "Transition",
    "Trip",
    "__version__",
    "load_body",
    "load_device",
    "load_plan",
    "plan_names",
    "preset",
    "simulated_device",
    "to_toml",
]
