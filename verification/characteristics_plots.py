"""The pictures of the output: waveforms of sessions that were played, and what the load makes of current and accuracy.

Each is an SVG of its own, in the style of a session's picture (``iontocore.chart``): text stays text, the same sessions
give the same bytes, and what is coloured is also named or dashed or marked.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from iontocore.chart import save, styled
from iontocore.chart_layout import thin
from iontocore.chart_panels import BAD, BODY, DASHED, DOTTED, INK, LIMIT, MEASURED, MUTED, TARGET
from iontocore.table import Event
from iontocore.verification.characteristics_bench import LOADS_OHM, SETTINGS_UA, Played, Sessions
from iontocore.verification.characteristics_figures import points
from iontocore.verification.characteristics_rows import ACCURACY_PERCENT

_WIDTH_IN: Final = 7.2
_LEFT_IN, _RIGHT_IN, _HEAD_IN, _FOOT_IN = 0.62, 0.15, 0.36, 0.5
_TIME, _LOAD = "time in the session, s", "load, ohm"
_STRETCHES: Final = 700
_ROOM: Final = 0.16
"""Of a panel's height, above what it shows, for the names of moments."""
_MARKS: Final = ("o", "s", "D")
_COLOURS: Final = ("#1d9a74", "#a566a8", BODY)

_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "drive_na": {"color": MEASURED, "linewidth": 2.8, "label": "driven", "zorder": 2},
    "true_na": {"color": BODY, "linewidth": 1.2, "label": "through the load", "zorder": 3},
    "target_na": {"color": TARGET, "linewidth": 1.2, "linestyle": DOTTED, "label": "target", "zorder": 4},
    "true_voltage_mv": {"color": BODY, "linewidth": 1.2, "zorder": 3},
}
"""How a column of a trace is drawn."""
_PER: Final = {"drive_na": 1e6, "true_na": 1e6, "target_na": 1e6, "true_voltage_mv": 1e3}
"""Of a column's unit to one of the picture: mA, V."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture. name: in kebab-case, for a file. title, caption: what it shows. svg: the text of the picture."""

    name: str
    title: str
    caption: str
    svg: str


def pictures(sessions: Sessions) -> tuple[Picture, ...]:
    """Every picture, in the order of a report."""
    return tuple(_picture(sessions, *what) for what in _DRAWN)


def _picture(sessions: Sessions, name: str, title: str, caption: str, draw: Callable[[Sessions], Figure]) -> Picture:
    with styled(f"iontocore {name}"):
        written = io.BytesIO()
        save(draw(sessions), written, title)
    return Picture(name, title, caption, written.getvalue().decode("utf-8"))


# ---- waveforms -------------------------------------------------------------------------------------------------------


def _ramp_up(sessions: Sessions) -> Figure:
    played = sessions.palms
    figure, (whole, near) = _panels(2.0, 1.5)
    reached_s = played.when(Event.TARGET_REACHED)
    _waveform(whole, played, 0, reached_s + 6, "target_na", "true_na")
    _mark(whole, reached_s, "target reached")
    _finish(whole, "Current, mA", _TIME)
    first = int(np.flatnonzero(played.columns["true_na"])[0])
    ticks = slice(first - 5, first + 31)
    time_ms = (played.seconds[ticks] - played.seconds[first - 1]) * 1e3  # a row tells of the period before it
    driven, flowed = played.columns["drive_na"][ticks] / 1e3, played.columns["true_na"][ticks] / 1e3
    near.step(time_ms, driven, where="post", **_LOOKS["drive_na"])
    near.step(time_ms, flowed, where="pre", **_LOOKS["true_na"])
    near.set_xlim(time_ms[0], time_ms[-1])
    _finish(near, "Its first ticks, µA", "ms from the first current")
    return figure


