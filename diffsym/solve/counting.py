"""How many terms a determinant can have, before any is found: each is a tree of both of its graphs.

The trees of one graph are counted by the determinant of its Laplacian (Kirchhoff 1847). Where both graphs are the same,
as in a circuit of resistors, capacitors and inductors between nodes, the count is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import flint

from diffsym.solve.graphs import EARTH, Ends, GraphPair


def most_terms(blocks: Sequence[GraphPair]) -> int:
    """No fewer than there are terms in the blocks' determinants, these not multiplied by one another."""
    return sum(
        0 if block.vanishes else min(_trees(block, [b.rows for b in block.branches]),
                                     _trees(block, [b.columns for b in block.branches]))
        for block in blocks
    )  # fmt: skip


def is_exact(blocks: Sequence[GraphPair]) -> bool:
    """Whether ``most_terms`` is the count itself: in every block both graphs are the same."""
    return all(branch.rows == branch.columns for block in blocks for branch in block.branches)


def _trees(block: GraphPair, ends: Iterable[Ends]) -> int:
    """Spanning trees of one graph, a branch counted as often as its weight has terms."""
    ways = [(pair, len(branch.weight)) for pair, branch in zip(ends, block.branches)]
    nodes = sorted({node for pair, _ in ways for node in pair} - {EARTH})
    place = {node: index for index, node in enumerate(nodes)}
    laplacian = [[0] * len(nodes) for _ in nodes]
    for (first, second), count in ways:
        i, k = place.get(first), place.get(second)
        if i is not None:
            laplacian[i][i] += count
        if k is not None:
            laplacian[k][k] += count
        if i is not None and k is not None:
            laplacian[i][k] -= count
            laplacian[k][i] -= count
    return int(flint.fmpz_mat(laplacian).det()) if nodes else 1
