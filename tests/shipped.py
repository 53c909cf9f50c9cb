"""The shipped derivations as parameters of tests: those of the core scope always, all others where slow tests run."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest

from diffsym.derivation.source import DerivationFile, library

FILES = library()
CORE = {f"S{number}" for number in range(1, 14)}

MAIN = frozenset(file.name for file in FILES if CORE & set(file.covers))
"""What stands for the whole library in a quick run; ``make`` renders, and by that proves, all of it."""


def each_file(*names: str) -> list[Any]:
    """Every file as a parameter, or those of these names."""
    return [
        pytest.param(file, marks=[] if file.name in MAIN else [pytest.mark.slow], id=file.name)
        for file in FILES
        if not names or file.name in names
    ]


ONE_IN = 4
"""Of the other files, how many stand for all where a test takes long: which ones, their names decide."""

SAMPLE = tuple(file for file in FILES if file.name in MAIN or not crc32(file.name.encode()) % ONE_IN)


def some_files() -> list[Any]:
    """The main files and a sample of the others."""
    return [pytest.param(file, marks=[] if file.name in MAIN else [pytest.mark.slow], id=file.name) for file in SAMPLE]


def some_names() -> list[Any]:
    return [
        pytest.param(file.name, marks=[] if file.name in MAIN else [pytest.mark.slow], id=file.name) for file in SAMPLE
    ]


QUICK = frozenset(name for name in MAIN if not crc32(name.encode()) % 3) | {"mos-pair", "bjt-pair"}
"""Of the main files, those that take part in every run where a test works out whole documents."""


def quick_files(files: tuple[DerivationFile, ...] = FILES) -> list[Any]:
    """These files; all but a few of them where slow tests run."""
    return [pytest.param(file, marks=[] if file.name in QUICK else [pytest.mark.slow], id=file.name) for file in files]


def quick_names() -> list[Any]:
    """The names of the main files and of a sample of the others."""
    return [
        pytest.param(file.name, marks=[] if file.name in QUICK else [pytest.mark.slow], id=file.name) for file in SAMPLE
    ]


def is_main(file: DerivationFile | str) -> bool:
    return (file if isinstance(file, str) else file.name) in MAIN
