"""Holds the embedded C text to MISRA C:2012 (cppcheck's addon) and to clang-tidy, against the register of deviations.

    python -m iontocore.verification.rules            what was found by rule, and which row of the register accepts it
    python -m iontocore.verification.rules --sites    every finding, too, with its place and its text
    python -m iontocore.verification.rules --record   writes the numbers that were found into the rows that there are

The register is ``ccore/proofs/deviations.toml``, the checks of clang-tidy stand in ``ccore/.clang-tidy``. Status 1 on a
finding that no row accepts, a row that accepts nothing any more, a number that differs, a comment or a macro that hides
the text from a tool. The simulated body ``ccore/sim`` is never embedded and is not held to these rules; nor are the
board and the template below ``ccore/ports``, which a device replaces by its own.
"""

import re
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from xml.etree import ElementTree

from iontocore.safety.refusal import Refusal
from iontocore.verification import misra
from iontocore.verification.command import Parser, answered
from iontocore.verification.deviations import (
    READING,
    REGISTER,
    Deviation,
    Finding,
    Judgement,
    Register,
    judge,
    load,
    recounted,
)
from iontocore.verification.progress import progress
from iontocore.verification.tools import ROOT, SOURCES, Answer, cores, require, run, version

SCOPE: Final = (*SOURCES, Path("ccore/ports/ionto_port.h"), Path("ccore/ports/ionto_port.c"))
"""What is embedded in every device, relative to the project: the core, and the glue around it."""

CHECKS: Final = Path("ccore/.clang-tidy")

_INCLUDES: Final = ("-Iccore/include", "-Iccore/ports")
_TIMEOUT_S: Final = 300.0
_CPPCHECK: Final = (
    # A 32-bit processor; the library as cppcheck knows it by itself, so that no host's header is looked at.
    *("--std=c99", "--language=c", "--platform=arm32-wchar_t4", "-U__cplusplus", "--suppress=missingIncludeSystem"),
    # A header is looked at by itself, too, for the rules about its text; by itself it uses none of its members.
    *("--addon=misra", "--enable=all", "--inconclusive", "--suppress=unusedStructMember:*.h"),
    *("--quiet", "--xml"),
)
_CLANG: Final = ("-std=c99", "--target=arm-none-eabi", "-mcpu=cortex-m3", "-ffreestanding", "-Weverything", *_INCLUDES)
_TIDY: Final = re.compile(
    r"^(?:(?P<file>[^\s:]+):(?P<line>\d+):\d+: )?(?:warning|error): (?P<said>.*) \[(?P<rule>[\w.,-]+)\]$"
)
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_FUNCTION: Final = re.compile(r"^[a-z][^;{}()]*?\b(\w+)\([^;{}]*\)\s*\{.*?^\}", re.DOTALL | re.MULTILINE)
_HIDES: Final = re.compile(
    r"NOLINT\w*|cppcheck-suppress|#\s*pragma\b|_Pragma\b|__attribute__"
    r"|^\s*#\s*(?:el)?if(?!ndef IONTO\w*_H$|def __cplusplus$).*"
)
"""Comments and pragmas that silence a tool, and text that is there for some compilers only."""


class Outcome(NamedTuple):
    """What holding a text to the rules gave."""

    register: Register
    judgement: Judgement
    versions: dict[str, str]
    checks: int
    """Checks of clang-tidy in use."""
    complexity: str
    """The option of clang-tidy that bounds the cognitive complexity of a function, as it is written."""
    looked_at: Sequence[str]
    """Rules of MISRA C:2012 that the addon looks at."""


