"""Current steering in a pair: the whole curve from the device law, its slope at balance, and how far it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diffsym.circuit.model import Circuit
from diffsym.derivation.device_laws import finished, free_name, law_roles, state_law
from diffsym.derivation.matched_pair import HINT, TransistorPair, node_voltage, transistor_pair
from diffsym.derivation.operating_point import balance, outputs, slopes
from diffsym.derivation.proof import Proof
from diffsym.derivation.said import said
from diffsym.derivation.slopes import Asked, read_asked
from diffsym.derivation.steering import Stage, bipolar, loop, oriented, square
from diffsym.derivation.steps import Derivation
from diffsym.errors import CircuitError, ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.printing import to_text
from diffsym.expression.tree import ZERO, BranchCurrent, Expression, Negation, NodeVoltage, Sum, Symbol, replaced
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Field, atoms_of

SLOPES = {"ia - ib": "Gm", "va - vb": "Ad", "va": "Aa", "vb": "Ab"}
"""What a slope is asked of, in roles, and the line that says what it is at balance."""

CURVES = {
    "ia": "ia",
    "ib": "ib",
    "ia - ib": "steering",
    "va": "outa",
    "vb": "outb",
    "va - vb": "vod",
    "gm": "gm",
    "rpi": "rpi",
    "IC": "restvalue",
    "ID": "restvalue",
    "VOV": "VOV",
    "vmax": "vmax",
}

OF_ONE_KIND = {"rpi": "bjt", "IC": "bjt", "ID": "mos", "VOV": "mos", "vmax": "mos"}

FORMS = {"gm": "Adgm", "VRC": "Addrop", "beta": "Adbeta"}
"""Which line gives the gain in a form that holds the symbol."""


def derive_large_signal(
    circuit: Circuit, quantity: str, writer: Writer, name: str = "", in_terms_of: Iterable[str] = ()
) -> Derivation:
    """A quantity of a transistor pair, derived from the device law without linearisation.

    ``quantity``: a current ``iC1`` (``iD1``; ``i(Q1)`` is the same), a difference ``iC1 - iC2``, an output ``v(o1)`` or
    ``v(o1,o2)``, the slope of one of these at balance, ``slope(iC1 - iC2, vid)``, or ``gm``, ``IC`` (``ID``), ``rpi``,
    ``VOV``, ``vmax`` (the input up to which both MOS transistors conduct). ``in_terms_of`` chooses the form of a gain:
    with ``gm``, with ``VRC`` (the direct voltage across a load) or with ``beta``; the last two for bipolar pairs.
    Raises CircuitError where the circuit is no such pair, QuantityError for another quantity.
    """
    pair = transistor_pair(circuit)
    asked = read_asked(quantity)
    symbol = joined(name) if name else ""
    story = Story(pair, symbol if asked.by else "", f"{symbol}-" if symbol else "")
    line = story.line(asked, frozenset(joined(symbol) for symbol in in_terms_of))
    beside = story.beside(line)
    quantity_tree = story.proof.relations[line].left if asked.by else asked.of
    title = said("method.large-signal")
    return finished(story.proof, line, quantity_tree, "large-signal", title, name, beside)


def roles_of(pair: TransistorPair, slope: str) -> Mapping[str, Expression]:
    """What the roles stand for in this pair; ``slope``: the asked name of a slope, where it has one."""
    taken = pair.taken
    one, two = (pair.second, pair.first) if pair.first.upside_down else (pair.first, pair.second)
    roles = law_roles(one, "1", taken) | law_roles(two, "2", taken)
    roles |= {"ia": roles["i1" if one is pair.first else "i2"], "ib": roles["i2" if one is pair.first else "i1"]}
    roles |= {"va": node_voltage(pair.first.out), "vb": node_voltage(pair.second.out), "I": pair.tail}
    roles |= {role: free_name(role, taken) for role in ("VOV", "vmax", "VRC", "Gm", "Ad", "Aa", "Ab")}
    if slope and slope not in taken and Symbol(slope) not in roles.values():
        roles |= dict.fromkeys(("Ad", "Aa", "Ab"), Symbol(slope))
    roles["d"] = pair.applied if isinstance(pair.applied, Symbol) else free_name("vid", taken)
    if pair.load is not None:
        roles |= {"R": pair.load.value, "VP": pair.load.supply}
    return roles


class Story:
    """Everything that is known of one pair, in the order of the argument. ``slope``: the name of the asked slope."""

    def __init__(self, pair: TransistorPair, slope: str, prefix: str) -> None:
        self.pair = pair
        self.proof = Proof(roles_of(pair, slope), prefix)
        stage = Stage(self.proof, pair)
        loop(stage)
        state_law(self.proof, stage.one, "1")
        state_law(self.proof, stage.two, "2", words=False)
        self.shape = bipolar(stage) if pair.kind == "bjt" else square(stage)
        oriented(stage, self.shape)
        balance(stage, self.shape)
        self.proof.also("gm", self.shape.gm)
        slopes(stage, self.shape)
        if pair.load is not None:
            outputs(stage, self.shape)

    def beside(self, line: str) -> tuple[str, ...]:
        """Lines that a curve is shown with: how far it holds, or another form."""
        if line in ("steering", "turned", "ia", "ib", "outa", "outb", "vod", "vmax"):
            return self.shape.beside
        return ("Addrop",) if line == "Adbeta" else ()

    # ---- which line answers

    def line(self, asked: Asked, wanted: frozenset[str]) -> str:
        """The line that answers; where only its negative stands there, the one that turns the sign."""
        roles = self.proof.roles
        if asked.by and Symbol(asked.by) != roles["d"]:
            raise QuantityError(
                f"the slope is taken with respect to {to_text(roles['d'])}, not to {asked.by}",
                hint="the curves of a pair are functions of its differential input",
            )
        for text, line in (SLOPES if asked.by else CURVES).items():
            if text in OF_ONE_KIND and OF_ONE_KIND[text] != self.pair.kind:
                continue
            part = self.proof.tree(text)
            if same(self.named(asked.of), part):
                self.require(line)
                return self.form_of(line, wanted)
            if line in ("steering", "vod") and same(self.named(asked.of), -part):
                self.require(line)
                return self.turned(line)
        known = [text for text, line in (SLOPES if asked.by else CURVES).items() if line in self.proof.relations]
        what = f"the slope of {to_text(asked.of)}" if asked.by else to_text(asked.of)
        raise QuantityError(
            f"the large-signal method does not give {what}",
            hint=f"it gives {', '.join(to_text(self.proof.tree(text)) for text in known)}",
        )

    def named(self, tree: Expression) -> Expression:
        """The tree with i(Q1) as the symbol of that current."""
        pair, roles = self.pair, self.proof.roles
        currents = {pair.first.name.lower(): roles["ia"], pair.second.name.lower(): roles["ib"]}
        return replaced(tree, lambda p: currents.get(p.element.lower()) if isinstance(p, BranchCurrent) else None)

    def require(self, line: str) -> None:
        if line not in self.proof.relations:
            raise CircuitError(f"the outputs cannot be told: {self.pair.unloaded}", hint=HINT)

    def form_of(self, line: str, wanted: frozenset[str]) -> str:
        """The form of a gain that holds the symbols asked for."""
        if line != "Ad":
            return line
        return next((form for name, form in FORMS.items() if name in wanted and form in self.proof.relations), line)

    def turned(self, line: str) -> str:
        known = self.proof.relations[line]
        left: Expression = Negation(known.left)
        if isinstance(known.left, Sum) and isinstance(known.left.terms[1], Negation):
            left = Sum((known.left.terms[1].operand, Negation(known.left.terms[0])))
        right = known.right.operand if isinstance(known.right, Negation) else Negation(known.right)
        self.proof.section = "elimination"
        self.proof.roles |= {"left": left, "right": right}
        self.proof.follow(
            "turned", "left = right", said("curve.turn", line=f"[{line}]"), uses={line: "-1"}, rule="RESULT"
        )
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
