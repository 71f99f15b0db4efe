"""The geometry of a crowded picture: which points draw a line, which stretches a condition fills, where labels fit.

Functions on numbers that do not care what the numbers mean; ``iontocore.chart_panels`` gives them their meaning.
Needs the extra ``cli`` (numpy).
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Column: TypeAlias = NDArray[np.integer[Any]]
Mask: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = NDArray[np.intp]


def thin(values: Column, stretches: int) -> Indices:
    """Indices of the values that draw the same line as all of them: ascending, at most four for each stretch.

    Kept are the first, the lowest, the highest and the last value of each of ``stretches`` equal parts; left out again
    is what lies inside a level piece of the line. Raises ValueError for fewer than one stretch.
    """
    if stretches < 1:
        raise ValueError(f"stretches: {stretches} was given, at least 1 is needed")
    count = len(values)
    width = -(-count // stretches)
    if width <= 4:
        kept = np.arange(count)
    else:
        whole = count // width * width
        parts_of = values[:whole].reshape(-1, width)
        starts = np.arange(0, whole, width)
        parts = [starts, starts + parts_of.argmin(axis=1), starts + parts_of.argmax(axis=1), starts + width - 1]
        if whole < count:
            rest = values[whole:]
            parts.append(whole + np.array([0, rest.argmin(), rest.argmax(), len(rest) - 1]))
        kept = np.unique(np.concatenate(parts))
    heights = values[kept]
    level = np.zeros(len(kept), dtype=np.bool_)
    level[1:-1] = (heights[1:-1] == heights[:-2]) & (heights[1:-1] == heights[2:])
    return kept[~level]


def stretches_of(mask: Mask, bridge: int) -> list[tuple[int, int]]:
    """First and last index of each stretch in which the mask holds; a gap of up to ``bridge`` entries ends none."""
    held = np.flatnonzero(mask)
    if len(held) == 0:
        return []
    ends = np.flatnonzero(np.diff(held) > bridge + 1)
    firsts = held[np.concatenate(([0], ends + 1))]
    lasts = held[np.concatenate((ends, [len(held) - 1]))]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Centres for labels of these sizes, in the order of ``wanted``: near where they are wanted, none over another.

    They stay within ``low`` and ``high`` as long as there is room for all, and run over ``high`` when there is not.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    centres = [0.0] * len(wanted)
    ceiling = high
    for i in reversed(order):
        centres[i] = min(wanted[i], ceiling - sizes[i] / 2)
        ceiling = centres[i] - sizes[i] / 2
    floor = low
    for i in order:
        centres[i] = max(centres[i], floor + sizes[i] / 2)
        floor = centres[i] + sizes[i] / 2
    return centres


def label_rows(starts: Sequence[float], widths: Sequence[float]) -> list[int]:
    """A row for each label that begins above its own point of a line: row 0 is nearest to the line, ``starts`` ascend.

    No label lies over another of its row, and none over the leader that comes down to its point from a higher row.
    """
    rows = [0] * len(starts)
    taken: list[float] = []  # where each row is taken from, by a label or by a leader through it; placed from the right
    for i in range(len(starts) - 1, -1, -1):
        end = starts[i] + widths[i]
        rows[i] = next((row for row, begin in enumerate(taken) if end <= begin), len(taken))
        taken[: rows[i] + 1] = [starts[i]] * (rows[i] + 1)
    return rows
