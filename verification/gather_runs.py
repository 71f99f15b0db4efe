"""What is run on the text as evidence: the tests, what they cover, the rules, the fuzzer, the sizes on a processor.

The tests run in both modes, in quick mode those alone that show an invariant. The fuzzer runs in full mode alone, with
a part of the inputs of ``make fuzz``, and with one process, so that the same seed gives the same inputs.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from iontocore.verification import cover, fuzz, rules, sanitize
from iontocore.verification.evidence import (
    Coverage,
    Evidence,
    Figure,
    FileCoverage,
    Kind,
    Made,
    Mode,
    NotShown,
    Place,
    Status,
    Uncovered,
)
from iontocore.verification.evidence import Finding as Objection
from iontocore.verification.examined import EVERYTHING, FUZZED, RULED, SANITIZED
from iontocore.verification.excuses import Excuse, Judgement, judge, load
from iontocore.verification.gaps import Gap, Measured, NotMeasuredError
from iontocore.verification.gaps import Place as GapPlace
from iontocore.verification.gather import Part, Setting
from iontocore.verification.suite import Checked, Suite, run_suite
from iontocore.verification.tools import complaint, require, run

FUZZ_INPUTS: Final = 200_000

_WHOSE: Final = "make verify"
_ROW: Final = re.compile(r"^(?P<processor>cortex-\w+)-(?P<level>O\w)(?P<figures>(?: +\d+)+)$", re.MULTILINE)
_SIZES: Final = (
    "core_flash_bytes", "glue_flash_bytes", "core_ram_bytes", "port_ram_bytes", "tick_stack_bytes",
    "other_stack_bytes", "step_instructions_treating", "step_instructions_most_seen", "step_instructions_bound",
    "report_instructions", "configure_instructions",
)  # fmt: skip


def _made_now(
    setting: Setting, kind: Kind, name: str, *, says: str, group: str, figures: Mapping[str, Figure], command: str,
    source: Place, fails: Iterable[str] = (), subject: str = "", invariants: tuple[str, ...] = (),
) -> Evidence:  # fmt: skip
    detail = tuple(fails)
    return Evidence(
        id=f"{kind}:{name}",
        kind=kind,
        subject=subject or name,
        says=says,
        invariants=invariants,
        hazards=(),
        status=Status.FAILS if detail else Status.HOLDS,
        made=Made.NOW,
        group=group,
        speaks_of=setting.fingerprints[group],
        figures=figures,
        command=command,
        source=source,
        detail=detail,
    )


# ---- tests -----------------------------------------------------------------------------------------------------------


def tests(setting: Setting) -> Part:
    """The suite; in quick mode the tests that show an invariant."""
    quick = setting.mode is Mode.QUICK
    suite = run_suite(setting.out / "tests", ("-m", "invariant") if quick else ())
    return Part(
        evidence=tuple(of_suite(setting, suite)),
        objections=(Objection("tests", suite.complaint),) if suite.complaint else (),
        not_shown=(_UNMARKED,) if quick else (),
    )


_UNMARKED: Final = NotShown(
    "tests-without-an-invariant",
    "What the tests show that show no invariant: in quick mode they are not run.",
    "The text may do something else than its other tests ask for.",
    _WHOSE,
)


def of_suite(setting: Setting, suite: Suite) -> Iterator[Evidence]:
    """A piece of evidence for each test that shows an invariant, and one for all others of a file."""
    for one in suite.tests:
        if one.invariants:
            yield _made_now(
                setting, Kind.TEST, f"{one.file}::{one.name}", says=_sentence(one.name), group=EVERYTHING,
                figures={"cases": one.cases}, command=f"make pytest ARGS='{one.file}::{one.name}'",
                source=Place(one.file, one.line), fails=(*one.failed, *one.left_out), invariants=one.invariants,
            )  # fmt: skip
    others = [one for one in suite.tests if not one.invariants]
    for file, group in groupby(others, key=lambda one: one.file):
        part = tuple(group)
        yield _made_now(
            setting, Kind.TEST, file, subject=f"{file}, what shows no invariant", group=EVERYTHING,
            says="Its other tests pass.", figures={"tests": len(part), "cases": sum(one.cases for one in part)},
            command=f"make pytest ARGS={file}", source=Place(file, 1), fails=_against(part),
        )  # fmt: skip


def _against(tests: Iterable[Checked]) -> Iterator[str]:
    for one in tests:
        yield from (*one.failed, *one.left_out)


def _sentence(name: str) -> str:
    """A test's name as the sentence that it is."""
    words = name.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}."


