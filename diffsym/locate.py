"""The shipped folders are found in one way, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from diffsym.errors import UsageError


def shipped(folder: str) -> Path:
    """The folder ``templates`` or ``derivations`` that came with this diffsym.

    A wheel carries it inside the package, under ``_shipped``; a checkout has it beside the package. The wheel's
    place is asked first, because beside an installed package stand the folders of other people.
    """
    package = Path(__file__).resolve().parent
    for place in (package / "_shipped" / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise UsageError(
        f"the shipped folder {folder!r} is missing",
        hint=f"install diffsym again, or run it from a checkout that has {folder}/ beside diffsym/",
    )
