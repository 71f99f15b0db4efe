"""The live view: what it shows, that it fits, that it costs nothing, and what is left of it without a terminal."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from iontocore.live import LiveEvent, LiveState, LiveView
from iontocore.table import State

MINUS = "\N{MINUS SIGN}"
ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:[349][0-7]|10[0-7]|[34]8;)[\d;]*m")

MIDWAY = LiveState(
    state=State.TREAT,
    current_ua=-11_980,
    target_ua=-12_000,
    limit_ua=15_000,
    limit_binding="age",
    voltage_mv=-36_200,
    charge_positive_nc=7_128_000_000,
    charge_negative_nc=600_000_000,
    goal_nc=14_256_000_000,
    share=0.543,
    elapsed_ms=671_000,
    remaining_ms=529_000,
    limited_by="voltage",
    contact=True,
    trips=(),
    events=(LiveEvent(2_000, "The session starts."), LiveEvent(640_000, "The other direction is next.")),
)


class Clock:
    """Wall time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def terminal(width: int = 80, height: int = 24) -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, force_terminal=True, color_system="truecolor", width=width, height=height), written


def frames(written: io.StringIO) -> list[list[str]]:
    """The frames as drawn one over the other, each as lines without styles."""
    text = ESCAPE.sub("", written.getvalue()).replace("\r", "")
    found: list[list[str]] = []
    for line in text.split("\n"):
        if "╭" in line:
            found.append([])
        if found and line.strip():
            found[-1].append(line[line.index("╭") :] if "╭" in line else line)
    return found


def last_frame(
    state: LiveState, title: str = "Palms", width: int = 80, height: int = 24, keys: bool = True
) -> list[str]:
    console, written = terminal(width, height)
    with LiveView(title, keys=keys, console=console, clock=Clock()) as view:
        view.update(state)
    return frames(written)[-1]


def session(steps: int) -> Iterator[LiveState]:
    for step in range(steps + 1):
        done = step / steps
        elapsed_ms = int(1_260_000 * done)
        events = tuple(event for event in MIDWAY.events if event.t_ms <= elapsed_ms)
        yield replace(MIDWAY, share=done, elapsed_ms=elapsed_ms, events=events)


sentences = st.lists(st.text(max_size=20), max_size=20).map(" ".join)
states = st.builds(
    LiveState,
    state=st.sampled_from(State),
    current_ua=st.integers(-40_000, 40_000),
    target_ua=st.integers(-30_000, 30_000),
    limit_ua=st.integers(1, 30_000),
    limit_binding=sentences,
    voltage_mv=st.integers(-200_000, 200_000),
    charge_positive_nc=st.integers(0, 10**11),
    charge_negative_nc=st.integers(0, 10**11),
    goal_nc=st.integers(0, 10**11),
    share=st.floats(0, 1),
    elapsed_ms=st.integers(0, 8 * 3_600_000),
    remaining_ms=st.integers(0, 8 * 3_600_000),
    limited_by=sentences,
    contact=st.booleans(),
    trips=st.lists(st.sampled_from(["over-current", "over-voltage", "open", "emergency"]), max_size=16).map(tuple),
    events=st.lists(st.builds(LiveEvent, st.integers(0, 10**7), sentences), max_size=40).map(tuple),
)


def test_the_view_shows_state_current_voltage_charge_time_and_events() -> None:
    shown = "\n".join(last_frame(MIDWAY, "Palms, seed 7"))
    for part in (
        "Palms, seed 7",
        "TREAT",
        "negative direction",
        f"{MINUS}11.98 mA",
        f"target {MINUS}12.00 mA",
        "limit 15.00 mA from age",
        "limited by  voltage",
        f"{MINUS}36.2 V",
        "3.0 kohm",
        "positive 118.8 · negative 10.0 of 237.6 mA·min",
        "54 %",
        "11:11 gone",
        "8:49 left",
        "contact",
        "0:02  The session starts.",
        "10:40  The other direction is next.",
    ):
        assert part in shown


def test_the_current_bar_grows_from_zero_to_the_side_of_its_direction() -> None:
    def sides(current_ua: int) -> tuple[float, float]:
        bar = next(line for line in last_frame(replace(MIDWAY, current_ua=current_ua)) if "current" in line)
        left, right = (side.count("█") + 0.5 * len(re.findall("[▌▐]", side)) for side in bar[1:-1].split("│"))
        return left, right

    half = sides(15_000)[1]
    assert sides(15_000) == (0, half)
    assert sides(-15_000) == (half, 0)
    assert sides(7_500) == (0, half / 2)
    assert sides(99_000) == (0, half)
    assert sides(0) == (0, 0)


