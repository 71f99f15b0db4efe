"""The controls besides the invariants: what stands against which hazard, and who has to provide it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from iontocore.safety.controls import CONTROLS, Control, Means, Owner, controls_of
from iontocore.safety.hazards import HAZARDS
from iontocore.safety.invariants import INVARIANTS

ROOT = Path(__file__).resolve().parent.parent

AGREED = {
    "C-01": ("01 02 11 12 13", Means.DESIGN, Owner.SUPERVISOR),
    "C-02": ("02", Means.DESIGN, Owner.SUPERVISOR),
    "C-03": ("01 13", Means.DESIGN, Owner.SUPERVISOR),
    "C-04": ("04", Means.PROTECTION, Owner.SUPERVISOR),
    "C-05": ("05 17 18", Means.PROTECTION, Owner.SUPERVISOR),
    "C-06": ("18", Means.PROTECTION, Owner.SUPERVISOR),
    "C-07": ("16", Means.PROTECTION, Owner.SUPERVISOR),
    "C-08": ("14", Means.DESIGN, Owner.SUPERVISOR),
    "C-09": ("01 03 06 11", Means.PROTECTION, Owner.SUPERVISOR),
    "C-10": ("01 11 13", Means.PROTECTION, Owner.HARDWARE),
    "C-11": ("09 10", Means.PROTECTION, Owner.HARDWARE),
    "C-12": ("04 05", Means.PROTECTION, Owner.HARDWARE),
    "C-13": ("01 05 06 08", Means.PROTECTION, Owner.HARDWARE),
    "C-14": ("03 12", Means.PROTECTION, Owner.HARDWARE),
    "C-15": ("06 07", Means.PROTECTION, Owner.HARDWARE),
    "C-16": ("06", Means.PROTECTION, Owner.HARDWARE),
    "C-17": ("01 09", Means.PROTECTION, Owner.HARDWARE),
    "C-18": ("05", Means.PROTECTION, Owner.HARDWARE),
    "C-19": ("02 10", Means.INFORMATION, Owner.LABELLING),
    "C-20": ("03 04", Means.INFORMATION, Owner.LABELLING),
    "C-21": ("14", Means.INFORMATION, Owner.LABELLING),
    "C-22": ("06 16 17", Means.INFORMATION, Owner.LABELLING),
    "C-23": ("15", Means.INFORMATION, Owner.LABELLING),
    "C-24": ("18", Means.INFORMATION, Owner.LABELLING),
}
"""Of each control once more: the numbers of its hazards, how it reduces the risk, who has to provide it."""


def test_the_rows_are_those_that_were_agreed() -> None:
    assert {
        row.id: (" ".join(hazard[2:] for hazard in row.hazards), row.means, row.owner) for row in CONTROLS
    } == AGREED


def test_ids_are_given_once_and_in_order() -> None:
    assert [row.id for row in CONTROLS] == [f"C-{n:02}" for n in range(1, len(CONTROLS) + 1)]
    assert len({row.name for row in CONTROLS}) == len(CONTROLS)


@pytest.mark.parametrize("row", CONTROLS, ids=lambda row: row.id)
def test_each_is_a_sentence(row: Control) -> None:
    assert row.what[0].isupper()
    assert row.what.endswith(".")


@pytest.mark.parametrize("row", CONTROLS, ids=lambda row: row.id)
def test_each_leads_to_a_file(row: Control) -> None:
    assert (ROOT / row.where).is_file()


def test_nothing_asked_of_the_manufacturer_is_said_to_be_done_by_a_source_file() -> None:
    code = {row.id for row in CONTROLS if row.where.startswith(("core/", "ccore/")) or row.where == "safety/limits.py"}
    assert code <= {row.id for row in CONTROLS if row.owner is Owner.SUPERVISOR}


@pytest.mark.parametrize("hazard", [row.id for row in HAZARDS])
def test_every_hazard_has_an_invariant_or_a_control_against_it_and_those_of_it_are_found(hazard: str) -> None:
    found = controls_of(hazard)
    assert [row.id for row in found] == [row.id for row in CONTROLS if hazard[2:] in AGREED[row.id][0].split()]
    assert found or any(hazard in row.hazards for row in INVARIANTS)


def test_a_control_may_stand_against_every_hazard_there_is() -> None:
    everything = tuple(row.id for row in HAZARDS)
    assert dataclasses.replace(CONTROLS[0], hazards=everything).hazards == everything


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"id": "C-1"}, "is not of the form C-01"),
        ({"name": " "}, "C-01 lacks its name, what it does or where"),
        ({"what": ""}, "C-01 lacks its name, what it does or where"),
        ({"where": ""}, "C-01 lacks its name, what it does or where"),
        ({"hazards": ()}, "not a list of hazards in order"),
        ({"hazards": ("H-02", "H-01")}, "not a list of hazards in order"),
        ({"hazards": ("H-01", "H-01")}, "not a list of hazards in order"),
        ({"hazards": ("H-99",)}, "names a hazard that is not in the table"),
        ({"means": "by design"}, "is no means"),
        ({"owner": "somebody"}, "is no owner"),
    ],
)
def test_a_row_that_is_wrong_is_not_built(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(CONTROLS[0], **wrong)
