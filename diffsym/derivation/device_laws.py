"""The laws of the transistors at rest, and the small-signal parameters as their slopes at the operating point.

Roles: ``w`` the junction or gate voltage, ``i`` the collector or drain current. Sedra and Smith, Microelectronic
Circuits, "BJT: small-signal operation" and "MOSFET: small-signal operation".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diffsym.circuit.model import Circuit
from diffsym.derivation.matched_pair import Transistor, transistors
from diffsym.derivation.proof import Proof
from diffsym.derivation.said import Said, said
from diffsym.derivation.steps import Derivation, Line
from diffsym.errors import CircuitError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression, Symbol, symbols_of
from diffsym.forms.readable import Writer

UNITS = {
    "alpha": "1",
    "beta": "1",
    "kn": "A/V^2",
    "kp": "A/V^2",
    "IS": "A",
    "VT": "V",
    "VTH": "V",
}
"""Units of the symbols that the laws bring."""


@dataclass(frozen=True, slots=True)
class Law:
    """What a kind of transistor is called and obeys; ``k`` in a template is the transistor's role index."""

    control: tuple[str, str]
    """Name of the junction voltage, and of that of an upside-down type."""
    current: str
    rest: str
    """Symbol of the current at the operating point."""
    parameters: Mapping[str, str]
    law: str
    slope: str
    words: Said


LAWS = {
    "bjt": Law(
        ("vBE", "vEB"),
        "iC",
        "IC",
        {"IS": "IS", "VT": "VT", "alpha": "alpha", "beta": "beta"},
        "i{k} = IS*exp(w{k}/VT)",
        "gm = IS/VT*exp(w{k}/VT)",
        said("law.exponential"),
    ),
    "mos": Law(
        ("vGS", "vSG"),
        "iD",
        "ID",
        {"k": "kn", "VTH": "VTH"},
        "i{k} = k/2*(w{k} - VTH)^2",
        "gm = k*(w{k} - VTH)",
        said("law.square"),
    ),
}


def free_name(name: str, taken: Iterable[str]) -> Symbol:
    """The symbol, with primes where the circuit uses the name for something else."""
    while name in taken:
        name += "prime"
    return Symbol(name)


def law_roles(transistor: Transistor, k: str, taken: Iterable[str]) -> dict[str, Expression]:
    """What a transistor's roles stand for; ``k`` ends the names of its own ones."""
    law = LAWS[transistor.kind]
    names = dict(law.parameters)
    if transistor.kind == "mos" and transistor.upside_down:
        names["k"] = "kp"
    roles: dict[str, Expression] = {role: free_name(name, taken) for role, name in names.items()}
    roles |= {role: free_name(role, taken) for role in ("gm", "rpi", "gpi", law.rest)}
    own = {"w": law.control[transistor.upside_down], "i": law.current}
    own |= {"e": "iE", "iB": "iB"} if transistor.kind == "bjt" else {"u": "vOV"}
    return roles | {role + k: free_name(name + transistor.index, taken) for role, name in own.items()}


def state_law(proof: Proof, transistor: Transistor, k: str, words: bool = True) -> None:
    law = LAWS[transistor.kind]
    proof.given(f"law{k}", law.law.format(k=k), law.words if words else None, lead=transistor.name)


def state_transconductance(proof: Proof, transistor: Transistor, k: str) -> None:
    """``gm``: the slope of the law at the operating point, from the law itself."""
    law = LAWS[transistor.kind]
    proof.slope(
        "gmlaw",
        law.slope.format(k=k),
        said("law.transconductance", law=f"[law{k}]", control=f"$w{k}$"),
        of=f"law{k}",
        by=f"w{k}",
    )
    if transistor.kind == "bjt":
        proof.follow(
            "gmcurrent",
            f"gm = i{k}/VT",
            said("law.own-derivative", law=f"[law{k}]"),
            uses={"gmlaw": "1", f"law{k}": "-1/VT"},
        )


def derive_device_law(
    circuit: Circuit, quantity: str, writer: Writer, name: str = "", in_terms_of: Iterable[str] = ()
) -> Derivation:
    """``gm`` or ``rpi`` of the circuit's first transistor, by differentiating its law at the operating point.

    ``in_terms_of`` chooses between the forms of a MOS transistor's gm: kn with VOV or ID, or ID with VOV.
    Raises CircuitError without a transistor, and QuantityError for another quantity.
    """
    found = transistors(circuit)
    if not found:
        raise CircuitError(
            "there is no transistor whose law could be differentiated", hint="add a line such as Q1 c b e n"
        )
    transistor = found[0]
    law = LAWS[transistor.kind]
    roles = law_roles(transistor, "1", ())
    roles |= {"VOV": Symbol("VOV"), "I": Symbol(law.rest)}
    asked = joined(quantity)
    proof = Proof(roles, f"{joined(name)}-" if name else "")
    state_law(proof, transistor, "1")
    if transistor.kind == "bjt":
        results = _bipolar(proof, transistor)
    else:
        results = _mos(proof, transistor, {joined(symbol) for symbol in in_terms_of})
    if asked not in results:
        raise QuantityError(
            f"the law of {transistor.name} gives no {quantity}", hint=f"it gives {' and '.join(results)}"
        )
    return finished(proof, results[asked], Symbol(asked), "device-law", said("method.device-law"), name)


