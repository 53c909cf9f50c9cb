"""The kernel proves what is true and refutes what is false, and its two ways share only the words of their verdicts."""

from __future__ import annotations

import ast
import os
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import diffsym.kernel
from diffsym.errors import ExpressionError, KernelDisagreement, Refuted
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import from_sympy, to_sympy
from diffsym.expression.reading import read_expression, read_relation
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    equation,
    rebuilt,
    walk,
)
from diffsym.kernel import modular
from diffsym.kernel.check import check
from diffsym.kernel.claims import (
    Derivative,
    Equal,
    Fact,
    Follows,
    Gap,
    Independent,
    Leading,
    Limit,
    Residual,
)
from diffsym.kernel.primes import P_WITH_J, PLAIN_PRIMES, J, P, Q
from diffsym.kernel.verdicts import Verdict

KERNEL = Path(diffsym.kernel.__file__).parent


def proved(claim) -> bool:
    """Whether it became a Fact; False where it is refuted or a gap."""
    try:
        return isinstance(check(claim), Fact)
    except Refuted:
        return False


def same(left: str, right: str) -> Equal:
    return Equal(read_expression(left), read_expression(right))


IDENTITIES = """
R_D || r_o                       | R_D r_o/(R_D + r_o)
a || b || c                      | 1/(1/a + 1/b + 1/c)
R || 0                           | 0
(a + b)^3                        | a^3 + 3 a^2 b + 3 a b^2 + b^3
1/(1 - x)                        | 1 + x + x^2/(1 - x)
0.125 x                          | x/8
sqrt(x)^2                        | x
sqrt(x^2)                        | abs(x)
sqrt(4 x)                        | 2 sqrt(x)
sqrt(2) sqrt(8)                  | 4
sqrt(a b)                        | sqrt(a) sqrt(b)
sqrt(2 K I)/K                    | sqrt(2 I/K) * abs(K)/K
1/(sqrt(a) + sqrt(b))            | (sqrt(a) - sqrt(b))/(a - b)
x^(3/2)                          | x sqrt(x)
sqrt(1 + sqrt(x))^4              | 1 + 2 sqrt(x) + x
exp(a + b)                       | exp(a) exp(b)
exp(a/2)^2                       | exp(a)
exp(0)                           | 1
exp((a - b)/c) exp(b/c)          | exp(a/c)
sqrt(exp(x))                     | exp(x/2)
exp(V_T ln(I/I_S)/V_T)           | I/I_S
exp(ln(x)/2)                     | sqrt(x)
ln(exp(x) I)                     | x + ln(I)
ln(I_1/I_S) - ln(I_2/I_S)        | ln(I_1/I_2)
ln(100)                          | 2 ln(10)
log10(1000)                      | 3
10^(x/20)*10^(x/20)              | 10^(x/10)
tanh(x/2)                        | (exp(x) - 1)/(exp(x) + 1)
1 - tanh(x)^2                    | 1/cosh(x)^2
cosh(x)^2 - sinh(x)^2            | 1
sin(x)^2 + cos(x)^2              | 1
sin(-x)                          | -sin(x)
cos(a - b)                       | cos(b - a)
tan(x) cos(x)                    | sin(x)
atan(-x)                         | -atan(x)
1/(1 + j w)                      | (1 - j w)/(1 + w^2)
"""


@pytest.mark.parametrize("line", IDENTITIES.strip().splitlines())
def test_an_identity_is_proved(line: str) -> None:
    left, right = line.split("|") if line.count("|") == 1 else line.rsplit("|", 1)
    fact = check(same(left.strip(), right.strip()))
    assert isinstance(fact, Fact), fact
    assert fact.certificate.points >= 3


@pytest.mark.parametrize(
    "left, right",
    [("sin(2 x)", "2 sin(x) cos(x)"), ("atan(tan(x))", "x"), ("sqrt(a + 2 sqrt(a b) + b)", "sqrt(a) + sqrt(b)")],
)
def test_what_the_kernel_has_no_rule_for_is_a_gap_with_a_reason(left: str, right: str) -> None:
    gap = check(same(left, right))
    assert isinstance(gap, Gap)
    assert gap.reason


def test_quantities_are_symbols_of_their_own() -> None:
    a, b = NodeVoltage("a"), NodeVoltage("a", "b")
    assert proved(Equal(a + a, 2 * NodeVoltage("A")))
    assert not proved(Equal(a, b))
    assert not proved(Equal(NodeVoltage("a"), BranchCurrent("a")))


