"""One run of Frama-C's WP over one function, or over some small ones, and what it said of every goal.

WP turns a contract and a body into goals. Qed, its own simplifier, discharges many; the rest go to cvc4 and, where that
has no answer, to z3: cvc4 first, since it answers nearly all of them within a tenth of a second. A function is proved
against the contracts of those that it calls, never against their bodies, so each can be proved by itself.

Smoke goals are the other way round: WP asks the provers to show `false` at the start of the body, after every call and
in every branch. A prover that succeeds has found a contract that nothing can meet, or code that no input reaches; then
all that was proved there is worth nothing, and the goal is `doomed`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.verification.acsl import Function, invariant_of
from iontocore.verification.tools import ROOT, Answer, require, run, version

BUILD: Final = ROOT / "build" / "proof"
"""Where a run keeps what it needs for itself; nothing of it is committed."""

OPTIONS: Final = (
    "-cpp-extra-args=-Iccore/include",
    "-wp",
    "-wp-rte",
    "-wp-model",
    "Typed",
    "-wp-par",
    "1",
    "-wp-cache",
    "none",
    "-wp-no-ground",
)
"""What every run has in common: the goals are those of the contracts and of C's own rules (``-wp-rte``). Without ground
terms the simplifier takes little more than half of the time, and shows the same."""

PROVERS: Final = ("cvc4-quick", "cvc4-macros", "cvc4", "z3")
"""In this order. See the module's text. The first three are one prover. The first is given QUICK_S and no more, since
nearly every goal takes a tenth of that. The second is told to put definitions in place of what they define
(``--macros-quant``): that changes no answer, and a predicate over many fields takes a hundredth of the time; one that
is handed on as it is takes longer, and is left to the third."""

QUICK_S: Final = 1

UNLABELLED: Final = "ensures"
"""What stands for the label of an ``ensures`` that has none."""

SMOKE_PROVERS: Final = ("cvc4",)
SMOKE_TIMEOUT_S: Final = 1
"""A contradiction is found at once or not at all: a smoke goal that passes has waited for all of this time."""

MACROS: Final = "--macros-quant"
"""What the second form of cvc4 is told besides."""

_CVC4: Final = re.compile(
    r'\[partial_prover\]\nname = "CVC4"\npath = "(?P<path>[^"]+)"\nversion = "(?P<version>[^"]+)"\n', re.MULTILINE
)
_CVC4_CONFIGURED: Final = """
[prover]
alternative = "{alternative}"
command = "{path} --stats --tlimit={milliseconds} --lang=smt2 {more} %f"
command_steps = "{path} --stats --rlimit=%S --lang=smt2 {more} %f"
driver = "cvc4_17"
editor = ""
in_place = false
interactive = false
name = "CVC4"
shortcut = "cvc4-{alternative}"
version = "{version}"
"""

_SMOKE_ONLY: Final = ",".join(
    f"-@{kind}"
    for kind in (
        *("ensures", "assigns", "assert", "requires", "terminates", "exits", "check"),
        *("complete_behaviors", "disjoint_behaviors"),
    )
)
_LONGEST_RUN_S: Final = 7200.0

_MODEL_PREFIX: Final = "typed_"
_GOAL: Final = re.compile(r"^\[wp\] \[(?P<who>[^\]]+)\] Goal (?P<goal>\w+)(?: : (?P<verdict>\w+)(?P<rest>.*))?$")
_SMOKE: Final = re.compile(r"^\[wp\] \[(?P<who>[^\]]+)\] Smoke-test (?P<goal>\w+)$")
_PROVER: Final = re.compile(r"^ +(?P<who>[A-Za-z][\w .()]*?): +(?P<what>\w.*)$")
_NO_GOAL: Final = "[wp] Warning: No goal generated"
_PLACE: Final = re.compile(r"^\[wp\] (?P<place>\S+:\d+): Warning: Failed smoke-test$")
_SUM: Final = re.compile(r"^\[wp\] Proved goals: +(?P<proved>\d+) / (?P<all>\d+)$")
_DURATION: Final = re.compile(r"\(?(?:Qed:)?(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|min|h)\b")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_STATEMENT: Final = re.compile(r"_s\d+$")
_ORDINAL: Final = re.compile(r"^(?:_\d+)?(?:_part\d+)?$")


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal and its end.

    goal: WP's name of it, without the memory model; unique within a function of a file.
    file, function: whose text gave it.
    clause: the label of the clause, or a name of what is shown where there is none: ``rte_mem_access``.
    invariant: the id that the label names, or "".
    kind: ensures, assigns, terminates, requires (of a callee), rte, assert, or smoke.
    prover: who discharged it: qed, cvc4, z3; "" when nobody did.
    status: valid, or failed; of a smoke goal passed, or doomed.
    answers: what each prover said, for a goal that is not well.
    seconds: of the simplifier and of the prover that discharged it.
    trivial: discharged by the shape of the control flow alone, so that there was no formula.
    """

    goal: str
    file: Path
    function: str
    clause: str
    invariant: str
    kind: str
    prover: str
    status: str
    answers: str
    seconds: float
    trivial: bool = False

    @property
    def well(self) -> bool:
        """Whether it ended as a proof needs it."""
        return self.status in ("valid", "passed")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run gave: its goals, and each thing that was said against it."""

    goals: tuple[Goal, ...]
    complaints: tuple[str, ...]


def configure() -> Path:
    """Let why3 find the provers, in a configuration of its own: nothing below the user's home is read or written.
    Refusal when a tool is missing, or a version that why3 does not know."""
    for command, package in (("frama-c", "frama-c-base"), ("why3", "why3"), ("cvc4", "cvc4"), ("z3", "z3")):
        require(command, package)
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / "why3.conf"
    path.unlink(missing_ok=True)  # why3 refuses an older one, and leaves an empty one without its version
    run(["why3", "config", "detect"], timeout_s=120, env={"WHY3CONFIG": str(path)})
    found = path.read_text()
    block = _CVC4.search(found)
    if block is None:
        raise Refusal("cvc4", version("cvc4"), "a version that why3 knows", "`why3 config detect`", "install cvc4 1.8")
    forms = [("quick", f"{QUICK_S}000", ""), ("macros", "%t000", MACROS)]
    for alternative, milliseconds, more in forms:
        found += _CVC4_CONFIGURED.format(
            **block.groupdict(), alternative=alternative, milliseconds=milliseconds, more=more
        )
    path.write_text(found)
    return path


def prove(
    function: Function,
    *,
    config: Path,
    timeout_s: int,
    root: Path = ROOT,
    labels: Sequence[str] = (),
    provers: Sequence[str] = PROVERS,
) -> Outcome:
    """Prove one function of the text below `root`; each prover may take `timeout_s` for each goal. With `labels` only
    the clauses of these labels."""
    names = [f"@{label}" if label == UNLABELLED else label for label in labels]
    only = [f"-wp-prop={','.join(names)}"] if names else []
    return _proved((function,), config, timeout_s, root, provers, only)


def prove_together(functions: Sequence[Function], *, config: Path, timeout_s: int) -> Outcome:
    """Prove some functions of one file in one run, each by itself as ever: the text is read once for all of them."""
    return _proved(functions, config, timeout_s, ROOT, PROVERS, ())


def _proved(
    functions: Sequence[Function],
    config: Path,
    timeout_s: int,
    root: Path,
    provers: Sequence[str],
    only: Sequence[str],
) -> Outcome:
    report = BUILD / f"{functions[0].file.stem}-{functions[0].name}-{root.name}.json"
    options = ["-wp-timeout", str(timeout_s), "-wp-report-json", str(report), *only]
    answer = _frama_c(functions, config, root, provers, options)
    return outcome(functions, answer, _totals(report))


def smoke(function: Function, *, config: Path, root: Path = ROOT) -> Outcome:
    """Look for a contradiction in the contract of one function and in those that it relies on."""
    report = BUILD / f"{function.file.stem}-{function.name}-{root.name}-smoke.json"
    options = ["-wp-smoke-tests", "-wp-smoke-timeout", str(SMOKE_TIMEOUT_S), f"-wp-prop={_SMOKE_ONLY}"]
    answer = _frama_c((function,), config, root, SMOKE_PROVERS, [*options, "-wp-report-json", str(report)])
    return outcome((function,), answer, _totals(report), smoke=True)


def printed(function: Function, *, config: Path, root: Path = ROOT) -> str:
    """What WP prints of the goals of one function when it proves nothing."""
    return _frama_c((function,), config, root, ("none",), ["-wp-print"]).out


def _frama_c(
    functions: Sequence[Function], config: Path, root: Path, provers: Sequence[str], options: Sequence[str]
) -> Answer:
    names = ",".join(function.name for function in functions)
    return run(
        ["frama-c", *OPTIONS, "-wp-prover", ",".join(provers), "-wp-fct", names, *options, str(functions[0].file)],
        cwd=root,
        timeout_s=_LONGEST_RUN_S,
        # Frama-C resolves relative names by PWD, which is not where it was started unless somebody says so.
        env={"WHY3CONFIG": str(config), "PWD": str(root)},
    )


def _totals(report: Path) -> tuple[int, int] | None:
    """All goals and the valid ones, as the machine-readable report counts them; None when there is no such report."""
    if not report.exists():
        return None
    told = json.loads(report.read_text())
    report.unlink()
    counts = told["wp:global"]["wp:main"] if told else {}
    return counts.get("total", 0), counts.get("valid", 0)


def outcome(
    functions: Sequence[Function], answer: Answer, totals: tuple[int, int] | None, *, smoke: bool = False
) -> Outcome:
    """What a run over functions of one file said, of proof or of smoke goals. It complains of a run that did not come
    to its end, of every warning, and of a sum that is not the sum of the goals that were read: nothing that WP says is
    passed over."""
    where = f"{functions[0].file}: {', '.join(function.name for function in functions)}"
    lines = answer.out.splitlines()
    if smoke and answer.status == 0 and totals == (0, 0) and _NO_GOAL in lines:
        return Outcome((), ())  # nothing is required and nothing is called: there is nothing to contradict
    goals = tuple(_goals(functions, lines))
    complaints = [f"{where}: {text}" for text in _warnings(lines)]
    if len(functions) > 1:
        nobodys = [goal.goal for goal in goals if not goal.goal.startswith(f"{goal.function}_")]
        complaints += [f"{where}: {goal} is a goal of none of them" for goal in nobodys]
    sums = [match for line in lines if (match := _SUM.match(line))]
    if answer.status != 0 or len(sums) != 1:
        last = (answer.err.strip() or answer.out.strip() or "nothing").splitlines()[-1]
        complaints.append(f"{where}: Frama-C did not come to its end (status {answer.status}): {last}")
        return Outcome(goals, tuple(complaints))
    well = sum(goal.well for goal in goals)
    if (int(sums[0]["proved"]), int(sums[0]["all"])) != (well, len(goals)):
        complaints.append(f"{where}: {well} of {len(goals)} goals were read, but WP says: {sums[0][0]}")
    trivial = sum(goal.trivial for goal in goals)
    if totals is not None and totals != (len(goals) - trivial, well - trivial):
        complaints.append(f"{where}: WP's report counts {totals[1]} of {totals[0]}, {trivial} trivial ones apart")
    if totals is None and len(goals) > trivial:
        complaints.append(f"{where}: WP wrote no report")
    return Outcome(goals, tuple(complaints))


def _warnings(lines: Sequence[str]) -> Iterator[str]:
    """Every warning with the indented lines that follow it, save that a smoke goal failed: that is a goal's end."""
    for at, line in enumerate(lines):
        if ("Warning:" in line or "Error:" in line) and "Failed smoke-test" not in line:
            more = []
            for following in lines[at + 1 :]:
                if not following.startswith("  "):
                    break
                more.append(following.strip())
            yield " ".join([line.strip(), *more])


