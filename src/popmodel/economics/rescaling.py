"""Take a part of the variance out of net benefits, and keep their means and their shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from popmodel.economics.checks import FloatArray

RANK = 1e-12


@dataclass(frozen=True)
class Spread:
    """How net benefits vary about their means, apart from what all strategies share.

    Along each direction a known share of the variance is to be taken out.

    Attributes:
        mean: expected net benefit, shape (strategies, 1).
        scores: independent standard directions at every draw, shape (directions, samples).
        loading: net benefit a unit of each direction, shape (strategies, directions).
        share: of the variance of each direction that is to go, shape (directions,), any size ≥ 0.
    """

    mean: FloatArray
    scores: FloatArray
    loading: FloatArray
    share: FloatArray

    def without(self, times: float = 1.0) -> FloatArray:
        """Return net benefits with `times` the share taken out, shape (strategies, samples).

        Nothing below zero variance is left; negative `times` put variance in.
        """
        left = np.sqrt(np.maximum(1.0 - times * self.share, 0.0))
        benefit: FloatArray = self.mean + (self.loading * left) @ self.scores
        return benefit


def spread_of(benefit: FloatArray, unwanted: FloatArray) -> Spread:
    """Split net benefits into directions, each with its share of unwanted variance.

    Args:
        benefit: net benefit, shape (strategies, samples).
        unwanted: covariance that is to be taken out, shape (strategies, strategies); what it says
            about the sum of all strategies is left aside.
    """
    apart = benefit - benefit.mean(axis=0)
    mean = apart.mean(axis=1, keepdims=True)
    deviation = apart - mean
    centre = np.eye(len(benefit)) - 1.0 / len(benefit)
    size, axes = np.linalg.eigh(deviation @ deviation.T / benefit.shape[1])
    # a variance that is nothing beside the numbers it was computed from is rounding
    keep = size > max(RANK * size[-1], np.square(RANK * np.abs(benefit).max()))
    root = np.sqrt(size[keep])
    whitened = axes[:, keep] / root
    share, turn = np.linalg.eigh(whitened.T @ (centre @ unwanted @ centre) @ whitened)
    loading = (axes[:, keep] * root) @ turn
    return Spread(mean, turn.T @ whitened.T @ deviation, loading, np.maximum(share, 0.0))


def at_price(covariance: FloatArray, price: float) -> FloatArray:
    """Return the covariance of net benefits from that of costs and effects.

    Args:
        covariance: of all costs and then all effects, shape (2 × strategies, 2 × strategies).
        price: willingness to pay.
    """
    count = len(covariance) // 2
    worth = np.hstack([-np.eye(count), price * np.eye(count)])
    out: FloatArray = worth @ covariance @ worth.T
    return out


def gain_of_choice(benefit: FloatArray) -> float:
    """Return E[max] − max E over the columns of net benefits, shape (strategies, samples)."""
    return float(benefit.max(axis=0).mean() - benefit.mean(axis=1).max())
