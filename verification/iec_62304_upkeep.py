"""IEC 62304, class C, clauses 6 to 9: maintenance, risk, configuration and problems."""

from typing import Final

from iontocore.verification.checklist import Answer, Row

_HERE, _PARTLY, _MANUFACTURER = Answer.HERE, Answer.PARTLY, Answer.MANUFACTURER

_MAINTENANCE: Final = (
    Row(
        "6.1",
        "A plan for maintenance: feedback, problems, risk, changes, upkeep of SOUP.",
        _MANUFACTURER,
        "Versions say what may change in them, and the change log names every change of a limit, a trip or an "
        "invariant.",
        ("CHANGELOG.md",),
        "The plan.",
    ),
    Row(
        "6.2.1.1",
        "Feedback from inside and from users is watched.",
        _MANUFACTURER,
        "The journal of a session says what was done, and can be verified.",
        ("core/journal.py", "docs/tutorial.md"),
        "The process, for the device on the market.",
    ),
    Row(
        "6.2.1.2",
        "Feedback is documented and evaluated: is it a problem?",
        _MANUFACTURER,
        "Trips and ends of sessions are recorded with their causes.",
        ("core/entries.py",),
        "The process.",
    ),
    Row(
        "6.2.1.3",
        "Of each problem it is evaluated how it affects safety, and whether a change is needed.",
        _MANUFACTURER,
        "From an invariant that broke, the table leads to the hazards.",
        ("safety/invariants.py",),
        "The evaluation.",
    ),
    Row(
        "6.2.2",
        "Problem resolution is used for them.",
        _MANUFACTURER,
        "Nothing beyond what clause 9 says.",
        left="The process.",
    ),
    Row(
        "6.2.3",
        "Change requests are analysed for their effect on the organisation, released software and systems around.",
        _MANUFACTURER,
        "Records that are stale after a change show how far it reaches: proof, edits, lines, coverage.",
        ("make prove", "make mutants"),
        "The analysis.",
    ),
    Row(
        "6.2.4",
        "Change requests to released software are approved.",
        _MANUFACTURER,
        "Nothing is released yet.",
        left="The approval.",
    ),
    Row(
        "6.2.5",
        "Users and regulators are told of problems and changes, as regulation asks.",
        _MANUFACTURER,
        "The change log is written for those whom a change concerns.",
        ("CHANGELOG.md",),
        "The telling.",
    ),
    Row(
        "6.3.1",
        "Changes are made by the development process, or an established maintenance process.",
        _PARTLY,
        "There is one way for every change, whatever it is for.",
        ("CONTRIBUTING.md", "make test"),
        "The process of the device.",
    ),
    Row(
        "6.3.2",
        "Changed software is released again by the rules of a release.",
        _MANUFACTURER,
        "Nothing is released yet.",
        left="The release.",
    ),
)

_RISK: Final = (
    Row(
        "7.1.1",
        "Software items that could contribute to a hazardous situation are identified.",
        _HERE,
        "The table of the proof says which invariants the guard, the regulator and the supervisor have to keep; what "
        "no software answers stands with the hazard.",
        ("safety/invariants.py", "safety/controls.py", "verification/proof_table.py"),
    ),
    Row(
        "7.1.2",
        "Causes are identified: a wrong specification, defects, failing SOUP, failing hardware, misuse.",
        _PARTLY,
        "Each hazard has its sequence of events; single faults of the device are a table; what follows when an item "
        "of SOUP fails stands with it.",
        ("safety/hazards.py", "safety/faults.py", "verification/soup_items.py"),
        "Causes in the device around, and reasonably foreseeable misuse of it.",
    ),
    Row(
        "7.1.3",
        "Lists of known anomalies of SOUP are evaluated.",
        _MANUFACTURER,
        "The items with their versions, to look up in such lists: two direct dependencies at run time, none of the C "
        "core.",
        ("make sbom", "verification/soup_items.py"),
        "The evaluation, of the versions that ship.",
    ),
    Row(
        "7.1.4",
        "Potential causes are documented in the risk management file.",
        _PARTLY,
        "They stand in the tables of hazards and assumptions.",
        ("safety/hazards.py", "docs/assumptions.md"),
        "The file.",
    ),
    Row(
        "7.2.1",
        "For each cause a measure against the risk is defined: in software, hardware, environment or instructions.",
        _PARTLY,
        "Invariants and controls name the hazards that they stand against, and who has to provide them.",
        ("safety/invariants.py", "safety/controls.py"),
        "Those that are the manufacturer's, in hardware and in what comes with the device.",
    ),
    Row(
        "7.2.2",
        "A measure that is software is among the requirements, has a class, and is developed by clause 5.",
        _HERE,
        "The invariants are such requirements, and all of them are treated as class C.",
        ("safety/invariants.py",),
    ),
    Row(
        "7.3.1",
        "Every measure is verified to be there, and to work; it is seen whether it brings a risk of its own.",
        _PARTLY,
        "Proof, tests and a campaign of simulated faults for those in software. A cut is a step itself, and is said "
        "to be.",
        ("make prove", "make campaign", "tests/test_monitor.py", "safety/hazards.py"),
        "Those in hardware; the bench tests of the manual are a beginning.",
    ),
    Row(
        "7.3.3",
        "Traceability: from hazardous situation to item, to cause, to measure, to its verification.",
        _HERE,
        "Hazard, invariant, clause or marker, and result are joined by ids; what leads nowhere is a finding.",
        ("verification/join.py", "make verify", "make browser"),
    ),
    Row(
        "7.4.1",
        "Changes are analysed: do they bring causes or need measures?",
        _PARTLY,
        "A change to a contract, a predicate or a table fails a test that holds it to what was agreed.",
        ("tests/test_invariants.py", "tests/test_hazards.py", "tests/test_controls.py"),
        "The analysis.",
    ),
    Row(
        "7.4.2",
        "Changes are analysed: do they interfere with measures that are there?",
        _HERE,
        "All proofs and tests run again at each change; a clause or a test that no longer holds names its invariant.",
        ("make test", "make prove", ".ci/run"),
    ),
    Row(
        "7.4.3",
        "Risk management is done for changes, by these analyses.",
        _MANUFACTURER,
        "The tables, for it to begin with.",
        ("safety/hazards.py",),
        "The activity.",
    ),
)

