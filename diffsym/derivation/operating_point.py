"""At balance: what each transistor carries, the slopes there, and the gains, which are the small-signal ones."""

from __future__ import annotations

from diffsym.derivation.device_laws import state_base_current, state_input_resistance, state_transconductance
from diffsym.derivation.said import said
from diffsym.derivation.scribe import node_lead
from diffsym.derivation.steering import Curve, Stage
from diffsym.expression.tree import ZERO, symbols_of
from diffsym.kernel.claims import Derivative


def balance(stage: Stage, shape: Curve) -> None:
    """The operating point d = 0: equal currents, and the transconductance that they set."""
    proof = stage.proof
    proof.section = "operating-point"
    proof.given("balance", "d = 0", said("rest.no-input"))
    one, rest = "ib" if stage.down else "ia", "IC" if stage.pair.kind == "bjt" else "ID"
    words = said("rest.half", line=f"[{one}]")
    proof.follow("half", f"i1 = {shape.total}/2", words, uses={one: "1"}, put=("balance",))
    proof.define("rest", f"{rest} = i1", said(f"rest.call-{stage.pair.kind}"))
    proof.follow(
        "restvalue",
        f"{rest} = {shape.total}/2",
        said("put.into", lines="[half]", line="[rest]"),
        uses={"rest": "1", "half": "1"},
    )
    state_transconductance(proof, stage.one, "1")
    if stage.pair.kind == "bjt":
        words = said("rest.with-rest")
        proof.follow("gmrest", "gm = IC/VT", words, uses={"gmcurrent": "1", "rest": "-1/VT"})
        proof.follow(
            "gmbias",
            "gm = alpha*I/(2*VT)",
            said("put.into", lines="[restvalue]", line="[gmrest]"),
            uses={"gmrest": "1", "restvalue": "1/VT"},
        )
        proof.section = "equations"
        state_base_current(proof, stage.one, "1")
        proof.section = "operating-point"
        state_input_resistance(proof, "1")
        return
    proof.follow("even", "u1 = u2", said("rest.even"), uses={"apart": "1"}, put=("balance",))
    proof.define("overdrive", "VOV = u1", said("rest.call-overdrive"))
    words = said("rest.equal-terms")
    factors = {"squares": "1/2", "even": "(u1 + u2)/2", "overdrive": "VOV + u1"}
    proof.follow("oversquare", "VOV^2 = I/k", words, uses=factors)
    words = said("rest.overdrive-positive")
    proof.follow("VOV", "VOV = sqrt(I/k)", words, times="VOV + sqrt(I/k)", uses={"oversquare": "1"}, rule="SOLVE")
    words = said("rest.gm-by-overdrive")
    proof.follow("gmover", "gm = k*VOV", words, uses={"gmlaw": "1", "over1": "-k", "overdrive": "-k"})
    words = said("rest.square-put")
    proof.follow("gmsquare", "gm^2 = k*I", words, uses={"gmover": "gm + k*VOV", "oversquare": "k^2"})
    words = said("rest.gm-positive")
    proof.follow("gmroot", "gm = sqrt(k*I)", words, times="gm + sqrt(k*I)", uses={"gmsquare": "1"}, rule="SOLVE")


def slopes(stage: Stage, shape: Curve) -> None:
    """The slope of the steering curve, at any input and at balance, where it is the small-signal gm."""
    proof, minus = stage.proof, "-" if stage.down else ""
    slope, bias = minus + shape.of(shape.slope), minus + shape.of(shape.bias)
    proof.slope("slope", f"Gm = {slope}", said("rest.slope"), of="steering", by="d")
    if stage.pair.kind == "bjt":
        words = said("rest.slope-at-rest")
        proof.follow("Gm", f"Gm = {bias}", words, uses={"slope": "1"}, put=("balance",), rule="RESULT")
    else:
        root = f"{minus}2*I/sqrt(4*I/k)"
        proof.follow(
            "slopezero",
            f"Gm = {root}",
            said("put.into", lines="[balance]", line="[slope]"),
            uses={"slope": "1"},
            put=("balance",),
        )
        proof.follow("slopesquare", "Gm^2 = k*I", said("rest.square"), uses={"slopezero": f"Gm + ({root})"})
        words = said("rest.slope-negative" if minus else "rest.slope-positive")
        times = "Gm - sqrt(k*I)" if minus else "Gm + sqrt(k*I)"
        proof.follow("Gm", f"Gm = {bias}", words, times=times, uses={"slopesquare": "1"}, rule="RESULT")
    words = said("rest.same", gm=f"[{shape.gm}]")
    proof.follow("same", f"Gm = {minus}gm", words, uses={"Gm": "1", shape.gm: "1" if minus else "-1"})


