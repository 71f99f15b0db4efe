"""IEC 62304, class C, clauses 5.5 to 5.8: units, integration, tests of the system, release."""

from typing import Final

from iontocore.verification.checklist import Answer, Row

_HERE, _PARTLY, _MANUFACTURER = Answer.HERE, Answer.PARTLY, Answer.MANUFACTURER

_UNITS: Final = (
    Row(
        "5.5.1",
        "Each unit is implemented.",
        _HERE,
        "The sources of the core and of the supervisor.",
        ("ccore/src", "core", "safety"),
    ),
    Row(
        "5.5.2",
        "There is a process that verifies units, with strategies, methods and procedures.",
        _HERE,
        "Proof by contract for C; tests, properties, mutants and a strict type checker for Python; how to work with "
        "each is written down.",
        ("CONTRIBUTING.md", "docs/safety-case.md", "make test"),
    ),
    Row(
        "5.5.3",
        "Criteria say when a unit is accepted.",
        _HERE,
        "No goal of the proof open, no contradiction found, every condition decides in a test or has a reason, no "
        "finding of the rules outside of the register, no test failed, no mutant without a reason.",
        ("CONTRIBUTING.md", "ccore/proofs/coverage.toml", "ccore/proofs/deviations.toml"),
    ),
    Row(
        "5.5.4",
        "Where the design has them, criteria of eight further kinds are added.",
        _HERE,
        "The eight stand below, each by itself.",
        ("docs/safety-case.md",),
    ),
    Row(
        "5.5.4 a)",
        "Proper sequence of events.",
        _HERE,
        "Sense, step and drive in one order in one function; a tick that is missed, doubled, early or late cuts "
        "(SI-21); every event in every state is a row of the table or a refusal by name, and Spin searches table, "
        "core and a hostile world.",
        ("ccore/ports/ionto_port.c", "core/table.py", "tests/test_table.py", "make model"),
    ),
    Row(
        "5.5.4 b)",
        "Flow of data and control.",
        _HERE,
        "Each contract lists what its function writes, field by field, and WP shows that it writes nothing else; no "
        "loop, no recursion, no callback in the core.",
        ("make prove", "ccore/src", "tests/test_channels.py"),
    ),
    Row(
        "5.5.4 c)",
        "Planned allocation of resources.",
        _HERE,
        "Flash, memory, stack and the longest way through the machine code of a tick are counted and printed; no heap.",
        ("ccore/ports/sizes.py", "docs/embedding.md", "tests/test_embedding_manual.py"),
    ),
    Row(
        "5.5.4 d)",
        "Handling of faults: definition, isolation, recovery.",
        _HERE,
        "Sixteen trips, each with cause, time and way out; errors are another list. A trip latches and clears in one "
        "way. Every single fault of a table is injected in every state.",
        ("ccore/include/ionto.h", "safety/faults.py", "make campaign", "docs/embedding.md"),
    ),
    Row(
        "5.5.4 e)",
        "Initialisation of variables.",
        _HERE,
        "The start makes a sound state of any bytes (si20_sound), and reads no word before it was written: proved, "
        "and tried by the fuzzer from memory with any content.",
        ("ccore/src/ionto.c", "make prove", "make fuzz"),
    ),
    Row(
        "5.5.4 f)",
        "Self-diagnosis.",
        _HERE,
        "Every word is compared with its complement at each step, the sensors with each other and with the drive, the "
        "switch with its read-back (SI-12, SI-13, SI-14, SI-20).",
        ("ccore/src/guard.c", "tests/test_memory.py"),
    ),
    Row(
        "5.5.4 g)",
        "Management of memory, and its overflow.",
        _HERE,
        "Records are the caller's; no heap, no recursion, no array that is indexed by data. That nothing is read or "
        "written out of bounds is proved.",
        ("make prove", "make sanitize", "docs/embedding.md"),
    ),
    Row(
        "5.5.4 h)",
        "Boundary conditions.",
        _HERE,
        "Every limit is tried at its value and one beyond; operator mutants show that an exchanged comparison is "
        "noticed.",
        ("tests/test_invariants.py", "tests/test_core_edges.py", "make mutants"),
    ),
    Row(
        "5.5.5",
        "Units are verified and the results documented.",
        _HERE,
        "Results are files of the project, and a run that differs from them fails.",
        ("ccore/proofs", "make test", "make prove"),
    ),
)

