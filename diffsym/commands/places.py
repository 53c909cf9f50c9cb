"""What commands read and write: netlists and texts from files or stdin, and files written whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from diffsym.errors import NetlistError, UsageError

if TYPE_CHECKING:
    from diffsym.api import Circuit

STDIN = "-"
STDIN_NAME = "<stdin>"

MOST_BYTES = 10_000_000
"""Bytes read from stdin."""


def circuit_at(word: str) -> Circuit:
    """The circuit of a netlist file, or of stdin where the word is ``-``; the first line is a title in both."""
    from diffsym.api import Circuit
    from diffsym.circuit.netlist import load_netlist, read_netlist

    if word == STDIN:
        return Circuit(read_netlist(stdin_text(), file=STDIN_NAME, title_line=True))
    return Circuit(load_netlist(word))


def stdin_text() -> str:
    """All of stdin as UTF-8. Raises NetlistError where it is longer than any netlist may be, or no text."""
    if sys.stdin is None:
        raise UsageError("there is no stdin to read from")
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        return sys.stdin.read()
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise NetlistError(f"the text has more than {MOST_BYTES:,} bytes", file=STDIN_NAME)
    try:
        return str(content, "utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NetlistError("the text is not UTF-8", file=STDIN_NAME, line=line) from None


def folder_at(path: Path) -> Path:
    """The folder, made where it was missing. Raises UsageError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{path} is a file, expected a folder") from None
    except OSError as error:
        raise UsageError(f"the folder {path} cannot be made: {_reason(error)}") from None
    return path


def write_whole(path: Path, text: str | bytes, *, replace: bool = True) -> None:
    """Writes bytes, or UTF-8 with ``\\n`` line ends; a reader sees the old file or the new one, never a part.

    Raises UsageError where the file cannot be written, or is there already and is not to be replaced.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        if replace:
            os.replace(part, path)
        else:
            os.link(part, path)
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="choose another name, or move it away") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {_reason(error)}") from None
    finally:
        part.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