def test_a_fact_names_what_it_divided_by() -> None:
    fact = check(same("1/(a - b) + x/2 + c^-1 + (a || b)", "x/2 + (a || b) + 1/c + 1/(a - b)"))
    assert fact.nonzero == tuple(map(read_expression, ("a - b", "c", "a + b")))
    row = Follows((read_relation("a x = a y"),), read_relation("x = y"), (ONE,), Symbol("a"))
    assert check(row).nonzero == (Symbol("a"),)


# Derivations, limits, solutions


def test_hypotheses_are_combined_or_replaced() -> None:
    rows = tuple(map(read_relation, ("v_o/R_D + g_m (v_i - v_s) = 0", "v_s = 0")))
    goal = read_relation("v_o = -g_m R_D v_i")
    assert proved(Follows(rows, goal, (Symbol("RD"), read_expression("g_m R_D"))))
    assert proved(Follows(rows, goal, (Symbol("RD"), ZERO), replacing=(1,)))
    chain = tuple(map(read_relation, ("a = b + 1", "b = c + 1", "d = a")))
    assert proved(Follows(chain, read_relation("d = c + 2"), (ZERO, ZERO, ONE), replacing=(0, 1)))
    assert proved(Follows(chain, read_relation("d = c + 2"), (ZERO, ZERO, ZERO), replacing=(2, 0, 1)))


@pytest.mark.parametrize(
    "exact, approximate, large, small",
    [
        ("g_m (R_D || r_o)", "g_m R_D", ("ro",), ()),
        ("g_m (R_D || r_o)", "g_m r_o", ("RD",), ()),
        ("(1 + g_m r_o) R + r_o", "g_m r_o R", ("gm", "ro"), ()),
        ("(x + y)^2 - x^2 - y^2", "2 x y", (), ("x", "y")),
        ("I tanh(v/(2 V_T))", "I v/(2 V_T)", (), ("v",)),
        ("k v sqrt(4 I/k - v^2)/2", "k v sqrt(4 I/k)/2", (), ("v",)),
        ("tanh(x) - x", "-x^3/3", (), ("x",)),
        ("1 - cos(x)", "x^2/2", (), ("x",)),
        ("ln(1 + x/y)", "x/y", (), ("x",)),
        ("I exp(v/V) - I", "I v/V", ("V",), ()),
    ],
)
def test_leading_orders(exact: str, approximate: str, large: tuple[str, ...], small: tuple[str, ...]) -> None:
    assert proved(Leading(read_expression(exact), read_expression(approximate), large, small))
    assert not proved(Leading(read_expression(exact), read_expression(approximate) * 2, large, small))


@pytest.mark.parametrize(
    "formula, to, value",
    [
        ("R || x", "oo", "R"),
        ("R || x", "0", "0"),
        ("g x", "oo", None),
        ("1/x", "0", None),
        ("sin(x)/x", "0", "1"),
        ("(exp(a x) - 1)/x", "0", "a"),
        ("exp(a/x)", "oo", "1"),
        ("(2 x^2 + 1)/(x^2 + x)", "oo", "2"),
    ],
)
def test_limits(formula: str, to: str, value: str | None) -> None:
    limit = None if value is None else read_expression(value)
    assert proved(Limit(read_expression(formula), "x", to, limit))
    assert not proved(Limit(read_expression(formula), "x", to, Symbol("z") if limit is None else limit + 1))


@pytest.mark.parametrize(
    "formula",
    [
        "x/x y",
        "x + y - x",
        "tanh(x) cosh(x) - sinh(x)",
        "sqrt(x) sqrt(x)/x",
        "exp(x + y) exp(-x)",
        "sin(x)^2 + cos(x)^2",
    ],
)
def test_independence(formula: str) -> None:
    assert proved(Independent(read_expression(formula), "x"))
    assert not proved(Independent(read_expression(formula) + Symbol("x"), "x"))


DIFFERENTIABLE = """
x^3/(1 + x)
tanh(x/(2 V))
exp(-x) sin(2 x)
ln(x (1 + x))
sqrt(1 - x^2)
atan(x) + atanh(x/y) + asinh(x)
x^y
log10(x)
x || y
k x sqrt(4 I/k - x^2)/2
cosh(x) tan(x)
"""


