"""The picture of a session: current, voltage, charge and states over one time axis, as an SVG file.

Every tick of a trace goes into the picture and none is lost in it: the lowest and the highest value of every stretch
that is narrower than a stroke are kept, so a peak of one tick is as tall as it was. The same trace and summary give the
same bytes. Colour never carries a meaning alone: what is coloured is also named, or in a place of its own.

Needs the extra ``cli`` (numpy, matplotlib).
"""

import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from iontocore.chart_layout import Column, label_rows
from iontocore.chart_panels import (
    BAD,
    CHARGE_IN,
    CURRENT_IN,
    GOOD,
    INK,
    LEFT_IN,
    MUTED,
    PLOT_PT,
    STATES_IN,
    VOLTAGE_IN,
    WIDTH_IN,
    Time,
    draw_charge,
    draw_current,
    draw_states,
    draw_voltage,
    through_the_body,
    width_pt,
)
from iontocore.chart_summary import ChartSummary, InvariantCheck, StateChange
from iontocore.safety.words import printable
from iontocore.table import Event, State
from iontocore.wording import duration, minutes

__all__ = ["ChartSummary", "InvariantCheck", "StateChange", "draw_chart", "save", "styled"]

_NEEDED: Final = (
    "time_us",
    "measured_na",
    "target_na",
    "voltage_mv",
    "measured_positive_fc",
    "measured_negative_fc",
)
_HAIR: Final = "#d9dde3"
_STYLE: Final[dict[Any, Any]] = {  # Any: how matplotlib types its settings differs between its versions
    "svg.fonttype": "none",
    "text.parse_math": False,
    "path.simplify": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": _HAIR,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": _HAIR,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "hatch.linewidth": 0.6,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
}
_TITLE_IN, _HEAD_IN, _FOOT_IN, _EMPTY_IN = 0.95, 0.42, 0.55, 2.6
_PANELS_IN: Final = (CURRENT_IN, VOLTAGE_IN, CHARGE_IN, STATES_IN)
_EVENT_ROWS: Final = 6
_EVENT_ROW_PT: Final = 13.0
_ROUTINE: Final = {Event.TARGET_REACHED, Event.SIGN_CHANGED, Event.CONTACT_BACK, Event.AT_ZERO}
_MANY: Final = 6  # ids of invariants that are named before the rest is left to session.json


class _Event(NamedTuple):
    """An event that is named above the plot: when, what, how wide the name is, and its worth when room is short."""

    t: float
    name: str
    width_pt: float
    worth: int

    @property
    def fault(self) -> bool:
        return self.worth == 2


def draw_chart(columns: Mapping[str, Column], summary: ChartSummary, path: Path) -> None:
    """Draw a session to an SVG file of less than 1 MB, whatever the length of its trace.

    ``columns`` are the trace's, one entry a tick, all of one length: ``time_us, measured_na, target_na, voltage_mv,
    measured_positive_fc, measured_negative_fc``, and ``true_na, true_voltage_mv`` where the body is simulated and they
    are known. An empty trace (a session that never ran) gives a picture that says so.

    Raises ValueError when a column is missing or the lengths differ, OSError when the file cannot be written.
    """
    ticks = _length(columns)
    with styled():
        figure = _session(columns, summary) if ticks > 0 else _nothing(summary)
        save(figure, path, _title(summary))


@contextmanager
def styled(salt: str = "iontocore") -> Iterator[None]:
    """Matplotlib as the pictures of this project look, whatever a matplotlibrc on this machine says.

    salt: what the ids within an SVG are made from; pictures that one page shows need each its own.
    """
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        mpl.rcParams["svg.hashsalt"] = salt
        # A plan may be named in a script that the measuring font lacks. Text stays text: the viewer's fonts draw it.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font", category=UserWarning)
        yield


def save(figure: Figure, to: Path | IO[bytes], title: str) -> None:
    """Write a figure as SVG, within :func:`styled`; the same figure gives the same bytes. OSError when it cannot."""
    figure.savefig(to, format="svg", metadata={"Date": None, "Creator": "iontocore", "Title": title})


