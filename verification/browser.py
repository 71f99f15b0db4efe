"""The auditor's browser: hazards, invariants, controls, clauses, tests and source lines, linked, as pages and as ReqIF.

StrictDoc makes both from the texts of ``browser_texts``. Nothing is fetched from a network, neither here nor by the
pages. What StrictDoc draws by chance or takes from the clock (ids that only machines read, times, the folder in which
it worked) is replaced, so that two exports of one text are the same bytes.

    python -m iontocore.verification.browser [--out FOLDER]    writes FOLDER/html, FOLDER/iontocore.reqif, FOLDER/sdoc
"""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from iontocore.verification import browser_plugin
from iontocore.verification.browser_texts import Document, documents, sdoc
from iontocore.verification.command import Parser, answered
from iontocore.verification.suite import Checked, collected
from iontocore.verification.tools import ROOT, run

_TIMEOUT_S: Final = 600.0
_NAME: Final = "iontocore"

_CONFIG: Final = """\
from strictdoc.core.project_config import ProjectConfig


def create_config() -> ProjectConfig:
    return ProjectConfig(
        project_title={title!r},
        project_features=[
            "DEEP_TRACEABILITY_SCREEN",
            "TRACEABILITY_MATRIX_SCREEN",
            "REQUIREMENT_TO_SOURCE_TRACEABILITY",
            "REQIF",
            "SEARCH",
        ],
        dir_for_sdoc_cache={cache!r},
        source_root_path={root!r},
        include_source_paths={sources!r},
    )
"""


_LINK: Final = re.compile(r'href="(?P<file>[^"#:?]+)')


class NotExportedError(Exception):
    """StrictDoc made no browser; the message says why."""


class Browser(NamedTuple):
    """What was written. page: the one to begin with. texts: the .sdoc files. nodes: how many, by document."""

    page: Path
    reqif: Path
    texts: tuple[Path, ...]
    nodes: Mapping[str, int]


def export(folder: Path, tests: Sequence[Checked], root: Path = ROOT) -> Browser:
    """Make the browser of the project at `root` in ``folder``; what a former export left there is replaced.

    tests: those of the suite (``suite.run_suite``), or `collected_tests`. NotExportedError: StrictDoc did not make it.
    """
    return export_documents(folder, documents(tests, root), root)


def export_documents(folder: Path, made: Sequence[Document], root: Path = ROOT) -> Browser:
    """The same of documents that are given."""
    with tempfile.TemporaryDirectory() as work:
        given, out = Path(work) / _NAME, Path(work) / "out"
        given.mkdir()
        texts = {f"{one.name}.sdoc": sdoc(one) for one in made}
        for name, text in texts.items():
            (given / name).write_text(text, encoding="utf-8")
        sources = sorted(
            {f"/{lines.file}" for one in made for _, nodes in one.sections for node in nodes for lines in node.lines}
        )
        config = _CONFIG.format(title=_NAME, cache=f"{work}/cache", root=str(root), sources=sources)
        (given / "strictdoc_config.py").write_text(config, encoding="utf-8")
        _strictdoc(given, out)
        (given / "strictdoc_config.py").unlink()
        _mend_links(out / "html")
        _make_repeatable(out, {str(root): _NAME, work: ""}, sha256("".join(texts.values()).encode()).hexdigest())
        folder.mkdir(parents=True, exist_ok=True)
        for name, made_folder in (("html", out / "html"), ("sdoc", given)):
            shutil.rmtree(folder / name, ignore_errors=True)
            shutil.copytree(made_folder, folder / name)
        shutil.copyfile(out / "reqif" / "output.reqif", folder / f"{_NAME}.reqif")
    return Browser(
        folder / "html" / "index.html",
        folder / f"{_NAME}.reqif",
        tuple(folder / "sdoc" / name for name in texts),
        {one.name: sum(len(nodes) for _, nodes in one.sections) for one in made},
    )


def _strictdoc(given: Path, out: Path) -> None:
    command = (
        *(sys.executable, "-m", "strictdoc.cli.main", "export", str(given), "--output-dir", str(out)),
        *("--formats", "html,reqif-sdoc", "--reqif-enable-mid", "--no-parallelization"),
    )
    answer = run(command, cwd=given, timeout_s=_TIMEOUT_S, env={"PYTHONHASHSEED": "0"})
    if answer.status != 0 or not (out / "html" / "index.html").exists() or not (out / "reqif").exists():
        said = (answer.out + answer.err).strip().splitlines() or ["nothing"]
        raise NotExportedError(f"StrictDoc ended with status {answer.status}, saying: {' '.join(said[-6:])}")


