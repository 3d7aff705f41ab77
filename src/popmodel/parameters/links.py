"""Scales without limits on which numbers are fitted and drawn: log, logit, or as they are."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from popmodel.evidence.quantity import Quantity

Floats = NDArray[np.float64]

LINKS: Final = {"lognormal": "log", "gamma": "log", "beta": "logit"}
"""Scale by the kind of a number's distribution; others as they are."""


def link_of(quantity: Quantity) -> str:
    """Return the scale on which a number is fitted: `identity`, `log` or `logit`."""
    return LINKS.get(getattr(quantity.distribution, "kind", ""), "identity")


def linked(value: ArrayLike, link: str) -> Floats:
    """Return values on the scale of a link."""
    x = np.asarray(value, dtype=float)
    if link == "log":
        return np.asarray(np.log(x))
    return np.asarray(special.logit(x)) if link == "logit" else x


def unlinked(y: ArrayLike, link: str) -> Floats:
    """Return the values that lie at `y` on the scale of a link."""
    x = np.asarray(y, dtype=float)
    if link == "log":
        return np.asarray(np.exp(x))
    return np.asarray(special.expit(x)) if link == "logit" else x


def slope_of(value: float, link: str) -> float:
    """Return how much a number changes by a unit on the scale of its link."""
    return {"log": value, "logit": value * (1.0 - value)}.get(link, 1.0)
