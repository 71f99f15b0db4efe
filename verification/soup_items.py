"""The table of software of unknown provenance; ``soup`` says what its columns mean.

Of distributions that are there because others need them, and of which nothing here speaks, the bill of materials has
name, version and licence (``sbom``). Licences of commands are those that their Debian packages tell.
"""

from typing import Final

from iontocore.verification.soup import Form, Item, Used

_ON_PYTHON: Final = "Python"
_ON_POSIX: Final = "a POSIX system"
_OUTSIDE: Final = "The limits, the caps and the heartbeat are kept by the core, whatever it is asked (A-17)."

_RUN_TIME: Final = (
    Item(
        "CPython",
        Form.PLATFORM,
        Used.RUN_TIME,
        "Python Software Foundation",
        "Python-2.0",
        "runs the supervisor: plans, states, session, journal",
        "an operating system with threads, files that can be synchronised, and a monotonic clock; 3.11 or newer",
        "The supervisor stops, hangs, is late or computes wrongly: a target that nobody asked for, a stop that is not "
        "passed on.",
        f"{_OUTSIDE} One that falls silent is ramped down (SI-15); the emergency stop does not pass through it.",
    ),
    Item(
        "SQLite",
        Form.PLATFORM,
        Used.RUN_TIME,
        "the SQLite developers",
        "blessing",
        "keeps the journal: an entry is on disk when it says so",
        "a file system that synchronises when it says so, and locks",
        "An entry is lost, torn or altered: the record does not say what was done (H-18).",
        "Entries are chained and verified whenever a journal is opened; when the disk refuses, the session stops "
        "(D-30).",
    ),
    Item(
        "C library",
        Form.PLATFORM,
        Used.RUN_TIME,
        "of this machine, the GNU project",
        "LGPL-2.1-or-later",
        "serves Python, and the mathematics of the simulated body",
        "the operating system's kernel",
        "As for CPython; a simulated body that is wrong.",
        "The C core calls none of it: the library has no undefined symbol (tests/test_embedding.py). No proof rests "
        "on the body.",
    ),
    Item(
        "cffi",
        Form.DISTRIBUTION,
        Used.RUN_TIME,
        "Armin Rigo, Maciej Fijalkowski",
        "MIT-0",
        "carries records between Python and the core in this process",
        "Python; a C compiler where the extension is built; its wheel carries libffi, which calls through this "
        "binding do not use",
        "A field is read or written wrongly: another request than was meant, other telemetry than was sent.",
        "Declarations are made from the headers, sizes and every field are compared with C (tests/test_binding.py); a "
        "request beyond the limit is refused by the core (SI-22). A device whose core is in firmware does not need it "
        "there.",
    ),
    Item(
        "pycparser",
        Form.DISTRIBUTION,
        Used.RUN_TIME,
        "Eli Bendersky",
        "BSD-3-Clause",
        "comes with cffi: reads the declarations when the extension is built, and the C text when mutants of it are "
        "made",
        _ON_PYTHON,
        "An extension with other declarations than the headers'; mutants that are not what they seem.",
        "As for cffi. While a treatment runs it is not used.",
    ),
    Item(
        "transitions",
        Form.DISTRIBUTION,
        Used.RUN_TIME,
        "Tal Yarkoni and others",
        "MIT",
        "runs the table of states",
        _ON_PYTHON,
        "The session believes itself in another state than the table says: a stop that is refused, a start that is "
        "not.",
        "Every event in every state is tried (tests/test_machine.py); its automatic ways are off (D-20).",
    ),
    Item(
        "six",
        Form.DISTRIBUTION,
        Used.RUN_TIME,
        "Benjamin Peterson",
        "MIT",
        "comes with transitions, which takes the names of types from it",
        _ON_PYTHON,
        "As for transitions.",
        "As for transitions.",
    ),
)

_BUILD: Final = (
    Item(
        "gcc",
        Form.COMMAND,
        Used.BUILD,
        "the GNU project",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "compiles the core and its simulated body for this machine",
        "headers of the C library and of Python",
        "The machine runs another program than the one that was proved.",
        "The same text compiled by clang gives the same results, and so does a compiler for Arm, bit by bit (A-04). "
        "The compiler of the firmware is the manufacturer's to choose and to show.",
    ),
    Item(
        "make",
        Form.COMMAND,
        Used.BUILD,
        "the GNU project",
        "GPL-3.0-or-later",
        "runs every command of this project in order",
        "a shell",
        "Something is not built again after a change.",
        "Results carry the fingerprint of the text that they speak of.",
    ),
    Item(
        "setuptools",
        Form.DISTRIBUTION,
        Used.BUILD,
        "Python Packaging Authority",
        "MIT",
        "builds the extension, the wheel and the source distribution",
        _ON_PYTHON,
        "A file is missing, or an old one ships.",
        "The contents of both are tested (tests/test_packaging.py).",
    ),
    Item(
        "build",
        Form.DISTRIBUTION,
        Used.BUILD,
        "Python Packaging Authority",
        "MIT",
        "calls setuptools for a release",
        _ON_PYTHON,
        "As for setuptools.",
        "As for setuptools.",
    ),
)

