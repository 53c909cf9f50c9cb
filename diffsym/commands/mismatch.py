"""``diffsym mismatch``: what mismatch does to a deck, in seeded draws, to first order and in the worst case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome
from diffsym.commands.op import NOMINAL, point_of, si, table
from diffsym.commands.places import circuit_at
from diffsym.commands.sweep import FREQUENCY, frequency_of, whole
from diffsym.errors import DiffsymError

if TYPE_CHECKING:
    from diffsym.api import Circuit
    from diffsym.derivation.offset import Term
    from diffsym.simulate.spread.study import Distribution, Study

COMMAND = Command(
    name="mismatch",
    words="CIRCUIT [QUANTITY…]",
    summary="Offset, gain and rejection of a deck whose devices differ: draws, first-order formula, worst cases.",
    least=1,
    most=None,
    options=(
        Option("sigma", "standard deviations of devices or parts: 'M1,M2:vt=5m,beta=1%', 'R*:value=0.1%'", "LIST"),
        Option("area", "Pelgrom's constants of all MOS transistors in V µm and % µm: avt=5m,abeta=1", "LIST"),
        Option(
            "offset", "output over input: the input that keeps this output where the matched deck has it", "QUANTITY"
        ),
        Option("samples", "how many draws (default 1000)", "N"),
        Option("seed", "the same seed gives the same draws (default 1)", "N"),
        FREQUENCY,
        NOMINAL,
        Option("plot", "the histogram of the first quantity: .svg, .png, .pdf or .tex", "FILE"),
    ),
    details=(
        "  diffsym mismatch ota.cir A_d='v(o)/vid' A_c='v(o)/vic' CMRR=A_d/A_c --offset 'v(o)/vid' \\\n"
        "      --sigma 'M1,M2:vt=2m,beta=1%' --sigma 'M3,M4:vt=3m' --plot histogram.svg\n"
        "vt: threshold voltage in V (of a p-channel transistor its magnitude); beta, is, bf, value: relative. Single\n"
        "devices vary independently. With --offset every gain is measured while the input undoes the offset."
    ),
)

BAR = 40
PARTS = 8
"""Contributions that are listed of a quantity."""


def run(given: Given) -> Outcome:
    from diffsym.simulate.spread.measured import asked_of
    from diffsym.simulate.spread.study import servo_of, studied
    from diffsym.simulate.spread.varied import varied

    circuit = circuit_at(given.words[0])
    point = point_of(circuit, given)
    asked = asked_of(circuit.small_signal, given.words[1:])
    what = varied(point.found.equations.deck, given.all("sigma"), ",".join(given.all("area")))
    servo = None
    terms: tuple[Term, ...] = ()
    if given.has("offset"):
        held = asked_of(circuit.small_signal, [given.one("offset")])[0]
        servo = servo_of(held, point)
        terms = formula(circuit, given.one("offset"), what)
    found = studied(
        point,
        what,
        asked,
        count=whole(given, "samples", 1000),
        seed=whole(given, "seed", 1),
        servo=servo,
        frequency=frequency_of(given),
    )
    if given.has("plot"):
        from diffsym.plotting import histogram_picture

        shown = next((each for each in found.distributions if each.sigma), found.distributions[0])
        histogram_picture(shown).save(Path(given.one("plot")))

    def json() -> dict[str, Any]:
        from diffsym.expression.printing import to_flat

        listed = [
            {"owner": term.owner, "property": term.key, "coefficient": to_flat(term.coefficient, circuit.notation),
             "ideal": term.ideal}
            for term in terms
        ]  # fmt: skip
        return {**found.to_dict(), **({"offset_formula": listed} if terms else {})}

    text = "".join(line + "\n" for line in _lines(found, circuit, terms))
    failed = (
        (f"{found.failed} of {found.count} draws have no operating point and are left out",) if found.failed else ()
    )
    return Outcome(text, json, (*failed, *point.warnings))


def formula(circuit: Circuit, quantity: str, what: tuple[Any, ...]) -> tuple[Term, ...]:
    """The first-order formula of the offset; none where the symbols do not reach."""
    from diffsym.derivation.offset import offset_terms
    from diffsym.derivation.worked import writer_for

    p_types = frozenset(
        each.name
        for each in circuit.netlist.elements
        if each.model is not None
        and next((m.type for k, m in circuit.netlist.models.items() if k.lower() == each.model.lower()), "")
        in ("pmos", "pnp")
    )
    small = circuit.small_signal
    try:
        return offset_terms(small, quantity, [(each.owner, each.key) for each in what], p_types, writer_for(small))
    except DiffsymError:
        return ()


def _lines(found: Study, circuit: Circuit, terms: tuple[Term, ...]) -> Iterator[str]:
    where = f", gains as magnitudes at {si(found.frequency, 'Hz')}" if found.frequency else ""
    yield f"{found.count} draws of {len(found.varied)} properties, seed {found.seed}{where}"
    by_key = {(term.owner, term.key): term for term in terms}
    for each in found.distributions:
        yield ""
        yield from _distribution(each, circuit, by_key if each.name == "offset" else {})


def _distribution(each: Distribution, circuit: Circuit, terms: Mapping[tuple[str, str], Term]) -> Iterator[str]:
    from diffsym.expression.printing import to_text

    unit = "V" if each.name == "offset" else ""
    named = each.name + (f" = {each.text}" if each.text != each.name else "")
    yield (
        f"{named}{', of which 1/' + each.name if each.reciprocal else ''}: "
        f"matched {si(each.nominal, unit) if abs(each.nominal) > 1e-12 else '0'}, mean {si(each.mean, unit)}, "
        f"σ {si(each.sigma, unit)}"
    )
    worst = f"{si(each.lowest, unit)} … {si(each.highest, unit)}"
    yield f"  to first order σ = {si(each.first_order, unit)}; at 3 σ each {worst}"
    yield f"  of all draws 90 % lie from {si(each.percentile(5), unit)} to {si(each.percentile(95), unit)}"
    if each.reciprocal:
        yield from _rejection(each)
    if each.sigma:
        largest = max(number for _, _, number in each.bins())
        for low, high, number in each.bins():
            yield f"  {si((low + high) / 2, unit, 3):>12}  {'█' * round(BAR * number / largest)}"
    if terms:
        yield f"  {each.name} ≈ " + _sum(terms, circuit)
        if any(term.ideal for term in terms.values()):
            yield "  (coefficients for r_o → ∞ where they are longer)"
    rows = [
        (f"  {part.varied}", si(part.varied.sigma, part.varied.unit), f"{part.slope:.4g}", si(part.sigma, unit),
         f"{100 * part.share:.3g} %",
         to_text(terms[part.varied.owner, part.varied.key].coefficient, circuit.notation)
         if (part.varied.owner, part.varied.key) in terms else "")
        for part in each.contributions[:PARTS] if part.share > 1e-6
    ]  # fmt: skip
    if rows:
        head = ("  property", "σ", "slope", "part of σ", "of σ²", "as a formula" if terms else "")
        yield from table(head, rows)


def _rejection(each: Distribution) -> Iterator[str]:
    import numpy

    with numpy.errstate(all="ignore"):
        sizes = -20 * numpy.log10(abs(each.finite))
    yield (
        f"  |{each.name}|: half of all draws above {float(numpy.percentile(sizes, 50)):.1f} dB, "
        f"95 % above {float(numpy.percentile(sizes, 5)):.1f} dB"
    )


def _sum(terms: Mapping[tuple[str, str], Term], circuit: Circuit) -> str:
    from diffsym.expression.printing import to_text
    from diffsym.expression.tree import ONE, Negation
    from diffsym.simulate.spread.varied import Varied

    out = ""
    for (owner, key), term in terms.items():
        tree, sign = term.coefficient, "+"
        if isinstance(tree, Negation):
            tree, sign = tree.operand, "−"
        text = "" if tree == ONE else to_text(tree, circuit.notation) + " "
        out += f" {sign} {text}{Varied(owner, key, 1.0)}"
    return out[3:] if out.startswith(" + ") else out[1:].replace("− ", "−", 1)
