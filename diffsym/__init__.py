"""diffsym: small-signal circuits solved symbolically, rendered as worked solutions whose every line is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffsym.version import __version__

if TYPE_CHECKING:
    from diffsym.api import Answer, Circuit, Solved, derive, derive_text, from_lcapy, load, read_netlist
    from diffsym.verify.asking import assert_formula, check

__all__ = [
    "Answer",
    "Circuit",
    "Solved",
    "__version__",
    "assert_formula",
    "check",
    "derive",
    "derive_text",
    "from_lcapy",
    "load",
    "read_netlist",
]


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used, so that ``import diffsym`` stays light."""
    if name in ("assert_formula", "check"):
        from diffsym.verify import asking

        return getattr(asking, name)
    if name in ("load_ipython_extension", "unload_ipython_extension"):
        from diffsym import jupyter

        return getattr(jupyter, name)
    if name in __all__:
        from diffsym import api

        return getattr(api, name)
    raise AttributeError(f"module 'diffsym' has no attribute {name!r}")