# ---- coverage --------------------------------------------------------------------------------------------------------


def coverage(setting: Setting) -> Part:
    """Branches and MC/DC of the C core by its Python tests."""
    try:
        measured = cover.measure(setting.out / "cover")
    except NotMeasuredError as error:
        return Part(objections=(Objection("coverage", f"not measured: {error}"),))
    return of_coverage(setting, measured, judge(measured.gaps, load()))


def of_coverage(setting: Setting, measured: Measured, judgement: Judgement) -> Part:
    """What was covered of each file; a place that is neither covered nor excused is against it."""
    files = tuple(
        FileCoverage(
            file,
            functions=of_it.functions.total,
            functions_covered=of_it.functions.covered,
            lines=of_it.lines.total,
            lines_covered=of_it.lines.covered,
            branches=of_it.branches.total,
            branches_covered=of_it.branches.covered,
            conditions=of_it.conditions.total,
            conditions_covered=of_it.conditions.covered,
        )
        for file, of_it in measured.totals.items()
    )
    excused = {(gap.place, gap.never): excuse for gap, excuse in judgement.excused}
    by_place = groupby(measured.gaps, key=lambda gap: (gap.place, gap.line))
    uncovered = tuple(_uncovered(tuple(gaps), excused) for _, gaps in by_place)
    evidence = tuple(
        _made_now(
            setting, Kind.COVERAGE, one.file, says="Every condition is true and false in some test, and decides.",
            group=EVERYTHING, command="make cover", source=Place(one.file, 1),
            figures={
                "functions": one.functions, "functions_covered": one.functions_covered,
                "branches": one.branches, "branches_covered": one.branches_covered,
                "conditions": one.conditions, "conditions_covered": one.conditions_covered,
                "excused": sum(gap.place.file == one.file for gap, _ in judgement.excused),
            },
            fails=[
                f"line {gap.line}, {gap.place.function}(): never {gap.never}: {gap.place.condition}"
                for gap in judgement.unexcused
                if gap.place.file == one.file
            ],
        )
        for one in files
    )  # fmt: skip
    stale = tuple(
        Objection("coverage", f"{excuse.id} excuses what nothing is missing of: {', '.join(never)}")
        for excuse, never in judgement.stale
    )
    return Part(evidence, stale, coverage=Coverage(files, uncovered))


def _uncovered(gaps: tuple[Gap, ...], excused: Mapping[tuple[GapPlace, str], Excuse]) -> Uncovered:
    place = gaps[0].place
    excuse = next((one for gap in gaps if (one := excused.get((gap.place, gap.never)))), None)
    return Uncovered(
        excuse="" if excuse is None else excuse.id,
        place=Place(place.file, gaps[0].line),
        function=place.function,
        decision=place.decision,
        condition=place.condition,
        never=tuple(gap.never for gap in gaps),
        reason="" if excuse is None else excuse.reason,
    )


# ---- rules, fuzzing, sizes -------------------------------------------------------------------------------------------


def rules_of_text(setting: Setting) -> Part:
    """The embedded text against MISRA C:2012 and clang-tidy."""
    outcome = rules.check()
    register = outcome.register
    piece = _made_now(
        setting, Kind.RULES, "embedded", subject=", ".join(path.name for path in rules.SCOPE), group=RULED,
        says="Each finding of the tools is accepted by a numbered deviation with its reason.",
        figures={
            "findings_accepted": len(outcome.judgement.accepted),
            "deviations": len(register.deviations),
            "misra_rules_looked_at": len(outcome.looked_at),
            "guidelines_nobody_looks_at": len(register.unchecked),
            "clang_tidy_checks": outcome.checks,
        },
        command="make rules", source=Place("ccore/proofs/deviations.toml", 1), fails=outcome.judgement.problems,
    )  # fmt: skip
    return Part((piece,))


