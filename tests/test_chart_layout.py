"""The geometry of a crowded picture: no point that matters is left out, and no label lies over another."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iontocore.chart_layout import label_rows, spread, stretches_of, thin

values = st.builds(
    lambda count, seed: np.random.default_rng(seed).integers(-5, 6, count), st.integers(1, 300), st.integers(0, 2**32)
)
few = st.integers(1, 12)
masks = st.lists(st.booleans(), max_size=200).map(lambda bits: np.array(bits, dtype=np.bool_))
lengths = st.floats(0, 100)
labels = st.lists(st.tuples(lengths, st.floats(1, 60)), max_size=25).map(sorted)


@given(values, few)
def test_a_thinned_line_reaches_as_low_and_as_high_in_every_stretch(line: np.ndarray, stretches: int) -> None:
    kept = thin(line, stretches)
    drawn = np.interp(np.arange(len(line)), kept, line[kept])
    width = -(-len(line) // stretches)
    for start in range(0, len(line), width):
        stretch = slice(start, start + width)
        assert drawn[stretch].min() == line[stretch].min()
        assert drawn[stretch].max() == line[stretch].max()


@given(values, few)
def test_a_thinned_line_has_few_points_in_order_with_both_ends(line: np.ndarray, stretches: int) -> None:
    kept = thin(line, stretches)
    assert len(kept) <= 4 * stretches
    assert kept[0] == 0
    assert kept[-1] == len(line) - 1
    assert (np.diff(kept) > 0).all()


def test_a_level_line_is_thinned_to_its_ends() -> None:
    assert thin(np.full(1_000_000, 7), 900).tolist() == [0, 999_999]


def test_a_peak_of_one_tick_in_a_million_is_kept_with_its_foot() -> None:
    line = np.zeros(1_000_000, dtype=np.int32)
    line[123_456] = 1
    kept = thin(line, 900)
    assert 123_456 in kept
    assert len(kept) <= 6


def test_a_line_cannot_be_thinned_to_nothing() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        thin(np.array([1, 2, 3]), 0)


@given(masks, st.integers(0, 10))
def test_stretches_cover_what_holds_and_bridge_only_short_gaps(mask: np.ndarray, bridge: int) -> None:
    found = stretches_of(mask, bridge)
    covered = np.zeros(len(mask), dtype=np.bool_)
    for first, last in found:
        assert mask[first]
        assert mask[last]
        covered[first : last + 1] = True
    assert (covered | ~mask).all()
    gaps = [after[0] - before[1] - 1 for before, after in pairwise(found)]
    assert all(gap > bridge for gap in gaps)
    if bridge == 0:
        assert (covered == mask).all()


@given(st.lists(st.tuples(lengths, st.floats(1, 20)), max_size=8))
def test_labels_that_are_spread_never_overlap_and_keep_their_order(wanted: list[tuple[float, float]]) -> None:
    heights, sizes = [height for height, _ in wanted], [size for _, size in wanted]
    centres = spread(heights, sizes, 0, 100)
    for i, j in combinations(range(len(wanted)), 2):
        assert abs(centres[i] - centres[j]) >= (sizes[i] + sizes[j]) / 2 - 1e-9
        if heights[i] != heights[j]:
            assert (heights[i] < heights[j]) == (centres[i] < centres[j])
    if sum(sizes) <= 100:
        assert all(
            size / 2 - 1e-9 <= centre <= 100 - size / 2 + 1e-9 for centre, size in zip(centres, sizes, strict=True)
        )


def test_a_label_with_room_around_it_stays_where_it_is_wanted() -> None:
    assert spread([20, 80], [10, 10], 0, 100) == [20, 80]


@given(labels)
def test_no_event_label_lies_over_another_or_over_a_leader(events: list[tuple[float, float]]) -> None:
    rows = label_rows([start for start, _ in events], [width for _, width in events])
    for i, j in combinations(range(len(events)), 2):
        (left, width), (right, _) = events[i], events[j]
        if rows[j] >= rows[i]:  # in the same row lies a label there, in a higher one its leader comes down through here
            assert left + width <= right


def test_event_labels_with_room_stand_next_to_the_plot() -> None:
    assert label_rows([0, 100, 200], [50, 50, 50]) == [0, 0, 0]
