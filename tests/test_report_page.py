"""The report's pages: everything that the evidence has is there, every link leads somewhere, and nothing is loaded."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from html_tree import Node, by_id, parsed
from sample_report import FAULT, TEXTS, sample, tree

from iontocore.safety.hazards import HAZARDS
from iontocore.safety.refusal import Refusal
from iontocore.verification.evidence import Finding, Place, Report, Standing, Status, Verdict
from iontocore.verification.report_page import PARTS, extremes, page
from iontocore.verification.report_trace import HARMS

HOSTILE = "<script>alert(1)</script> & \"quoted\" 'so' `code <b>` </pre></style><!--"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def report(root: Path) -> Report:
    return sample(root)


@pytest.fixture(scope="module")
def html(report: Report, root: Path) -> str:
    return page(report, root)


@pytest.fixture(scope="module")
def shown(html: str) -> Node:
    return parsed(html)


def verdict_of(report: Report, root: Path) -> str:
    """What the banner of the first page says."""
    (banner,) = (
        node for node in parsed(page(report, root)).all("div") if node.attributes.get("class", "").startswith("banner")
    )
    return banner.words()


def part(shown: Node, anchor: str) -> Node:
    return by_id(shown)[anchor]


# ---- all of it is there ----------------------------------------------------------------------------------------------


def test_every_row_of_the_evidence_is_in_the_page(report: Report, shown: Node) -> None:
    anchors = by_id(shown)
    ids = [row.id for row in report.invariants] + [row.id for row in report.hazards]
    ids += [row.id for row in report.faults] + [row.id for row in report.assumptions]
    ids += [f"not-shown-{row.id}" for row in report.verdict.not_shown]
    assert [name for name in ids if name not in anchors] == []
    words = {name: part(shown, name).words() for name in ("register", "hazards", "invariants")}
    for one in report.evidence:
        assert one.command in words["register"]
        assert one.says in words["register"]
    for hazard in report.hazards:
        told = (
            hazard.hazard,
            hazard.sequence,
            hazard.situation,
            hazard.harm,
            hazard.note,
            hazard.severity_name,
            hazard.remains,
        )
        assert all(text in words["hazards"] for text in told)
    for invariant in report.invariants:
        assert invariant.sentence in words["invariants"]
        assert invariant.clause in words["invariants"]


def test_the_tables_of_their_own_are_in_the_page(report: Report, shown: Node) -> None:
    assert report.model
    assert report.coverage
    assert report.characteristics
    told = {
        "model": [report.model.properties[0].formula, report.model.seeds[0].says],
        "coverage": [report.coverage.uncovered[0].reason, report.coverage.files[0].file],
        "mutants": [report.mutants.survivors[0].change, report.mutants.survivors[0].reason],
        "characteristics": [report.characteristics.figures[0].name, report.characteristics.pictures[0].title],
        "soup": [report.soup[0].name, report.soup[0].fails],
        "checklists": ["Event sequence.", "Leakage.", "docs/gone.md", "make model", "INTEGRATOR", "IN PART"],
        "faults": [FAULT.sentence, "2.93", "mismatch"],
        "assumptions": [row.otherwise for row in report.assumptions],
        "examined": [*report.examined.texts, *report.examined.texts.values(), report.examined.groups[0].fingerprint],
        "commands": ["make proof", "make prove", "make verify"],
    }
    for anchor, texts in told.items():
        words = part(shown, anchor).words()
        assert [text for text in texts if text not in words] == [], anchor


def test_a_table_that_was_not_made_is_said_to_be_missing(report: Report, root: Path) -> None:
    without = replace(report, faults=(), model=None, coverage=None, characteristics=None, soup=(), checklists=())
    shown = parsed(page(without, root))
    for anchor in ("faults", "model", "coverage", "characteristics", "soup", "checklists"):
        assert "NOT SHOWN" in part(shown, anchor).words(), anchor


def test_the_first_page_says_what_was_examined_and_what_is_taken_for_granted(report: Report, shown: Node) -> None:
    words = part(shown, "summary").words()
    examined = report.examined
    for text in (examined.commit, *examined.tools.values(), report.run.date, report.run.machine):
        assert text in words
    assert all(examined.texts[path] in words for path in TEXTS if path.startswith("ccore/src"))
    assert all(row.assumes.replace("`", "") in words for row in report.assumptions)
    assert all(row.what in words and row.whose in words for row in report.verdict.not_shown)


def test_a_text_that_differs_from_its_commit_is_told_on_the_first_page(report: Report, root: Path) -> None:
    changed = replace(report, examined=replace(report.examined, clean=False))
    assert "texts that differ" in part(parsed(page(changed, root)), "summary").words()


def test_every_invariant_names_the_evidence_that_it_does_not_have(shown: Node) -> None:
    assert part(shown, "SI-24").words().count("none points at this invariant") == 3  # no proof, no fault, no model


# ---- the verdict -----------------------------------------------------------------------------------------------------


def test_the_verdict_of_a_report_in_which_all_holds(report: Report, root: Path) -> None:
    assert verdict_of(report, root).startswith("✓ HOLDS All 3 invariants hold")


def test_a_finding_is_the_verdict_and_is_told_on_the_first_page(report: Report, root: Path) -> None:
    finding = Finding("SI-24", "neither a proof nor a test shows it")
    gap = replace(report, verdict=Verdict(False, (finding,), ()))
    assert verdict_of(gap, root).startswith("✕ FAILS")
    assert finding.what in part(parsed(page(gap, root)), "summary").words()


def with_evidence(report: Report, status: Status) -> Report:
    worse = replace(report.evidence[0], status=status, detail=("what the tool said",))
    finding = Finding(worse.id, "it does not hold")
    return replace(report, evidence=(worse, *report.evidence[1:]), verdict=Verdict(False, (finding,), ()))


@pytest.mark.parametrize(
    ("status", "word"),
    [(Status.FAILS, "✕ FAILS"), (Status.SUSPECT, "▲ SUSPECT"), (Status.NOT_RUN, "○ NOT SHOWN")],
)
def test_evidence_that_does_not_hold_turns_the_verdict(report: Report, root: Path, status: Status, word: str) -> None:
    worse = with_evidence(report, status)
    assert verdict_of(worse, root).startswith(word)
    register = part(parsed(page(worse, root)), "register").words()
    assert "what the tool said" in register


@pytest.mark.parametrize(
    ("status", "word"), [(Status.FAILS, "FAILS"), (Status.SUSPECT, "SUSPECT"), (Status.NOT_RUN, "NOT RUN")]
)
def test_a_finding_has_the_word_of_the_evidence_that_it_is_about(
    report: Report, root: Path, status: Status, word: str
) -> None:
    worse = with_evidence(report, status)
    of_its_kind = Finding(worse.evidence[0].kind.value, "of another text")
    worse = replace(worse, verdict=Verdict(False, (*worse.verdict.findings, of_its_kind, Finding("setup.py", "?")), ()))
    told = [
        node.words()
        for node in part(parsed(page(worse, root)), "summary").all("li")
        if "▲" in node.words() or "✕" in node.words() or "○" in node.words()
    ]
    assert [line.split(" ", 1)[1].startswith(word) for line in told] == [True, True, word == "FAILS"]


def broken_invariant(report: Report) -> Report:
    return replace(report, invariants=(replace(report.invariants[0], status=Standing.BROKEN), *report.invariants[1:]))


def stale_hazard(report: Report) -> Report:
    return replace(report, hazards=(replace(report.hazards[0], status=Standing.SUSPECT), *report.hazards[1:]))


def broken_fault(report: Report) -> Report:
    return replace(report, faults=(replace(FAULT, verdict="broken", hazardous=1),))


def missed_seed(report: Report) -> Report:
    assert report.model
    return replace(report, model=replace(report.model, seeds=(replace(report.model.seeds[0], found=False),)))


def property_breached(report: Report) -> Report:
    assert report.model
    breached = replace(report.model.properties[0], status=Status.FAILS)
    return replace(report, model=replace(report.model, properties=(breached,)))


def figure_beyond_its_bound(report: Report) -> Report:
    assert report.characteristics
    beyond = replace(report.characteristics.figures[0], status=Status.FAILS)
    return replace(report, characteristics=replace(report.characteristics, figures=(beyond,)))


@pytest.mark.parametrize(
    "worsened",
    [broken_invariant, stale_hazard, broken_fault, missed_seed, property_breached, figure_beyond_its_bound],
)
def test_a_record_that_contradicts_itself_is_not_believed(
    report: Report, root: Path, worsened: Callable[[Report], Report]
) -> None:
    contradicts = worsened(report)
    assert contradicts.verdict.holds
    assert "HOLDS" not in verdict_of(contradicts, root)
    assert "though the record says that all holds" in part(parsed(page(contradicts, root)), "summary").words()


def test_no_verdict_is_told_by_colour_alone(shown: Node) -> None:
    styled = [node for node in shown.all() if "verdict" in node.attributes.get("class", "").split()]
    assert styled
    assert all(re.search(r"[✓✕▲○◇◐] [A-Z ]+$", node.words()) for node in styled)
    signs = [node for node in shown.all("span") if "sign" in node.attributes.get("class", "").split()]
    assert signs
    assert all(node.words() in "✓✕▲○◇◐" for node in signs)


# ---- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("printed", [False, True])
def test_every_link_leads_to_a_place_in_the_page(report: Report, root: Path, printed: bool) -> None:
    shown = parsed(page(report, root, printed=printed))
    anchors = by_id(shown)
    links = [node.attributes["href"] for node in shown.all("a")]
    assert links
    assert [link for link in links if not (link.startswith("#") and link[1:] in anchors)] == []


def test_the_page_loads_nothing_and_runs_nothing(html: str, shown: Node) -> None:
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & {node.tag for node in shown.all()}
    for node in shown.all():
        for name, value in node.attributes.items():
            assert not name.startswith("on"), node
            if name in ("src", "href", "poster", "action", "data", "srcset", "xlink:href"):
                assert value.startswith(("#", "data:image/svg+xml;base64,")), node
    (style,) = shown.all("style")
    assert not re.search(r"url\(|@import|//", style.words())


def test_three_clicks_lead_from_skin_burn_to_the_proof_the_test_the_fault_runs_and_the_source(shown: Node) -> None:
    anchors = by_id(shown)
    (first,) = (node for node in part(shown, "summary").all("a") if node.words().startswith("skin burn"))
    harm = anchors[first.attributes["href"][1:]]
    invariant = next(anchors[link] for link in harm.links() if link.startswith("SI-"))
    reached = [anchors[link] for link in invariant.links()]
    lines = [node.words() for node in reached if "line" in node.attributes.get("class", "").split()]
    assert any("ensures si01_limit" in line for line in lines)
    assert any("def test_a_limit_is_kept" in line for line in lines)
    assert any("def _si01" in line for line in lines)
    (fault,) = (node for node in reached if node.attributes["id"] == "SF-01")
    assert fault.tag == "tr"
    assert "42" in fault.words()
    assert "HELD" in fault.words()


def test_a_line_of_the_text_leads_back_to_the_invariants_that_it_speaks_of(shown: Node) -> None:
    line = by_id(shown)["tests-test_guard.py-5"]
    assert line.links() == ["SI-01", "SI-03", "SI-24"]


def test_every_hazard_has_a_harm_by_which_it_is_found() -> None:
    lost = [row.id for row in HAZARDS if not any(re.search(harm.words, row.harm, re.I) for harm in HARMS)]
    assert lost == []
    assert all(any(re.search(harm.words, row.harm, re.I) for row in HAZARDS) for harm in HARMS)


def test_a_hazard_whose_harm_has_no_name_here_is_found_as_another_harm(report: Report, root: Path) -> None:
    odd = replace(report, hazards=(replace(report.hazards[0], harm="Something else."), *report.hazards[1:]))
    assert by_id(parsed(page(odd, root)))["harm-other-harm"].links()[0] == "H-01"


def test_an_id_that_no_table_has_is_no_link(report: Report, root: Path) -> None:
    odd = replace(report, invariants=(replace(report.invariants[0], hazards=("H-99",)), *report.invariants[1:]))
    shown = parsed(page(odd, root))
    assert "H-99" in part(shown, "SI-01").words()
    assert "H-99" not in part(shown, "SI-01").links()


# ---- hostile and odd records -----------------------------------------------------------------------------------------


def everywhere_hostile(report: Report) -> Report:
    assert report.model
    assert report.coverage
    assert report.characteristics
    evidence = tuple(
        replace(one, subject=HOSTILE, says=HOSTILE, command=HOSTILE, detail=(HOSTILE,), figures={HOSTILE: HOSTILE})
        for one in report.evidence
    )
    characteristics = replace(
        report.characteristics,
        figures=(replace(report.characteristics.figures[0], name=HOSTILE, allowed=HOSTILE, unit=HOSTILE),),
        pictures=(replace(report.characteristics.pictures[0], title=HOSTILE, caption=HOSTILE, svg=HOSTILE),),
    )
    return replace(
        report,
        project=replace(report.project, name=HOSTILE, version=HOSTILE),
        examined=replace(report.examined, commit=HOSTILE, tools={HOSTILE: HOSTILE}),
        verdict=Verdict(False, (Finding(HOSTILE, HOSTILE),), (replace(report.verdict.not_shown[0], what=HOSTILE),)),
        assumptions=(replace(report.assumptions[0], assumes=HOSTILE, otherwise=HOSTILE, whose=HOSTILE),),
        hazards=(replace(report.hazards[0], id=f"H{HOSTILE}", name=HOSTILE, harm=HOSTILE, evidence=(HOSTILE,)),),
        invariants=(replace(report.invariants[0], id=f"SI{HOSTILE}", sentence=HOSTILE, hazards=(HOSTILE,)),),
        evidence=evidence,
        faults=(replace(FAULT, id=f"SF{HOSTILE}", sentence=HOSTILE, tripped={HOSTILE: 1}, outcomes={HOSTILE: 1}),),
        model=replace(report.model, properties=(replace(report.model.properties[0], label=HOSTILE, formula=HOSTILE),)),
        coverage=replace(report.coverage, uncovered=(replace(report.coverage.uncovered[0], decision=HOSTILE),)),
        mutants=replace(report.mutants, survivors=(replace(report.mutants.survivors[0], change=HOSTILE),)),
        characteristics=characteristics,
        soup=(replace(report.soup[0], name=HOSTILE, fails=HOSTILE),),
        checklists=(replace(report.checklists[0], standard=HOSTILE, about=HOSTILE),),
        run=replace(report.run, machine=HOSTILE, date=HOSTILE, seconds={HOSTILE: 1}),
    )  # fmt: skip


@pytest.mark.parametrize("printed", [False, True])
def test_hostile_texts_are_shown_as_they_are_and_do_nothing(report: Report, root: Path, printed: bool) -> None:
    html = page(everywhere_hostile(report), root, printed=printed)
    assert "<script" not in html
    assert "<b>" not in html
    assert "<!--" not in html
    shown = parsed(html)
    for anchor in ("summary", "invariants", "hazards", "faults", "model", "mutants", "soup", "checklists", "examined"):
        assert "<script>alert(1)</script>" in part(shown, anchor).words(), anchor
    links = [node.attributes["href"] for node in shown.all("a")]
    assert set(links) <= {f"#{name}" for name in by_id(shown)}


def test_a_hostile_text_of_a_file_is_shown_as_it_is(report: Report, root: Path, tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "ccore/src/guard.c").write_text(f"{HOSTILE}\n\n\n\n", "utf-8")
    texts = {path: digest for path, digest in report.examined.texts.items() if path != "ccore/src/guard.c"}
    html = page(replace(report, examined=replace(report.examined, texts=texts)), tmp_path)
    assert "<script" not in html
    assert "<script>alert(1)</script>" in by_id(parsed(html))["ccore-src-guard.c-1"].words()


def test_ids_that_give_one_anchor_are_told_apart(report: Report, root: Path) -> None:
    first, second = (replace(report.evidence[0], id=name) for name in ("proof:a b", "proof:a-b"))
    row = replace(report.invariants[0], evidence=(first.id, second.id))
    odd = replace(report, evidence=(first, second), invariants=(row,))
    assert {"evidence-proof-a-b", "evidence-proof-a-b.2"} <= by_id(parsed(page(odd, root))).keys()


def test_a_fault_that_is_not_shown_has_a_place_as_either(report: Report, root: Path) -> None:
    unanswered = replace(report.verdict.not_shown[0], id=FAULT.id)
    odd = replace(report, verdict=Verdict(True, (), (unanswered,)), faults=(replace(FAULT, verdict="hardware"),))
    anchors = by_id(parsed(page(odd, root)))
    assert anchors[f"not-shown-{FAULT.id}"].links()[0] == FAULT.id
    assert FAULT.sentence in anchors[FAULT.id].words()


def test_a_text_that_has_changed_since_is_refused(report: Report, tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "ccore/src/guard.c").write_text("int x;\n\n\n\n", "utf-8")
    with pytest.raises(Refusal, match=r"ccore/src/guard\.c is not the text that was examined"):
        page(report, tmp_path)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (Place("ccore/src/gone.c", 1), "gone.c is not there"),
        (Place("ccore/src/guard.c", 99), "without a line 99"),
        (Place("ccore/src/guard.c", 0), "without a line 0"),
    ],
)
def test_evidence_of_a_place_that_is_not_there_is_refused(report: Report, root: Path, place: Place, says: str) -> None:
    odd = replace(report, evidence=(replace(report.evidence[0], source=place), *report.evidence[1:]))
    with pytest.raises(Refusal, match=says):
        page(odd, root)


# ---- the rest --------------------------------------------------------------------------------------------------------


def test_the_same_records_give_the_same_bytes(report: Report, root: Path, html: str) -> None:
    assert page(report, root) == html


def test_the_parts_are_numbered_alike_on_screen_and_on_paper(report: Report, root: Path, shown: Node) -> None:
    printed = parsed(page(report, root, printed=True))
    on_screen, on_paper = ([node.words() for node in each.all("h2")] for each in (shown, printed))
    assert on_screen == [f"{number} {part.heading}" for number, part in enumerate(PARTS, 1) if part.anchor != "summary"]
    assert on_paper == on_screen[:-2]


def test_the_slowest_and_the_worst_are_sought_among_what_the_software_answers() -> None:
    worse = replace(FAULT, id="SF-02", zero_us=9_000_000, until_cut_fc=1, step_na=7)
    not_ours = replace(FAULT, id="SF-03", verdict="hardware", zero_us=99_000_000, peak_na=99_000_000)
    found = {each.what: each.fault.id for each in extremes([FAULT, worse, not_ours])}
    assert found == {
        "slowest to zero current": "SF-02",
        "most charge until zero": "SF-01",
        "largest current": "SF-01",
        "largest step upwards": "SF-02",
    }
    assert extremes([not_ours]) == ()


# ---- the style -------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["holds", "fails", "suspect", "unshown", "integrator", "accent"])
def test_words_stand_out_from_their_ground(html: str, name: str) -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", html))
    for ground in (colours[f"{name}-faint"], colours["faint"], "#ffffff"):
        assert contrast(colours[name], ground) >= 4.5
        assert contrast(colours["soft"], ground) >= 4.5
        assert contrast(colours["ink"], ground) >= 7
