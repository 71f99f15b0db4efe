"""The figure and the page of the states, generated from the state table.

    python -m iontocore.diagram [FOLDER]

writes ``states.svg`` and ``states.md`` into the folder, ``docs`` unless another is given. Which lines there are, and
what stands at them, is derived from the table; only where boxes and lines lie is decided here. A line that the table
calls for and that has no place, or a place that no row needs any more, is an error, so the figure is complete or does
not exist.
"""

import argparse
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias
from xml.sax.saxutils import escape

from iontocore.safety.refusal import Refusal
from iontocore.table import (
    ENERGISED,
    EVENT_MEANINGS,
    FACTS,
    INITIAL,
    OPERATOR_EVENTS,
    RULES,
    RUNNING,
    STATE_MEANINGS,
    TABLE,
    Event,
    Reason,
    Refused,
    State,
    Table,
    refusals,
    rows,
)

REGENERATE: Final = "python -m iontocore.diagram"

# ---- which lines there are ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """States in one frame. An event that leads from all of them to one state outside is a line from the frame."""

    name: str
    members: frozenset[State]


GROUPS: Final = (Group("energised", ENERGISED), Group("running", RUNNING))
"""Outermost first."""

End: TypeAlias = str
"""What a line begins or ends at: the name of a state or of a group."""


class FigureError(Exception):
    """The table and the places of the figure do not fit together: a mistake of whoever changed one of them."""


def lines(table: Table) -> Mapping[tuple[End, End], tuple[Event, ...]]:
    """The events at every line of the figure, by where it begins and ends. Every row of the table is at exactly one."""
    left = {(row.before, row.event): row for row in rows(table)}
    found: dict[tuple[End, End], list[Event]] = {}
    for group in GROUPS:
        for event in Event:
            leaving = [left.get((state, event)) for state in group.members]
            goals = {row.after if row else None for row in leaving}
            goal = goals.pop()
            if not goals and goal is not None and goal not in group.members:
                found.setdefault((group.name, goal.value), []).append(event)
                for state in group.members:
                    del left[state, event]
    for row in left.values():
        found.setdefault((row.before.value, row.after.value), []).append(row.event)
    return {ends: tuple(event for event in Event if event in at) for ends, at in found.items()}


# ---- where they lie -------------------------------------------------------------------------------------------------

