"""``diffsym keys``: the file of keys that LaTeX (``diffsym.sty``) and pandoc (``diffsym.lua``) read, and its check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diffsym.commands.arguments import Command, Given, Option, Outcome
from diffsym.commands.places import folder_at, write_whole
from diffsym.errors import DiffsymError, UsageError

if TYPE_CHECKING:
    from diffsym.faces.keyfile import Entry
    from diffsym.faces.used import Use
    from diffsym.notes.findings import Finding
    from diffsym.notes.sources import Shelf

COMMAND = Command(
    name="keys",
    words="FILE…",
    summary="Writes what the keys of a LaTeX document, or of Markdown for pandoc, stand for, beside it.",
    least=1,
    most=None,
    options=(
        Option("output", "the file of keys (default: diffsym-keys.tex or diffsym-keys.json)", "FILE", short="o"),
        Option("check", "write nothing; exit status 1 where the file and the circuits disagree"),
        Option("force", "replace a file of that name that diffsym has not written"),
    ),
    details="""
  diffsym keys main.tex                  diffsym-keys.tex, diffsym.sty and the figures that main.tex uses
  diffsym keys notes.md                  diffsym-keys.json, diffsym.lua and the figures: pandoc -L diffsym.lua
  diffsym keys main.tex --check          for CI: file:line of every key whose formula has changed

LaTeX:   \\usepackage{diffsym} … \\ds{mos-pair:A_d} \\dsvalue{mos-pair:A_d} \\dsequation[eq:ad]{mos-pair:A_d}
         \\dsderivation{mos-pair:A_d@half-circuit} \\dsfigure{mos-pair:figure.circuit}
