"""The figure and the page of the states: up to date, complete, and nothing in them that the table does not say."""

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from iontocore import diagram
from iontocore.diagram import BOXES, GROUPS, PLACES, SIZE, FigureError, figure, lines, main, page
from iontocore.table import TABLE, Cell, Event, Reason, Refused, Row, State, Table, refusals, rows, tabulate

DOCS = Path(__file__).parents[1] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


def changed(cell: Cell) -> Table:
    """The table in force, but for this cell."""
    key = (cell.before if isinstance(cell, Row) else cell.state, cell.event)
    return tabulate({**TABLE, key: cell}.values())


def test_the_committed_page_and_figure_are_what_the_table_says_now(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    for name in ("states.svg", "states.md"):
        assert (DOCS / name).read_text(encoding="utf-8") == (tmp_path / name).read_text(encoding="utf-8"), (
            f"docs/{name} is out of date: {diagram.REGENERATE}"
        )


def test_a_folder_that_does_not_exist_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "nowhere"
    assert main([str(missing)]) == 2
    assert not missing.exists()
    assert capsys.readouterr().err.startswith(f"folder is {missing}; allowed is a folder that exists")


# ---- the figure -----------------------------------------------------------------------------------------------------


def test_every_row_of_the_table_is_at_exactly_one_line() -> None:
    members = {group.name: group.members for group in GROUPS} | {state.value: frozenset({state}) for state in State}
    drawn = Counter(
        (event, before, State(end))
        for (start, end), events in lines(TABLE).items()
        for event in events
        for before in members[start]
    )
    assert drawn == Counter((row.event, row.before, row.after) for row in rows(TABLE))


def test_a_line_leaves_a_frame_only_when_it_leaves_every_state_in_it() -> None:
    assert Event.STOP in lines(TABLE)["running", "ramp-down"]
    altered = lines(changed(Refused(Event.CAP_REACHED, State.REVERSE, Reason.ALREADY_REVERSING)))
    assert Event.CAP_REACHED not in altered["running", "ramp-down"]
    assert altered["ramp", "ramp-down"] == altered["treat", "ramp-down"] == (Event.CAP_REACHED,)


def test_a_row_that_has_no_place_in_the_figure_is_an_error_and_no_gap() -> None:
    with pytest.raises(FigureError, match="a line from reverse to treat has no place"):
        figure(changed(Row(Event.TARGET_REACHED, State.REVERSE, State.TREAT, "A mistake of the test.")))


def test_a_place_that_no_row_needs_is_an_error_and_no_line_without_meaning() -> None:
    with pytest.raises(FigureError, match="no row needs the line from reverse to reverse"):
        figure(changed(Refused(Event.ADJUSTED, State.REVERSE, Reason.ALREADY_REVERSING)))


def test_every_state_every_event_and_every_way_into_fault_is_seen_in_the_figure() -> None:
    root = ElementTree.fromstring(figure())
    said = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    events = {"".join(span.itertext()) for span in root.iter(f"{SVG}tspan")} - {"bold"}
    assert {state.value for state in State} <= set(said)
    assert events == {event.value for event in Event}
    into_fault = sum(1 for start, end in lines(TABLE) if end == State.FAULT.value)
    faults = [path for path in root.iter(f"{SVG}path") if path.get("class") == "line fault"]
    assert len(faults) == into_fault + 1, "every one of them, and the one that explains them"


def test_every_box_says_which_of_the_operators_acts_it_refuses() -> None:
    root = ElementTree.fromstring(figure())
    said = " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text") if text.get("class") == "refused")
    assert "refuses start, resume, adjusted, pause" in said
    assert said.count("refuses") == len(State)


def test_no_label_and_no_line_lies_across_a_state_or_outside_the_figure() -> None:
    """Letters are counted as 8 pixels, which is more than the widest of the fonts needs on average."""
    states = [BOXES[state.value] for state in State]
    for ends, events in lines(TABLE).items():
        place = PLACES[ends]
        chunks = [events[first : first + place.wide] for first in range(0, len(events), place.wide)]
        width = max(8 * len(", ".join(event.value for event in chunk)) for chunk in chunks)
        left = place.at[0] - (width // 2 if place.anchor == "middle" else 0)
        top, bottom = place.at[1] - 12, place.at[1] + 17 * (len(chunks) - 1) + 4
        assert left >= 0, ends
        assert left + width <= SIZE[0], ends
        assert top >= 0, ends
        assert bottom <= SIZE[1], ends
        assert not any(
            left < box.x + box.width and box.x < left + width and top < box.y + box.height and box.y < bottom
            for box in states
        ), ends
        for x, y in place.path[1:-1]:
            assert not any(box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height for box in states), ends


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_has_every_row_with_its_why_and_every_refusal_with_its_reason() -> None:
    text = page()
    for row in rows(TABLE):
        assert f"| {row.before.value} | {row.event.value} | **{row.after.value}** | {row.why} |" in text
    for refused in refusals(TABLE):
        line = next(line for line in text.splitlines() if line.startswith(f"| *{refused.reason.label}* |"))
        assert refused.reason.value in line
        assert re.search(rf"\b{refused.state.value}: [^;|]*\b{refused.event.value}\b", line)


def test_the_grid_of_the_page_has_every_cell() -> None:
    grid = page().split("## Every event in every state")[1].split("##")[0]
    for event in Event:
        line = next(line for line in grid.splitlines() if line.startswith(f"| {event.value} |"))
        for shown, state in zip(line.strip("| ").split(" | ")[1:], State, strict=True):
            cell = TABLE[state, event]
            if isinstance(cell, Refused):
                assert shown == f"*{cell.reason.label}*"
            else:
                assert shown == ("**stays**" if cell.after is state else f"→ **{cell.after.value}**")
