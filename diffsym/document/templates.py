"""Templates run in a closed room: they see a document, print it escaped for their format, and reach nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any, cast

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from diffsym.derivation.sentences import Title
from diffsym.document import tree
from diffsym.document.bounds import Allowance, bounded, printable
from diffsym.document.filters import filters_for
from diffsym.document.formulas import DIALECTS, Dialect
from diffsym.document.page import page_filters
from diffsym.errors import TemplateError
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Expression, Relation
from diffsym.locate import shipped

SHIPPED = "!"
"""Before a template's name: the shipped one, whatever stands in the reader's own folder."""


def environment(
    format: str,
    notation: Notation,
    *,
    numbers: Mapping[str, int] | None = None,
    anchors: Mapping[str, str] | None = None,
    templates: Path | None = None,
) -> jinja2.Environment:
    """Where the templates of one format run for one document. Raises TemplateError for a folder that is not there."""
    if templates is not None and not templates.is_dir():
        raise TemplateError("this folder of templates does not exist", file=str(templates))
    dialect = DIALECTS[format]
    closed = _Closed(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: (
            titled(value, dialect, notation) if isinstance(value, Title) else safe(value, dialect.escape)
        ),
        loader=_Folders(templates),
        auto_reload=False,
    )
    closed.escape = dialect.escape
    closed.filters = filters_for(format, notation, numbers or {}, anchors or {})
    if format == "html":
        closed.filters |= page_filters(notation)
    closed.filters = {name: closed.allowance.filtering(filter) for name, filter in closed.filters.items()}
    closed.globals = {name: closed.globals[name] for name in ("range", "namespace")}
    return closed


def rendered(printer: jinja2.Environment, name: str, names: Mapping[str, Any]) -> str:
    """The page that a template prints. Every fault of a template becomes a TemplateError with its file and line."""
    try:
        _check_blocks(printer, name)
        return printer.get_template(name).render(names)
    except jinja2.TemplateSyntaxError as error:
        raise _described(error, error.filename or error.name, error.lineno, names) from None
    except (jinja2.TemplateError, RecursionError, UnicodeDecodeError) as error:
        file, line = _place(error.__traceback__)
        raise _described(error, file or _file_of(printer, name), line, names) from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        file, line = _place(error.__traceback__, only_last=True)
        if file is None:
            raise
        raise _described(error, file, line, names) from None


def safe(value: object, escape: Callable[[str], str]) -> Markup:
    """What is already printed as it is; other words and numbers as inert text."""
    return value if isinstance(value, Markup) else Markup(escape(printable(value)))


def titled(title: Title, dialect: Dialect, notation: Notation) -> Markup:
    """A heading with its formulas set."""
    return Markup(
        "".join(
            dialect.heading(part, notation) if isinstance(part, Expression | Relation) else dialect.escape(str(part))
            for part in title.sentence
        )
    )


# The closed room ----------------------------------------------------------------------------------------------------


class _Generator(CodeGenerator):
    """Compiles without jinja's own HTML escaping, so that every string goes through the format's."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class _Closed(ImmutableSandboxedEnvironment):
    code_generator_class = _Generator
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))
    escape: Callable[[str], str]

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.allowance = Allowance()
        self.counted, self.listed = self.allowance.turn, self.allowance.measured
        self.__dict__["concat"] = self.allowance.concatenated

    def _generate(self, source: nodes.Template, name: Any, filename: Any, defer_init: bool = False) -> str:
        return super()._generate(bounded(source), name, filename, defer_init)

    def joined(self, parts: tuple[object, ...]) -> str:
        if any(isinstance(part, Markup) for part in parts):
            return Markup(self.concat(safe(part, self.escape) for part in parts))
        return self.concat(map(printable, parts))

    def call(self, context: Any, callee: Any, *arguments: Any, **named: Any) -> Any:
        self.allowance.read(getattr(callee, "__self__", None))
        return super().call(context, callee, *arguments, **named)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic is for counting lines: small whole numbers, and no power that could run for ever."""
        for operand in (left, right):
            if not isinstance(operand, int) or abs(operand) > 10**6:
                raise SecurityError(f"'{operator}' is only for small whole numbers in a template; join texts with '~'")
        if operator == "**":
            raise SecurityError("'**' is not for templates")
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> None:
        """``format`` is no method of a template's strings: a width of many digits would fill the memory."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str):
            return not isinstance(obj, Markup) and attr in _STRING_METHODS
        return super().is_safe_attribute(obj, attr, value)


_STRING_METHODS = frozenset({"startswith", "endswith", "lower", "upper", "strip", "split", "isdigit"})


