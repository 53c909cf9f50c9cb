"""Programs from outside that tests call: where one is absent the test is skipped and says so, on CI it fails."""

from __future__ import annotations

import os
import shutil

import pytest

REQUIRED = "DIFFSYM_REQUIRE_TOOLS"
"""Environment variable that is ``1`` where every program has to be there."""


def require_tool(*names: str) -> str:
    """The path of the first of these programs that is installed: several names for one that is called differently."""
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    wanted = " or ".join(names)
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{wanted} is required here and is not installed")
    pytest.skip(f"{wanted} is not installed")
