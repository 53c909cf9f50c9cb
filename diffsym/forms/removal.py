"""Elements that a response hardly notices: opened or shorted one by one, the whole error measured each time.

Taking a branch out changes the matrix by a product of two vectors, so that the responses without each of all branches
follow from one inverse at each frequency. (Sherman and Morrison, 1950; Woodbury, 1950.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.expression.tree import ZERO
from diffsym.forms.clock import late
from diffsym.forms.numbers import NEAR, OPEN, SHORT, Setting, State, Values
from diffsym.forms.pruning import valued

NEGLIGIBLE_STEP = 0.002
"""Of the allowed error: elements that add no more are taken out several at a time."""

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Removal:
    """Elements taken out together. ``how``: ``open`` or ``short``. ``error``: of the response after it, relative."""

    elements: tuple[str, ...]
    how: str
    error: float


class Inverses:
    """The inverse matrices of a circuit at some frequencies with numbers for all symbols, elements being taken out."""

    def __init__(self, base: Setting, values: Values, laplace: Sequence[complex], responses: Sequence[complex]) -> None:
        import numpy

        self.base = base
        written = [State.written(base, values, each) for each in laplace]
        states = [state for state, _ in written]
        matrices = numpy.array([[row for row, _ in rows] for _, rows in written])
        constants = numpy.array([[constant for _, constant in rows] for _, rows in written])
        norms = abs(matrices).max(axis=2)
        self.inverse = numpy.linalg.inv(matrices / norms[:, :, None]) / norms[:, None, :]
        self.solution = -times(self.inverse, constants[:, :, None])[:, :, 0]
        self.rows = numpy.array([[row for _, row, _ in state.asked] for state in states])
        self.constants = numpy.array([[constant for *_, constant in state.asked] for state in states])
        self.arithmetic = states[0].arithmetic
        self.point: dict[str, Any] = {
            name: numpy.array([state.point[name] for state in states])[:, None] for name in states[0].point
        }
        self.responses = numpy.array(responses)
        self.elements = [element for element in base.circuit.elements if element.name in base.branches]
        branches = [base.branches[element.name] for element in self.elements]
        self.ends = numpy.array([(b.out, b.into, b.plus, b.minus) for b in branches], int).reshape(-1, 4)
        self.admittances = numpy.array(
            [[state.admittance(element) for element in self.elements] for state in states]
        ).reshape(len(states), -1)

    def quantity(self, measured: Any) -> Any:
        """The quantity of measured values, an array (frequencies, asked, trials)."""
        point = dict(self.point)
        for place in range(measured.shape[1]):
            point[f"@{place}"] = measured[:, place, :]
        return valued(self.arithmetic, point)

    def across(self, places: Any) -> Any:
        """(frequencies, unknowns, branches): what a current through each branch does."""
        import numpy

        padded = numpy.concatenate([self.inverse, numpy.zeros_like(self.inverse[:, :, :1])], axis=2)
        return padded[:, :, self.ends[places, 0]] - padded[:, :, self.ends[places, 1]]

    def steering(self, vectors: Any, places: Any) -> Any:
        """What steers each branch, for vectors (frequencies, unknowns, …)."""
        import numpy

        padded = numpy.concatenate([vectors, numpy.zeros_like(vectors[:, :1])], axis=1)
        return padded[:, self.ends[places, 2]] - padded[:, self.ends[places, 3]]

    def errors(self, groups: Sequence[tuple[int, ...]]) -> list[tuple[float, float]]:
        """The error with each group open, and shorted; ∞ where the circuit has no answer then."""
        import numpy

        out = [(inf, inf)] * len(groups)
        single = [place for place, group in enumerate(groups) if len(group) == 1]
        with numpy.errstate(all="ignore"):
            if single:
                places = numpy.array([groups[place][0] for place in single])
                across = self.across(places)
                count = numpy.arange(len(places))
                padded = numpy.concatenate([across, numpy.zeros_like(across[:, :1])], axis=1)
                core = padded[:, self.ends[places, 2], count] - padded[:, self.ends[places, 3], count]
                steered = self.steering(self.solution[:, :, None], places)[:, :, 0]
                moved = times(self.rows, across)
                before = times(self.rows, self.solution[:, :, None]) + self.constants[:, :, None]
                inverse = 1 / self.admittances[:, places]
                opened: list[Any] = []
                closed: list[Any] = []
                for shift, scale, found in (
                    (inverse, numpy.maximum(abs(inverse), abs(core)), opened),
                    (0.0, abs(core), closed),
                ):
                    below = core - shift
                    below = numpy.where(abs(below) > NEAR * scale, below, numpy.nan)
                    if found is opened:
                        below = numpy.where(numpy.isfinite(inverse), below, inf)
                    measured = before - moved * (steered / below)[:, None, :]
                    found.append(self.distance(self.quantity(measured)))
                for place, first, second in zip(single, opened[0], closed[0]):
                    out[place] = (float(first), float(second))
            for place, group in enumerate(groups):
                if len(group) > 1:
                    out[place] = (self.joint(group, OPEN), self.joint(group, SHORT))
        return out

    def distance(self, value: Any) -> Any:
        import numpy

        off = abs(value / self.responses[:, None] - 1).max(axis=0)
        return numpy.where(numpy.isfinite(off), off, inf)

    def core(self, group: Sequence[int], how: str) -> tuple[Any, Any, Any] | None:
        """across and the inverse of the small matrix of a group, and its places; None where it has none."""
        import numpy

        places = numpy.array(group)
        if how == OPEN:
            places = numpy.array([place for place in group if abs(self.admittances[:, place]).min() > 0], int)
        if not len(places):
            return None
        across = self.across(places)
        core = self.steering(across, places)
        scale = abs(core).max(axis=(1, 2))
        if how == OPEN:
            inverse = 1 / self.admittances[:, places]
            scale = numpy.maximum(scale, abs(inverse).max(axis=1))
            count = numpy.arange(len(places))
            core[:, count, count] -= inverse
        try:
            solved = numpy.linalg.inv(core)
        except numpy.linalg.LinAlgError:
            return None
        if not (1 / abs(solved).max(axis=(1, 2)) > NEAR * scale).all():
            return None
        return across, solved, places

    def joint(self, group: Sequence[int], how: str) -> float:
        found = self.core(group, how)
        if found is None:
            return inf
        across, solved, places = found
        weights = times(solved, self.steering(self.solution[:, :, None], places))
        measured = times(self.rows, self.solution[:, :, None] - times(across, weights)) + self.constants[:, :, None]
        return float(self.distance(self.quantity(measured))[0])

    def error(self) -> float:
        """Of what is left."""
        measured = times(self.rows, self.solution[:, :, None]) + self.constants[:, :, None]
        return float(self.distance(self.quantity(measured))[0])

    def removal(self, group: Sequence[int], how: str) -> Removal:
        return Removal(tuple(self.elements[place].name for place in group), how, self.error())

    def take_out(self, group: Sequence[int], how: str) -> bool:
        """Takes them out for good; False where the circuit falls apart."""
        import numpy

        if how == OPEN and not abs(self.admittances[:, list(group)]).any():
            return True
        with numpy.errstate(all="ignore"):
            found = self.core(group, how)
            if found is None:
                return False
            across, solved, places = found
            change = times(across, solved)
            self.solution = self.solution - times(change, self.steering(self.solution[:, :, None], places))[:, :, 0]
            self.inverse = self.inverse - times(change, self.steering(self.inverse, places))
        return True


def times(first: Any, second: Any) -> Any:
    """Products of stacks of small matrices; threads of a BLAS would wait for each other longer than they work."""
    import numpy

    return numpy.einsum("...ij,...jk->...ik", first, second)


@dataclass(frozen=True, slots=True)
class Step:
    """A circuit from which something was taken out: what, and the error that it then has."""

    removals: tuple[Removal, ...]
    error: float


def removed(circuit: SmallSignalCircuit, removals: Sequence[Removal]) -> SmallSignalCircuit:
    opened = {name for each in removals if each.how == OPEN for name in each.elements}
    shorted = {name for each in removals if each.how == SHORT for name in each.elements}
    kept = tuple(
        replace(element, kind="R", value=ZERO, control=None) if element.name in shorted else element
        for element in circuit.elements
        if element.name not in opened
    )
    return replace(circuit, elements=kept)


def path(
    base: Setting,
    values: Values,
    laplace: Sequence[complex],
    responses: Sequence[complex],
    error: float,
    *,
    deadline: float | None = None,
) -> tuple[list[Step], list[Step]]:
    """Ever smaller circuits, least error first, as long as one stays within the error; the first is the whole one.

    In the first list elements of one value go together; the second goes on with each of them alone.
    """
    work = Inverses(base, values, laplace, responses)
    steps = [Step((), 0.0)]
    left = list(range(len(work.elements)))
    removals: list[tuple[str, tuple[int, ...]]] = []
    together_only = steps
    for single in (False, True):
        if single:
            together_only, steps = steps, list(steps)
        while True:
            if late(deadline):
                return (steps if not single else together_only), steps
            together: dict[object, list[int]] = {}
            for place in left:
                element = work.elements[place]
                together.setdefault(place if single else (element.kind, element.value), []).append(place)
            groups = [tuple(group) for group in together.values()]
            offers = []
            for group, (opened, closed) in zip(groups, work.errors(groups)):
                offers.append((opened, group, OPEN))
                if work.elements[group[0]].kind != "G":
                    offers.append((closed, group, SHORT))
            offers = [offer for offer in offers if offer[0] <= error]
            offers.sort(key=lambda offer: (offer[0], offer[2], offer[1]))
            now = steps[-1].error
            small = sum(offer[0] <= now + error * NEGLIGIBLE_STEP for offer in offers)
            before = len(removals)
            for _, group, how in offers[: max(1, min(small, AT_ONCE))]:
                gone = {place for _, places in removals[before:] for place in places}
                if not gone.intersection(group) and work.take_out(group, how):
                    removals.append((how, group))
                    steps.append(Step((*steps[-1].removals, work.removal(group, how)), work.error()))
            if len(removals) == before:
                taken = next((offer for offer in offers[1:] if work.take_out(offer[1], offer[2])), None)
                if taken is None:
                    break
                removals.append((taken[2], taken[1]))
                steps.append(Step((*steps[-1].removals, work.removal(taken[1], taken[2])), work.error()))
            gone = {place for _, places in removals[before:] for place in places}
            left = [place for place in left if place not in gone]
    return together_only, steps
