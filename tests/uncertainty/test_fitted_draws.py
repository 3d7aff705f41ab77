"""Draws of fitted numbers: those written beside a fit are those of a probabilistic analysis."""

from __future__ import annotations

import numpy as np
import pytest

from popmodel.evidence import load_evidence
from popmodel.parameters import Structure
from popmodel.parameters.links import link_of, linked, slope_of
from popmodel.uncertainty.draws import fitted_draws, parameter_draws, sample_uniforms

SEED = 11
MANY = 4000
FALSE_ALARM_SD = 4.5
"""Standard errors; 60 comparisons raise one false alarm in two thousand seeds."""


@pytest.fixture(scope="module")
def known():
    return load_evidence()


@pytest.fixture(scope="module")
def card(known):
    return known.calibrated[Structure().calibration]


def test_written_draws_are_those_that_an_analysis_of_the_seed_uses(known, card):
    written = fitted_draws(known, card, SEED, 50)
    drawn = parameter_draws(known, Structure(), sample_uniforms(SEED, 0, 50), card.paths)
    assert list(written.columns) == ["sample", *card.paths]
    for path in card.paths:
        assert written[path].to_numpy() == pytest.approx(drawn[path], rel=1e-12)


def test_written_draws_have_the_middle_and_the_spread_of_the_fit(known, card):
    """On the scale on which a number was fitted it is normal around its value."""
    written = fitted_draws(known, card, SEED, MANY)
    quantities = known.quantities()
    spread = np.sqrt(np.diag(np.array(card.covariance)))
    for path, sd in zip(card.paths, spread, strict=True):
        link, value = link_of(quantities[path]), card.values[path].value
        own = sd / slope_of(value, link)
        x = (linked(written[path].to_numpy(), link) - float(linked(value, link))) / own
        assert abs(x.mean()) < FALSE_ALARM_SD / MANY**0.5, path
        assert abs(x.std() - 1.0) < FALSE_ALARM_SD / (2.0 * MANY) ** 0.5, path


def test_numbers_that_moved_together_in_the_fit_move_together_in_the_draws(known, card):
    written = fitted_draws(known, card, SEED, MANY)[list(card.paths)]
    quantities = known.quantities()
    on_scale = np.column_stack([
        linked(written[path].to_numpy(), link_of(quantities[path])) for path in card.paths
    ])  # fmt: skip
    cov = np.array(card.covariance)
    sd = np.sqrt(np.diag(cov))
    wanted, found = cov / np.outer(sd, sd), np.corrcoef(on_scale.T)
    assert np.abs(found - wanted).max() < FALSE_ALARM_SD / MANY**0.5
