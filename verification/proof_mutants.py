"""Shows that the proof has teeth: breaks the C text on purpose, proves it again, and sees the named clause fail.

    python -m iontocore.verification.proof_mutants                every seeded edit, compared with the record
    python -m iontocore.verification.proof_mutants --only PM-007  one of them (may be given more than once)
    python -m iontocore.verification.proof_mutants --record       every one, and write the record anew

A contract that no edit can break says nothing. ``ccore/proofs/seeded_edits.toml`` lists edits that each make the core
unsafe in one way: a check left out, a bound moved by one, a sign turned round, a latch that lets go, a mistake of open
firmware. Each is applied to a copy of the text. A function is proved against its contract and those of its callees, so
an edit can break the edited function alone, and that one is proved again.

An edit is killed when each clause that it names is not shown any more. The unedited text has to show the same clauses
within `CONTROL_S` for each goal and prover, while the edited one has `EDITED_S`: what fails then is the clause, and not
the patience of the provers. Other clauses are not asked. An edit whose clauses are still shown is a hole in the
contracts, whatever else it breaks; the whole function is then proved, to say what else that is.
"""

import re
import sys
import textwrap
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.safety.refusal import Refusal
from iontocore.verification import edited, wp
from iontocore.verification.acsl import Finding, Function, invariant_of, read, with_contracts
from iontocore.verification.command import Parser, answered
from iontocore.verification.progress import progress
from iontocore.verification.proof_table import of_findings
from iontocore.verification.tools import RECORDS, ROOT, SOURCES, cores, fingerprint

TABLE: Final = RECORDS / "seeded_edits.toml"
RECORD: Final = RECORDS / "killed.csv"

COLUMNS: Final = ("id", "file", "function", "clause", "invariant")
"""Of the record: a row for each clause that died."""

CONTROL_S: Final = 3
"""For each goal and prover: the clauses on the unedited text."""

EDITED_S: Final = 6
"""For each goal and prover: the same clauses on an edited one."""

_WIDTH: Final = 118
_INDENT: Final = " " * 10
_FIELDS: Final = ("id", "what", "file", "function", "original", "replacement", "kills")
_OPTIONAL: Final = ("invariant", "from")
_ID: Final = re.compile(r"PM-\d{3}")


@dataclass(frozen=True, slots=True)
class Edit:
    """One way to make the core unsafe.

    id: ``PM-001`` and so on.
    what: what the edit does, for people.
    function: of which file and contract.
    original, replacement: the text that stands once in the function, and what is put there.
    kills: the labels of the clauses that must not be shown any more.
    invariant: the id that is endangered.
    source: the open firmware that has this mistake, or "".
    """

    id: str
    what: str
    function: Function
    original: str
    replacement: str
    kills: tuple[str, ...]
    invariant: str
    source: str