def _goals(functions: Sequence[Function], lines: Sequence[str]) -> Iterator[Goal]:
    """The goals in WP's order. A smoke goal that is doomed is told more than once, the last time with every answer."""
    found: dict[str, Goal] = {}
    for at, line in enumerate(lines):
        match = _GOAL.match(line) or _SMOKE.match(line)
        if match is None:
            continue
        answers = []
        for following in lines[at + 1 :]:
            answer = _PROVER.match(following)
            if answer is None:
                break
            answers.append(f"{answer['who']}: {answer['what'].strip()}")
        name = match["goal"].removeprefix(_MODEL_PREFIX)
        function = _whose(functions, name)
        if match.re is _SMOKE:
            place = _PLACE.match(lines[at + len(answers) + 1]) if at + len(answers) + 1 < len(lines) else None
            said = [f"at {place['place']}", *answers] if place else answers
            found[name] = _smoke_goal(function, name, match["who"] == "Passed", "; ".join(said))
        else:
            found[name] = _proof_goal(function, name, match, answers)
    yield from _renumbered(found.values())


def _whose(functions: Sequence[Function], goal: str) -> Function:
    """The function that a goal is named after; of a smoke goal, which may be named after a callee, the only one.
    Where it is named after none of several, `outcome` complains."""
    named = [function for function in functions if goal.startswith(f"{function.name}_")]
    return max(named, key=lambda function: len(function.name), default=functions[0])