_COMMAND_LINE: Final = (
    Item(
        "numpy",
        Form.DISTRIBUTION,
        Used.COMMAND_LINE,
        "NumPy Developers",
        "BSD-3-Clause",
        "keeps the ticks of a simulated run, and judges them by the invariants",
        "Python; a wheel of the platform",
        "A record of a simulated run is wrong, or a breach in it is not seen.",
        "The same predicates give the same on plain numbers (tests/test_samples.py). No session needs it.",
    ),
    Item(
        "matplotlib",
        Form.DISTRIBUTION,
        Used.COMMAND_LINE,
        "Matplotlib development team",
        "PSF-2.0",
        "draws a treatment, and the pictures of reports",
        "Python, numpy; a wheel of the platform",
        "A picture shows what was not.",
        "Pictures are made from a record that stands beside them. No session needs it.",
    ),
    Item(
        "rich",
        Form.DISTRIBUTION,
        Used.COMMAND_LINE,
        "Will McGugan",
        "MIT",
        "draws the live view and the progress of long work",
        _ON_PYTHON,
        "The view shows what is not so, or fails.",
        "Where there is no terminal plain lines are told without it (tests/test_live.py). No device's panel is made "
        "with it.",
    ),
)

_PROOF: Final = "A clause is called proved that is false, or the text that is proved is another."
_PROOF_ANSWER: Final = (
    "Edits of the text that must not be provable are proved again and found; tests look by other means (A-03)."
)
_PROOF_TOOLS: Final = tuple(
    Item(name, Form.COMMAND, Used.EVIDENCE, maker, license, purpose, needs, _PROOF, _PROOF_ANSWER, asks)
    for name, maker, license, purpose, needs, asks in (
        (
            "frama-c",
            "CEA, Inria",
            "LGPL-2.1-only",
            "makes the goals of the proof, and simplifies them",
            "a C preprocessor",
            "-version",
        ),
        ("why3", "Inria, CNRS", "LGPL-2.1-only", "stands between Frama-C and the provers", "the provers", "--version"),
        ("cvc4", "Stanford, Iowa and others", "BSD-3-Clause", "is the first prover", _ON_POSIX, "--version"),
        ("z3", "Microsoft Research", "MIT", "is the second prover", _ON_POSIX, "--version"),
    )
)

_NOT_FOUND: Final = "Something is there and is not found."
_COMMANDS: Final = tuple(
    Item(name, Form.COMMAND, Used.EVIDENCE, maker, license, purpose, _ON_POSIX, fails, answer, asks)
    for name, maker, license, purpose, fails, answer, asks in (
        (
            "clang-19",
            "the LLVM project",
            "Apache-2.0 WITH LLVM-exception",
            "compiles the core with other warnings, with counters of coverage, with sanitizers and a fuzzer",
            _NOT_FOUND,
            "Each is tried on a text that is wrong (tests/test_sanitize.py, tests/test_fuzz.py, tests/test_cover.py).",
            "--version",
        ),
        (
            "llvm-cov-19",
            "the LLVM project",
            "Apache-2.0 WITH LLVM-exception",
            "reports which decisions of the core the tests decide",
            "A decision is called covered that is not.",
            "What it counts is counted again, and a decision that it leaves out is found (tests/test_cover.py).",
            "--version",
        ),
        (
            "clang-tidy-19",
            "the LLVM project",
            "Apache-2.0 WITH LLVM-exception",
            "holds the C text to rules",
            _NOT_FOUND,
            "Every check is tried on a text that breaks a rule (tests/test_rules.py).",
            "--version",
        ),
        (
            "cppcheck",
            "Daniel Marjamäki and others",
            "GPL-3.0-or-later",
            "holds the C text to MISRA C:2012",
            _NOT_FOUND,
            "It is tried on a text that breaks a rule; rules that it does not look at are named (tests/test_rules.py).",
            "--version",
        ),
        (
            "arm-none-eabi-gcc",
            "the GNU project, Arm",
            "GPL-3.0-or-later WITH GCC-exception-3.1",
            "compiles the core for Cortex-M, and counts its stack",
            "Sizes or bounds are not those of the device.",
            "Its traces are compared with the host's. The compiler of the firmware is the manufacturer's to choose.",
            "--version",
        ),
        (
            "qemu-system-arm",
            "the QEMU project",
            "GPL-2.0-only",
            "runs the core on an emulated Cortex-M3, and counts instructions",
            "A trace or a count is not that of a processor.",
            "Counts are held against a bound from the machine code. It has no timing, and none is claimed.",
            "--version",
        ),
        (
            "pango-view",
            "the GNOME project",
            "LGPL-2.0-or-later",
            "is there for the library that sets the type of the report's PDF",
            "A page of the PDF is not what the HTML says.",
            "Both are made from one record, and the PDF is read back by tests.",
            "--version",
        ),
        (
            "pdftotext",
            "the Poppler developers",
            "GPL-2.0-or-later",
            "reads the report's PDF back for the tests",
            "A page that lacks something is not noticed.",
            "The HTML is tested by itself.",
            "-v",
        ),
        (
            "spin",
            "Bell Labs, Gerard Holzmann",
            "BSD-3-Clause",
            "searches the model of states, core and world for a way that breaks a property",
            "A way that is there is not found.",
            "Errors that are seeded into the table have to be found.",
            "-V",
        ),
    )
)

