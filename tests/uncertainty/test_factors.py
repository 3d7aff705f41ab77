"""Factors: what moves together, what a scenario reads, how uniforms become values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import popmodel
from popmodel.errors import InputError
from popmodel.parameters import Structure
from popmodel.parameters.posterior import SUBJECT as FITTED
from popmodel.parameters.treatments import FAMILIES_DRAWN
from popmodel.uncertainty.draws import parameter_draws
from popmodel.uncertainty.factors import (
    CALIBRATION,
    Beliefs,
    Factor,
    chosen_factors,
    default_factors,
    single_factors,
    subjects_of,
)
from popmodel.uncertainty.model import ModelJob
from popmodel.uncertainty.plans import about_cube, cube_again, cube_of, plan_of
from popmodel.uncertainty.reading import (
    live_paths,
    scenario_beliefs,
    treatments_offered,
    value_today,
)
from popmodel.uncertainty.run import Run

SCENARIO = "scenarios/five_pathways.yaml"
COURSE = "treatments.saint.cost.course"
POTENCY = "treatments.saint.potency"
FIXED = "disease.correlation.optimistic.general_share"


@pytest.fixture(scope="module")
def scenario():
    return popmodel.load_scenario(SCENARIO, patients=200, years=1, structure="all")


@pytest.fixture(scope="module")
def beliefs(scenario):
    return scenario_beliefs(scenario)


@pytest.fixture(scope="module")
def live(scenario):
    return live_paths(scenario)


def of(beliefs, structure):
    return next(b for b in beliefs if b.structure.severity_effect == structure)


@pytest.mark.parametrize("structure", ["evidence", "mixture", "premise"])
def test_every_number_is_drawn_with_the_uniform_that_draws_ask_for(beliefs, structure):
    belief, asked = of(beliefs, structure), set()

    def uniform(subject):
        asked.add(subject)
        return 0.4

    drawn = parameter_draws(belief.evidence, belief.structure, uniform)
    assert set(belief.uncertain()) == set(drawn)
    # A card's own uniform is asked for too where a fit replaces what it draws.
    known = {belief.subject(path) for path in belief.uncertain()}
    assert known <= asked
    assert all(s in belief.fitted for s in asked - known)


@pytest.mark.parametrize("structure", ["evidence", "mixture"])
def test_all_factors_together_give_the_draws_of_a_probabilistic_analysis(beliefs, structure):
    belief = of(beliefs, structure)
    factors = default_factors([belief], belief.uncertain())
    rng = np.random.default_rng(1)
    columns = {s: rng.random(5) for s in subjects_of(factors, [belief])}
    mine = belief.values(factors, columns.__getitem__)
    theirs = parameter_draws(
        belief.evidence, belief.structure, lambda s: columns.get(s, np.full(5, 0.5))
    )
    assert set(mine) == set(theirs)
    for path, x in theirs.items():
        np.testing.assert_allclose(mine[path], x, rtol=1e-12, err_msg=path)


def test_shares_beside_one_that_a_scenario_sets_share_what_is_left(beliefs):
    evidence = beliefs[0].evidence
    shares = next(p for p in evidence.groups().values() if p[0].startswith("biotypes."))
    held = evidence.with_overrides({shares[0]: evidence.quantity(shares[0]).value})
    belief = Beliefs(held, Structure("evidence"))
    drawn = belief.values([Factor("shares", belief.together(shares[1]))], lambda s: 0.3)
    assert set(drawn) == set(shares[1:])
    assert sum(drawn.values()) + held.quantity(shares[0]).value == pytest.approx(1.0)


def test_fitted_numbers_are_one_factor_and_readings_another(beliefs, live):
    factors = {f.name: f for f in default_factors(beliefs, live)}
    assert POTENCY in factors[CALIBRATION].paths
    assert all(s.startswith(FITTED) for s, name in subjects_of(
        [factors[CALIBRATION]], [of(beliefs, "evidence")]).items() if name)  # fmt: skip
    assert all(p.startswith(FAMILIES_DRAWN) for p in factors["structure.premise"].paths)
    for name in ("treatments.saint.durability", "treatments.saint.cost", "disease.relapse"):
        assert all(p.startswith(name + ".") for p in factors[name].paths)
    paths = [p for f in factors.values() for p in f.paths]
    assert len(paths) == len(set(paths))
    assert set(live) <= set(paths)


def test_a_number_of_the_fit_asked_for_alone_moves_alone(beliefs):
    belief = of(beliefs, "evidence")
    (factor,) = chosen_factors([POTENCY], [belief])
    moved = belief.at(factor, 0.9)
    assert list(moved) == [POTENCY]
    card = belief.evidence.calibrated["evidence_default"].values[POTENCY]
    middle = belief.at(factor, 0.5)[POTENCY]
    assert middle == pytest.approx(card.value)
    up = np.log(belief.at(factor, 0.975)[POTENCY] / card.value)
    assert up == pytest.approx(1.959964 * card.se / card.value, rel=1e-3)  # log scale


def test_shares_of_a_whole_stay_a_whole(beliefs):
    belief = of(beliefs, "evidence")
    (shares,) = chosen_factors(["biotypes.anxious.share"], [belief])
    assert len(shares.paths) == 4
    rng = np.random.default_rng(2)
    values = belief.values([shares], lambda s: rng.random(50))
    np.testing.assert_allclose(sum(values.values()), 1.0)
    (alone,) = chosen_factors(["biotypes.anxious.share"], [belief], whole=False)
    one = belief.at(alone, 0.975)
    assert len(one) == 4 and sum(one.values()) == pytest.approx(1.0)
    quantity = belief.evidence.quantity("biotypes.anxious.share")
    assert one["biotypes.anxious.share"] == pytest.approx(float(quantity.quantile(0.975)))


def test_numbers_drawn_at_one_quantile_are_asked_for_together(beliefs):
    (factor,) = chosen_factors(
        ["treatments.ect.severity_effect.evidence.loss_share"], [of(beliefs, "evidence")]
    )
    assert "treatments.ect.severity_effect.premise.loss_share" in factor.paths


def test_only_treatments_that_can_be_offered_matter(scenario, live):
    offered = treatments_offered(scenario)
    found = {path.split(".")[1] for path in live if path.startswith("treatments.")}
    assert found <= offered and "saint" in found
    assert "esketamine" not in offered and not any("esketamine" in path for path in live)
    assert not any(path.startswith("trials.") for path in live)
    assert not any("utilities_kolovos" in path for path in live)


def test_numbers_left_out_change_no_result(scenario, beliefs, live):
    """Twelve of those in doubt that are said not to matter, moved far: not one bit changes."""
    belief = of(beliefs, "evidence")
    left_out = [p for p in belief.uncertain() if p not in set(live)]
    rng = np.random.default_rng(5)
    chosen = sorted(rng.choice(left_out, 12, replace=False))
    moved = {}
    for path in chosen:
        moved |= belief.at(Factor(path, belief.together(path)), 0.98)
    moved = {p: x for p, x in moved.items() if p not in set(live)}
    job = ModelJob(scenario)
    still = job(Run(0, "evidence", 0, {}))
    pd.testing.assert_frame_equal(job(Run(0, "evidence", 0, moved)), still)


# ---------------------------------------------------------------- what a user may ask


def test_a_beginning_stands_for_what_matters_below_it(beliefs, live):
    (factor,) = chosen_factors(["treatments.saint.cost"], beliefs, live=live)
    assert factor.paths == (COURSE, "treatments.saint.cost.visit")
    (joined,) = chosen_factors([f"{COURSE}+disease.mortality"], beliefs, live=live)
    assert joined.paths[0] == COURSE and len(joined.paths) == 2


def test_a_default_factor_can_be_asked_for_by_its_name(beliefs, live):
    (factor,) = chosen_factors([CALIBRATION], beliefs, live=live)
    assert POTENCY in factor.paths and len(factor.paths) > 10


@pytest.mark.parametrize(
    ("over", "ranges", "message"),
    [
        (["treatments.saint.potncy"], {}, "no such path.*did you mean treatments.saint.potency"),
        ([FIXED], {}, "has no distribution.*--range"),
        ([COURSE, "treatments.saint.cost"], {}, "is moved by"),
        ([COURSE, COURSE], {}, "given twice"),
        ([COURSE], {FIXED: (0.4, 0.6)}, "not among the --over paths"),
        ([FIXED], {FIXED: (0.6, 0.4)}, "is no range"),
        (["treatments.esketamine.cost"], {}, "holds no number in doubt that this scenario reads"),
    ],
)
def test_what_cannot_be_moved_is_refused(beliefs, live, over, ranges, message):
    with pytest.raises(InputError, match=message):
        chosen_factors(over, beliefs, ranges, live)


def test_a_number_without_distribution_moves_over_its_range(beliefs):
    belief = of(beliefs, "evidence")
    (factor,) = chosen_factors([FIXED], [belief], {FIXED: (0.4, 0.6)})
    drawn = belief.values([factor], lambda s: np.array([0.0, 0.25, 1.0]))[FIXED]
    np.testing.assert_allclose(drawn, [0.4, 0.45, 0.6])
    assert belief.at(factor, 0.025) == {FIXED: 0.4}
    assert belief.at(factor, 0.975)[FIXED] == pytest.approx(0.6)


def test_the_base_is_what_a_run_without_draws_uses(scenario, beliefs):
    """A run told its base values in so many words is the run without any."""
    job = ModelJob(scenario)
    for structure in ("evidence", "mixture"):
        base = of(beliefs, structure).base()
        stated = {p: base[p] for p in of(beliefs, structure).uncertain()}
        pd.testing.assert_frame_equal(
            job(Run(0, structure, 0, stated)), job(Run(0, structure, 0, {}))
        )


def test_a_setting_of_the_scenario_has_a_value_today(scenario):
    assert value_today(scenario, "discount.health") == 0.03
    assert value_today(scenario, COURSE) == scenario.evidence().quantity(COURSE).value
    for wrong, message in (("discount.helth", "did you mean health"), ("title", "is no number")):
        with pytest.raises(InputError, match=message):
            value_today(scenario, wrong)


def test_a_single_factor_is_a_number_or_what_is_drawn_with_it(beliefs, live):
    singles = single_factors(beliefs, live)
    assert set(live) <= {p for f in singles for p in f.paths}
    together = [f for f in singles if len(f.paths) > 1]
    assert all("*" in f.name or "+" in f.name for f in together)
    assert len(singles) > 200


# ---------------------------------------------------------------- designs


def test_a_design_states_every_path_in_every_run_under_every_structure(scenario, beliefs, live):
    factors = chosen_factors([CALIBRATION, "structure.premise", COURSE], beliefs, live=live)
    cube = cube_of(factors, beliefs, "sobol", n=8, seed=3)
    by_name = {b.structure.severity_effect: b for b in beliefs}
    plan = plan_of(cube, factors, by_name)
    design = plan.design
    assert np.isfinite(design.drop(columns=["run", "structure"]).to_numpy(dtype=float)).all()
    assert design["run"].tolist() == list(range(3 * cube.runs))
    assert set(design.columns) == {"run", "structure", "luck"} | {
        p for f in factors for p in f.paths
    }
    one, two = (design[design["structure"] == s] for s in ("evidence", "premise"))
    np.testing.assert_array_equal(one["luck"], two["luck"])
    np.testing.assert_array_equal(one[COURSE], two[COURSE])
    assert cube_again(about_cube(cube)).id == cube.id


def test_a_calibration_is_needed_for_a_factor_of_fitted_numbers(beliefs):
    plain = Beliefs(replace(beliefs[0].evidence, calibrated={}), Structure("evidence"))
    assert plain.fitted == ()
    assert plain.subject(POTENCY) == POTENCY
