"""A quantity from laws of any shape: squares, roots, exponentials; its slopes, first orders, spreads and integrals.

``Reasoning`` holds the relations and answers one question after the other; every answer is a line with its proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from diffsym.derivation.given_lines import without_minus
from diffsym.derivation.isolation import LawWriter, tidy
from diffsym.derivation.law_questions import AskedOfLaws, Question, symbol_named
from diffsym.derivation.law_search import Elimination, squeezed
from diffsym.derivation.said import said
from diffsym.derivation.steps import Derivation, Line, Passage
from diffsym.derivation.thoughts import Thought, because, premises, written
from diffsym.errors import CircuitError, ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Number,
    Product,
    Relation,
    Sum,
    Symbol,
    children,
    equation,
    number,
    rebuilt,
    substituted,
    sum_of,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.forms.closed import closed_value, functions_last
from diffsym.forms.leading_order import leading_tree
from diffsym.forms.readable import Writer
from diffsym.forms.slopes import derivative
from diffsym.kernel.claims import Claim, Derivative, Leading, Limit
from diffsym.kernel.rational import Field, Rational, atoms_of


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
    last = reasoning.answer(asked, joined(name))
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


class Reasoning:
    """The relations, and what follows from them."""

    def __init__(
        self, given: Sequence[Relation], recalled: Sequence[Relation], in_terms_of: Sequence[str], writer: Writer
    ) -> None:
        self.writer = LawWriter(writer, (*given, *recalled))
        self.lines: list[Thought] = [*premises(given), *premises(recalled, "RECALL", "line.above")]
        self.known = frozenset(in_terms_of)
        self.defined = {line.relation.left.name for line in self.lines if isinstance(line.relation.left, Symbol)}
        self.mentioned = {name for line in self.lines for name in symbols_of(line.relation)}
        self.short = self.shorthands()

    def is_known(self, name: str) -> bool:
        return name in self.known if self.known else name not in self.defined

    def shorthands(self) -> dict[str, Thought]:
        """Symbols that a relation writes in known ones: they stand as they are until the end, R_D1 for R_D + ΔR_D/2."""
        found: dict[str, Thought] = {}
        if not self.known:
            return found
        for _ in self.lines:
            for line in self.lines:
                left, right = line.relation.sides[0], line.relation.sides[-1]
                if not isinstance(left, Symbol) or left.name in found or left.name in self.known:
                    continue
                if all(name in self.known or name in found for name in symbols_of(right)):
                    found[left.name] = line
        return found

    # ---- answers

    def answer(self, asked: AskedOfLaws, name: str) -> Thought:
        alone = len(asked.questions) == 1 and asked.tree == Symbol(asked.questions[0][0])
        for symbol, question in asked.questions:
            line = ANSWERS[question.kind](self, question, symbol)
            if alone:
                return line
            self.lines.append(line)
            self.defined.add(symbol)
        for symbol in symbols_of(asked.tree):
            if symbol not in self.mentioned and symbol not in self.defined:
                raise QuantityError(
                    f"the given relations say nothing of {to_text(Symbol(symbol))}",
                    hint="ask for a symbol that occurs in them",
                )
        return self.value_of(asked.tree, name)

    def value_of(self, tree: Expression, name: str) -> Thought:
        """The line name = value in known symbols."""
        own = Symbol(name) if name else tree
        if tree == own:
            start = Thought(equation(own, own), "GIVEN")
            return self.reduced(start, {name})
        if name in self.mentioned:
            own = Symbol(name + "prime")
        words = because("line.wanted")
        return self.reduced(Thought(equation(own, tree), "DEFINE", words), set())

    def reduced(self, start: Thought, also: set[str], needed: bool = True) -> Thought:
        """The start with everything eliminated that is not known."""
        elimination = Elimination(
            self.writer, lambda name: name not in also and (self.is_known(name) or name in self.short)
        )
        short = [line for name, line in self.short.items() if name not in also]
        usable = [line for line in self.lines if line is not start and line not in short]
        found = elimination.search(start, usable)
        if found is None:
            wanted = to_text(start.relation.left)
            within = ", ".join(to_text(Symbol(name)) for name in sorted(self.known))
            raise CircuitError(
                f"no way was found from the relations to {wanted}" + (f" in terms of {within} alone" if within else ""),
                hint="name other symbols in in_terms_of, or give a relation that leads there",
            )
        return squeezed(self.written_out(squeezed(found, self.writer)), self.writer)

    def written_out(self, line: Thought) -> Thought:
        """The line with shorthands put in, all at once."""
        while True:
            used = [self.short[name] for name in symbols_of(line.relation.right) if name in self.short]
            if not used:
                return line
            values = {name: line.relation.right for name, line in self.short.items() if line in used}
            whole = substituted(line.relation.right, values)
            # factors of a logarithm's argument stay as they are put in: its laws are known by its factors
            held = any(isinstance(node, Call) and node.function == "ln" for node in walk(whole))
            value = whole if held else tidy(whole, self.writer)
            words = because("put.into", lines=tuple(used), line=line)
            grounds = ((line, ONE), *((each, None) for each in used))
            line = Thought(equation(line.relation.left, value), "SUBSTITUTE", words, grounds)

    # ---- a symbol as an explicit function of another one

    def explicit(self, name: str, by: str) -> Thought:
        """The line name = … in which ``by`` stands itself, wherever the symbol depends on it."""
        depends = self.dependents(by)
        options = [
            line
            for line in self.lines
            if line.relation.left == Symbol(name) and {by, *depends} & set(symbols_of(line.relation.right))
        ]
        if options:
            line = min(options, key=lambda each: symbol_count(each.relation))
        else:
            line = self.freed(name, by)
        for _ in range(len(self.lines)):
            inner = [each for each in symbols_of(line.relation.right) if each in depends and each != name]
            if not inner:
                break
            line = self.with_definitions(line, inner)
        if by not in symbols_of(line.relation.right):
            raise QuantityError(
                f"{to_text(Symbol(name))} does not depend on {to_text(Symbol(by))} by the given relations",
                hint="name a symbol that occurs in its relation",
            )
        return line

    def freed(self, name: str, by: str) -> Thought:
        """The value of a symbol that no relation states, from all of them."""
        elimination = Elimination(self.writer, lambda each: each != name and (each == by or self.is_known(each)))
        start = Thought(equation(Symbol(name), Symbol(name)), "GIVEN")
        found = elimination.search(start, self.lines)
        if found is None:
            raise QuantityError(
                f"the given relations do not give {to_text(Symbol(name))} as a function of {to_text(Symbol(by))}",
                hint="give its law as an equation with it on the left",
            )
        return found

    def dependents(self, by: str) -> set[str]:
        """Symbols that relations define by way of another symbol."""
        found: set[str] = set()
        grown = True
        while grown:
            grown = False
            for line in self.lines:
                left = line.relation.left
                if not isinstance(left, Symbol) or left.name in {by, *found} or line.rule == "RECALL":
                    continue
                if {by, *found} & set(symbols_of(line.relation.right)):
                    found.add(left.name)
                    grown = True
        return found

    def with_definitions(self, line: Thought, names: Sequence[str]) -> Thought:
        """The line with symbols replaced by what relations say of them, as it stands."""
        stated = [next(each for each in self.lines if each.relation.left == Symbol(name)) for name in names]
        values = {name: each.relation.right for name, each in zip(names, stated)}
        value = flattened(substituted(line.relation.right, values))
        words = because("put.into", lines=tuple(stated), line=line)
        goal = equation(line.relation.left, value)
        return Thought(goal, "SUBSTITUTE", words, ((line, ONE), *((each, None) for each in stated)))

    # ---- the questions

    def slope(self, question: Question, name: str) -> Thought:
        by = symbol_named(question.others[0]).name
        source = self.explicit(question.of, by)
        own = Symbol(name)
        inner = self.definitions_in(source)
        base = next((each for each, factor in source.grounds if factor is not None), source) if inner else source
        while inner and base.grounds:
            base = next(each for each, factor in base.grounds if factor is not None)
        short = self.chained_tidy(base.relation.right, by, {each.relation.left: each for each in inner})
        values = {
            each.relation.left.name: each.relation.right for each in inner if isinstance(each.relation.left, Symbol)
        }
        tree = short
        for _ in inner:
            tree = substituted(tree, values)
        if not self.known:
            tree = tidy(tree, self.writer)
        claim = Derivative(source.relation.right, by, tree)
        words = because("step.slope", line=source, symbol=Symbol(by))
        line = Thought(equation(own, tree), "DIFFERENTIATE", words, ((source, None),), claim=claim)
        if inner and short != tree and self.known:
            words = because("step.back", lines=tuple(inner))
            line = Thought(equation(own, short), "SUBSTITUTE", words, ((line, ONE), *((each, None) for each in inner)))
        return self.reduced(line, {name})

    def definitions_in(self, source: Thought) -> list[Thought]:
        """What was put into a law on the way to its explicit form, outermost first."""
        found: list[Thought] = []
        while source.grounds and source.rule == "SUBSTITUTE":
            found = [*(each for each, factor in source.grounds if factor is None), *found]
            following = [each for each, factor in source.grounds if factor is not None]
            if len(following) != 1:
                return []
            source = following[0]
        return found if all(isinstance(each.relation.left, Symbol) and not each.grounds for each in found) else []

    def chained_tidy(self, tree: Expression, by: str, inner: Mapping[Expression, Thought]) -> Expression:
        return (
            functions_last(without_minus(self.chained(tree, by, inner)))
            if inner
            else tidy(derivative(tree, by), self.writer)
        )

    def chained(self, tree: Expression, by: str, inner: Mapping[Expression, Thought]) -> Expression:
        """The slope by the chain rule, every factor tidy by itself."""
        shares = []
        if by in symbols_of(tree):
            shares.append(tidy(derivative(tree, by), self.writer))
        for symbol, definition in inner.items():
            assert isinstance(symbol, Symbol)
            if symbol.name in symbols_of(tree) and symbol.name != by:
                outer = tidy(derivative(tree, symbol.name), self.writer)
                shares.append(product_of_signed(outer, self.chained(definition.relation.right, by, inner)))
        return sum_of(shares)

    def first_order(self, question: Question, name: str) -> Thought:
        """The leading order, and where that is a constant the next one as well: 1 − 2/β."""
        large, small = sides_of(question.others)
        exact = self.named_value(question.of, name)
        tree = exact.relation.right
        lead = leading_tree(tree, large, small, self.writer)
        order, asserted = lead, tuple[Claim, ...]()
        if not {*large, *small} & set(symbols_of(lead)):
            rest = tree - lead
            following = leading_tree(rest, large, small, self.writer)
            order = Sum((lead, *(following.terms if isinstance(following, Sum) else (following,))))
            asserted = (Leading(rest, following, large, small),)
        elif not large:
            order = by_parts(lead, small, self.writer)
        shown = tuple(ONE / Symbol(each) for each in large) + tuple(Symbol(each) for each in small)
        relation = Relation((exact.relation.left, order), ("≈",))
        claim = Leading(tree, order, large, small)
        words = because("step.first-order", symbols=shown)
        return Thought(relation, "APPROXIMATE", words, ((exact, None),), claim=claim, asserted=asserted)

    def named_value(self, of: str, name: str) -> Thought:
        """The value of a symbol, under the quantity's own name where no relation uses that.

        What was found before, in known symbols, is taken as it stands.
        """
        for line in self.lines:
            known = all(map(self.is_known, symbols_of(line.relation.right)))
            if line.rule == "RECALL" and line.relation.left == Symbol(of) and known:
                return line
        if name == of or name in self.mentioned:
            return self.value_of(Symbol(of), of)
        return self.value_of(Symbol(of), name)

    def deviation(self, question: Question, name: str) -> Thought:
        small = [symbol_named(each).name for each in question.others]
        linear = self.first_order(question, question.of)
        order = linear.relation.right
        factors = {each: tidy(derivative(order, each), self.writer) for each in small}
        spread = {each: Symbol("sigma" + each.removeprefix("Delta")) for each in small}
        own, asserted = Symbol(name), tuple(Derivative(order, each, factors[each]) for each in small)
        shares = [_positive(factors[each]) for each in small]
        square = sum_of([_share(share, spread[each]) ** 2 for share, each in zip(shares, small)])
        words = because("step.variances")
        first = Thought(equation(own**2, square), "GIVEN", words, ((linear, None),), asserted=asserted)
        common = shared_factor(shares, self.writer)
        parts = [_share(tidy(share / common, self.writer), spread[each]) for share, each in zip(shares, small)]
        inside = sum_of([part if part == ONE else part**2 for part in parts])
        root: Expression = Call("sqrt", (inside,))
        root = root if common == ONE else common * root
        words = because("step.deviation", line=first)
        return Thought(equation(own, root), "SUBSTITUTE", words, ((first, ONE),), own + root)

    def at(self, question: Question, name: str) -> Thought:
        points: dict[str, Expression] = {}
        for each in question.others:
            symbol, equals, value = each.partition("=")
            if not equals:
                raise QuantityError(f"{each!r} names no value", hint="as in at(G_m; v_id=0)")
            points[symbol_named(symbol).name] = read_value(value)
        source = next((line for line in self.lines if line.relation.left == Symbol(question.of)), None)
        if source is None:
            raise QuantityError(
                f"no relation says what {to_text(Symbol(question.of))} is", hint="give it, or ask for it before"
            )
        own = Symbol(name)
        called = source
        if own != Symbol(question.of):
            called = Thought(equation(own, source.relation.right), "DEFINE", because("step.name"), ((source, None),))
        values = [Thought(equation(Symbol(k), v), "GIVEN", section="equations") for k, v in points.items()]
        tree = tidy(substituted(called.relation.right, points), self.writer)
        words = because("put.into", lines=tuple(values), line=called)
        grounds = ((called, ONE), *((each, None) for each in values))
        line = Thought(equation(own, tree), "SUBSTITUTE", words, grounds)
        return self.reduced(squeezed(line, self.writer), {name}) if self.known else squeezed(line, self.writer)

    def third_harmonic(self, question: Question, name: str) -> Thought:
        """To leading order: the third-order coefficient of the curve's series decides."""
        by, amplitude = (symbol_named(each) for each in question.others[:2])
        curve = self.explicit(question.of, by.name)
        tree = curve.relation.right
        slopes = [tree]
        for _ in range(3):
            slopes.append(tidy(derivative(slopes[-1], by.name), self.writer))
        at_rest = [tidy(substituted(each, {by.name: ZERO}), self.writer) for each in slopes]
        if at_rest[1] == ZERO or at_rest[3] == ZERO or at_rest[0] != ZERO or at_rest[2] != ZERO:
            raise QuantityError(
                f"{to_text(curve.relation.left)} is no odd curve of {to_text(by)} with a third order",
                hint="the third harmonic is asked of a curve such as that of a pair",
            )
        first, third = _share(at_rest[1], by), _share(tidy(at_rest[3] / number(6), self.writer), by**3)
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
        one, three = (Symbol(self.free(each)) for each in ("a1", "a3"))
        powers = []
        for symbol, value, ground, key in ((one, first, tangent, 1), (three, third, bend, 3)):
            factor = tidy(value / by**key, self.writer)
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
        value = tidy(substituted(ratio, factors), self.writer)
        words = because("put.into", lines=tuple(powers), line=meaning)
        grounds = ((meaning, ONE), (powers[0], None), (powers[1], None))
        line = Thought(equation(Symbol(name), value), "SUBSTITUTE", words, grounds)
        return self.reduced(line, set()) if self.known else line

    def integral(self, question: Question, name: str) -> Thought:
        """From 0 to infinity, of a density N/(a + b f²)."""
        by = symbol_named(question.others[0])
        source = self.explicit(question.of, by.name)
        density = closed_value(source.relation.right, self.writer)
        top, constant, square = quadratic_below(density, by)
        root = rational_root(square / constant, self.writer)
        steepness = tidy(root, self.writer)
        height = tidy((top / constant).tree() / root, self.writer)
        angle = tidy(steepness * by, self.writer)
        area = Symbol(self.free("F"))
        primitive = equation(area, _share(height, Call("atan", (angle,))))
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
        turned = Call("atan", (tidy(ONE / angle, self.writer),))
        identity = Thought(equation(Call("atan", (angle,)), quarter - turned), "GIVEN", because("step.right-triangle"))
        far = equation(area, height * (quarter - turned))
        words = because("put.into", lines=(identity,), line=guess)
        moved = Thought(far, "SUBSTITUTE", words, ((guess, ONE), (identity, height)))
        full = tidy(height * quarter, self.writer)
        end = Thought(
            Relation((far.right, full), ("→",)),
            "LIMIT",
            because("step.at-infinity", symbol=by),
            ((moved, None),),
            claim=Limit(far.right, by.name, "oo", full),
        )
        reached = Symbol(self.free("Fend"))
        called = Thought(equation(reached, full), "DEFINE", because("step.call-limit", line=end), ((end, None),))
        words = because("step.integral", symbol=by, first=start, second=called, slope=slope)
        whole = Thought(equation(Symbol(name), reached - ZERO), "DEFINE", words)
        words = because("put.into", lines=(called,), line=whole)
        line = Thought(equation(Symbol(name), full), "SUBSTITUTE", words, ((whole, ONE), (called, None)))
        return self.reduced(line, set()) if self.known else line

    def free(self, name: str) -> str:
        while name in self.mentioned:
            name += "prime"
        return name


