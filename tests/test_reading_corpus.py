"""Formulas of textbooks, exams and e-mails mean what they say: as numbers, by an evaluator that shares no code."""

from __future__ import annotations

import ast
import cmath
import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffsym.commands.arguments import Given
from diffsym.commands.read import run
from diffsym.errors import DiffsymError

CORPUS = Path(__file__).parent / "fixtures" / "reading" / "corpus.md"
RELATION = re.compile(r"\s(=|≈|≠|<|>|≤|≥|≪|≫|→|⇒)\s")
FUNCTIONS = {
    **{
        name: getattr(cmath, name)
        for name in ("sqrt", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "atanh")
    },
    "ln": cmath.log,
    "log10": cmath.log10,
    "asinh": cmath.asinh,
    "abs": abs,
    "par": lambda *parts: 1 / sum(1 / part for part in parts),
}


def value(text: str, seed: int) -> complex:
    """The value of a flat expression where every name is a number that its spelling and the seed determine."""

    def of(node: ast.expr) -> complex:
        match node:
            case ast.Constant(number):
                return complex(number)  # type: ignore[arg-type]
            case ast.Name(name):
                return complex(random.Random(f"{name.rstrip('_')}{seed}").uniform(0.2, 0.9))
            case ast.UnaryOp(ast.USub(), operand):
                return -of(operand)
            case ast.BinOp(left, operation, right):
                a, b = of(left), of(right)
                match operation:
                    case ast.Add():
                        return a + b
                    case ast.Sub():
                        return a - b
                    case ast.Mult():
                        return a * b
                    case ast.Div():
                        return a / b
                    case ast.Pow():
                        return a**b
            case ast.Call(ast.Name(name), arguments):
                if name in ("v", "i"):
                    return complex(random.Random(f"{ast.dump(node)}{seed}").uniform(0.2, 0.9))
                return complex(FUNCTIONS[name](*(of(each) for each in arguments)))
        raise AssertionError(ast.dump(node))

    return of(ast.parse(text, mode="eval").body)


def names(text: str) -> set[str]:
    return {node.id.rstrip("_") for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)} - {
        *FUNCTIONS
    }


def alike(found: str, meant: str) -> bool:
    if names(found) != names(meant):
        return False
    pairs = [(value(found, seed), value(meant, seed)) for seed in (1, 2, 3)]
    return all(cmath.isclose(a, b, rel_tol=1e-9) for a, b in pairs)


def entries() -> Iterator[object]:
    """Source, meaning and symbols of each case."""
    symbols: tuple[str, ...] = ()
    blocks: list[str] = []
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            found = re.search(r"\(symbols: ([^)]*)\)", line)
            symbols = tuple(found.group(1).split(", ")) if found else ()
        elif line.startswith("    ⊢ "):
            source = blocks[-1]
            yield pytest.param(source.replace("↵", "\n"), line.removeprefix("    ⊢ "), symbols, id=source[:60])
        elif line and not line.startswith(" "):
            blocks.append(line)


def reading(source: str, symbols: tuple[str, ...]) -> str | list[dict[str, list[str]]]:
    given = Given((source,), {"symbols": (",".join(symbols),)} if symbols else {})
    try:
        found = run(given).json()
    except DiffsymError as error:
        return "asked" if "can be read as" in error.message else f"refused: {error}"
    if "error" in found:
        return "asked" if "can be read as" in found["error"]["message"] else f"refused: {found['error']}"
    return list(found["lines"])


@pytest.mark.parametrize(("source", "meant", "symbols"), list(entries()))
def test_a_formula_means_what_it_says(source: str, meant: str, symbols: tuple[str, ...]) -> None:
    found = reading(source, symbols)
    if meant in ("refused", "asked"):
        assert isinstance(found, str) and found.startswith(meant), found
        return
    assert not isinstance(found, str), found
    wanted = [RELATION.split(f" {line} ") for line in meant.split(";;")]
    assert [line["relations"] for line in found] == [line[1::2] for line in wanted], found
    for line, expected in zip(found, wanted, strict=True):
        for side, other in zip(line["sides"], expected[::2], strict=True):
            assert alike(side, other.strip()), (side, other, line["notes"])


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(list(entries())) >= 220


def test_the_evaluator_can_tell_formulas_apart() -> None:
    assert alike("a*b/(a+b)", "par(a,b)") and alike("1/(1/a + 1/b)", "par(a, b)")
    assert not alike("a*b", "a/b") and not alike("a", "b") and not alike("a + b - b", "a")
    assert math.isclose(abs(value("2**3", 1)), 8)


def test_read_answers_from_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "diffsym", "read", "A = \\foo\nB = c", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert done.returncode == 2 and not done.stderr
    assert [line["sides"] for line in found["lines"]] == [["B", "c"]]
    assert found["error"]["line"] == 1 and found["error"]["column"] == 5