def _reversal(sessions: Sessions) -> Figure:
    played = sessions.palms
    figure, (whole, near) = _panels(2.0, 1.5)
    due_s, changed_s = played.when(Event.REVERSAL_DUE), played.when(Event.SIGN_CHANGED)
    _waveform(whole, played, due_s - 5, changed_s + 35, "target_na", "true_na")
    _mark(whole, due_s, "reversal due")
    _finish(whole, "Current, mA", _TIME)
    rows = played.between(due_s, changed_s + 1)
    at_zero = np.flatnonzero(played.columns["drive_na"][rows] == 0) + rows.start
    begin_s, end_s = float(played.seconds[at_zero[0]]), float(played.seconds[at_zero[-1]])
    _waveform(near, played, begin_s - 0.4, end_s + 0.4, "true_na")
    near.axvspan(begin_s, end_s, color=MEASURED, alpha=0.25, linewidth=0, zorder=0)
    place: dict[str, Any] = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center", "fontsize": 8}
    near.annotate(f"{len(at_zero) * played.trial.plan.device.tick_us / 1e6:.3f} s at zero",
                  ((begin_s + end_s) / 2, 0), color=INK, **place)  # fmt: skip
    _finish(near, "Near zero, mA", _TIME)
    return figure


def _stop(sessions: Sessions) -> Figure:
    played = sessions.stop
    figure, (axes,) = _panels(2.2)
    at_zero_s = played.when(Event.AT_ZERO)
    _waveform(axes, played, 0, at_zero_s + 1, "target_na", "true_na")
    _mark(axes, played.when(Event.STOP), "stop")
    _mark(axes, at_zero_s, "at zero", left=True)
    _finish(axes, "Current, mA", _TIME)
    return figure


def _contact_lost(sessions: Sessions) -> Figure:
    played = sessions.lost
    figure, (whole, current, voltage) = _panels(1.7, 1.1, 1.1)
    event = played.trial.body.events[0]
    gone_s, back_s = played.of_body(event.at_ms), played.of_body(event.end_ms or 0)
    _waveform(whole, played, gone_s - 10, played.when(Event.STOP) - 5, "target_na", "true_na")
    for at_s, name in ((gone_s, "lost"), (back_s, "back")):
        _mark(whole, at_s, name)
    _finish(whole, "Current, mA", _TIME)
    rows = played.between(gone_s - 0.006, gone_s + 0.016)
    time_ms = (played.seconds[rows] - gone_s) * 1e3
    for axes, names in ((current, ("drive_na", "true_na")), (voltage, ("true_voltage_mv",))):
        for name in names:
            heights = played.columns[name][rows] / _PER[name]
            axes.step(time_ms, heights, where="post" if name == "drive_na" else "pre", **_LOOKS[name])
        _mark(axes, 0, "lost")
        axes.set_xlim(time_ms[0], time_ms[-1])
    _compliance(voltage, played)
    _finish(current, "The loss, mA", "ms from the loss")
    _finish(voltage, "Voltage meanwhile, V", "ms from the loss")
    return figure


def _nearly_lost(sessions: Sessions) -> Figure:
    played = sessions.nearly_lost
    figure, (current, voltage) = _panels(2.0, 1.2)
    event = played.trial.body.events[0]
    gone_s, back_s = played.of_body(event.at_ms), played.of_body(event.end_ms or 0)
    _waveform(current, played, gone_s - 2, back_s + 4, "drive_na", "true_na")
    _waveform(voltage, played, gone_s - 2, back_s + 4, "true_voltage_mv")
    for axes in (current, voltage):
        _mark(axes, gone_s, "lifted")
        _mark(axes, back_s, "back")
    _compliance(voltage, played)
    _finish(current, "Current, mA", _TIME)
    _finish(voltage, "Voltage, V", _TIME)
    return figure


def _saturated(sessions: Sessions) -> Figure:
    played = sessions.sweep[LOADS_OHM.index(10_000)]
    figure, (current, voltage) = _panels(2.0, 1.2)
    end_s = played.when(Event.AT_ZERO) + 1
    _waveform(current, played, 0, end_s, "drive_na", "true_na", "target_na")
    _waveform(voltage, played, 0, end_s, "true_voltage_mv")
    _mark(current, played.when(Event.STOP), "stop")
    _compliance(voltage, played)
    _finish(current, "Current, mA", _TIME)
    _finish(voltage, "Voltage, V", _TIME)
    return figure