def _length(columns: Mapping[str, Column]) -> int:
    if all(len(column) == 0 for column in columns.values()):
        return 0
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise ValueError(f"columns: the trace lacks {', '.join(missing)}")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns: all must have one length, these differ: {lengths}")
    return lengths["time_us"]


def _session(columns: Mapping[str, Column], summary: ChartSummary) -> Figure:
    time = _time(columns["time_us"], summary)
    events, rows, nameless = _named_events(time, summary)
    band_pt = (max(rows, default=-1) + 1) * _EVENT_ROW_PT
    top_in = _TITLE_IN + band_pt / 72
    height_in = top_in + sum(_PANELS_IN) + len(_PANELS_IN) * _HEAD_IN + _FOOT_IN
    figure = Figure(figsize=(WIDTH_IN, height_in))
    panels = []
    for panel_in in _PANELS_IN:
        top_in += _HEAD_IN + panel_in
        box = (LEFT_IN / WIDTH_IN, 1 - top_in / height_in, PLOT_PT / 72 / WIDTH_IN, panel_in / height_in)
        axes = figure.add_axes(box, xlim=(time.first, time.last))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=12, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=round(3 * panel_in), steps=[1, 2, 5, 10]))
        axes.tick_params(labelbottom=False)
        for event in events:
            axes.axvline(event.t, color=BAD if event.fault else MUTED, linewidth=0.6, alpha=0.5, zorder=1)
        panels.append(axes)
    current, voltage, charge, states = panels
    draw_current(current, columns, summary, time, band_pt)
    draw_voltage(voltage, columns, summary, time)
    draw_charge(charge, columns, summary, time)
    draw_states(states, summary, time)
    _name_events(current, events, rows)
    peak_na = max(abs(int(end)) for end in (through_the_body(columns).min(), through_the_body(columns).max()))
    where = "through the body" if "true_na" in columns else "measured"
    _write_title(figure, summary, [f"peak {peak_na / 1e6:.2f} mA {where}"])
    states.tick_params(labelbottom=True)
    states.set_xlabel(f"time, {time.unit}")
    if nameless > 0:
        figure.text(0.99, 0.1 / height_in, f"{nameless} more events: see session.json", ha="right", color=MUTED)
    return figure


def _nothing(summary: ChartSummary) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, _EMPTY_IN))
    _write_title(figure, summary, [])
    left = LEFT_IN / WIDTH_IN
    figure.text(left, 0.47, "No tick was recorded: nothing was energised, so there is nothing to draw.", fontsize=11)
    changes = summary.transitions[:4]
    lines = [printable(f"{duration(change.t_ms)}  {_name(change, summary)}: {change.why}") for change in changes]
    figure.text(left, 0.38, "\n".join(lines), fontsize=9, color=MUTED, va="top", linespacing=1.6)
    return figure


def _write_title(figure: Figure, summary: ChartSummary, more: Sequence[str]) -> None:
    left, height_in = LEFT_IN / WIDTH_IN, figure.get_figheight()
    seed = "not simulated" if summary.seed is None else f"seed {summary.seed}"
    facts = "  ·  ".join([f"{duration(summary.treated_ms)} treated", *more, seed])
    verdict, colour = _verdict(summary.invariants)
    figure.text(left, 1 - 0.36 / height_in, _title(summary), fontsize=15, fontweight="bold")
    figure.text(left, 1 - 0.62 / height_in, facts, fontsize=9.5, color=MUTED)
    figure.text(left, 1 - 0.85 / height_in, verdict, fontsize=9.5, fontweight="bold", color=colour)


def _title(summary: ChartSummary) -> str:
    plan = textwrap.shorten(summary.plan, 60, placeholder=" …")
    return printable(f"{plan}: {summary.outcome}{f' ({summary.trip})' if summary.trip else ''}")