pandoc:  []{ds="mos-pair:A_d"}   ::: {#eq-ad ds="mos-pair:A_d@half-circuit"} … :::
""",
)

FACES = {"tex": "diffsym.sty", "json": "diffsym.lua"}
"""What reads the file of keys; a copy lies beside it."""

OURS = "written by diffsym"
MOST_BYTES = 50_000_000


def run(given: Given) -> Outcome:
    from diffsym.faces.keyfile import to_json, to_tex
    from diffsym.notes.findings import status_of
    from diffsym.notes.setting import setting_for
    from diffsym.notes.sources import Shelf

    paths = [Path(word) for word in given.words]
    host = _host(paths, given)
    folder = paths[0].parent
    place = Path(given.one("output")) if given.has("output") else folder / f"diffsym-keys.{host}"
    uses = _uses(paths)
    shelf = Shelf(setting_for(folder), folder)
    entries, wrong = _entries(uses, shelf, host)
    present = _present(place, host, forced=given.has("force"))
    if given.has("check"):
        findings = [*wrong, *_stale(uses, entries, present, host, place)]
    else:
        findings = wrong
        text = (to_tex if host == "tex" else to_json)(tuple(entries.values()))
        files = _write(place, text, host, entries)
    findings.sort(key=lambda each: (each.file, each.line, each.key))
    said = tuple(each.to_text() for each in findings)
    status = status_of(findings)
    if given.has("check"):
        value = [each.to_dict() for each in findings]
        summary = f"{len(uses)} keys used, {len(findings)} of them not as they should be"
        return Outcome("".join(line + "\n" for line in said), lambda: value, (summary,), (), status)
    listed = {"files": [{"file": str(each)} for each in files], "findings": [each.to_dict() for each in findings]}
    return Outcome("".join(f"{each}\n" for each in files), lambda: listed, (), said, status)


def _host(paths: Sequence[Path], given: Given) -> str:
    from diffsym.faces.used import TEX

    suffix = Path(given.one("output")).suffix.lower() if given.has("output") else ""
    if suffix and suffix.lstrip(".") not in FACES:
        raise UsageError(f"--output {given.one('output')[:80]!r} is no file of keys", hint="it ends in .tex or .json")
    found = {"tex" if path.suffix.lower() in TEX else "json" for path in paths}
    if len(found) > 1 or (suffix and {suffix.lstrip(".")} != found):
        raise UsageError("LaTeX has its keys in a .tex file, Markdown in a .json file", hint="one call for each")
    return found.pop()


def _uses(paths: Sequence[Path]) -> list[Use]:
    from diffsym.faces.used import used_in

    return list(dict.fromkeys(use for path in paths for use in used_in(path)))


def _entries(uses: Sequence[Use], shelf: Shelf, host: str) -> tuple[dict[str, Entry], list[Finding]]:
    """Entries by key, in their order, and what is wrong with the others, at each place where they stand."""
    from diffsym.faces.keyfile import entry_of
    from diffsym.notes.findings import FAILED, UNKNOWN, Finding
    from diffsym.notes.keys import UnknownKey

    entries: dict[str, Entry] = {}
    failed: dict[str, DiffsymError] = {}
    for key in sorted({use.key for use in uses}):
        try:
            entries[key] = entry_of(key, shelf, host)
        except DiffsymError as error:
            failed[key] = error
    findings: list[Finding] = []
    for use in uses:
        reason = failed.get(use.key)
        if reason is not None:
            state = UNKNOWN if isinstance(reason, UnknownKey) else FAILED
            where = f"{reason.file}: " if reason.file else ""
            said = (f"{where}{reason.message}", *([reason.hint] if reason.hint else []))
            findings.append(Finding(str(use.file), use.line, use.key, state, said))
    return entries, findings


def _present(place: Path, host: str, *, forced: bool) -> Mapping[str, str] | None:
    """The entries of the file as it is; None where there is none. Raises UsageError where it is not diffsym's."""
    from diffsym.faces.keyfile import read_json, read_tex

    try:
        if place.stat().st_size > MOST_BYTES:
            raise UsageError(f"{place} is too long to be a file of keys")
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        text = ""
    if OURS not in text[:300]:
        if forced:
            return None
        raise UsageError(f"{place} is there already, and diffsym has not written it", hint="--force replaces it")
    if forced and host == "json":
        return None
    return read_tex(text) if host == "tex" else read_json(text)


def _stale(
    uses: Sequence[Use], entries: Mapping[str, Entry], present: Mapping[str, str] | None, host: str, place: Path
) -> Iterator[Finding]:
    from diffsym.faces.keyfile import change, entry_text
    from diffsym.notes.findings import STALE, Finding

    for use in uses:
        entry = entries.get(use.key)
        if entry is None:
            continue
        if present is None or use.key not in present:
            said = f"{place} is missing" if present is None else f"it is not in {place}"
            yield Finding(str(use.file), use.line, use.key, STALE, (said, "`diffsym keys` writes it"))
        elif present[use.key].strip() != entry_text(entry, host).strip():
            yield Finding(str(use.file), use.line, use.key, STALE, (change(entry, present[use.key], host),))
        else:
            for name in entry.pictures:
                if not (place.parent / name).is_file():
                    yield Finding(str(use.file), use.line, use.key, STALE, (f"{name} is missing",))


def _write(place: Path, text: str, host: str, entries: Mapping[str, Entry]) -> list[Path]:
    """Pictures first: the file of keys never names one that is not there yet."""
    from diffsym.locate import shipped

    written = []
    for entry in entries.values():
        for name, picture in entry.pictures.items():
            path = place.parent / name
            folder_at(path.parent)
            if _replaced(path, picture()):
                written.append(path)
    style = FACES[host]
    if _replaced(place.parent / style, (shipped("templates") / "faces" / style).read_bytes()):
        written.append(place.parent / style)
    if _replaced(place, text.encode()):
        written.append(place)
    return list(dict.fromkeys(written)) or [place]


def _replaced(path: Path, content: bytes) -> bool:
    try:
        if path.read_bytes() == content:
            return False
    except OSError:
        pass
    write_whole(path, content)
    return True