# ---- over the load ---------------------------------------------------------------------------------------------------


def _current_over_load(sessions: Sessions) -> Figure:
    figure, (axes,) = _panels(2.6)
    compliance_mv = sessions.sweep[0].trial.plan.device.compliance_mv
    loads = np.geomspace(LOADS_OHM[0], LOADS_OHM[-1], 200)
    for set_ua, mark, colour in zip(SETTINGS_UA, _MARKS, _COLOURS, strict=True):
        law = np.minimum(set_ua / 1e3, compliance_mv / loads)
        axes.plot(loads, law, color=colour, linestyle=DOTTED, linewidth=1.2)
        there = [point for point in points(sessions) if point.set_ua == set_ua]
        heights = [point.delivered_na / 1e6 for point in there]
        axes.plot([point.load_ohm for point in there], heights, mark, color=colour, label=_set(set_ua), markersize=5)
    axes.set_ylim(0, 1.1 * SETTINGS_UA[-1] / 1e3)
    _over_load(axes)
    _finish(axes, "Current, mA", _LOAD)
    return figure


def _accuracy_over_load(sessions: Sessions) -> Figure:
    figure, (whole, near) = _panels(1.5, 1.7)
    for set_ua, mark, colour in zip(SETTINGS_UA, _MARKS, _COLOURS, strict=True):
        there = [point for point in points(sessions) if point.set_ua == set_ua and not point.saturated]
        for axes in (whole, near):
            heights = [point.error_ppm / 1e4 for point in there]
            look: dict[str, Any] = {"color": colour, "linewidth": 0.8, "markersize": 5, "label": _set(set_ua)}
            axes.plot([point.load_ohm for point in there], heights, f"{mark}-", **look)
    for side in (-1, 1):
        whole.axhline(side * ACCURACY_PERCENT, color=LIMIT, linestyle=DASHED, linewidth=1.0)
    whole.annotate("benchmark, IEC 60601-2-10: within 20 %", (LOADS_OHM[0], ACCURACY_PERCENT), xytext=(4, -10),
                   textcoords="offset points", color=LIMIT, fontsize=8)  # fmt: skip
    whole.set_ylim(-1.2 * ACCURACY_PERCENT, 1.2 * ACCURACY_PERCENT)
    reach = 1.3 * max(abs(point.error_ppm / 1e4) for point in points(sessions) if not point.saturated)
    near.set_ylim(-reach, reach)
    for axes in (whole, near):
        axes.axhline(0, color=MUTED, linewidth=0.7)
        _over_load(axes)
    _finish(whole, "Error of the current, %", _LOAD)
    _finish(near, "The same, larger", _LOAD)
    return figure


def _set(set_ua: int) -> str:
    return f"set to {set_ua / 1e3:g} mA"


def _over_load(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_xticks(LOADS_OHM)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ohm, _: f"{ohm / 1e3:g}k" if ohm >= 1_000 else f"{ohm:g}"))
    axes.set_xlim(0.93 * LOADS_OHM[0], 1.07 * LOADS_OHM[-1])


# ---- panels ----------------------------------------------------------------------------------------------------------


def _panels(*heights_in: float) -> tuple[Figure, tuple[Axes, ...]]:
    """A figure with a panel for each height, one below the other, each with an axis of its own."""
    height_in = sum(heights_in) + len(heights_in) * (_HEAD_IN + _FOOT_IN)
    figure = Figure(figsize=(_WIDTH_IN, height_in))
    panels, top_in = [], 0.0
    for panel_in in heights_in:
        top_in += _HEAD_IN + panel_in
        width = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) / _WIDTH_IN
        panels.append(figure.add_axes((_LEFT_IN / _WIDTH_IN, 1 - top_in / height_in, width, panel_in / height_in)))
        panels[-1].xaxis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10]))
        panels[-1].yaxis.set_major_locator(MaxNLocator(nbins=round(3.5 * panel_in), steps=[1, 2, 5, 10]))
        top_in += _FOOT_IN
    return figure, tuple(panels)


