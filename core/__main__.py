"""``python -m iontocore`` is the command ``iontocore``."""

import sys

from iontocore.cli import main

sys.exit(main())
