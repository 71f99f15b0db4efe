"""The model of the states: its properties hold for the table in force, each can fail, and seeded errors are found."""

from pathlib import Path

import pytest

from iontocore.safety.invariants import INVARIANTS
from iontocore.safety.refusal import Refusal
from iontocore.table import TABLE, Event, Row, State, breaches, rows
from iontocore.verification import model
from iontocore.verification.model import FORMULAS, Verdict, examine, find, never_taken, steps, verdict
from iontocore.verification.model_properties import COARSE, PROPERTIES, SAFETY, Property, named
from iontocore.verification.model_run import Search, Sight, build, read, search, story
from iontocore.verification.model_seeds import SEEDS, Seed, seeded_table, seeded_text
from iontocore.verification.promela import model_text, name, table_text
from iontocore.verification.tools import Answer

NEEDS_SPIN = pytest.mark.needs("spin", "gcc")
LABELS = [each.label for each in PROPERTIES]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of the table in force."""
    return build(model_text(TABLE, FORMULAS), tmp_path_factory.mktemp("model"))


# ---- the text is made from the table --------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", TABLE.values(), ids=lambda cell: repr(cell)[:60])
def test_every_cell_of_the_table_is_a_branch_of_the_model(cell: object) -> None:
    (state, event) = next(key for key, other in TABLE.items() if other is cell)
    follows = f"state = {name(cell.after)}" if isinstance(cell, Row) else "refused = true"
    branch = f":: state == {name(state)} && event == {name(event)} -> {follows}"
    assert [line.strip() for line in table_text(TABLE).splitlines()].count(branch) == 1


def test_the_parts_that_do_not_change_move_no_state_by_themselves() -> None:
    generated = table_text(TABLE)
    rest = model_text(TABLE).replace(generated.strip("\n"), "")
    assigned = [line.strip() for line in rest.splitlines() if "state = " in line and "== " not in line]
    assert [line.split(";")[0] for line in assigned] == ["byte state = INITIAL", "state = INITIAL"]


def test_the_invariants_that_properties_show_are_rows_of_the_table_of_invariants() -> None:
    known = {row.id for row in INVARIANTS}
    shown = {invariant for each in PROPERTIES for invariant in each.invariants}
    assert shown <= known
    assert shown == {"SI-03", "SI-04", "SI-05", "SI-06", "SI-07", "SI-10", "SI-15", "SI-16"}


def test_properties_have_names_of_their_own_and_say_what_they_mean() -> None:
    assert len(set(LABELS)) == len(PROPERTIES)
    assert all(each.says.endswith(".") and each.formula.startswith("[] ") for each in PROPERTIES)
    assert all(("<>" in each.formula) is each.liveness for each in PROPERTIES)


def test_what_the_model_leaves_open_says_what_follows_and_for_which_invariants() -> None:
    known = {row.id for row in INVARIANTS}
    for each in COARSE:
        assert all(sentence.endswith(".") for sentence in (each.says, each.otherwise))
        assert set() < set(each.invariants) <= known


# ---- what holds -----------------------------------------------------------------------------------------------------


@NEEDS_SPIN
@pytest.mark.invariant("SI-03", "SI-04", "SI-05", "SI-06", "SI-07", "SI-10", "SI-16")
def test_every_property_of_safety_holds_in_every_state_that_can_be_reached(program: Path) -> None:
    found = search(program, SAFETY)
    assert found.holds is True, story(program)
    assert found.states > 1_000_000, "a search that reaches little shows little"
    assert never_taken(TABLE, found) == ()
    assert found.taken == {(row.before, row.event, row.after) for row in rows(TABLE)}
    assert {sight.state for sight in found.seen} == set(State)


def test_what_is_searched_for_in_one_pass_is_every_property_of_safety() -> None:
    for each in PROPERTIES:
        assert (f"({each.formula.removeprefix('[] ')})" in SAFETY.formula) is not each.liveness
    assert not SAFETY.liveness


@NEEDS_SPIN
def test_without_fairness_nothing_comes_about(program: Path) -> None:
    outcome = search(program, named("silence_ends"), fair=False)
    assert outcome.holds is False, "a core that never ticks brings nothing down"
    assert any("for ever" in step for step in story(program))


# ---- what is found --------------------------------------------------------------------------------------------------


def test_every_property_is_what_must_find_some_seeded_error() -> None:
    assert {seed.found_by for seed in SEEDS} == set(LABELS)
    assert sum(seed.cell is not None for seed in SEEDS) >= 30
    assert len({seed.says for seed in SEEDS}) == len(SEEDS)


def test_seeded_errors_of_the_table_are_changes_of_it() -> None:
    for seed in SEEDS:
        differs = [key for key, cell in seeded_table(seed, TABLE).items() if cell != TABLE[key]]
        assert len(differs) == (seed.cell is not None), seed.says


@NEEDS_SPIN
@pytest.mark.parametrize(
    "says",
    [
        "a stop is refused in treat",
        "a stop leaves treat as it is",
        "a session that ended while it was paused is resumed",
    ],
)
def test_a_seeded_error_is_found_by_its_property(says: str, tmp_path: Path) -> None:
    seed = next(seed for seed in SEEDS if seed.says == says)
    outcome = find(seed, tmp_path)
    assert outcome.holds is False, f"{seed.found_by} does not find that {seed.says}"
    assert story(tmp_path / "pan")


@NEEDS_SPIN
def test_an_error_that_the_rules_of_the_table_let_through_is_found(tmp_path: Path) -> None:
    seed = next(seed for seed in SEEDS if seed.says == "a pause goes to idle at full current")
    assert breaches(seeded_table(seed, TABLE)) == (), "the rules of the table know nothing of the core"
    assert find(seed, tmp_path).holds is False


@NEEDS_SPIN
def test_a_model_that_cannot_be_read_is_refused_with_what_spin_says(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"not made .*undeclared variable: nonsense"):
        build("active proctype p() { nonsense nonsense }", tmp_path)


def test_a_seeded_error_whose_place_is_gone_is_refused() -> None:
    seed = Seed("nothing", "fact", old="no such place", new="")
    with pytest.raises(Refusal, match="0 places"):
        seeded_text(seed, model_text(TABLE))


# ---- what a search says ---------------------------------------------------------------------------------------------

SEARCHED = """
TOOK 0 0 1
SAW 1 18 1 0
Full statespace search for:
	never claim         	+ (fact)
	acceptance   cycles 	+ (fairness disabled)