def state_input_resistance(proof: Proof, k: str) -> None:
    """``rpi``: the reciprocal of the base current's slope; it needs the lines ``base``, iB = iC/β, and ``gmlaw``."""
    words = said("put.into", lines=f"[law{k}]", line="[base]")
    text = f"iB{k} = IS/beta*exp(w{k}/VT)"
    proof.follow("basevoltage", text, words, uses={"base": "1", f"law{k}": "1/beta"})
    words = said("law.input-conductance", line="[basevoltage]", control=f"$w{k}$")
    proof.slope("gpi", f"gpi = IS/(beta*VT)*exp(w{k}/VT)", words, of="basevoltage", by=f"w{k}")
    proof.follow("gpigm", "gpi = gm/beta", said("law.compare"), uses={"gpi": "1", "gmlaw": "-1/beta"})
    proof.define("rpiname", "gpi = 1/rpi", said("law.reciprocal"))
    factors = {"gpigm": "-beta*rpi/gm", "rpiname": "beta*rpi/gm"}
    proof.follow(
        "rpi", "rpi = beta/gm", said("put.into", lines="[rpiname]", line="[gpigm]"), uses=factors, rule="RESULT"
    )


def state_base_current(proof: Proof, transistor: Transistor, k: str) -> None:
    words = said("law.base-current", transistor=transistor.name)
    proof.given("base", f"iB{k} = i{k}/beta", words, lead=transistor.name)


def _bipolar(proof: Proof, transistor: Transistor) -> dict[str, str]:
    state_base_current(proof, transistor, "1")
    proof.section = "elimination"
    state_transconductance(proof, transistor, "1")
    proof.given("rest", "i1 = I", said("law.collector-at-rest"))
    factors = {"gmcurrent": "1", "rest": "1/VT"}
    proof.follow("gm", "gm = I/VT", said("put.into", lines="[rest]", line="[gmcurrent]"), uses=factors, rule="RESULT")
    state_input_resistance(proof, "1")
    return {"gm": "gm", "rpi": "rpi"}


def _mos(proof: Proof, transistor: Transistor, wanted: set[str]) -> dict[str, str]:
    proof.define("overdrive", "VOV = w1 - VTH", said("law.overdrive-at-rest"))
    proof.given("rest", "i1 = I", said("law.drain-at-rest"))
    proof.section = "elimination"
    state_transconductance(proof, transistor, "1")
    proof.follow("gmk", "gm = k*VOV", said("law.by-overdrive"), uses={"gmlaw": "1", "overdrive": "-k"}, rule="RESULT")
    proof.follow(
        "current",
        "I = k/2*VOV^2",
        said("law.at-rest"),
        uses={"law1": "1", "rest": "-1", "overdrive": "-k/2*(VOV + w1 - VTH)"},
    )
    proof.section = "result"
    proof.follow(
        "gmratio",
        "gm = 2*I/VOV",
        said("law.divide"),
        times="VOV",
        uses={"gmk": "VOV", "current": "-2"},
        rule="RESULT",
    )
    proof.follow(
        "square",
        "gm^2 = 2*k*I",
        said("law.square-it"),
        uses={"gmk": "gm + k*VOV", "current": "-2*k"},
    )
    proof.follow(
        "gmroot",
        "gm = sqrt(2*k*I)",
        said("law.positive-root"),
        times="gm + sqrt(2*k*I)",
        uses={"square": "1"},
        rule="RESULT",
    )
    current, overdrive = "ID" in wanted, "VOV" in wanted
    return {"gm": "gmratio" if current and overdrive else "gmroot" if current else "gmk"}


TITLES = {
    "equations": said("section.equations"),
    "elimination": said("section.elimination"),
    "operating-point": said("section.operating-point"),
    "validity": said("section.validity"),
    "result": said("section.result"),
}


def finished(
    proof: Proof,
    line: str,
    quantity: Expression,
    method: str,
    title: Said,
    name: str,
    beside: Sequence[str] = (),
) -> Derivation:
    """The derivation of one line of a proof, under the asked name where that is not what the line's left side says."""
    relation = proof.relations[line]
    wanted = Symbol(joined(name)) if name else relation.left
    if wanted != relation.left and all(wanted != side for known in proof.relations.values() for side in known.sides):
        proof.section = "result"
        proof.roles |= {"wanted": wanted, "found": relation.left, "value": relation.right}
        proof.define("wanted", "wanted = found", said("line.with"))
        proof.follow("answer", "wanted = value", said("line.this-is"), uses={"wanted": "1", line: "1"}, rule="RESULT")
        line = "answer"
    passages = proof.passages(line, TITLES, beside)
    lines = [step for passage in passages for step in passage.steps if isinstance(step, Line)]
    names = {name for step in lines for name in symbols_of(step.relation)}
    return Derivation(quantity, method, title, passages, proof.relations[line], tuple(sorted(names)))
