"""A placed chart as TikZ: its lines are those of the sheet, its letters are set by LaTeX in the page's own font."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from diffsym.drawing.plots.sheet import Letters, Sheet, Stroke

SIGNS = {
    "\\": r"\textbackslash{}",
    "µ": r"\textmu{}",
    "Ω": r"\ensuremath{\Omega}",
    "°": r"\ensuremath{^\circ}",
    "−": r"\ensuremath{-}",
    "×": r"\ensuremath{\times}",
    "≈": r"\ensuremath{\approx}",
    "≫": r"\ensuremath{\gg}",
    "≪": r"\ensuremath{\ll}",
    "±": r"\ensuremath{\pm}",
    "√": r"\ensuremath{\surd}",
    "|": r"\ensuremath{|}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "{}&#%_"},
}


def to_tikz(sheet: Sheet) -> str:
    """One picture for LaTeX, of the sheet's size; needs the package tikz and nothing else."""
    lines = [
        r"\begin{tikzpicture}[x=1bp,y=1bp]",
        rf"\path[use as bounding box] (0,0) rectangle ({_n(sheet.width)},{_n(sheet.height)});",
        *(_stroke(stroke) for stroke in sheet.strokes),
        *_texts(sheet),
        r"\end{tikzpicture}",
        "",
    ]
    return "\n".join(lines)


def _stroke(stroke: Stroke) -> str:
    look: list[str] = []
    if stroke.ink:
        look += [f"draw={_colour(stroke.ink)}", f"line width={_n(stroke.width)}bp"]
        if stroke.dashes:
            states = [f"{'off' if place % 2 else 'on'} {_n(each)}bp" for place, each in enumerate(stroke.dashes)]
            look.append(f"dash pattern={' '.join(states)}")
    if stroke.fill:
        look.append(f"fill={_colour(stroke.fill)}")
    if stroke.opacity != 1:
        look.append(f"opacity={_n(stroke.opacity)}")
    return rf"\path[{','.join(look)}] {_path(stroke)};"


def _path(stroke: Stroke) -> str:
    out: list[str] = []
    for letter, points in stroke.steps:
        at = [f"({_n(x)},{_n(y)})" for x, y in points]
        match letter:
            case "M":
                out.append(at[0])
            case "L":
                out.append(f"--{at[0]}")
            case "C":
                out.append(f"..controls{at[0]}and{at[1]}..{at[2]}")
            case "Q":
                out.append(f"..controls{at[0]}..{at[1]}")
            case _:
                out.append("--cycle")
    return "\n".join("".join(out[start : start + 8]) for start in range(0, len(out), 8))


def _colour(colour: str) -> str:
    if colour == "#000000":
        return "black"
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def _texts(sheet: Sheet) -> Iterator[str]:
    for letters in sheet.letters:
        share, anchor = {"left": (0.0, "base west"), "right": (1.0, "base east")}.get(letters.anchor, (0.5, "base"))
        turn = math.radians(letters.angle)
        x = letters.at[0] + share * letters.width * math.cos(turn)
        y = letters.at[1] + share * letters.width * math.sin(turn)
        rotated = f",rotate={_n(letters.angle)}" if letters.angle else ""
        font = rf"\fontsize{{{_n(letters.size)}}}{{{_n(letters.size * 1.2)}}}\selectfont"
        yield rf"\node[anchor={anchor},inner sep=0pt{rotated},font={font}] at ({_n(x)},{_n(y)}) {{{_set(letters)}}};"


def _set(letters: Letters) -> str:
    if not letters.math:
        return _words(letters.text)
    pieces = re.split(r"(?<!\\)\$", letters.text)
    return "".join(f"${piece}$" if place % 2 else _words(piece) for place, piece in enumerate(pieces))


def _words(text: str) -> str:
    return "".join(SIGNS.get(letter, letter) for letter in text.replace(r"\$", "$")).replace("$", r"\$")


def _n(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
