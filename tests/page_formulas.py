"""The formulas of a page, found again in what each format prints and written as LaTeX that our reader reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from xml.etree import ElementTree

from typst_formulas import SIGNS

from diffsym.document.tree import Document
from diffsym.errors import ExpressionError
from diffsym.expression.reading import read_expression, read_relation
from diffsym.expression.tree import FUNCTIONS, Expression, Relation

OPERATOR = {"artanh": r"\operatorname{artanh}", "arsinh": r"\operatorname{arsinh}", "arctan": r"\arctan"}


def formulas_of(value: object) -> Iterator[Expression | Relation]:
    """The formulas of a document, in reading order."""
    if isinstance(value, Expression | Relation):
        yield value
    elif isinstance(value, Document):
        yield from formulas_of(value.sections)
    elif is_dataclass(value):
        for field in fields(value):
            yield from formulas_of(getattr(value, field.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from formulas_of(part)


def canonical(latex: str) -> object:
    """What a formula says: its tree, or its signs without spaces where our reader does not read it."""
    for read in (read_relation, read_expression):
        try:
            return read(latex)
        except ExpressionError:
            continue
    latex = latex.removeprefix(r"\displaystyle ").replace(r"\Omega", "Ω").replace(r"\mu ", "µ").replace(r"\mu", "µ")
    return re.sub(r"\s|\\(left|right|thinspace|operatorname|mathop|mathrm|,)(?![a-z])|[{}]", "", latex)


def _unbroken(latex: str) -> str:
    """A formula on one line: rows joined, without frame, number and words beside it."""
    latex = re.sub(r"\\begin\{aligned\}|\\end\{aligned\}|\\\\\n|\\tag\{\d+\}|\\label\{[^}]*\}|\\cr ", " ", latex)
    latex = re.sub(r"\\diffsymlead\{[^{}]*\}|\\text\{[^{}]*\}\\qquad|\\qquad *\\text\{[^{}]*\}|\\qquad", " ", latex)
    latex = re.sub(r"&\\quad \{\}|&", " ", latex).strip()
    for frame in (r"\diffsymfit{", r"\boxed{"):
        if latex.startswith(frame) and latex.endswith("}"):
            latex = latex[len(frame) : -1].strip()
    return latex


def in_markdown(page: str) -> list[str]:
    """Of a page on GitHub, or of a cell of a notebook."""
    bare = re.sub(r"^(`{3,})(\w*)\n(.*?)^\1$", _fenced, page, flags=re.DOTALL | re.MULTILINE)
    bare = re.sub(r"(?<!`)(`{1,2})(?!`)[^\n]+?(?<!`)\1(?!`)", "", bare)
    found = re.finditer(r"^\$\$\n(.*?)\n\$\$$|(?<![\\$])\$(?!\$)((?:[^$\\]|\\.)+)\$", bare, re.DOTALL | re.MULTILINE)
    return [_ungithubbed(_unbroken(next(filter(None, each.groups())))) for each in found]


def _fenced(block: re.Match[str]) -> str:
    """A formula of GitHub's as one of a notebook's; other literal text has none."""
    return f"$$\n{block.group(3)}$$" if block.group(2) == "math" else ""


def _ungithubbed(latex: str) -> str:
    latex = re.sub(r"\\mathop\{\\mathrm\{(\w+)\}\}", r"\\operatorname{\1}", latex)
    return re.sub(r"\\vert *", "|", latex).replace(r"\lt ", "<").replace(r"\gt ", ">")


def in_notebook(page: str) -> list[str]:
    cells = [cell for cell in json.loads(page)["cells"] if cell["cell_type"] == "markdown"]
    return [formula for cell in cells for formula in in_markdown("".join(cell["source"]))]


def in_latex(page: str) -> list[str]:
    bare = page.partition(r"\begin{document}")[2]
    bare = re.sub(r"\\sbox0\{%.*?\\usebox0\\fi", "", bare, flags=re.DOTALL)
    bare = re.sub(r"\{\\ttfamily.*?\\par\}", "", bare, flags=re.DOTALL)
    found = re.finditer(r"\\begin\{equation(\*?)\}(.*?)\\end\{equation\1\}|(?<!\\)\$(.*?)(?<!\\)\$", bare, re.DOTALL)
    return [_unbroken(each.group(2) or each.group(3)) for each in found]


def in_json(page: str) -> list[str]:
    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if set(value) == {"text", "latex"}:
                yield value["latex"]
                return
            # A step is read reason first, a table head first.
            for key in sorted(value, key=lambda key: (key == "equation", key == "rows")):
                yield from walk(value[key])
        elif isinstance(value, list):
            for part in value:
                yield from walk(part)

    return list(walk(json.loads(page)["sections"]))


def in_html(page: str) -> list[str]:
    return [_mathml(ElementTree.fromstring(each)) for each in re.findall(r"<math\b.*?</math>", page, re.DOTALL)]


def _mathml(node: ElementTree.Element) -> str:
    parts = list(node)
    match node.tag.rpartition("}")[2]:
        case "math" | "mrow" | "mtable" | "mtr" | "mtd" | "mstyle":
            return " ".join(map(_mathml, parts))
        case "mi" if node.get("mathvariant") == "normal" and re.fullmatch("[A-Z]²?", node.text or ""):
            return rf"\mathrm{{{(node.text or '').replace('²', '^2')}}}"
        case "mi" | "mn" | "mtext":
            return _word(node.text or "")
        case "mo":
            return _operator(node)
        case "mspace":
            return " "
        case "mfrac":
            return rf"\frac{{{_mathml(parts[0])}}}{{{_mathml(parts[1])}}}"
        case "msqrt":
            return rf"\sqrt{{{' '.join(map(_mathml, parts))}}}"
        case "msub":
            return f"{_mathml(parts[0])}_{{{_mathml(parts[1])}}}"
        case "msup":
            return _raised(_mathml(parts[0]), parts[1])
        case "msubsup":
            return _raised(f"{_mathml(parts[0])}_{{{_mathml(parts[1])}}}", parts[2])
    raise AssertionError(f"MathML has a {node.tag}")


def _raised(base: str, above: ElementTree.Element) -> str:
    text = _mathml(above)
    if text.strip("'") == "":
        return base + text
    return f"{{{base}}}^{{{text}}}" if "'" in base else f"{base}^{{{text}}}"


def _word(text: str) -> str:
    if text in OPERATOR:
        return OPERATOR[text]
    if text in (*FUNCTIONS, "log"):
        return f"\\{text}"
    return rf"\mathrm{{{text.replace('²', '^2')}}}" if len(text) > 1 and text[0].isalpha() else SIGNS.get(text, text)


def _operator(node: ElementTree.Element) -> str:
    text = node.text or ""
    if text == "|":
        return r"\left|" if node.get("form") == "prefix" else r"\right|"
    return {"\u2062": " ", "\u2061": " ", "′": "'", "″": "''"}.get(text) or SIGNS.get(text, text.replace("′", "'"))


def said_in_pdf(page: bytes) -> list[str]:
    """The words of each formula, from the tags of a PDF."""
    found = re.finditer(rb"/S/Formula(?:(?!endobj).)*?/Alt(?=[(<])", page, re.DOTALL)
    return [_pdf_string(_literal(page, each.end())) for each in found]


def _literal(page: bytes, start: int) -> bytes:
    """The string that begins at a place; brackets in pairs may stand in it bare."""
    if page[start : start + 1] == b"<":
        return page[start : page.index(b">", start) + 1]
    depth, place = 0, start
    while True:
        sign = page[place : place + 1]
        if sign == b"\\":
            place += 1
        depth += (sign == b"(") - (sign == b")")
        place += 1
        if depth == 0:
            return page[start:place]


def _pdf_string(written: bytes) -> str:
    if written.startswith(b"<"):
        content = bytes.fromhex(written[1:-1].decode())
    else:
        escapes = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

        def plain(found: re.Match[bytes]) -> bytes:
            sign = found.group(1)
            return bytes([int(sign, 8)]) if sign.isdigit() else escapes.get(sign, sign)

        content = re.sub(rb"\\([0-7]{1,3}|.)", plain, written[1:-1], flags=re.DOTALL)
    return content.decode("utf-16") if content.startswith((b"\xfe\xff", b"\xff\xfe")) else content.decode("latin-1")
