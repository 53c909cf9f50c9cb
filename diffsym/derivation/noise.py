"""Noise by superposition: a current source for each noisy part, its way to the output, and mean squares added.

Transfers are read off the solution of all rows, which is put back into them; for functions of s the square of the
magnitude at s = jω is H(s) H(−s) with s² = −ω².
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.forms import FormWriter, Key, Linear
from diffsym.derivation.network import Network, network
from diffsym.derivation.noise_parts import (
    divided,
    factors_of,
    quiet_mirror,
    scaled,
    solution_of,
    solved_name,
    square_claim,
    times,
)
from diffsym.derivation.noise_table import table_of
from diffsym.derivation.said import Said, Sentence, references, said
from diffsym.derivation.scribe import node_lead, row_relation
from diffsym.derivation.stamps import stamped_claim
from diffsym.derivation.steps import Derivation, Line, Passage, Remark, Step
from diffsym.derivation.targets import Target, asked_currents, is_named, linear, name_for
from diffsym.expression.names import joined
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    Power,
    Product,
    Quotient,
    Relation,
    Symbol,
    equation,
    number,
    product_of,
    substituted,
    sum_of,
    symbol_count,
    symbols_of,
)
from diffsym.forms.noise import arranged, density_tree, ranks, squared_tree
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Follows, Residual
from diffsym.kernel.rational import Field, Rational
from diffsym.solve.equations import formulate
from diffsym.solve.noise import NoiseFound, NoiseQuantity, solve_noise, squared, stems_of
from diffsym.solve.noise_sources import MEANING, NoiseSource, noise_names

LONGEST_RESULT = 15
"""Symbols of a density up to which it is written out; a longer one keeps the names of the transfers."""


@dataclass(frozen=True, slots=True)
class NoiseDerived:
    """``referred``: whether the density is that at the input."""

    derivation: Derivation
    found: NoiseFound

    @property
    def referred(self) -> bool:
        return self.found.gain is not None


def derive_noise(
    circuit: SmallSignalCircuit,
    asked: NoiseQuantity,
    writer: Writer,
    *,
    name: str = "",
    prefix: str = "noise-",
    nominal: Mapping[str, Fraction] | None = None,
) -> NoiseDerived:
    """The noise density derived; ``name`` is boxed in its place. ``nominal``: numbers for the table's last column.

    Raises CircuitError, QuantityError.
    """
    found = solve_noise(circuit, asked)
    return NoiseDerived(_NoiseMethod(found, writer, name, prefix, dict(nominal or {})).derivation(), found)


def asked_tree(found: NoiseFound) -> Expression:
    """The density as textbooks write it before it is known: a mean square per bandwidth."""
    return Quotient(Power(Symbol("vn"), number(2)), Symbol("Deltaf"))


class _NoiseMethod:
    def __init__(
        self, found: NoiseFound, writer: Writer, name: str, prefix: str, nominal: Mapping[str, Fraction]
    ) -> None:
        self.found = found
        self.asked = found.asked
        self.circuit = found.circuit
        self.writer = writer
        self.name = name
        self.prefix = prefix
        self.nominal = nominal
        self.currents = found.currents
        self.signals = (*((self.asked.signal,) if self.asked.signal is not None else ()), *self.currents)
        self.names = noise_names(found.circuit)
        self.omega = self.names.symbol("omega")
        self.rank = ranks(found.circuit, [n for each in found.sources for n in symbols_of(each.density)])
        self.relations: dict[str, Relation] = {}
        self.mirror = quiet_mirror(found) if found.sources else None

    # ---- the whole

    def derivation(self) -> Derivation:
        net = network(self.circuit, asked_currents(self.asked.output), self.signals)
        goal, opening = self.goal(net)
        sources = self.sources()
        rows = self.rows(net, goal)
        transfers = self.transfers(net, goal)
        closing, result = self.sums()
        passages = (
            Passage("equations", said("section.noise-sources"), tuple(sources)),
            Passage("equations", said("section.equations"), tuple(rows)),
            Passage("elimination", said("section.transfers"), (*opening, *transfers)),
            Passage("result", said("section.result"), tuple(closing)),
        )
        symbols = dict.fromkeys(n for relation in self.relations.values() for n in symbols_of(relation))
        return Derivation(
            asked_tree(self.found),
            "noise",
            said("method.noise"),
            tuple(passage for passage in passages if passage.steps),
            result,
            tuple(symbols),
        )

    def line(self, label: str, relation: Relation, rule: str, why: Sentence = (), **more: object) -> Line:
        full = f"{self.prefix}{label}"
        self.relations[full] = relation
        return Line(full, relation, rule, why, **more)  # type: ignore[arg-type]

    def free(self, stem: str, index: str = "") -> Symbol:
        return self.names.symbol(stem, index)

    def density_name(self, source: NoiseSource) -> Symbol:
        """One symbol for all sources of the same density and part."""
        first = next(each for each in self.found.sources if (each.density, each.part) == (source.density, source.part))
        return self.free("S", first.label)

    def transfer_name(self, source: NoiseSource) -> Symbol:
        return self.free("H", source.label)

    def gain_name(self) -> Symbol:
        return self.free("A")

    # ---- the sources

    def sources(self) -> list[Step]:
        """A line for each density, for all sources that have it."""
        steps: list[Step] = [Remark((said("noise.sources"),))]
        steps += self.meanings()
        quiet = self.quiet()
        if quiet:
            steps.append(Remark((said("noise.quiet", symbols=quiet),)))
        if self.found.other_kinds:
            present = dict.fromkeys(source.kind for source in self.found.sources)
            kinds = tuple(said(f"noise.kind-{kind}") for kind in present)
            steps += [Remark((said("noise.kinds", kinds=kinds),))] if kinds else []
        if self.found.left_out:
            steps.append(Remark((said("noise.left-out", names=self.found.left_out),)))
        groups: dict[Symbol, list[NoiseSource]] = {}
        for source in self.found.sources:
            groups.setdefault(self.density_name(source), []).append(source)
        told = ""
        for symbol, group in groups.items():
            first = group[0]
            owners = tuple(source.owner for source in group)
            words: Sentence = (said(f"noise.{first.part}", names=owners),)
            if first.part == told:
                words = (said("noise.likewise", names=owners),)
            told = first.part
            index = first.label
            stated = self.line(f"law-{index}", equation(symbol, first.law), "GIVEN", words)
            steps.append(stated)
            if first.rest is None or first.value is None:
                continue
            rest = self.line(
                f"rest-{index}", equation(first.rest, first.value), "GIVEN", (said(f"noise.rest-{first.part}"),)
            )
            relation = equation(symbol, first.density)
            claim = Follows((stated.relation, rest.relation), relation, (ONE, ZERO), ONE, (1,))
            put = said("put.into", lines=references([rest.label]), line=references([stated.label]))
            uses = (stated.label, rest.label)
            steps += [rest, self.line(f"density-{index}", relation, "SUBSTITUTE", (put,), uses=uses, claim=claim)]
        return steps

    def meanings(self) -> list[Step]:
        """The sentence that says what the symbols of the densities stand for."""
        names = [name for source in self.found.sources for name in symbols_of(source.law)]
        stems = stems_of(self.circuit, list(dict.fromkeys(names)))
        first: dict[str, str] = {}
        for name, stem in sorted(stems.items(), key=lambda each: list(MEANING).index(each[1])):
            first.setdefault(stem, name)
        told = tuple(said(f"noise.means-{stem}", symbol=Symbol(name)) for stem, name in first.items())
        return [Remark((said("noise.symbols", meanings=told),))] if told else []

    def quiet(self) -> tuple[Expression, ...]:
        """Slopes of characteristics that look like resistors: r_o, r_π, r_d."""
        shown = dict.fromkeys(
            part.value for part in self.circuit.elements if part.device and part.parameter in ("ro", "rpi", "rd")
        )
        return tuple(shown)

    def density_line(self, source: NoiseSource) -> str:
        symbol = self.density_name(source)
        wanted = [label for label, relation in self.relations.items() if relation.left == symbol]
        return wanted[-1]

    # ---- rows

    def goal(self, net: Network) -> tuple[Expression, list[Step]]:
        """What the output is called, and the line that says so where it is a difference or a sum."""
        form = linear(net, self.asked.output)
        if form is not None and is_named(form):
            return next(iter(form)), []
        target = Target(self.asked.output, form if form is not None else Linear())
        goal = name_for(net, target)
        tree = self.forms(net, goal).tree(form) if form is not None else self.asked.output
        return goal, [self.line("output", equation(goal, tree), "DEFINE", (said("line.let"),))]

    def forms(self, net: Network, goal: Expression) -> FormWriter:
        order: list[Key] = [goal, *net.unknowns, *net.signals]
        return FormWriter(net.field, self.writer, order)

    def rows(self, net: Network, goal: Expression) -> list[Step]:
        """KCL with the noise currents in it."""
        equations = formulate(self.circuit)
        others = tuple(equation(Symbol(name), ZERO) for name in self.circuit.signals if name not in self.signals)
        steps: list[Step] = []
        if self.asked.signal is None and any(name not in self.currents for name in self.circuit.signals):
            steps.append(Remark((said("noise.at-rest"),)))
        elif others and self.asked.signal is not None:
            steps.append(Remark((said("noise.others", zeros=others),)))
        tree_of = self.forms(net, goal).tree
        for row in net.rows:
            relation = row_relation(net, row, tree_of)
            lead: str | Said = node_lead(row.nodes) if row.kind == "kcl" else row.name
            claim = stamped_claim(net, equations, row, relation)
            rule = "KCL" if row.kind == "kcl" else "LAW"
            steps.append(self.line(f"row-{row.name}", relation, rule, claim=claim, lead=lead))
        return steps

    # ---- transfers

    def transfers(self, net: Network, goal: Expression) -> list[Step]:
        """A line for each source, and for the gain: proved by putting the solution back into the rows."""
        steps: list[Step] = []
        values = solution_of(self.circuit, net, self.signals)
        form = linear(net, self.asked.output)
        lines = [each.relation for each in self._rows(net)]
        thorough = Writer(self.writer.kind, 2500)
        for source, value in zip(self.found.sources, self.found.transfers):
            name = self.transfer_name(source)
            tree = self.written(value, thorough)
            claim = self.residual(net, lines, values, form, name, source.current, value)
            words = self.reason(source, name, goal, value)
            index = source.label
            step = self.line(f"transfer-{index}", equation(name, tree), "NAME", words, claim=claim)
            steps.append(step)
            if value.depends_on("s"):
                steps += self.magnitude(name, index, tree, value)
        if self.found.gain is not None and self.asked.signal is not None:
            name, gain = self.gain_name(), self.found.gain
            tree = self.written(gain, thorough)
            scale = self.gain_scale()
            claim = self.residual(net, lines, values, form, name, self.asked.signal, gain, scale)
            why: Sentence = (said("noise.gain", relation=equation(name, self.asked.inner.resolved)),)
            steps.append(self.line("gain", equation(name, tree), "NAME", why, claim=claim))
            if gain.depends_on("s"):
                steps += self.magnitude(name, "gain", tree, gain)
        return steps

    def _rows(self, net: Network) -> list[Line]:
        labels = [f"{self.prefix}row-{row.name}" for row in net.rows]
        return [Line(label, self.relations[label], "KCL") for label in labels]

    def written(self, value: Rational, writer: Writer) -> Expression:
        return writer.tree(value)

    def gain_scale(self) -> Expression:
        """What the output is divided by in the quantity: the signal, or a multiple of it."""
        return self.asked.reference or ONE

    def reason(self, source: NoiseSource, name: Symbol, goal: Expression, value: Rational) -> Sentence:
        current = Symbol(source.current)
        if not value and self.on_axis(source):
            return (said("noise.axis", name=source.owner, ratio=equation(name, Quotient(goal, current))),)
        image = self.image_before(source)
        if image is not None:
            return (said("noise.image", name=source.owner, image=image.owner),)
        return (said("noise.transfer", current=current, ratio=equation(name, Quotient(goal, current))),)

    def on_axis(self, source: NoiseSource) -> bool:
        """Whether the mirror maps the source onto itself."""
        if self.mirror is None:
            return False
        nodes = {**self.mirror.nodes, "0": "0"}
        return all(nodes.get(node) == node for node in (source.plus, source.minus))

    def image_before(self, source: NoiseSource) -> NoiseSource | None:
        """An earlier source that the mirror exchanges with this one and whose square is the same."""
        if self.mirror is None:
            return None
        nodes = {**self.mirror.nodes, "0": "0"}
        ends = (nodes.get(source.plus), nodes.get(source.minus))
        here = self.found.sources.index(source)
        for place in range(here):
            other = self.found.sources[place]
            same = (other.part, other.density) == (source.part, source.density)
            first, second = self.found.transfers[place], self.found.transfers[here]
            if same and ends in ((other.plus, other.minus), (other.minus, other.plus)) and first in (second, -second):
                return other
        return None

    def residual(
        self,
        net: Network,
        rows: Sequence[Relation],
        values: Mapping[Key, Mapping[str, Rational]],
        form: Linear | None,
        name: Symbol,
        signal: str,
        value: Rational,
        scale: Expression | None = None,
    ) -> Residual:
        """The rows with one source alone, and output = transfer · source: the solution makes all of them zero."""
        zeros: dict[str, Expression] = {each: ZERO for each in self.signals if each != signal}
        alone = tuple(Relation(tuple(substituted(s, zeros) for s in row.sides), row.operators) for row in rows)
        solution: list[tuple[str, Expression]] = []
        for key in net.unknowns:
            share = values[key].get(signal)
            tree = ZERO if share is None else share.tree() * Symbol(signal)
            solution.append((solved_name(key), tree))
        if form is not None:
            output = substituted(self.forms(net, name).tree(form), zeros)
        else:
            output = substituted(self.asked.output, zeros)
        last = equation(output, Product((name, scale or Symbol(signal))))
        return Residual((*alone, last), (*solution, (name.name, value.tree())))

    def magnitude(self, name: Symbol, index: str, tree: Expression, value: Rational) -> list[Step]:
        """|H|² at s = jω: H(s) H(−s) is even in s, and s² = −ω²."""
        laplace, label = Symbol("s"), f"{self.prefix}laplace"
        steps: list[Step] = []
        square = equation(Power(laplace, number(2)), Negation(Power(self.omega, number(2))))
        if label not in self.relations:
            steps.append(
                self.line("laplace", square, "GIVEN", (said("noise.laplace", omega=self.omega, laplace=laplace),))
            )
        writer = Writer(self.writer.kind, 2500)
        field = Field(dict.fromkeys((*value.field.atoms, laplace, self.omega)))
        wide = value.in_field(field)
        turned = writer.tree(wide.replaced({"s": -field.atom(laplace)}))
        power = self.power_name(name)
        stated = self.line(
            f"square-{index}",
            equation(power, Product((tree, turned))),
            "DEFINE",
            (said("noise.square", name=name, laplace=laplace, turned=Negation(laplace)),),
        )
        result = squared(value, self.omega.name)
        relation = equation(power, squared_tree(value, self.omega, writer))
        claim = square_claim(stated.relation, square, relation, wide, result.in_field(field))
        put = said("put.into", lines=references([label]), line=references([stated.label]))
        line = self.line(f"magnitude-{index}", relation, "NAME", (put,), uses=(stated.label, label), claim=claim)
        return [*steps, stated, line]

    def power_name(self, name: Symbol) -> Symbol:
        return self.free("P", name.name.removeprefix("H"))

    # ---- sums

    def shown_square(self, source: NoiseSource, value: Rational) -> tuple[Symbol, Expression]:
        """The name of a transfer, and its square as the table has it."""
        name = self.transfer_name(source)
        return name, self.squares(name, value)[0]

    def squares(self, name: Symbol, value: Rational) -> tuple[Expression, tuple[str, ...]]:
        """|H|² as it stands in a sum, and the names that have a line."""
        if value.depends_on("s"):
            power = self.power_name(name)
            return power, (power.name,)
        return Power(name, number(2)), (name.name,)

    def sums(self) -> tuple[list[Step], Relation]:
        """The table, the sum of the mean squares, and what it is with everything put in."""
        found = self.found
        referred = found.gain is not None
        out = self.free("Sout") if referred or not self.name else Symbol(joined(self.name))
        shares: dict[Symbol, list[Expression]] = {}
        used: dict[str, None] = {}
        for source, value in zip(found.sources, found.transfers):
            if value:
                square, names = self.squares(self.transfer_name(source), value)
                shares.setdefault(self.density_name(source), []).append(square)
                used.update(dict.fromkeys(names))
        terms = [times(sum_of(squares), density) for density, squares in shares.items()]
        steps: list[Step] = []
        table = table_of(found, self.shown_square, self.writer, self.rank, self.nominal)
        steps += [Remark((said("noise.table"),)), table] if found.sources else []
        definition = self.line("sum", equation(out, sum_of(terms)), "DEFINE", (said("noise.sum"),))
        steps.append(definition)
        tree = density_tree(found, Writer(self.writer.kind, 2500), of_output=True)
        short = symbol_count(tree) <= LONGEST_RESULT
        kept = frozenset(used) if not short else frozenset()
        if not short:
            tree = self.in_names(shares)
        output = self.put_in(out, "output-density", tree, [definition.label], shares, used, kept, boxed=not referred)
        steps.append(output)
        if not referred or found.gain is None:
            return steps, output.relation
        sin = Symbol(joined(self.name)) if self.name else self.free("Sin")
        square, names = self.squares(self.gain_name(), found.gain)
        stated = self.line("referred", equation(sin, Quotient(out, square)), "DEFINE", (said("noise.referred"),))
        tree = density_tree(found, Writer(self.writer.kind, 2500))
        if symbol_count(tree) > LONGEST_RESULT:
            tree, kept = Quotient(self.in_names(shares), square), frozenset((*used, *names))
        elif not short:
            kept = frozenset()
        else:
            kept = frozenset()
        labels = [definition.label, stated.label]
        every = {**used, **dict.fromkeys(names)}
        last = self.put_in(sin, "input-density", tree, labels, shares, every, kept, boxed=True)
        return [*steps, stated, last], last.relation

    def in_names(self, shares: Mapping[Symbol, Sequence[Expression]]) -> Expression:
        """The sum with densities put in and the transfers by their names."""
        densities = {self.density_name(source): source.density for source in self.found.sources}
        factors = [factors_of(densities[name]) for name in shares]
        common = [each for each in factors[0] if all(each in others for others in factors)] if factors else []
        terms = [scaled(divided(densities[name], common), sum_of(tuple(squares))) for name, squares in shares.items()]
        return arranged(scaled(product_of(common), sum_of(terms)), self.rank)

    def put_in(
        self,
        left: Symbol,
        label: str,
        tree: Expression,
        labels: Sequence[str],
        shares: Mapping[Symbol, object],
        names: Mapping[str, None],
        kept: frozenset[str],
        *,
        boxed: bool,
    ) -> Line:
        """left = tree, from its definition with densities and transfers put in."""
        by_symbol = {relation.left: each for each, relation in self.relations.items()}
        put = [by_symbol[Symbol(name)] for name in names if name not in kept]
        densities = [self.density_line(source) for source in self.found.sources if self.density_name(source) in shares]
        used = [*labels[:-1], *dict.fromkeys(densities), *put, labels[-1]]
        hypotheses = tuple(self.relations[each] for each in used)
        places = tuple(range(len(used) - 1))
        relation = equation(left, tree)
        cofactors = (*(ZERO for _ in places), ONE)
        claim = Follows(hypotheses, relation, cofactors, ONE, places)
        why: Sentence = (said("noise.put" if not kept else "noise.put-densities"),)
        return self.line(label, relation, "RESULT", why, uses=tuple(used), claim=claim, boxed=boxed)
