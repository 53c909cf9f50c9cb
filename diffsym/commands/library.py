"""Derivations by name or by path; a name that the library lacks is answered with the nearest one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diffsym.commands.arguments import nearest, shown
from diffsym.errors import UsageError
from diffsym.locate import shipped

SUFFIX = ".toml"


def names() -> list[str]:
    """The names of the library, those of variants among them."""
    from diffsym.derivation.variants import derivation_paths

    return sorted(path.stem for path in derivation_paths(shipped("derivations")))


def is_source(word: str, known: Sequence[str]) -> bool:
    """Whether a word means a derivation: a path that ends in .toml, or a name of the library."""
    return word.endswith(SUFFIX) or word in known


def source_at(word: str) -> Path:
    """The file of a derivation; that of a variant is read as though it were there.

    Raises UsageError with the nearest name.
    """
    if word.endswith(SUFFIX):
        return Path(word)
    known = names()
    if word in known:
        return shipped("derivations") / f"{word}{SUFFIX}"
    raise UsageError(
        f"the library has no derivation {shown(word)}",
        hint=f"{nearest(word, known, 'the library has')} (diffsym list shows all; a file of your own ends in {SUFFIX})",
    )
