"""``python -m diffsym`` is the command ``diffsym``."""

from __future__ import annotations

import sys

from diffsym.cli import main

sys.exit(main())
