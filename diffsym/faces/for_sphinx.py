"""Sphinx: keys become nodes of docutils, the same from reStructuredText and from MyST, for every builder.

``:ds:`mos-pair:A_d``` is a formula in a sentence; the directives ``diffsym:formula``, ``diffsym:derivation``,
``diffsym:figure`` and ``diffsym:verify`` number their equations with the document's own, so that ``:eq:`` finds them.
What is wrong with a key is a warning at its line, an error under ``-W``. A document is read again when a derivation
that it uses has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes  # type: ignore[import-untyped]
from docutils.parsers.rst import directives  # type: ignore[import-untyped]
from docutils.statemachine import StringList  # type: ignore[import-untyped]
from sphinx import addnodes
from sphinx.directives.patches import Figure, MathDirective
from sphinx.domains import Domain
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from diffsym.document.layout import LEAD_WIDTH, LINE_WIDTH
from diffsym.document.tree import (
    Block,
    Code,
    Equation,
    Heading,
    Inlines,
    Listing,
    Math,
    Paragraph,
    Reference,
    Step,
    Strong,
    Text,
)
from diffsym.errors import DiffsymError, UsageError
from diffsym.expression.notation import Notation
from diffsym.expression.reading import read_lines
from diffsym.expression.tree import Expression, Relation
from diffsym.faces.sphinx_mathml import MATHML, as_mathml, ds_equation, ds_formula, html_equation, html_formula
from diffsym.notes.findings import STATUS
from diffsym.notes.keys import read_key
from diffsym.notes.markers import Ask
from diffsym.notes.pieces import Formula, Lines, Listed, Picture, Piece, Words, piece_of
from diffsym.notes.setting import setting_for
from diffsym.notes.sources import Shelf
from diffsym.notes.styles import STYLES
from diffsym.notes.verifying import Verifier
from diffsym.version import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

LATEX, HTML = STYLES["latex"], STYLES["html"]


# What keys name -----------------------------------------------------------------------------------------------------

_shelves: dict[Path, Shelf] = {}


def _forget(app: Sphinx) -> None:
    """Derivations are read anew for every build."""
    _shelves.clear()


def _shelf(env: BuildEnvironment) -> Shelf:
    """Paths in keys start from the folder of the document."""
    folder = Path(env.doc2path(env.docname)).parent
    if folder not in _shelves:
        _shelves[folder] = Shelf(setting_for(folder), folder)
    return _shelves[folder]


def _piece(env: BuildEnvironment, text: str) -> Piece:
    """Raises DiffsymError. The document rests on the derivation from now on, be it right or wrong."""
    shelf = _shelf(env)
    if shelf.setting.file:
        env.note_dependency(shelf.setting.file)
    key = read_key(text)
    with suppress(DiffsymError):
        env.note_dependency(str(shelf.path(key.source).resolve()))
    return piece_of(key, shelf, _language(env))


def _language(env: BuildEnvironment) -> str:
    """That of the site, where it is another one than Sphinx's own; otherwise that of the setting."""
    from diffsym.derivation.wording import languages

    site = (env.config.language or "en").replace("-", "_").partition("_")[0]
    return site if site != "en" and site in languages() else ""


def _warned(error: DiffsymError, text: str, location: object) -> nodes.Node:
    """A key that is wrong prints ??, as a reference does, and is a warning at its line."""
    where = f"{error.file}: " if error.file else ""
    hint = f"; {error.hint}" if error.hint else ""
    logger.warning("%s%s%s", where, error.message, hint, location=location, type="diffsym", subtype="key")
    return nodes.problematic(text, "??")


# Nodes --------------------------------------------------------------------------------------------------------------

Printed = Expression | Relation


def _math(formula: Printed, notation: Notation) -> nodes.Node:
    latex = LATEX.formula(formula, notation)
    return nodes.math(latex, latex, mathml=HTML.formula(formula, notation))


def _inlines(inlines: Inlines, notation: Notation, labels: dict[str, str], env: BuildEnvironment) -> list[nodes.Node]:
    out: list[nodes.Node] = []
    for part in inlines:
        match part:
            case Text(text):
                out.append(nodes.Text(text))
            case Strong(text):
                out.append(nodes.strong("", text))
            case Code(text):
                out.append(nodes.literal("", text))
            case Math(formula):
                out.append(_math(formula, notation))
            case Reference(label):
                out.append(_reference(labels.get(label, label), env))
    return out


def _reference(label: str, env: BuildEnvironment) -> nodes.Node:
    return addnodes.pending_xref(
        "",
        nodes.literal("", label),
        refdomain="math",
        reftype="eq",
        reftarget=label,
        refdoc=env.docname,
        refexplicit=False,
        refwarn=True,
    )