class _Folders(jinja2.BaseLoader):
    """The reader's folder, then the shipped one; a name that starts with ``!`` asks only the shipped one."""

    def __init__(self, own: Path | None) -> None:
        there = jinja2.FileSystemLoader(shipped("templates"))
        self.both = [jinja2.FileSystemLoader(own), there] if own is not None else [there]

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        loaders = self.both[-1:] if template.startswith(SHIPPED) else self.both
        for loader in loaders:
            try:
                source, file, _ = loader.get_source(environment, template.removeprefix(SHIPPED))
            except jinja2.TemplateNotFound:
                continue
            return source, file, lambda: True
        raise jinja2.TemplateNotFound(template)

    def list_templates(self) -> list[str]:
        return sorted({name for loader in self.both for name in loader.list_templates() if name.endswith(".j2")})


# Faults of templates ------------------------------------------------------------------------------------------------


def _check_blocks(printer: jinja2.Environment, name: str) -> None:
    """Jinja leaves out, without a word, a block that the extended template does not have; here it is an error."""
    assert printer.loader is not None
    seen: set[str] = set()
    replacing: list[tuple[str, str, int]] = []
    while True:
        seen.add(name)
        source, file, _ = printer.loader.get_source(printer, name)
        parsed = printer._parse(source, name, file)
        blocks = list(parsed.find_all(nodes.Block))
        parent = parsed.find(nodes.Extends)
        if parent is None:
            known = {block.name for block in blocks}
            _refuse_unknown_blocks([found for found in replacing if found[0] not in known], known)
            return
        if not isinstance(parent.template, nodes.Const) or not isinstance(parent.template.value, str):
            return
        nested = {inner.name for outer in blocks for inner in outer.find_all(nodes.Block)}
        replacing = [found for found in replacing if found[0] not in nested]
        replacing += [(block.name, str(file), block.lineno) for block in blocks if block.name not in nested]
        if parent.template.value in seen:
            hint = f'extend the shipped one: <% extends "!{name}" %>'
            raise TemplateError("this template extends itself", file=file, line=parent.lineno, hint=hint)
        name = parent.template.value


def _refuse_unknown_blocks(unknown: list[tuple[str, str, int]], known: set[str]) -> None:
    for name, file, line in unknown:
        nearest = get_close_matches(name, sorted(known), n=1)
        meant = f"did you mean {nearest[0]}? " if nearest else ""
        raise TemplateError(
            f"there is no block {name!r} to replace",
            file=file,
            line=line,
            hint=f"{meant}the blocks are {', '.join(sorted(known))}",
        )


def _place(trace: TracebackType | None, *, only_last: bool = False) -> tuple[str | None, int | None]:
    """File and line of the innermost frame that is a template's; ``only_last``: nothing of diffsym's ran inside it."""
    place: tuple[str | None, int | None] = (None, None)
    for frame, line in walk_tb(trace):
        file = frame.f_code.co_filename
        if file.endswith(".j2"):
            place = (file, line)
        elif only_last and Path(file).is_relative_to(_PACKAGE) and file != __file__:
            place = (None, None)
    return place


def _file_of(printer: jinja2.Environment, name: str) -> str | None:
    """The file of the page's own template, for a fault of the page as a whole."""
    try:
        return printer.loader.get_source(printer, name)[1] if printer.loader is not None else None
    except (jinja2.TemplateError, UnicodeDecodeError):
        return None


_PACKAGE = Path(__file__).resolve().parents[1]


def _described(error: Exception, file: str | None, line: int | None, names: Mapping[str, Any]) -> TemplateError:
    match error:
        case jinja2.TemplateNotFound():
            message, hint = f"there is no template {error.name!r}", "look at the names in the shipped folder templates/"
        case jinja2.UndefinedError():
            message, hint = _said(error), _nearest_name(_said(error), names)
        case SecurityError() if "more than" in _said(error):
            message, hint = _said(error), "a loop or a macro inside another one runs away"
        case SecurityError():
            message, hint = _said(error), "a template may read the document and its own variables, nothing else"
        case RecursionError():
            message, hint = "this template calls itself without end", 'extend the shipped one: "!base.tex.j2"'
        case UnicodeDecodeError():
            message, hint = "a template is not UTF-8", "save it as UTF-8"
        case _:
            message, hint = _said(error), "templates/ has the shipped ones, which work"
    return TemplateError(message, file=file, line=line, hint=hint)


def _said(error: Exception) -> str:
    return (str(getattr(error, "message", None) or error) or type(error).__name__).splitlines()[0]


def _nearest_name(message: str, names: Mapping[str, Any]) -> str:
    known = {*names, "section", "level", "blocks"} | _FIELDS
    quoted = re.findall(r"'(\w+)'", message)
    nearest = get_close_matches(quoted[-1], sorted(known), n=1) if quoted else []
    return f"did you mean {nearest[0]}?" if nearest else f"a template sees {', '.join(sorted(names))}"


_FIELDS = {
    field.name
    for kind in vars(tree).values()
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")
    for field in fields(cast(Any, kind))
}
