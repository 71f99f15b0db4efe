"""Tests mutants of one module each, and forks for every one, so that what is common to all is imported once.

A script and no module of the package: ``iontocore`` is what is to be imported anew, from the copy, in each fork. Reads
jobs from its input, one line of JSON each, and answers each with one line, the exit status of pytest.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Sequence
from types import CodeType, ModuleType
from typing import Any

import hypothesis.stateful
import numpy
import pytest
import transitions

COMMON = (hypothesis.stateful, numpy, pytest, transitions)


class Exchanged(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds one module in a text, whatever its file says."""

    def __init__(self, module: str, source: str) -> None:
        self.module, self.source = module, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module that is exchanged, and no other. It says that it is the file in whose place it stands."""
        there = importlib.machinery.PathFinder.find_spec(fullname, path) if fullname == self.module else None
        if there is None:
            return None
        return importlib.util.spec_from_file_location(fullname, there.origin, loader=self)

    def get_source(self, fullname: str) -> str:
        """The text."""
        return self.source

    def get_code(self, fullname: str) -> CodeType:
        """The text, compiled."""
        return compile(self.source, f"<mutant of {fullname}>", "exec", dont_inherit=True)


def test(job: dict[str, Any]) -> int:
    """The exit status of pytest with the module exchanged; 1 when it cannot be imported."""
    sys.meta_path.insert(0, Exchanged(job["module"], job["source"]))
    try:
        importlib.import_module(job["module"])
    except Exception:
        return 1
    return int(pytest.main(job["arguments"]))


def main() -> None:
    """Answer jobs until there is no more."""
    sys.dont_write_bytecode = True
    nothing = os.open(os.devnull, os.O_RDWR)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.alarm(job["timeout_s"])
            for stream in (0, 1, 2):
                os.dup2(nothing, stream)
            status = 70
            try:
                status = test(job)
            finally:
                os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
