"""The report of the core, word for word against what was sensed, requested and driven."""

import random
from typing import Any, Final

import pytest
from configurations import BASE
from judged import RUN, SOUND, STOP, Hardware, Odd, Supervisor, ticks_of

from iontocore.ccore import Config, Core, Drive, LimitedBy, Phase, Refused, Request, Sense, Telemetry, Trip

FULL_SCALE_NA: Final = 200_000_000
MOST_FC: Final = 10**17
EXTREMES: Final = {"drive": "drive_na", "measured": "measured_na", "voltage": "voltage_mv"}


class Witness:
    """What a report has to say, gathered from the outside."""

    def __init__(self) -> None:
        self.ticks = 0
        self.dose_fc = {1: 0, -1: 0}
        self.closed = 0
        self.since: dict[str, list[int]] = {name: [] for name in EXTREMES}
        self.last: dict[str, int] = {}

    def see(self, sense: Sense, request: Request, drive: Drive, tick_us: int) -> None:
        """One tick."""
        self.ticks += 1
        if self.closed:
            sign = 1 if sense.measured_na >= 0 else -1
            self.dose_fc[sign] += min(abs(sense.measured_na), FULL_SCALE_NA) * tick_us
        self.closed = drive.switch_closed
        for name, value in (
            ("drive", drive.current_na), ("measured", sense.measured_na), ("voltage", sense.voltage_mv),
        ):  # fmt: skip
            self.since[name].append(value)
        self.last = {
            "contact": int(sense.contact == 1),
            "emergency_stop": int(sense.emergency_stop != 0),
            "switch_closed": drive.switch_closed,
            "heartbeat": request.heartbeat,
        }

    def expected(self) -> dict[str, int]:
        """The words of a report; the extremes begin anew."""
        words = {"ticks": self.ticks, **self.last}
        words["measured_positive_fc"], words["measured_negative_fc"] = self.dose_fc[1], self.dose_fc[-1]
        for name, last in EXTREMES.items():
            unit = last.rpartition("_")[2]
            words[last] = self.since[name][-1]
            words[f"{name}_min_{unit}"], words[f"{name}_max_{unit}"] = min(self.since[name]), max(self.since[name])
            self.since[name] = []
        return words


def of_the_state(core: Core) -> dict[str, int]:
    """The words of a report that are taken over from the channels."""
    read = core.memory.read
    fault = read("guard.state.first_trip") != 0
    return {
        "energised_us": read("guard.state.energised_us"),
        "driven_positive_fc": read("guard.state.positive_fc"),
        "driven_negative_fc": read("guard.state.negative_fc"),
        "first_trip": read("guard.state.first_trip"),
        "target_na": read("regulator.state.target_na"),
        "phase": Phase.FAULT if fault else read("regulator.phase"),
        "limited_by": LimitedBy.TRIP if fault else read("regulator.limited_by"),
        "refused": read("regulator.refused"),
    }


def said(report: Telemetry, names: Any) -> dict[str, int]:
    return {name: getattr(report, name) for name in names}


@pytest.mark.invariant("SI-18", "SI-22")
@pytest.mark.parametrize("seed", range(4))
def test_a_report_says_what_was_sensed_and_driven_since_the_one_before(seed: int) -> None:
    draw = random.Random(seed)
    core, hardware, supervisor, witness = Core(BASE), Hardware(BASE), Supervisor(), Witness()
    target_na = (1 - 2 * (seed % 2)) * 60_000
    for tick in range(600):
        odd = SOUND
        if draw.random() < 0.2:
            odd = Odd(measured_na=hardware.flows()[0] + draw.randint(-9000, 9000), voltage_mv=draw.randint(-900, 900))
        if tick % 97 == 96:
            odd = Odd(contact=2)
        if tick > 590:
            odd = Odd(emergency_stop=3, measured_na=draw.choice([-1, 1]) * 2_000_000_000)
        asked_na = draw.choice([target_na, target_na, 2_000_000])
        request = supervisor.request(asked_na, STOP if tick < 105 else RUN)
        sense = hardware.sense(odd)
        hardware.drive = core.step(sense, request)
        witness.see(sense, request, hardware.drive, BASE.tick_us)
        assert core.memory.read("reported") == 0
        if draw.random() < 0.3:
            report = core.report()
            expected = {**witness.expected(), **of_the_state(core)}
            assert said(report, expected) == expected
            assert core.memory.read("reported") == 1
    assert max(witness.dose_fc.values()) > 0
    assert core.report().trips & (1 << (Trip.EMERGENCY - 1))


