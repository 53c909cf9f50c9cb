"""Problem sets as a question bank for Moodle, and as JSON: numbers with tolerances, choices with what slip each is."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from diffsym.derivation.checks import unit_of_symbol
from diffsym.derivation.said import Sentence
from diffsym.document.draft import Draft
from diffsym.document.front import drawing
from diffsym.document.posed import TOLERANCE, Choice, Problem, Variant
from diffsym.document.tree import Code, Figure, Inline, Math, Strong, Text
from diffsym.expression.evaluate import si
from diffsym.expression.printing import to_flat, to_latex
from diffsym.expression.tree import Expression

DIGITS = 6
"""Of a number in a question bank; the tolerance is far wider."""


def moodle_xml(draft: Draft, variants: Sequence[Variant], name: str) -> str:
    """A question bank in Moodle's XML: one category a problem, from which a quiz draws one variant at random."""
    keys = list(dict.fromkeys(problem.key for variant in variants for problem in variant.problems))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>"]
    pictures: dict[str, tuple[str, str]] = {}
    for variant in variants:
        for problem in variant.problems:
            own = draft.on(problem.quantity)
            if own.name not in pictures:
                pictures[own.name] = _picture(next((b for b in drawing(own).blocks if isinstance(b, Figure)), None))
    for key in keys:
        lines += _category(name, key)
        for variant in variants:
            for problem in variant.problems:
                if problem.key == key:
                    picture = pictures[draft.on(problem.quantity).name]
                    lines += _question(draft, problem, f"{name} {key} {variant.number}", *picture)
    return "\n".join([*lines, "</quiz>", ""])


def _category(name: str, key: str) -> Iterator[str]:
    yield '<question type="category"><category>'
    yield f"<text>$course$/top/diffsym/{escape(name)}/{escape(key)}</text>"
    yield "</category></question>"


def _question(draft: Draft, problem: Problem, name: str, picture: str, file: str) -> Iterator[str]:
    """``picture`` shows the circuit, ``file`` holds it."""
    numeric = problem.kind == "number" and problem.value is not None
    words = _html(draft, problem.question)
    if numeric and problem.unit not in ("", "1"):
        words += f" ({escape(draft.speech.word('posed.in-unit', unit=problem.unit))})"
    yield f'<question type="{"numerical" if numeric else "multichoice"}">'
    yield f"<name><text>{escape(name)}</text></name>"
    asked, solved = _safe(f"<p>{words}</p>{picture}"), _safe(_solution(draft, problem))
    yield f'<questiontext format="html"><text><![CDATA[{asked}]]></text>{file}</questiontext>'
    yield f'<generalfeedback format="html"><text><![CDATA[{solved}]]></text></generalfeedback>'
    yield "<defaultgrade>1</defaultgrade><penalty>0.3333333</penalty><hidden>0</hidden>"
    if numeric and problem.value is not None:
        yield from _numbers(draft, problem, problem.value)
    else:
        yield "<single>true</single><shuffleanswers>true</shuffleanswers><answernumbering>abc</answernumbering>"
        for choice in problem.choices:
            yield _answer(f"<p>{_html(draft, (choice.shown,))}</p>", choice, _why(draft, choice), "html")
    yield "</question>"


def _numbers(draft: Draft, problem: Problem, right: float) -> Iterator[str]:
    for choice in problem.choices:
        value = right if choice.right else choice.value
        if value is None:
            continue
        tolerance = f"<tolerance>{abs(value) * TOLERANCE:.3g}</tolerance>"
        yield _answer(f"{value:.{DIGITS}g}", choice, _why(draft, choice), "moodle_auto_format", tolerance)
    yield "<unitgradingtype>0</unitgradingtype><unitpenalty>0.1</unitpenalty><showunits>3</showunits>"


def _answer(text: str, choice: Choice, why: str, format: str, tolerance: str = "") -> str:
    return (
        f'<answer fraction="{100 if choice.right else 0}" format="{format}"><text><![CDATA[{_safe(text)}]]></text>'
        f'<feedback format="html"><text><![CDATA[{_safe(why)}]]></text></feedback>{tolerance}</answer>'
    )