_PACKAGES: Final = tuple(
    Item(name, Form.DISTRIBUTION, Used.EVIDENCE, maker, license, purpose, _ON_PYTHON, fails, answer)
    for name, maker, license, purpose, fails, answer in (
        (
            "pytest",
            "Holger Krekel and others",
            "MIT",
            "runs the tests",
            "A test that fails is called passed, or is not run.",
            "Mutants have to fail it; tests that are left out are told, and on a server are a failure.",
        ),
        (
            "pytest-xdist",
            "Holger Krekel and others",
            "MIT",
            "runs them on several processors",
            "A test is not run.",
            "The number of tests is told by every run.",
        ),
        (
            "hypothesis",
            "David R. MacIver, Zac Hatfield-Dodds",
            "MPL-2.0",
            "makes hostile requests, measurements and timings",
            "An input that would break an invariant is not made.",
            "Proof is for every input; borders are tried by hand.",
        ),
        (
            "mypy",
            "Jukka Lehtosalo and others",
            "MIT",
            "checks the types of all Python text",
            _NOT_FOUND,
            "Nothing rests on it alone.",
        ),
        (
            "ruff",
            "Astral",
            "MIT",
            "finds common mistakes of Python, and formats it",
            _NOT_FOUND,
            "Nothing rests on it alone.",
        ),
        (
            "types-cffi",
            "the typeshed project",
            "Apache-2.0",
            "tells mypy the types of cffi",
            _NOT_FOUND,
            "Nothing rests on it alone.",
        ),
        (
            "types-jsonschema",
            "the typeshed project",
            "Apache-2.0",
            "tells mypy the types of jsonschema",
            _NOT_FOUND,
            "Nothing rests on it alone.",
        ),
        (
            "types-setuptools",
            "the typeshed project",
            "Apache-2.0",
            "tells mypy the types of setuptools",
            _NOT_FOUND,
            "Nothing rests on it alone.",
        ),
        (
            "mutmut",
            "Anders Hovmöller",
            "BSD-3-Clause",
            "makes mutants of functions in Python",
            "Fewer mutants than there could be.",
            "The number is told; tables, which it leaves alone, are mutated here.",
        ),
        (
            "libcst",
            "Meta Platforms",
            "MIT",
            "makes mutants of the tables in Python",
            "Fewer mutants than there could be.",
            "The number is told, and the making of them is tested.",
        ),
        (
            "jsonschema",
            "Julian Berman",
            "MIT",
            "holds the evidence to its published schema",
            "A record that is of another shape is not noticed.",
            "Records are typed, and are read back as such.",
        ),
        (
            "cyclonedx-python-lib",
            "OWASP Foundation",
            "Apache-2.0",
            "writes the bill of materials, and holds it to the schema of CycloneDX",
            "A bill of materials that other tools misread.",
            "It is made from this table, which the report shows as well.",
        ),
        (
            "packageurl-python",
            "the purl authors",
            "MIT",
            "names distributions in the bill of materials",
            "A name that other tools misread.",
            "Name and version stand beside it.",
        ),
        (
            "packaging",
            "Python Packaging Authority",
            "Apache-2.0 OR BSD-2-Clause",
            "reads what distributions need",
            "A distribution is missing in the bill of materials.",
            "What is needed at run time is held to this table by a test.",
        ),
        (
            "jinja2",
            "the Pallets project",
            "BSD-3-Clause",
            "fills the pages of the report",
            "A page lacks something, or shows markup that stands in a text.",
            "Texts are escaped unless said otherwise; pages are held to the records by tests.",
        ),
        (
            "markupsafe",
            "the Pallets project",
            "BSD-3-Clause",
            "escapes texts in pages",
            "A page shows markup that stands in a text.",
            "Pages are held to the records by tests.",
        ),
        (
            "weasyprint",
            "CourtBouillon",
            "BSD-3-Clause",
            "makes the PDF of the report",
            "A page of the PDF is not what the HTML says.",
            "Both are made from one record, and the PDF is read back by tests.",
        ),
        (
            "strictdoc",
            "Stanislav Pankevich and others",
            "Apache-2.0",
            "makes the auditor's browser and the ReqIF from generated texts",
            "A link is missing, or leads elsewhere.",
            "The texts that it is given are tested, and the report is made without it.",
        ),
    )
)

SOUP: Final[tuple[Item, ...]] = (
    *_RUN_TIME,
    *_BUILD,
    *_COMMAND_LINE,
    *_PROOF_TOOLS,
    *_COMMANDS,
    *_PACKAGES,
)
"""All items, those that a treatment rests on first."""
