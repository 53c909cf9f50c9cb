"""The half-circuit method, as a theorem about the circuit at hand.

The mirror is found in the netlist; the half's rows are proved to be what the full rows say once v_b = ±v_a is put in;
the full solution is proved to have that symmetry; and det = DM · CM shows which block cannot matter. Where there is no
mirror the method refuses and shows what is left over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from diffsym.circuit.model import GROUND, SmallSignalCircuit
from diffsym.circuit.symmetry import mirror_of
from diffsym.derivation.half_currents import (
    ONE_AT_A_TIME,
    HalfCurrents,
    current_claim,
    opposite,
    row_tree,
    unknown_name,
)
from diffsym.derivation.halves import COMMON, DIFFERENTIAL, Half, half_circuit, netlist_text
from diffsym.derivation.kcl import derive_kcl
from diffsym.derivation.network import Network, Row, network
from diffsym.derivation.residue import residue
from diffsym.derivation.rows import written
from diffsym.derivation.said import Said, references, said
from diffsym.derivation.stamps import premises_of
from diffsym.derivation.steps import Derivation, Line, Netlist, Passage, Remark, Sentence, Step
from diffsym.derivation.targets import asked_currents, field_for, linear, targets
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Product,
    Quotient,
    Relation,
    Symbol,
    equation,
    number,
    replaced,
    symbols_of,
    walk,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Claim, Equal, Follows, Residual
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.determinant import determinant
from diffsym.solve.equations import formulate
from diffsym.solve.quantity import Quantity


class Inside(Protocol):
    """How a half is solved: by full KCL in it, or by resistances that one looks into."""

    def __call__(
        self, circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, *, prefix: str
    ) -> Derivation: ...


def derive_half(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    writer: Writer,
    *,
    name: str = "",
    prefix: str = "half-",
    inside: Inside = derive_kcl,
) -> Derivation:
    """The quantity by the circuit's own symmetry; ``inside``: how the half is solved.

    Raises CircuitError with the residue where the circuit has no mirror, or where the quantity is of neither mode.
    """
    return _HalfMethod(circuit, quantity, writer, name, prefix, inside).derivation()


class _HalfMethod:
    def __init__(
        self,
        circuit: SmallSignalCircuit,
        quantity: Quantity,
        writer: Writer,
        name: str,
        prefix: str,
        inside: Inside,
    ) -> None:
        self.circuit = circuit
        self.quantity = quantity
        self.writer = writer
        self.name = name
        self.prefix = prefix
        self.inside = inside
        mirror = mirror_of(circuit)
        if mirror is None:
            raise residue(circuit, writer)
        self.mirror = mirror
        if quantity.sources or quantity.modes:
            raise CircuitError("the half-circuit method is for quantities driven by the circuit's own signals")

    def derivation(self) -> Derivation:
        mode, target = self.mode()
        half = half_circuit(self.circuit, self.mirror, mode)
        signals = self.quantity.signals
        net = network(self.circuit, (), signals)
        through = asked_currents(target)
        if through:
            asked, scale = HalfCurrents(self.circuit, self.mirror, half).asked(target), 1
        else:
            asked, scale = self.in_half(target, mode)
        tree = replaced(self.quantity.resolved, lambda part: asked if part == target else None)
        inner = replace(self.quantity, asked=tree, resolved=tree)
        core = self.inside(half.circuit, inner, self.writer, prefix=self.prefix)
        symmetry, mates = self.symmetry_steps(net, mode)
        currents = self.current_lines(target, asked, core, mates) if through and asked != target else []
        symmetry += currents
        rows = self.proved_rows(half, core, mates, asked_currents(asked))
        closing, result = self.closing(core, target, scale, mates, currents)
        passages = [
            Passage("symmetry", said("section.symmetry"), tuple(symmetry)),
            Passage("equations", said(f"section.half-{mode}"), tuple(rows)),
            *(passage for passage in core.passages if passage.kind == "elimination"),
            Passage("result", said("section.result"), (*self.unboxed(core, result), *closing)),
        ]
        return Derivation(
            self.quantity.resolved,
            "half-circuit",
            self.title(mode),
            tuple(p for p in passages if p.steps),
            result,
            core.symbols,
        )

    def title(self, mode: str) -> Said:
        return said(f"method.half-{mode}")

    def unboxed(self, core: Derivation, result: Relation) -> list[Step]:
        """The half's own result lines; boxed only where one of them is the result of the whole."""
        steps = [step for passage in core.passages if passage.kind == "result" for step in passage.steps]
        return [replace(step, boxed=step.relation == result) for step in steps if isinstance(step, Line)]

    # ---- which mode, and what the half is asked
    def mode(self) -> tuple[str, Expression]:
        signals = set(self.quantity.signals)
        net = network(self.circuit, asked_currents(self.quantity.resolved), self.quantity.signals)
        target = self.measured(net)
        if signals <= set(self.mirror.odd):
            return DIFFERENTIAL, target
        if signals <= set(self.mirror.even):
            return COMMON, target
        raise CircuitError(
            "the quantity is driven in both modes at once",
            hint="ask for the response to v_id and to v_ic one at a time",
        )

    def measured(self, net: Network) -> Expression:
        found = targets(net, self.quantity.resolved)
        if len(found) != 1:
            raise CircuitError(ONE_AT_A_TIME)
        return found[0].tree

    def in_half(self, target: Expression, mode: str) -> tuple[Expression, int]:
        """The voltage to ask of the half, and the factor that leads back: v_o1 − v_o2 = 2 v_o1."""
        net = network(self.circuit, (), self.quantity.signals)
        form = linear(net, target)
        nodes = self.mirror.nodes
        total: dict[str, Rational] = {}
        assert form is not None
        for key, value in form.items():
            if not isinstance(key, NodeVoltage):
                raise CircuitError("the half-circuit method answers voltages of nodes that are not driven")
            node = key.plus
            if node in self.mirror.axis:
                place, sign = (GROUND, 0) if mode == DIFFERENTIAL else (node, 1)
            elif any(first == node for first, _ in self.mirror.pairs):
                place, sign = node, 1
            else:
                place, sign = nodes[node], -1 if mode == DIFFERENTIAL else 1
            if sign:
                total[place] = total.get(place, net.field.zero) + value * sign
        total = {node: value for node, value in total.items() if value}
        if not total:
            raise CircuitError("by symmetry this voltage is 0: nothing is left to ask of the half-circuit")
        if len(total) != 1 or not next(iter(total.values())).is_number:
            raise CircuitError(ONE_AT_A_TIME)
        ((node, value),) = total.items()
        amount = value.as_fraction()
        if amount.denominator != 1:
            raise CircuitError(ONE_AT_A_TIME)
        return NodeVoltage(node), int(amount)

    def current_lines(
        self, target: Expression, asked: Expression, core: Derivation, mates: dict[str, Line]
    ) -> list[Line]:
        """That the current is the half's, or what its law makes of voltages; and the law of the half's own current."""
        (name,) = asked_currents(target)
        left = BranchCurrent(name)
        right = asked if target == left else opposite(asked)
        names = tuple(dict.fromkeys((name, *asked_currents(asked))))
        net = network(self.circuit, names, self.quantity.signals)
        claim = current_claim(net, self.writer, names, self.solved(net))
        why = said("symmetry.current") if asked_currents(asked) else said("symmetry.law", element=name)
        lines = [Line(f"{self.prefix}mirror-i-{name}", equation(left, right), "SYMMETRY", (why,), (), claim)]
        for each in map(BranchCurrent, asked_currents(asked)):
            stated = any(line.relation.left == each for line in core.lines if line.rule == "DEFINE")
            form = linear(net, each)
            if each in net.unknowns or stated or form is None:
                continue
            law = equation(each, row_tree(net, self.writer, form))
            words = (said("symmetry.own-law", element=each.element),)
            lines.append(Line(f"{self.prefix}law-i-{each.element}", law, "SYMMETRY", words, (), claim))
        return lines

    # ---- the symmetry of the full solution
    def solved(self, net: Network) -> list[tuple[str, Expression]]:
        """Every unknown of the full circuit, solved exactly from its rows."""
        order = list(net.unknowns)
        rows = [row.form for row in net.rows]
        field = net.field
        table = [{order.index(key): value for key, value in form.items() if key in order} for form in rows]
        if len(rows) != len(order):
            raise CircuitError("the circuit's rows and unknowns do not match")
        below = determinant(table, field.one, field.zero)
        if not below:
            raise CircuitError("the circuit's rows do not determine its voltages")
        whole = field_for(net, self.quantity.resolved)
        values: list[tuple[str, Expression]] = []
        for place, key in enumerate(order):
            total = whole.zero
            for signal in net.signals:
                column = [
                    {
                        **{c: v for c, v in row.items() if c != place},
                        **({place: -form[signal]} if signal in form else {}),
                    }
                    for row, form in zip(table, rows)
                ]
                above = determinant(column, field.one, field.zero)
                ratio: Any = above / below
                total = total + ratio.in_field(whole) * whole.atom(signal)
            values.append((unknown_name(key), total.tree()))
        return values

    def symmetry_steps(self, net: Network, mode: str) -> tuple[list[Step], dict[str, Line]]:
        """v_b = ±v_a for every pair, v = 0 on the axis: read off the solution of the full rows."""
        pairs = self.mirror.pairs
        unknown = {key.plus for key in net.unknowns if isinstance(key, NodeVoltage)}
        swaps = tuple(said("symmetry.swap", first=first, second=second) for first, second in pairs)
        axis = tuple(node for node in self.mirror.axis if node in unknown)
        text: Sentence = (said("symmetry.exchange", swaps=swaps),)
        if axis:
            text = (*text, "; ", said("symmetry.axis", nodes=axis))
        if self.mirror.odd:
            text = (*text, "; ", said("symmetry.odd", signals=symbols(self.mirror.odd)))
        steps: list[Step] = [Remark((*text, "."))]
        other = self.mirror.even if mode == DIFFERENTIAL else self.mirror.odd
        driven = symbols(self.quantity.signals)
        reason: Sentence = (said("symmetry.only", signals=driven),)
        if other:
            zeros = tuple(equation(name, ZERO) for name in symbols(other))
            reason = (said("symmetry.only-others-zero", signals=driven, zeros=zeros),)
        reason = (*reason, " ", said("symmetry.unique"))
        solution = self.solved(net)
        rows = tuple(equation(row_tree(net, self.writer, row.form), ZERO) for row in net.rows)
        mates: dict[str, Line] = {}
        relations: list[tuple[str, Relation]] = []
        for first, second in pairs:
            if second in unknown:
                image: Expression = NodeVoltage(first)
                relations.append(
                    (second, equation(NodeVoltage(second), Negation(image) if mode == DIFFERENTIAL else image))
                )
        if mode == DIFFERENTIAL:
            relations += [(node, equation(NodeVoltage(node), ZERO)) for node in self.mirror.axis if node in unknown]
        for place, (node, relation) in enumerate(relations):
            claim = Residual(rows, tuple(solution))
            label = f"{self.prefix}mirror-{node}"
            why: Sentence = reason if place == 0 else (said("line.likewise"),)
            if relation.right == ZERO:
                why = (said("symmetry.virtual-ground"),)
            line = Line(label, relation, "SYMMETRY", why, (), claim)
            steps.append(line)
            mates[node] = line
        if mode == DIFFERENTIAL:
            steps.extend(self.block_remark(net))
        return steps, mates

    def block_remark(self, net: Network) -> list[Step]:
        """What det = DM · CM means for the symbols that only the common-mode half holds."""
        claims = self.decoupling(net)
        if not claims:
            return []
        halves = [half_circuit(self.circuit, self.mirror, mode).circuit for mode in (DIFFERENTIAL, COMMON)]
        own, other = ({name for e in half.elements for name in symbols_of(e.value)} for half in halves)
        absent = symbols(sorted(other - own - set(self.circuit.signals)))
        text: Sentence = (said("symmetry.determinant"),)
        if absent:
            text = (*text, "; ", said("symmetry.divides-out", symbols=absent))
        return [Remark((*text, "."), claims)]

    def decoupling(self, net: Network) -> tuple[Claim, ...]:
        """det of the full rows = DM · CM, up to a number."""
        try:
            dm, cm = (half_circuit(self.circuit, self.mirror, mode) for mode in (DIFFERENTIAL, COMMON))
            full = _determinant(net)
            parts = [_determinant(network(half.circuit, (), half.circuit.signals)) for half in (dm, cm)]
        except CircuitError:
            return ()
        product = net.field.one
        for part in parts:
            if part is None or full is None:
                return ()
            product = product * part.in_field(net.field)
        ratio = full / product if full is not None and product else None
        if ratio is None or not ratio.is_number or full is None:
            return ()
        first, second = (part.tree() for part in parts if part is not None)
        return (Equal(full.tree(), number(ratio.as_fraction()) * first * second),)

    # ---- the half's rows follow from the full ones
    def proved_rows(self, half: Half, core: Derivation, mates: dict[str, Line], through: Sequence[str]) -> list[Step]:
        """The half's own lines, after the remark that they are the full circuit's rows with the symmetry put in.

        ``through``: elements whose current the half is asked for. A half that falls into parts has its rows in these,
        so that they are only proved here.
        """
        equations = formulate(self.circuit)
        net = network(self.circuit, through, self.quantity.signals)
        small = network(half.circuit, through, half.circuit.signals)
        silent = [name for name in self.circuit.signals if name not in self.quantity.signals]
        premises = [line.relation for line in mates.values()]
        steps = [step for passage in core.passages if passage.kind == "equations" for step in passage.steps]
        claims: list[Claim] = []
        stated = [step.label for step in steps if isinstance(step, Line) and step.rule == "KCL"]
        names = [label.removeprefix(f"{self.prefix}row-") for label in stated]
        for row in [small.row(name) for name in names] or [row for row in small.rows if row.kind == "kcl"]:
            claim = self.row_claim(net, equations, row, written(small, row), premises, silent)
            claims.extend([] if claim is None else [claim])
        if claims:
            steps.insert(0, Remark((*half.changed_text(), said("half.rows")), tuple(claims)))
        steps.insert(0, Netlist(netlist_text(half.circuit), said(f"half.netlist-{half.mode}")))
        return steps

    def row_claim(
        self,
        net: Network,
        equations: Any,
        row: Row,
        goal: Relation,
        premises: Sequence[Relation],
        silent: Sequence[str],
    ) -> Claim | None:
        """The half's row at a node is the full row there, or half of it where the node lies on the axis."""
        full = next((each for each in net.rows if each.kind == "kcl" and set(row.nodes) & set(each.nodes)), None)
        if full is None:
            return None
        on_axis = any(node in self.mirror.axis for node in row.nodes)
        factor: Expression = Quotient(ONE, number(2)) if on_axis else ONE
        factor = factor if row.sign == full.sign else Negation(factor)
        base = premises_of(net, equations, full, factor, premises, silent)
        return Follows(base.hypotheses, goal, base.cofactors, ONE, base.replacing)

    # ---- back to the full circuit
    def closing(
        self, core: Derivation, target: Expression, scale: int, mates: dict[str, Line], currents: Sequence[Line]
    ) -> tuple[list[Step], Relation]:
        half_line = next(line for line in core.lines if line.boxed)
        value = half_line.relation.right
        total: Expression = value
        if scale != 1:
            field = Field(atoms_of(value))
            total = self.writer.tree(field.read(value) * scale)
            if core.method != "kcl":
                total = self.writer.shaped(Product((number(scale), value)))
        split = {
            part: NodeVoltage(part.plus) - NodeVoltage(part.minus)
            for part in _voltages(target)
            if part.minus is not None
        }
        quantity = replaced(
            self.quantity.resolved, lambda part: split.get(part) if isinstance(part, NodeVoltage) else None
        )
        nodes = [node for part in _voltages(target) for node in (part.plus, part.minus) if node in mates]
        used = [half_line, *(mates[node] for node in nodes if node is not None)]
        if currents:
            used = [half_line, *currents, *mates.values()]
        shown = set(walk(half_line.relation.left))
        asked = [part for line in currents for part in walk(line.relation.right) if isinstance(part, BranchCurrent)]
        used += [line for line in core.lines if line.rule == "DEFINE" and line.relation.left in {*shown, *asked}]
        cofactors: list[Expression] = [number(scale), *(ZERO for _ in used[1:])]
        replacing = tuple(range(1, len(used)))
        steps: list[Step] = []
        left = quantity
        if self.name:
            left = Symbol(self.name)
            definition = Line(f"{self.prefix}def", equation(left, quantity), "DEFINE", (said("line.wanted"),))
            steps.append(definition)
            used.append(definition)
            cofactors.append(ONE)
        relation = equation(left, total)
        if relation == half_line.relation:
            return [Remark((said("half.same"),))], relation
        claim = Follows(tuple(line.relation for line in used), relation, tuple(cofactors), ONE, replacing)
        labels = [line.label for line in used if line.rule != "DEFINE"]
        taken = {line.label for line in core.lines}
        label = next(each for each in (f"{self.prefix}result", f"{self.prefix}full") if each not in taken)
        reason: Sentence = (said("half.back", lines=references(labels)),)
        steps.append(Line(label, relation, "RESULT", reason, tuple(line.label for line in used), claim, "", True))
        return steps, relation


def symbols(names: Iterable[str]) -> tuple[Symbol, ...]:
    return tuple(Symbol(name) for name in names)


def _voltages(node: Expression) -> list[NodeVoltage]:
    return [part for part in walk(node) if isinstance(part, NodeVoltage)]


def _determinant(net: Network) -> Rational | None:
    order = list(net.unknowns)
    if len(net.rows) != len(order):
        return None
    table = [{order.index(key): value for key, value in row.form.items() if key in order} for row in net.rows]
    result = determinant(table, net.field.one, net.field.zero)
    assert isinstance(result, Rational)
    return result
