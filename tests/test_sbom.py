"""Software of unknown provenance: every item has a row, and the bill of materials is valid and the same each time."""

import dataclasses
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from iontocore.verification import sbom
from iontocore.verification.soup import Form, Item, Used, closure, found, version_of
from iontocore.verification.soup_items import SOUP
from iontocore.verification.tools import ROOT, SOURCES
from provision import TOOLS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BY_NAME = {item.name: item for item in SOUP}


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(sbom.bill())
    return told


def component(bill: dict[str, Any], name: str) -> dict[str, Any]:
    (one,) = (one for one in bill["components"] if one["name"] == name)
    told: dict[str, Any] = one
    return told


def needs(bill: dict[str, Any], name: str) -> list[str]:
    (told,) = (one["dependsOn"] for one in bill["dependencies"] if one["ref"].rpartition(":")[2] == name)
    return [ref.rpartition(":")[2] for ref in told]


def names_of(texts: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in texts}


# ---- the table ------------------------------------------------------------------------------------------------------


def test_a_name_stands_once() -> None:
    assert len(BY_NAME) == len(SOUP)


def test_what_runs_in_a_treatment_is_all_that_the_dependencies_pull_in_and_the_platform() -> None:
    distributions = {one.name for one in closure(names_of(PROJECT["dependencies"]))}
    assert distributions == {"cffi", "pycparser", "six", "transitions"}
    run_time = {item.name for item in SOUP if item.used is Used.RUN_TIME}
    assert run_time == distributions | {"CPython", "SQLite", "C library"}


def test_every_distribution_that_is_asked_for_has_a_row_and_no_other_has() -> None:
    extras = PROJECT["optional-dependencies"]
    asked = names_of([text for texts in (PROJECT["dependencies"], *extras.values()) for text in texts])
    rows = {canonicalize_name(item.name) for item in SOUP if item.form is Form.DISTRIBUTION}
    assert rows == asked | {"six"}


def test_every_tool_that_tests_ask_for_has_a_row() -> None:
    assert {tool.command for tool in TOOLS} <= {item.name for item in SOUP if item.form is Form.COMMAND}


def test_every_item_of_this_machine_tells_its_version() -> None:
    here = [one for one in found(SOUP) if one.item.form is not Form.COMMAND]
    assert here
    assert [one.item.name for one in here if not re.search(r"\d+\.\d+", one.version)] == []


@pytest.mark.needs("gcc", "frama-c", "z3")
@pytest.mark.parametrize("name", ["gcc", "frama-c", "z3"])
def test_a_command_is_asked_for_its_version(name: str) -> None:
    assert re.fullmatch(r"\d+(\.\d+)+\S*", version_of(BY_NAME[name]))


@pytest.mark.parametrize("form", [Form.DISTRIBUTION, Form.COMMAND])
def test_what_is_not_there_has_no_version(form: Form) -> None:
    assert version_of(dataclasses.replace(SOUP[0], name="no-such-thing", form=form)) == ""
    assert closure(["no-such-thing"]) == ()


def test_the_licence_of_a_row_is_what_the_distribution_tells() -> None:
    told = {one.name: one.license for one in closure(names_of(PROJECT["dependencies"]))}
    assert {name: BY_NAME[name].license for name in told} == told
    exact = {one.name: one.license for one in closure([item.name for item in SOUP if item.form is Form.DISTRIBUTION])}
    rows: dict[str, str] = {canonicalize_name(item.name): item.license for item in SOUP}
    wrong = {name: told for name, told in exact.items() if name in rows and "-" in told and rows[name] not in told}
    assert wrong == {}


@pytest.mark.parametrize("item", SOUP, ids=lambda item: item.name)
def test_each_row_says_what_follows_when_it_fails_and_what_stands_against_that(item: Item) -> None:
    for text in (item.fails, item.answer):
        assert text[0].isupper()
        assert text.endswith(".")
    for name in re.findall(r"tests/\w+\.py", item.answer):
        assert (ROOT / name).is_file()


@pytest.mark.parametrize("field", ["name", "maker", "license", "purpose", "needs", "fails", "answer"])
def test_a_row_with_an_empty_text_is_not_built(field: str) -> None:
    blank: dict[str, Any] = {field: " "}
    with pytest.raises(ValueError, match=f"{field} is empty"):
        dataclasses.replace(SOUP[0], **blank)


# ---- the bill of materials ------------------------------------------------------------------------------------------


def test_it_is_valid_cyclonedx_1_6_and_a_broken_one_is_not() -> None:
    text = sbom.bill()
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"specVersion"', '"version of the form"')) is not None


def test_the_same_text_gives_the_same_bytes_and_another_one_another_serial_number(bill: dict[str, Any]) -> None:
    assert json.loads(sbom.bill()) == bill
    assert sbom.bill() == sbom.bill()
    assert "timestamp" not in bill["metadata"]
    fewer = json.loads(sbom.bill(items=SOUP[1:]))
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    assert fewer["serialNumber"] != bill["serialNumber"]


def test_the_c_core_depends_on_nothing_and_each_file_of_it_has_its_hash(bill: dict[str, Any]) -> None:
    assert needs(bill, "iontocore-c-core") == []
    files = component(bill, "iontocore-c-core")["components"]
    assert [one["name"] for one in files] == sorted(path.as_posix() for path in SOURCES)
    assert all(re.fullmatch("[0-9a-f]{64}", one["hashes"][0]["content"]) for one in files)


def test_the_supervisor_depends_on_two_distributions_the_platform_and_the_core(bill: dict[str, Any]) -> None:
    direct = ["C library", "CPython", "SQLite", "cffi", "iontocore-c-core", "transitions"]
    assert sorted(needs(bill, "iontocore")) == direct
    assert needs(bill, "cffi") == ["pycparser"]
    assert needs(bill, "transitions") == ["six"]


def test_what_a_treatment_rests_on_is_told_apart_from_what_draws_builds_or_makes_evidence(bill: dict[str, Any]) -> None:
    scopes = {one["name"]: one["scope"] for one in bill["components"]}
    required = {name for name, scope in scopes.items() if scope == "required"}
    assert required == {item.name for item in SOUP if item.used is Used.RUN_TIME} | {"iontocore-c-core"}
    assert scopes["matplotlib"] == scopes["pillow"] == "optional"
    assert scopes["frama-c"] == scopes["strictdoc"] == scopes["gcc"] == "excluded"


def test_each_component_has_version_and_licence_and_the_rows_their_purpose(bill: dict[str, Any]) -> None:
    distributions = [one for one in bill["components"] if "purl" in one]
    assert len(distributions) > 50
    assert [one["name"] for one in distributions if not one.get("version")] == []
    assert component(bill, "transitions")["description"] == BY_NAME["transitions"].purpose
    assert component(bill, "transitions")["licenses"] == [{"license": {"id": "MIT"}}]
    told = {one["name"]: one["value"] for one in component(bill, "cffi")["properties"]}
    assert told["iontocore:fails"] == BY_NAME["cffi"].fails


def test_the_command_writes_it_and_tells_what_is_used_for_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sbom.main(["--out", str(tmp_path / "new")]) == 0
    assert (tmp_path / "new" / "sbom.cdx.json").read_text(encoding="utf-8") == sbom.bill()
    out = capsys.readouterr().out
    assert re.search(r"^at run time: cffi [\d.]+, pycparser [\d.]+, six [\d.]+, transitions [\d.]+, C lib", out)
    assert "\nthe C core: no dependency\n" in out
    assert sbom.main(["--nothing"]) == 2