class Text:
    """A file of C that findings are placed in. Tools say lines; what is said here survives a change of lines."""

    def __init__(self, root: Path, file: Path) -> None:
        self._raw = (root / file).read_text("utf-8")
        self._code = _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), self._raw)
        self._starts = [0, *(newline.end() for newline in re.finditer("\n", self._raw))]
        self._functions = [(each.start(), each.end(), each[1]) for each in _FUNCTION.finditer(self._code)]

    def function(self, line: int) -> str:
        """The function around a line; empty outside of functions. A declarator on several lines belongs to it."""
        start = self._starts[line - 1]
        stop = self._raw.find("\n", start)
        return next((name for begin, end, name in self._functions if begin <= stop and start < end), "")

    def statement(self, line: int) -> str:
        """The statement that a line is part of, on one line; a line that is comment or preprocessor as it stands."""
        start = self._starts[line - 1]
        raw = self._raw[start:].partition("\n")[0]
        code = self._code[start : start + len(raw)]
        if not code.strip() or code.lstrip().startswith("#"):
            return " ".join(raw.split())
        first = start + len(code) - len(code.lstrip(" }"))
        begin = max(self._code.rfind(mark, 0, first) for mark in ";{}") + 1
        end = min((at + 1 for mark in ";{}" if (at := self._code.find(mark, first)) >= 0), default=len(self._code))
        statement = re.sub(r"^\s*#.*$", "", self._code[begin:end], flags=re.MULTILINE)
        return " ".join(statement.split())

    def passages(self, pattern: str) -> Iterator[tuple[int, str]]:
        """Where a regular expression matches the code, comments aside: the line, and what matches, on one line."""
        for found in re.finditer(pattern, self._code):
            yield self._code.count("\n", 0, found.start()) + 1, " ".join(found[0].split())


def check(root: Path = ROOT, register: Path = REGISTER) -> Outcome:
    """Run both tools over the text below `root`. Refusal when a tool is missing or cannot run."""
    rows = load(register)
    commands = {"cppcheck": require("cppcheck", "cppcheck"), "clang-tidy": require("clang-tidy-19", "clang-tidy-19")}
    texts = {file.as_posix(): Text(root, file) for file in SCOPE}

    def place(tool: str, rule: str, said: str, file: str, line: int) -> Finding:
        text = texts.get(file) if line else None
        if text is None:
            return Finding(tool, rule, file, line, "", said)
        statement = text.statement(line)
        return Finding(tool, rule, file, line, text.function(line), f"{said}: {statement}" if said else statement)

    units = [file for file in SCOPE if file.suffix == ".c"]
    work: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("cppcheck", lambda: _cppcheck(commands["cppcheck"], root, place)),
        *((f"clang-tidy {unit.name}", _tidy_of(commands["clang-tidy"], root, unit, place)) for unit in units),
    ]
    findings: list[Finding] = []
    seen: set[Finding] = set()
    with progress("rules", len(work)) as advance, ThreadPoolExecutor(cores()) as pool:
        for (name, _), found in zip(work, pool.map(lambda job: job[1](), work), strict=True):
            # clang-tidy tells what is wrong with a header once for each file that includes it
            findings += [each for each in found if not (each.file.endswith(".h") and each in seen)]
            seen.update(found)
            advance(name)
    checks = _enabled(commands["clang-tidy"], root)
    looked_at = misra.looked_at(misra.addon().read_text("utf-8"))
    judgement = judge(rows.deviations, [*findings, *_by_reading(rows.deviations, texts)])
    problems = [*judgement.problems, *_hidden(root), *_left_out(rows, root), *_unchecked(rows, looked_at)]
    if checks != rows.checks:
        problems.append(f"{CHECKS} switches {checks} checks on, the register says {rows.checks}")
    versions = {name: _number(version(command)) for name, command in commands.items()}
    complexity = re.search(r"\S*cognitive-complexity\S* \d+", (root / CHECKS).read_text("utf-8"))
    bound = complexity[0] if complexity else "no bound on the cognitive complexity"
    return Outcome(rows, judgement._replace(problems=problems), versions, checks, bound, looked_at)


_Place = Callable[[str, str, str, str, int], Finding]


def _cppcheck(command: str, root: Path, place: _Place) -> list[Finding]:
    """All files at once: some rules are about the whole program. What cppcheck writes goes to a folder of its own."""
    with TemporaryDirectory() as folder:
        files = [file.as_posix() for file in SCOPE]
        answer = run(
            [command, *_CPPCHECK, f"--cppcheck-build-dir={folder}", *_INCLUDES, *files], cwd=root, timeout_s=_TIMEOUT_S
        )
    try:
        errors = ElementTree.fromstring(answer.err).iter("error")
    except ElementTree.ParseError:
        raise _cannot_run("cppcheck", answer) from None
    if answer.status != 0:
        raise _cannot_run("cppcheck", answer)
    findings = []
    for error in errors:
        at = error.find("location")
        file, line = ("", 0) if at is None else (at.get("file", ""), int(at.get("line", "0")))
        rule = error.get("id", "")
        said = "" if rule.startswith("misra-") else error.get("msg", "")
        findings.append(place("cppcheck", rule, said, file, line))
    return findings


