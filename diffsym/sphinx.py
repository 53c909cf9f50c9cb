"""``extensions = ["diffsym.sphinx"]``: the role ``:ds:`` and the directives ``diffsym:…``, for Sphinx and MyST."""

from __future__ import annotations

from diffsym.faces.for_sphinx import setup

__all__ = ["setup"]