def _mend_links(html: Path) -> None:
    """Pages of sources stand in folders below ``_source_files``, as the sources do. StrictDoc 0.30 writes some of their
    links as if they stood at the top, or one folder below it: those that lead nowhere are led from the top."""
    for path in sorted((html / "_source_files").rglob("*.html")):
        up = "../" * (len(path.relative_to(html).parts) - 1)

        def mended(link: re.Match[str], page: Path = path, up: str = up) -> str:
            from_top = link["file"].removeprefix("../")
            lost = not (page.parent / link["file"]).exists() and (html / from_top).exists()
            return f'href="{up}{from_top}' if lost else link[0]

        path.write_text(_LINK.sub(mended, path.read_text(encoding="utf-8")), encoding="utf-8")


# ---- the same bytes each time ----------------------------------------------------------------------------------------

_META: Final = re.compile(r'(<meta name="strictdoc-(?P<what>project-hash|search-index-timestamp)" content=")[^"]*')
_DRAWN: Final = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"
)
_TIME: Final = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_FOLDER_SHOWN: Final = re.compile(
    r'(<span class="dashboard-path-external-full">)[^<]*(</span><span class="dashboard-path-internal">)[^<]*'
)
"""The dashboard shows a folder in two halves. (The page of coverage shows its last name alone, behind a picture.)"""
_TREE: Final = "source_coverage.html"
"""The page of all folders, which has empty lines for those that lie about beside the sources, as ``build`` does."""
_EMPTY_LINES: Final = re.compile(r"\n(?:[ \t]*\n)+")
_NO_TIME: Final = "1970-01-01T00:00:00Z"
"""ReqIF asks for times. This one says that there is none: what a text says does not hang on when it was exported."""


def _make_repeatable(out: Path, folders: Mapping[str, str], digest: str) -> None:
    """Replace what differs between two exports of one text: folders by their names; in pages, what tells the browser
    that its index of the search is old, by what is made from the text; in the ReqIF, ids that were drawn and times."""
    made = {"project-hash": digest[:32], "search-index-timestamp": str(int(digest[:8], 16))}
    for path in sorted((out / "html").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        text = _FOLDER_SHOWN.sub(rf"\g<1>\g<2>/{_NAME}", text)
        for folder, name in folders.items():
            text = text.replace(folder, name).replace(f"</svg>{Path(folder).name}/", f"</svg>{name}/")
        if path.name == _TREE:
            text = _EMPTY_LINES.sub("\n", text)
        path.write_text(_META.sub(lambda match: match[1] + made[match["what"]], text), encoding="utf-8")
    reqif = out / "reqif" / "output.reqif"
    reqif.write_text(_repeatable(reqif.read_text(encoding="utf-8")), encoding="utf-8")


def _repeatable(reqif: str) -> str:
    numbers: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        drawn = match[0]
        return numbers.setdefault(drawn, f"{len(numbers) + 1:0{len(drawn)}d}")

    return _TIME.sub(_NO_TIME, _DRAWN.sub(numbered, reqif))


# ---- the command ----------------------------------------------------------------------------------------------------


def collected_tests(root: Path = ROOT) -> tuple[Checked, ...]:
    """The tests of the project, without running them. NotExportedError: pytest could not collect them."""
    with tempfile.TemporaryDirectory() as work:
        record = Path(work) / "collected.jsonl"
        command = (
            *(sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"),
            *("-p", "iontocore.verification.browser_plugin"),
        )
        answer = run(command, cwd=root, timeout_s=_TIMEOUT_S, env={browser_plugin.WHERE: str(record)})
        if answer.status != 0:
            raise NotExportedError(f"pytest collected no tests: {answer.out.strip().splitlines()[-1:]}")
        return tuple(collected(json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return answered(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = Parser("browser", "Makes the auditor's browser with StrictDoc, and the same as ReqIF.")
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=ROOT / "build" / "browser", help="build/browser/")
    folder = parser.parse_args(arguments).out
    try:
        made = export(folder, collected_tests())
    except NotExportedError as error:
        print(error, file=sys.stderr)
        return 1
    print(", ".join(f"{number} {name[2:]}" for name, number in made.nodes.items()))
    print(f"{made.page}\n{made.reqif}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
