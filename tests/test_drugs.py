"""The table of drugs: each has the sign of its ion, and a source that says so."""

import dataclasses
from typing import Any

import pytest

from iontocore.safety.drugs import DRUGS, Drug


@pytest.mark.invariant("SI-23")
@pytest.mark.parametrize(
    ("name", "ion", "sign", "mark"),
    [
        ("dexamethasone-phosphate", "dexamethasone phosphate", -1, "read"),
        ("lidocaine", "lidocainium", 1, "assumption"),
        ("glycopyrrolate", "glycopyrronium", 1, "assumption"),
        ("hyaluronidase", "hyaluronidase, a protein, in acid solution", 1, "assumption"),
        ("acetate", "acetate", -1, "assumption"),
        ("salicylate", "salicylate", -1, "assumption"),
        ("iodide", "iodide", -1, "assumption"),
        ("calcium", "calcium", 1, "read"),
        ("magnesium", "magnesium", 1, "read"),
    ],
)
def test_a_drug_has_the_sign_of_its_ion(name: str, ion: str, sign: int, mark: str) -> None:
    drug = DRUGS[name]
    assert (drug.name, drug.ion, drug.ion_sign, str(drug.mark)) == (name, ion, sign, mark)


def test_there_are_no_other_drugs_and_no_more_can_be_added() -> None:
    assert len(DRUGS) == 9
    with pytest.raises(TypeError):
        DRUGS["water"] = DRUGS["calcium"]  # type: ignore[index]  # that it has no __setitem__ is what is tested


@pytest.mark.invariant("SI-23")
@pytest.mark.parametrize("sign", [0, 2, -2, True, 1.0, "+", None])
def test_a_drug_without_a_sign_is_not_built(sign: Any) -> None:
    with pytest.raises(ValueError, match="neither"):
        dataclasses.replace(DRUGS["calcium"], ion_sign=sign)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Calcium"},
        {"ion": ""},
        {"source": " "},
        {"mark": "read"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_drug_with_a_part_that_is_missing_or_wrong_is_not_built(wrong: dict[str, Any]) -> None:
    drug: Drug = DRUGS["calcium"]
    with pytest.raises(ValueError, match=r"(?i)calcium"):
        dataclasses.replace(drug, **wrong)
