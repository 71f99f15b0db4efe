"""The bench: it measures treatments that run, and its table says of every budget whether it is met."""

from pathlib import Path

import bench
import pytest


def test_every_figure_is_of_a_treatment_that_runs(tmp_path: Path) -> None:
    # How long anything takes is not asserted: on a busy machine a part may take longer than the whole.
    assert len(bench.step_in_c(tmp_path)) == 3
    assert bench.ticks_per_second() > 0
    wall_s, simulated_s = bench.session_s(tmp_path)
    assert wall_s > 0
    assert simulated_s == pytest.approx(1200, abs=10)
    slowest = (bench.step_in_python(4_000), bench.step_by_ctypes(tmp_path, 4_000), bench.step_by_cffi(4_000))
    assert all(cost_ns > 0 for cost_ns in slowest)