def _tidy_of(command: str, root: Path, unit: Path, place: _Place) -> Callable[[], list[Finding]]:
    """clang-tidy over one file and the headers that it includes."""

    def tidy() -> list[Finding]:
        arguments = ["--quiet", f"--config-file={CHECKS.as_posix()}", unit.as_posix(), "--", *_CLANG]
        answer = run([command, *arguments], cwd=root, timeout_s=_TIMEOUT_S)
        said = [found for line in answer.out.splitlines() if (found := _TIDY.match(line))]
        # Status 1 without a word is a tool that did not run; with words they are errors of the text, told as findings.
        if answer.status not in (0, 1) or (answer.status == 1 and not said):
            raise _cannot_run("clang-tidy-19", answer)
        return [
            place("clang-tidy", each["rule"], each["said"], _relative(each["file"], root), int(each["line"] or 0))
            for each in said
        ]

    return tidy


def _by_reading(rows: Iterable[Deviation], texts: Mapping[str, Text]) -> list[Finding]:
    """What the tools do not see and a reader has: the passages that such a row describes."""
    return [
        Finding(READING, row.rule, file, line, texts[file].function(line), passage)
        for row in rows
        if row.tool == READING
        for file in sorted({place.partition(":")[0] for place in row.where} & set(texts))
        for line, passage in texts[file].passages(row.text)
    ]


def _enabled(command: str, root: Path) -> int:
    answer = run([command, f"--config-file={CHECKS.as_posix()}", "--list-checks"], cwd=root, timeout_s=_TIMEOUT_S)
    if answer.status != 0:
        raise _cannot_run("clang-tidy-19", answer)
    return sum(line.startswith("    ") for line in answer.out.splitlines())


def _relative(file: str | None, root: Path) -> str:
    path = Path(file or "")
    return path.relative_to(root).as_posix() if file and path.is_relative_to(root) else file or ""


def _cannot_run(command: str, answer: Answer) -> Refusal:
    said = (answer.err.strip() or answer.out.strip() or "nothing").splitlines()[-1]
    return Refusal(command, f"ended with status {answer.status}, saying {said}", "a run to the end", __name__)


def _hidden(root: Path) -> list[str]:
    """What keeps a tool from seeing the text, or from saying what it saw: a deviation belongs into the register."""
    return [
        f"{file.as_posix()}:{number} hides from the tools: {found[0]}"
        for file in SCOPE
        for number, line in enumerate((root / file).read_text("utf-8").splitlines(), 1)
        if (found := _HIDES.search(line))
    ]


def _left_out(register: Register, root: Path) -> list[str]:
    """The checks that are switched off are those that the register gives a reason for."""
    switched_off = set(re.findall(r"^ +-([a-z][\w.-]*),?$", (root / CHECKS).read_text("utf-8"), re.MULTILINE))
    reasoned = {row.check for row in register.left_out}
    return [
        *(
            f"{CHECKS} switches {check} off, and no row of left_out says why"
            for check in sorted(switched_off - reasoned)
        ),
        *(f"left_out has {check}, which {CHECKS} does not switch off" for check in sorted(reasoned - switched_off)),
    ]


def _unchecked(register: Register, looked_at: Sequence[str]) -> list[str]:
    """Of each guideline that the addon does not look at, the register says what stands in for it."""
    missing = [*(rule for rule in misra.RULES if rule not in looked_at), *misra.DIRECTIVES]
    listed = [row.guideline for row in register.unchecked]
    return [
        *(f"nobody looks at {name}, and no row of unchecked says so" for name in missing if name not in listed),
        *(
            f"unchecked has {name}, which the addon looks at, or twice"
            for name in listed
            if listed.count(name) > 1 or name not in missing
        ),
    ]


def _number(told: str) -> str:
    found = re.search(r"\d+(?:\.\d+)+", told)
    return found[0] if found else told


