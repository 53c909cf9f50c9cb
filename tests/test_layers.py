"""The house stands as designed: no room looks upward, slow guests stay in their rooms, and no text is ever executed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "diffsym"

ROOMS = (
    "errors",
    "locate",
    "version",
    "expression",
    "kernel",
    "circuit",
    "solve",
    "simulate",
    "forms",
    "derivation",
    "verify",
    "drawing",
    "document",
    "notes",
)
"""Lowest floor first. Whatever else lies in the package is a face (command line, Python, Jupyter, …) and on top."""

NARROW = {
    "errors": (),
    "expression": ("errors",),
    "kernel": ("expression", "errors"),
    "circuit": ("expression", "errors"),
}
"""Rooms that may import less than all below them."""

GUESTS = {
    "sympy": ("diffsym.expression.printing.sympy_form", "diffsym.forms", "diffsym.derivation"),
    "lcapy": ("diffsym.solve.lcapy_adapter",),
    "jinja2": ("diffsym.document",),
    "typst": ("diffsym.document", "diffsym.drawing.images"),
    "schemdraw": ("diffsym.drawing",),
    "matplotlib": ("diffsym.drawing",),
    "ziamath": ("diffsym.drawing",),
    "networkx": ("diffsym.circuit.symmetry", "diffsym.drawing"),
}
"""Packages from outside and the only modules, or rooms, that may import them."""

EXECUTING = frozenset({"eval", "exec", "execfile", "sympify", "parse_expr", "__import__"})
"""Names that turn text into running code; ``S(…)`` and the bare ``compile(…)`` do so as well."""

BANNED = frozenset({"util", "utils", "helper", "helpers", "manager", "engine", "process", "processor", "data", "misc"})

SLOW = ("sympy", "lcapy", "networkx", "jinja2", "numpy", "matplotlib", "ziamath")


@dataclass(frozen=True)
class Import:
    """``module`` is imported on ``line`` of ``importer``; names taken from a module count as modules of their own."""

    importer: str
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.module}"


def modules() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


MODULES = modules()


def imports_of(name: str, tree: ast.Module, is_package: bool) -> Iterator[Import]:
    """Every import, those inside functions and under TYPE_CHECKING too."""
    package = name if is_package else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield Import(name, node.lineno, each.name)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            for each in node.names:
                yield Import(name, node.lineno, f"{module}.{each.name}")


def all_imports() -> list[Import]:
    return [
        each
        for name, tree in MODULES.items()
        for each in imports_of(name, tree, (PACKAGE.parent / Path(*name.split(".")) / "__init__.py").exists())
    ]


IMPORTS = all_imports()


def room_of(module: str) -> str:
    """The room of a module, ``face`` for the top floor."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "face"


def allowed_rooms(room: str) -> frozenset[str]:
    if room == "face":
        return frozenset({*ROOMS, "face"})
    below = NARROW.get(room, ROOMS[: ROOMS.index(room)])
    return frozenset({room, *below})


def wrong_directions(imports: list[Import]) -> list[str]:
    return [
        str(each)
        for each in imports
        if each.module.split(".")[0] == "diffsym" and room_of(each.module) not in allowed_rooms(room_of(each.importer))
    ]


def strangers(imports: list[Import]) -> list[str]:
    """Imports of a guest outside of its rooms."""
    found = []
    for each in imports:
        places = GUESTS.get(each.module.split(".")[0])
        if places is not None and not any(f"{each.importer}.".startswith(f"{place}.") for place in places):
            found.append(str(each))
    return found


def executions(name: str, tree: ast.Module) -> list[str]:
    """Places where a name is used that runs text as code."""
    found = []
    for node in ast.walk(tree):
        used: str | None = None
        if isinstance(node, ast.Name | ast.Attribute):
            word = node.id if isinstance(node, ast.Name) else node.attr
            used = word if word in EXECUTING else None
        elif isinstance(node, ast.ImportFrom):
            used = next((each.name for each in node.names if each.name in {*EXECUTING, "S"}), None)
        elif isinstance(node, ast.Call):
            function = node.func
            if (isinstance(function, ast.Name) and function.id in ("S", "compile")) or (
                isinstance(function, ast.Attribute) and function.attr == "S"
            ):
                used = function.id if isinstance(function, ast.Name) else function.attr
        if used is not None:
            found.append(f"{name}:{node.lineno} uses {used}")  # type: ignore[attr-defined]
    return found


