"""The model as Promela text: the state table, row by row and refusal by refusal, between parts that do not change.

Nothing of the table is written down here. A cell becomes one branch; a cell that a table lacks blocks the model, and a
row that is not in it cannot be taken.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final

from iontocore.ccore import Phase
from iontocore.table import ENERGISED, INITIAL, RUNNING, Cell, Event, Row, State, Table
from iontocore.verification.model_parts import CORE, OPERATOR, VARIABLES, WORLD
from iontocore.verification.model_session import JUDGE, SESSION

PHASES: Final = tuple(Phase)
ENDING: Final = (Event.STOP, Event.PAUSE, Event.FINISHED, Event.CAP_REACHED, Event.CORE_ENDING)
"""Events after which no current is asked for before zero was reached."""


def name(member: Enum) -> str:
    """What a state, an event or a phase is called in the model."""
    if isinstance(member, Phase):
        return f"P_{member.name}"
    return f"S_{member.name}" if isinstance(member, State) else f"E_{member.name}"


def _is_one_of(what: str, members: Iterable[Enum]) -> str:
    return "(" + " || ".join(f"({what}) == {name(member)}" for member in members) + ")"


def _ordered(states: frozenset[State]) -> list[State]:
    return [state for state in State if state in states]


def _constants() -> str:
    lines = [f"#define {name(state)} {number}" for number, state in enumerate(State)]
    lines += [f"#define {name(event)} {number}" for number, event in enumerate(Event)]
    lines += [f"#define {name(phase)} {phase.value}" for phase in PHASES]
    lines += [
        f"#define NONE {len(Event)}",
        f"#define INITIAL {name(INITIAL)}",
        f"#define STOPPED {name(Event.STOP)}",
        "#define STOP 0",
        "#define RUN 1",
        "#define SILENT 3",
        "#define TARGET 4",
        "#define DWELL 1",
        "#define UP 0",
        "#define DOWN 1",
        "#define DEAF 2",
        "#define WANT (1 + turned)",
        "#define HOSTILE 0",
        "#define HELPED 1",
        "#define ENDED 2",
        f"#define RUNNING(s) {_is_one_of('s', _ordered(RUNNING))}",
        f"#define ENERGISED(s) {_is_one_of('s', _ordered(ENERGISED))}",
        f"#define ENDS(e) {_is_one_of('e', ENDING)}",
        "#define AT_REST (level == 0 && !energised && !trip_open && !trip_other)",
        "#define STAYS_OFF (!energised && !(armed && command == RUN && silent < SILENT))",
        "#define NOT_HEARD (unheard && silent == SILENT && !energised)",
    ]
    return "\n".join(lines)


def _branch(cell: Cell) -> str:
    if isinstance(cell, Row):
        return f"  :: state == {name(cell.before)} && event == {name(cell.event)} -> state = {name(cell.after)}"
    return f"  :: state == {name(cell.state)} && event == {name(cell.event)} -> refused = true"


def table_text(table: Table) -> str:
    """The table as an inline that moves ``state`` by ``event``, or sets ``refused``."""
    branches = "\n".join(_branch(cell) for cell in table.values())
    return f"/* ---- the state table ---- */\ninline take() {{\n  d_step {{\n  if\n{branches}\n  fi; told()\n  }}\n}}\n"


_TOLD: Final = """
/* What the search comes by is printed when it comes by it first: rows, and what the session sees of the core. */
c_decl {
  static unsigned char model_rows[SIZE];
  static unsigned char model_seen[65536];
};
inline told() {
  c_code {
    unsigned int cell = (unsigned int)now.before * EVENTS + (unsigned int)now.event;
    if (!now.refused && !model_rows[cell]) {
      model_rows[cell] = 1;
      printf("TOOK %u %u %u\\n", (unsigned int)now.before, (unsigned int)now.event, (unsigned int)now.state);
    }
  }
}
inline observe() {
  c_code {
    unsigned int flags = (unsigned int)(now.level > 0) + 2u * (unsigned int)(now.energised != 0)
      + 4u * (unsigned int)(now.trip_open != 0) + 8u * (unsigned int)(now.trip_other != 0);
    unsigned int event = now.event, place = ((unsigned int)now.before * 32u + event) * 128u + now.phase * 16u + flags;
    if (!model_seen[place]) {
      model_seen[place] = 1;
      printf("SAW %u %u %u %u\\n", (unsigned int)now.before, event, (unsigned int)now.phase, flags);
    }
  }
}
"""


def model_text(table: Table, formulas: Iterable[tuple[str, str]] = ()) -> str:
    """The whole model of a table. formulas: name and LTL formula of each property."""
    told = _TOLD.replace("SIZE", str(len(State) * len(Event))).replace("EVENTS", str(len(Event)))
    claims = "\n".join(f"ltl {label} {{ {formula} }}" for label, formula in formulas)
    parts = (_constants(), VARIABLES, told, table_text(table), JUDGE, CORE, SESSION, OPERATOR, WORLD, claims)
    return "\n".join(part.strip("\n") for part in parts) + "\n"