def _verdict(checks: Sequence[InvariantCheck]) -> tuple[str, str]:
    """What the monitor found, in one line, and its colour: good only when nothing is broken and nothing unchecked."""
    checked = [check for check in checks if check.ticks_checked > 0]
    if not checked:
        return "no invariant was checked", MUTED
    broken = [check.id for check in checks if check.breaches > 0]
    unchecked = [check.id for check in checks if check.ticks_checked == 0]
    ticks = {check.ticks_checked for check in checked}
    extent = f"{'up to ' if len(ticks) > 1 else ''}{max(ticks):,} ticks".replace(",", " ")
    breaches = sum(check.breaches for check in checks)
    verdict = f"{len(checked)} invariants, {extent}, {breaches} breaches{_some(': ', broken)}"
    return f"{verdict}{_some('; not checked: ', unchecked)}", BAD if broken else INK if unchecked else GOOD


def _some(before: str, ids: Sequence[str]) -> str:
    return f"{before}{', '.join(ids[:_MANY])}{' …' if len(ids) > _MANY else ''}" if ids else ""


def _time(time_us: Column, summary: ChartSummary) -> Time:
    moments_us = [int(time_us[0]), int(time_us[-1]), *(change.t_ms * 1000 for change in summary.transitions)]
    first_us, last_us = min(moments_us), max(moments_us)
    last_us = max(last_us, first_us + 100_000)  # a trace of one tick has an axis too
    unit, us = ("min", 60e6) if last_us - first_us >= 120e6 else ("s", 1e6)
    return Time(unit, us, first_us / us, last_us / us)


def _named_events(time: Time, summary: ChartSummary) -> tuple[list[_Event], list[int], int]:
    """The events that are named above the plot, the row of each, and how many find no room: faults last of all."""
    events = []
    for change in sorted(summary.transitions, key=lambda change: change.t_ms):
        when = minutes(change.t_ms) if time.unit == "min" else f"{change.t_ms / 1000:.2f} s"
        name = f"{when} {_name(change, summary)}"
        worth = 2 if change.after is State.FAULT else 0 if change.event in _ROUTINE else 1
        events.append(_Event(change.t_ms * 1000 / time.us, name, width_pt(name) + 10, worth))
    nameless = 0
    while True:
        rows = label_rows([time.points(event.t) for event in events], [event.width_pt for event in events])
        crowded = [i for i, row in enumerate(rows) if row >= _EVENT_ROWS]
        if not crowded:
            return events, rows, nameless
        # The names that push this one up stand to its right, one row lower each; the least of them all goes.
        pile = [crowded[-1]]
        while pile[-1] + 1 < len(events) and rows[pile[-1] + 1] < rows[pile[-1]]:
            pile.append(pile[-1] + 1)
        del events[min(pile, key=lambda i: events[i].worth)]
        nameless += 1


def _name(change: StateChange, summary: ChartSummary) -> str:
    """What an event is called in the picture; the trip that ended a session has its own name."""
    if change.after is not State.FAULT:
        return change.event.value.replace("-", " ")
    name = summary.trip if summary.trip and change.before is not State.FAULT else change.event.value.replace("-", " ")
    return printable(f"FAULT {name}")


def _name_events(axes: Axes, events: Sequence[_Event], rows: Sequence[int]) -> None:
    for event, row in zip(events, rows, strict=True):
        colour, up_pt = BAD if event.fault else INK, 5 + row * _EVENT_ROW_PT
        line = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
        for text, x_pt, y_pt, arrow in ((event.name, 3.0, up_pt, None), ("", 0.0, up_pt + 8, line)):
            axes.annotate(
                text,
                (event.t, 1),
                xycoords=axes.get_xaxis_transform(),
                xytext=(x_pt, y_pt),
                textcoords="offset points",
                fontsize=8,
                fontweight="bold" if event.fault else "normal",
                color=colour,
                annotation_clip=False,
                arrowprops=arrow,
            )