@pytest.mark.parametrize("noise_ua", [-12, 0, 12])
def test_noise_at_zero_has_no_direction_and_no_resistance(noise_ua: int) -> None:
    shown = "\n".join(last_frame(replace(MIDWAY, state=State.IDLE, current_ua=noise_ua, voltage_mv=40)))
    assert "direction" not in shown.replace(MIDWAY.events[-1].sentence, "")
    assert "kohm" not in shown


@pytest.mark.parametrize("state", State)
def test_a_state_is_told_in_words(state: State) -> None:
    assert state.value.upper() in last_frame(replace(MIDWAY, state=state))[1]


def test_a_trip_is_told_in_words_and_what_can_be_done() -> None:
    lines = last_frame(replace(MIDWAY, state=State.FAULT, trips=("over-current", "mismatch")))
    assert "TRIP over-current, mismatch" in lines[2]
    assert "a acknowledge" in lines[-1]


def test_lost_contact_is_told_in_words() -> None:
    lines = last_frame(replace(MIDWAY, state=State.RAMP, current_ua=0, contact=False))
    assert "NO CONTACT" in lines[1]
    assert "waiting for contact" in lines[2]


def test_keys_are_explained_only_when_they_are_listened_to() -> None:
    assert f"space pause · + {MINUS} intensity · s stop" in last_frame(MIDWAY)[-1]
    assert "space resume" in last_frame(replace(MIDWAY, state=State.IDLE))[-1]
    assert "space" not in last_frame(MIDWAY, keys=False)[-1]


@given(states, st.text(max_size=100), st.sampled_from([(80, 24), (100, 30), (120, 40), (200, 60)]))
def test_the_view_fits_into_the_terminal(state: LiveState, title: str, size: tuple[int, int]) -> None:
    width, height = size
    lines = last_frame(state, title, width, height)
    assert len(lines) < height  # the cursor has a line of its own
    assert {cell_len(line) for line in lines} == {min(width, 120)}


@given(states, st.integers(20, 79), st.integers(1, 23))
def test_a_terminal_that_is_too_small_cuts_the_view_and_does_not_break_it(
    state: LiveState, width: int, height: int
) -> None:
    console, written = terminal(width, height)
    with LiveView("Palms", console=console, clock=Clock()) as view:
        view.update(state)
    assert all(cell_len(line) <= width for line in ESCAPE.sub("", written.getvalue()).replace("\r", "\n").split("\n"))


def test_a_long_sentence_goes_on_below_to_its_end() -> None:
    sentence = " ".join(f"word{number}" for number in range(30)) + " says-who."
    frame = last_frame(replace(MIDWAY, events=(LiveEvent(0, sentence),)))
    lines = [line.strip("│ ") for line in frame if "word" in line or "says-who" in line]
    assert len(lines) > 1
    assert " ".join(" ".join(lines).split()) == f"0:00 {sentence}"


def test_what_is_done_is_told_in_whole_percent() -> None:
    for percent in range(101):
        lines = last_frame(replace(MIDWAY, share=percent / 100))
        assert any(f"session     {percent:>3} %" in line for line in lines)


def test_the_height_does_not_change_as_events_come_in() -> None:
    many = tuple(LiveEvent(t_ms, "Something happened.") for t_ms in range(0, 60_000, 1000))
    assert {len(last_frame(replace(MIDWAY, events=many[:count]))) for count in range(60)} == {21}


def test_a_session_at_full_speed_is_drawn_ten_times_a_second_and_once_at_the_end() -> None:
    console, written = terminal()
    clock = Clock()
    with LiveView("Palms", console=console, clock=clock) as view:
        for state in session(24_000):
            clock.now_s += 1 / 24_000
            view.update(state)
        drawn = len(frames(written))
        assert 9 <= drawn <= 11
    assert len(frames(written)) == drawn + 1
    assert any("100 %" in line for line in frames(written)[-1])


def test_a_session_in_real_time_is_drawn_at_every_other_exchange() -> None:
    console, written = terminal()
    clock = Clock()
    with LiveView("Palms", console=console, clock=clock) as view:
        for _ in range(40):
            clock.now_s += 0.0501
            view.update(MIDWAY)
        assert len(frames(written)) == 20