def test_a_report_after_each_tick_has_that_tick_alone_and_one_after_two_has_both() -> None:
    core, hardware = Core(BASE), Hardware(BASE)
    for heartbeat, measured_na in enumerate((3000, -5000, 2000)):
        core.step(hardware.sense(Odd(measured_na=measured_na, voltage_mv=-measured_na)), Request(0, STOP, 0, heartbeat))
        if heartbeat != 1:
            report = core.report()
            low, high = (3000, 3000) if heartbeat == 0 else (-5000, 2000)
            assert (report.measured_min_na, report.measured_max_na) == (low, high)
            assert (report.voltage_min_mv, report.voltage_max_mv) == (-high, -low)


@pytest.mark.parametrize("carried", [0, 1 << (Trip.TICK - 1)])
def test_before_the_first_tick_the_report_that_is_gathered_is_empty_whatever_was_in_memory(carried: int) -> None:
    core = Core(BASE)
    core.memory.bytes[:] = b"\xa5" * len(core.memory.bytes)
    core.init(BASE, carried)
    read = core.memory.read
    words = {name for name in core.memory.fields if name.startswith("telemetry.") and read(name) != 0}
    first = {"telemetry.first_trip"} if carried else set()
    assert words == {"telemetry.limited_by"} | first
    assert read("telemetry.limited_by") == LimitedBy.STOP
    assert read("telemetry.first_trip") == (Trip.TICK if carried else Trip.NONE)
    assert read("reported") == 1


@pytest.mark.parametrize("reported", [0, 2, 2**32 - 1])
def test_extremes_begin_anew_after_a_report_and_after_nothing_else(reported: int) -> None:
    core, hardware = Core(BASE), Hardware(BASE)
    core.report()
    for heartbeat, measured_na in enumerate((5000, 7000, 6000)):
        core.step(hardware.sense(Odd(measured_na=measured_na)), Request(0, STOP, 0, heartbeat))
        core.memory.write("reported", reported)
    report = core.report()
    assert (report.measured_min_na, report.measured_max_na) == (5000, 7000)
    core.step(hardware.sense(Odd(measured_na=6000)), Request(0, STOP, 0, 3))
    report = core.report()
    assert (report.measured_min_na, report.measured_max_na) == (6000, 6000)


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize("closed", [0, 1, 2, 2**32 - 1])
def test_a_dose_is_counted_while_the_switch_is_closed_and_a_word_that_is_no_answer_does_not_say_so(closed: int) -> None:
    core, hardware = Core(BASE), Hardware(BASE)
    core.memory.write("telemetry.switch_closed", closed)
    core.step(hardware.sense(Odd(measured_na=1000)), Request(0, STOP, 0, 1))
    assert core.memory.read("telemetry.measured_positive_fc") == (1_000_000 if closed == 1 else 0)


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("short_of_it_fc", [0, 1, 999_999, 1_000_000, 1_000_001])
def test_a_dose_stops_at_the_ceiling(sign: int, short_of_it_fc: int) -> None:
    core, hardware = Core(BASE), Hardware(BASE)
    name = "positive" if sign > 0 else "negative"
    core.memory.write("telemetry.switch_closed", 1)
    core.memory.write(f"telemetry.measured_{name}_fc", MOST_FC - short_of_it_fc)
    core.step(hardware.sense(Odd(measured_na=sign * 1000)), Request(0, STOP, 0, 1))
    assert core.memory.read(f"telemetry.measured_{name}_fc") == MOST_FC - max(short_of_it_fc - 1_000_000, 0)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("measured_na", [1, 4095, 4096, 199_999_999, 200_000_000, 200_000_001, 2**31 - 1])