def outputs(stage: Stage, shape: Curve) -> None:
    """The output voltages, by KCL at each output, and the gains at balance."""
    proof, load, up = stage.proof, stage.pair.load, stage.down
    assert load is not None
    supplied = proof.roles["VP"] != ZERO
    sign, factor = ("+", "R") if up else ("-", "-R")
    away = f"VP {sign} " if supplied else "" if up else "-"
    proof.section = "equations"
    for role, current, transistor, name in (
        ("va", "ia", stage.pair.first, load.names[0]),
        ("vb", "ib", stage.pair.second, load.names[1]),
    ):
        across = f"({role} - VP)/R" if supplied else f"{role}/R"
        stamped = proof.relation(f"{across} {'-' if up else '+'} {current} = 0")
        words = said("rest.through-load", transistor=transistor.name, load=name)
        proof.row(f"node{role}", f"{role} = {away}R*{current}", words, stamped, "R", node_lead((transistor.out,)))
    proof.section = "elimination"
    half = shape.of(shape.curve, half=True, loaded=True)
    for role, current, turn in (("va", "ia", "-"), ("vb", "ib", "+")):
        text = f"{role} = {away}{shape.total}*R/2 {turn} {half}"
        words = said("put.into", lines=f"[{current}half]", line=f"[node{role}]")
        proof.follow(f"out{role[1]}", text, words, uses={f"node{role}": "1", f"{current}half": factor}, rule="RESULT")
    words = said("rest.apart")
    text = f"va - vb = {'' if up else '-'}R*(ia - ib)"
    proof.follow("apartout", text, words, uses={"nodeva": "1", "nodevb": "-1"}, rule="COMBINE")
    text = f"va - vb = -{shape.of(shape.curve, loaded=True)}"
    proof.follow(
        "vod",
        text,
        said("put.into", lines="[steering]", line="[apartout]"),
        uses={"apartout": "1", "steering": factor},
        rule="RESULT",
    )
    proof.section = "operating-point"
    gains(stage, shape, factor)


def gains(stage: Stage, shape: Curve, forth: str) -> None:
    """Slopes of the outputs at balance: ``Ad`` of the difference, ``Aa`` and ``Ab`` of each."""
    proof = stage.proof
    back = "-R" if forth == "R" else "R"
    for name, out, sign, part, part_name in (
        ("Ad", "vod", "-", "1", "slope"),
        ("Aa", "outa", "-", "1/2", "half"),
        ("Ab", "outb", "", "-1/2", "half"),
    ):
        half = name != "Ad"
        text = f"{name} = {sign}{shape.of(shape.slope, half=half, loaded=True)}"
        proof.slope(f"slope{name}", text, said("rest.gain", line=f"[{out}]"), of=out, by="d")
        words = said(f"rest.load-times-{part_name}")
        factors = {f"slope{name}": "1", "slope": f"{back}*({part})", "same": f"{forth}*({part})"}
        proof.follow(f"{name}gm", f"{name} = {sign}gm*R{'/2' if half else ''}", words, uses=factors, rule="RESULT")
        text = f"{name} = {sign}{shape.of(shape.bias, half=half, loaded=True)}"
        through = f"{sign}R{'/2' if half else ''}"
        proof.follow(
            name,
            text,
            said("put.into", lines=f"[{shape.gm}]", line=f"[{name}gm]"),
            uses={f"{name}gm": "1", shape.gm: through},
            rule="RESULT",
        )
    sign_argument(stage, shape)
    if stage.pair.kind == "bjt":
        bias_forms(stage)


def sign_argument(stage: Stage, shape: Curve) -> None:
    """Why the first output falls: each step of the chain is a slope of known sign."""
    proof = stage.proof
    symbol = symbols_of(proof.tree("d"))[0]
    current = proof.relations["iahalf"].right
    turn = "-" if stage.down else ""
    claims = (
        Derivative(current, symbol, proof.tree(turn + shape.of(shape.slope, half=True))),
        Derivative(proof.relations["outa"].right, symbol, proof.relations["slopeAa"].right),
    )
    proof.remark(said("rest.sign-down" if stage.down else "rest.sign-up"), ("outa", "Aagm"), claims)


def bias_forms(stage: Stage) -> None:
    """The gain in terms of the bias current and of the voltage across the loads."""
    proof = stage.proof
    proof.define("drop", "VRC = R*IC", said("rest.drop"))
    words = said("rest.all-that-counts")
    proof.follow("Addrop", "Ad = -VRC/VT", words, uses={"Adgm": "1", "gmrest": "-R", "drop": "1/VT"}, rule="RESULT")
    proof.section = "equations"
    name = stage.one.name
    proof.given("device", "e1 = i1 + iB1", said("rest.itself", transistor=name), lead=name)
    proof.section = "operating-point"
    factor = "-beta/(beta + 1)"
    proof.follow(
        "alphabeta",
        "alpha = beta/(beta + 1)",
        said("rest.alpha"),
        times="i1",
        uses={"alpha1": factor, "device": f"{factor}*alpha", "base": f"{factor}*alpha"},
        rule="SOLVE",
    )
    text = "Ad = -(beta/(beta + 1))*(I*R/(2*VT))"
    proof.follow(
        "Adbeta",
        text,
        said("put.into", lines="[alphabeta]", line="[Ad]"),
        uses={"Ad": "1", "alphabeta": "-I*R/(2*VT)"},
        rule="RESULT",
    )
