"""The steering curve of a pair: KVL around the loop, KCL at the tail, and the two laws solved for the currents.

Bipolar and MOS pairs share every step except the two that the law itself asks for: how the law turns KVL into a
relation of the currents, and how that and KCL are solved. Sedra and Smith, Microelectronic Circuits, "Large-signal
operation" of the differential pair.

Roles in the formulas: 1 is the transistor whose current grows with the input d, 2 the other; a and b are the first and
the second as the netlist names them. ``w`` is the junction or gate voltage, ``u`` the overdrive, ``i`` the collector or
drain current, ``e`` the emitter current, ``I`` the tail current.
"""

from __future__ import annotations

from dataclasses import dataclass

from diffsym.derivation.matched_pair import Transistor, TransistorPair, node_voltage
from diffsym.derivation.proof import Proof
from diffsym.derivation.said import Said, said
from diffsym.derivation.scribe import node_lead
from diffsym.expression.tree import ZERO, Expression, Negation, Sum, equation, substituted, sum_of, symbols_of
from diffsym.kernel.claims import Equal


@dataclass(frozen=True, slots=True)
class Curve:
    """What a law makes of the pair, as templates in roles: the ``curve`` i1 − i2 over d, its ``slope``, and at balance
    its ``bias`` value, which the line ``gm`` states.

    ``sum``: the line that says what i1 + i2 is, ``total`` what it is. ``beside``: lines that say how far it holds.
    """

    sum: str
    total: str
    curve: str
    slope: str
    gm: str
    bias: str
    beside: tuple[str, ...] = ()

    def of(self, template: str, *, half: bool = False, loaded: bool = False) -> str:
        """A template's formula, or half of it, or times the load."""
        return template.format(
            R="*R" if loaded else "", load="R*" if loaded else "", over="/2" if half else "", two="4" if half else "2"
        )


@dataclass(slots=True)
class Stage:
    """A pair and the proof that is being written about it. ``down``: pnp or pMOS, whose currents flow the other way."""

    proof: Proof
    pair: TransistorPair

    @property
    def down(self) -> bool:
        return self.pair.first.upside_down

    @property
    def one(self) -> Transistor:
        return self.pair.second if self.down else self.pair.first

    @property
    def two(self) -> Transistor:
        return self.pair.first if self.down else self.pair.second


def loop(stage: Stage) -> None:
    """KVL from one control node to the other: w1 − w2 = d."""
    proof, pair = stage.proof, stage.pair
    factors: dict[str, str] = {}
    for place, (source, sign) in enumerate(pair.path):
        plus, minus = source.nodes
        ends = [node_voltage(plus), Negation(node_voltage(minus))]
        proof.roles |= {"ends": sum_of([end for end in ends if end not in (ZERO, Negation(ZERO))])}
        proof.roles |= {"volts": source.value or ZERO}
        proof.given(f"source{place}", "ends = volts", lead=source.name)
        factors[f"source{place}"] = str(sign)
    if proof.roles["d"] != pair.applied:
        proof.roles["applied"] = pair.applied
        proof.define("input", "d = applied", said("curve.input"))
        factors["input"] = "-1"
    for k, transistor, part in (("1", stage.one, "1"), ("2", stage.two, "-1")):
        low, high = node_voltage(transistor.common), node_voltage(transistor.control)
        proof.roles |= {"high": low if stage.down else high, "low": high if stage.down else low}
        proof.define(
            f"junction{k}", f"w{k} = high - low", said(f"curve.junction-{pair.kind}", transistor=transistor.name)
        )
        factors[f"junction{k}"] = part
    words = said("curve.kvl", node=pair.common)
    proof.follow("kvl", "w1 - w2 = d", words, uses=factors, rule="KVL")


