"""What mismatch does to a deck: distributions over seeded draws, the first-order formula in numbers, worst cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diffsym.errors import CircuitError, UsageError
from diffsym.simulate.bias.point import OperatingPoint, digits
from diffsym.simulate.spread.ensemble import Draws, Servo, ensemble
from diffsym.simulate.spread.measured import Asked, values_of
from diffsym.simulate.spread.varied import Varied

MOST_DRAWS = 200_000
STEP = 1e-3
"""Of a standard deviation: how far a property is moved for its slope."""

WORST = 3.0
"""Standard deviations of every property in a worst case."""

ENDLESS = 1e9
"""A ratio beyond it has no finite value in the matched circuit; its reciprocal is looked at."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one property does to a quantity: ``slope`` per unit of the property; ``share`` of the variance."""

    varied: Varied
    slope: float
    sigma: float
    share: float


@dataclass(frozen=True)
class Distribution:
    """A quantity over the draws. ``nominal``: of the deck itself; ``first_order``: √Σ (slope σ)², without draws.

    ``lowest`` and ``highest``: worst cases, every property ``WORST`` standard deviations towards it. ``reciprocal``:
    the numbers are those of 1/quantity, which the matched deck makes 0.
    """

    name: str
    text: str
    values: Any
    nominal: float
    first_order: float
    contributions: tuple[Contribution, ...]
    lowest: float
    highest: float
    reciprocal: bool = False

    @property
    def mean(self) -> float:
        return float(self.finite.mean())

    @property
    def sigma(self) -> float:
        return float(self.finite.std(ddof=1)) if len(self.finite) > 1 else 0.0

    @property
    def finite(self) -> Any:
        import numpy

        return self.values[numpy.isfinite(self.values)]

    def percentile(self, percent: float) -> float:
        import numpy

        return float(numpy.percentile(self.finite, percent))

    def bins(self, count: int = 21) -> list[tuple[float, float, int]]:
        """Lower and upper edge and number of draws, over ± 4 σ at most."""
        import numpy

        low, high = float(self.finite.min()), float(self.finite.max())
        reach = 4 * self.sigma
        low, high = max(low, self.mean - reach), min(high, self.mean + reach)
        if not high > low:
            return [(low, high, len(self.finite))]
        numbers, edges = numpy.histogram(self.finite, bins=count, range=(low, high))
        return [(float(a), float(b), int(n)) for a, b, n in zip(edges, edges[1:], numbers)]

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "quantity": self.text,
            "reciprocal": self.reciprocal,
            "nominal": digits(self.nominal),
            "mean": digits(self.mean),
            "sigma": digits(self.sigma),
            "percentiles": {str(p): digits(self.percentile(p)) for p in (1, 5, 50, 95, 99)},
            "first_order_sigma": digits(self.first_order),
            "contributions": [
                {"property": str(each.varied), "sigma": each.varied.sigma, "slope": digits(each.slope),
                 "share": digits(each.share)}
                for each in self.contributions
            ],
            "worst_cases": [digits(self.lowest), digits(self.highest)],
            "histogram": [[digits(a), digits(b), n] for a, b, n in self.bins()],
        }  # fmt: skip


