"""How far a treatment is: which share of the plan each direction has had, and when it is time to turn or to end.

Arithmetic only: no clock, no port. A plan in time is a charge as well: that of its current for its time, ramps as they
are. So everything is counted in charge, a session whose voltage is saturated lengthens by itself, and the dose is kept.
A direction ends early by what its ramp down will still deliver. In a reversing session the second direction ends when
it has carried the charge of the first: that balances them, whatever happened on the way (SI-19).

What is counted is what was measured, but for the time of a plan in tap water: there the drive counts as long as the
voltage does not limit it, so that the error of a sensor does not make a session shorter or longer.
"""

from dataclasses import dataclass
from typing import Final

from iontocore.ccore import LimitedBy, Telemetry
from iontocore.plans import Plan
from iontocore.safety.limits import fall_charge_nc

_FC_PER_NC: Final = 1_000_000

DOSE_TOLERANCE_PERCENT: Final = 2
"""What may be missing of a dose that is as large as the cap on charge, which sensors cannot tell apart: assumption."""


@dataclass(slots=True)
class _Way:
    """One direction: the charge that it is to have, and what it has had, as counted and as measured."""

    goal_fc: int
    counted_fc: int = 0
    measured_fc: int = 0


class Progress:
    """The progress of one session of a plan that begins in direction ``first_sign`` (+1 or -1)."""

    def __init__(self, plan: Plan, first_sign: int) -> None:
        self._plan = plan
        ways = 2 if plan.reverses else 1
        goal_fc = plan.charge_nc * _FC_PER_NC // ways
        self._ways = [_Way(goal_fc) for _ in range(ways)]
        self._now = 0
        self._first_sign = first_sign
        self._current_ua = plan.current_ua
        self._measured_fc = (0, 0)
        self._driven_fc = (0, 0)

    @property
    def sign(self) -> int:
        """The direction that is to be treated in now, +1 or -1."""
        return self._first_sign if self._now == 0 else -self._first_sign

    @property
    def last_way(self) -> bool:
        """Whether no other direction is to follow."""
        return self._now == len(self._ways) - 1

    @property
    def current_ua(self) -> int:
        """The magnitude that is treated with, in µA."""
        return self._current_ua

    def turn(self) -> None:
        """The other direction is next. ValueError when none is left."""
        if self.last_way:
            raise ValueError("no direction is left")
        self._now += 1

    def adjust(self, current_ua: int, drive_na: int) -> None:
        """Treat with another magnitude. The dose of a drug stays what it is, and so does the time of tap water.

        drive_na: magnitude that flows now.
        """
        if self._plan.dose_nc is None and self._now == 0:
            way = self._ways[0]
            time = (way.goal_fc - way.counted_fc + self._ramps_fc(self._current_ua, drive_na)) / self._current_ua
            way.goal_fc = way.counted_fc + int(time * current_ua) - self._ramps_fc(current_ua, drive_na)
        self._current_ua = current_ua

    def _ramps_fc(self, current_ua: int, drive_na: int) -> int:
        """What the ramp from the drive to a current, and the one from there to zero, take from a charge that is that
        current for the whole time. A triangle each; below zero where the current is still above."""
        plan, drive_ua = self._plan, drive_na // 1000
        if drive_ua < current_ua:
            ramp_nc = fall_charge_nc(current_ua - drive_ua, plan.rise_ua_per_s)
        else:
            ramp_nc = -fall_charge_nc(drive_ua - current_ua, plan.fall_ua_per_s)
        return (ramp_nc + fall_charge_nc(current_ua, plan.fall_ua_per_s)) * _FC_PER_NC

    def count(self, telemetry: Telemetry) -> None:
        """Take in one report."""
        measured_fc = (telemetry.measured_positive_fc, telemetry.measured_negative_fc)
        driven_fc = (telemetry.driven_positive_fc, telemetry.driven_negative_fc)
        as_driven = self._plan.dose_nc is None and telemetry.limited_by != LimitedBy.VOLTAGE
        # Charge belongs to the direction that it flowed in: what still flows while the current turns, to the first.
        for side, sign in enumerate((1, -1)):
            way = self._ways[0 if sign == self._first_sign else -1]
            more_fc = measured_fc[side] - self._measured_fc[side]
            way.measured_fc += more_fc
            way.counted_fc += driven_fc[side] - self._driven_fc[side] if as_driven else more_fc
        self._measured_fc, self._driven_fc = measured_fc, driven_fc

    def way_is_done(self, fall_fc: int) -> bool:
        """Whether the direction now has its share, when a ramp down that begins at once still delivers ``fall_fc``."""
        return self._left_fc <= fall_fc

    @property
    def dose_is_within_tolerance(self) -> bool:
        """Whether a drug's dose has been delivered as far as it can be told; False in tap water, which has none."""
        if self._plan.dose_nc is None:
            return False
        return self._left_fc * 100 <= self._plan.dose_nc * _FC_PER_NC * DOSE_TOLERANCE_PERCENT

    @property
    def _left_fc(self) -> int:
        way = self._ways[self._now]
        if self._now == 0:
            return way.goal_fc - way.counted_fc
        return self._ways[0].measured_fc - way.measured_fc

    def remaining_ms(self, drive_na: int) -> int:
        """What is left in ms from a magnitude that flows now, ramps and dwell included; an estimate."""
        time_fc = max(self._left_fc, 0) + self._ramps_fc(self._current_ua, drive_na)
        dwell_ms = 0
        if not self.last_way:
            time_fc += self._ways[0].goal_fc + self._ramps_fc(self._current_ua, 0)
            dwell_ms = self._plan.dwell_ms
        return time_fc // (self._current_ua * 1_000_000) + dwell_ms

    @property
    def share(self) -> float:
        """How much of the session is done, from 0 to 1; an estimate, for a progress bar."""
        whole_fc = sum(way.goal_fc for way in self._ways)
        return min(sum(way.counted_fc for way in self._ways) / whole_fc, 1.0)

    @property
    def charge_nc(self) -> tuple[int, int]:
        """Measured charge in nC in the positive and in the negative direction."""
        positive_fc, negative_fc = self._measured_fc
        return positive_fc // _FC_PER_NC, negative_fc // _FC_PER_NC
