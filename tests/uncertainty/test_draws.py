"""Parameter draws: keyed, correlated as the fit found, mixed as the reading says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from popmodel.evidence.load import load_evidence
from popmodel.parameters import Structure
from popmodel.parameters.links import link_of, linked, slope_of, unlinked
from popmodel.parameters.treatments import FAMILIES_DRAWN
from popmodel.uncertainty.draws import parameter_draws, sample_uniforms

SAMPLES = 20_000
FALSE_ALARM = 1e-6


@pytest.fixture(scope="module")
def evidence():
    return load_evidence()


@pytest.fixture(scope="module")
def drawn(evidence):
    return parameter_draws(evidence, Structure("mixture"), sample_uniforms(11, 0, SAMPLES))


def test_a_sample_is_the_same_whoever_else_is_drawn(evidence):
    structure = Structure("evidence")
    whole = parameter_draws(evidence, structure, sample_uniforms(3, 0, 40))
    part = parameter_draws(evidence, structure, sample_uniforms(3, 25, 5))
    assert whole.keys() == part.keys()
    for path, values in part.items():
        np.testing.assert_array_equal(values, whole[path][25:30])


def test_uniforms_are_uniform_and_apart_by_subject_and_seed():
    one, two = sample_uniforms(1, 0, SAMPLES), sample_uniforms(2, 0, SAMPLES)
    a, b, c = one("a"), one("b"), two("a")
    for u in (a, b, c):
        assert stats.kstest(u, "uniform").pvalue > FALSE_ALARM
    for u, v in ((a, b), (a, c), (a[:-1], a[1:])):
        assert abs(np.corrcoef(u, v)[0, 1]) < stats.norm.isf(FALSE_ALARM) / SAMPLES**0.5


def test_every_number_in_doubt_is_drawn_and_no_other(evidence, drawn):
    unsure = {p for p, q in evidence.quantities().items() if q.is_uncertain}
    fitted = set(evidence.calibrated["mixture_default"].paths)
    assert {p for p in drawn if not p.startswith(FAMILIES_DRAWN)} == unsure | fitted


def test_fitted_numbers_have_the_covariance_of_the_fit_on_their_own_scale(evidence, drawn):
    card = evidence.calibrated["mixture_default"]
    links = [link_of(evidence.quantity(path)) for path in card.paths]
    slopes = np.array(
        [slope_of(card.values[p].value, k) for p, k in zip(card.paths, links, strict=True)]
    )
    wanted = np.array(card.covariance) / np.outer(slopes, slopes)
    scaled = np.stack([linked(drawn[p], k) for p, k in zip(card.paths, links, strict=True)])
    scale = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
    error = stats.norm.isf(FALSE_ALARM / wanted.size) * np.sqrt(2.0 / SAMPLES)
    assert np.abs((np.cov(scaled) - wanted) / scale).max() < error
    centres = [
        float(linked(card.values[p].value, k)) for p, k in zip(card.paths, links, strict=True)
    ]
    z = (scaled.mean(axis=1) - centres) / np.sqrt(np.diag(wanted) / SAMPLES)
    assert np.abs(z).max() < stats.norm.isf(FALSE_ALARM / len(z))


def test_the_mixture_takes_premise_or_evidence_by_family(evidence, drawn):
    weights = {n: c.severity_effect.premise_weight.value for n, c in evidence.treatments.items()}
    mixed = {n for n, w in weights.items() if 0.0 < w < 1.0}
    assert mixed
    for name in mixed:
        share = drawn[FAMILIES_DRAWN + name]
        assert set(share) == {0.0, 1.0}
        error = (weights[name] * (1.0 - weights[name]) / SAMPLES) ** 0.5
        assert abs(share.mean() - weights[name]) < stats.norm.isf(FALSE_ALARM) * error
    families = {}
    for name in mixed:
        families.setdefault(evidence.treatments[name].family, []).append(name)
    for names in families.values():
        for other in names[1:]:
            if weights[other] == weights[names[0]]:
                np.testing.assert_array_equal(
                    drawn[FAMILIES_DRAWN + other], drawn[FAMILIES_DRAWN + names[0]]
                )


def test_a_number_that_a_scenario_sets_is_not_drawn(evidence):
    path = evidence.calibrated["evidence_default"].paths[-1]
    held = evidence.with_overrides({path: 0.5})
    drawn = parameter_draws(held, Structure("evidence"), sample_uniforms(1, 0, 4))
    assert path not in drawn


@pytest.mark.parametrize("link", ["identity", "log", "logit"])
def test_links_can_be_undone(link):
    x = np.array([0.01, 0.3, 0.99])
    np.testing.assert_allclose(unlinked(linked(x, link), link), x, rtol=1e-12)
    step = 1e-6
    for value in x:
        there = float(unlinked(linked(value, link) + step, link))
        assert (there - value) / step == pytest.approx(slope_of(value, link), rel=1e-4)