@pytest.mark.parametrize("formula", DIFFERENTIABLE.strip().splitlines())
def test_derivatives_agree_with_sympy(formula: str) -> None:
    tree = read_expression(formula)
    derivative = from_sympy(sympy.diff(to_sympy(tree), sympy.Symbol("x")))
    assert proved(Derivative(tree, "x", derivative))
    assert not proved(Derivative(tree, "x", derivative + 1))


def test_solutions_of_rows() -> None:
    rows = tuple(map(read_relation, ("(a - x)/R_1 + (a - b)/R_2 = 0", "(b - a)/R_2 + b/R_3 = g a")))
    a, b = sympy.symbols("a b")
    found = sympy.solve([to_sympy(row.left) - to_sympy(row.right) for row in rows], [a, b], dict=True)[0]
    solution = tuple((str(name), from_sympy(sympy.factor(value))) for name, value in found.items())
    assert proved(Residual(rows, solution))
    (name, value), other = solution
    assert not proved(Residual(rows, ((name, -value), other)))


# Properties

LEAVES = st.sampled_from([*map(Symbol, "abcd"), Number(Fraction(2)), Number(Fraction(1)), Number(Fraction(3, 2))])
FORMULAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Negation, inner),
        st.builds(lambda a, b: Sum((a, b)), inner, inner),
        st.builds(lambda a, b: Product((a, b)), inner, inner),
        st.builds(lambda a, b: Parallel((a, b)), inner, inner),
        st.builds(Quotient, inner, inner),
    ),
    max_leaves=8,
)


def rewritten(node: Expression, chance: random.Random) -> Expression:
    """Another tree of the same value, by the laws of fractions."""
    parts = tuple(rewritten(part, chance) for part in children(node))
    node = rebuilt(node, parts) if parts else node
    match node:
        case Sum((a, b)):
            return chance.choice([node, Sum((b, a)), Negation(Sum((Negation(a), Negation(b))))])
        case Product((Sum((a, b)), c)) if chance.random() < 0.7:
            return Sum((Product((a, c)), Product((b, c))))
        case Product((a, b)):
            return chance.choice([node, Product((b, a)), Negation(Product((Negation(a), b)))])
        case Parallel((a, b)):
            return chance.choice([node, Parallel((b, a)), Quotient(Product((a, b)), Sum((a, b)))])
        case Quotient(a, b):
            return chance.choice([node, Quotient(Negation(a), Negation(b)), Product((a, Quotient(ONE, b)))])
        case Symbol():
            return chance.choice([node, node, Quotient(Product((node, Symbol("d"))), Symbol("d")), node + ZERO])
    return node


def mutated(node: Expression, chance: random.Random) -> Expression:
    """The tree with one thing wrong: a sign, a factor, a symbol or an operator."""
    spots = list(walk(node))
    target = chance.randrange(len(spots))
    count = -1

    def visit(part: Expression) -> Expression:
        nonlocal count
        count += 1
        here = count == target
        parts = tuple(visit(child) for child in children(part))
        part = rebuilt(part, parts) if parts else part
        return wrong(part) if here else part

    def wrong(part: Expression) -> Expression:
        match part:
            case Sum((a, b)):
                return chance.choice([Sum((a, Negation(b))), Product((a, b)), a])
            case Product((a, b)):
                return chance.choice([Sum((a, b)), Quotient(a, b), b])
            case Parallel((a, b)):
                return chance.choice([Sum((a, b)), b])
            case Quotient(a, b):
                return chance.choice([Quotient(b, a), Product((a, b))])
            case Symbol(name):
                return Symbol("abcd"[("abcd".index(name) + 1) % 4])
        return chance.choice([Negation(part), Product((Number(Fraction(2)), part))])

    return visit(node)


POINTS = [dict(zip("abcd", map(Fraction, values))) for values in ((2, 3, 5, 7), (11, 4, 9, 13), (-3, 8, 17, 29))]


def values(node: Expression) -> list[Fraction | None]:
    found: list[Fraction | None] = []
    for point in POINTS:
        try:
            found.append(evaluate(node, point))
        except ExpressionError:
            found.append(None)
    return found


