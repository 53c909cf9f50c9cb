"""Answers to the questions that can be asked of laws: slopes, first orders, spreads, harmonics and integrals.

Every answer is a line with its proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from diffsym.derivation.checking import with_next_order
from diffsym.derivation.given_lines import without_minus
from diffsym.derivation.isolation import tidy
from diffsym.derivation.law_questions import AskedOfLaws, Question, symbol_named
from diffsym.derivation.law_search import squeezed
from diffsym.derivation.law_shapes import (
    by_parts,
    positive_of,
    product_of_signed,
    quadratic_below,
    rational_root,
    share_of,
    shared_factor,
    sides_of,
)
from diffsym.derivation.laws import Reasoning
from diffsym.derivation.said import said
from diffsym.derivation.steps import Derivation, Line, Passage
from diffsym.derivation.thoughts import Thought, because, written
from diffsym.errors import ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Relation,
    Symbol,
    equation,
    number,
    substituted,
    sum_of,
    symbols_of,
)
from diffsym.forms.closed import closed_value, functions_last
from diffsym.forms.leading_order import leading_tree
from diffsym.forms.readable import Writer
from diffsym.forms.slopes import derivative
from diffsym.kernel.claims import Claim, Derivative, Leading, Limit


def derive_laws(
    given: Sequence[Relation],
    asked: AskedOfLaws,
    *,
    name: str,
    in_terms_of: Sequence[str] = (),
    recalled: Sequence[Relation] = (),
    writer: Writer,
    prefix: str = "",
) -> Derivation:
    """The quantity, derived from laws. ``recalled``: results that were proved before.

    ``in_terms_of``: joined names that the result may contain; none: all that no relation defines.
    """
    reasoning = Reasoning(given, recalled, in_terms_of, writer)
    last = answer(reasoning, asked, joined(name))
    sections = written(last, prefix, str)
    titles = {"equations": "section.equations", "elimination": "section.elimination", "result": "section.result"}
    steps = sections.pop("elimination", [])
    if not steps:
        steps = [sections["equations"].pop()]
    passages = []
    if sections.get("equations"):
        passages.append(Passage("equations", said(titles["equations"]), tuple(sections["equations"])))
    if len(steps) > 1:
        passages.append(Passage("elimination", said(titles["elimination"]), tuple(steps[:-1])))
    passages.append(Passage("result", said(titles["result"]), (steps[-1],)))
    lines = [step for passage in passages for step in passage.steps if isinstance(step, Line)]
    names = tuple(dict.fromkeys(n for line in lines for n in symbols_of(line.relation)))
    return Derivation(last.relation.left, "given", said("method.given"), tuple(passages), last.relation, names)


def answer(reasoning: Reasoning, asked: AskedOfLaws, name: str) -> Thought:
    alone = len(asked.questions) == 1 and asked.tree == Symbol(asked.questions[0][0])
    for symbol, question in asked.questions:
        line = ANSWERS[question.kind](reasoning, question, symbol)
        if alone:
            return line
        reasoning.lines.append(line)
        reasoning.defined.add(symbol)
    for symbol in symbols_of(asked.tree):
        if symbol not in reasoning.mentioned and symbol not in reasoning.defined:
            raise QuantityError(
                f"the given relations say nothing of {to_text(Symbol(symbol))}",
                hint="ask for a symbol that occurs in them",
            )
    return reasoning.value_of(asked.tree, name)


def slope(reasoning: Reasoning, question: Question, name: str) -> Thought:
    by = symbol_named(question.others[0]).name
    source = reasoning.explicit(question.of, by)
    own = Symbol(name)
    inner = definitions_in(reasoning, source)
    base = next((each for each, factor in source.grounds if factor is not None), source) if inner else source
    while inner and base.grounds:
        base = next(each for each, factor in base.grounds if factor is not None)
    short = chained_tidy(reasoning, base.relation.right, by, {each.relation.left: each for each in inner})
    values = {each.relation.left.name: each.relation.right for each in inner if isinstance(each.relation.left, Symbol)}
    tree = short
    for _ in inner:
        tree = substituted(tree, values)
    if not reasoning.known:
        tree = tidy(tree, reasoning.writer)
    claim = Derivative(source.relation.right, by, tree)
    words = because("step.slope", line=source, symbol=Symbol(by))
    line = Thought(equation(own, tree), "DIFFERENTIATE", words, ((source, None),), claim=claim)
    if inner and short != tree and reasoning.known:
        words = because("step.back", lines=tuple(inner))
        line = Thought(equation(own, short), "SUBSTITUTE", words, ((line, ONE), *((each, None) for each in inner)))
    return reasoning.reduced(line, {name})


def definitions_in(reasoning: Reasoning, source: Thought) -> list[Thought]:
    """What was put into a law on the way to its explicit form, outermost first."""
    found: list[Thought] = []
    while source.grounds and source.rule == "SUBSTITUTE":
        found = [*(each for each, factor in source.grounds if factor is None), *found]
        following = [each for each, factor in source.grounds if factor is not None]
        if len(following) != 1:
            return []
        source = following[0]
    return found if all(isinstance(each.relation.left, Symbol) and not each.grounds for each in found) else []


def chained_tidy(reasoning: Reasoning, tree: Expression, by: str, inner: Mapping[Expression, Thought]) -> Expression:
    return (
        functions_last(without_minus(chained(reasoning, tree, by, inner)))
        if inner
        else tidy(derivative(tree, by), reasoning.writer)
    )


def chained(reasoning: Reasoning, tree: Expression, by: str, inner: Mapping[Expression, Thought]) -> Expression:
    """The slope by the chain rule, every factor tidy by itreasoning."""
    shares = []
    if by in symbols_of(tree):
        shares.append(tidy(derivative(tree, by), reasoning.writer))
    for symbol, definition in inner.items():
        assert isinstance(symbol, Symbol)
        if symbol.name in symbols_of(tree) and symbol.name != by:
            outer = tidy(derivative(tree, symbol.name), reasoning.writer)
            shares.append(product_of_signed(outer, chained(reasoning, definition.relation.right, by, inner)))
    return sum_of(shares)


def first_order(reasoning: Reasoning, question: Question, name: str) -> Thought:
    """The leading order, and where that is a constant the next one as well: 1 − 2/β."""
    large, small = sides_of(question.others)
    exact = named_value(reasoning, question.of, name)
    tree = exact.relation.right
    lead = leading_tree(tree, large, small, reasoning.writer)
    order, claim = lead, Leading(tree, lead, large, small)
    asserted: tuple[Claim, ...] = ()
    if not {*large, *small} & set(symbols_of(lead)):
        rest = tree - lead
        following = leading_tree(rest, large, small, reasoning.writer)
        order, claim = with_next_order(lead, following), Leading(rest, following, large, small)
        asserted = (claim,)
    elif not large:
        order = by_parts(lead, small, reasoning.writer)
        claim = Leading(tree, order, large, small)
    shown = tuple(ONE / Symbol(each) for each in large) + tuple(Symbol(each) for each in small)
    relation = Relation((exact.relation.left, order), ("≈",))
    words = because("step.first-order", symbols=shown)
    return Thought(relation, "APPROXIMATE", words, ((exact, None),), claim=claim, asserted=asserted)


def named_value(reasoning: Reasoning, of: str, name: str) -> Thought:
    """The value of a symbol, under the quantity's own name where no relation uses that.

    What was found before, in known symbols, is taken as it stands.
    """
    for line in reasoning.lines:
        known = all(map(reasoning.is_known, symbols_of(line.relation.right)))
        if line.rule == "RECALL" and line.relation.left == Symbol(of) and known:
            return line
    if name == of or name in reasoning.mentioned:
        return reasoning.value_of(Symbol(of), of)
    return reasoning.value_of(Symbol(of), name)


def deviation(reasoning: Reasoning, question: Question, name: str) -> Thought:
    small = [symbol_named(each).name for each in question.others]
    linear = first_order(reasoning, question, question.of)
    order = linear.relation.right
    factors = {each: tidy(derivative(order, each), reasoning.writer) for each in small}
    spread = {each: Symbol("sigma" + each.removeprefix("Delta")) for each in small}
    own, asserted = Symbol(name), tuple(Derivative(order, each, factors[each]) for each in small)
    shares = [positive_of(factors[each]) for each in small]
    square = sum_of([share_of(share, spread[each]) ** 2 for share, each in zip(shares, small)])
    words = because("step.variances")
    first = Thought(equation(own**2, square), "GIVEN", words, ((linear, None),), asserted=asserted)
    common = shared_factor(shares, reasoning.writer)
    parts = [share_of(tidy(share / common, reasoning.writer), spread[each]) for share, each in zip(shares, small)]
    inside = sum_of([part if part == ONE else part**2 for part in parts])
    root: Expression = Call("sqrt", (inside,))
    root = root if common == ONE else common * root
    words = because("step.deviation", line=first)
    return Thought(equation(own, root), "SUBSTITUTE", words, ((first, ONE),), own + root)


def at(reasoning: Reasoning, question: Question, name: str) -> Thought:
    points: dict[str, Expression] = {}
    for each in question.others:
        symbol, equals, value = each.partition("=")
        if not equals:
            raise QuantityError(f"{each!r} names no value", hint="as in at(G_m; v_id=0)")
        points[symbol_named(symbol).name] = read_value(value)
    source = next((line for line in reasoning.lines if line.relation.left == Symbol(question.of)), None)
    if source is None:
        raise QuantityError(
            f"no relation says what {to_text(Symbol(question.of))} is", hint="give it, or ask for it before"
        )
    own = Symbol(name)
    called = source
    if own != Symbol(question.of):
        called = Thought(equation(own, source.relation.right), "DEFINE", because("step.name"), ((source, None),))
    values = [Thought(equation(Symbol(k), v), "GIVEN", section="equations") for k, v in points.items()]
    tree = tidy(substituted(called.relation.right, points), reasoning.writer)
    words = because("put.into", lines=tuple(values), line=called)
    grounds = ((called, ONE), *((each, None) for each in values))
    line = Thought(equation(own, tree), "SUBSTITUTE", words, grounds)
    return (
        reasoning.reduced(squeezed(line, reasoning.writer), {name})
        if reasoning.known
        else squeezed(line, reasoning.writer)
    )


def third_harmonic(reasoning: Reasoning, question: Question, name: str) -> Thought:
    """To leading order: the third-order coefficient of the curve's series decides."""
    by, amplitude = (symbol_named(each) for each in question.others[:2])
    curve = reasoning.explicit(question.of, by.name)
    tree = curve.relation.right
    slopes = [tree]
    for _ in range(3):
        slopes.append(tidy(derivative(slopes[-1], by.name), reasoning.writer))
    at_rest = [tidy(substituted(each, {by.name: ZERO}), reasoning.writer) for each in slopes]
    if at_rest[1] == ZERO or at_rest[3] == ZERO or at_rest[0] != ZERO or at_rest[2] != ZERO:
        raise QuantityError(
            f"{to_text(curve.relation.left)} is no odd curve of {to_text(by)} with a third order",
            hint="the third harmonic is asked of a curve such as that of a pair",
        )
    first, third = share_of(at_rest[1], by), share_of(tidy(at_rest[3] / number(6), reasoning.writer), by**3)
    tangent = Thought(
        Relation((curve.relation.left, first), ("≈",)),
        "APPROXIMATE",
        because("step.cubic-1"),
        ((curve, None),),
        claim=Leading(tree, first, (), (by.name,)),
    )
    left = tree - first
    bend = Thought(
        Relation((left, third), ("≈",)),
        "APPROXIMATE",
        because("step.cubic-3"),
        ((tangent, None),),
        claim=Leading(left, third, (), (by.name,)),
    )
    one, three = (Symbol(reasoning.free(each)) for each in ("a1", "a3"))
    powers = []
    for symbol, value, ground, key in ((one, first, tangent, 1), (three, third, bend, 3)):
        factor = tidy(value / by**key, reasoning.writer)
        words = because(f"step.factor-{key}")
        powers.append(Thought(equation(symbol, factor), "DEFINE", words, ((ground, None),)))
    negative = isinstance(powers[1].relation.right, Negation)
    cosine = Call("cos", (Symbol("omega") * Symbol("t"),))
    size: Expression = Negation(three) if negative else three
    ratio = size * amplitude**2 / (number(4) * one)
    angle = Symbol("omega") * Symbol("t")
    cube = (number(3) * cosine + Call("cos", (number(3) * angle,))) / number(4)
    words = because("step.harmonic", input=equation(by, amplitude * cosine), identity=equation(cosine**3, cube))
    meaning = Thought(equation(Symbol(name), ratio), "DEFINE", words, tuple((p, None) for p in powers))
    factors = {one.name: powers[0].relation.right, three.name: powers[1].relation.right}
    value = tidy(substituted(ratio, factors), reasoning.writer)
    words = because("put.into", lines=tuple(powers), line=meaning)
    grounds = ((meaning, ONE), (powers[0], None), (powers[1], None))
    line = Thought(equation(Symbol(name), value), "SUBSTITUTE", words, grounds)
    return reasoning.reduced(line, set()) if reasoning.known else line


