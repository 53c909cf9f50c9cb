"""Files of notes are read and replaced whole: a reader, or a kill at any moment, leaves the old file or the new one.

Line ends, byte order mark and encoding stay. A file is replaced only where it still holds what was read; two runs at
once take turns (where the system has locks on folders), and whoever comes second starts from what the first one wrote.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from diffsym.errors import ReadError, UsageError

MOST_BYTES = 64_000_000
"""Bytes of one file."""


class FileError(ReadError):
    """A file that cannot be read or written as notes."""


class Changed(Exception):
    """The file is no longer what was read."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it was read: its bytes and its text, byte order mark included."""

    path: Path
    raw: bytes
    text: str
    encoding: str


_DECLARED = (
    re.compile(rb"-\*-.*?coding:\s*([\w.-]+).*?-\*-", re.IGNORECASE),
    re.compile(rb"%\s*!\s*TeX\s+encoding\s*=\s*([\w .-]+?)\s*$", re.IGNORECASE | re.MULTILINE),
    re.compile(rb"\\(?:usepackage|RequirePackage)\s*\[([\w-]+)\]\s*\{inputenc\}"),
    re.compile(rb"\\inputencoding\{([\w-]+)\}"),
)
"""Where a file says its encoding, in its first lines."""

_NAMES = {
    "latin1": "latin-1",
    "latin9": "iso-8859-15",
    "ansinew": "cp1252",
    "isolatin1": "latin-1",
    "applemac": "mac-roman",
}
"""TeX's and editors' names for encodings."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def read_file(path: Path) -> Content:
    """Raises FileError for what is no text in UTF-8 or in the encoding that the file itself declares."""
    shown = str(path)
    try:
        if not path.is_file():
            message = "this is no file" if path.exists() else "there is no such file"
            raise FileError(message, file=shown)
        if path.stat().st_size > MOST_BYTES:
            raise FileError(f"the file has more than {MOST_BYTES:,} bytes", file=shown)
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(f"the file cannot be read: {_reason(error)}", file=shown) from None
    encoding = _encoding(raw, shown)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"the text is not {encoding.upper()}",
            file=shown,
            line=line,
            hint="another encoding is declared as in % !TeX encoding = latin1, or -*- coding: latin-1 -*-",
        ) from None
    if text.encode(encoding) != raw:
        raise FileError(f"the text does not come back from {encoding} byte for byte", file=shown)
    if "\0" in text:
        raise FileError("the file is no text", file=shown, line=text.count("\n", 0, text.index("\0")) + 1)
    return Content(path, raw, text, encoding)


def _encoding(raw: bytes, shown: str) -> str:
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return name
    head = raw[:4000]
    for pattern in _DECLARED:
        found = pattern.search(head)
        if found is not None:
            name = found[1].decode("ascii").strip().lower()
            name = _NAMES.get(name, name)
            name = "utf-8" if name in ("utf8", "utf8x", "utf-8 unicode") else name
            try:
                return codecs.lookup(name).name if codecs.lookup(name)._is_text_encoding else "utf-8"
            except LookupError:
                raise FileError(f"the file declares the unknown encoding {name!r}", file=shown) from None
    return "utf-8"


def encoded(content: Content, text: str) -> bytes:
    """Raises FileError where the file's encoding lacks a letter."""
    try:
        return text.encode(content.encoding)
    except UnicodeEncodeError as error:
        raise FileError(
            f"{text[error.start]!r} cannot be written in {content.encoding}",
            file=str(content.path),
            line=text.count("\n", 0, error.start) + 1,
            hint="UTF-8 has every letter",
        ) from None


# Writing ------------------------------------------------------------------------------------------------------------


def replace_file(path: Path, old: bytes | None, new: bytes) -> None:
    """The file becomes ``new`` where it is still ``old`` (None: where it does not exist yet).

    Permissions stay; what a symbolic link points to is replaced, the link is not. Raises Changed, FileError.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.diffsym-part")
    try:
        with _turn(target.parent):
            _sweep(target)
            mode = _mode(target, path, old)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(new)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(part, mode)
            if _bytes_of(target) != old:
                raise Changed
            os.replace(part, target)
            _sync_folder(target.parent)
    except OSError as error:
        raise FileError(f"the file cannot be written: {_reason(error)}", file=str(path)) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _mode(target: Path, path: Path, old: bytes | None) -> int:
    if old is None:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
    try:
        found = target.stat()
    except FileNotFoundError:
        raise FileError("the file has vanished", file=str(path)) from None
    if not found.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise FileError("the file is read-only", file=str(path), hint="nothing was written")
    return stat.S_IMODE(found.st_mode)


def _bytes_of(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One at a time in a folder, where the system has such locks; it is open again when its holder dies."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep(target: Path) -> None:
    """Takes away what a killed run left of this file; only the holder of the turn is here."""
    for left in target.parent.glob(f".{_plain(target.name)}.*.diffsym-part"):
        with suppress(OSError):
            left.unlink()


def _plain(name: str) -> str:
    return re.sub(r"([*?\[\]])", r"[\1]", name)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


# Which files --------------------------------------------------------------------------------------------------------

HOSTS = {".tex": "tex", ".ltx": "tex", ".sty": "tex", ".md": "md", ".markdown": "md", ".qmd": "md", ".myst": "md"}
HOSTS |= {".ipynb": "ipynb", ".typ": "typ", ".rst": "rst"}
"""The host of a file by its ending."""

SKIPPED = frozenset({"node_modules", "_build", "build", "site", "__pycache__", "_site"})
"""Folders that are not looked into, besides hidden ones; one that is named itself is."""


def notes_in(words: list[Path]) -> list[Path]:
    """The files that are meant: those that are named, and those of folders, in order. Raises FileError, UsageError."""
    found: dict[Path, None] = {}
    for word in words:
        if word.is_dir():
            found |= dict.fromkeys(_inside(word))
        elif word.suffix.lower() in HOSTS:
            found[word] = None
        elif not word.exists():
            raise FileError("there is no such file", file=str(word))
        else:
            known = " ".join(HOSTS)
            raise UsageError(f"{word.name} is no kind of notes", file=str(word), hint=f"notes end in {known}")
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED)
        for name in sorted(files):
            if Path(name).suffix.lower() in HOSTS and not name.startswith("."):
                yield Path(place) / name
