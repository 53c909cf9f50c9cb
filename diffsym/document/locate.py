"""The templates' folder is found as every shipped folder is."""

from __future__ import annotations

from diffsym.locate import shipped

__all__ = ["shipped"]