def test_a_state_that_would_not_be_looked_at_need_not_be_made() -> None:
    console, _ = terminal()
    clock = Clock()
    with LiveView("Palms", console=console, clock=clock) as view:
        assert view.due()
        view.update(MIDWAY)
        assert not view.due()
        clock.now_s += 0.1001
        assert view.due()
    plain = LiveView("Palms", console=Console(file=io.StringIO()), clock=clock)
    plain.update(MIDWAY)
    assert plain.due()


def test_the_last_state_stays_on_the_screen_when_a_session_breaks_off() -> None:
    console, written = terminal()
    view = LiveView("Palms", console=console, clock=Clock())

    def broken_off() -> None:
        with view:
            view.update(MIDWAY)
            view.update(replace(MIDWAY, state=State.RAMP_DOWN))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert "RAMP-DOWN" in frames(written)[-1][1]
    assert written.getvalue().endswith("\x1b[?25h")  # the cursor is back


def test_a_session_that_never_said_anything_leaves_nothing() -> None:
    console, written = terminal()
    with LiveView("Palms", console=console, clock=Clock()):
        pass
    assert "Palms" not in written.getvalue()


def told_in_lines(given: list[LiveState], encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    written = io.TextIOWrapper(raw, encoding=encoding, newline="")
    with LiveView("Palms · 20 min", console=Console(file=written), clock=Clock()) as view:
        for state in given:
            view.update(state)
    written.flush()
    return raw.getvalue().decode(encoding).splitlines()


def test_without_a_terminal_there_is_a_plain_line_for_every_tenth_and_every_event() -> None:
    lines = told_in_lines(list(session(1000)))
    assert not any("\x1b" in line or "\r" in line for line in lines)
    assert lines[0] == "Palms · 20 min"
    assert [line[:5] for line in lines if "%" in line] == [f"{percent:>3} %" for percent in range(0, 101, 10)]
    assert [line.strip() for line in lines if "%" not in line][1:] == [
        "0:02  The session starts.",
        "10:40  The other direction is next.",
    ]
    assert lines[7] == " 50 %   10:30  treat      -11.98 mA  -36.2 V  +118.8 -10.0 of 237.6 mA·min  8:49 left".replace(
        "-", MINUS
    )


def test_the_last_line_tells_how_it_ended() -> None:
    fault = replace(MIDWAY, state=State.FAULT, current_ua=0, trips=("over-current",))
    assert told_in_lines([MIDWAY, fault])[-1].endswith("TRIP over-current")
    assert len(told_in_lines([MIDWAY, MIDWAY, MIDWAY])) == 4  # title, two events, and one line for the one state


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    console, written = terminal()
    with LiveView("Palms", console=console, clock=Clock()) as view:
        view.update(MIDWAY)
    assert "\x1b" not in written.getvalue()
    assert " 54 %" in written.getvalue()


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> str:
        console, written = terminal()
        with LiveView("Palms", console=console, clock=Clock()) as view:
            view.update(replace(MIDWAY, state=State.FAULT, trips=("open",)))
        return written.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert COLOUR.search(drawn())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(drawn())
    assert "TRIP open" in drawn()


@given(states)
def test_what_a_terminal_cannot_show_is_never_sent_to_it(state: LiveState) -> None:
    for encoding in ("ascii", "latin-1"):
        raw = io.BytesIO()
        written = io.TextIOWrapper(raw, encoding=encoding, newline="")
        console = Console(file=written, force_terminal=True, width=80, height=24)
        with LiveView("手 · palms", console=console, clock=Clock()) as view:
            view.update(state)
        written.flush()
        assert state.state.value.upper().encode() in raw.getvalue()


@pytest.mark.parametrize("draws", [True, False])
def test_a_name_cannot_steer_the_terminal(draws: bool) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=draws, width=80, height=24)
    hostile = "\x1b]0;mine\x07\x1b[2J[bold]x[/]"
    with LiveView(hostile, console=console, clock=Clock()) as view:
        view.update(replace(MIDWAY, limit_binding=hostile, events=(LiveEvent(1, hostile),)))
    assert "\x07" not in written.getvalue()
    assert "\x1b]" not in written.getvalue()
    assert "\x1b[2J" not in written.getvalue()
    assert "[bold]x[/]" in written.getvalue()
