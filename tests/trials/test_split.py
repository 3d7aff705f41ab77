"""What may be fitted and what may only test."""

from __future__ import annotations

import re

from popmodel.trials.calibrate import fit_trials, has_recalled


def test_no_recalled_number_is_fitted(evidence):
    for trial in evidence.trials.values():
        if trial.use == "fit":
            assert not has_recalled(trial), trial.id


def test_every_card_says_when_its_side_was_fixed(evidence):
    for trial in evidence.trials.values():
        assert re.search(r"Split fixed \d{4}-\d\d-\d\d", trial.note or ""), trial.id


def test_both_sides_are_there(evidence):
    fitted = {trial.id for trial in fit_trials(evidence)}
    tests = {trial.id for trial in evidence.trials.values() if trial.use == "test"}
    assert fitted and tests and not fitted & tests


def test_no_result_is_fitted_and_tested(evidence):
    seen = {}
    for trial in evidence.trials.values():
        for outcome in trial.outcomes:
            for arm, result in outcome.results.items():
                key = (str(trial.source), outcome.measure, outcome.at_days, outcome.count,
                       trial.arms[arm].treat, str(trial.include), str(result))  # fmt: skip
                assert key not in seen or seen[key] == trial.use, (trial.id, arm)
                seen[key] = trial.use
