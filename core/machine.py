"""The machine: it holds a treatment's state and moves it by the state table alone, on the library ``transitions``.

The library's defaults that are dangerous here are off. There are no auto-transitions, so nothing is called
``to_treat``; no callbacks, which could raise after the state has changed; no queue, which answers True to what it then
refuses; and nothing is attached to a model, so the state has one owner and cannot be assigned. A duplicate row, where
for the library the first one shadows the second, cannot occur: ``iontocore.table`` refuses to be imported with one.

A session asks first, writes down second and moves third, so that what was done is on disk before it is done:

    row = machine.would(Event.STOP)   # changes nothing
    if isinstance(row, Row):
        journal.append(row)
        machine.fire(Event.STOP)      # cannot be refused any more
"""

from typing import Final, final

from transitions import Machine as Library

from iontocore.safety.refusal import Refusal
from iontocore.table import INITIAL, OPERATOR_EVENTS, TABLE, Cell, Event, Refused, Row, State, allowed, rows

_LIBRARY: Final = Library(
    model=None,
    states=State,
    initial=None,
    transitions=[{"trigger": row.event.value, "source": row.before, "dest": row.after} for row in rows(TABLE)],
    auto_transitions=False,
    ordered_transitions=False,
    ignore_invalid_triggers=False,
    send_event=False,
    queued=False,
)
"""The rows of the table in the library's form. It holds no state, so all machines share it."""


class _Held:
    """What the library calls a model: the one place that it writes a state to."""

    __slots__ = ("state",)

    def __init__(self, state: State) -> None:
        self.state = state


@final
class Machine:
    """The state of one treatment. It begins in idle, whatever went on before the power was lost."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = _Held(INITIAL)

    @property
    def state(self) -> State:
        """The state now. It cannot be assigned; only ``fire`` changes it."""
        return self._held.state

    def allowed(self) -> tuple[Event, ...]:
        """The events that are honoured now, in the order of ``Event``."""
        return allowed(TABLE, self.state)

    def would(self, event: Event) -> Cell:
        """What ``fire`` would do now, the row that it takes or the refusal that it raises. Changes nothing."""
        return TABLE[self.state, event]

    def fire(self, event: Event) -> Row:
        """Move by the event, and return the row that was taken.

        Raises Refusal, naming the reason and what is allowed instead, when the table refuses the event in this state;
        the state is then what it was.
        """
        cell = self.would(event)
        if isinstance(cell, Refused):
            raise refusal(cell)
        _LIBRARY.events[event.value].trigger(self._held)
        return cell


def refusal(refused: Refused) -> Refusal:
    """The table's refusal as the value that a user is shown: the reason, its name, and what is allowed instead.

    For an operator's act that is the other acts, for a fact the other facts.
    """
    acts = refused.event in OPERATOR_EVENTS
    possible = [event.value for event in allowed(TABLE, refused.state) if (event in OPERATOR_EVENTS) is acts]
    return Refusal(
        field=refused.event.value,
        given=f"refused in {refused.state.value}, because {refused.reason.value}",
        allowed=" or ".join(filter(None, (", ".join(possible[:-1]), possible[-1]))),
        says_who=f"the state table ({refused.reason.label})",
    )