def _why(draft: Draft, choice: Choice) -> str:
    return f"<p>{_html(draft, choice.why)}</p>" if choice.why else ""


def _solution(draft: Draft, problem: Problem) -> str:
    if problem.worked is not None:
        return f"<p>{_math(draft, problem.worked)}</p>"
    return f"<p>{_html(draft, problem.solution)}</p>" if problem.solution else ""


def _picture(figure: Figure | None) -> tuple[str, str]:
    if figure is None or "svg" not in figure.sources:
        return "", ""
    content = base64.b64encode(figure.sources["svg"].encode()).decode()
    file = f'<file name="circuit.svg" path="/" encoding="base64">{content}</file>'
    return f'<p><img src="@@PLUGINFILE@@/circuit.svg" alt="{escape(figure.alternative)}"></p>', file


def _html(draft: Draft, sentence: Sentence) -> str:
    return "".join(_inline(draft, each) for each in draft.inlines(sentence))


def _inline(draft: Draft, part: Inline) -> str:
    match part:
        case Text(text):
            return escape(text)
        case Strong(text):
            return f"<strong>{escape(text)}</strong>"
        case Code(text):
            return f"<code>{escape(text)}</code>"
        case Math(formula):
            return _math(draft, formula)
    return ""


def _math(draft: Draft, formula: Any) -> str:
    return rf"\({escape(to_latex(formula, draft.notation))}\)"


def _safe(text: str) -> str:
    """Text that may stand inside a CDATA section."""
    return text.replace("]]>", "]]]]><![CDATA[>")


# JSON -----------------------------------------------------------------------------------------------------------------


def problems_json(draft: Draft, variants: Sequence[Variant], name: str, title: str, seed: int) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "seed": seed,
        "tolerance": TOLERANCE,
        "variants": [
            {
                "variant": variant.number,
                "values": {
                    draft.notation.flat(symbol): {
                        "value": float(value),
                        "unit": unit_of_symbol(symbol, draft.notation),
                        "text": si(value, unit_of_symbol(symbol, draft.notation)),
                    }
                    for symbol, value in variant.values.items()
                },
                "problems": [_problem(draft, problem) for problem in variant.problems],
            }
            for variant in variants
        ],
    }


def _problem(draft: Draft, problem: Problem) -> dict[str, Any]:
    right = next(choice for choice in problem.choices if choice.right)
    answer: dict[str, Any] = _shown(draft, right)
    if problem.value is not None:
        answer |= {"value": problem.value, "unit": "" if problem.unit == "1" else problem.unit}
    worked = None if problem.worked is None else to_latex(problem.worked, draft.notation)
    return {
        "key": problem.key,
        "kind": problem.kind,
        "quantity": problem.quantity.spec.name,
        "question": _plain(draft, problem.question),
        "question_latex": _latex(draft, problem.question),
        "answer": answer,
        "options": [
            {**_shown(draft, choice), "correct": choice.right, "why": _plain(draft, choice.why)}
            for choice in problem.choices
        ],
        "solution_latex": worked or _latex(draft, problem.solution),
    }


def _shown(draft: Draft, choice: Choice) -> dict[str, Any]:
    sentence: Sentence = (choice.shown,)
    found: dict[str, Any] = {"text": _plain(draft, sentence), "latex": _latex(draft, sentence)}
    if isinstance(choice.shown, Expression):
        found["expression"] = to_flat(choice.shown, draft.notation)
    if choice.value is not None:
        found["value"] = choice.value
    return found


def _plain(draft: Draft, sentence: Sentence) -> str:
    return draft.speech.catalogue.text(*sentence)


def _latex(draft: Draft, sentence: Sentence) -> str:
    out = []
    for part in draft.inlines(sentence):
        out.append(
            f"${to_latex(part.formula, draft.notation)}$" if isinstance(part, Math) else getattr(part, "text", "")
        )
    return "".join(out)