_INTEGRATION: Final = (
    Row(
        "5.6.1",
        "Units are integrated after the plan.",
        _HERE,
        "One Makefile builds the library, one build the extension; an embedder compiles four files.",
        ("ccore/Makefile", "setup.py", "make embedded"),
    ),
    Row(
        "5.6.2",
        "It is verified that integration was done as planned, and recorded.",
        _HERE,
        "Symbols of the library, declarations on both sides of the binding and the contents of wheel and source "
        "distribution are tests.",
        ("tests/test_embedding.py", "tests/test_binding.py", "tests/test_packaging.py"),
    ),
    Row(
        "5.6.3",
        "The integrated items are tested, and results documented.",
        _HERE,
        "The whole core with its body, the session with the core, the port on an emulated Cortex-M3 against the host.",
        ("tests/test_simulated_invariants.py", "tests/test_session.py", "tests/test_embedding.py"),
    ),
    Row(
        "5.6.4",
        "These tests look at whether the items do together what they are meant to, risk control and timing included.",
        _PARTLY,
        "Every invariant judges every tick of the simulated runs, under hostile requests, measurements and timing, "
        "and under every single fault of a table.",
        ("tests/test_core_invariants.py", "tests/test_session_hostile.py", "make campaign"),
        "The same on the device's hardware, in real time.",
    ),
    Row(
        "5.6.5",
        "The procedures of integration tests are evaluated.",
        _HERE,
        "Mutants of every operator, seeded edits and a second oracle show what the tests would not see.",
        ("make mutants", "make python-mutants", "ccore/proofs/operator_survivors.toml"),
    ),
    Row(
        "5.6.6",
        "Regression tests show that what was added has broken nothing.",
        _HERE,
        "Everything runs at each change, on a server too.",
        (".ci/run", "make test"),
    ),
    Row(
        "5.6.7",
        "Records of integration tests say what passed, are complete, can be repeated, and name who tested.",
        _PARTLY,
        "Names of tests are sentences, runs can be repeated (seeded); one report names every test with its result, "
        "the text and the tools.",
        ("tests", "make pytest", "make verify"),
        "The record of the run for a release, with its date and who answers for it.",
    ),
    Row(
        "5.6.8",
        "Anomalies found in integration go into problem resolution.",
        _MANUFACTURER,
        "What is known and open stands in the safety case.",
        ("docs/safety-case.md",),
        "The process of problem resolution (clause 9).",
    ),
)

_SYSTEM: Final = (
    Row(
        "5.7.1",
        "Tests of the software system cover all its requirements, each with inputs, expected results and criteria.",
        _PARTLY,
        "Every invariant has tests that name it, hostile and exact ones, and a predicate as the criterion.",
        ("tests", "safety/invariants.py"),
        "Tests of the requirements that are the device's.",
    ),
    Row(
        "5.7.2",
        "Anomalies found in system tests go into problem resolution.",
        _MANUFACTURER,
        "What is known and open stands in the safety case.",
        ("docs/safety-case.md",),
        "The process of problem resolution (clause 9).",
    ),
    Row(
        "5.7.3",
        "After a change, tests are done again, and risk is looked at again.",
        _PARTLY,
        "All tests and the proof run at each change; results of another text are told stale.",
        (".ci/run", "make test", "make prove"),
        "The risk management of the change.",
    ),
    Row(
        "5.7.4",
        "The system's verification is evaluated: methods fit, traceable, all passed.",
        _PARTLY,
        "Tests and clauses are tied to invariants by marker and label; the join of the evidence finds one that leads "
        "nowhere.",
        ("docs/safety-case.md", "verification/join.py", "tests/test_join.py"),
        "The evaluation by the manufacturer.",
    ),
    Row(
        "5.7.5",
        "Records of system tests name the version, the tools, the date, the results and who tested.",
        _PARTLY,
        "One report names text, tools, date, and every result; it is made again by one command.",
        ("make verify", "ccore/proofs/proof.toml"),
        "The record for a release, with its date and who answers for it.",
    ),
)

_RELEASE: Final = (
    Row(
        "5.8.1",
        "Verification is complete and evaluated before release.",
        _PARTLY,
        "One command gathers all evidence and says what does not hold, and what is not shown.",
        ("make verify", "make test", ".ci/run"),
        "The decision to release.",
    ),
    Row(
        "5.8.2",
        "Known residual anomalies are documented.",
        _HERE,
        "What is known and open, and what is not shown, is listed.",
        ("docs/safety-case.md", "CHANGELOG.md"),
    ),
    Row(
        "5.8.3",
        "Known residual anomalies are evaluated: none leads to a risk that is not acceptable.",
        _MANUFACTURER,
        "Of each it is said what it does and what an integrator has to do against it.",
        ("docs/safety-case.md", "safety/hazards.py"),
        "The evaluation, in the device.",
    ),
    Row(
        "5.8.4",
        "The released version is documented.",
        _PARTLY,
        "The version stands in one file; the change log says what it brings. Nothing is released yet.",
        ("pyproject.toml", "CHANGELOG.md"),
        "The version of the device's software.",
    ),
    Row(
        "5.8.5",
        "How the released software was built is documented: procedure and environment.",
        _PARTLY,
        "Both builds are commands; compilers that were tried are named with their versions.",
        ("make build", "make embedded", "docs/embedding.md"),
        "The compiler, its flags and the environment of the firmware that ships.",
    ),
    Row(
        "5.8.6",
        "All planned activities are complete, with their documents.",
        _MANUFACTURER,
        "What is not there yet is named.",
        ("README.md", "CHANGELOG.md"),
        "The check of the plan before release.",
    ),
    Row(
        "5.8.7",
        "Software and documents are archived for the life of the device.",
        _MANUFACTURER,
        "A source distribution carries sources, tests, evidence's records and documents.",
        ("setup.py", "make build"),
        "The archive.",
    ),
    Row(
        "5.8.8",
        "The released software is delivered without change: copying, labelling, protection, packing.",
        _MANUFACTURER,
        "The core finds words of its memory that have changed; its program it does not check.",
        ("docs/assumptions.md", "docs/embedding.md"),
        "Programming of the device, its check, and protection against another program.",
    ),
)

VERIFICATION: Final = (*_UNITS, *_INTEGRATION, *_SYSTEM, *_RELEASE)
"""The rows of clauses 5.5 to 5.8, in their order."""
