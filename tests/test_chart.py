"""The picture of a session: everything that happened is in it, readable, and the same every time."""

import hashlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from iontocore.chart import ChartSummary, InvariantCheck, draw_chart
from iontocore.chart_layout import Column
from iontocore.table import TABLE, Event, Row, State

Trace = dict[str, Column]
DIRECTIONS = ("positive", "negative")
SVG = "{http://www.w3.org/2000/svg}"


class Change(NamedTuple):
    """A row of the table that was taken, as a session tells it."""

    t_ms: int
    event: Event
    before: State
    after: State
    why: str


def taken(t_ms: int, state: State, event: Event) -> Change:
    row = TABLE[state, event]
    assert isinstance(row, Row)
    return Change(t_ms, event, row.before, row.after, row.why)


def trace(milestones: list[tuple[float, float]], resistance_kohm: float = 3.2, tick_us: int = 1000) -> Trace:
    """A body with a slow dip in its conductance at 7:50, driven along milestones (s, mA) through a 60 V device."""
    time_us = np.arange(0, int(milestones[-1][0] * 1e6), tick_us, dtype=np.int64)
    t = time_us / 1e6
    moments, heights = zip(*milestones, strict=True)
    drive_ma = np.interp(t, moments, heights)
    kohm = resistance_kohm + 1.6 * np.exp(-t / 40) + 2.4 * np.exp(-(((t - 470) / 45) ** 4))
    true_na = np.sign(drive_ma) * np.minimum(np.abs(drive_ma), 58.5 / kohm) * 1e6
    noise = np.random.default_rng(7)
    return {
        "time_us": time_us,
        "target_na": (np.sign(drive_ma) * np.abs(drive_ma).max() * 1e6).astype(np.int32),
        "true_na": true_na.astype(np.int32),
        "measured_na": (true_na + noise.normal(0, 15_000, len(t))).astype(np.int32),
        "true_voltage_mv": (true_na * kohm / 1e3).astype(np.int32),
        "voltage_mv": (true_na * kohm / 1e3 + noise.normal(0, 60, len(t))).astype(np.int32),
        "measured_positive_fc": np.cumsum(np.maximum(true_na, 0).astype(np.int64) * tick_us),
        "measured_negative_fc": np.cumsum(np.maximum(-true_na, 0).astype(np.int64) * tick_us),
    }


@pytest.fixture(scope="module")
def palmar() -> Trace:
    """Twenty minutes at every millisecond: a lifted hand at 5:00, saturation at 7:50, reversal at half time."""
    lifted = [(300.0, 12.0), (300.012, 0.0), (310.0, 0.0), (334.0, 12.0)]
    turned = [(640.0, 12.0), (646.0, 0.0), (647.0, 0.0), (671.0, -12.0)]
    return trace([(0.0, 0.0), (2.0, 0.0), (26.0, 12.0), *lifted, *turned, (1256.0, -12.0), (1262.0, 0.0)])


HISTORY = (
    taken(2_000, State.IDLE, Event.START),
    taken(26_000, State.RAMP, Event.TARGET_REACHED),
    taken(300_010, State.TREAT, Event.CONTACT_LOST),
    taken(310_000, State.RAMP, Event.CONTACT_BACK),
    taken(334_000, State.RAMP, Event.TARGET_REACHED),
    taken(640_000, State.TREAT, Event.REVERSAL_DUE),
    taken(647_000, State.REVERSE, Event.SIGN_CHANGED),
    taken(671_000, State.RAMP, Event.TARGET_REACHED),
    taken(1_256_000, State.TREAT, Event.FINISHED),
    taken(1_262_000, State.RAMP_DOWN, Event.AT_ZERO),
)
SUMMARY = ChartSummary(
    plan="Palms in tap water",
    outcome="completed",
    trip=None,
    seed=7,
    treated_ms=1_200_000,
    limit_ua=15_000,
    limit_binding="age",
    limit_source="NHS leaflet WPR26540: child 15 mA",
    trip_ua=18_000,
    compliance_mv=60_000,
    saturation_mv=58_000,
    goal_positive_nc=7_100_000_000,
    goal_negative_nc=7_100_000_000,
    transitions=HISTORY,
    invariants=tuple(InvariantCheck(f"SI-{number:02d}", 1_262_000, 0) for number in range(1, 27)),
)


