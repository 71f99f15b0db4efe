"""The results of a session as files: the folder is there before anything is energised, each file is whole or not there.

Needs the extra ``cli`` (numpy, matplotlib).
"""

import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final

from iontocore.picture import draw_record
from iontocore.record import Record
from iontocore.recording import Column, write_columns
from iontocore.safety.refusal import Refusal

RECORD, CHART, TRACE = "session.json", "chart.svg", "trace.npz"
FILES: Final = (RECORD, CHART, TRACE)
"""What the folder gets."""

_SYSTEM: Final = "the file system"


def make_folder(out: Path, journal: Path | None, undo: ExitStack) -> None:
    """Have the folder for the results, writable and with nothing in their way. Raises Refusal.

    journal: the session's, which is none of them. undo: takes away what was made here.
    """
    missing = [folder for folder in (out, *out.parents) if not os.path.lexists(folder)]
    try:
        for folder in reversed(missing):
            folder.mkdir()
            undo.callback(_take_away, folder)
        for name in FILES:
            place = out / name
            if os.path.lexists(place) and not stat.S_ISREG(place.lstat().st_mode):
                raise Refusal(f"--out {out}", f"with a {name} that is no ordinary file", "a folder for files", _SYSTEM)
            if journal is not None and os.path.realpath(place) == os.path.realpath(journal):
                do = "name another file"
                raise Refusal("--journal", f"{name} in the folder of --out", "a file of its own", "the results", do)
        with tempfile.TemporaryFile(dir=out):
            pass  # so that what cannot be written shows now, and not after the treatment
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        do = "choose another folder"
        raise Refusal(f"--out {out}", f"out of reach ({why})", "a folder that can be written", _SYSTEM, do) from None
    except ValueError:
        raise Refusal("--out", "no possible name of a folder", "a folder that can be written", _SYSTEM) from None


def _take_away(folder: Path) -> None:
    with suppress(OSError):  # somebody else has put something into it
        folder.rmdir()


def write_files(out: Path, record: Record, columns: Mapping[str, Column]) -> list[str]:
    """Write the results in place of older ones; a sentence for each that could not be written.

    columns: every tick, as the recording has them.
    """
    with ThreadPoolExecutor(1) as beside:  # to compress takes no Python: the picture is drawn meanwhile
        writers: tuple[tuple[str, Callable[[Path], None]], ...] = (
            (TRACE, partial(_write_trace, columns)),
            (CHART, partial(draw_record, columns, record)),
            (RECORD, partial(_write_record, record)),
        )
        trace, *others = (partial(_write_whole, out / name, write) for name, write in writers)
        first = beside.submit(trace)
        troubles = [write() for write in others]
        return [trouble for trouble in (first.result(), *troubles) if trouble]


def _write_whole(place: Path, write: Callable[[Path], None]) -> str:
    part = place.with_name(f".{place.name}.part")
    try:
        write(part)
        part.replace(place)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
            place.unlink(missing_ok=True)  # of an earlier session: beside the record of this one it would mislead
        return f"{place} could not be written ({(error.strerror or 'no reason given').lower()})."
    return ""


def _write_trace(columns: Mapping[str, Column], place: Path) -> None:
    with place.open("wb") as stream:
        write_columns(columns, stream)


def _write_record(record: Record, place: Path) -> None:
    place.write_text(record.text(), encoding="utf-8")
