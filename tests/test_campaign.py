"""The fault campaign: it reaches every state, repeats itself, and fails when a check is taken out of the core."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from holes import Hole, opened

from iontocore.ccore import Fault, Phase, Request, Simulation, Trace, TrialHazard, Trip
from iontocore.safety.faults import FAULT_BY_ID, FAULTS, AnsweredBy
from iontocore.verification import campaign as command
from iontocore.verification import campaign_table
from iontocore.verification.campaign import Campaign, main, run_campaign, trials
from iontocore.verification.campaign_cases import SOUND, Case, Use, cases
from iontocore.verification.campaign_scenes import SCENES, Scene, configuration, played, quick_scenes
from iontocore.verification.campaign_table import (
    KNOWN_OPEN,
    Verdict,
    hazard_names,
    holds,
    results,
    table,
    to_json,
    verdict,
)
from iontocore.verification.campaign_trials import (
    PAST_THE_CAP_US,
    SOUND_ID,
    STEP_NA,
    alone_us,
    astray_na,
    high_mv,
    react_us,
    run_trial,
    trial_of,
)
from iontocore.verification.instrumented import build, environment

TREAT: Final = next(scene for scene in SCENES if scene.phase is Phase.TREAT)
IDLE: Final = next(scene for scene in SCENES if scene.phase is Phase.IDLE and "ready" in scene.name)
DOUBLED: Final = tuple(f"SF-{number}" for number in range(60, 68))
"""The rows of what is stored twice."""


def case_of(fault: str, number: int = 0, use: Use = Use.STOPPED, scene: Scene = TREAT) -> Case:
    """The case of a fault by its place among those of the fault and the use."""
    return [case for case in cases(scene, False) if case.fault is FAULT_BY_ID[fault] and case.use is use][number]


@pytest.fixture(scope="module")
def quick() -> Campaign:
    """A quick campaign."""
    return run_campaign(quick=True, workers=2)


# ---- what it finds of the core as it is ------------------------------------------------------------------------------


@pytest.mark.invariant("SI-08", "SI-10", "SI-11", "SI-12", "SI-13", "SI-14", "SI-15", "SI-16", "SI-20", "SI-21")
def test_what_the_core_has_to_answer_holds_in_every_state_but_for_what_is_known_to_be_open(quick: Campaign) -> None:
    rows, runs = quick.faults, quick.runs
    assert [row.fault for row in rows] == [SOUND_ID, *FAULT_BY_ID]
    assert {row.fault for row in rows if row.fails} == set(KNOWN_OPEN), table(row for row in rows if row.fails)
    assert not any(row.no_longer_open for row in rows)
    assert quick.holds is not bool(KNOWN_OPEN)
    assert {run.fault for run in runs if run.changed} == set(FAULT_BY_ID)
    phases = {scene.title: scene.phase for scene in SCENES}
    assert all(phases[run.scene] == run.outcome.phase for run in runs)
    seen = {(phases[run.scene], run.scene.rpartition(", ")[2]) for run in runs}
    assert seen == {(phase, direction) for phase in Phase for direction in ("positive", "negative")}
    sound = [run for run in runs if run.fault == SOUND_ID]
    assert len(sound) == len(Use) * len(quick_scenes())
    assert all(run.held and not run.found and not run.changed for run in sound)


@pytest.mark.invariant("SI-20")
def test_every_word_that_is_stored_twice_is_found_within_a_tick_and_nothing_flows_after_it() -> None:
    flips = [case for case in cases(TREAT, True) if case.fault is not None and case.fault.id in DOUBLED]
    assert len(flips) > 20
    assert all(case.stored_twice for case in flips)
    runs = [run_trial(TREAT, case) for case in flips]
    tick_us = configuration().tick_us
    assert {(run.held, run.found, run.outcome.trip_us, run.ended_us) for run in runs} == {
        (True, True, tick_us, tick_us)
    }


def test_what_is_not_the_cores_is_told_with_its_reason_and_never_counted_as_held(quick: Campaign) -> None:
    others = [row for row in quick.faults if row.fault in FAULT_BY_ID]
    others = [row for row in others if FAULT_BY_ID[row.fault].answered_by is not AnsweredBy.CORE]
    assert len(others) == len([row for row in FAULTS if row.answered_by is not AnsweredBy.CORE])
    for row in others:
        assert row.verdict in (Verdict.HARDWARE, Verdict.PROFILE, Verdict.SUPERVISOR)
        text = table([row])
        assert f"not the core's: {row.why}" in text
        assert f"to be shown: {row.to_show}" in text
        assert "0 faults" in verdict([row])


# ---- what it reaches -------------------------------------------------------------------------------------------------


def test_every_state_of_the_core_is_reached_at_two_depths_at_least_and_in_both_directions() -> None:
    for phase in Phase:
        for sign in (1, -1):
            assert len([scene for scene in SCENES if scene.phase is phase and scene.sign == sign]) >= 2
    assert len({scene.title for scene in SCENES}) == len(SCENES)


@pytest.mark.parametrize("scene", SCENES[: len(SCENES) // 2], ids=lambda scene: scene.name)
def test_a_scene_is_reached_without_a_breach_and_drives_in_its_direction(scene: Scene) -> None:
    driven_na = played(scene).before.drive_na
    if scene.phase in (Phase.RAMP, Phase.TREAT, Phase.FALL):
        assert driven_na * scene.target_na > 0
    assert (driven_na == 0) == (scene.phase in (Phase.IDLE, Phase.WAIT, Phase.FAULT) or "dwell" in scene.name)


def test_every_scene_is_there_in_the_other_direction_too() -> None:
    half = len(SCENES) // 2
    for one, other in zip(SCENES[:half], SCENES[half:], strict=True):
        assert (one.name, one.phase, one.target_na) == (other.name, other.phase, -other.target_na)


def test_a_campaign_has_more_than_ten_thousand_trials_and_every_fault_in_every_scene() -> None:
    for scene in SCENES:
        assert {case.fault.id for case in cases(scene, False) if case.fault is not None} == set(FAULT_BY_ID)
    assert trials(quick=False) == sum(len(cases(scene, False)) for scene in SCENES) > 100_000


def test_a_cap_that_is_due_ends_the_treatment_while_current_is_asked_for() -> None:
    for scene in (scene for scene in SCENES if scene.at_cap and scene.sign > 0):
        run = run_trial(scene, SOUND[0])
        assert run.held
        assert run.outcome.flowed_us < PAST_THE_CAP_US
        assert run.outcome.trips & 1 << (run.outcome.first_trip - 1)


# ---- the same again --------------------------------------------------------------------------------------------------


def test_the_same_campaign_gives_the_same_trials_on_any_number_of_processes() -> None:
    chosen = ["SF-06", "SF-46", "SF-55"]
    once, again = run_campaign(True, chosen, workers=1), run_campaign(True, chosen, workers=3)
    assert once == again
    assert to_json(once.faults, once.runs) == to_json(again.faults, again.runs)


def test_a_trial_leaves_its_scene_as_it_is() -> None:
    stage, case = played(TREAT), case_of("SF-26")
    before = bytes(stage.simulation.memory.bytes)
    time_us, first = stage.simulation.time_us, run_trial(TREAT, case)
    assert (bytes(stage.simulation.memory.bytes), stage.simulation.time_us) == (before, time_us)
    assert run_trial(TREAT, case) == first


# ---- what is hazardous -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "use", "hazards"),
    [
        ("SF-34", Use.STOPPED, TrialHazard.WHILE_OFF | TrialHazard.NO_STOP | TrialHazard.NO_EMERGENCY),
        ("SF-45", Use.STOPPED, TrialHazard.NO_STOP),
        ("SF-71", Use.STOPPED, TrialHazard.NO_STOP | TrialHazard.NO_EMERGENCY),
        ("SF-72", Use.STOPPED, TrialHazard.OVER | TrialHazard.ASTRAY | TrialHazard.WHILE_OFF | TrialHazard.NO_STOP),
        ("SF-73", Use.STOPPED, TrialHazard.STEP),
        ("SF-79", Use.PRESSED, TrialHazard.NO_EMERGENCY),
    ],
)
def test_what_the_core_cannot_answer_is_seen_to_be_hazardous(fault: str, use: Use, hazards: TrialHazard) -> None:
    run = run_trial(TREAT, case_of(fault, use=use))
    assert TrialHazard(run.outcome.hazards) & hazards == hazards
    (row,) = results([run])
    assert row.hazardous == 1
    assert row.verdict in (Verdict.HARDWARE, Verdict.PROFILE)


def test_current_that_comes_and_goes_is_as_hazardous_as_current_that_stays() -> None:
    """Of a device without a core that cuts: a leak past its open switch, for less than the reaction each time."""
    trial = trial_of(IDLE, case_of("SF-34", 2))
    simulation, trace = played(IDLE).simulation, Trace(200_000)
    once = simulation.trial(trial._replace(lasts_us=react_us() - 4000), trace)
    longer = simulation.trial(trial._replace(lasts_us=react_us() + 4000), trace)
    assert once.hazards == TrialHazard.SAFE
    assert TrialHazard.WHILE_OFF | TrialHazard.UNASKED in TrialHazard(longer.hazards)
    assert once.while_off_us == react_us() - 4000


@pytest.mark.parametrize(
    ("change", "hazard"),
    [
        ({"over_na": 10_000_000}, TrialHazard.OVER),
        ({"target_na": -TREAT.target_na}, TrialHazard.AGAINST),
        ({"flow_us": 1_000_000}, TrialHazard.TOO_LONG),
        ({"each_fc": 1}, TrialHazard.TOO_MUCH),
        ({"total_fc": 1}, TrialHazard.TOO_MUCH),
        ({"rest_us": 1_000_000}, TrialHazard.UNASKED),
        ({"fall_us": 10_000_000}, TrialHazard.NO_STOP),
        ({"alone_us": 10_000_000}, TrialHazard.ALONE),
        ({"high_mv": 20_000}, TrialHazard.VOLTAGE),
    ],
)
def test_a_sound_device_that_did_what_is_not_allowed_would_be_hazardous(
    change: dict[str, int], hazard: TrialHazard
) -> None:
    """Each bound of a trial is drawn tighter than what a sound device does."""
    simulation, trace = played(TREAT).simulation, Trace(200_000)
    trial = trial_of(TREAT, SOUND[0])
    assert simulation.trial(trial, trace).hazards == TrialHazard.SAFE
    assert hazard in TrialHazard(simulation.trial(trial._replace(**change), trace).hazards)


def test_a_start_that_nobody_asked_for_after_a_loss_of_power_would_be_hazardous() -> None:
    """Under a RUN that stood while there was no power the core does not start; here a leak does."""
    lost = case_of("SF-51")
    run = run_trial(TREAT, lost)
    assert run.held
    assert run.outcome.unasked_us == 0
    trial = trial_of(TREAT, lost)
    leak = trial._replace(second_fault=int(Fault.SWITCH_LEAK), second_parameter=5_000_000)
    hazards = [played(TREAT).simulation.trial(one, Trace(200_000)).hazards for one in (leak, leak._replace(fault=0))]
    assert [TrialHazard.UNASKED in TrialHazard(one) for one in hazards] == [True, False]


def test_a_dead_supervisor_that_the_core_did_not_miss_would_be_hazardous() -> None:
    trial = trial_of(TREAT, case_of("SF-43"))
    trace = Trace(200_000)
    alive = trial._replace(fault=0, parameter=0)
    assert played(TREAT).simulation.trial(trial, trace).hazards == TrialHazard.SAFE
    assert played(TREAT).simulation.trial(alive, trace).hazards == TrialHazard.ALONE


def test_the_watchdog_is_what_ends_the_current_of_a_frozen_timer() -> None:
    with_it, without = run_trial(TREAT, case_of("SF-39")), run_trial(TREAT, case_of("SF-71"))
    assert with_it.ended_us == 50_000
    assert not with_it.hazardous
    assert without.ended_us == -1
    assert without.outcome.flows == 1


def test_a_start_that_is_allowed_after_a_trip_is_acknowledged_does_not_count_as_current_that_did_not_end() -> None:
    run = run_trial(IDLE, case_of("SF-36", scene=IDLE))
    assert run.held
    assert run.outcome.zero_us > run.ended_us == configuration().tick_us


def test_what_the_sound_device_finds_as_well_is_no_finding_of_the_fault() -> None:
    lifted = run_trial(TREAT, case_of("SF-38", use=Use.LIFTED))
    assert lifted.outcome.first_trip == Trip.OPEN
    assert not lifted.found
    blind = run_trial(TREAT, case_of("SF-24", use=Use.LIFTED))
    assert blind.outcome.first_trip == Trip.OPEN
    assert blind.found
    assert blind.ended_us == configuration().open_us


def test_a_runaway_is_cut_within_the_debounce_of_a_mismatch_and_its_charge_is_what_flowed() -> None:
    run = run_trial(TREAT, case_of("SF-26", 2))
    c = configuration()
    assert (run.outcome.trip_us, run.outcome.cut_us, run.ended_us) == (c.mismatch_us, 0, c.mismatch_us)
    assert run.outcome.until_cut_fc == pytest.approx(5_000_000 * c.mismatch_us, rel=0.1)
    assert run.outcome.drop_na > STEP_NA


def test_a_voltage_that_the_core_did_not_cut_would_be_hazardous() -> None:
    saturated = next(scene for scene in SCENES if "saturated" in scene.name)
    case = case_of("SF-80", 2, scene=saturated)
    run, trace = run_trial(saturated, case), Trace(200_000)
    assert run.held
    assert run.outcome.first_trip == Trip.OVER_VOLTAGE
    assert configuration().compliance_mv < run.outcome.peak_mv < high_mv()
    blind = trial_of(saturated, case)._replace(second_fault=int(Fault.V_GAIN), second_parameter=500)
    hazards = played(saturated).simulation.trial(blind, trace).hazards
    assert TrialHazard.VOLTAGE in TrialHazard(hazards)


@pytest.mark.invariant("SI-27")
@pytest.mark.parametrize("number", range(6))
def test_a_hand_that_was_lifted_for_the_most_part_gets_the_headroom_when_it_comes_back(
    number: int,
) -> None:
    run = run_trial(TREAT, case_of("SF-75", number))
    assert run.held
    assert run.outcome.drop_na > 5_000_000
    assert run.outcome.tick_na < 2 * configuration().headroom_na


def test_a_step_is_told_from_one_period_to_the_next_and_through_zero() -> None:
    outcome = run_trial(TREAT, case_of("SF-28")).outcome
    assert outcome.tick_na == pytest.approx(30_000_000, rel=0.1)
    assert outcome.rise_na == pytest.approx(15_000_000, rel=0.1)


def test_a_dip_that_is_longer_than_a_shorter_debounce_is_cut() -> None:
    """What SF-73 says of the profile of a device."""
    hazards = []
    for config in (configuration(), configuration()._replace(mismatch_us=configuration().tick_us)):
        simulation = Simulation(seed=1)
        simulation.start(config)
        for exchange in range(800):
            simulation.run(Request(TREAT.target_na, int(exchange > 60), 0, exchange), 50)
        hazards.append(simulation.trial(trial_of(TREAT, case_of("SF-73")), Trace(200_000)).hazards)
    assert hazards == [TrialHazard.STEP, TrialHazard.SAFE]


def test_the_bounds_are_those_of_the_configuration() -> None:
    c = configuration()
    trial = trial_of(TREAT, case_of("SF-43"))
    assert (trial.over_na, trial.astray_na) == (abs(TREAT.target_na) + astray_na(), astray_na())
    assert c.mismatch_na < astray_na() < STEP_NA
    assert c.mismatch_us < react_us() < 2 * c.mismatch_us
    assert trial.alone_us == alone_us() > trial.fall_us > c.limit_na // c.fall_na_per_tick * c.tick_us
    assert trial.each_fc < c.charge_cap_each_fc * 1.03


def test_a_trial_that_cannot_be_run_is_refused() -> None:
    simulation, trial, trace = played(TREAT).simulation, trial_of(TREAT, SOUND[0]), Trace(200_000)
    for change, said in (
        ({"fault": 999}, "fault 999 with 0"),
        ({"fault": int(Fault.A_GAIN), "parameter": -3000}, "fault 5 with -3000"),
        ({"second_fault": 999}, "999 with 0"),
        ({"lift_permille": 1000}, "lift_permille: 1000"),
        ({"settle_us": 0}, "settle_us: 0"),
        ({"exchange_us": 0}, "exchange_us: 0"),
    ):
        with pytest.raises(ValueError, match=said):
            simulation.trial(trial._replace(**change), trace)
    with pytest.raises(ValueError, match="10 rows are too few"):
        simulation.trial(trial, Trace(10))


# ---- a core with a hole ----------------------------------------------------------------------------------------------

HOLES: Final = (
    (
        Hole(
            "guard.c", "mismatch", r"difference_na > \(int64_t\)g->config\.mismatch_na", "difference_na < 0", ("SI-12",)
        ),
        "SF-26",
    ),
    (Hole("guard.c", "contact", r"\(s->contact != 1u\) \|\| ", "", ("SI-10",)), "SF-24"),
    (
        Hole("guard.c", "disagree", r"difference_na > \(int64_t\)c->disagree_na", "difference_na < 0", ("SI-13",)),
        "SF-08",
    ),
)
"""A check that is taken out of the guard, and the fault that it answers."""


@pytest.mark.needs("gcc")
@pytest.mark.parametrize(("hole", "fault"), HOLES, ids=lambda part: part.name if isinstance(part, Hole) else part)
def test_a_check_that_is_taken_out_turns_the_verdict(hole: Hole, fault: str, tmp_path: Path) -> None:
    tree = build(tmp_path / "made", "gcc", ["-O1"], exchanged={hole.source: opened(hole, tmp_path)})
    done = subprocess.run(
        [sys.executable, "-m", "iontocore.verification.campaign", "--quick", "--fault", fault, "--workers", "1"],
        env={**os.environ, **environment(tree)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    assert f"{fault} NOT HELD" in done.stdout
    assert any(f"broken: {row}" in done.stdout or f", {row} " in done.stdout for row in hole.breaks), done.stdout
    if hole.name == "mismatch":  # without a word of the core: by the current that flows
        assert "hazardous in" in done.stdout


# ---- verdicts --------------------------------------------------------------------------------------------------------


def test_a_hazardous_outcome_and_a_broken_invariant_each_fail_alone() -> None:
    held = run_trial(TREAT, case_of("SF-22"))
    hazardous = held._replace(outcome=held.outcome._replace(hazards=int(TrialHazard.STEP)))
    broken = held._replace(broken=("SI-13",))
    for wrong, said in ((hazardous, "hazardous in 1 trials (step 1)"), (broken, "broken: SI-13 1")):
        rows = results([held, wrong])
        assert [row.verdict for row in rows] == [Verdict.NOT_HELD]
        assert not holds(rows)
        assert said in table(rows)
        assert verdict(rows).startswith("NOT HELD: SF-22; 0 faults held in 2 trials")
    (row,) = results([held, broken])
    assert row.held == ("SI-12",)
    assert holds(results([held, held]))


def test_a_way_to_inject_a_fault_that_changed_nothing_was_not_shown_and_fails() -> None:
    shown = run_trial(TREAT, case_of("SF-22"))
    idle = shown._replace(injection="another way", changed=False)
    for runs in ([idle], [shown, idle]):
        rows = results(runs)
        assert [row.verdict for row in rows] == [Verdict.NOT_SHOWN]
        assert not holds(rows)


def test_a_sound_device_that_is_not_found_sound_fails() -> None:
    sound = run_trial(TREAT, SOUND[0])
    assert holds(results([sound]))
    assert not holds(results([sound._replace(broken=("SI-01",))]))
    assert not holds(results([sound._replace(found=True)]))


def test_current_that_flows_on_is_never_hidden_by_a_trial_in_which_it_ended() -> None:
    ended = run_trial(TREAT, case_of("SF-34"))
    (row,) = results([ended._replace(found=True, ended_us=5), ended._replace(found=True, ended_us=-1)])
    assert (row.zero_us, row.never_zero) == (5, 1)
    assert "never in 1" in table([row])


def test_what_is_known_to_be_open_fails_and_fails_when_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    held = run_trial(TREAT, case_of("SF-22"))
    monkeypatch.setattr(campaign_table, "KNOWN_OPEN", {"SF-22": "nobody has put it right"})
    rows = results([held._replace(broken=("SI-13",))])
    assert not holds(rows)
    assert "known to be open: nobody has put it right" in table(rows)
    assert verdict(rows).startswith("NOT HELD: SF-22 (known)")
    rows = results([held])
    assert rows[0].verdict is Verdict.HELD
    assert not holds(rows)
    assert "listed as open, and holds" in table(rows)


def test_what_is_known_to_be_open_is_the_cores_to_answer() -> None:
    assert all(FAULT_BY_ID[fault].answered_by is AnsweredBy.CORE and reason for fault, reason in KNOWN_OPEN.items())


def test_hazards_have_names() -> None:
    assert hazard_names(int(TrialHazard.OVER | TrialHazard.NO_STOP)) == ("over", "no stop")
    assert hazard_names(0) == ()


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_writes_every_trial_and_ends_with_0_when_all_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "campaign.json"
    assert main(["--quick", "--fault", "SF-22", "--fault", "SF-40", "--workers", "1", "--out", str(out)]) == 0
    written = json.loads(out.read_text("utf-8"))
    assert len(written["trials"]) == (len(Use) + 2) * len(quick_scenes())
    assert {len(trial) for trial in written["trials"]} == {len(written["columns"])}
    assert [row["fault"] for row in written["faults"]] == [SOUND_ID, "SF-22", "SF-40"]
    said = capsys.readouterr()
    assert "HOLDS: 2 faults in" in said.out
    assert f"campaign: {len(written['trials'])} of {len(written['trials'])}" in said.err


def test_the_command_ends_with_1_when_something_did_not_hold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = run_trial(TREAT, case_of("SF-22"))._replace(broken=("SI-13",))
    rows = results([broken])
    monkeypatch.setattr(command, "run_campaign", lambda *_: Campaign(rows, (broken,), holds(rows), verdict(rows)))
    assert main(["--quick", "--fault", "SF-22"]) == 1
    assert "NOT HELD: SF-22" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--fault", "SF-99"], "an id from SF-01 to"),
        (["--workers", "0"], "a whole number from 1"),
        (["--depth", "3"], "the command line"),
    ],
)
def test_a_mistake_ends_the_command_with_2(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert said in capsys.readouterr().err