class Keyed(SphinxDirective):
    """What the directives share: a key as their argument, and equations numbered by Sphinx."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {"label": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        try:
            return self.made(_piece(self.env, self.arguments[0]))
        except DiffsymError as error:
            return [nodes.paragraph("", "", _warned(error, self.arguments[0], self.get_location()))]

    def made(self, piece: Piece) -> list[nodes.Node]:
        raise NotImplementedError

    def equation(self, printed: str, mathml: str, label: str) -> list[nodes.Node]:
        """As the directive ``math`` makes it, with its number and its target."""
        options = {"label": label} if label else {}
        math = MathDirective(
            "math",
            [],
            options,
            StringList(printed.split("\n"), self.get_source_info()[0]),
            self.lineno,
            self.content_offset,
            self.block_text,
            self.state,
            self.state_machine,
        )
        made = math.run()
        for node in made:
            if isinstance(node, nodes.math_block) and mathml:
                node["mathml"] = mathml
        return made

    def formula(self, piece: Formula, label: str) -> list[nodes.Node]:
        printed = LATEX.broken(piece.equation, piece.notation, LINE_WIDTH)
        return self.equation(printed, HTML.broken(piece.equation, piece.notation, LINE_WIDTH), label)


class FormulaDirective(Keyed):
    """A displayed formula; with a label it has a number."""

    def made(self, piece: Piece) -> list[nodes.Node]:
        match piece:
            case Formula():
                return self.formula(piece, self.options.get("label", ""))
            case Words():
                return [
                    nodes.paragraph("", "", *_inlines(each, piece.notation, {}, self.env)) for each in piece.paragraphs
                ]
            case Listed():
                return [nodes.literal_block(piece.text, piece.text, language="text")]
            case Lines():
                return _lines(self, piece)
        raise UsageError(f"{piece.key} is a picture", hint="diffsym:figure shows it")


class DerivationDirective(Keyed):
    """The lines of a derivation, each with its reason; ``:label: eq:ad`` makes ``eq:ad-step3``."""

    def made(self, piece: Piece) -> list[nodes.Node]:
        if isinstance(piece, Formula) and not piece.key.part:
            piece = _piece(self.env, f"{piece.key}:steps")
        if not isinstance(piece, Lines):
            raise UsageError(f"{piece.key} is no derivation", hint="as in mos-pair:A_d@kcl, or mos-pair:A_d#step3")
        return _lines(self, piece)


def _lines(directive: Keyed, piece: Lines) -> list[nodes.Node]:
    env = directive.env
    given = directive.options.get("label", "")
    start = given or f"{env.docname}-diffsym{env.new_serialno('diffsym')}"
    labels = {label: f"{start}-step{number}" for label, number in piece.anchors.items()}
    alone = bool(piece.key.step)
    out: list[nodes.Node] = []

    def equation(block: Equation) -> list[nodes.Node]:
        lead = (LATEX.lead(block.lead), HTML.lead(block.lead)) if block.lead else ("", "")
        room = LINE_WIDTH - (LEAD_WIDTH if block.lead else 0)
        latex = lead[0] + LATEX.broken(block.formula, piece.notation, room)
        mathml = HTML.broken(block.formula, piece.notation, room)
        if block.lead:
            mathml = mathml.replace(">", f">{lead[1]}<mspace width='1.5em'></mspace>", 1)
        label = given if alone else f"{start}-step{block.number}" if block.number else ""
        return directive.equation(latex, mathml, label)

    def spoken(inlines: Inlines) -> list[nodes.Node]:
        if alone:
            # The lines that a line alone refers to are not there.
            numbered = {label: f"({number})" for label, number in piece.anchors.items()}
            inlines = tuple(
                Text(numbered.get(each.label, "")) if isinstance(each, Reference) else each for each in inlines
            )
        return _inlines(inlines, piece.notation, labels, env)

    def nodes_of(block: Block) -> list[nodes.Node]:
        match block:
            case Step(reason, stated):
                words: list[nodes.Node] = [nodes.paragraph("", "", *spoken(reason))] if reason else []
                return [*words, *equation(stated)]
            case Equation():
                return equation(block)
            case Paragraph(inlines):
                return [nodes.paragraph("", "", *spoken(inlines))]
            case Heading(_, inlines):
                return [nodes.rubric("", "", *spoken(inlines))]
            case Listing(text, _, _):
                return [nodes.literal_block(text, text, language="text")]
        raise UsageError(f"{piece.key}: a {type(block).__name__.lower()} cannot stand in notes")

    for block in piece.blocks:
        out += nodes_of(block)
    return out


class FigureDirective(Figure, SphinxDirective):
    """A drawing as a figure: SVG for HTML, PDF for LaTeX; its caption is the content, or what it shows."""

    content: Any

    def run(self) -> list[nodes.Node]:
        text = self.arguments[0]
        try:
            piece = _piece(self.env, text)
            if not isinstance(piece, Picture):
                raise UsageError(f"{piece.key} is no picture", hint=f"as in {piece.key.source}:figure.circuit")
            self.arguments[0] = _drawn(piece, self.env)
            self.options.setdefault("alt", piece.alternative)
            if not self.content:
                self.content = StringList([piece.caption], self.get_source_info()[0])
        except DiffsymError as error:
            return [nodes.paragraph("", "", _warned(error, text, self.get_location()))]
        return list(super().run())


def _drawn(piece: Picture, env: BuildEnvironment) -> str:
    """The drawing's files, beside the environment; each builder takes the one that it can show."""
    import os

    from diffsym.commands.places import folder_at, write_whole

    folder = folder_at(Path(env.doctreedir) / "diffsym")
    for ending in ("svg", "pdf"):
        path, content = folder / f"{piece.file_stem}.{ending}", piece.file(ending)
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
    here = Path(env.doc2path(env.docname)).parent
    return Path(os.path.relpath(folder / f"{piece.file_stem}.*", here)).as_posix()