_CONFIGURATION: Final = (
    Row(
        "8.1.1",
        "Configuration items and their versions can be identified.",
        _HERE,
        "One history, one version, fingerprints of the texts that results speak of.",
        ("pyproject.toml", "verification/tools.py", "ccore/proofs/proof.toml"),
    ),
    Row(
        "8.1.2",
        "Each SOUP item is identified: title, maker, designation.",
        _PARTLY,
        "Every item has name, maker, licence and the version that is there, in a table and as CycloneDX.",
        ("make sbom", "verification/soup_items.py"),
        "The versions that ship with the device.",
    ),
    Row(
        "8.1.3",
        "The items and versions that make up the system are documented.",
        _MANUFACTURER,
        "Of this part of it: what a wheel and a source distribution hold is tested.",
        ("tests/test_packaging.py",),
        "The configuration of the device.",
    ),
    Row(
        "8.2.1",
        "Items change by an approved change request alone.",
        _MANUFACTURER,
        "What a change has to pass is written down.",
        ("CONTRIBUTING.md",),
        "Requests and their approval.",
    ),
    Row(
        "8.2.2",
        "A change is made as it was specified, and what has to be done again is done.",
        _PARTLY,
        "What depends on a changed text is told stale until it is made again.",
        ("verification/ledger.py", "make prove"),
        "The specification of changes.",
    ),
    Row(
        "8.2.3",
        "A change is verified, and what it has made invalid is verified again.",
        _HERE,
        "Everything is run at each change.",
        ("make test", ".ci/run"),
    ),
    Row(
        "8.2.4",
        "Change, its request, its problem and its approval are tied together.",
        _MANUFACTURER,
        "The history, the change log and the decisions.",
        ("CHANGELOG.md", "docs/decisions.md"),
        "The ties to requests and problems.",
    ),
    Row(
        "8.3",
        "The history of controlled items can be retrieved.",
        _PARTLY,
        "The history of git, with the records of the evidence beside the text that they speak of.",
        ("ccore/proofs",),
        "Keeping it.",
    ),
)

_PROBLEMS: Final = (
    Row(
        "9.1",
        "A report for each problem: kind, scope, criticality.",
        _MANUFACTURER,
        "A fault of a session leaves its trip, its time and what led to it in the journal.",
        ("core/entries.py",),
        "The process and its reports.",
    ),
    Row(
        "9.2",
        "Problems are investigated: cause, relevance to safety, what to do.",
        _MANUFACTURER,
        "Runs can be repeated bit by bit from a plan, a body file and a seed; faults can be switched on in the "
        "simulation.",
        ("docs/tutorial.md", "ccore/sim/ionto_sim.h"),
        "The investigation.",
    ),
    Row("9.3", "Relevant parties are told.", _MANUFACTURER, "Nothing.", left="The telling."),
    Row(
        "9.4",
        "Changes that answer problems go through change control.",
        _MANUFACTURER,
        "What a change has to pass is written down.",
        ("CONTRIBUTING.md",),
        "The change control.",
    ),
    Row(
        "9.5",
        "Records of problems, their resolution and its verification are kept.",
        _MANUFACTURER,
        "What was put right stands as a test, and where it concerns users in the change log.",
        ("tests", "CHANGELOG.md"),
        "The records.",
    ),
    Row("9.6", "Problems are analysed for trends.", _MANUFACTURER, "Nothing.", left="The analysis."),
    Row(
        "9.7",
        "It is verified that problems are resolved, and that no other came with it.",
        _PARTLY,
        "Everything is run again with each change; what was put right stands as a test.",
        ("CONTRIBUTING.md", "make test"),
        "The closing of reports.",
    ),
    Row(
        "9.8",
        "Test documentation: results, anomalies, version, configuration, tools, date, and who tested.",
        _PARTLY,
        "Results, anomalies, version of the text (its fingerprint), configuration and tools are in the report, with a "
        "command that makes each again.",
        ("make verify", "ccore/proofs"),
        "Date and tester of the run for a release.",
    ),
)

UPKEEP: Final = (*_MAINTENANCE, *_RISK, *_CONFIGURATION, *_PROBLEMS)
"""The rows of clauses 6 to 9, in their order."""
