"""Sphinx: formulas of keys as MathML in HTML, which needs no script, where a site asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes  # type: ignore[import-untyped]
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

MATHML = "diffsym_mathml"
"""Setting: formulas of keys are MathML in HTML, which needs no script; otherwise they go the way of all mathematics."""


class ds_formula(nodes.math):  # type: ignore[misc]  # noqa: N801
    """A formula in a sentence, with its MathML."""


class ds_equation(nodes.math_block):  # type: ignore[misc]  # noqa: N801
    """A displayed formula, with its MathML."""


def as_mathml(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """After numbers were given, which go by the kind of a node."""
    if app.builder.format != "html" or not getattr(app.config, MATHML):
        return
    for node in list(doctree.findall(nodes.math_block)):
        if "mathml" in node:
            node.replace_self(ds_equation(node.rawsource, node.astext(), **node.attributes))
    for node in list(doctree.findall(nodes.math)):
        if "mathml" in node:
            node.replace_self(ds_formula(node.rawsource, node.astext(), **node.attributes))


def html_formula(writer: HTML5Translator, node: ds_formula) -> None:
    writer.body.append(node["mathml"])
    raise nodes.SkipNode


def html_equation(writer: HTML5Translator, node: ds_equation) -> None:
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight", style="margin: 0.8em 0"))
    if node["number"]:
        number = get_node_equation_number(writer, node)
        writer.body.append(f'<span class="eqno">({number})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append(node["mathml"] + "</div>\n")
    raise nodes.SkipNode