def words_in(name: str) -> set[str]:
    """The words of ``a_snake`` or a ``CamelCase`` name, in small letters."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def banned_names(name: str, tree: ast.Module) -> list[str]:
    named = [(part, 1) for part in name.split(".")]
    named += [
        (node.name, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [f"{name}:{line} {each}" for each, line in named if words_in(each) & BANNED]


# The house as it stands ---------------------------------------------------------------------------------------------


def test_the_house_is_there() -> None:
    assert {room_of(name) for name in MODULES} >= {"errors", "expression", "kernel", "circuit", "solve", "face"}


def test_no_room_imports_a_higher_one() -> None:
    assert not wrong_directions(IMPORTS)


def test_guests_stay_in_their_rooms() -> None:
    assert not strangers(IMPORTS)


def test_no_text_is_executed() -> None:
    assert not [place for name, tree in MODULES.items() for place in executions(name, tree)]


def test_no_name_says_nothing() -> None:
    assert not [place for name, tree in MODULES.items() for place in banned_names(name, tree)]


def test_every_module_says_what_is_true_of_it() -> None:
    assert not [name for name, tree in MODULES.items() if not ast.get_docstring(tree)]


# The rules themselves can fail --------------------------------------------------------------------------------------


def read(importer: str, text: str) -> list[Import]:
    return list(imports_of(importer, ast.parse(text), is_package=False))


@pytest.mark.parametrize(
    "importer, text",
    [
        ("diffsym.kernel.check", "from diffsym.circuit.model import Circuit"),
        ("diffsym.circuit.model", "from diffsym.kernel import check"),
        ("diffsym.circuit.model", "from ..kernel import check"),
        ("diffsym.solve.solution", "def f():\n    import diffsym.forms.readable"),
        ("diffsym.solve.solution", "if TYPE_CHECKING:\n    from diffsym import derivation"),
        ("diffsym.errors", "from diffsym.expression.tree import Symbol"),
        ("diffsym.document.tree", "import diffsym"),
        ("diffsym.notes.sync", "from diffsym.cli import main"),
    ],
)
def test_an_import_upward_is_found(importer: str, text: str) -> None:
    assert wrong_directions(read(importer, text))


@pytest.mark.parametrize(
    "importer, text",
    [
        ("diffsym.cli", "from diffsym.notes import sync"),
        ("diffsym.circuit.model", "from diffsym.expression.tree import Symbol\nfrom ..errors import NetlistError"),
        ("diffsym.circuit.netlist", "from .model import Circuit"),
    ],
)
def test_an_import_downward_is_fine(importer: str, text: str) -> None:
    assert not wrong_directions(read(importer, text))


@pytest.mark.parametrize(
    "importer, text",
    [
        ("diffsym.kernel.exact", "import sympy"),
        ("diffsym.solve.solution", "def f():\n    from lcapy import Circuit"),
        ("diffsym.solve.lcapy_reader", "import lcapy"),
        ("diffsym.cli", "from jinja2.sandbox import SandboxedEnvironment"),
        ("diffsym.document.tree", "import matplotlib.pyplot"),
    ],
)
def test_a_guest_in_a_wrong_room_is_found(importer: str, text: str) -> None:
    assert strangers(read(importer, text))


@pytest.mark.parametrize(
    "text",
    [
        "eval('1')",
        "exec('1')",
        "sympy.sympify(x)",
        "sympy.S(x)",
        "S(x)",
        "from sympy import S",
        "from sympy import sympify as read",
        "from sympy.parsing.sympy_parser import parse_expr",
        "compile(x, '', 'eval')",
        "read = builtins.eval",
        "__import__('os')",
    ],
)
def test_a_call_that_executes_text_is_found(text: str) -> None:
    assert executions("m", ast.parse(text))


def test_what_only_looks_like_one_is_fine() -> None:
    assert not executions("m", ast.parse("re.compile('x')\nsympy.S.Half\nevaluate(x)\n'eval(x)'"))


@pytest.mark.parametrize(
    "text", ["def read_data(): ...", "class SolverEngine: ...", "class A:\n    def helper(self): ..."]
)
def test_a_banned_name_is_found(text: str) -> None:
    assert banned_names("diffsym.m", ast.parse(text))
    assert not banned_names("diffsym.m", ast.parse("def processed(): ...\nclass Database: ..."))


# What is loaded -----------------------------------------------------------------------------------------------------

SOLVE_THE_PAIR = '''
import json
import sys

import diffsym
from diffsym.circuit.expansion import expand
from diffsym.circuit.netlist import read_netlist
from diffsym.circuit.symmetry import device_symmetry, mirror_of
from diffsym.expression.printing.text import to_text
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

circuit = read_netlist("""
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
VDD vdd 0 5
RD1 vdd o1 RD
RD2 vdd o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
.model n nmos level=1
""")
device_symmetry(circuit)
small = expand(circuit, matched=(("M1", "M2"),))
mirror_of(small)
answer = solve(small, read_quantity(small, "v(o1,o2)/vid"))
text = to_text(Writer(kinds(dict(small.dimensions))).tree(answer.value))
print(json.dumps({"answer": text, "loaded": sorted({name.split(".")[0] for name in sys.modules})}))
'''


def test_importing_diffsym_and_solving_the_pair_load_nothing_slow() -> None:
    run = subprocess.run([sys.executable, "-c", SOLVE_THE_PAIR], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert "diffsym" in found["loaded"] and "gm" in found["answer"].replace("_", "")
    assert not set(SLOW) & set(found["loaded"])