def integral(reasoning: Reasoning, question: Question, name: str) -> Thought:
    """From 0 to infinity, of a density N/(a + b f²)."""
    by = symbol_named(question.others[0])
    source = reasoning.explicit(question.of, by.name)
    density = closed_value(source.relation.right, reasoning.writer)
    top, constant, square = quadratic_below(density, by)
    root = rational_root(square / constant, reasoning.writer)
    steepness = tidy(root, reasoning.writer)
    height = tidy((top / constant).tree() / root, reasoning.writer)
    angle = tidy(steepness * by, reasoning.writer)
    area = Symbol(reasoning.free("F"))
    primitive = equation(area, share_of(height, Call("atan", (angle,))))
    guess = Thought(primitive, "DEFINE", because("step.primitive", symbol=by))
    slope = Thought(
        source.relation,
        "DIFFERENTIATE",
        because("step.primitive-slope", line=guess, symbol=by),
        ((guess, None),),
        claim=Derivative(primitive.right, by.name, source.relation.right),
    )
    start = Thought(
        Relation((primitive.right, ZERO), ("→",)),
        "LIMIT",
        because("step.at-zero", symbol=by),
        ((guess, None),),
        claim=Limit(primitive.right, by.name, "0", ZERO),
    )
    quarter = Symbol("pi") / number(2)
    turned = Call("atan", (tidy(ONE / angle, reasoning.writer),))
    identity = Thought(equation(Call("atan", (angle,)), quarter - turned), "GIVEN", because("step.right-triangle"))
    far = equation(area, height * (quarter - turned))
    words = because("put.into", lines=(identity,), line=guess)
    moved = Thought(far, "SUBSTITUTE", words, ((guess, ONE), (identity, height)))
    full = tidy(height * quarter, reasoning.writer)
    end = Thought(
        Relation((far.right, full), ("→",)),
        "LIMIT",
        because("step.at-infinity", symbol=by),
        ((moved, None),),
        claim=Limit(far.right, by.name, "oo", full),
    )
    reached = Symbol(reasoning.free("Fend"))
    called = Thought(equation(reached, full), "DEFINE", because("step.call-limit", line=end), ((end, None),))
    words = because("step.integral", slope=slope, symbol=by, first=start, second=called)
    whole = Thought(equation(Symbol(name), reached - ZERO), "DEFINE", words)
    words = because("put.into", lines=(called,), line=whole)
    line = Thought(equation(Symbol(name), full), "SUBSTITUTE", words, ((whole, ONE), (called, None)))
    return reasoning.reduced(line, set()) if reasoning.known else line


ANSWERS: Mapping[str, Callable[[Reasoning, Question, str], Thought]] = {
    "slope": slope,
    "first_order": first_order,
    "deviation": deviation,
    "at": at,
    "third_harmonic": third_harmonic,
    "integral": integral,
}


def read_value(text: str) -> Expression:
    try:
        return read_expression(text)
    except ExpressionError as error:
        raise QuantityError(error.message, hint=error.hint) from None