@dataclass(frozen=True)
class Study:
    """``failed``: draws without an operating point, left out of every number."""

    point: OperatingPoint
    varied: tuple[Varied, ...]
    count: int
    seed: int
    failed: int
    distributions: tuple[Distribution, ...]
    frequency: float = 0.0

    def __getitem__(self, name: str) -> Distribution:
        found = next((each for each in self.distributions if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in self.distributions)
            raise UsageError(f"there is no distribution {name}", hint=f"there are {known}")
        return found

    def to_dict(self) -> dict[str, Any]:
        return {
            "draws": self.count,
            "seed": self.seed,
            "failed": self.failed,
            "frequency": self.frequency,
            "varied": [{"owner": each.owner, "property": each.key, "sigma": each.sigma} for each in self.varied],
            "quantities": [each.to_dict() for each in self.distributions],
        }


def studied(
    point: OperatingPoint,
    varied: Sequence[Varied],
    asked: Sequence[Asked],
    *,
    count: int = 1000,
    seed: int = 1,
    servo: Servo | None = None,
    servo_name: str = "offset",
    frequency: float = 0.0,
) -> Study:
    """Draws, slopes and worst cases of every quantity; with a ``servo`` its input is one more, ``offset``.

    At a ``frequency`` in Hz above 0 gains are magnitudes. With a servo every quantity is measured while the output is
    kept. A quantity whose reciprocal is the one that mismatch moves in proportion (a rejection ratio, endless where
    all matches) is turned over. The same seed gives the same draws on every machine. Raises UsageError for a count
    out of range, CircuitError where nothing settles.
    """
    import numpy

    if not 2 <= count <= MOST_DRAWS:
        raise UsageError(f"{count} draws are out of range", hint=f"2 to {MOST_DRAWS:,}")
    generator = numpy.random.Generator(numpy.random.PCG64(seed))
    normal = generator.standard_normal((len(varied), count))
    drawn = _draws(varied, [each.sigma * row for each, row in zip(varied, normal)])
    found, failed = _answers(point, asked, drawn, count, servo, servo_name, frequency)
    here, _ = _answers(point, asked, _draws(varied, [numpy.zeros(1)] * len(varied)), 1, servo, servo_name, frequency)
    moved = numpy.concatenate([numpy.diag([STEP * each.sigma for each in varied])] * 2, axis=1)
    moved[:, len(varied) :] *= -1
    nearby, _ = _answers(point, asked, _draws(varied, list(moved)), 2 * len(varied), servo, servo_name, frequency)
    sigmas = numpy.array([each.sigma for each in varied])

    def slope_of(values: Any) -> Any:
        return (values[: len(varied)] - values[len(varied) :]) / (2 * STEP * sigmas)

    turned = {name for name in found if _is_turned(found[name], here[name], nearby[name], slope_of, sigmas)}
    with numpy.errstate(all="ignore"):
        slopes = {name: slope_of(1 / values if name in turned else values) for name, values in nearby.items()}
    corners = numpy.zeros((len(varied), 2 * len(slopes)))
    for at, name in enumerate(slopes):
        direction = WORST * numpy.sign(slopes[name]) * sigmas
        corners[:, 2 * at], corners[:, 2 * at + 1] = -direction, direction
    extreme, _ = _answers(point, asked, _draws(varied, list(corners)), corners.shape[1], servo, servo_name, frequency)
    texts = {each.name: each.text for each in asked}
    distributions = []
    for at, (name, values) in enumerate(found.items()):
        with numpy.errstate(all="ignore"):
            over = 1 / values if name in turned else values
            ends = 1 / extreme[name] if name in turned else extreme[name]
            nominal = float((1 / here[name] if name in turned else here[name])[0])
        contributions, sigma = _contributions(varied, slopes[name])
        low, high = sorted((float(ends[2 * at]), float(ends[2 * at + 1])))
        distributions.append(
            Distribution(name, texts.get(name, name), over, nominal, sigma, contributions, low, high, name in turned)
        )
    return Study(point, tuple(varied), count, seed, failed, tuple(distributions), frequency)


def _answers(
    point: OperatingPoint,
    asked: Sequence[Asked],
    draws: Draws,
    count: int,
    servo: Servo | None,
    servo_name: str,
    frequency: float,
) -> tuple[dict[str, Any], int]:
    over = ensemble(point, draws, count, servo)
    found = {} if servo is None else {servo_name: over.x[:, -1]}
    return found | values_of(asked, point, over, frequency), over.failed


def _is_turned(drawn: Any, here: Any, nearby: Any, slope_of: Callable[[Any], Any], sigmas: Any) -> bool:
    """Whether a quantity's reciprocal follows the first-order formula, and the quantity does not."""
    import numpy

    def off(values: Any, near: Any) -> float:
        finite = values[numpy.isfinite(values)]
        expected = float(numpy.sqrt(((slope_of(near) * sigmas) ** 2).sum()))
        if len(finite) < 2 or not 0 < expected < math.inf:
            return math.inf
        return abs(math.log(max(float(finite.std(ddof=1)), 1e-300) / expected))

    with numpy.errstate(all="ignore"):
        upright, over = off(drawn, nearby), off(1 / drawn, 1 / nearby)
    return over < 0.3 and (upright > 0.7 or not abs(here[0]) < ENDLESS)


def _draws(varied: Sequence[Varied], values: Sequence[Any]) -> Draws:
    found: dict[str, dict[str, Any]] = {}
    for each, row in zip(varied, values):
        found.setdefault(each.owner, {})[each.key] = row
    return found


def _contributions(varied: Sequence[Varied], slopes: Any) -> tuple[tuple[Contribution, ...], float]:
    parts = [float(slope) * each.sigma for each, slope in zip(varied, slopes)]
    total = math.fsum(part * part for part in parts)
    if not math.isfinite(total):
        raise CircuitError("a quantity has no slope at the deck's own point", hint="ask for its reciprocal")
    found = [
        Contribution(each, float(slope), abs(part), part * part / total if total else 0.0)
        for each, slope, part in zip(varied, slopes, parts)
    ]
    return tuple(sorted(found, key=lambda each: (-each.share, str(each.varied)))), math.sqrt(total)


def servo_of(asked: Asked, point: OperatingPoint) -> Servo:
    """The servo that a quantity such as v(o1,o2)/vid describes: its signal keeps v(o1,o2) where the deck has it.

    Raises UsageError where it is no voltage over a signal.
    """
    from diffsym.expression.tree import NodeVoltage, Quotient

    tree = asked.tree
    if not (isinstance(tree, Quotient) and isinstance(tree.numerator, NodeVoltage) and asked.drive):
        raise UsageError(
            f"{asked.text} does not say which input keeps which output", hint="a voltage over a signal: v(o1,o2)/vid"
        )
    weights = {tree.numerator.plus: 1.0}
    if tree.numerator.minus:
        weights[tree.numerator.minus] = -1.0
    weights = {node: weight for node, weight in weights.items() if node in point.found.equations.places}
    moving: dict[str, float] = {}
    for part in point.found.equations.deck.parts:
        factor = sum(
            (asked.drive[name] * (amount.real) for name, amount in (part.moving or {}).items() if name in asked.drive),
            0.0,
        )
        if factor:
            moving[part.name] = factor
    target = sum(weight * point.nodes[node] for node, weight in weights.items())
    return Servo(weights, target, moving)
