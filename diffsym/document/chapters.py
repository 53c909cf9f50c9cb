"""The library's chapters and their titles."""

from __future__ import annotations

CHAPTERS: dict[int, str] = {
    0: "The differential amplifier as a black box",
    1: "Device parameters from device laws",
    2: "Single-transistor stages",
    3: "Current mirrors and current sources",
    4: "MOS differential pair",
    5: "Bipolar differential pair",
    6: "Large-signal behaviour",
    7: "Offset voltage",
    8: "Active load",
    9: "Folded cascode, CMFB",
    10: "Frequency response",
    11: "Two-stage Miller op amp",
    12: "Noise",
    13: "Op-amp circuits",
    14: "Nonlinear and regenerative relatives",
}


def chapter_title(number: int) -> str:
    """The title of a chapter; one that the table lacks is called by its number."""
    return CHAPTERS.get(number, f"Chapter {number}")
