"""The pages of the report as HTML: one self-contained file that loads nothing and runs nothing.

What it says comes from the records of `iontocore.verification.evidence` and the texts that they name; the templates in
``templates/`` give it its shape, and everything that goes through them is escaped. The same records and texts give the
same bytes. A page for the printer has neither the listings nor the register of every piece of evidence: their places
are named there, and no link leads to them.
"""

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined
from markupsafe import Markup

from iontocore.diagram import figure as state_figure
from iontocore.verification import report_words
from iontocore.verification.evidence import FaultRow, Kind, Place, Report, Standing, Status, Survivor
from iontocore.verification.report_listing import Listing, anchor_of, listings
from iontocore.verification.report_trace import Shown, Trace, gap, register, tally, told, trace, ways
from iontocore.verification.report_words import ANSWER_WORDS, FAULT_WORDS, FOUND_WORDS, KINDS, MADE, MODES, WORDS
from iontocore.verification.tools import ROOT, SOURCES


class Part(NamedTuple):
    """A part of the report: its anchor and its heading. on_screen: whether the printed report leaves it out."""

    anchor: str
    heading: str
    on_screen: bool = False


PARTS: Final = (
    Part("summary", "Verdict"),
    Part("harms", "From a harm to its evidence"),
    Part("invariants", "Invariants"),
    Part("hazards", "Hazard analysis"),
    Part("faults", "Single faults"),
    Part("model", "The model"),
    Part("coverage", "Coverage"),
    Part("mutants", "Mutants"),
    Part("characteristics", "Output characteristics"),
    Part("soup", "Software of unknown provenance"),
    Part("checklists", "Standards, clause by clause"),
    Part("assumptions", "Assumptions"),
    Part("examined", "What was examined"),
    Part("commands", "How to make every number again"),
    Part("register", "Register of evidence", on_screen=True),
    Part("listings", "The texts", on_screen=True),
)
"""The parts in their order."""

AT_FIRST: Final = {**dict.fromkeys(KINDS, 8), Kind.PROOF: 12, Kind.TEST: 6, Kind.FAULT: 24, Kind.MUTANT: 24}
"""How many pieces of a kind an invariant's screen shows at first, so that it is one screen; the rest unfolds."""

_COUNTED: Final = ("goals", "cases", "trials", "clauses_that_died", "removals")
"""Figures that can be added up over the pieces of a kind."""

EVERYTHING: Final = "make verify"
"""The command that makes all of it again."""


def page(report: Report, root: Path = ROOT, *, printed: bool = False) -> str:
    """The report as HTML; `root` holds the texts that were examined. printed: for the printer. Refusal when a text
    that a record names is not the one that was examined."""
    traced = trace(report)
    texts = listings(report, root)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            traced=traced,
            told=told(report),
            ways=ways(traced),
            texts=texts,
            shipped=[each for each in texts if each.path in {path.as_posix() for path in SOURCES}],
            parts=[part for part in PARTS if not (printed and part.on_screen)],
            number_of={part.anchor: number for number, part in enumerate(PARTS, 1)},
            printed=printed,
            Kind=Kind,
            everything=EVERYTHING,
            link_to=_Links(traced, texts, printed),
            command_of=lambda *kinds: commands(traced, *kinds),
            every_command=every_command(traced),
            extremes=extremes(report.faults),
            state_figure=state_figure(),
            as_image=_as_image,
            tally=tally(WORDS[row.status] for row in report.invariants),
            fault_tally=tally(FAULT_WORDS[fault.verdict] for fault in report.faults),
            totals=totals,
            register=register,
            gap=gap,
            living=living,
            answers=lambda checklist: tally(ANSWER_WORDS[row.answer] for row in checklist.rows),
            thin=report_words.THIN,
            at_first=AT_FIRST,
            shown_by=lambda shown: ", ".join(dict.fromkeys(map(_unnarrowed, shown.commands))),
            open_word=WORDS[Standing.NOT_SHOWN],
            words_fails=WORDS[Status.FAILS],
            found_words=FOUND_WORDS,
            made_tally=tally(MADE[one.made] for one in report.evidence),
            made=MADE,
            modes=MODES,
            words=WORDS,
            fault_words=FAULT_WORDS,
            answer_words=ANSWER_WORDS,
            kinds=KINDS,
        )
    )


class Command(NamedTuple):
    """A command, and how many pieces of evidence of which kinds it makes again."""

    command: str
    kinds: tuple[Kind, ...]
    pieces: int


class Extreme(NamedTuple):
    """The fault that is worst in one respect; value is in the unit of the name's ending."""

    what: str
    value: int
    unit: str
    fault: FaultRow


def commands(traced: Trace, *kinds: Kind) -> tuple[str, ...]:
    """The commands that make all evidence of these kinds again, each without what narrows it to a piece."""
    return tuple(
        dict.fromkeys(_unnarrowed(one.command) for kind in kinds for one in traced.report.evidence if one.kind is kind)
    )


