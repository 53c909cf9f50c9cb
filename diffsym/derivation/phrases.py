"""Why a combination of rows is made, in words: which elements' currents stay inside, which voltages cancel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffsym.derivation.forms import Linear
from diffsym.derivation.network import voltage_of
from diffsym.derivation.search import Change, Combination
from diffsym.derivation.steps import Inline, Reference, Sentence
from diffsym.expression.tree import Expression, equation

if TYPE_CHECKING:
    from diffsym.derivation.scribe import Scribe


def listed(parts: Sequence[Inline]) -> tuple[Inline, ...]:
    """a, b and c"""
    out: list[Inline] = []
    for place, part in enumerate(parts):
        if place:
            out.append(" and " if place == len(parts) - 1 else ", ")
        out.append(part)
    return tuple(out)


def reason_for(scribe: Scribe, combination: Combination, change: Change | None, headed: bool = True) -> Sentence:
    """The sentence before a signed sum of rows; without its head where an earlier line has said what is done."""
    inside, gone = _cancelled(scribe, combination)
    why: list[Sentence] = []
    if inside:
        several = len(inside) > 1
        why.append(
            (
                "the currents of " if several else "the current of ",
                " and ".join([", ".join(inside[:-1]), inside[-1]] if several else inside),
                " stay inside and drop out" if several else " stays inside and drops out",
            )
        )
    if gone:
        why.append((*listed(list(gone)), " cancel" if len(gone) > 1 else " cancels"))
    if not why:
        why.append(("only differences of voltages remain",))
    text: list[Inline] = [*head_for(scribe, combination), ": "] if headed else ["So "]
    for place, clause in enumerate(why):
        text.extend(("; ", *clause) if place else clause)
    if change is not None and not _is_meaning(change):
        text.extend(("; write ", equation(change.gone, scribe.forms.tree(change.instead))))
    return (*text, ".")


def _is_meaning(change: Change) -> bool:
    """Whether the new quantity is a plain difference or sum, so that its definition alone explains the line."""
    return len(change.meaning) == 2


def head_for(scribe: Scribe, combination: Combination) -> Sentence:
    """What is done with the rows: subtracted, added, formed."""
    labels = [Reference(scribe.row_label(name)) for name, _ in combination]
    signs = [sign for _, sign in combination]
    kcl = all(scribe.network.row(name).kind == "kcl" for name, _ in combination)
    if all(sign > 0 for sign in signs):
        if not kcl:
            return ("Add ", *listed(labels))
        nodes = ", ".join(node for name, _ in combination for node in scribe.network.row(name).nodes)
        return ("Add ", *listed(labels), f", which is KCL of the supernode {{{nodes}}}")
    if len(combination) == 2:
        plus = labels[signs.index(1)]
        minus = labels[signs.index(-1)]
        return ("Subtract ", minus, " from ", plus)
    out: list[Inline] = ["Form "]
    for label, sign in zip(labels, signs):
        out.append(" + " if sign > 0 and len(out) > 1 else " − " if sign < 0 else "")
        out.append(label)
    return tuple(part for part in out if part != "")


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