class Picture(NamedTuple):
    """An SVG file as read back: its size in bytes, its elements and every text in it."""

    size: int
    root: ElementTree.Element
    texts: list[str]

    def heights(self, name: str) -> list[float]:
        """The heights, downwards, of the points of a line that carries a name."""
        path = self.root.find(f".//{SVG}g[@id='{name}']/{SVG}path")
        assert path is not None, f"no line is called {name}"
        return [float(y) for y in re.findall(r"[ML] \S+ (\S+)", path.attrib["d"])]


Draw = Callable[[Trace, ChartSummary], Picture]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    def drawn(columns: Trace, summary: ChartSummary) -> Picture:
        path = tmp_path / "chart.svg"
        draw_chart(columns, summary, path)
        root = ElementTree.parse(path).getroot()
        return Picture(path.stat().st_size, root, ["".join(e.itertext()).strip() for e in root.iter(f"{SVG}text")])

    return drawn


def boxes(picture: Picture) -> list[tuple[str, float, float, float, float]]:
    """Each text with its left, top, right and bottom, as the font sets it."""
    found = []
    for element in picture.root.iter(f"{SVG}text"):
        style, text = element.attrib["style"], "".join(element.itertext()).strip()
        size = float(re.findall(r"font-size: ([\d.]+)px", style)[0])
        bold = FontProperties(family="sans-serif", weight="bold" if "font-weight: 700" in style else "normal")
        wide = float(TextPath((0, 0), text, size=size, prop=bold).get_extents().width)
        place = re.findall(r"translate\((\S+) (\S+)\)", element.attrib["transform"])
        x, y = (float(c) for c in (place[0] if place else (element.attrib["x"], element.attrib["y"])))
        x -= wide if "text-anchor: end" in style else wide / 2 if "text-anchor: middle" in style else 0
        found.append((text, x, y - 0.75 * size, x + wide, y))
    return found


def overlaps(picture: Picture) -> list[tuple[str, str]]:
    return [
        (one[0], two[0])
        for one, two in combinations(boxes(picture), 2)
        if one[1] < two[3] and two[1] < one[3] and one[2] < two[4] and two[2] < one[4]
    ]


def test_a_session_of_twenty_minutes_at_every_millisecond_fits_in_a_megabyte(palmar: Trace, draw: Draw) -> None:
    assert len(palmar["time_us"]) == 1_262_000
    assert draw(palmar, SUMMARY).size < 1_000_000


def test_the_noisiest_trace_fits_in_a_megabyte(palmar: Trace, draw: Draw) -> None:
    noise = np.random.default_rng(1)
    wild = {name: noise.integers(-20_000_000, 20_000_000, len(column)) for name, column in palmar.items()}
    assert draw({**wild, "time_us": palmar["time_us"]}, SUMMARY).size < 1_000_000


@pytest.mark.parametrize("peak_ma", [19, -19])
@pytest.mark.parametrize("tick", [0, 123_457, 654_321, 1_261_999])
def test_a_peak_of_one_tick_is_drawn_at_its_full_height(palmar: Trace, draw: Draw, tick: int, peak_ma: int) -> None:
    true_na = palmar["true_na"].copy()
    true_na[tick] = peak_ma * 1_000_000
    picture = draw({**palmar, "true_na": true_na}, SUMMARY)
    way, end = ("positive", min) if peak_ma > 0 else ("negative", max)
    limit, trip = picture.heights(f"limit-{way}")[0], picture.heights(f"trip-{way}")[0]
    assert end(picture.heights("body")) == pytest.approx(limit + (trip - limit) * (19 - 15) / (18 - 15), abs=0.01)
    assert any("peak 19.00 mA through the body" in text for text in picture.texts)


