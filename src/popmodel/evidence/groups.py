"""Numbers that are drawn together: shares of a whole, one posterior, one quantile for several."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from popmodel.evidence.distributions import Dirichlet, Joint, Ordered
from popmodel.evidence.laws import Array
from popmodel.evidence.quantity import Quantity
from popmodel.evidence.schema import Part

Uniform = Callable[[str], ArrayLike]


def group_key(group: str, identifier: str, card: Part, name: str) -> str:
    """Return the full name of a group: within one card, or over a folder where the form says so.

    A name that begins with the folder and a slash, such as `treatments/adenosine`, reaches over all
    cards of the folder too.

    Args:
        group: The folder of the card.
        identifier: The card's id.
        card: The card.
        name: What `group:` says.
    """
    if name.startswith(f"{group}/"):
        return name.replace("/", ".", 1)
    spans = getattr(card, "groups_span_folder", False)
    return f"{group}.{name}" if spans else f"{group}.{identifier}.{name}"


def group_faults(members: Sequence[Quantity], whole: bool = False) -> Iterator[str]:
    """Yield what is wrong with numbers that are drawn together: shares must add up to one.

    Args:
        members: The numbers.
        whole: Whether they are shares of a whole although no distribution says so any more.
    """
    shares = [member for member in members if isinstance(member.distribution, Dirichlet)]
    total = sum(member.value for member in members)
    if (shares or whole) and abs(total - 1.0) > 1e-9:
        yield f"shares add up to {total:.10g} and not to 1"
    elif shares and len(shares) == len(members):
        yield from _weight_faults(shares)


def _weight_faults(shares: Sequence[Quantity]) -> Iterator[str]:
    weights = [_weight(share) for share in shares]
    for share, weight in zip(shares, weights, strict=True):
        if abs(weight / sum(weights) - share.value) > 0.01 * share.value:
            yield f"weight {weight:g} of {sum(weights):g} does not give the share {share.value:g}"


def _weight(share: Quantity) -> float:
    kind = share.distribution
    return kind.concentration(share.value) if isinstance(kind, Dirichlet) else 0.0


def draws(
    quantities: Mapping[str, Quantity],
    groups: Mapping[str, Sequence[str]],
    uniform: Uniform,
    only: Collection[str] | None = None,
) -> dict[str, Array]:
    """Return draws of every number in doubt, by path.

    Shares of a Dirichlet group are gamma draws divided by their sum. Columns of one posterior
    file come from the same row. Other members of a group are drawn at the same quantile; ordered
    steps and numbers without a group each at their own.

    Args:
        quantities: Numbers by path.
        groups: Paths by the full name of their group.
        uniform: Uniform numbers in [0, 1] for a path, a group, or `posterior.<file>`; all of one
            shape, which is the shape of the draws.
        only: Paths that are wanted; all if None. The others keep their value.
    """
    group_of = {path: key for key, paths in groups.items() for path in paths}
    drawn: dict[str, Array] = {}
    for path, quantity in quantities.items():
        kind = quantity.distribution
        if not quantity.is_uncertain or (only is not None and path not in only):
            continue
        if isinstance(kind, Dirichlet):
            u = np.asarray(uniform(path), dtype=np.float64)
            drawn[path] = np.asarray(special.gammaincinv(_weight(quantity), u), dtype=np.float64)
        elif isinstance(kind, Joint):
            drawn[path] = _rows(kind, np.asarray(uniform(f"posterior.{Path(kind.file).stem}")))
        else:
            own = isinstance(kind, Ordered) or path not in group_of
            drawn[path] = quantity.quantile(uniform(path if own else group_of[path]))
    for paths in groups.values():
        _normalise(drawn, quantities, paths)
    return drawn


def _rows(kind: Joint, u: Array) -> Array:
    samples = kind.samples()
    return samples[np.minimum((u * len(samples)).astype(np.int64), len(samples) - 1)]


def _normalise(
    drawn: dict[str, Array], quantities: Mapping[str, Quantity], paths: Iterable[str]
) -> None:
    """Divide the gamma draws of a Dirichlet group by their sum, in place.

    A share that is not drawn keeps its value; the others share what is left.
    """
    shares = [
        path
        for path in paths
        if path in drawn and isinstance(quantities[path].distribution, Dirichlet)
    ]
    if not shares:
        return
    held = sum(quantities[path].value for path in paths if path not in shares)
    total = sum(drawn[path] for path in shares)
    for path in shares:
        drawn[path] = drawn[path] / total * (1.0 - held)


def rebalanced(
    path: str,
    value: float,
    quantity: Quantity,
    quantities: Mapping[str, Quantity],
    groups: Mapping[str, Sequence[str]],
) -> dict[str, float]:
    """Return overrides that set one number and keep the shares of its group adding up to one.

    The other shares keep their proportions. A number that is no share is simply set.

    Args:
        path: The number.
        value: What to set it to.
        quantity: The number at the path.
        quantities: All numbers by path.
        groups: Paths by the full name of their group.
    """
    if not isinstance(quantity.distribution, Dirichlet):
        return {path: value}
    members = next(paths for paths in groups.values() if path in paths)
    others = {other: quantities[other].value for other in members if other != path}
    rest = sum(others.values())
    scaled = {other: share * (1.0 - value) / rest for other, share in others.items()}
    return {path: value, **scaled}
