"""Current steering in a pair: the whole curve from the device law, its slope at balance, and how far it holds.

Bipolar and MOS pairs share every step except the two that the law itself asks for: how the law turns KVL into a relation
of the currents, and how that and KCL are solved. Sedra and Smith, Microelectronic Circuits, "Large-signal operation"
of the differential pair.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diffsym.circuit.model import Circuit
from diffsym.derivation.device_laws import (
    finished,
    free_name,
    law_roles,
    state_base_current,
    state_input_resistance,
    state_law,
    state_transconductance,
)
from diffsym.derivation.matched_pair import HINT, TransistorPair, node_voltage, transistor_pair
from diffsym.derivation.proof import Proof
from diffsym.derivation.slopes import Asked, read_asked
from diffsym.derivation.steps import Derivation
from diffsym.errors import CircuitError, ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.printing import to_text
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    NodeVoltage,
    Sum,
    Symbol,
    equation,
    replaced,
    substituted,
    sum_of,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Derivative, Equal
from diffsym.kernel.rational import Field, atoms_of


@dataclass(frozen=True, slots=True)
class Curve:
    """What a law makes of the pair, as templates in roles: the ``curve`` i1 − i2 over d, its ``slope``, and at balance
    its ``bias`` value, which the line ``gm`` states.

    ``sum``: the line that says what i1 + i2 is, ``total`` what it is. ``beside``: lines that say how far the curve holds.
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


def derive_large_signal(
    circuit: Circuit, quantity: str, writer: Writer, name: str = "", in_terms_of: Iterable[str] = ()
) -> Derivation:
    """A quantity of a transistor pair, derived from the device law without linearisation.

    ``quantity``: a current ``iC1`` (``iD1``), a difference ``iC1 - iC2``, an output ``v(o1)`` or ``v(o1,o2)``, the slope
    of one of these at balance, ``slope(iC1 - iC2, vid)``, or ``gm``, ``rpi``, ``VOV``, ``vmax`` (the input up to which
    both MOS transistors conduct). ``in_terms_of`` with ``beta`` puts α = β/(β + 1) into a bipolar result.
    Raises CircuitError where the circuit is no such pair, QuantityError for another quantity.
    """
    pair = transistor_pair(circuit)
    asked = read_asked(quantity)
    story = _Story(pair, joined(name) if name else "", asked)
    line = story.line(asked, frozenset(joined(symbol) for symbol in in_terms_of))
    beside = story.beside(line)
    quantity_tree = story.proof.relations[line].left if asked.by else asked.of
    title = "From the device law, for signals of any size"
    return finished(story.proof, line, quantity_tree, "large-signal", title, name, beside)