def fuzzing(setting: Setting) -> Part:
    """Inputs through the core under sanitizers, with an oracle at every tick."""
    if setting.mode is Mode.QUICK:
        return Part(not_shown=(_NOT_FUZZED,))
    out = setting.out / "fuzz"
    shutil.rmtree(out, ignore_errors=True)  # a corpus that is there would be begun from
    program = fuzz.build(out)
    outcome = fuzz.fuzz(program, out, runs=FUZZ_INPUTS)
    fails = [f"never reached: {', '.join(outcome.unreached)}"] if outcome.unreached else []
    if outcome.finding is not None:
        fails = [outcome.finding.sentence]
    piece = _made_now(
        setting, Kind.FUZZ, "core", subject="the C core, and each channel alone", group=FUZZED,
        says="No input breaks a promise of the header or the rules of C, and every phase and every trip is reached.",
        figures={name: outcome.counts.get(name, 0) for name in ("inputs", "ticks", "starts", "flips")},
        command="make fuzz", source=Place(fuzz.HARNESS[0].as_posix(), 1), fails=fails,
    )  # fmt: skip
    return Part((piece,))


_NOT_FUZZED: Final = NotShown(
    "fuzz", "What the fuzzer finds: in quick mode it does not run.", "An input may break what no test asks.", _WHOSE
)


def sanitizers(_: Setting) -> Part:
    """What the tests said under ASan and UBSan, all but those of that command and of the fuzzer: read from the record,
    since it takes longer than a report may."""
    recorded = sanitize.read()
    if recorded is None:
        return Part(not_shown=(_NOT_SANITIZED,))
    piece = Evidence(
        id=f"{Kind.SANITIZE}:suite",
        kind=Kind.SANITIZE,
        subject="all tests but those of this command and of the fuzzer, under ASan and UBSan",
        says="Every test passes, and no access and no sum of the C core and its simulation is out of bounds.",
        invariants=(),
        hazards=(),
        status=Status.HOLDS,
        made=Made.RECORDED,
        group=SANITIZED,
        speaks_of=recorded.speaks_of,
        figures={"tests_passed": recorded.passed},
        command="make sanitize",
        source=Place("verification/sanitize.py", 1),
    )
    return Part((piece,))


_NOT_SANITIZED: Final = NotShown(
    "sanitize",
    "That the tests pass under ASan and UBSan: it takes longer than a report may, and there is no record.",
    "A test may read or write out of bounds, and pass.",
    "make sanitize ARGS=--record",
)


def sizes(setting: Setting) -> Part:
    """What the core takes of three processors, against its budgets."""
    require("arm-none-eabi-gcc", "gcc-arm-none-eabi")
    require("qemu-system-arm", "qemu-system-arm")
    answer = run(["make", "-s", "-C", "ccore", "sizes"], timeout_s=600)
    rows = [
        (match["processor"], match["level"], [int(one) for one in match["figures"].split()])
        for match in _ROW.finditer(answer.out)
    ]
    if not rows or any(len(figures) != len(_SIZES) for _, _, figures in rows):
        return Part(objections=(Objection("sizes", f"not measured: {complaint(answer)}"),))
    said = answer.err.strip().splitlines()
    evidence = tuple(
        _made_now(
            setting, Kind.SIZES, f"{processor}-{level}", subject=f"the C core on a {processor}, -{level}",
            says="Flash, RAM, stack and instructions are within their budgets.", group=EVERYTHING,
            figures=dict(zip(_SIZES, figures, strict=True)), command="make -C ccore sizes",
            source=Place("ccore/ports/sizes.py", 1),
            fails=[line for line in said if line.startswith(f"{processor}-{level}: ")],
        )
        for processor, level, figures in rows
    )  # fmt: skip
    unexplained = answer.status != 0 and all(one.status is Status.HOLDS for one in evidence)
    return Part(evidence, (Objection("sizes", complaint(answer)),) if unexplained else ())
