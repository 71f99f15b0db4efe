"""The auditor's browser: every row, clause and test is in it, links lead somewhere, and each export is the same."""

import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from iontocore.safety.controls import CONTROLS
from iontocore.safety.hazards import HAZARDS
from iontocore.safety.invariants import INVARIANTS
from iontocore.verification import acsl, browser
from iontocore.verification.browser import Browser, NotExportedError, collected_tests, export_documents
from iontocore.verification.browser_texts import Document, Node, clauses, documents, sdoc
from iontocore.verification.suite import Checked
from iontocore.verification.tools import ROOT, SOURCES

LET_THROUGH = "test_a_proposal_is_let_through_exactly_when_it_keeps_every_invariant_of_the_current"
TESTS = (
    Checked("tests/test_guard.py", LET_THROUGH, 1, ("SI-01", "SI-03"), 4, (), ()),
    Checked("tests/test_session_hostile.py", "TestHostileSession::runTest", 1, ("SI-05",), 1, (), ()),
    Checked("tests/test_words.py", "test_without_an_invariant", 1, (), 1, (), ()),
)


def nodes_of(document: Document) -> list[Node]:
    return [node for _, nodes in document.sections for node in nodes]


@pytest.fixture(scope="module")
def made() -> dict[str, Document]:
    return {document.name[2:]: document for document in documents(TESTS)}


@pytest.fixture(scope="module")
def every_node(made: dict[str, Document]) -> list[Node]:
    return [node for document in made.values() for node in nodes_of(document)]


# ---- the texts ------------------------------------------------------------------------------------------------------


def test_every_row_of_the_tables_is_a_node(made: dict[str, Document]) -> None:
    assert [node.uid for node in nodes_of(made["hazards"])] == [row.id for row in HAZARDS]
    assert [node.uid for node in nodes_of(made["invariants"])] == [row.id for row in INVARIANTS]
    assert [node.uid for node in nodes_of(made["controls"])] == [row.id for row in CONTROLS]
    remains = [node.fields["REMAINS"] for node in nodes_of(made["hazards"])]
    assert remains == [row.remains for row in HAZARDS]


def test_a_node_points_up_at_what_its_row_names(made: dict[str, Document]) -> None:
    assert [node.parents for node in nodes_of(made["invariants"])] == [row.hazards for row in INVARIANTS]
    assert [node.parents for node in nodes_of(made["controls"])] == [row.hazards for row in CONTROLS]
    assert {node.parents for node in nodes_of(made["hazards"])} == {()}


def test_every_clause_whose_label_names_an_invariant_is_a_node(made: dict[str, Document]) -> None:
    labels = {
        f"{path.name}:{one.name}:{clause.label}"
        for path in SOURCES
        for one in acsl.functions(path, (ROOT / path).read_text("utf-8"))
        for clause in one.clauses
        if clause.keyword == "ensures" and acsl.invariant_of(clause.label)
    }
    assert len(labels) > 500
    assert {node.uid for node in nodes_of(made["clauses"])} == labels


def test_a_clause_leads_to_its_own_lines_and_to_its_function(made: dict[str, Document]) -> None:
    for node in nodes_of(made["clauses"]):
        _, function, label = node.uid.split(":")
        own, body = node.lines
        text = (ROOT / own.file).read_text("utf-8").splitlines()[own.first - 1 : own.last]
        assert f"ensures {label}:" in text[0]
        assert ";" in text[-1]
        defined = "\n".join((ROOT / body.file).read_text("utf-8").splitlines()[body.first - 1 : body.last])
        assert re.match(rf"(/\*.*|\w[\w ]*)\b{function}\(.*\}}(\s*\*/)?$", defined, re.DOTALL)
        assert node.parents == (acsl.invariant_of(label),)


def test_a_clause_of_a_ghost_function_and_one_that_stands_twice_are_found_once(tmp_path: Path) -> None:
    (tmp_path / "ccore/include").mkdir(parents=True)
    (tmp_path / "ccore/src").mkdir()
    for path in SOURCES:
        (tmp_path / path).write_text("\n")
    guard = "/*@ ensures si01_a: \\true; ensures si01_a: \\true; ensures other: \\true; */\nint f(void) { return 0; }\n"
    guard += "/*@ ghost\n/@ ensures si02_b: \\true; @/\nvoid g(void) { }\n*/\n"
    (tmp_path / "ccore/src/guard.c").write_text(guard)
    found = {node.uid: node for node in clauses(Path("ccore/src/guard.c"), tmp_path)}
    assert list(found) == ["guard.c:f:si01_a", "guard.c:g:si02_b"]
    assert [(lines.first, lines.last) for lines in found["guard.c:f:si01_a"].lines] == [(1, 1), (1, 2)]
    assert found["guard.c:g:si02_b"].lines[0].first == 4


