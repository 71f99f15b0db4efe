"""Showing how far a long piece of work is: a bar on a terminal, now and then a line everywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_EVERY_S: Final = 15.0
"""Seconds between two lines where there is no terminal, as in a log."""

Advance = Callable[[str], None]


@contextmanager
def progress(title: str, total: int) -> Iterator[Advance]:
    """Show that `total` pieces of work are being done. The function that it gives says that one more is done, and
    which: call it `total` times. All goes to the error stream, so that the output stays a result."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(title, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total, last="")
        yield lambda what: bar.update(task, advance=1, last=what)


def _lines(title: str, total: int) -> Advance:
    began = last = time.monotonic()
    done = 0

    def advance(what: str) -> None:
        nonlocal done, last
        done += 1
        now = time.monotonic()
        if done == total or now - last >= _EVERY_S:
            last = now
            print(f"{title}: {done} of {total}, {now - began:.0f} s ({what})", file=sys.stderr, flush=True)

    return advance