def tail(stage: Stage, currents: str, words: Said) -> None:
    """KCL at the common node, from the elements that meet there."""
    sign = 1 if stage.down else -1
    leaving = [stage.proof.tree(f"{currents}{k}") for k in "12"]
    terms = [*leaving, Negation(stage.pair.tail)] if sign > 0 else [*map(Negation, leaving), stage.pair.tail]
    stamped = equation(Sum(tuple(terms)), ZERO)
    lead = node_lead((stage.pair.common,))
    stage.proof.row("tail", f"{currents}1 + {currents}2 = I", words, stamped, str(sign), lead)


def bipolar(stage: Stage) -> Curve:
    proof = stage.proof
    proof.given(
        "alpha1",
        "i1 = alpha*e1",
        said("curve.alpha"),
        lead=stage.one.name,
    )
    proof.given("alpha2", "i2 = alpha*e2", lead=stage.two.name)
    tail(stage, "e", said("curve.tail-bjt", source=stage.pair.tail_name))
    proof.section = "elimination"
    proof.follow(
        "solved", "w1 = w2 + d", said("line.solve", line="[kvl]", unknown="$w1$"), uses={"kvl": "1"}, rule="SOLVE"
    )
    words = said("curve.ratio")
    proof.follow("ratio", "i1 = i2*exp(d/VT)", words, put=("law1", "law2", "solved"))
    words = said("curve.sum")
    proof.follow("sum", "i1 + i2 = alpha*I", words, uses={"tail": "alpha", "alpha1": "1", "alpha2": "1"})
    proof.follow(
        "put",
        "i2*(1 + exp(d/VT)) = alpha*I",
        said("put.into", lines="[ratio]", line="[sum]"),
        uses={"sum": "1", "ratio": "-1"},
    )
    proof.follow(
        "two",
        "i2 = alpha*I/(1 + exp(d/VT))",
        said("line.solve", line="[put]", unknown="$i2$"),
        uses={"put": "1/(1 + exp(d/VT))"},
        rule="SOLVE",
    )
    words = said("curve.back")
    proof.follow("one", "i1 = alpha*I/(1 + exp(-d/VT))", words, uses={"ratio": "1", "two": "exp(d/VT)"})
    proof.follow(
        "difference",
        "i1 - i2 = alpha*I*(exp(d/VT) - 1)/(exp(d/VT) + 1)",
        said("curve.difference"),
        uses={"one": "1", "two": "-1"},
        rule="COMBINE",
    )
    words = said("curve.tanh")
    proof.follow("curve", "i1 - i2 = alpha*I*tanh(d/(2*VT))", words, uses={"difference": "1"}, rule="REWRITE")
    return Curve(
        "sum",
        "alpha*I",
        "alpha*I{R}{over}*tanh(d/(2*VT))",
        "alpha*I{R}/({two}*VT)*(1 - tanh(d/(2*VT))^2)",
        "gmbias",
        "alpha*I{R}/({two}*VT)",
    )


def square(stage: Stage) -> Curve:
    proof = stage.proof
    tail(stage, "i", said("curve.tail-mos", source=stage.pair.tail_name))
    proof.section = "elimination"
    proof.define("over1", "u1 = w1 - VTH", said("curve.overdrives"))
    proof.define("over2", "u2 = w2 - VTH", said("line.and"))
    for k in "12":
        words = said("curve.with-is", with_line=f"[over{k}]", line=f"[law{k}]")
        proof.follow(f"short{k}", f"i{k} = k/2*u{k}^2", words, uses={f"law{k}": "1"}, put=(f"over{k}",))
    words = said("curve.threshold")
    proof.follow("apart", "u1 - u2 = d", words, uses={"kvl": "1", "over1": "1", "over2": "-1"})
    words = said("curve.squares")
    proof.follow("squares", "u1^2 + u2^2 = 2*I/k", words, uses={"tail": "2/k", "short1": "-2/k", "short2": "-2/k"})
    words = said("curve.square-of-sum")
    proof.follow("sumsquare", "(u1 + u2)^2 = 4*I/k - d^2", words, uses={"squares": "2", "apart": "-(u1 - u2 + d)"})
    words = said("curve.positive-root")
    root = "sqrt(4*I/k - d^2)"
    proof.follow("together", f"u1 + u2 = {root}", words, times=f"u1 + u2 + {root}", uses={"sumsquare": "1"})
    words = said("curve.product")
    proof.follow(
        "product", "i1 - i2 = k/2*(u1 - u2)*(u1 + u2)", words, uses={"short1": "1", "short2": "-1"}, rule="COMBINE"
    )
    proof.follow(
        "curve",
        f"i1 - i2 = k/2*d*{root}",
        said("curve.put-product"),
        uses={"product": "1", "apart": "k/2*(u1 + u2)", "together": "k/2*d"},
    )
    validity(stage, root)
    return Curve(
        "tail",
        "I",
        "k{R}/{two}*d*" + root,
        "k{R}{over}*(2*I/k - d^2)/" + root,
        "gmroot",
        "{load}sqrt(k*I){over}",
        ("both",),
    )