ANSWERS: Mapping[str, Callable[[Reasoning, Question, str], Thought]] = {
    "slope": Reasoning.slope,
    "first_order": Reasoning.first_order,
    "deviation": Reasoning.deviation,
    "at": Reasoning.at,
    "third_harmonic": Reasoning.third_harmonic,
    "integral": Reasoning.integral,
}


def read_value(text: str) -> Expression:
    try:
        return read_expression(text)
    except ExpressionError as error:
        raise QuantityError(error.message, hint=error.hint) from None


def flattened(tree: Expression) -> Expression:
    """Sums within sums, and products within products, without brackets."""
    parts = children(tree)
    if not parts:
        return tree
    tree = rebuilt(tree, tuple(flattened(part) for part in parts))
    match tree:
        case Sum(terms):
            return Sum(tuple(each for term in terms for each in (term.terms if isinstance(term, Sum) else (term,))))
        case Product(factors):
            return Product(tuple(e for f in factors for e in (f.factors if isinstance(f, Product) else (f,))))
    return tree


def sides_of(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Symbols that are large, written 1/beta, and symbols that are small."""
    large = tuple(symbol_named(text.split("/", 1)[1]).name for text in texts if text.replace(" ", "").startswith("1/"))
    small = tuple(symbol_named(text).name for text in texts if not text.replace(" ", "").startswith("1/"))
    return large, small


def quadratic_below(value: Rational, by: Symbol) -> tuple[Rational, Rational, Rational]:
    """N, a and b of N/(a + b x²). Raises QuantityError."""
    field = value.field
    place = field.index[by]
    parts = {0: field.zero, 2: field.zero}
    for monomial, coefficient in value.denominator.to_dict().items():
        power = int(monomial[place])
        if power in parts:
            rest = tuple(0 if k == place else int(e) for k, e in enumerate(monomial))
            parts[power] = parts[power] + Rational(field, field.polynomial({rest: int(coefficient)}), field.unit)
        else:
            break
    else:
        if int(value.numerator.degrees()[place]) == 0 and parts[0] and parts[2]:
            return Rational(field, value.numerator, field.unit), parts[0], parts[2]
    raise QuantityError(
        f"the integral is worked out for densities N/(a + b {to_text(by)}²) alone",
        hint="a first-order low pass shapes white noise like this",
    )


def rational_root(value: Rational, writer: Writer) -> Expression:
    """√value without a root sign where the value is a square."""
    field = value.field
    result = field.one
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        constant, factors = part.factor()
        whole = Fraction(int(constant))
        root = _root_of_number(whole)
        if root is None or any(int(power) % 2 for _, power in factors):
            return Call("sqrt", (writer.tree(value),))
        result = result * field.number(root) ** sign
        for factor, power in factors:
            result = result * Rational(field, factor, field.unit) ** (sign * int(power) // 2)
    return writer.tree(result)


def _root_of_number(value: Fraction) -> Fraction | None:
    from math import isqrt

    if value <= 0 or value.denominator != 1 or isqrt(int(value)) ** 2 != value:
        return None
    return Fraction(isqrt(int(value)))


def by_parts(tree: Expression, small: Sequence[str], writer: Writer) -> Expression:
    """A form that is linear in the small symbols, as Σ factor · symbol with a common factor in front."""
    try:
        field = Field(atoms_of(tree))
        value = field.read(tree)
    except (CircuitError, QuantityError):
        return tree
    shares = {name: value.derivative(name) for name in small if value.depends_on(name)}
    rest = value
    for name, share in shares.items():
        if any(share.depends_on(other) for other in small):
            return tree
        rest = rest - share * field.atom(name)
    if rest:
        return tree
    groups: list[tuple[Rational, list[Expression]]] = []
    for name, share in shares.items():
        whole = name.removeprefix("Delta")
        part: Expression = Symbol(name)
        if whole != name and share.depends_on(whole) and not (share * field.atom(whole)).depends_on(whole):
            share, part = share * field.atom(whole), part / Symbol(whole)
        for factor, members in groups:
            if share in (factor, -factor):
                members.append(part if share == factor else Negation(part))
                break
        else:
            groups.append((share, [part]))
    terms: list[Expression] = []
    for factor, members in groups:
        negative = factor.negative
        amount = tidy((-factor if negative else factor).tree(), writer)
        term = _share(amount, sum_of(members))
        terms.append(Negation(term) if negative else term)
    terms.sort(key=lambda term: isinstance(term, Negation))
    return sum_of(terms)


def shared_factor(factors: Sequence[Expression], writer: Writer) -> Expression:
    """A symbol, or a root, that all factors contain; 1 where there is none."""
    values = [closed_value(factor, writer) for factor in factors]
    field = Field(dict.fromkeys(atom for value in values for atom in value.field.atoms))
    common = None
    for value in values:
        here = {str(f): f for f, _ in value.in_field(field).numerator.factor()[1]}
        common = here if common is None else {key: f for key, f in common.items() if key in here}
    whole = field.one
    for factor in (common or {}).values():
        whole = whole * Rational(field, factor, field.unit)
    return writer.tree(whole)


def product_of_signed(first: Expression, second: Expression) -> Expression:
    """first · second with their signs in front."""
    match first, second:
        case Negation(one), Negation(two):
            return product_of_signed(one, two)
        case Negation(one), other:
            return Negation(product_of_signed(one, other))
        case other, Negation(one):
            return Negation(product_of_signed(other, one))
        case (Number(value), other) | (other, Number(value)) if value == 1:
            return other
    factors = [*(first.factors if isinstance(first, Product) else [first])]
    return Product((*factors, *(second.factors if isinstance(second, Product) else [second])))


def _positive(tree: Expression) -> Expression:
    return tree.operand if isinstance(tree, Negation) else tree


def _share(coefficient: Expression, symbol: Expression) -> Expression:
    """coefficient · symbol as people write it."""
    from diffsym.derivation.line_writer import times

    if isinstance(coefficient, Negation):
        return Negation(_share(coefficient.operand, symbol))
    return times(coefficient, symbol)


__all__ = ["derive_laws"]
