"""Where a document comes from: fingerprints of what was asked, and the version that answered."""

from __future__ import annotations

import json
import tomllib
from hashlib import sha256

from diffsym.document.draft import Draft
from diffsym.version import __version__

WORDS = ("expect", "words", "concepts", "lemmas")
"""Keys that change nothing of what is derived: expectations, translations, what a page is found by and linked to."""


def provenance(draft: Draft) -> tuple[tuple[str, str], ...]:
    """(term, value) pairs for the page's last lines."""
    out: list[tuple[str, str]] = []
    file, circuit = draft.file, draft.worked.circuit
    if file is not None:
        if file.catalog:
            out.append((draft.word("provenance.catalogue"), file.catalog))
        out.append((draft.word("provenance.source"), fingerprint(asked_in(file.text))))
    netlist = file.netlist if file is not None else circuit.text if circuit is not None else ""
    if netlist:
        out.append((draft.word("provenance.netlist"), fingerprint(netlist)))
    out.append(("diffsym", __version__))
    return tuple(out)


def fingerprint(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def asked_in(text: str) -> str:
    """What a derivation file asks, in a fixed form without comments, layout, expectations and translations."""
    table = tomllib.loads(text)
    return json.dumps(_asked({"quantity": [], **table}), sort_keys=True, default=str)


def _asked(value: object, depth: int = 0) -> object:
    """A table without the keys of WORDS, and without what the catalogue calls a quantity."""
    if isinstance(value, list):
        return [_asked(each, depth) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: each for key, each in value.items() if key not in WORDS and not (depth and key == "catalog")}
    return {key: _asked(each, depth + 1) for key, each in kept.items()}
