"""MkDocs: ``modules: [diffsym.mkdocs]`` of the macros plugin gives ``{{ ds("mos-pair:A_d") }}``."""

from __future__ import annotations

from diffsym.faces.for_mkdocs import define_env

__all__ = ["define_env"]