def test_the_same_session_gives_the_same_bytes_whatever_the_machine_prefers(palmar: Trace, tmp_path: Path) -> None:
    draw_chart(palmar, SUMMARY, tmp_path / "one.svg")
    with mpl.rc_context({"lines.linewidth": 9.0, "figure.facecolor": "red", "savefig.dpi": 30, "font.size": 30}):
        draw_chart(palmar, SUMMARY, tmp_path / "two.svg")
        assert mpl.rcParams["font.size"] == 30
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_another_process_draws_the_same_bytes(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, test_chart as t\n"
        "t.draw_chart(t.trace([(0, 0), (30, 12)]), t.SUMMARY, pathlib.Path(sys.argv[1]))\n"
    )
    digests = set()
    for salt in ("1", "2"):
        path = tmp_path / f"{salt}.svg"
        paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        environment = {**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": paths, "SOURCE_DATE_EPOCH": salt}
        subprocess.run([sys.executable, "-c", script, str(path)], check=True, env=environment)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_the_title_says_plan_outcome_seed_and_verdict(palmar: Trace, draw: Draw) -> None:
    texts = draw(palmar, SUMMARY).texts
    assert "Palms in tap water: completed" in texts
    assert any("seed 7" in text and "20:00 treated" in text for text in texts)
    assert "26 invariants, 1 262 000 ticks, 0 breaches" in texts


def test_a_broken_invariant_is_named_in_the_title(palmar: Trace, draw: Draw) -> None:
    checks = (InvariantCheck("SI-03", 1_262_000, 2), InvariantCheck("SI-19", 0, 0), *SUMMARY.invariants[3:5])
    texts = draw(palmar, replace(SUMMARY, invariants=checks)).texts
    assert "3 invariants, 1 262 000 ticks, 2 breaches: SI-03; not checked: SI-19" in texts


def test_a_session_that_nobody_checked_says_so(palmar: Trace, draw: Draw) -> None:
    texts = draw(palmar, replace(SUMMARY, invariants=())).texts
    assert "no invariant was checked" in texts
    assert not any("breaches" in text for text in texts)


def test_the_limit_says_who_binds_and_the_levels_are_named(palmar: Trace, draw: Draw) -> None:
    texts = draw(palmar, SUMMARY).texts
    assert "limit ±15 mA" in texts
    assert "from age: NHS leaflet WPR26540:" in texts
    assert {"over-current trip ±18 mA", "compliance ±60 V", "saturated from ±58 V"} <= set(texts)


def test_whatever_is_coloured_is_named(palmar: Trace, draw: Draw) -> None:
    texts = set(draw(palmar, SUMMARY).texts)
    assert {state.value for state in State} <= texts
    assert {"through the body", "measured", "target", "positive", "negative", "net"} <= texts
    assert {"positive direction", "negative direction"} <= texts
    assert any(re.fullmatch(r"saturated, 1:\d\d in all", text) for text in texts)


def test_a_direction_is_named_where_its_current_cannot_be(palmar: Trace, draw: Draw) -> None:
    picture = draw(palmar, SUMMARY)
    zero, above, below = picture.heights("body")[0], *(picture.heights(f"limit-{way}")[0] for way in DIRECTIONS)
    place = {text: (top, bottom) for text, _, top, _, bottom in boxes(picture)}
    assert above < place["negative direction"][0] < place["negative direction"][1] < zero
    assert zero < place["positive direction"][0] < place["positive direction"][1] < below


def test_every_event_of_a_plain_session_is_named_with_its_time(palmar: Trace, draw: Draw) -> None:
    texts = draw(palmar, SUMMARY).texts
    for change in HISTORY:
        moment = f"{change.t_ms // 60_000}:{change.t_ms // 1000 % 60:02d}"
        assert f"{moment} {change.event.value.replace('-', ' ')}" in texts
    assert not any("more events" in text for text in texts)


def test_the_time_spent_in_a_state_stands_beside_its_lane(palmar: Trace, draw: Draw) -> None:
    picture = draw(palmar, SUMMARY)
    bottom = {text: box for text, *box in boxes(picture)}
    # treat: 0:26 to 5:00, 5:34 to 10:40 and 11:11 to 20:56
    assert bottom["19:25"][3] == pytest.approx(bottom["treat"][3], abs=3)
    assert bottom["7.00 s"][3] == pytest.approx(bottom["reverse"][3], abs=3)


def test_a_balanced_session_has_a_net_of_plain_zero(palmar: Trace, draw: Draw) -> None:
    balanced = {**palmar, "measured_negative_fc": palmar["measured_positive_fc"] + 1}
    assert "net +0.00 mA·min" in draw(balanced, SUMMARY).texts


def test_no_text_lies_over_another(palmar: Trace, draw: Draw) -> None:
    assert overlaps(draw(palmar, SUMMARY)) == []


def test_a_crowd_of_events_leaves_out_the_least_and_says_how_many(palmar: Trace, draw: Draw) -> None:
    crowd = []
    for t_ms in range(20_000, 1_200_000, 20_000):
        crowd.append(taken(t_ms, State.TREAT, Event.CONTACT_LOST))
        crowd.append(taken(t_ms + 9_000, State.RAMP, Event.TARGET_REACHED))
    crowd.append(taken(1_210_000, State.TREAT, Event.TRIPPED))
    picture = draw(palmar, replace(SUMMARY, outcome="fault", trip="sensor", transitions=tuple(crowd)))
    assert overlaps(picture) == []
    assert "20:10 FAULT sensor" in picture.texts
    named = [text for text in picture.texts if text.endswith(("contact lost", "target reached"))]
    left_out = [text for text in picture.texts if text.endswith("more events: see session.json")]
    assert left_out == [f"{len(crowd) - 1 - len(named)} more events: see session.json"]
    assert sum("contact lost" in text for text in named) > sum("target reached" in text for text in named)


def test_a_session_that_ended_in_fault_after_two_seconds_is_drawn_in_seconds(draw: Draw) -> None:
    history = (taken(500, State.IDLE, Event.START), taken(2_000, State.RAMP, Event.TRIPPED))
    columns = trace([(0.0, 0.0), (0.5, 0.0), (1.999, 0.75), (2.0, 0.0), (3.0, 0.0)])
    picture = draw(columns, replace(SUMMARY, outcome="fault", trip="over-current", transitions=history))
    assert {"Palms in tap water: fault (over-current)", "2.00 s FAULT over-current", "time, s"} <= set(picture.texts)
    assert overlaps(picture) == []


def test_an_empty_trace_says_that_nothing_was_energised(palmar: Trace, draw: Draw) -> None:
    nothing: list[Trace] = [{}, {name: column[:0] for name, column in palmar.items()}]
    for columns in nothing:
        history = (taken(0, State.IDLE, Event.TRIPPED),)
        texts = draw(columns, replace(SUMMARY, outcome="fault", trip="emergency", transitions=history)).texts
        assert any("nothing was energised" in text for text in texts)
        assert any("FAULT emergency: The core found a fault with the output off." in text for text in texts)


def test_a_single_tick_can_be_drawn(palmar: Trace, draw: Draw) -> None:
    picture = draw({name: column[:1] for name, column in palmar.items()}, replace(SUMMARY, transitions=()))
    assert "time, s" in picture.texts


@pytest.mark.parametrize("sign, way, other", [(1, "positive", "negative"), (-1, "negative", "positive")])
def test_a_fixed_direction_leaves_the_other_out(draw: Draw, sign: int, way: str, other: str) -> None:
    columns = trace([(0.0, 0.0), (30.0, 4.0 * sign), (600.0, 4.0 * sign), (610.0, 0.0)])
    forth, back = (2_400_000_000, 0) if sign > 0 else (0, 2_400_000_000)
    summary = replace(SUMMARY, goal_positive_nc=forth, goal_negative_nc=back, limit_ua=4_000, trip_ua=35_000)
    picture = draw(columns, summary)
    assert f"{way} direction" in picture.texts
    assert not any(text.startswith(other) for text in picture.texts)
    assert "net" not in picture.texts
    minus = "" if sign > 0 else "\N{MINUS SIGN}"
    assert {f"limit {minus}4 mA", f"over-current trip {minus}35 mA, off the scale"} <= set(picture.texts)
    assert overlaps(picture) == []


def test_real_hardware_that_knows_no_true_current_shows_the_measured_one(palmar: Trace, draw: Draw) -> None:
    columns = {name: column for name, column in palmar.items() if not name.startswith("true_")}
    texts = draw(columns, replace(SUMMARY, seed=None)).texts
    assert "through the body" not in texts
    assert "measured" in texts
    assert any("not simulated" in text and re.search(r"peak 12\.\d\d mA measured", text) for text in texts)


def test_any_name_of_a_plan_gives_a_file_that_can_be_read(palmar: Trace, draw: Draw) -> None:
    short = {name: column[:3000] for name, column in palmar.items()}
    texts = draw(short, replace(SUMMARY, plan="5 < 6 & $x_1$ \x07 手のひら")).texts
    assert "5 < 6 & $x_1$ \N{REPLACEMENT CHARACTER} 手のひら: completed" in texts


def test_a_trace_without_a_column_is_refused_by_name(palmar: Trace, tmp_path: Path) -> None:
    columns = {name: column for name, column in palmar.items() if name != "voltage_mv"}
    with pytest.raises(ValueError, match="lacks voltage_mv"):
        draw_chart(columns, SUMMARY, tmp_path / "chart.svg")
    with pytest.raises(ValueError, match="must have one length"):
        draw_chart({**palmar, "voltage_mv": palmar["voltage_mv"][1:]}, SUMMARY, tmp_path / "chart.svg")
    assert list(tmp_path.iterdir()) == []
