"""Scores on other scales, by published linkage."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from tests.trials.conftest import SEED

from popmodel.evidence.schema import Definition
from popmodel.evidence.schema.scales import OWN, ScaleLink
from popmodel.parameters.scales import from_madrs, to_madrs
from popmodel.trials.emulate import Emulator
from popmodel.trials.recruits import baseline_of

SCORES = np.linspace(0.0, 52.0, 27)


@pytest.mark.parametrize("scale", ["hamd17", "qids_sr16", "phq9", OWN])
def test_a_score_goes_to_another_scale_and_back(parameters, scale):
    there = from_madrs(parameters.scales, scale, SCORES)
    assert np.all(np.diff(there) > 0.0)
    assert to_madrs(parameters.scales, scale, there) == pytest.approx(SCORES)


def test_linked_scores_are_those_printed(parameters):
    for scale, score, madrs in (("hamd17", 20, 26), ("qids_sr16", 5, 7.5), ("phq9", 15, 24)):
        assert to_madrs(parameters.scales, scale, score) == pytest.approx(madrs)


def test_an_outcome_on_a_linked_scale_is_the_same_outcome_at_the_linked_score(evidence, parameters):
    trial = next(
        t for t in evidence.trials.values()
        for o in t.outcomes if o.definition and o.definition.scale == "hamd17"
        and o.definition.at_most is not None
    )  # fmt: skip
    asked = next(o for o in trial.outcomes if o.definition and o.definition.at_most is not None)
    cut = float(to_madrs(parameters.scales, "hamd17", asked.definition.at_most))
    own = asked.model_copy(update={"definition": Definition(at_most=cut)})
    both = trial.model_copy(update={"outcomes": (asked, own)})
    on_scale, on_madrs = Emulator(SEED, 512).predict(both, parameters)
    assert on_scale.value == pytest.approx(on_madrs.value, abs=1e-12)


def test_a_baseline_on_a_linked_scale_is_told_as_madrs(evidence, parameters):
    wanted = evidence.trials["goodwin-2022"].baseline.severity
    on_hamd = wanted.model_copy(update={"scale": "hamd17", "mean": 25.0, "sd": 4.0})
    assert baseline_of(on_hamd, parameters) == pytest.approx((32.5, 5.2))
    assert baseline_of(wanted, parameters) == (wanted.mean, wanted.sd)


def test_a_link_that_falls_is_refused():
    said = {"label": "x", "source": "a-source", "locator": "abstract", "seen": True}
    with pytest.raises(ValidationError, match="does not rise"):
        ScaleLink.model_validate({**said, "points": [[0, 0], [10, 13], [20, 12]]})
