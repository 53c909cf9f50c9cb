"""Why a combination of rows is made, in words: which elements' currents stay inside, which voltages cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffsym.derivation.forms import Linear
from diffsym.derivation.network import voltage_of
from diffsym.derivation.said import Inline, Reference, Said, Sentence, Together, said
from diffsym.derivation.search import Change, Combination
from diffsym.expression.tree import Expression, equation

if TYPE_CHECKING:
    from diffsym.derivation.scribe import Scribe


def reason_for(scribe: Scribe, combination: Combination, change: Change | None, headed: bool = True) -> Sentence:
    """The sentence before a signed sum of rows; without its head where an earlier line has said what is done."""
    inside, gone = _cancelled(scribe, combination)
    head: Sentence = (head_for(scribe, combination), ": ") if headed else ()
    mood = "because" if headed else "so"
    why: list[Said] = []
    if inside:
        why.append(said(f"{mood}.inside", devices=tuple(inside)))
    if gone:
        why.append(said(f"{mood if not why else 'because'}.cancels", gone=tuple(gone)))
    if not why:
        why.append(said(f"{mood}.differences"))
    if change is not None and not _is_meaning(change):
        why.append(said("because.write", relation=equation(change.gone, scribe.forms.tree(change.instead))))
    clauses: list[Inline] = []
    for clause in why:
        clauses += ["; ", clause] if clauses else [clause]
    return (*head, *clauses, ".")


def _is_meaning(change: Change) -> bool:
    """Whether the new quantity is a plain difference or sum, so that its definition alone explains the line."""
    return len(change.meaning) == 2


def head_for(scribe: Scribe, combination: Combination) -> Said:
    """What is done with the rows: subtracted, added, formed."""
    labels = tuple(Reference(scribe.row_label(name)) for name, _ in combination)
    signs = [sign for _, sign in combination]
    kcl = all(scribe.network.row(name).kind == "kcl" for name, _ in combination)
    if all(sign > 0 for sign in signs):
        if not kcl:
            return said("combine.add", lines=labels)
        nodes = ", ".join(node for name, _ in combination for node in scribe.network.row(name).nodes)
        return said("combine.supernode", lines=labels, nodes=f"{{{nodes}}}")
    if len(combination) == 2:
        plus = labels[signs.index(1)]
        minus = labels[signs.index(-1)]
        return said("combine.subtract", minus=minus, plus=plus)
    terms: list[Inline] = []
    for label, sign in zip(labels, signs):
        terms += [" + " if sign > 0 and terms else " − " if sign < 0 else "", label]
    # a sum is one inline of its own, not a list of lines
    return said("combine.form", sum=Together(tuple(terms)))


def _cancelled(scribe: Scribe, combination: Combination) -> tuple[list[str], list[Expression]]:
    """Devices whose currents drop out of the sum, and quantities that do."""
    network = scribe.network
    total: dict[str, Linear] = {}
    count: dict[str, int] = {}
    label: dict[str, str] = {}
    for name, sign in combination:
        for term in network.row(name).terms:
            element = term.element
            current = voltage_of(network, element).times(network.field.number(sign * term.sign))
            total[element.name] = total.get(element.name, Linear()) + current
            count[element.name] = count.get(element.name, 0) + 1
            label[element.name] = element.device or element.name
    inside = sorted({label[name] for name, form in total.items() if not form and count[name] > 1})
    before = [key for name, _ in combination for key in network.row(name).form]
    after = scribe.combined(combination)
    order = [*network.unknowns, *network.signals]
    gone = [key for key in order if key in before and key not in after]
    return inside, gone