def every_command(traced: Trace) -> tuple[Command, ...]:
    """Every command of the report, without what narrows it to a piece, in the order of the kinds that it makes."""
    made: dict[str, list[Kind]] = {}
    for kind in KINDS:
        for one in traced.of(kind).pieces:
            made.setdefault(_unnarrowed(one.command), []).append(kind)
    return tuple(Command(each, tuple(dict.fromkeys(kinds)), len(kinds)) for each, kinds in made.items())


def extremes(faults: Sequence[FaultRow]) -> tuple[Extreme, ...]:
    """The slowest and the worst of the faults that the software answers. None when there is none."""
    answered = [fault for fault in faults if fault.verdict in ("held", "broken")]
    slowest = [(fault.zero_us, fault) for fault in answered if fault.zero_us is not None]
    sought = (
        ("slowest to zero current", "us", slowest),
        ("most charge until zero", "fc", [(fault.until_cut_fc, fault) for fault in answered]),
        ("largest current", "na", [(fault.peak_na, fault) for fault in answered]),
        ("largest step upwards", "na", [(fault.step_na, fault) for fault in answered]),
    )
    found = ((what, unit, max(of, key=lambda pair: pair[0])) for what, unit, of in sought if of)
    return tuple(Extreme(what, value, unit, fault) for what, unit, (value, fault) in found)


def living(survivors: Sequence[Survivor]) -> tuple[tuple[Kind, str, tuple[Survivor, ...]], ...]:
    """The mutants that live, by the reason why they may, in the order of the texts."""
    grouped: dict[tuple[Kind, str], list[Survivor]] = {}
    for one in survivors:
        grouped.setdefault((one.kind, one.reason), []).append(one)
    return tuple((kind, reason, tuple(some)) for (kind, reason), some in grouped.items())


def totals(shown: Shown) -> str:
    """What evidence of one kind counts in all: goals of a proof, cases of tests, trials of faults."""
    sums: dict[str, int] = {}
    for one in shown.pieces:
        for name, value in one.figures.items():
            if name in _COUNTED and isinstance(value, int):
                sums[name] = sums.get(name, 0) + value
    return report_words.figures(sums)


class _Links(NamedTuple):
    """Links within the page; what has no anchor in it is no link."""

    traced: Trace
    texts: Sequence[Listing]
    printed: bool

    def id(self, name: str, text: str = "") -> Markup:
        """An id as a link to its row."""
        names = (name, f"not-shown-{name}", f"register-{name}")
        anchor = next((self.traced.anchors[each] for each in names if each in self.traced.anchors), None)
        style = "" if text else "id"
        if anchor is None or (self.printed and anchor.startswith(("evidence-", "register-"))):
            return Markup('<span class="{}">{}</span>').format(style, text or name)
        return Markup('<a class="{}" href="#{}">{}</a>').format(style, anchor, text or name)

    def evidence(self, name: str) -> Markup:
        """A piece of evidence as a link to the row of its fault or figure, where it has one, or else to the
        register; of anything else the id."""
        short = name.partition(":")[2]
        return self.id(short, name) if short in self.traced.anchors else self.id(name)

    def place(self, place: Place, text: str = "", style: str = "") -> Markup:
        """A line of a text as a link to it in the listing; its file and line where no other text is given."""
        shown = text or f"{place.file}:{place.line}"
        styles = f"place {style}".strip()
        if self.printed:
            return Markup('<span class="{}">{}</span>').format(styles, shown)
        return Markup('<a class="{}" href="#{}">{}</a>').format(styles, anchor_of(place), shown)

    def where(self, name: str) -> Markup:
        """What a clause names: an id, a text, or a command."""
        if name in self.traced.anchors:
            return self.id(name)
        return Markup("<code>{}</code>").format(name) if name.startswith("make ") else self.file(name)

    def file(self, path: str) -> Markup:
        """A text as a link to its listing, where it has one."""
        anchor = next((each.anchor for each in self.texts if each.path == path and not self.printed), None)
        if anchor is None:
            return Markup('<span class="place">{}</span>').format(path)
        return Markup('<a class="place" href="#{}">{}</a>').format(anchor, path)


@cache
def _environment() -> Environment:
    """Templates in which everything is escaped and a name that is missing is an error."""
    undefined: type[Undefined] = StrictUndefined
    environment = Environment(
        loader=PackageLoader("iontocore.verification"),
        autoescape=True,
        undefined=undefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        count=report_words.count,
        quantity=report_words.quantity,
        figures=report_words.figures,
        prose=report_words.prose,
        sentence=report_words.sentence,
        many=report_words.many,
        number_of=report_words.number_of,
    )
    return environment


def _unnarrowed(command: str) -> str:
    """A command without what narrows it to a piece: ``make prove ARGS='--function permit'`` is ``make prove``, and of
    ``python -m`` the module is left."""
    if command.startswith("python -m "):
        return " ".join(command.split()[:3])
    return command.partition(" ARGS=")[0]


def _as_image(svg: str) -> str:
    """A figure as the address of an image: so its styles and ids are its own, and nothing in it runs."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