def test_a_test_that_names_an_invariant_is_a_node_with_the_lines_of_its_function(made: dict[str, Document]) -> None:
    guard, session = nodes_of(made["tests"])
    assert (guard.uid, guard.parents) == (f"tests/test_guard.py:{LET_THROUGH}", ("SI-01", "SI-03"))
    for node, first in ((guard, "@pytest.mark.invariant("), (session, "TestHostileSession = ")):
        (lines,) = node.lines
        assert (ROOT / lines.file).read_text("utf-8").splitlines()[lines.first - 1].startswith(first)


def test_a_test_that_is_not_in_its_file_is_no_node() -> None:
    with pytest.raises(LookupError, match="has no function test_nothing"):
        documents([Checked("tests/test_guard.py", "test_nothing", 1, ("SI-01",), 1, (), ())])


def test_ids_are_given_once_and_every_id_that_is_pointed_at_is_there(every_node: list[Node]) -> None:
    uids = [node.uid for node in every_node]
    assert len(set(uids)) == len(uids)
    assert {parent for node in every_node for parent in node.parents} <= set(uids)


def test_every_line_that_is_led_to_is_there(every_node: list[Node]) -> None:
    lengths = {lines.file: 0 for node in every_node for lines in node.lines}
    for file in lengths:
        lengths[file] = len((ROOT / file).read_text("utf-8").splitlines())
    assert all(1 <= lines.first <= lines.last <= lengths[lines.file] for node in every_node for lines in node.lines)


def test_a_row_leads_to_the_lines_that_make_it(made: dict[str, Document]) -> None:
    for node in (*nodes_of(made["hazards"]), *nodes_of(made["controls"])):
        (lines,) = node.lines
        text = (ROOT / lines.file).read_text("utf-8").splitlines()[lines.first - 1 : lines.last]
        assert text[0].strip() in ("Hazard(", "Control(")
        assert f'"{node.uid}",' in text[1]
        assert text[-1] == "    ),"


def test_the_sources_say_nothing_to_the_tool() -> None:
    assert [path for path in SOURCES if "@relation" in (ROOT / path).read_text("utf-8")] == []


# ---- the pages ------------------------------------------------------------------------------------------------------


def some(made: dict[str, Document]) -> list[Document]:
    """Hazards, invariants and two tests: all clauses take longer than a test may."""
    return [made[name] for name in ("hazards", "invariants", "tests")]