def _waveform(axes: Axes, played: Played, begin_s: float, end_s: float, *names: str) -> None:
    """Draw columns over the session's time; no tick's peak is lost."""
    rows = played.between(begin_s, end_s)
    seconds = played.seconds[rows]
    for name in names:
        values = played.columns[name][rows]
        kept = thin(values, _STRETCHES)
        axes.plot(seconds[kept], values[kept] / _PER[name], **_LOOKS[name])
    axes.set_xlim(begin_s, end_s)
    axes.axhline(0, color=MUTED, linewidth=0.7)


def _mark(axes: Axes, at: float, name: str, *, left: bool = False) -> None:
    """A named moment."""
    axes.axvline(at, color=MUTED, linewidth=0.8, linestyle=DASHED, zorder=1)
    place: dict[str, Any] = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points", "va": "top"}
    offset, side = (-3, "right") if left else (3, "left")
    axes.annotate(name, (at, 1), xytext=(offset, -1), gid="moment", ha=side, fontsize=8, color=MUTED, **place)


def _compliance(axes: Axes, played: Played) -> None:
    volts = played.trial.plan.device.compliance_mv / 1e3
    axes.axhline(volts, color=BAD, linewidth=0.9, linestyle=DASHED, label=f"compliance, {volts:g} V")
    axes.set_ylim(-0.04 * volts, 1.06 * volts)


def _finish(axes: Axes, heading: str, unit: str) -> None:
    """The panel's name above it on the left, the key to its lines on the right, the unit of its axis below."""
    if any(text.get_gid() == "moment" for text in axes.texts):
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + _ROOM * (high - low))
    axes.set_title(heading, loc="left", fontsize=9.5, fontweight="bold", pad=6)
    axes.set_xlabel(unit, labelpad=2)
    lines, _ = axes.get_legend_handles_labels()
    if lines:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1.02), ncols=3, borderaxespad=0, borderpad=0)


_DRAWN: Final[tuple[tuple[str, str, str, Callable[[Sessions], Figure]], ...]] = (
    (
        "ramp-up",
        "Ramp up",
        "Plan palms on 2 kohm: 2 s at zero once there is contact, then by 0.5 mA/s to the target. Below, its first "
        "ticks: the steps are those of the converter, 1 µA.",
        _ramp_up,
    ),
    (
        "reversal",
        "Reversal",
        "Plan palms on 2 kohm, half way: down to zero, held there, and up in the other direction. Below, near zero.",
        _reversal,
    ),
    ("stop", "Stop", "20 mA on 2 kohm, with the slowest fall that a plan may have: the operator stops.", _stop),
    (
        "contact-lost",
        "Contact lost and back",
        "Plan palms on 2 kohm, which is disconnected for 5 s. Below, the loss: the current ends with the load, the "
        "voltage rises to what the device can give, and the output is switched off.",
        _contact_lost,
    ),
    (
        "contact-nearly-lost",
        "Contact nearly lost and back",
        "Hands in trays, 15 mA: 95 % of one hand leaves the water for 6 s, and the contact input does not notice.",
        _nearly_lost,
    ),
    (
        "saturated",
        "Saturated voltage",
        "10 kohm, set to 1, 4 and 20 mA one after the other: 60 V drive no more than 6 mA.",
        _saturated,
    ),
    (
        "current-over-load",
        "Current over the load",
        "Marks: the current that flowed, at each setting. Dotted: Ohm's law with the device's compliance voltage.",
        _current_over_load,
    ),
    (
        "accuracy-over-load",
        "Accuracy over the load",
        "What flowed against what was set, where the voltage does not saturate. Below, the same at a larger scale.",
        _accuracy_over_load,
    ),
)
"""Name, title, caption and hand of each picture."""