@settings(max_examples=80, deadline=None)
@given(FORMULAS, st.randoms(use_true_random=False))
def test_rewriting_is_proved_and_a_single_mistake_is_refuted(formula: Expression, chance: random.Random) -> None:
    known = values(formula)
    if None in known:
        return
    other = rewritten(formula, chance)
    if None not in values(other):
        assert proved(Equal(formula, other))
    wrong = mutated(other, chance)
    if any(a is not None and b is not None and a != b for a, b in zip(known, values(wrong))):
        with pytest.raises(Refuted):
            check(Equal(formula, wrong))


@settings(max_examples=50, deadline=None)
@given(FORMULAS, FORMULAS)
def test_sympy_agrees(first: Expression, second: Expression) -> None:
    left, right = to_sympy(first), to_sympy(second)
    if any(value.has(sympy.zoo, sympy.nan, sympy.oo) for value in (left, right)) or None in values(first):
        return
    together = from_sympy(sympy.together(left))
    if None not in values(together):
        assert proved(Equal(first, together))
    if None not in values(second):
        assert proved(Equal(first, second)) == (sympy.cancel(sympy.together(left - right)) == 0)


FUNCTIONS = ("tanh", "exp", "sin", "cos", "sinh", "cosh", "asinh", "atan")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FUNCTIONS), FORMULAS, st.randoms(use_true_random=False))
def test_functions_of_equal_arguments_are_equal(name: str, argument: Expression, chance: random.Random) -> None:
    from diffsym.expression.tree import Call

    other = rewritten(argument, chance)
    if None in values(argument) or None in values(other):
        return
    assert proved(Equal(Call(name, (argument,)), Call(name, (other,))))
    assert not proved(Equal(Call(name, (argument,)), Call(name, (argument + 1,))))


# The two ways


def test_the_constants_are_what_the_proof_needs() -> None:
    assert P == 2 * Q + 1 and sympy.isprime(P) and sympy.isprime(Q) and P < 2**61
    assert all(pow(prime, Q, P) == 1 for prime in PLAIN_PRIMES)
    assert pow(-1, Q, P) == P - 1
    assert pow(4, Q, P) == 1
    assert sympy.isprime(P_WITH_J) and J * J % P_WITH_J == P_WITH_J - 1


def imported(name: str) -> set[str]:
    tree = ast.parse((KERNEL / f"{name}.py").read_text("utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return modules | {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


def test_the_two_ways_share_no_code() -> None:
    exact = set.union(*map(imported, ("exact", "generators", "ring")))
    modular_way = set.union(*map(imported, ("modular", "functions", "point", "series", "primes")))
    shared = {name for name in exact & modular_way if name.startswith("diffsym")}
    assert shared == {"diffsym.expression.tree", "diffsym.kernel.claims", "diffsym.kernel.verdicts"}
    assert not any("flint" in name for name in modular_way)
    assert "diffsym.kernel.rational" not in exact | modular_way | imported("check")


def test_a_disagreement_is_reported_as_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modular, "verdict", lambda *_: Verdict.FAILS)
    with pytest.raises(KernelDisagreement):
        check(same("a + b", "b + a"))
    monkeypatch.setattr(modular, "verdict", lambda *_: Verdict.HOLDS)
    with pytest.raises(KernelDisagreement):
        check(same("a + b", "a - b"))


def test_answers_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "from diffsym.kernel.check import check; from diffsym.kernel.claims import Equal\n"
        "from diffsym.expression.reading import read_expression as r\n"
        "print(check(Equal(r('tanh(x) (a || b)'), r('a b tanh(x)/(a + b)'))))\n"
        "try: check(Equal(r('a b + c'), r('a + b c')))\n"
        "except Exception as error: print(error)\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(KERNEL.parent.parent)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(answers) == 1


# Bounds


def test_too_much_work_is_a_gap() -> None:
    many = Sum(tuple(Symbol(f"x{place}") for place in range(12)))
    assert isinstance(check(Equal(many**40 + 1, ONE + many**40)), Gap)
    assert isinstance(check(Equal(Symbol("x") ** 1000, Symbol("x") ** 1000)), Gap)


def test_too_deep_a_tree_is_a_gap() -> None:
    deep: Expression = Symbol("x")
    for _ in range(5000):
        deep = Negation(deep)
    assert isinstance(check(Equal(deep, Symbol("x"))), Gap)


def test_an_empty_set_of_rows_is_no_error() -> None:
    assert proved(Residual((), ()))
    assert proved(Follows((), equation(1, 1), ()))
