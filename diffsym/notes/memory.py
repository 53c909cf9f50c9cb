"""What was found about a file is remembered by the bytes of all that it came from; forgetting it costs only time.

Under the user's cache folder (``DIFFSYM_CACHE`` names another one, or ``off``) lies one small file for each file of
notes as it was. An entry holds the digests of the derivations and pictures that it rests on and counts only while they
are the same; the digest of diffsym's own source is part of its name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from diffsym.notes.findings import Finding, finding_of
from diffsym.notes.setting import Setting

SCHEMA = 1
MOST_BYTES = 5_000_000
MOST_ENTRIES = 20_000

VARIABLE = "DIFFSYM_CACHE"


@dataclass(frozen=True, slots=True)
class Remembered:
    """``rests_on``: file → digest of its bytes."""

    findings: tuple[Finding, ...]
    rests_on: Mapping[str, str]


def folder() -> Path | None:
    """Where entries lie; None where nothing is to be remembered."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen.lower() in ("off", "0", "no"):
        return None
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or ""
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            return None
        base = os.path.join(home, ".cache")
    return Path(base) / "diffsym" / "notes"


@cache
def program_digest() -> str:
    """Of diffsym's own source, and of the arithmetic below it."""
    from importlib.metadata import PackageNotFoundError, version

    package = Path(__file__).resolve().parents[1]
    total = sha256()
    for path in sorted(path for pattern in ("*.py", "*.toml") for path in package.rglob(pattern)):
        with suppress(OSError):
            total.update(path.relative_to(package).as_posix().encode() + b"\0" + sha256(path.read_bytes()).digest())
    with suppress(PackageNotFoundError):
        total.update(version("python-flint").encode())
    return total.hexdigest()


def name_of(file: str, raw: bytes, setting: Setting) -> str:
    """The entry of a file: by its place, its bytes, the setting above it and the program."""
    parts = [SCHEMA, program_digest(), file, os.path.realpath(file), sha256(raw).hexdigest(), setting.figures]
    parts += [setting.language, setting.markdown, *(f"{name}={path}" for name, path in setting.own.items())]
    return sha256(json.dumps([str(each) for each in parts]).encode()).hexdigest()


def digest_at(path: str) -> str:
    """Of the bytes of a file; empty where it cannot be read."""
    try:
        return sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


class Memory:
    """Entries of one run; a digest is taken once for each file that entries rest on."""

    def __init__(self, place: Path | None) -> None:
        self.place = place
        self.digests: dict[str, str] = {}

    def recall(self, name: str) -> tuple[Finding, ...] | None:
        """The findings, where nothing that they rest on has changed."""
        if self.place is None:
            return None
        path = self.place / name[:2] / f"{name}.json"
        try:
            if path.stat().st_size > MOST_BYTES:
                return None
            value = json.loads(path.read_bytes())
            findings = tuple(finding_of(each) for each in value["findings"])
            rests_on = {str(file): str(digest) for file, digest in value["rests_on"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        for file, digest in rests_on.items():
            if self.digests.get(file) is None:
                self.digests[file] = digest_at(file)
            if self.digests[file] != digest:
                return None
        return findings

    def keep(self, name: str, findings: Sequence[Finding], rests_on: Mapping[str, str]) -> None:
        """Written whole or not at all, and never a failure: a folder that cannot be written is no folder."""
        if self.place is None:
            return
        path = self.place / name[:2] / f"{name}.json"
        part = path.with_name(f"{name}.{os.getpid()}.part")
        value = {"findings": [each.to_dict() for each in findings], "rests_on": dict(rests_on)}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(value, ensure_ascii=True), encoding="ascii")
            os.replace(part, path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Takes away the older half where there are too many entries."""
        if self.place is None:
            return
        with suppress(OSError):
            entries = list(self.place.glob("*/*.json"))
            if len(entries) > MOST_ENTRIES:
                _removed(sorted(entries, key=lambda path: path.stat().st_mtime)[: len(entries) // 2])


def _removed(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()