@pytest.fixture(scope="module")
def folder(made: dict[str, Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "html").mkdir()
    (folder / "html" / "left.html").touch()
    written = export_documents(folder, some(made))
    assert written.page == folder / "html" / "index.html"
    assert written.nodes == {"1-hazards": len(HAZARDS), "2-invariants": len(INVARIANTS), "5-tests": 2}
    assert [path.read_text("utf-8") for path in written.texts] == [sdoc(one) for one in some(made)]
    return folder


def pages(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted((folder / "html").rglob("*.html")):
        yield path, path.read_text("utf-8")


def test_there_is_a_page_for_each_document_and_each_source_and_none_of_a_former_export(folder: Path) -> None:
    names = {path.relative_to(folder / "html").as_posix() for path, _ in pages(folder)}
    assert names >= {"index.html", "traceability_matrix.html", "iontocore/1-hazards.html", "iontocore/5-tests.html"}
    assert names >= {f"_source_files/{file}.html" for file in ("safety/hazards.py", "tests/test_guard.py")}
    assert "left.html" not in names


def test_every_link_of_every_page_leads_to_a_file_that_is_there(folder: Path) -> None:
    lost = set()
    for path, text in pages(folder):
        for link in re.findall(r'(?:href|src)="([^"#:]+)[^":]*"', text):
            if not (path.parent / unquote(link.partition("?")[0])).exists():
                lost.add((path.name, link))
    assert lost == set()


def test_from_a_hazard_links_lead_to_an_invariant_and_from_there_to_a_test_and_its_lines(folder: Path) -> None:
    hazards = (folder / "html/iontocore/1-hazards.html").read_text("utf-8")
    assert re.search(r'href="[^"]*2-invariants\.html#[^"]+"[^>]*>\s*<[^>]*>\s*SI-01\b', hazards) or (
        "2-invariants.html#" in hazards and "SI-01" in hazards
    )
    invariants = (folder / "html/iontocore/2-invariants.html").read_text("utf-8")
    assert "5-tests.html#" in invariants
    tests = (folder / "html/iontocore/5-tests.html").read_text("utf-8")
    assert "_source_files/tests/test_guard.py.html#" in tests


def test_no_page_fetches_anything_from_a_network(folder: Path) -> None:
    fetches = re.compile(
        r"""(?:<script[^>]*\ssrc=|<link[^>]*\shref=|<img[^>]*\ssrc=|url\(|@import )["']?(?:https?:)?//"""
    )
    styles = [(path, re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"))) for path in (folder / "html").rglob("*.css")]
    assert styles
    assert [path.name for path, text in (*pages(folder), *styles) if fetches.search(text)] == []


def test_no_page_tells_the_folder_or_the_time_of_its_making(folder: Path) -> None:
    for path, text in pages(folder):
        for seen in (text, re.sub(r"<[^>]*>", "", text)):  # a name may be cut in two by tags
            assert str(ROOT) not in seen, path
            assert "/tmp/" not in seen, path


def test_two_exports_of_one_text_are_the_same_bytes_wherever_it_stands(
    folder: Path, made: dict[str, Document], tmp_path: Path
) -> None:
    elsewhere, again = tmp_path / "elsewhere", tmp_path / "again"
    made_or_links = shutil.ignore_patterns("build", "__pycache__", "*.so", "ccore", "safety", "verification")
    for layer in ("ccore", "core", "docs", "safety", "tests", "verification"):
        shutil.copytree(ROOT / layer, elsewhere / layer, ignore=made_or_links)
    export_documents(again, some(made), elsewhere)
    first, second = (
        {path.relative_to(top): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}
        for top in (folder, again)
    )
    assert first == second


def test_the_reqif_has_every_node_and_every_relation_of_them(folder: Path, made: dict[str, Document]) -> None:
    space = "{http://www.omg.org/spec/ReqIF/20110401/reqif.xsd}"
    tree = ET.fromstring((folder / "iontocore.reqif").read_text("utf-8"))
    values = {value.get("THE-VALUE") for value in tree.iter(f"{space}ATTRIBUTE-VALUE-STRING")}
    nodes = [node for document in some(made) for node in nodes_of(document)]
    assert {node.uid for node in nodes} <= values
    assert len(list(tree.iter(f"{space}SPEC-RELATION"))) == sum(len(node.parents) for node in nodes)
    assert {time.text for time in tree.iter(f"{space}CREATION-TIME")} == {"1970-01-01T00:00:00Z"}


def test_a_node_that_points_at_nothing_is_no_browser(made: dict[str, Document], tmp_path: Path) -> None:
    lost = nodes_of(made["tests"])[0]._replace(parents=("SI-99",))
    with pytest.raises(NotExportedError, match=r"SI-99"):
        export_documents(tmp_path, [made["tests"]._replace(sections=(("", (lost,)),))])
    assert list(tmp_path.iterdir()) == []


# ---- the command ----------------------------------------------------------------------------------------------------


def project(folder: Path, text: str) -> Path:
    (folder / "tests").mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = invariant\n")
    (folder / "tests" / "test_a.py").write_text(f"import pytest\n\n\n{text}")
    return folder


def test_tests_are_collected_with_what_their_markers_and_those_of_their_cases_name(tmp_path: Path) -> None:
    cases = '"x", [pytest.param(1, marks=pytest.mark.invariant("SI-02")), 2]'
    text = f"@pytest.mark.invariant('SI-01')\n@pytest.mark.parametrize({cases})\ndef test_it(x):\n    assert False\n"
    assert collected_tests(project(tmp_path, text)) == (
        Checked("tests/test_a.py", "test_it", 4, ("SI-01", "SI-02"), 2, (), ()),
    )


def test_tests_that_cannot_be_collected_are_no_browser(tmp_path: Path) -> None:
    with pytest.raises(NotExportedError, match="pytest collected no tests"):
        collected_tests(project(tmp_path, "import no_such_module\n"))


def test_the_command_tells_what_it_made_and_fails_with_the_tool(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "collected_tests", lambda: TESTS)
    monkeypatch.setattr(browser, "export", lambda folder, _: Browser(folder / "a", folder / "b", (), {"1-hazards": 18}))
    assert browser.main(["--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"18 hazards\n{tmp_path / 'a'}\n{tmp_path / 'b'}\n"

    def fails(folder: Path, _: object) -> Browser:
        raise NotExportedError("StrictDoc ended with status 1")

    monkeypatch.setattr(browser, "export", fails)
    assert browser.main([]) == 1
    assert capsys.readouterr().err == "StrictDoc ended with status 1\n"
    assert browser.main(["--nothing"]) == 2
