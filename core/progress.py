"""How far a treatment is: which share of the plan each direction has had, and when it is time to turn or to end.

Arithmetic only: no clock, no port. Time is energised time. While a saturated voltage holds the current below its
target, time counts by the charge that flows in it, so the session lengthens and the dose is kept. A direction ends
early by what its ramp down will still deliver. In a reversing session the second direction ends when it has carried the
charge of the first: that balances them, whatever happened on the way (SI-19).

Units: us, na and fc inside; charge is as measured, both directions with a positive sign.
"""

from dataclasses import dataclass

from iontocore.ccore import LimitedBy, Telemetry
from iontocore.plans import Plan
from iontocore.safety.limits import fall_charge_nc, fall_time_ms

_FC_PER_NC = 1_000_000


@dataclass(slots=True)
class _Way:
    """What one direction has had: time that counted, and charge."""

    counted_us: int = 0
    charge_fc: int = 0


class Progress:
    """The progress of one session of a plan that begins in direction ``first_sign`` (+1 or -1)."""

    def __init__(self, plan: Plan, first_sign: int) -> None:
        self._plan = plan
        self._ways = (_Way(), _Way()) if plan.reverses else (_Way(),)
        self._now = 0
        self._first_sign = first_sign
        self._way_us = (plan.duration_ms - (plan.dwell_ms if plan.reverses else 0)) * 1000 // len(self._ways)
        self._energised_us = 0
        self._measured_fc = (0, 0)

    @property
    def sign(self) -> int:
        """The direction that is to be treated in now, +1 or -1."""
        return self._first_sign if self._now == 0 else -self._first_sign

    @property
    def last_way(self) -> bool:
        """Whether no other direction is to follow."""
        return self._now == len(self._ways) - 1

    def turn(self) -> None:
        """The other direction is next. ValueError when none is left."""
        if self.last_way:
            raise ValueError("no direction is left")
        self._now += 1

    def count(self, telemetry: Telemetry, target_na: int) -> None:
        """Take in one report. target_na: the target in force, signed."""
        elapsed_us = telemetry.energised_us - self._energised_us
        measured_fc = (telemetry.measured_positive_fc, telemetry.measured_negative_fc)
        positive_fc, negative_fc = (now - then for now, then in zip(measured_fc, self._measured_fc, strict=True))
        self._energised_us, self._measured_fc = telemetry.energised_us, measured_fc
        if telemetry.limited_by == LimitedBy.VOLTAGE and target_na:
            elapsed_us = min(elapsed_us, (positive_fc + negative_fc) // abs(target_na))
        self._ways[self._now].counted_us += elapsed_us
        # Charge belongs to the direction that it flowed in: what still flows while the current turns, to the first.
        for sign, charge_fc in ((1, positive_fc), (-1, negative_fc)):
            self._ways[0 if sign == self._first_sign or len(self._ways) == 1 else 1].charge_fc += charge_fc

    def way_is_done(self, current_na: int) -> bool:
        """Whether the direction now has its share when the ramp down from ``current_na`` (a magnitude) begins at
        once."""
        plan, way = self._plan, self._ways[self._now]
        fall_fc = fall_charge_nc(current_na // 1000, plan.fall_ua_per_s) * _FC_PER_NC
        if plan.dose_nc is not None:
            return way.charge_fc + fall_fc >= plan.dose_nc * _FC_PER_NC
        if self._now == 1:
            return way.charge_fc + fall_fc >= self._ways[0].charge_fc
        return way.counted_us + fall_time_ms(current_na // 1000, plan.fall_ua_per_s) * 1000 >= self._way_us

    @property
    def remaining_ms(self) -> int:
        """What is left of the session in ms of energised time, when nothing lengthens it; an estimate, 0 at the end."""
        plan = self._plan
        if plan.dose_nc is not None:
            return max(plan.dose_nc * _FC_PER_NC - self._ways[0].charge_fc, 0) // (plan.current_ua * 1_000_000)
        way = self._ways[self._now]
        later_us = 0 if self.last_way else self._way_us * (len(self._ways) - 1 - self._now)
        return (max(self._way_us - way.counted_us, 0) + later_us) // 1000

    @property
    def share(self) -> float:
        """How much of the session is done, from 0 to 1; an estimate, for a progress bar."""
        plan = self._plan
        if plan.dose_nc is not None:
            return min(self._ways[0].charge_fc / (plan.dose_nc * _FC_PER_NC), 1.0)
        whole_us = self._way_us * len(self._ways)
        return min(1.0 - self.remaining_ms * 1000 / whole_us, 1.0)

    @property
    def charge_nc(self) -> tuple[int, int]:
        """Measured charge in nC in the positive and in the negative direction."""
        positive_fc, negative_fc = self._measured_fc
        return positive_fc // _FC_PER_NC, negative_fc // _FC_PER_NC
