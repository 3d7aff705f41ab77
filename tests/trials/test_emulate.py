"""Emulating published trials in the model's own engine."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.trials.conftest import SEED, with_results

from popmodel.evidence.schema import Definition, Trial
from popmodel.trials.emulate import Emulator, emulate, fingerprint


def parallel(treatment: str, control: str, **more) -> Trial:
    """Make a small trial of a treatment against a control."""
    outcome = {
        "measure": "response", "at_days": 28.0, "active": {"count": 5}, "other": {"count": 4},
    }  # fmt: skip
    return Trial.model_validate(
        {
            "id": "a-trial",
            "title": "A trial",
            "source": {"citation": "made for a test"},
            "use": "test",
            "design": "parallel",
            "include": {"severity": {"at_least": 20.0}},
            "arms": {
                "active": {"treat": treatment, "patients": 10},
                "other": {"treat": control, "patients": 10},
            },
            "outcomes": [outcome, {**outcome, "measure": "remission"}],
            **more,
        }
    )


def control_of(evidence, treatment: str) -> str:
    """Return the control card with the contact of a treatment."""
    wanted = evidence.treatments[treatment].contact
    return next(
        name
        for name, card in evidence.treatments.items()
        if card.kind == "control" and card.contact == wanted
    )


def without_effect(parameters, treatment: str):
    """Return parameters in which a treatment does nothing and nobody drops out of it."""
    record = parameters.record.copy()
    position = parameters.treatments.index(treatment)
    record[0]["potency"][position] = 0.0
    record[0]["dropout_rate"][position] = 0.0
    record[0]["harm_probability"][position] = 0.0
    return replace(parameters, record=record)


@pytest.fixture(scope="module")
def potent(evidence):
    """Return the most potent treatment that has a control with its contact."""
    contacts = {c.contact for c in evidence.treatments.values() if c.kind == "control"}
    names = [
        name
        for name, card in evidence.treatments.items()
        if card.kind == "treatment" and card.contact in contacts
    ]
    return max(names, key=lambda name: evidence.treatments[name].potency.value)


def test_an_emulation_is_the_same_every_time(evidence, parameters):
    trial = next(t for t in evidence.trials.values() if t.design == "parallel")
    first = emulate(trial, parameters, SEED, 512)
    assert repr(first) == repr(emulate(trial, parameters, SEED, 512))
    assert repr(first) != repr(emulate(trial, parameters, SEED + 1, 512))


def test_an_arm_without_potency_equals_its_control(evidence, parameters, emulator, potent):
    trial = parallel(potent, control_of(evidence, potent))
    rows = emulator.predict(trial, without_effect(parameters, potent))
    by_name = {(row.measure, row.arm): row.value for row in rows}
    for measure in ("response", "remission"):
        assert by_name[measure, "active"] == by_name[measure, "other"]
    effective = {(row.measure, row.arm): row.value for row in emulator.predict(trial, parameters)}
    assert effective["response", "active"] > effective["response", "other"] + 0.1


def test_remission_given_response_is_a_share_of_the_responders(
    evidence, parameters, emulator, potent
):
    trial = parallel(potent, control_of(evidence, potent))
    rows = {(r.measure, r.arm): r for r in emulator.predict(trial, parameters)}
    response, remission = rows["response", "active"], rows["remission", "active"]
    assert math.isnan(response.given_response)
    assert remission.value >= response.value * remission.given_response > 0.0


def test_a_step_given_to_nobody_else_is_the_plain_step(evidence, parameters, emulator):
    """A choice between two treatments lies between both of them."""
    trial = next(t for t in evidence.trials.values() if any(arm.instead for arm in t.arms.values()))
    name, arm = next((n, a) for n, a in trial.arms.items() if a.instead)
    result = next(iter(trial.outcomes[0].results.values()))
    asked = with_results(trial.outcomes[0], {name: result})
    plain = {}
    for treatment in (arm.treat, *arm.instead):
        one = arm.model_copy(update={"treat": treatment, "instead": {}})
        arms = {**trial.arms, name: one}
        plain[treatment] = trial.model_copy(
            update={"id": f"only {treatment}", "arms": arms, "outcomes": (asked,)}
        )
    both = trial.model_copy(update={"outcomes": (asked,)})
    ends = sorted(emulator.predict(t, parameters)[0].value for t in plain.values())
    value = emulator.predict(both, parameters)[0].value
    assert ends[0] < value < ends[-1]


def test_what_cannot_be_emulated_says_so_and_is_not_skipped(evidence, parameters, emulator, potent):
    trial = parallel(potent, control_of(evidence, potent))
    strange = {"scale": "cgi"}
    outcome = trial.outcomes[0].model_copy(update={"definition": Definition(**strange)})
    relapse = trial.outcomes[0].model_copy(update={"measure": "relapse"})
    for changed, told in (
        ({"outcomes": (relapse,)}, "relapse in design parallel"),
        ({"outcomes": (outcome,)}, "scale cgi"),
    ):
        other = trial.model_copy(update={"id": told.replace(" ", "-"), **changed})
        rows = emulator.predict(other, parameters)
        assert len(rows) == sum(len(o.results) for o in other.outcomes)
        assert all(told in row.problem and math.isnan(row.value) for row in rows)


def test_who_stops_relapses_more_often_than_who_goes_on(evidence, parameters, emulator):
    for trial in evidence.trials.values():
        shown = {
            name for outcome in trial.outcomes if outcome.measure == "relapse"
            for name in outcome.results
        }  # fmt: skip
        if trial.design == "withdrawal" and len(shown) == 2:
            rows = {
                row.arm: row.value
                for row in emulator.predict(trial, parameters)
                if row.measure == "relapse"
            }
            (control,) = [
                name
                for name, arm in trial.arms.items()
                if evidence.treatments[arm.treat].kind == "control"
            ]
            (kept,) = set(rows) - {control}
            assert 0.05 < rows[kept] < rows[control] < 0.9


def test_untreated_patients_remit_more_often_the_longer_one_waits(evidence, parameters, emulator):
    for trial in evidence.trials.values():
        ever = all(o.measure == "remission" and o.count == "ever" for o in trial.outcomes)
        if ever and all(arm.treat is None for arm in trial.arms.values()):
            values = [row.value for row in emulator.predict(trial, parameters)]
            assert values == sorted(values)
            assert 0.0 < values[0] < values[-1] < 1.0


def test_a_trial_is_run_again_only_when_something_it_meets_changes(evidence, parameters):
    trial = next(t for t in evidence.trials.values() if t.design == "parallel")
    used = {arm.treat for arm in trial.arms.values()}
    other = next(
        n
        for n, name in enumerate(parameters.treatments)
        if name not in used
        and n not in parameters.record[0]["history_course"]
        and parameters.record[0]["potency"][n] > 0.0
    )
    record = parameters.record.copy()
    record[0]["potency"][other] *= 2.0
    changed = replace(parameters, record=record)
    assert fingerprint(changed, trial) == fingerprint(parameters, trial)
    one = Emulator(SEED, 256)
    assert one.predict(trial, changed) is one.predict(trial, parameters)
    record = parameters.record.copy()
    record[0]["depth_mean"] += 0.1
    assert fingerprint(replace(parameters, record=record), trial) != fingerprint(parameters, trial)


def test_a_better_setting_moves_both_arms_up(evidence, parameters, emulator, potent):
    trial = parallel(potent, control_of(evidence, potent))
    plain = emulator.predict(trial, parameters)
    better = emulator.predict(trial, parameters, 0.3)
    assert all(b.value > p.value for b, p in zip(better, plain, strict=True))
