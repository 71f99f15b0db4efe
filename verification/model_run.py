"""Running Spin: the model's text becomes a C program, which searches all of its states for a breach of a property."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iontocore.ccore import Phase
from iontocore.safety.refusal import Refusal
from iontocore.table import Event, State
from iontocore.verification.model_properties import Property
from iontocore.verification.tools import Answer, complaint, require, run

TIMEOUT_S: Final = 1800
"""Seconds after which a search has shown nothing."""
_MODEL: Final = "model.pml"
_DEPTH: Final = 1_000_000
_STORY_STEPS: Final = 25
_SEEN_ONCE: Final = frozenset({"ticked", "heard", "before", "refused", "event"})
_EVENTS: Final = tuple(Event)
_STATES: Final = tuple(State)


@dataclass(frozen=True, slots=True)
class Sight:
    """What the session saw of the core when it took an event, or none, in a state."""

    state: State
    event: Event | None
    phase: Phase
    flows: bool
    closed: bool
    trip_open: bool
    trip_other: bool


@dataclass(frozen=True, slots=True)
class Search:
    """What a search came to. holds: None when it was not completed. taken: the rows of the table that it came by, as
    (before, event, after). seen: what the session saw. Both are all there are only where the property holds."""

    holds: bool | None
    states: int
    depth: int
    said: str
    taken: frozenset[tuple[State, Event, State]]
    seen: frozenset[Sight]


def build(text: str, out: Path) -> Path:
    """Make a program in ``out`` of a model. Refusal when spin or gcc is not there, or does not take it."""
    spin, gcc = require("spin", "spin"), require("gcc", "gcc")
    out.mkdir(parents=True, exist_ok=True)
    (out / _MODEL).write_text(text, "utf-8")
    for maker, command in (
        ("spin", [spin, "-a", _MODEL]),
        # Every interleaving is searched: no reduction by partial order, which the text would have to be fit for.
        ("gcc", [gcc, "-O1", "-w", "-DNOREDUCE", "-o", "pan", "pan.c"]),
    ):
        answer = run(command, cwd=out, timeout_s=TIMEOUT_S)
        if answer.status != 0:
            raise Refusal("the model", f"not made ({_said(answer)})", f"what {maker} takes", str(out / _MODEL))
    return out / "pan"


def _said(answer: Answer) -> str:
    told = [line for line in answer.out.splitlines() if "Error" in line]
    return told[0].strip() if told else complaint(answer)


def search(program: Path, what: Property, *, fair: bool = True) -> Search:
    """Search all states of the program's model for a breach of a property, and for a cycle that is one. fair: under
    weak fairness, for liveness."""
    flags = ["-a", *(["-f"] if fair and what.liveness else [])]
    trail = program.with_name(f"{_MODEL}.trail")
    trail.unlink(missing_ok=True)
    command = [str(program), *flags, f"-m{_DEPTH}", "-w24", "-N", what.label]
    return read(run(command, cwd=program.parent, timeout_s=TIMEOUT_S), trail.exists())


def read(answer: Answer, trail: bool) -> Search:
    """What a search printed. It holds only where the search says that it was complete and without an error; it is
    broken only where there is a trail that shows how."""
    text = answer.out
    errors, states, depth = (
        re.search(pattern, text, re.M)
        for pattern in (r"errors: (\d+)", r"^\s*([\d.e+]+) states, stored", r"depth reached (\d+)")
    )
    complete = (
        answer.status == 0
        and None not in (errors, states, depth)
        and "Full statespace search for:" in text  # every state is kept as it is: no bits, no hashes in its place
        and re.search(r"^\s*acceptance\s+cycles\s+\+", text, re.M) is not None
        and "Search not completed" not in text
        and "max search depth too small" not in text + answer.err
    )
    holds: bool | None = None
    if errors is not None and int(errors[1]) > 0 and trail:
        holds = False
    elif complete and errors is not None and int(errors[1]) == 0:
        holds = True
    return Search(
        holds=holds,
        states=int(float(states[1])) if states else 0,
        depth=int(depth[1]) if depth else 0,
        said=f"status {answer.status}" if errors is None else "",
        taken=frozenset(_taken(text)),
        seen=frozenset(_seen(text)),
    )


def _taken(text: str) -> Iterator[tuple[State, Event, State]]:
    for before, event, after in re.findall(r"^TOOK (\d+) (\d+) (\d+)$", text, re.M):
        yield _STATES[int(before)], _EVENTS[int(event)], _STATES[int(after)]


def _seen(text: str) -> Iterator[Sight]:
    for words in re.findall(r"^SAW (\d+) (\d+) (\d+) (\d+)$", text, re.M):
        state, event, phase, flags = map(int, words)
        yield Sight(
            _STATES[state], _EVENTS[event] if event < len(_EVENTS) else None, Phase(phase),
            *(bool(flags & 1 << bit) for bit in range(4)),
        )  # fmt: skip


# ---- how a property was broken --------------------------------------------------------------------------------------


def story(program: Path) -> list[str]:
    """The last steps of the breach that was found last, each as what it changed; empty when none was found."""
    if not program.with_name(f"{_MODEL}.trail").exists():
        return []
    answer = run([require("spin", "spin"), "-t", "-p", "-g", _MODEL], cwd=program.parent, timeout_s=TIMEOUT_S)
    return list(_steps(answer.out.splitlines()))[-_STORY_STEPS:]


def _steps(lines: Iterable[str]) -> Iterator[str]:
    who, changes, values = "", list[str](), dict[str, str]()
    for line in lines:
        if "#processes" in line:
            break
        moved = re.match(r"\s*\d+:\s+proc\s+\d+ \((\w+)", line)
        became = re.match(r"\s+(\w+) = (\d+)", line)
        if "START OF CYCLE" in line:
            if changes:
                yield f"{who}: {', '.join(changes)}"
            changes = []
            yield "and from here on for ever:"
        elif moved and moved[1] != who:
            if changes:
                yield f"{who}: {', '.join(changes)}"
            who, changes = moved[1], []
        elif became and values.get(became[1]) != became[2]:
            values[became[1]] = became[2]
            changes += _change(became[1], int(became[2]))
    if changes:
        yield f"{who}: {', '.join(changes)}"


def _change(name: str, value: int) -> list[str]:
    if name == "event" and value < len(_EVENTS):
        return [_EVENTS[value].value.upper()]
    if name in _SEEN_ONCE:
        return []
    if name == "state":
        return [f"state {_STATES[value].value}"]
    return [f"phase {Phase(value).name}" if name == "phase" else f"{name} {value}"]
