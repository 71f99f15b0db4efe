"""The records of a report: one canonical text, a published schema, and nothing that is lost on the way."""

import dataclasses
import json
from typing import Any

import jsonschema
import pytest
from sample_evidence import proof, sample

from iontocore.verification import evidence, evidence_form, evidence_schema
from iontocore.verification.tools import ROOT

REPORT = sample()
TEXT = evidence_form.canonical(REPORT)
VALIDATOR = jsonschema.Draft202012Validator(evidence_schema.published())


def test_the_published_schema_is_that_of_the_records() -> None:
    assert (ROOT / "verification" / evidence_schema.FILE).read_text("utf-8") == evidence_schema.as_text()
    jsonschema.Draft202012Validator.check_schema(evidence_schema.published())


def test_a_report_is_of_the_published_schema() -> None:
    VALIDATOR.validate(json.loads(TEXT))


def test_a_report_is_read_as_it_was_written() -> None:
    assert evidence_form.read(TEXT) == REPORT
    assert evidence_form.canonical(evidence_form.read(TEXT)) == TEXT


def test_the_text_is_canonical() -> None:
    assert TEXT.endswith("}\n")
    assert "\r" not in TEXT
    told = json.loads(TEXT)
    assert list(told) == sorted(told)
    shuffled = dataclasses.replace(REPORT.examined, tools=dict(sorted(REPORT.examined.tools.items(), reverse=True)))
    assert evidence_form.canonical(dataclasses.replace(REPORT, examined=shuffled)) == TEXT


@pytest.mark.parametrize("figure", [0.5, float("nan"), b"1", [1], 1j])
def test_what_has_no_canonical_form_is_not_written(figure: object) -> None:
    with pytest.raises(TypeError, match="canonical"):
        evidence_form.canonical(sample([proof("SI-01", figures={"figure": figure})]))


def _changed(told: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    at: Any = told
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return told


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "iontocore-evidence-0"),
        (("mode",), "thorough"),
        (("verdict", "holds"), "yes"),
        (("verdict",), None),
        (("extra",), 1),
        (("evidence", 0, "status"), "fine"),
        (("evidence", 0, "source", "line"), "12"),
        (("evidence", 0, "figures", "goals"), 1.5),
        (("evidence", 0, "speaks_of"), None),
        (("hazards", 0, "reached", "proof"), "many"),
        (("evidence", 0, "source", "line"), True),
        (("model",), "none"),
        (("evidence",), {}),
        (("evidence", 0, "figures"), []),
        (("run",), []),
    ],
)
def test_what_is_no_report_is_neither_of_the_schema_nor_read(path: tuple[Any, ...], value: object) -> None:
    told = _changed(json.loads(TEXT), path, value)
    assert not VALIDATOR.is_valid(told)
    with pytest.raises(ValueError, match=r".+"):
        evidence_form.read(json.dumps(told))


def test_text_that_is_no_json_is_no_report() -> None:
    with pytest.raises(ValueError, match=r".+"):
        evidence_form.read("{")


def test_only_when_and_where_it_was_made_is_left_out_of_a_comparison() -> None:
    later = dataclasses.replace(REPORT, run=dataclasses.replace(REPORT.run, date="2027-01-01T00:00:00Z", processors=64))
    assert evidence_form.without_run(evidence_form.canonical(later)) == evidence_form.without_run(TEXT)
    other = dataclasses.replace(REPORT, mode=evidence.Mode.QUICK)
    assert evidence_form.without_run(evidence_form.canonical(other)) != evidence_form.without_run(TEXT)