class VerifyDirective(Keyed):
    """A formula typed by hand, displayed, and held against what its key names: a wrong one is a warning."""

    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        **Keyed.option_spec,
        "as": directives.unchanged_required,
        "exactly": directives.flag,
        "drive": directives.unchanged_required,
    }

    def made(self, piece: Piece) -> list[nodes.Node]:
        text = "\n".join(self.content).strip()
        if not text:
            raise UsageError(f"{piece.key}: no formula stands below verify", hint="write it, in LaTeX, as the content")
        options = {name: self.options[name] or "" for name in ("as", "exactly", "drive") if name in self.options}
        verdict = Verifier(_shelf(self.env)).verdict(Ask(self.arguments[0], options), text)
        if STATUS[verdict.state]:
            logger.warning(
                "%s: %s",
                self.arguments[0],
                "; ".join((verdict.state, *verdict.said)),
                location=self.get_location(),
                type="diffsym",
                subtype="verify",
            )
        return self.equation(text, _mathml_of(text, piece), self.options.get("label", ""))


def _mathml_of(text: str, piece: Piece) -> str:
    """A typed formula as it is read; empty where it is not one plain formula, which then is shown as it stands."""
    try:
        lines = read_lines(text, symbols=[*piece.notation.spelling, *piece.notation.dimensions], quantities=True)
    except DiffsymError:
        return ""
    if len(lines) != 1:
        return ""
    return HTML.broken(lines[0].relation or lines[0].sides[0], piece.notation, LINE_WIDTH)


class Role(SphinxRole):
    """A formula, a number or a unit in a sentence."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            return self.made(_piece(self.env, self.text)), []
        except DiffsymError as error:
            return [_warned(error, self.text, self.get_location())], []

    def made(self, piece: Piece) -> list[nodes.Node]:
        match piece:
            case Formula():
                return [_math(piece.alone if piece.key.part else piece.equation, piece.notation)]
            case Words():
                joined: list[nodes.Node] = []
                for each in piece.paragraphs:
                    joined += [nodes.Text(" ")] if joined else []
                    joined += _inlines(each, piece.notation, {}, self.env)
                return joined
        raise UsageError(f"{piece.key} cannot stand in a sentence", hint="there are directives for it: diffsym:…")


class KeyDomain(Domain):
    """Nothing is kept in the environment: equations and figures belong to Sphinx's own domains."""

    name = "diffsym"
    label = "diffsym"
    directives: ClassVar[dict[str, Any]] = {
        "formula": FormulaDirective,
        "derivation": DerivationDirective,
        "figure": FigureDirective,
        "verify": VerifyDirective,
    }
    roles: ClassVar[dict[str, Any]] = {"ds": Role()}

    def merge_domaindata(self, docnames: Any, otherdata: Any) -> None:
        pass

    def resolve_any_xref(self, *given: Any) -> list[Any]:
        return []


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value(MATHML, False, "html", types=frozenset({bool}))
    app.add_config_value("diffsym_version", __version__, "env", types=frozenset({str}))
    app.add_node(ds_formula, html=(html_formula, None))
    app.add_node(ds_equation, html=(html_equation, None))
    app.add_domain(KeyDomain)
    app.add_role("ds", Role())
    app.connect("builder-inited", _forget)
    app.connect("doctree-resolved", as_mathml)
    return {"version": __version__, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


__all__: Sequence[str] = ["setup"]
