"""What nobody foresaw is an error like any other: a message and an exit status; its traceback only on request."""

from __future__ import annotations

import os

from diffsym.errors import DiffsymError

TRACEBACK = "DIFFSYM_TRACEBACK"
"""Environment variable that is ``1`` where an internal error is to show its traceback."""


class InternalError(DiffsymError):
    """A defect of diffsym."""

    exit_status = 1


def internal_error(error: Exception) -> InternalError:
    """The error for the person at the terminal; to be called where the exception is being handled."""
    if os.environ.get(TRACEBACK) == "1":
        import traceback

        traceback.print_exc()
    about = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return InternalError(
        f"internal error: {about[:500]}; this is a defect of diffsym, please report it",
        hint=f"{TRACEBACK}=1 shows where it happened",
    )