def test_the_dose_of_a_tick_is_exact_up_to_full_scale(measured_na: int, sign: int) -> None:
    core, hardware = Core(BASE), Hardware(BASE)
    core.memory.write("telemetry.switch_closed", 1)
    core.step(hardware.sense(Odd(measured_na=sign * measured_na)), Request(0, STOP, 0, 1))
    expected = {sign: min(measured_na, FULL_SCALE_NA) * BASE.tick_us, -sign: 0}
    assert core.memory.read("telemetry.measured_positive_fc") == expected[1]
    assert core.memory.read("telemetry.measured_negative_fc") == expected[-1]


def test_limits_that_were_found_corrupt_count_no_dose() -> None:
    core, hardware = Core(BASE), Hardware(BASE)
    core.memory.write("telemetry.switch_closed", 1)
    core.memory.write("regulator.limits.tick_us", 5000)
    core.step(hardware.sense(Odd(measured_na=1000)), Request(0, STOP, 0, 1))
    assert core.memory.read("telemetry.measured_positive_fc") == 0


# ---- what the regulator says of itself -------------------------------------------------------------------------------


def told(config: Config, script: list[tuple[int, int, int, Odd]]) -> list[tuple[Phase, LimitedBy, Refused]]:
    """Phase, what limits, and what was refused after each part: ticks, target, command, what is odd."""
    core, hardware, supervisor = Core(config), Hardware(config), Supervisor()
    answers = []
    for ticks, target_na, command, odd in script:
        for _ in range(ticks):
            hardware.drive = core.step(hardware.sense(odd), supervisor.request(target_na, command))
        read = core.memory.read
        answers.append(
            (
                Phase(read("regulator.phase")),
                LimitedBy(read("regulator.limited_by")),
                Refused(read("regulator.refused")),
            )
        )
    return answers


def test_the_regulator_tells_at_each_moment_what_it_does_and_why() -> None:
    rest = ticks_of(BASE.dwell_us, BASE)
    nothing = Refused.NOTHING
    assert told(
        BASE,
        [
            (rest - 20, 3000, STOP, Odd(contact=0)),
            (1, 3000, RUN, Odd(contact=0)),
            (15, 3000, RUN, SOUND),
            (1, 2_000_000, 2, SOUND),
            (rest, 3000, STOP, SOUND),
            (1, 3000, RUN, SOUND),
            (2, 3000, RUN, SOUND),
            (1, 3000, RUN, SOUND),
            (1, -3000, RUN, SOUND),
            (1, -3000, RUN, Odd(emergency_stop=1)),
            (1, -3000, RUN, SOUND),
        ],
    ) == [
        (Phase.IDLE, LimitedBy.STOP, nothing),
        (Phase.WAIT, LimitedBy.CONTACT, nothing),
        (Phase.WAIT, LimitedBy.REVERSAL, nothing),
        (Phase.IDLE, LimitedBy.STOP, Refused.LIMIT),
        (Phase.IDLE, LimitedBy.STOP, nothing),
        (Phase.RAMP, LimitedBy.RAMP, nothing),
        (Phase.RAMP, LimitedBy.RAMP, nothing),
        (Phase.TREAT, LimitedBy.NOTHING, nothing),
        (Phase.REVERSE, LimitedBy.REVERSAL, nothing),
        (Phase.IDLE, LimitedBy.STOP, nothing),
        (Phase.IDLE, LimitedBy.STOP, nothing),
    ]