@dataclass(frozen=True, slots=True)
class Result:
    """An edit's end: the labels that died as named, and what stands against it; none when it was killed."""

    edit: Edit
    died: tuple[str, ...]
    against: tuple[str, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("proof_mutants", __doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--only", action="append", default=[], metavar="ID", help="this edit alone")
    what.add_argument("--record", action="store_true", help="write the record anew")
    arguments = parser.parse_args(argv)
    return _run(chosen(load(), arguments.only), compare=not arguments.only, record=arguments.record)


def _run(edits: Sequence[Edit], *, compare: bool, record: bool) -> int:
    text = fingerprint(SOURCES)
    results, findings = try_all(edits)
    print(table(results))
    findings = [*findings, *(Finding(one.edit.id, said) for one in results for said in one.against)]
    if compare and not record:
        findings += differences(edited.recorded(RECORD, COLUMNS), rows(results))
    if findings:
        print(f"\nagainst the proof:\n{of_findings(findings)}")
    killed = sum(not one.against for one in results)
    print(f"\n{'FAILED' if findings else 'HOLDS'}: {killed} of {len(results)} edits killed the clauses that they name")
    if record and not findings:
        edited.write(RECORD, COLUMNS, rows(results), text)
        print(f"recorded in {RECORD.relative_to(ROOT)}")
    return 1 if findings else 0


# ---- the table of edits ------------------------------------------------------------------------------------


def load(path: Path = TABLE, root: Path = ROOT) -> tuple[Edit, ...]:
    """The edits, each checked against the text below `root`. Refusal when the table is missing or damaged, or when an
    edit does not fit the text."""
    try:
        given = tomllib.loads(path.read_text())["edit"]
    except FileNotFoundError:
        raise _refused(str(path), "missing", "the table of the seeded edits") from None
    except (tomllib.TOMLDecodeError, KeyError) as damaged:
        raise _refused(str(path), f"damaged ({damaged})", "the table of the seeded edits") from None
    functions = {(one.file.as_posix(), one.name): one for one in with_contracts(read(SOURCES, root))}
    texts = {file.as_posix(): (root / file).read_text() for file in SOURCES}
    edits = tuple(_edit(row, functions, texts) for row in given)
    for name, count in Counter(edit.id for edit in edits).items():
        if count > 1:
            raise _refused(name, f"given {count} times", "an id of its own")
    return edits


def _edit(row: Mapping[str, object], functions: Mapping[tuple[str, str], Function], texts: Mapping[str, str]) -> Edit:
    name = str(row.get("id", "an edit"))
    if not _ID.fullmatch(name):
        raise _refused(name, "no id", "PM- and three digits")
    odd = [field for field in row if field not in (*_FIELDS, *_OPTIONAL)] + [f for f in _FIELDS if f not in row]
    if odd:
        raise _refused(f"{name}.{odd[0]}", "unknown or missing", ", ".join((*_FIELDS, *_OPTIONAL)))
    function = functions.get((str(row["file"]), str(row["function"])))
    if function is None:
        raise _refused(f"{name}.function", f"{row['function']} of {row['file']}", "a function that the file defines")
    original, replacement = str(row["original"]), str(row["replacement"])
    times = texts[str(row["file"])][function.start : function.end].count(original)
    if times != 1 or original == replacement:
        raise _refused(f"{name}.original", f"found {times} times", f"text that stands once in {function.name}, changed")
    labels = {clause.label or wp.UNLABELLED for clause in function.clauses if clause.keyword == "ensures"}
    kills = tuple(str(label) for label in row["kills"]) if isinstance(row["kills"], list) else ()
    for label in kills or ("nothing",):
        if label not in labels:
            raise _refused(f"{name}.kills", label, f"the label of a clause of {function.name}")
    invariant = str(row.get("invariant", invariant_of(kills[0])))
    if invariant not in INVARIANT_BY_ID:
        raise _refused(f"{name}.invariant", invariant or "missing", "the id of an invariant, where no label has one")
    return Edit(name, str(row["what"]), function, original, replacement, kills, invariant, str(row.get("from", "")))


def chosen(edits: Sequence[Edit], names: Sequence[str]) -> Sequence[Edit]:
    """Those that are named, or all. Refusal when a name is none of them."""
    known = {edit.id for edit in edits}
    for name in names:
        if name not in known:
            raise _refused("--only", name, "the id of a seeded edit")
    return [edit for edit in edits if not names or edit.id in names]


def _refused(field: str, given: str, allowed: str) -> Refusal:
    return Refusal(field, given, allowed, str(TABLE.relative_to(ROOT)))


# ---- proving -----------------------------------------------------------------------------------------------


def try_all(edits: Sequence[Edit]) -> tuple[Sequence[Result], Sequence[Finding]]:
    """Prove the clauses on the unedited text, and then on each edited one. The results are in the order of the edits;
    the findings are clauses that the unedited text does not show in time."""
    config = wp.configure()
    by_function: dict[Function, set[str]] = {}
    for edit in edits:
        by_function.setdefault(edit.function, set()).update(edit.kills)
    findings: list[Finding] = []
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(cores()) as pool, progress("editing", len(by_function) + len(edits)) as advance:
        controls = {
            pool.submit(wp.prove, function, config=config, timeout_s=CONTROL_S, labels=sorted(labels)): function
            for function, labels in by_function.items()
        }
        runs = {pool.submit(try_one, edit, config): edit for edit in edits}
        for done in as_completed(controls):
            function = controls[done]
            findings += control(function, by_function[function], done.result())
            advance(f"{function.name}, unedited")
        for tried in as_completed(runs):
            results[runs[tried].id] = tried.result()
            advance(f"{runs[tried].id} {runs[tried].function.name}")
    return [results[edit.id] for edit in edits], findings


def try_one(edit: Edit, config: Path) -> Result:
    """Apply one edit to a copy of the text, and prove its clauses."""
    root = wp.BUILD / edit.id
    with edited.copied(edit.function, applied(edit), root):
        outcome = wp.prove(edit.function, config=config, timeout_s=EDITED_S, root=root, labels=edit.kills)
        result = judge(edit, outcome)
        if not result.against or outcome.complaints:
            return result
        whole = wp.prove(edit.function, config=config, timeout_s=EDITED_S, root=root)
        others = sorted({goal.clause for goal in whole.goals if not goal.well})
        return Result(edit, result.died, (*result.against, f"what died instead: {', '.join(others) or 'nothing'}"))


def applied(edit: Edit) -> str:
    """The function's own text with the edit made. Refusal when the text is no longer that for which it was loaded."""
    own = edited.text_of(edit.function)
    if own.count(edit.original) != 1:
        raise _refused(edit.id, "of a text that has changed meanwhile", "an edit of the text as it was loaded")
    return own.replace(edit.original, edit.replacement)


def judge(edit: Edit, outcome: wp.Outcome) -> Result:
    """What became of an edit's clauses."""
    died = {goal.clause for goal in outcome.goals if goal.kind == "ensures" and edited.not_shown(goal)}
    asked = {goal.clause for goal in outcome.goals if goal.kind == "ensures"}
    against = [*outcome.complaints]
    for label in edit.kills:
        if label not in asked:
            against.append(f"{label} gave no goal")
        elif label not in died:
            against.append(f"{label} is still shown")
    return Result(edit, tuple(label for label in edit.kills if label in died), tuple(against))


def control(function: Function, labels: set[str], outcome: wp.Outcome) -> Sequence[Finding]:
    """The clauses that the unedited text does not show in time: nothing follows from their end in an edited one."""
    where = f"{function.file}: {function.name}"
    lacking = sorted(labels - edited.shown(outcome))
    slow = [f"{label} is not shown within {CONTROL_S} s on the unedited text" for label in lacking]
    return [Finding(where, said) for said in (*outcome.complaints, *slow)]


# ---- the record --------------------------------------------------------------------------------------------


def table(results: Sequence[Result]) -> str:
    """The edits below the invariant that they endanger: the clause that died, where, and what the edit does."""
    lines = []
    for row in INVARIANT_BY_ID.values():
        of_row = [one for one in results if one.edit.invariant == row.id]
        if of_row:
            lines += ["", *textwrap.wrap(f"{row.id}  {row.sentence}", _WIDTH, subsequent_indent=" " * 7)]
        for one in of_row:
            state = "SURVIVED" if one.against else f"killed {', '.join(one.died)}"
            lines.append(f"  {one.edit.id}  {one.edit.function.file.stem} {one.edit.function.name}: {state}")
            source = f" (open firmware: {one.edit.source})" if one.edit.source else ""
            lines += textwrap.wrap(one.edit.what + source, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    return "\n".join(lines)


def rows(results: Sequence[Result]) -> Sequence[tuple[str, ...]]:
    """The record of results: a row for each clause that died."""
    return [
        (one.edit.id, one.edit.function.file.as_posix(), one.edit.function.name, label, one.edit.invariant)
        for one in results
        for label in one.died
    ]


def differences(old: Sequence[tuple[str, ...]], new: Sequence[tuple[str, ...]]) -> Sequence[Finding]:
    """Where the record and fresh results differ."""
    gone = [Finding(row[0], f"{row[3]} died, says the record, and did not now") for row in old if row not in new]
    return gone + [Finding(row[0], f"{row[3]} died now, and not in the record") for row in new if row not in old]


if __name__ == "__main__":
    sys.exit(main())
