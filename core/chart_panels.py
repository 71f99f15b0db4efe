"""The panels of a session's picture: current, voltage, charge and state, each a function that fills its axes.

Levels are named in the right margin, beside their line, and not by colour. Needs the extra ``cli`` (numpy, matplotlib).
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.textpath import TextPath

from iontocore.chart_layout import Column, spread, stretches_of, thin
from iontocore.chart_summary import ChartSummary
from iontocore.safety.words import NC_PER_MA_MIN, printable
from iontocore.table import State
from iontocore.wording import duration

WIDTH_IN: Final = 12.5
LEFT_IN: Final = 1.0
RIGHT_IN: Final = 2.45
PLOT_PT: Final = (WIDTH_IN - LEFT_IN - RIGHT_IN) * 72.0
CURRENT_IN: Final = 2.9
VOLTAGE_IN: Final = 1.5
CHARGE_IN: Final = 2.0
STATES_IN: Final = 1.3

INK: Final = "#17212f"
MUTED: Final = "#5a6675"
GOOD: Final = "#14735a"
BAD: Final = "#c0311a"
BODY, MEASURED, TARGET, LIMIT, SATURATED = "#17406d", "#9cc3e6", "#c77a00", "#855600", "#8f6d1f"
_POSITIVE, _NEGATIVE, _POSITIVE_TINT, _NEGATIVE_TINT = "#1f6cab", "#ab4f24", "#edf5fb", "#fdf3ea"
_STATE_COLOURS: Final = {
    State.IDLE: "#98a2b0",
    State.RAMP: "#4ea3d8",
    State.TREAT: "#1d9a74",
    State.REVERSE: "#a566a8",
    State.RAMP_DOWN: "#2f6fb0",
    State.FAULT: BAD,
}

DASHED: Final = (0, (6, 3))
DOTTED: Final = (0, (1.5, 1.5))
_STRETCHES: Final = 900  # of a line: more than the plot is points wide, so that none is wider than a stroke
_LABEL_SIZE: Final = 8.0
_LINE_PT: Final = 11.5
_FC_PER_MA_MIN: Final = 60e12
_FLOWING_NA: Final = 50_000  # below this the picture does not speak of a direction: noise of the sensors at zero
_FAR: Final = 2.5  # a trip level this many times above all else would flatten the current; it is named and not drawn


class Time(NamedTuple):
    """The one time axis: the name of its unit, the microseconds in a unit, and its ends in that unit."""

    unit: str
    us: float
    first: float
    last: float

    def points(self, t: float) -> float:
        """Where on the axis a time lies, in points from its left end."""
        return (t - self.first) / (self.last - self.first) * PLOT_PT


class _Level(NamedTuple):
    """A height in a panel, with the name that stands beside it in the right margin."""

    height: float
    name: str
    colour: str


def draw_current(
    axes: Axes, columns: Mapping[str, Column], summary: ChartSummary, time: Time, heading_up_pt: float
) -> None:
    """Current through the body, measured and target, between the limit in force and the over-current trip level."""
    t, measured, target = columns["time_us"], columns["measured_na"], columns["target_na"]
    current = through_the_body(columns)
    limit, trip = summary.limit_ua / 1e3, summary.trip_ua / 1e3
    sides = _sides(columns)
    low = min(0, int(current.min()), int(measured.min()), int(target.min())) / 1e6
    high = max(0, int(current.max()), int(measured.max()), int(target.max())) / 1e6
    far = trip > _FAR * max(limit, high, -low)
    reach = limit if far else trip
    _set_reach(axes, sides, reach, low, high, 1.1, name_room=0.12)
    _shade_directions(axes, current, t, time, limit)
    for side in sides:
        way = "positive" if side > 0 else "negative"
        axes.axhline(side * limit, color=LIMIT, linewidth=1.0, linestyle=DASHED, gid=f"limit-{way}")
        if not far:
            axes.axhline(side * trip, color=BAD, linewidth=1.0, gid=f"trip-{way}")
    if current is measured:
        _line(axes, t, measured, 1e6, time, color=BODY, linewidth=1.1, label="measured", zorder=3, gid="measured")
    else:
        _line(axes, t, current, 1e6, time, color=BODY, linewidth=1.0, label="through the body", zorder=3, gid="body")
        _line(axes, t, measured, 1e6, time, color=MEASURED, linewidth=2.6, label="measured", zorder=2, gid="measured")
    _line(axes, t, target, 1e6, time, color=TARGET, linewidth=1.1, linestyle=DOTTED, label="target", zorder=4)
    axes.axhline(0, color=MUTED, linewidth=0.7)
    top, sign = max(sides), _sign(sides)
    source = printable(f"from {summary.limit_binding}: {summary.limit_source}")
    lines = [f"limit {sign}{limit:g} mA", *textwrap.wrap(source, 33, max_lines=3, placeholder=" …")]
    trip_name = f"over-current trip {sign}{trip:g} mA{', off the scale' if far else ''}"
    trip_height = axes.get_ylim()[1 if top > 0 else 0] if far else top * trip
    levels = [_Level(top * limit, "\n".join(lines), LIMIT), _Level(trip_height, trip_name, BAD)]
    _name_levels(axes, levels, CURRENT_IN)
    _head(axes, "Current, mA", CURRENT_IN, heading_up_pt)


def draw_voltage(axes: Axes, columns: Mapping[str, Column], summary: ChartSummary, time: Time) -> None:
    """Voltage across the body below what the device can give, with the stretches in which it was saturated."""
    t = columns["time_us"]
    voltage = columns.get("true_voltage_mv", columns["voltage_mv"])
    compliance, saturation = summary.compliance_mv / 1e3, summary.saturation_mv / 1e3
    sides = _sides(columns)
    _set_reach(axes, sides, compliance, int(voltage.min()) / 1e3, int(voltage.max()) / 1e3, 1.12)
    saturated = np.abs(columns["voltage_mv"]) >= summary.saturation_mv
    keys: list[Artist] = []
    if saturated.any():
        look: dict[str, Any] = {"facecolor": "none", "edgecolor": SATURATED, "alpha": 0.7}
        for first, last in stretches_of(saturated, len(t) // _STRETCHES):
            axes.axvspan(t[first] / time.us, t[last] / time.us, hatch="////", linewidth=0, **look)
        spent_ms = int(np.diff(t, append=t[-1])[saturated].sum()) // 1000
        keys.append(Patch(hatch="//////", linewidth=0.6, label=f"saturated, {duration(spent_ms)} in all", **look))
    for side in sides:
        axes.axhline(side * compliance, color=LIMIT, linewidth=1.0, linestyle=DASHED)
        axes.axhline(side * saturation, color=SATURATED, linewidth=0.9, linestyle=DOTTED)
    _line(axes, t, voltage, 1e3, time, color=BODY, linewidth=1.0, zorder=3)
    axes.axhline(0, color=MUTED, linewidth=0.7)
    top, sign = max(sides), _sign(sides)
    levels = [
        _Level(top * compliance, f"compliance {sign}{compliance:g} V", LIMIT),
        _Level(top * saturation, f"saturated from {sign}{saturation:g} V", SATURATED),
    ]
    _name_levels(axes, levels, VOLTAGE_IN)
    _head(axes, "Voltage, V", VOLTAGE_IN, 0, keys)


def draw_charge(axes: Axes, columns: Mapping[str, Column], summary: ChartSummary, time: Time) -> None:
    """Charge given in each direction against its goal, and the net of both: zero is balanced."""
    t, positive, negative = columns["time_us"], columns["measured_positive_fc"], columns["measured_negative_fc"]
    levels = []
    reach = [0.0]
    for charge, goal_nc, side, name, colour in (
        (positive, summary.goal_positive_nc, 1, "positive", _POSITIVE),
        (negative, summary.goal_negative_nc, -1, "negative", _NEGATIVE),
    ):
        given, goal = int(charge[-1]) / _FC_PER_MA_MIN, goal_nc / NC_PER_MA_MIN
        if given < 0.005 and goal == 0:
            continue
        index = thin(charge, _STRETCHES // 3)
        moments, heights = t[index] / time.us, side * charge[index] / _FC_PER_MA_MIN
        axes.fill_between(moments, heights, color=colour, alpha=0.15, linewidth=0)
        axes.plot(moments, heights, color=colour, linewidth=1.3, label=name)
        if goal > 0:
            axes.axhline(side * goal, color=colour, linewidth=0.9, linestyle=DASHED)
        levels.append(_Level(side * given, f"{name} {given:.1f}{f' of {goal:.1f}' if goal > 0 else ''} mA·min", colour))
        reach += [side * given, side * goal]
    if len(levels) == 2:
        net = positive - negative
        _line(axes, t, net, _FC_PER_MA_MIN, time, color=INK, linewidth=1.3, linestyle=DOTTED, label="net")
        left = int(net[-1]) / _FC_PER_MA_MIN
        shown = f"{left:+z.2f}".replace("-", "\N{MINUS SIGN}")
        levels.append(_Level(left, f"net {shown} mA·min", INK))
    low, high = min(reach), max(reach)
    axes.set_ylim(1.15 * low, 1.15 * high if high > low else 1.0)
    axes.axhline(0, color=MUTED, linewidth=0.7)
    _name_levels(axes, levels, CHARGE_IN)
    _head(axes, "Charge delivered, mA·min (dashed: goal)", CHARGE_IN, 0)


def draw_states(axes: Axes, summary: ChartSummary, time: Time) -> None:
    """A lane for each state, so that its place names it, and how long the session was in it."""
    lanes = list(State)
    spent_ms = dict.fromkeys(lanes, 0.0)
    for state, start, end in _stays(summary, time):
        lane = lanes.index(state) - 0.36
        colour = _STATE_COLOURS[state]
        axes.broken_barh([(start, end - start)], (lane, 0.72), facecolor=colour, edgecolor=colour, zorder=3)
        spent_ms[state] += (end - start) * time.us / 1000
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_yticks(range(len(lanes)), [state.value for state in lanes])
    for lane, (state, tick) in enumerate(zip(lanes, axes.get_yticklabels(), strict=True)):
        if spent_ms[state] > 0:
            tick.set_color(INK)
            tick.set_fontweight("bold")
            _note(axes, lane, 0, duration(round(spent_ms[state])), INK)
    _head(axes, "State (right: time spent in it)", STATES_IN, 0)


def through_the_body(columns: Mapping[str, Column]) -> Column:
    """The current through the body, nA: the true one where the body is simulated, else the measured one."""
    return columns.get("true_na", columns["measured_na"])


def width_pt(text: str, size: float = _LABEL_SIZE) -> float:
    """How wide a text is when set in bold, in points."""
    bold = FontProperties(family="sans-serif", weight="bold")
    return float(TextPath((0, 0), text, size=size, prop=bold).get_extents().width)


def _stays(summary: ChartSummary, time: Time) -> list[tuple[State, float, float]]:
    """Each state that the session was in, from when to when."""
    changes = sorted(summary.transitions, key=lambda change: change.t_ms)
    if not changes:
        return []
    states = [changes[0].before, *(change.after for change in changes)]
    moments = [time.first, *(change.t_ms * 1000 / time.us for change in changes), time.last]
    return list(zip(states, moments, moments[1:], strict=False))


def _sides(columns: Mapping[str, Column]) -> tuple[int, ...]:
    """The directions in which current flowed or was asked for: 1, -1 or both; the positive one where it was none."""
    flows = [columns[name] for name in ("target_na", "measured_na", "true_na") if name in columns]
    sides = []
    if any(int(flow.max()) > _FLOWING_NA for flow in flows):
        sides.append(1)
    if any(int(flow.min()) < -_FLOWING_NA for flow in flows):
        sides.append(-1)
    return tuple(sides) or (1,)


def _sign(sides: Sequence[int]) -> str:
    return "±" if len(sides) == 2 else "\N{MINUS SIGN}" if sides[0] < 0 else ""


def _set_reach(
    axes: Axes, sides: Sequence[int], reach: float, low: float, high: float, room: float, name_room: float = 0.0
) -> None:
    """Show what was reached and, on each side in use, the level ``reach``; leave room for a name on the other side."""
    bottom = room * min(0, low, -reach if -1 in sides else 0)
    top = room * max(0, high, reach if 1 in sides else 0)
    axes.set_ylim(min(bottom, -name_room * top), max(top, -name_room * bottom))


def _line(axes: Axes, t: Column, values: Column, scale: float, time: Time, **look: Any) -> None:
    index = thin(values, _STRETCHES)
    axes.plot(t[index] / time.us, values[index] / scale, **look)


def _shade_directions(axes: Axes, current: Column, t: Column, time: Time, limit: float) -> None:
    """A tint and a name over each stretch that flows one way; a pause between two of the same way belongs to them.

    The name stands on the other side of zero, where the current of that stretch cannot be, and clear of the limit.
    """
    flowing = np.flatnonzero(np.abs(current) > _FLOWING_NA)
    if len(flowing) == 0:
        return
    signs = np.sign(current[flowing])
    turns = np.flatnonzero(np.diff(signs))
    firsts, lasts = np.concatenate(([0], turns + 1)), np.concatenate((turns, [len(flowing) - 1]))
    starts, ends = t[flowing[firsts]] / time.us, t[flowing[lasts]] / time.us
    wide = ends - starts > (time.last - time.first) / _STRETCHES
    bottom, top = axes.get_ylim()
    for start, end, sign in zip(starts[wide], ends[wide], signs[firsts][wide], strict=True):
        if sign > 0:
            name, tint, colour, height = "positive direction", _POSITIVE_TINT, _POSITIVE, max(bottom, -limit) / 2
        else:
            name, tint, colour, height = "negative direction", _NEGATIVE_TINT, _NEGATIVE, min(top, limit) / 2
        axes.axvspan(start, end, color=tint, linewidth=0, zorder=0)
        if time.points(end) - time.points(start) > width_pt(name) + 12:
            ground = {"facecolor": tint, "edgecolor": "none", "pad": 2}
            axes.text((start + end) / 2, height, name, ha="center", va="center", color=colour, bbox=ground)


def _head(axes: Axes, text: str, panel_in: float, up_pt: float, keys: Sequence[Artist] = ()) -> None:
    """The panel's name on the left and the key to its lines on the right, ``up_pt`` above its top."""
    axes.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, up_pt + 8),
        textcoords="offset points",
        fontsize=9.5,
        fontweight="bold",
        annotation_clip=False,
    )
    lines, _ = axes.get_legend_handles_labels()
    if lines or keys:
        above = 1 + (up_pt + 6) / (panel_in * 72)
        place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1, above), "borderaxespad": 0, "borderpad": 0}
        axes.legend(handles=[*lines, *keys], ncols=4, **place)


