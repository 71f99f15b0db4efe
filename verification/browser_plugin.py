"""A plugin of pytest that writes down which tests there are and which invariants each shows, and runs none of them.

It is told by ``IONTOCORE_COLLECTED`` where to write: a line of JSON for each case, as those of ``suite_plugin``.
"""

import json
import os
from pathlib import Path
from typing import Final

import pytest

WHERE: Final = "IONTOCORE_COLLECTED"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Writes when all are collected."""
    with Path(os.environ[WHERE]).open("w", encoding="utf-8") as record:
        for item in session.items:
            named = {str(name) for marker in item.iter_markers("invariant") for name in marker.args}
            line = (item.location[1] or 0) + 1
            told = {"test": item.nodeid, "line": line, "outcome": "passed", "invariants": sorted(named)}
            record.write(json.dumps(told) + "\n")
