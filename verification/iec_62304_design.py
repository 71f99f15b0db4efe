"""IEC 62304, class C, clauses 4 and 5.1 to 5.4: planning, requirements, architecture and design."""

from typing import Final

from iontocore.verification.checklist import Answer, Row

_HERE, _PARTLY = Answer.HERE, Answer.PARTLY
_MANUFACTURER, _NO = Answer.MANUFACTURER, Answer.DOES_NOT_APPLY

_GENERAL: Final = (
    Row(
        "4.1",
        "A quality management system stands behind the software.",
        _MANUFACTURER,
        "None is claimed here.",
        left="The manufacturer's own quality management system, with this software as what comes from outside.",
    ),
    Row(
        "4.2",
        "A risk management process after ISO 14971 is applied.",
        _PARTLY,
        "Hazards with sequence, situation, harm, severity and what remains; the controls against each; the invariants "
        "as requirements.",
        ("safety/hazards.py", "safety/controls.py", "safety/invariants.py"),
        "The plan, the criteria of acceptance, the evaluation of what remains, and its review in production and use.",
    ),
    Row(
        "4.3",
        "The software system has a safety class, with the reason for it.",
        _PARTLY,
        "Everything here is treated as class C: hazards are rated up to death, and a failure of software is taken to "
        "happen.",
        ("safety/hazards.py",),
        "The class of the device's software, from the device's own risk management file.",
    ),
    Row(
        "4.4",
        "Software that was marketed before has its gaps assessed.",
        _NO,
        "There is no version that was placed on a market.",
    ),
)

_PLANNING: Final = (
    Row(
        "5.1.1",
        "A plan for development: processes, deliverables, traceability, configuration, changes, problems.",
        _MANUFACTURER,
        "The way of working, what a change has to pass and how tables, contracts and tests are tied are written down; "
        "phases, deliverables and responsible people are not.",
        ("CONTRIBUTING.md",),
        "A plan for the device's software that takes these up.",
    ),
    Row(
        "5.1.2",
        "The plan is kept up to date.",
        _MANUFACTURER,
        "What is written of the way of working changes in the same history as the text that it speaks of.",
        ("CONTRIBUTING.md",),
        "The upkeep of the plan.",
    ),
    Row(
        "5.1.3",
        "The plan refers to the system's requirements and to how design and development are coordinated.",
        _MANUFACTURER,
        "What the core asks of the device around it is listed.",
        ("docs/embedding.md",),
        "The system's requirements, and the coordination with hardware.",
    ),
    Row(
        "5.1.4",
        "Standards, methods and tools of development are planned.",
        _HERE,
        "C99 without loops, heap or library; MISRA C:2012 with a register of deviations; proof, coverage, mutants and "
        "tests, each with its tool; the record of the proof names the versions that made it.",
        (
            "CONTRIBUTING.md",
            "pyproject.toml",
            "tests/provision.py",
            "ccore/proofs/deviations.toml",
            "ccore/proofs/proof.toml",
        ),
    ),
    Row(
        "5.1.5",
        "Integration, and its testing, are planned.",
        _PARTLY,
        "The two channels, the file that joins them, the port and the supervisor are put together in one way, and "
        "tested together against a simulated body.",
        ("docs/embedding.md", "tests/test_channels.py", "tests/test_simulated_invariants.py"),
        "Integration with the device's own hardware and software.",
    ),
    Row(
        "5.1.6",
        "Verification is planned: what is verified, when, against which criteria.",
        _HERE,
        "Each kind of evidence has a command, a criterion and a place for its result; all of them run on a server.",
        ("docs/safety-case.md", "Makefile", ".ci/run", "make verify"),
    ),
    Row(
        "5.1.7",
        "Risk management of the software, SOUP included, is planned.",
        _PARTLY,
        "Every part of the evidence points at an invariant, and each of these at hazards; SOUP has a table with "
        "failures and answers.",
        ("docs/safety-case.md", "docs/decisions.md"),
        "The risk management plan.",
    ),
    Row(
        "5.1.8",
        "The documents to be made are planned, with purpose and who approves.",
        _MANUFACTURER,
        "The documents that are here name their purpose; those that can be are generated from tables.",
        ("README.md", "docs"),
        "The list of documents of the device, with authors, reviewers and approval.",
    ),
    Row(
        "5.1.9",
        "Configuration management is planned.",
        _PARTLY,
        "Everything is in one history of git, tools and their versions included; results of evidence carry the "
        "fingerprint of the text that they speak of.",
        ("CONTRIBUTING.md", "ccore/proofs"),
        "Responsibilities, and when an item comes under control in the manufacturer's system.",
    ),
    Row(
        "5.1.10",
        "Tools, items and settings that the software is made with are under control.",
        _HERE,
        "The list of tools, the flags of the compilers, the options of the provers and the settings of all checks are "
        "files of the project.",
        ("tests/provision.py", "pyproject.toml", "ccore/Makefile", "verification/wp.py", "ccore/.clang-tidy"),
    ),
    Row(
        "5.1.11",
        "Items are under configuration control before they are verified.",
        _PARTLY,
        "A recorded result names the fingerprint of the text, and is told stale when the text has changed.",
        ("ccore/proofs/proof.toml", "make prove"),
        "That what is verified for a release is what stands in the manufacturer's archive.",
    ),
    Row(
        "5.1.12",
        "Common defects of the technology in use are known and avoided.",
        _HERE,
        "What goes wrong in C (overflow, undefined behaviour, aliasing, uninitialised reads) is proved absent or "
        "searched for; what open firmware for such devices gets wrong is a seeded edit each.",
        ("ccore/proofs/seeded_edits.toml", "make prove", "make rules", "make sanitize", "make fuzz"),
    ),
)