def _name_levels(axes: Axes, levels: Sequence[_Level], panel_in: float) -> None:
    """Name levels in the right margin, moved apart where the names would lie over each other."""
    bottom, top = axes.get_ylim()
    heights_pt = [(level.height - bottom) / (top - bottom) * panel_in * 72 for level in levels]
    sizes_pt = [(level.name.count("\n") + 1) * _LINE_PT + 3 for level in levels]
    centres_pt = spread(heights_pt, sizes_pt, 0, panel_in * 72)
    for level, height_pt, centre_pt in zip(levels, heights_pt, centres_pt, strict=True):
        _note(axes, level.height, centre_pt - height_pt, level.name, level.colour, leader=True)


def _note(axes: Axes, height: float, up_pt: float, text: str, colour: str, leader: bool = False) -> None:
    """A text in the right margin, ``up_pt`` above a height in the panel, with or without a line that leads to it."""
    line = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 2, "shrinkB": 1, "relpos": (0, 0.5)}
    axes.annotate(
        text,
        (1, height),
        xycoords=axes.get_yaxis_transform(),
        xytext=(14, up_pt),
        textcoords="offset points",
        va="center",
        fontsize=_LABEL_SIZE,
        color=colour,
        linespacing=1.25,
        annotation_clip=False,
        arrowprops=line if leader else None,
    )
