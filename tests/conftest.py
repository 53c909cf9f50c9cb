"""What all tests share: the switch that accepts new golden files, and a hypothesis that draws the same each time."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Cases are the same on every machine, and a slow machine fails nothing.
settings.register_profile("diffsym", derandomize=True, deadline=None)
settings.load_profile("diffsym")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        default=os.environ.get("DIFFSYM_ACCEPT") == "1",
        help="write what the tests find into their golden files, to be reviewed as a diff",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--accept"):
        os.environ["DIFFSYM_ACCEPT"] = "1"


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--accept"))