class _Story:
    """Everything that is known of one pair, in the order of the argument.

    Roles: 1 is the transistor whose current grows with d, 2 the other; a and b are the first and the second as named.
    """

    def __init__(self, pair: TransistorPair, name: str, asked: Asked) -> None:
        self.pair = pair
        self.down = pair.first.upside_down
        self.one, self.two = (pair.second, pair.first) if self.down else (pair.first, pair.second)
        taken = pair.taken
        roles = law_roles(self.one, "1", taken) | law_roles(self.two, "2", taken)
        roles |= {"ia": roles["i2" if self.down else "i1"], "ib": roles["i1" if self.down else "i2"]}
        roles |= {"va": node_voltage(pair.first.out), "vb": node_voltage(pair.second.out), "I": pair.tail}
        roles |= {role: free_name(role, taken) for role in ("VOV", "vmax", "VRC", "Gm", "Ad", "Aa", "Ab")}
        if asked.by and name and name not in taken and Symbol(name) not in roles.values():
            roles |= dict.fromkeys(("Gm", "Ad", "Aa", "Ab"), Symbol(name))
        roles["d"] = pair.applied if isinstance(pair.applied, Symbol) else free_name("vid", taken)
        if pair.load is not None:
            roles |= {"R": pair.load.value, "VP": node_voltage(pair.load.supply)}
        self.proof = Proof(roles)
        self.loop()
        for k, transistor in (("1", self.one), ("2", self.two)):
            state_law(self.proof, transistor, k, words=k == "1")
        self.shape = (self.bipolar if pair.kind == "bjt" else self.square)()
        self.oriented()
        self.balance()
        self.slopes()
        if pair.load is not None:
            self.outputs()

    # ---- the circuit's equations

    def loop(self) -> None:
        """KVL from one control node to the other: w1 − w2 = d."""
        proof, pair = self.proof, self.pair
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
            proof.define("input", "d = applied", "The differential input is")
            factors["input"] = "-1"
        junction = "base and emitter" if pair.kind == "bjt" else "gate and source"
        for k, transistor, sign in (("1", self.one, "1"), ("2", self.two, "-1")):
            low, high = node_voltage(transistor.common), node_voltage(transistor.control)
            proof.roles |= {"high": low if self.down else high, "low": high if self.down else low}
            proof.define(f"junction{k}", f"w{k} = high - low", f"Between {junction} of {transistor.name}:")
            factors[f"junction{k}"] = sign
        words = f"KVL around the loop through both inputs: node {pair.common} drops out of the difference:"
        proof.follow("kvl", "w1 - w2 = d", words, uses=factors, rule="KVL")

    def tail(self, currents: str, words: str) -> None:
        """KCL at the common node, from the elements that meet there."""
        sign = 1 if self.down else -1
        leaving = [self.proof.tree(f"{currents}{k}") for k in "12"]
        terms = [*leaving, Negation(self.pair.tail)] if sign > 0 else [*map(Negation, leaving), self.pair.tail]
        stamped = equation(Sum(tuple(terms)), ZERO)
        lead = f"node {self.pair.common}"
        self.proof.row("tail", f"{currents}1 + {currents}2 = I", words, stamped, str(sign), lead)

    # ---- the bipolar pair

    def bipolar(self) -> Curve:
        proof = self.proof
        proof.given("alpha1", "i1 = alpha*e1", "Of the emitter current, the part $alpha$ reaches the collector:", lead=self.one.name)
        proof.given("alpha2", "i2 = alpha*e2", lead=self.two.name)
        self.tail("e", f"KCL: both emitter currents make up the current of {self.pair.tail_name}:")
        proof.section = "elimination"
        proof.follow("solved", "w1 = w2 + d", "Solve [kvl] for $w1$:", uses={"kvl": "1"}, rule="SOLVE")
        words = "Put [solved] into [law1]; the factor that is left is [law2]:"
        proof.follow("ratio", "i1 = i2*exp(d/VT)", words, put=("law1", "law2", "solved"))
        words = "Multiply [tail] by $alpha$ and put [alpha1] and [alpha2] in:"
        proof.follow("sum", "i1 + i2 = alpha*I", words, uses={"tail": "alpha", "alpha1": "1", "alpha2": "1"})
        proof.follow("put", "i2*(1 + exp(d/VT)) = alpha*I", "Put [ratio] into [sum]:", uses={"sum": "1", "ratio": "-1"})
        proof.follow(
            "two", "i2 = alpha*I/(1 + exp(d/VT))", "Solve [put] for $i2$:", uses={"put": "1/(1 + exp(d/VT))"}, rule="SOLVE"
        )
        words = "Put [two] back into [ratio] and multiply top and bottom by $exp(-d/VT)$:"
        proof.follow("one", "i1 = alpha*I/(1 + exp(-d/VT))", words, uses={"ratio": "1", "two": "exp(d/VT)"})
        proof.follow(
            "difference",
            "i1 - i2 = alpha*I*(exp(d/VT) - 1)/(exp(d/VT) + 1)",
            "Subtract [two] from [one], over the common denominator:",
            uses={"one": "1", "two": "-1"},
            rule="COMBINE",
        )
        words = "Divide top and bottom by $exp(d/(2*VT))$: this is the hyperbolic tangent,"
        proof.follow("curve", "i1 - i2 = alpha*I*tanh(d/(2*VT))", words, uses={"difference": "1"}, rule="REWRITE")
        return Curve(
            "sum",
            "alpha*I",
            "alpha*I{R}{over}*tanh(d/(2*VT))",
            "alpha*I{R}/({two}*VT)*(1 - tanh(d/(2*VT))^2)",
            "gmbias",
            "alpha*I{R}/({two}*VT)",
        )

    # ---- the MOS pair

    def square(self) -> Curve:
        proof = self.proof
        self.tail("i", f"KCL: no gate draws current, so both drain currents make up that of {self.pair.tail_name}:")
        proof.section = "elimination"
        proof.define("over1", "u1 = w1 - VTH", "Write the overdrive voltages as")
        proof.define("over2", "u2 = w2 - VTH", "and")
        for k in "12":
            words = f"With [over{k}], [law{k}] is"
            proof.follow(f"short{k}", f"i{k} = k/2*u{k}^2", words, uses={f"law{k}": "1"}, put=(f"over{k}",))
        words = "The threshold drops out of [kvl]:"
        proof.follow("apart", "u1 - u2 = d", words, uses={"kvl": "1", "over1": "1", "over2": "-1"})
        words = "Put [short1] and [short2] into [tail]:"
        proof.follow(
            "squares", "u1^2 + u2^2 = 2*I/k", words, uses={"tail": "2/k", "short1": "-2/k", "short2": "-2/k"}
        )
        words = "Twice [squares] less the square of [apart] is the square of the sum:"
        proof.follow(
            "sumsquare", "(u1 + u2)^2 = 4*I/k - d^2", words, uses={"squares": "2", "apart": "-(u1 - u2 + d)"}
        )
        words = "Both transistors conduct, so neither overdrive is negative and the positive root holds:"
        root = "sqrt(4*I/k - d^2)"
        proof.follow("together", f"u1 + u2 = {root}", words, times=f"u1 + u2 + {root}", uses={"sumsquare": "1"})
        words = "Subtract [short2] from [short1]; a difference of squares is a product:"
        proof.follow(
            "product", "i1 - i2 = k/2*(u1 - u2)*(u1 + u2)", words, uses={"short1": "1", "short2": "-1"}, rule="COMBINE"
        )
        proof.follow(
            "curve",
            f"i1 - i2 = k/2*d*{root}",
            "Put [apart] and [together] into [product]:",
            uses={"product": "1", "apart": "k/2*(u1 + u2)", "together": "k/2*d"},
        )
        self.validity(root)
        return Curve(
            "tail",
            "I",
            "k{R}/{two}*d*" + root,
            "k{R}{over}*(2*I/k - d^2)/" + root,
            "gmroot",
            "{load}sqrt(k*I){over}",
            ("both",),
        )

    def validity(self, root: str) -> None:
        """Up to which input both transistors conduct, and that one of them carries everything there."""
        proof = self.proof
        proof.section = "validity"
        words = "How far does this hold? Subtract the square of [apart] from [squares] and halve it:"
        proof.follow(
            "both", "u1*u2 = I/k - d^2/2", words, uses={"squares": "1/2", "apart": "-(u1 - u2 + d)/2"}, rule="COMBINE"
        )
        proof.given("edge", "I/k - vmax^2/2 = 0", "At the limit $d = vmax$ one overdrive of [both] has just vanished:", rule="DEFINE")
        words = "An input of this sign is positive, so"
        proof.follow("vmax", "vmax = sqrt(2*I/k)", words, times="vmax + sqrt(2*I/k)", uses={"edge": "-2"}, rule="SOLVE")
        limit = "sqrt(2*I/k)"
        at_limit = {symbols_of(proof.tree("d"))[0]: proof.tree(limit)}
        moved = [substituted(proof.tree(text), at_limit) for text in ("I/k - d^2/2", f"k/2*d*{root}", "2*I/k - d^2")]
        proof.remark(
            f"Both overdrives stay positive while $abs(d) <= {limit}$. At the limit the product [both] vanishes: one"
            " transistor has switched off, the other carries all of $I$, and the curve arrives with slope 0. Beyond it the"
            " formula falls again, but no longer describes the circuit: the current stays with the one transistor.",
            ("both",),
            (Equal(moved[0], ZERO), Equal(moved[1], proof.tree("I")), Equal(moved[2], ZERO)),
        )
        proof.section = "elimination"

    # ---- what both pairs have in common from here on

    def oriented(self) -> None:
        """The currents as the netlist counts them, from sum and difference; equal at balance."""
        proof, shape = self.proof, self.shape
        if self.down:
            words = "Count the currents as the netlist does, which turns the sign:"
            proof.follow("steering", f"ia - ib = -{shape.of(shape.curve)}", words, uses={"curve": "-1"}, rule="RESULT")
        else:
            proof.also("steering", "curve")
        words = f"Half of [{shape.sum}] and half of [steering]:"
        half = shape.of(shape.curve, half=True)
        for role, sign, factor in (("ia", "-" if self.down else "+", "1/2"), ("ib", "+" if self.down else "-", "-1/2")):
            text = f"{role} = {shape.total}/2 {sign} {half}"
            proof.follow(f"{role}half", text, words, uses={shape.sum: "1/2", "steering": factor}, rule="COMBINE")
        if self.pair.kind == "bjt":
            proof.also("ia", "two" if self.down else "one")
            proof.also("ib", "one" if self.down else "two")
        else:
            proof.also("ia", "iahalf")
            proof.also("ib", "ibhalf")
        nothing = {symbols_of(proof.tree("d"))[0]: ZERO}
        at_balance = [substituted(proof.relations[name].right, nothing) for name in ("steering", "ia", "ib")]
        even = proof.tree(f"{shape.total}/2")
        claims = (Equal(at_balance[0], ZERO), Equal(at_balance[1], even), Equal(at_balance[2], even))
        words = f"Without a differential input, $d = 0$, the current divides equally: $ia = ib = {shape.total}/2$."
        for name in ("steering", "ia", "ib") if self.pair.kind == "bjt" else ("steering",):
            proof.remark(words, (name,), claims)

    def balance(self) -> None:
        """The operating point d = 0: equal currents, and the transconductance that they set."""
        proof, shape = self.proof, self.shape
        proof.section = "operating-point"
        proof.given("balance", "d = 0", "At the operating point there is no differential input:")
        one, rest = "ib" if self.down else "ia", "IC" if self.pair.kind == "bjt" else "ID"
        words = f"Put [balance] into [{one}]: the current divides equally,"
        proof.follow("half", f"i1 = {shape.total}/2", words, uses={one: "1"}, put=("balance",))
        proof.define("rest", f"{rest} = i1", "Call this collector current" if rest == "IC" else "Call this drain current")
        proof.follow("restvalue", f"{rest} = {shape.total}/2", "so that", uses={"rest": "1", "half": "1"})
        state_transconductance(proof, self.one, "1")
        if self.pair.kind == "bjt":
            words = "At the operating point, with [rest],"
            proof.follow("gmrest", "gm = IC/VT", words, uses={"gmcurrent": "1", "rest": "-1/VT"})
            proof.follow("gmbias", "gm = alpha*I/(2*VT)", "and with [restvalue]", uses={"gmrest": "1", "restvalue": "1/VT"})
            proof.section = "equations"
            state_base_current(proof, self.one, "1")
            proof.section = "operating-point"
            state_input_resistance(proof, "1")
            return
        proof.follow("even", "u1 = u2", "[balance] makes the overdrives equal:", uses={"apart": "1"}, put=("balance",))
        proof.define("overdrive", "VOV = u1", "Call this overdrive")
        words = "[squares] then holds two equal terms:"
        factors = {"squares": "1/2", "even": "(u1 + u2)/2", "overdrive": "VOV + u1"}
        proof.follow("oversquare", "VOV^2 = I/k", words, uses=factors)
        words = "The overdrive of a transistor that conducts is positive:"
        proof.follow("VOV", "VOV = sqrt(I/k)", words, times="VOV + sqrt(I/k)", uses={"oversquare": "1"}, rule="SOLVE")
        words = "With [over1] and [overdrive], [gmlaw] is"
        proof.follow("gmover", "gm = k*VOV", words, uses={"gmlaw": "1", "over1": "-k", "overdrive": "-k"})
        words = "Square it and put [oversquare] in:"
        proof.follow("gmsquare", "gm^2 = k*I", words, uses={"gmover": "gm + k*VOV", "oversquare": "k^2"})
        words = "The transconductance is positive:"
        proof.follow("gmroot", "gm = sqrt(k*I)", words, times="gm + sqrt(k*I)", uses={"gmsquare": "1"}, rule="SOLVE")

    def slopes(self) -> None:
        """The slope of the steering curve, at any input and at balance, where it is the small-signal gm."""
        proof, shape, minus = self.proof, self.shape, "-" if self.down else ""
        slope, bias = minus + shape.of(shape.slope), minus + shape.of(shape.bias)
        proof.slope("slope", f"Gm = {slope}", "The slope of [steering] with respect to $d$:", of="steering", by="d")
        if self.pair.kind == "bjt":
            words = "Put [balance] into [slope]; $tanh(0) = 0$:"
            proof.follow("Gm", f"Gm = {bias}", words, uses={"slope": "1"}, put=("balance",), rule="RESULT")
        else:
            root = f"{minus}2*I/sqrt(4*I/k)"
            proof.follow("slopezero", f"Gm = {root}", "Put [balance] into [slope]:", uses={"slope": "1"}, put=("balance",))
            proof.follow("slopesquare", "Gm^2 = k*I", "Square it:", uses={"slopezero": f"Gm + ({root})"})
            words = f"The slope [slopezero] is {'negative' if minus else 'positive'}, which decides between the roots:"
            times = "Gm - sqrt(k*I)" if minus else "Gm + sqrt(k*I)"
            proof.follow("Gm", f"Gm = {bias}", words, times=times, uses={"slopesquare": "1"}, rule="RESULT")
        words = f"The slope of the large-signal curve at balance is the small-signal transconductance of [{shape.gm}]:"
        proof.follow("same", f"Gm = {minus}gm", words, uses={"Gm": "1", shape.gm: "1" if minus else "-1"})

    def outputs(self) -> None:
        """The output voltages, by KCL at each output, and the gains at balance."""
        proof, shape, load, up = self.proof, self.shape, self.pair.load, self.down
        assert load is not None
        supplied = proof.roles["VP"] != ZERO
        sign, factor = ("+", "R") if up else ("-", "-R")
        away = f"VP {sign} " if supplied else "" if up else "-"
        proof.section = "equations"
        for role, current, transistor, name in (
            ("va", "ia", self.pair.first, load.names[0]),
            ("vb", "ib", self.pair.second, load.names[1]),
        ):
            across = f"({role} - VP)/R" if supplied else f"{role}/R"
            stamped = proof.relation(f"{across} {'-' if up else '+'} {current} = 0")
            words = f"KCL: the current of {transistor.name} flows through {name}:"
            proof.row(f"node{role}", f"{role} = {away}R*{current}", words, stamped, "R", f"node {transistor.out}")
        proof.section = "elimination"
        half = shape.of(shape.curve, half=True, loaded=True)
        for role, current, turn in (("va", "ia", "-"), ("vb", "ib", "+")):
            text = f"{role} = {away}{shape.total}*R/2 {turn} {half}"
            words = f"Put [{current}half] into [node{role}]:"
            proof.follow(f"out{role[1]}", text, words, uses={f"node{role}": "1", f"{current}half": factor}, rule="RESULT")
        words = "Subtract [nodevb] from [nodeva]: the supply drops out, and only the difference of the currents is left:"
        text = f"va - vb = {'' if up else '-'}R*(ia - ib)"
        proof.follow("apartout", text, words, uses={"nodeva": "1", "nodevb": "-1"}, rule="COMBINE")
        text = f"va - vb = -{shape.of(shape.curve, loaded=True)}"
        proof.follow("vod", text, "Put [steering] into [apartout]:", uses={"apartout": "1", "steering": factor}, rule="RESULT")
        proof.section = "operating-point"
        self.gains(factor)

    def gains(self, forth: str) -> None:
        """Slopes of the outputs at balance: ``Ad`` of the difference, ``Aa`` and ``Ab`` of each."""
        proof, shape = self.proof, self.shape
        back = "-R" if forth == "R" else "R"
        for name, out, sign, part, part_name in (
            ("Ad", "vod", "-", "1", "the slope"),
            ("Aa", "outa", "-", "1/2", "half the slope"),
            ("Ab", "outb", "", "-1/2", "half the slope"),
        ):
            half = name != "Ad"
            text = f"{name} = {sign}{shape.of(shape.slope, half=half, loaded=True)}"
            proof.slope(f"slope{name}", text, f"The gain is the slope of [{out}]:", of=out, by="d")
            words = f"It is $R$ times {part_name} of [slope], of which [same] says what it is at balance:"
            factors = {f"slope{name}": "1", "slope": f"{back}*({part})", "same": f"{forth}*({part})"}
            proof.follow(f"{name}gm", f"{name} = {sign}gm*R{'/2' if half else ''}", words, uses=factors, rule="RESULT")
            text = f"{name} = {sign}{shape.of(shape.bias, half=half, loaded=True)}"
            through = f"{sign}R{'/2' if half else ''}"
            proof.follow(name, text, f"Put [{shape.gm}] into [{name}gm]:", uses={f"{name}gm": "1", shape.gm: through}, rule="RESULT")
        self.sign_argument()
        if self.pair.kind == "bjt":
            self.bias_forms()

    def sign_argument(self) -> None:
        """Why the first output falls: each step of the chain is a slope of known sign."""
        proof, shape = self.proof, self.shape
        symbol = symbols_of(proof.tree("d"))[0]
        current = proof.relations["iahalf"].right
        turn = "-" if self.down else ""
        claims = (
            Derivative(current, symbol, proof.tree(turn + shape.of(shape.slope, half=True))),
            Derivative(proof.relations["outa"].right, symbol, proof.relations["slopeAa"].right),
        )
        transistor = "the other transistor takes less" if self.down else "this transistor takes more"
        proof.remark(
            f"The sign, step by step: when $d$ rises, {transistor} of the tail current, $ia$"
            f" {'falls' if self.down else 'rises'}, the drop across $R$ {'shrinks' if self.down else 'grows'}, and $va$ falls.",
            ("outa", "Aagm"),
            claims,
        )

    def bias_forms(self) -> None:
        """The gain in terms of the bias current and of the voltage across the loads."""
        proof = self.proof
        proof.define("drop", "VRC = R*IC", "The direct voltage across a load is")
        words = "In [Adgm], with [gmrest], it is all that counts:"
        proof.follow(
            "gaindrop", "Ad = -VRC/VT", words, uses={"Adgm": "1", "gmrest": "-R", "drop": "1/VT"}, rule="RESULT"
        )
        proof.section = "equations"
        name = self.one.name
        proof.given("device", "e1 = i1 + iB1", f"KCL of {name} itself:", lead=name)
        proof.section = "operating-point"
        factor = "-beta/(beta + 1)"
        proof.follow(
            "alphabeta",
            "alpha = beta/(beta + 1)",
            "Put [base] and [device] into [alpha1] and divide by $i1$:",
            times="i1",
            uses={"alpha1": factor, "device": f"{factor}*alpha", "base": f"{factor}*alpha"},
            rule="SOLVE",
        )
        text = "Ad = -(beta/(beta + 1))*(I*R/(2*VT))"
        proof.follow("Adbeta", text, "With [alphabeta]:", uses={"Ad": "1", "alphabeta": "-I*R/(2*VT)"}, rule="RESULT")
        exact = "-(beta/(beta + 1))*(I*R/(2*VT))"
        words = "For a large current gain, that is with $alpha$ taken as 1:"
        proof.leading("Adlarge", f"Ad = {exact} ≈ -(I*R/(2*VT))", words, of="Adbeta", large=("beta",))

    def beside(self, line: str) -> tuple[str, ...]:
        """Lines that a curve is shown with: how far it holds, or its short form."""
        if line in ("steering", "turned", "ia", "ib", "outa", "outb", "vod", "vmax"):
            return self.shape.beside
        return ("Adlarge",) if line == "Adbeta" else ()

    # ---- which line answers

    def line(self, asked: Asked, wanted: frozenset[str]) -> str:
        """The line that answers; where only its negative stands there, the one that turns the sign."""
        roles = self.proof.roles
        if asked.by:
            if Symbol(asked.by) != roles["d"]:
                raise QuantityError(
                    f"the slope is taken with respect to {to_text(roles['d'])}, not to {asked.by}",
                    hint="the curves of a pair are functions of its differential input",
                )
            table = {"ia - ib": "Gm", "va - vb": "Ad", "va": "Aa", "vb": "Ab"}
        else:
            table = {"ia": "ia", "ib": "ib", "ia - ib": "steering", "va": "outa", "vb": "outb", "va - vb": "vod"}
            table |= {"gm": self.shape.gm, "rpi": "rpi", "IC": "restvalue", "ID": "restvalue", "VOV": "VOV", "vmax": "vmax"}
        for text, line in table.items():
            if line in self.proof.relations or self.pair.load is None and ("v" in text):
                part = self.proof.tree(text)
                if same(asked.of, part):
                    self.require(line)
                    return self.form_of(line, wanted)
                if line in ("steering", "vod") and same(asked.of, -part):
                    self.require(line)
                    return self.turned(line)
        known = [to_text(self.proof.tree(text)) for text, line in table.items() if line in self.proof.relations]
        raise QuantityError(
            f"the large-signal method does not give {to_text(asked.of)}"
            + (f" as a slope with respect to {asked.by}" if asked.by else ""),
            hint=f"it gives {', '.join(known)}",
        )

    def require(self, line: str) -> None:
        if line not in self.proof.relations:
            raise CircuitError(f"the outputs cannot be told: {self.pair.unloaded}", hint=HINT)

    def form_of(self, line: str, wanted: frozenset[str]) -> str:
        """The form of a gain that holds the symbols asked for."""
        if line != "Ad":
            return line
        forms = {"gm": "Adgm", "VRC": "gaindrop", "beta": "Adbeta"}
        return next((form for name, form in forms.items() if name in wanted and form in self.proof.relations), line)

    def turned(self, line: str) -> str:
        known = self.proof.relations[line]
        assert isinstance(known.left, Sum)
        first, second = known.left.terms
        right = known.right.operand if isinstance(known.right, Negation) else Negation(known.right)
        self.proof.section = "elimination"
        self.proof.roles |= {"left": Sum((second.operand, Negation(first))), "right": right}  # type: ignore[attr-defined]
        self.proof.follow("turned", "left = right", f"Turn the sign of [{line}]:", uses={line: "-1"}, rule="RESULT")
        return "turned"


def same(asked: Expression, known: Expression) -> bool:
    """Whether two sums of currents or voltages are the same; node names without regard to case."""
    first, second = spelled(asked), spelled(known)
    try:
        field = Field(atoms_of(first, second))
        return field.read(first) == field.read(second)
    except (ExpressionError, CircuitError):
        return False


def spelled(tree: Expression) -> Expression:
    def change(part: Expression) -> Expression | None:
        match part:
            case NodeVoltage(plus, None):
                return ZERO if plus.lower() in ("0", "gnd") else NodeVoltage(plus.lower())
            case NodeVoltage(plus, minus) if minus is not None:
                return Sum((NodeVoltage(plus.lower()), Negation(NodeVoltage(minus.lower()))))
        return None

    return replaced(tree, change)
