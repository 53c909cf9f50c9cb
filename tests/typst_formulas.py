"""What Typst itself understands of its source: the formulas it parsed, written as LaTeX, which our reader reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import typst

from diffsym.expression.names import GREEK_NAMES

SIGNS = {
    "−": "-",
    "⋅": r"\cdot",
    "×": r"\times",
    "∥": r"\parallel",
    "≈": r"\approx",
    "≠": r"\neq",
    "≤": r"\le",
    "≥": r"\ge",
    "≪": r"\ll",
    "≫": r"\gg",
    "→": r"\to",
    "⇒": r"\Rightarrow",
    "∞": r"\infty",
} | {letter: f"\\{name}" for letter, name in GREEK_NAMES.items()}
OPERATORS = {"arctan": r"\arctan", "artanh": r"\operatorname{artanh}", "arsinh": r"\operatorname{arsinh}"}


def formulas_in(source: str, pictures: Mapping[str, str] = {}) -> list[str]:
    """Every formula of a page, in order. Typst refuses a source that is not its language."""
    files = {"main.typ": source.encode(), **{name: text.encode() for name, text in pictures.items()}}
    compiler = typst.Compiler(files, ignore_system_fonts=True)
    return [as_latex(body) for body in json.loads(compiler.query("math.equation", field="body"))]


def alternatives_in(source: str, pictures: Mapping[str, str] = {}) -> list[str]:
    """The words of every formula for those who cannot see it."""
    files = {"main.typ": source.encode(), **{name: text.encode() for name, text in pictures.items()}}
    return json.loads(typst.Compiler(files, ignore_system_fonts=True).query("math.equation", field="alt"))


def as_latex(node: Mapping[str, Any]) -> str:
    match node["func"]:
        case "sequence":
            return _row(node["children"])
        case "text" if node["text"][:1].isalpha():
            return rf"\mathrm{{{node['text'].replace('²', '^2')}}}"
        case "symbol" | "text":
            return SIGNS.get(node["text"], node["text"])
        case "space" | "h" | "align-point" | "linebreak" | "context" | "box":
            return " "
        case "styled":
            return as_latex(node["child"])
        case "frac":
            return rf"\frac{{{as_latex(node['num'])}}}{{{as_latex(node['denom'])}}}"
        case "root":
            return rf"\sqrt{{{as_latex(node['radicand'])}}}"
        case "lr":
            return _fenced(node["body"]["children"])
        case "op":
            word = node["text"]["text"]
            return OPERATORS.get(word, f"\\{word}")
        case "attach":
            return _attached(node)
        case "equation":
            return as_latex(node["body"])
    raise AssertionError(f"Typst found a {node['func']} in a formula")


def _row(children: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(as_latex(child) for child in children)


def _fenced(children: Sequence[Mapping[str, Any]]) -> str:
    opening, closing = children[0]["text"], children[-1]["text"]
    assert opening + closing in ("()", "||")
    return rf"\left{opening} {_row(children[1:-1])} \right{closing}"


def _attached(node: Mapping[str, Any]) -> str:
    assert set(node) <= {"func", "base", "b", "t", "tr"}, node
    below = f"_{{{as_latex(node['b'])}}}" if "b" in node else ""
    primes = "'" * node["tr"]["count"] if "tr" in node else ""
    above = f"^{{{as_latex(node['t'])}}}" if "t" in node else ""
    base = as_latex(node["base"])
    if primes and above:
        return f"{{{base}{below}{primes}}}{above}"
    return f"{base}{below}{primes}{above}"