def validity(stage: Stage, root: str) -> None:
    """Up to which input both transistors conduct, and that one of them carries everything there."""
    proof = stage.proof
    proof.section = "validity"
    words = said("curve.how-far")
    proof.follow(
        "both", "u1*u2 = I/k - d^2/2", words, uses={"squares": "1/2", "apart": "-(u1 - u2 + d)/2"}, rule="COMBINE"
    )
    proof.given(
        "edge",
        "I/k - vmax^2/2 = 0",
        said("curve.edge"),
        rule="DEFINE",
    )
    words = said("curve.positive-input")
    proof.follow("vmax", "vmax = sqrt(2*I/k)", words, times="vmax + sqrt(2*I/k)", uses={"edge": "-2"}, rule="SOLVE")
    limit = "sqrt(2*I/k)"
    at_limit = {symbols_of(proof.tree("d"))[0]: proof.tree(limit)}
    moved = [substituted(proof.tree(text), at_limit) for text in ("I/k - d^2/2", f"k/2*d*{root}", "2*I/k - d^2")]
    proof.remark(
        said("curve.validity"),
        ("both",),
        (Equal(moved[0], ZERO), Equal(moved[1], proof.tree("I")), Equal(moved[2], ZERO)),
    )
    proof.section = "elimination"


def oriented(stage: Stage, shape: Curve) -> None:
    """The currents as the netlist counts them, from sum and difference; equal at balance."""
    proof = stage.proof
    if stage.down:
        words = said("curve.as-counted")
        proof.follow("steering", f"ia - ib = -{shape.of(shape.curve)}", words, uses={"curve": "-1"}, rule="RESULT")
    else:
        proof.also("steering", "curve")
    words = said("curve.halves", sum=f"[{shape.sum}]")
    half = shape.of(shape.curve, half=True)
    for role, sign, factor in (("ia", "-" if stage.down else "+", "1/2"), ("ib", "+" if stage.down else "-", "-1/2")):
        text = f"{role} = {shape.total}/2 {sign} {half}"
        proof.follow(f"{role}half", text, words, uses={shape.sum: "1/2", "steering": factor}, rule="COMBINE")
    if stage.pair.kind == "bjt":
        proof.also("ia", "two" if stage.down else "one")
        proof.also("ib", "one" if stage.down else "two")
    else:
        proof.also("ia", "iahalf")
        proof.also("ib", "ibhalf")
    nothing: dict[str, Expression] = {symbols_of(proof.tree("d"))[0]: ZERO}
    at_balance = [substituted(proof.relations[name].right, nothing) for name in ("steering", "ia", "ib")]
    even = proof.tree(f"{shape.total}/2")
    claims = (Equal(at_balance[0], ZERO), Equal(at_balance[1], even), Equal(at_balance[2], even))
    words = said("curve.without-input", currents=f"$ia = ib = {shape.total}/2$")
    for name in ("steering", "ia", "ib") if stage.pair.kind == "bjt" else ("steering",):
        proof.remark(words, (name,), claims)