_REQUIREMENTS: Final = (
    Row(
        "5.2.1",
        "Software requirements are defined and documented from the system's.",
        _PARTLY,
        "The invariants are requirements of safety, each a sentence and a predicate; the header states every function "
        "of the core.",
        ("safety/invariants.py", "ccore/include/ionto.h"),
        "The system's requirements, and that these follow from them.",
    ),
    Row(
        "5.2.2",
        "They cover function, inputs and outputs, interfaces, alarms, security, use, data, installation, operation "
        "and regulation.",
        _PARTLY,
        "Function, inputs and outputs, interfaces, boundaries, data and installation of the core and the supervisor; "
        "trips and refusals are their warnings.",
        ("ccore/include/ionto.h", "docs/states.md", "docs/embedding.md", "core/entries.py"),
        "Alarms, security, user interface, maintenance, network and regulation, which belong to the device.",
    ),
    Row(
        "5.2.3",
        "Measures against risk that are software are among the requirements.",
        _HERE,
        "The invariants are these measures; each names the hazards that it guards.",
        ("safety/invariants.py", "safety/controls.py"),
    ),
    Row(
        "5.2.4",
        "The risk analysis is looked at again once requirements are there.",
        _PARTLY,
        "Hazards that appeared with the design (a lost supervisor, a stale start, an altered record) are in the table.",
        ("safety/hazards.py",),
        "The re-evaluation for the device.",
    ),
    Row(
        "5.2.5",
        "Requirements are updated as work goes on.",
        _HERE,
        "Ids are appended and never used again; a changed sentence or predicate is named in the change log.",
        ("CONTRIBUTING.md", "CHANGELOG.md"),
    ),
    Row(
        "5.2.6",
        "Requirements are verified: risk, no contradiction, testable, identifiable, traceable.",
        _PARTLY,
        "Each has an id, a predicate that a test breaks on purpose, and hazards; smoke tests look for contradictions "
        "in the contracts.",
        ("tests/test_invariants.py", "tests/test_monitor.py", "make prove"),
        "That they are the right ones for the device.",
    ),
)

_ARCHITECTURE: Final = (
    Row(
        "5.3.1",
        "Requirements become an architecture of software items.",
        _HERE,
        "Two channels and the file that joins them in C; tables, supervisor and evidence in four layers; every choice "
        "with what was refused for it.",
        ("README.md", "docs/decisions.md", "ccore/src"),
    ),
    Row(
        "5.3.2",
        "Interfaces between items, and to what is outside of the software, have an architecture.",
        _HERE,
        "Two records cross between core and supervisor, two between core and device; each field with unit and range.",
        ("ccore/include/ionto.h", "ccore/ports/ionto_port.h", "core/ports.py"),
    ),
    Row(
        "5.3.3",
        "What each SOUP item has to do, and how fast, is specified.",
        _PARTLY,
        "The C core uses none. Of every item it is stated what it has to do, what follows when it fails, and what "
        "stands against that.",
        ("verification/soup_items.py", "make sbom", "tests/test_binding.py", "tests/test_machine.py"),
        "The SOUP of the device around the core.",
    ),
    Row(
        "5.3.4",
        "What hardware and software each SOUP item needs is specified.",
        _PARTLY,
        "Of every item it is stated what it needs; versions are bounded from below in one file.",
        ("verification/soup_items.py", "pyproject.toml"),
        "The platform that the supervisor runs on, in the device.",
    ),
    Row(
        "5.3.5",
        "Segregation that risk control needs is identified, and how it is kept.",
        _HERE,
        "Regulator and guard share types alone; each is proved under an arbitrary other, and is run against a hostile "
        "one. Their common processor is named as what the hardware has to answer.",
        ("docs/decisions.md", "tests/test_channels.py", "tests/test_either_channel.py", "docs/embedding.md"),
    ),
    Row(
        "5.3.6",
        "The architecture is verified: it implements the requirements and supports its interfaces and SOUP.",
        _HERE,
        "The direction of imports, the absence of shared symbols and of any undefined symbol, and the equality of "
        "records on both sides are tests.",
        ("tests/test_packaging.py", "tests/test_channels.py", "tests/test_binding.py"),
    ),
)

_DETAILED_DESIGN: Final = (
    Row(
        "5.4.1",
        "Software items are divided into units.",
        _HERE,
        "A unit is a C function with a contract, or a Python module about one thing.",
        ("ccore/src", "core", "safety"),
    ),
    Row(
        "5.4.2",
        "Each unit has a detailed design.",
        _HERE,
        "Of each C function the contract says what it needs, what it changes and what then holds; modules and public "
        "names in Python say the same in words.",
        ("ccore/include/ionto.h", "ccore/src/guard.c", "ccore/src/regulator.c", "ccore/src/ionto.c"),
    ),
    Row(
        "5.4.3",
        "Interfaces of units have a detailed design.",
        _HERE,
        "Every field of every record has meaning, unit and range; of every call it is said who may interrupt whom.",
        ("ccore/include/ionto.h", "ccore/ports/ionto_port.h", "docs/embedding.md"),
    ),
    Row(
        "5.4.4",
        "The detailed design is verified: it implements the architecture and does not contradict it.",
        _PARTLY,
        "Contracts are proved of the bodies and of each other: what a function is said to give is what its callers "
        "rely on.",
        ("make prove", "ccore/proofs/ledger.csv"),
        "A review by somebody who did not write it.",
    ),
)

DESIGN: Final = (*_GENERAL, *_PLANNING, *_REQUIREMENTS, *_ARCHITECTURE, *_DETAILED_DESIGN)
"""The rows of clauses 4 and 5.1 to 5.4, in their order."""
