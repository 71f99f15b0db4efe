"""IEC 60601-1: the clauses that software can support, and a word on those that it cannot.

They are asked of a device, and this is none: no row is answered here alone but where the clause speaks of how a
programmable system is developed.
"""

from typing import Final

from iontocore.safety.limits import Mark
from iontocore.verification.checklist import Answer, Checklist, Row

_HERE, _PARTLY = Answer.HERE, Answer.PARTLY
_MANUFACTURER, _ASSUMED = Answer.MANUFACTURER, Mark.ASSUMPTION

IEC_60601_1: Final = Checklist(
    "IEC 60601-1:2005+A1:2012",
    "Basic safety and essential performance of a device: the clauses that software can support. All others "
    "(insulation, mechanics, heat, marking, electromagnetic compatibility ...) are the integrator's, whether they "
    "stand here or not.",
    (
        Row(
            "4.2",
            "A risk management process for the device.",
            _PARTLY,
            "Hazards of the current through the patient, controls, and what remains.",
            ("safety/hazards.py", "safety/controls.py"),
            "The process, and the hazards of everything else.",
            _ASSUMED,
        ),
        Row(
            "4.3",
            "Essential performance is named, with limits between working and degraded, and what happens beyond.",
            _PARTLY,
            "What could be named: accuracy of current and dose. Beyond its tolerance the output is cut (SI-12), and "
            "less current at a saturated voltage is reported and lengthens the session.",
            ("safety/invariants.py", "ccore/include/ionto.h"),
            "The naming, and its limits in the device.",
            _ASSUMED,
        ),
        Row(
            "4.7",
            "The device is safe in normal condition and under any single fault, or the fault is found before a second.",
            _PARTLY,
            "Either channel alone keeps the invariants of the current (SI-26), by proof and against a hostile other. "
            "Faults of sensors, converter, switch, contact, timer, supervisor and memory are a table of single "
            "faults, each injected in every state of a treatment.",
            ("make prove", "tests/test_either_channel.py", "safety/faults.py", "make campaign"),
            "Single faults of the hardware as built: both channels run on one processor, and the watchdog, the clamp "
            "and the switch answer for it.",
            _ASSUMED,
        ),
        Row(
            "7.9",
            "Accompanying documents: instructions for use, warnings, technical description.",
            _MANUFACTURER,
            "What people have to be told, as controls; the contraindications with their sources; a manual for "
            "embedders.",
            ("safety/controls.py", "safety/contraindications.py", "docs/embedding.md"),
            "The documents of the device.",
            _ASSUMED,
        ),
        Row(
            "8.4",
            "Voltage, current and energy that a person can touch or be given are limited.",
            _PARTLY,
            "The therapeutic current is limited by plan, device and a compiled ceiling (SI-01, SI-02); over-voltage "
            "is cut within its debounce time (SI-09).",
            ("safety/limits.py", "make prove"),
            "A clamp in hardware, and everything but the therapeutic current.",
            _ASSUMED,
        ),
        Row(
            "8.5",
            "Applied parts are separated from the supply and from other circuits.",
            _MANUFACTURER,
            "No software stands for a separation.",
            left="The separation, and its tests.",
            mark=_ASSUMED,
        ),
        Row(
            "8.7",
            "Leakage currents and patient auxiliary currents stay below their limits, in single fault too.",
            _MANUFACTURER,
            "Current while the output is off is found and latched (SI-14), as far as the sensors see it and above at "
            "most 0.1 mA, which is more than most limits of leakage. It is no means to keep them.",
            ("safety/invariants.py", "docs/embedding.md"),
            "The measurement of leakage.",
            _ASSUMED,
        ),
        Row(
            "8.8",
            "Insulation.",
            _MANUFACTURER,
            "Nothing.",
            left="The insulation.",
            mark=_ASSUMED,
        ),
        Row(
            "9",
            "Mechanical hazards.",
            _MANUFACTURER,
            "Nothing.",
            left="All of it.",
            mark=_ASSUMED,
        ),
        Row(
            "11.8",
            "An interruption of the supply leads to no hazard.",
            _PARTLY,
            "Nothing is energised by a start alone (SI-05); trips are kept and given back (SI-07); a session that was "
            "cut off waits for a name.",
            ("tests/test_start_edges.py", "docs/embedding.md", "docs/decisions.md"),
            "A switch that is open without power, and memory that keeps the trips.",
            _ASSUMED,
        ),
        Row(
            "12.1",
            "Controls and instruments are accurate.",
            _PARTLY,
            "A current that differs from the driven one by more than its tolerance is cut (SI-12); charge is counted "
            "to the last fC of what is driven. Accuracy over the load is measured on the simulated electronics.",
            ("safety/invariants.py", "ccore/src/guard.c", "make characteristics"),
            "The accuracy of sensors, converter and clock.",
            _ASSUMED,
        ),
        Row(
            "12.2",
            "Usability (IEC 60601-1-6, IEC 62366-1).",
            _MANUFACTURER,
            "Refusals say what was given, what is allowed, who says so and what to do; every state refuses by name.",
            ("safety/refusal.py", "docs/states.md"),
            "The evaluation of the device's user interface.",
            _ASSUMED,
        ),
        Row(
            "12.3",
            "Alarm systems (IEC 60601-1-8).",
            _MANUFACTURER,
            "Trips have causes, a first one is kept, and they latch; priorities, signals and their silence are not "
            "here.",
            ("ccore/include/ionto.h",),
            "The alarm system.",
            _ASSUMED,
        ),
        Row(
            "12.4.1",
            "Going beyond a safety limit on purpose is guarded.",
            _PARTLY,
            "It is impossible: no configuration reaches beyond the compiled ceilings (SI-02), a request beyond the "
            "limit in force is refused (SI-22), and a plan can lower limits alone.",
            ("ccore/include/ionto.h", "safety/limits.py", "make prove"),
            "That no other way to the output is built around the core.",
            _ASSUMED,
        ),
        Row(
            "12.4.2",
            "What matters for safety is shown before and while it is given.",
            _PARTLY,
            "Driven and measured current, voltage, charge, time, what limits the current and every trip are in the "
            "telemetry, and in the live view.",
            ("ccore/include/ionto.h", "core/live.py"),
            "The display of the device.",
            _ASSUMED,
        ),
        Row(
            "12.4.3",
            "An excessive output is not chosen by accident.",
            _PARTLY,
            "The limit in force is the smallest of device, site, age, density and plan; adjusting goes up to it and "
            "no further, by the ramp.",
            ("safety/limits.py", "core/plans.py", "core/session.py"),
            "The controls of the device.",
            _ASSUMED,
        ),
        Row(
            "12.4.4",
            "An incorrect output is prevented, or found and told.",
            _PARTLY,
            "Over-current, mismatch, a direction against the ion's sign, too much time or charge: each cuts, or is "
            "ended by a ramp, and latches.",
            ("safety/invariants.py", "make prove", "tests/test_guard.py"),
            "What the sensors do not see.",
            _ASSUMED,
        ),
        Row(
            "13",
            "Hazardous situations and single faults that the standard lists are looked at one by one.",
            _PARTLY,
            "Single faults of the output, the sensors, the supply and the timing in the simulation.",
            ("safety/faults.py", "make campaign"),
            "All faults of components and of heat.",
            _ASSUMED,
        ),
        Row(
            "14.1",
            "A programmable system is developed by the clauses that follow, and by parts of IEC 62304.",
            _PARTLY,
            "Software that can be taken as an item of such a system; its checklist stands beside this one.",
            ("verification/checklists.py",),
            "The system.",
            _ASSUMED,
        ),
        Row(
            "14.2",
            "Its documents are controlled and approved.",
            _MANUFACTURER,
            "What is generated is held to its source by tests.",
            ("tests/test_diagram.py", "tests/test_assumptions.py"),
            "The control of documents.",
            _ASSUMED,
        ),
        Row(
            "14.3",
            "The risk management plan refers to the plan of the system's validation.",
            _MANUFACTURER,
            "Nothing.",
            left="Both plans.",
            mark=_ASSUMED,
        ),
        Row(
            "14.4",
            "A life cycle with milestones, activities, and verification of each is documented.",
            _MANUFACTURER,
            "Each kind of evidence has its command and criterion.",
            ("docs/safety-case.md", "CONTRIBUTING.md"),
            "The life cycle.",
            _ASSUMED,
        ),
        Row(
            "14.5",
            "Problems are resolved by a documented system across all phases.",
            _MANUFACTURER,
            "What is known and open is listed.",
            ("docs/safety-case.md",),
            "The system.",
            _ASSUMED,
        ),
        Row(
            "14.6.1",
            "Hazards that come with software and hardware of a programmable system are identified, networks included.",
            _PARTLY,
            "Lost supervisor, cut or garbled link, disturbed memory, a timer that is off, a restart, a record that is "
            "lost.",
            ("safety/hazards.py", "docs/assumptions.md"),
            "Hazards of the network, of other software, and of security.",
            _ASSUMED,
        ),
        Row(
            "14.6.2",
            "Tools and procedures for measures against risk fit their purpose.",
            _HERE,
            "Each tool's answer is tried by edits that it must find; what a wrong tool would mean is an assumption "
            "with an id.",
            ("docs/assumptions.md", "ccore/proofs/seeded_edits.toml", "make mutants"),
            mark=_ASSUMED,
        ),
        Row(
            "14.7",
            "The system, and each part of it with a task of safety, has a specification of requirements.",
            _PARTLY,
            "The invariants, and the header with its contracts.",
            ("safety/invariants.py", "ccore/include/ionto.h"),
            "The specification of the system.",
            _ASSUMED,
        ),
        Row(
            "14.8",
            "The architecture lowers risk: highly reliable parts, fail-safe functions, redundancy, diversity, "
            "partition, defence.",
            _HERE,
            "Two channels that share nothing but types, words that are stored twice, a latch with one way out, zero "
            "as the safe state, and a list of what the hardware has to add.",
            ("docs/decisions.md", "ccore/src", "docs/embedding.md"),
            mark=_ASSUMED,
        ),
        Row(
            "14.9",
            "Design is broken down into parts, each with a specification and a test.",
            _HERE,
            "Functions with contracts that are proved; modules with tests by their name.",
            ("ccore/src", "tests"),
            mark=_ASSUMED,
        ),
        Row(
            "14.10",
            "Functions of safety are verified by a plan: which, how, when, by whom, with which tools and coverage.",
            _PARTLY,
            "Which, how, with which tools, and how much is covered.",
            ("docs/safety-case.md", "make test", "make cover"),
            "When and by whom, for a release.",
            _ASSUMED,
        ),
        Row(
            "14.11",
            "The system is validated by a plan, by people who did not design it.",
            _MANUFACTURER,
            "Everything here is verification; nothing is validation on people or on a device.",
            left="The validation.",
            mark=_ASSUMED,
        ),
        Row(
            "14.12",
            "A change is treated as new design, or under a change process.",
            _PARTLY,
            "All evidence is made again, or told stale.",
            ("CONTRIBUTING.md", "make prove"),
            "The process.",
            _ASSUMED,
        ),
        Row(
            "14.13",
            "For a system in an IT network: what the network must provide, and what fails with it.",
            _PARTLY,
            "A session needs no network. Lost or garbled messages bring the current down (SI-15).",
            ("core/ports.py", "tests/test_session_hostile.py"),
            "The description of the network that a device is meant for.",
            _ASSUMED,
        ),
        Row(
            "15",
            "Construction of the device.",
            _MANUFACTURER,
            "What the core asks of the hardware is listed.",
            ("docs/embedding.md",),
            "The construction.",
            _ASSUMED,
        ),
        Row(
            "17",
            "Electromagnetic compatibility (IEC 60601-1-2).",
            _MANUFACTURER,
            "Disturbed words of memory and sensors that contradict each other cut; it is no immunity.",
            ("safety/invariants.py",),
            "The tests of emission and immunity.",
            _ASSUMED,
        ),
    ),
)