def _table(outcome: Outcome) -> list[str]:
    """By tool and rule: how many findings, and which rows accept them."""
    rows = {row.id: row for row in outcome.register.deviations}
    counted = Counter((finding.tool, finding.rule) for finding, _ in outcome.judgement.accepted)
    ids: dict[tuple[str, str], set[str]] = {key: set() for key in counted}
    for finding, by in outcome.judgement.accepted:
        ids[finding.tool, finding.rule].update(by or ("-",))
    lines = []
    for tool, told in (*outcome.versions.items(), (READING, "by a person, of what the tools do not see")):
        lines.append(f"{tool} {told}")
        found = sorted((rule, number, sorted(ids[of, rule])) for (of, rule), number in counted.items() if of == tool)
        width = max((len(rule) for rule, _, _ in found), default=0)
        wide = max((len(" ".join(accepting)) for _, _, accepting in found), default=0)
        for rule, number, accepting in found:
            asks = next((rows[each].asks for each in accepting if each in rows), "no row")
            lines.append(f"  {rule:{width}}  {number:3}  {' '.join(accepting):{wide}}  {asks}")
    return lines


def _extent(outcome: Outcome) -> list[str]:
    """What was looked at, and what was not."""
    missing = [rule for rule in misra.RULES if rule not in outcome.looked_at]
    paragraphs = (
        f"Text: {', '.join(path.as_posix() for path in SCOPE)}. The simulated body, ccore/sim, is never "
        "embedded and not held to these rules.",
        f"MISRA C:2012 with Amendments 1 and 2 has {len(misra.RULES)} rules and {len(misra.DIRECTIVES)} directives. "
        f"The addon looks at {len(outcome.looked_at)} rules, and does not decide each of them in full: "
        f"{' '.join(outcome.looked_at)}.",
        f"It does not look at {len(missing)} rules ({' '.join(missing)}) and the {len(misra.DIRECTIVES)} directives: "
        f"what stands in for each is in {REGISTER.name}.",
        f"clang-tidy: {outcome.checks} checks, every warning of clang among them; {outcome.complexity}. Left out, with "
        f"reasons: {', '.join(f'{row.check} ({row.id})' for row in outcome.register.left_out)}.",
    )
    return [
        line for text in paragraphs for line in textwrap.wrap(text, 118, subsequent_indent="  ", break_on_hyphens=False)
    ]


def _verdict(outcome: Outcome) -> str:
    accepted, problems = outcome.judgement.accepted, outcome.judgement.problems
    if problems:
        other = [
            f"the register was written for {tool} {told}, this is {outcome.versions.get(tool, 'missing')}"
            for tool, told in outcome.register.written_for.items()
            if outcome.versions.get(tool) != told
        ]
        return f"BROKEN: {len(problems)} problems" + (f" ({'; '.join(other)})" if other else "")
    kinds = Counter(row.kind for row in outcome.register.deviations for _, ids in accepted if row.id in ids)
    return (
        f"HOLDS: {len(accepted)} findings, each accepted by one of the {len(outcome.register.deviations)} rows of the "
        f"register: {kinds['deviation']} deviations, {kinds['false alarm']} false alarms"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print what was found. Status 0 when all is accepted, 1 when not, 2 when a tool or the register is missing."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("rules", __doc__.splitlines()[0])
    parser.add_argument("--sites", action="store_true", help="every finding, with its place and its text")
    parser.add_argument("--record", action="store_true", help="write the numbers found into the rows that there are")
    options = parser.parse_args(argv)
    if options.record:
        REGISTER.write_text(recounted(REGISTER.read_text("utf-8"), check().judgement), "utf-8")
    outcome = check()
    print(*_table(outcome), "", *_extent(outcome), sep="\n")
    if options.sites:
        print("", *(f"{' '.join(ids) or '-':5}  {finding}" for finding, ids in outcome.judgement.accepted), sep="\n")
    if outcome.judgement.problems:
        print("", *outcome.judgement.problems, sep="\n")
    print("", _verdict(outcome), sep="\n")
    return 1 if outcome.judgement.problems else 0


if __name__ == "__main__":
    sys.exit(main())