State-vector 76 byte, depth reached 24, errors: 0
      660 states, stored
"""


def test_a_search_that_was_complete_and_found_nothing_shows_that_a_property_holds() -> None:
    outcome = read(Answer(0, SEARCHED, ""), trail=False)
    assert (outcome.holds, outcome.states, outcome.depth) == (True, 660, 24)
    assert outcome.taken == {(State.IDLE, Event.START, State.RAMP)}
    assert [(sight.state, sight.event, sight.flows) for sight in outcome.seen] == [(State.RAMP, None, False)]


@pytest.mark.parametrize(
    "answer, trail",
    [
        (Answer(-9, SEARCHED, ""), False),
        (Answer(0, "", ""), False),
        (Answer(0, SEARCHED + "error: max search depth too small\n", ""), False),
        (Answer(0, SEARCHED, "error: max search depth too small"), False),
        (Answer(0, SEARCHED + "Warning: Search not completed\n", ""), False),
        (Answer(0, SEARCHED.replace("states, stored", "states"), ""), False),
        (Answer(0, SEARCHED.replace("errors: 0", "errors: 1"), ""), False),
        (Answer(0, SEARCHED.replace("Full", "Bit"), ""), False),
        (Answer(0, SEARCHED.replace("cycles 	+", "cycles 	-"), ""), False),
    ],
)
def test_a_search_that_was_cut_short_shows_nothing(answer: Answer, trail: bool) -> None:
    outcome = read(answer, trail)
    assert outcome.holds is None
    assert verdict(outcome) is Verdict.NOT_SHOWN


def test_an_error_with_a_trail_breaks_a_property() -> None:
    assert verdict(read(Answer(0, SEARCHED.replace("errors: 0", "errors: 1"), ""), trail=True)) is Verdict.BROKEN


# ---- the command ----------------------------------------------------------------------------------------------------


def outcome_of(holds: bool | None, taken: frozenset[tuple[State, Event, State]] | None = None) -> Search:
    every = frozenset((row.before, row.event, row.after) for row in rows(TABLE))
    return Search(holds, 7, 3, "", every if taken is None else taken, frozenset[Sight]())


def run_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: dict[str, Search], *arguments: str) -> int:
    def searched(program: Path, what: Property) -> Search:
        return found.get(what.label, outcome_of(True))

    monkeypatch.setattr(model, "build", lambda text, out: tmp_path / "pan")
    monkeypatch.setattr(model, "search", searched)
    return model.main(list(arguments))


def test_the_command_says_what_holds_and_ends_with_status_0(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(monkeypatch, tmp_path, {}) == 0
    out = capsys.readouterr().out
    assert all(each.says in out for each in PROPERTIES)
    assert out.index("safety:") < out.index("liveness, under weak fairness:") < out.index("stop_ends")
    assert "51 of 51" in out


@pytest.mark.parametrize("holds, said", [(False, "BROKEN"), (None, "NOT SHOWN")])
@pytest.mark.parametrize("label", ["stop_ends", "fact"])
def test_the_command_fails_when_a_property_is_broken_or_not_shown(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    label: str,
    holds: bool | None,
    said: str,
) -> None:
    broken = {label: outcome_of(holds), SAFETY.label: outcome_of(holds if label == "fact" else True)}
    assert run_with(monkeypatch, tmp_path, broken) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if said in line] == [label]


def test_the_command_fails_when_a_row_is_never_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(monkeypatch, tmp_path, {SAFETY.label: outcome_of(True, frozenset())}) == 1
    out = capsys.readouterr().out
    assert "never comes by stop in treat" in out
    assert "0 of 51" in out


def test_the_command_fails_when_a_seeded_error_is_missed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(monkeypatch, tmp_path, {}, "--seeds") == 1
    out = capsys.readouterr().out
    assert "MISSED" in out
    assert f"0 of {len(SEEDS)}" in out


def test_an_examination_reports_each_of_its_steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(model, "build", lambda text, out: tmp_path / "pan")
    monkeypatch.setattr(model, "search", lambda program, what: outcome_of(True))
    done: list[str] = []
    result = examine(done.append, seeds=True, out=tmp_path)
    assert len(done) == steps(seeds=True)
    assert (result.rows, result.never_taken, len(result.sown)) == (51, (), len(SEEDS))
    assert not result.holds, "no seeded error was found"
    assert examine(done.append, seeds=False, out=tmp_path).holds


def test_a_flag_that_is_unknown_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert model.main(["--seed"]) == 2
    assert "the command line" in capsys.readouterr().err
