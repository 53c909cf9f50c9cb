"""The Word page of a document is its Markdown, converted by pandoc where that is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from diffsym.document.pictures import with_files
from diffsym.document.tree import Document
from diffsym.document.typst_pages import png
from diffsym.document.writers import print_markdown
from diffsym.errors import UsageError

READER = "commonmark+tex_math_dollars+pipe_tables+attributes"
DOTS_PER_INCH = 200
PATIENCE = 120
"""Seconds."""

INSTALL = "install pandoc: apt-get install pandoc, brew install pandoc, or pandoc.org; PDF and HTML need nothing"


def pandoc_at() -> str:
    """The path of pandoc. Raises UsageError where there is none."""
    path = which("pandoc")
    if path is None:
        raise UsageError("Word documents need pandoc, which is not installed", hint=INSTALL)
    return path


def word(document: Document, *, templates: Path | None = None) -> bytes:
    """A .docx with formulas that Word can edit. Raises UsageError where pandoc is absent or fails."""
    pandoc = pandoc_at()
    shown, pictures = with_files(document)
    text = print_markdown(shown, "docx", templates=templates)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name, picture in pictures.items():
            (place / f"{Path(name).stem}.png").write_bytes(png(picture, DOTS_PER_INCH))
        (place / "page.md").write_text(text, encoding="utf-8")
        command = [pandoc, "--from", READER, "--to", "docx", "--output", "page.docx"]
        command += ["--dpi", str(DOTS_PER_INCH), "--metadata", f"lang={document.language}", "page.md"]
        try:
            run = subprocess.run(
                command,
                cwd=folder,
                # Word files carry a date; this one is the same every time.
                env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"pandoc did not answer: {error}", hint=INSTALL) from None
        if run.returncode:
            said = (run.stderr.strip().splitlines() or ["no reason given"])[0]
            raise UsageError(f"pandoc refused the page: {said}", hint="pandoc 2.11 or later is needed")
        return (place / "page.docx").read_bytes()
