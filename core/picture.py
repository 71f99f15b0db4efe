"""The picture of a recorded session: what a record and its columns are in the terms of the chart.

Needs the extra ``cli`` (numpy, matplotlib).
"""

from collections.abc import Mapping
from pathlib import Path

from iontocore.chart import ChartSummary, InvariantCheck, draw_chart
from iontocore.record import Record
from iontocore.recording import Column


def draw_record(columns: Mapping[str, Column], record: Record, path: Path) -> None:
    """Draw the session to an SVG file. columns: every tick of it. Raises OSError when the file cannot be written."""
    plan, device = record.plan, record.plan.device
    first_nc = plan.charge_nc // 2 if plan.reverses else plan.charge_nc
    second_nc = first_nc if plan.reverses else 0
    positive_nc, negative_nc = (first_nc, second_nc) if record.first_sign > 0 else (second_nc, first_nc)
    summary = ChartSummary(
        plan=plan.name,
        outcome=str(record.outcome),
        trip=record.trip_name,
        seed=record.circumstances.seed,
        treated_ms=record.treated_ms,
        limit_ua=record.limit.value,
        limit_binding=record.limit.binding,
        limit_source=record.limit.source,
        trip_ua=device.trip_na // 1000,
        compliance_mv=device.compliance_mv,
        saturation_mv=device.saturation_mv,
        goal_positive_nc=positive_nc,
        goal_negative_nc=negative_nc,
        transitions=record.transitions,
        invariants=tuple(InvariantCheck(row.id, row.ticks_checked, row.breaches) for row in record.invariants),
    )
    # Transitions are told in the session's time, ticks in the core's.
    draw_chart({**columns, "time_us": columns["time_us"] - record.circumstances.opened_us}, summary, path)