Point: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels: its left upper corner and its size."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line lies, and its label: ``at`` is the label's first baseline, ``anchor`` the side that it is flush
    with, ``wide`` the number of events in one of its lines."""

    path: tuple[Point, ...]
    at: Point
    anchor: str
    wide: int


SIZE: Final = (1180, 784)

BOXES: Final[Mapping[End, Box]] = MappingProxyType(
    {
        "energised": Box(348, 20, 812, 562),
        "running": Box(372, 56, 764, 352),
        "idle": Box(20, 128, 204, 430),
        "ramp": Box(396, 128, 228, 122),
        "treat": Box(884, 128, 228, 122),
        "reverse": Box(640, 270, 228, 122),
        "ramp-down": Box(396, 446, 228, 122),
        "fault": Box(20, 668, 838, 72),
    }
)

PLACES: Final[Mapping[tuple[End, End], Place]] = MappingProxyType(
    {
        ("idle", "idle"): Place(((152, 128), (152, 96), (192, 96), (192, 128)), (172, 86), "middle", 2),
        ("idle", "ramp"): Place(((224, 189), (396, 189)), (234, 164), "start", 1),
        ("idle", "fault"): Place(((60, 558), (60, 668)), (72, 608), "start", 1),
        ("fault", "idle"): Place(((184, 668), (184, 558)), (196, 616), "start", 1),
        ("ramp", "ramp"): Place(((480, 128), (480, 96), (520, 96), (520, 128)), (532, 106), "start", 3),
        ("ramp", "treat"): Place(((624, 160), (884, 160)), (754, 151), "middle", 1),
        ("treat", "ramp"): Place(((884, 204), (624, 204)), (754, 224), "middle", 2),
        ("ramp", "reverse"): Place(((436, 250), (436, 354), (640, 354)), (538, 374), "middle", 1),
        ("reverse", "ramp"): Place(((640, 312), (508, 312), (508, 250)), (574, 285), "middle", 1),
        ("treat", "reverse"): Place(((1008, 250), (1008, 331), (868, 331)), (938, 321), "middle", 1),
        ("reverse", "reverse"): Place(((734, 270), (734, 240), (774, 240), (774, 270)), (786, 258), "start", 1),
        ("running", "ramp-down"): Place(((500, 408), (500, 446)), (514, 428), "start", 5),
        ("ramp-down", "ramp-down"): Place(((624, 487), (656, 487), (656, 527), (624, 527)), (668, 511), "start", 1),
        ("ramp-down", "idle"): Place(((396, 507), (224, 507)), (234, 482), "start", 1),
        ("energised", "fault"): Place(((754, 582), (754, 668)), (768, 618), "start", 2),
        ("fault", "fault"): Place(((858, 684), (890, 684), (890, 724), (858, 724)), (902, 692), "start", 1),
    }
)

POWER_ON: Final[tuple[Point, ...]] = ((48, 92), (48, 128))
"""The line from the dot to the state in which everything begins."""


def _laid_out(table: Table) -> Mapping[tuple[End, End], tuple[Event, ...]]:
    """The lines of the table. Raises FigureError when they are not the ones that have a place."""
    found = lines(table)
    homeless = [f"a line from {start} to {end} has no place" for start, end in found.keys() - PLACES.keys()]
    idle = [f"no row needs the line from {start} to {end}" for start, end in PLACES.keys() - found.keys()]
    if homeless or idle:
        raise FigureError("the figure does not fit the state table: " + "; ".join(sorted(homeless) + sorted(idle)))
    return found


# ---- the figure -----------------------------------------------------------------------------------------------------

_STYLE: Final = """
text { font-family: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; fill: #1c1c1c; }
.name { font-size: 17px; font-weight: bold; }
.note { font-size: 12px; }
.refused { font-size: 12px; fill: #5c5c5c; font-style: italic; }
.frame { font-size: 13px; fill: #5c5c5c; letter-spacing: 0.08em; }
.label { font-size: 13px; }
.act { font-weight: bold; fill: #0a4a86; }
.box { fill: #ffffff; stroke: #1c1c1c; stroke-width: 1.5; }
.box.fault { fill: #fdf0ee; stroke: #a3160b; stroke-width: 2.5; }
.outer { fill: #f5f5f2; stroke: #8a8a84; stroke-dasharray: 2 3; }
.inner { fill: #ebebe6; stroke: #8a8a84; stroke-dasharray: 2 3; }
.line { fill: none; stroke: #1c1c1c; stroke-width: 1.5; }
.line.fault { stroke: #a3160b; stroke-width: 2.5; stroke-dasharray: 8 4; }
""".strip()

_CORNER: Final = 10
"""Radius of a line's corner."""
_LEADING: Final = 17
"""From one baseline to the next."""
_MARGIN: Final = 12
"""From a box's edge to its text."""
_LETTER: Final = 7
"""Width of a letter of a note, with something to spare in the widest of the fonts."""


def figure(table: Table = TABLE) -> str:
    """The figure as SVG. Raises FigureError when a line of the table has no place in it."""
    laid_out = _laid_out(table)
    width, height = SIZE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" aria-labelledby="title desc">',
        f"<!-- generated from the state table: {REGENERATE} -->",
        '<title id="title">The states of a treatment</title>',
        f'<desc id="desc">{escape(_in_words(laid_out))}</desc>',
        f"<style>{_STYLE}</style>",
        "<defs>",
        _arrowhead("head", "#1c1c1c"),
        _arrowhead("head-fault", "#a3160b"),
        "</defs>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_frame(group, kind) for group, kind in zip(GROUPS, ("outer", "inner"), strict=True)),
        *(_state(table, state) for state in State),
        f'<circle cx="{POWER_ON[0][0]}" cy="{POWER_ON[0][1]}" r="6" fill="#1c1c1c"/>',
        _line(POWER_ON, fault=False),
        f'<text class="label" x="{POWER_ON[0][0] + 12}" y="{POWER_ON[0][1] + 10}">power-on</text>',
        *(_labelled_line(ends, events) for ends, events in laid_out.items()),
        *_legend(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _in_words(laid_out: Mapping[tuple[End, End], tuple[Event, ...]]) -> str:
    """The figure for someone who hears it."""
    return " ".join(
        f"From {start} to {end}: {', '.join(event.value for event in events)}."
        for (start, end), events in laid_out.items()
    )


def _arrowhead(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1 L10 5 L0 9 z" fill="{colour}"/></marker>'
    )


def _frame(group: Group, kind: str) -> str:
    box = BOXES[group.name]
    return (
        f'<rect class="{kind}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="12"/>\n'
        f'<text class="frame" x="{box.x + 14}" y="{box.y + 22}">{group.name}</text>'
    )


def _state(table: Table, state: State) -> str:
    """The state's box: its name, what it means, and the operator's acts that it refuses, one below the other."""
    box = BOXES[state.value]
    letters = (box.width - 2 * _MARGIN) // _LETTER
    refused = [event.value for event in Event if event in OPERATOR_EVENTS and isinstance(table[state, event], Refused)]
    text = [("name", state.value)]
    text += [("note", line) for line in textwrap.wrap(STATE_MEANINGS[state], letters, break_on_hyphens=False)]
    text += [("refused", line) for line in textwrap.wrap(f"refuses {', '.join(refused)}", letters)]
    top = box.y + (box.height - _LEADING * len(text)) // 2 + _LEADING - 5
    parts = [
        f'<text class="{kind}" x="{box.x + _MARGIN}" y="{top + _LEADING * number}">{escape(line)}</text>'
        for number, (kind, line) in enumerate(text)
    ]
    fault = " fault" if state is State.FAULT else ""
    outline = f'<rect class="box{fault}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"/>'
    return "\n".join([outline, *parts])


def _labelled_line(ends: tuple[End, End], events: Sequence[Event]) -> str:
    place = PLACES[ends]
    fault = ends[1] == State.FAULT.value
    x, y = place.at
    parts = [f"<!-- {ends[0]} to {ends[1]} -->", _line(place.path, fault=fault)]
    for number, first in enumerate(range(0, len(events), place.wide)):
        shown = events[first : first + place.wide]
        comma = "," if first + place.wide < len(events) else ""
        spans = ", ".join(f'<tspan class="{_kind(event)}">{event.value}</tspan>' for event in shown)
        at = f'x="{x}" y="{y + _LEADING * number}" text-anchor="{place.anchor}"'
        parts.append(f'<text class="label" {at}>{spans}{comma}</text>')
    return "\n".join(parts)


def _kind(event: Event) -> str:
    return "act" if event in OPERATOR_EVENTS else "fact"


def _line(path: Sequence[Point], *, fault: bool) -> str:
    """A line along the points, its corners rounded, with its head at the last one."""
    drawn = [f"M{path[0][0]} {path[0][1]}"]
    for before, corner, following in zip(path, path[1:], path[2:], strict=False):
        (x1, y1), (x2, y2) = _towards(corner, before), _towards(corner, following)
        drawn.append(f"L{x1} {y1} Q{corner[0]} {corner[1]} {x2} {y2}")
    drawn.append(f"L{path[-1][0]} {path[-1][1]}")
    kind, head = ("line fault", "head-fault") if fault else ("line", "head")
    return f'<path class="{kind}" d="{" ".join(drawn)}" marker-end="url(#{head})"/>'


def _towards(corner: Point, other: Point) -> Point:
    """The point where a corner's rounding begins, on the way to the other point; lines are level or upright."""
    (x, y), (to_x, to_y) = corner, other
    return (x + max(-_CORNER, min(_CORNER, to_x - x)), y + max(-_CORNER, min(_CORNER, to_y - y)))


def _legend() -> Iterable[str]:
    base = SIZE[1] - 14
    head = f'<path class="line fault" d="M412 {base - 5} L464 {base - 5}" marker-end="url(#head-fault)"/>'
    yield f'<text class="label" x="20" y="{base}"><tspan class="act">bold</tspan>: an operator\'s act</text>'
    yield f'<text class="label" x="200" y="{base}">plain: a fact from telemetry</text>'
    yield head
    yield f'<text class="label" x="474" y="{base}">into fault</text>'
    yield f'<text class="label" x="570" y="{base}">a line from a frame leaves every state in it</text>'


# ---- the page -------------------------------------------------------------------------------------------------------


def page(table: Table = TABLE) -> str:
    """The page as Markdown, with the figure in it and every cell of the table."""
    blocks = [
        f"<!-- generated from core/table.py: {REGENERATE} -->",
        "# The states of a treatment",
        "![The states of a treatment, and the events that lead from one to another](states.svg)",
        "The boxes name the operator's acts that they refuse; the grid below has every refusal.",
        f"A treatment is in one of {len(State)} states. An event is an operator's act, or a fact derived from the "
        "core's telemetry. Every event in every state is either honoured, by a row of the table, or refused by name: "
        f"{len(rows(table))} rows and {len(refusals(table))} refusals, and no default. A refused event changes "
        f"nothing. After power-on the state is {INITIAL.value}.",
        f"This page and its figure are generated from `core/table.py` by `{REGENERATE}`; a test fails when they are "
        "out of date.",
        "## States",
        _markdown(("state", "what it means"), ((f"**{state.value}**", STATE_MEANINGS[state]) for state in State)),
        "## Events",
        _markdown(("the operator's acts", "what they say"), _meanings(OPERATOR_EVENTS)),
        _markdown(("facts", "what they say"), _meanings(FACTS)),
        "## Every event in every state",
        "Where an event is honoured, the cell names the state that follows, and **stays** where it is the same one. "
        "Where it is refused, the cell names the refusal, in italics.",
        _markdown(
            ("event", *(state.value for state in State)),
            ((event.value, *(_cell(table, state, event) for state in State)) for event in Event),
        ),
        "## What is honoured, and why",
        _markdown(
            ("from", "event", "to", "why"),
            ((row.before.value, row.event.value, f"**{row.after.value}**", row.why) for row in rows(table)),
        ),
        "## What is refused, and why",
        _markdown(("refusal", "refused, because", "where"), (_reason(table, reason) for reason in Reason)),
        "## What every change of the table must keep",
        "The table is checked by these rules when it is imported; one that breaks a rule cannot be used.",
        _markdown(("rule", "invariants"), ((rule.sentence, ", ".join(rule.invariants) or "-") for rule in RULES)),
    ]
    return "\n\n".join(blocks) + "\n"


def _markdown(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body))


def _meanings(events: frozenset[Event]) -> Iterable[Sequence[str]]:
    return ((event.value, EVENT_MEANINGS[event]) for event in Event if event in events)


def _cell(table: Table, state: State, event: Event) -> str:
    cell = table[state, event]
    if isinstance(cell, Refused):
        return f"*{cell.reason.label}*"
    return "**stays**" if cell.after is state else f"→ **{cell.after.value}**"


def _reason(table: Table, reason: Reason) -> Sequence[str]:
    where: dict[State, list[str]] = {}
    for refused in refusals(table):
        if refused.reason is reason:
            where.setdefault(refused.state, []).append(refused.event.value)
    places = "; ".join(f"{state.value}: {', '.join(events)}" for state, events in where.items())
    return (f"*{reason.label}*", reason.value, places)


# ---- the command ----------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the figure and the page. Returns the exit status: 0 written, 2 refused."""
    parser = argparse.ArgumentParser(
        prog=REGENERATE, description="Write states.svg and states.md from the state table."
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs"), help="where to write them (docs)")
    folder: Path = parser.parse_args(arguments).folder
    if not folder.is_dir():
        refused = Refusal(
            "folder", str(folder), "a folder that exists", "iontocore.diagram", "make it, or name another"
        )
        print(refused, file=sys.stderr)
        return 2
    for name, text in (("states.svg", figure()), ("states.md", page())):
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