def _smoke_goal(function: Function, name: str, passed: bool, answers: str) -> Goal:
    _, _, place = name.partition("_wp_smoke_")
    clause = {"default_requires": "contract", "dead_call": "call", "dead_code": "code", "dead_loop": "loop"}.get(
        _STATEMENT.sub("", place), place
    )
    if clause == "call":
        clause = f"call_{name.partition('_wp_smoke_')[0]}"
    status = "passed" if passed else "doomed"
    return Goal(name, function.file, function.name, clause, "", "smoke", "cvc4" if passed else "", status, answers, 0.0)


def _proof_goal(function: Function, name: str, match: re.Match[str], answers: Sequence[str]) -> Goal:
    who, verdict = match["who"], match["verdict"] or ""
    kind, clause = _kind_and_clause(function, name)
    if verdict == "Valid":
        prover = {"Qed": "qed", "CFG": "qed"}.get(who, who.split()[0].lower())
        seconds = sum(float(one["number"]) * _SECONDS[one["unit"]] for one in _DURATION.finditer(match["rest"]))
        return Goal(
            name, function.file, function.name, clause, invariant_of(clause), kind, prover, "valid", "", seconds,
            trivial=who == "CFG",
        )  # fmt: skip
    said = "; ".join(answers) or f"{who}: {verdict}{match['rest'] or ''}"
    return Goal(name, function.file, function.name, clause, invariant_of(clause), kind, "", "failed", said, 0.0)


def _kind_and_clause(function: Function, name: str) -> tuple[str, str]:
    """What a goal's name says: its kind, and the label of the clause or a name for what has none."""
    rest = name.removeprefix(f"{function.name}_")
    for clause in sorted(function.clauses, key=lambda one: len(one.label), reverse=True):
        if clause.keyword != "ensures" or not clause.label:
            continue
        stem = f"{clause.behaviour}_ensures_{clause.label}".lstrip("_")
        if rest.startswith(stem) and _ORDINAL.match(rest[len(stem) :]):
            return "ensures", clause.label
    rest = re.sub(r"(?:_\d+)?(?:_part\d+)?$", "", rest)
    if rest.startswith("assert_rte_"):
        return "rte", rest.removeprefix("assert_")
    if rest.startswith("assert"):
        return "assert", rest.removeprefix("assert").lstrip("_") or "assert"
    if rest.startswith("call_"):
        return "requires", rest
    for kind in ("assigns", "terminates", "exits", "ensures"):
        if re.search(rf"(?:^|_){kind}(?:_|$)", rest):
            return kind, kind
    return "other", rest


def _renumbered(goals: Iterable[Goal]) -> Iterator[Goal]:
    """Smoke goals are named after the number of a statement, which any edit above it changes; here after their place
    among those of the same clause."""
    seen: Counter[str] = Counter()
    for goal in sorted(goals, key=_statement):
        if goal.kind == "smoke":
            seen[goal.clause] += 1
            yield replace(goal, goal=f"{goal.function}_smoke_{goal.clause}_{seen[goal.clause]}")
        else:
            yield goal


def _statement(goal: Goal) -> int:
    match = _STATEMENT.search(goal.goal)
    return int(match[0][2:]) if goal.kind == "smoke" and match else 0
