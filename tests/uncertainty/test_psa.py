"""Probabilistic analysis: every draw of every number, the same patients, doubt apart from luck."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import popmodel
from popmodel.economics import acceptability
from popmodel.errors import InputError
from popmodel.parameters import Structure
from popmodel.uncertainty.draws import parameter_draws, sample_uniforms
from popmodel.uncertainty.model import OUTCOMES
from popmodel.uncertainty.psa import lay_out_psa, psa_tables, variance_split
from popmodel.uncertainty.run import Run

SCENARIO = "scenarios/five_pathways.yaml"


@pytest.fixture(scope="module")
def scenario():
    asked = popmodel.load_scenario(SCENARIO, patients=160, years=1)
    return asked.with_values({"structure.severity_effect": "all"})


@pytest.fixture(scope="module")
def analysis(scenario):
    return lay_out_psa(scenario, samples=3, seed=4)


@pytest.fixture(scope="module")
def rows(analysis):
    paths = [name for name in analysis.design if name not in ("run", "structure", "luck")]
    parts = []
    for row in analysis.design.to_dict("records"):
        run = Run(row["run"], row["structure"], row["luck"], {p: row[p] for p in paths})
        parts.append(analysis.job(run).assign(run=run.number, structure=run.structure))
    return pd.concat(parts, ignore_index=True)


def test_every_structure_is_drawn_at_the_same_quantiles(analysis):
    by = {name: part.reset_index() for name, part in analysis.design.groupby("structure")}
    assert list(by) == ["evidence", "mixture", "premise"]
    cards = [p for p in analysis.design if p.startswith("economics.utilities")]
    assert cards
    for path in cards:
        np.testing.assert_array_equal(by["evidence"][path], by["premise"][path])
    fitted = [p for p in analysis.design if p.endswith("saint.potency")]
    assert (by["evidence"][fitted] != by["premise"][fitted]).to_numpy().all()


def test_draws_are_those_of_the_cards_and_the_fit(scenario, analysis):
    drawn = parameter_draws(scenario.evidence(), Structure("evidence"), sample_uniforms(4, 0, 3))
    own = analysis.design[analysis.design["structure"] == "evidence"]
    moved = [path for path in drawn if path in own.columns]
    assert len(moved) > 200
    for path in moved:
        np.testing.assert_allclose(own[path], drawn[path], rtol=1e-12, err_msg=path)


def test_more_samples_change_no_earlier_one(scenario, analysis):
    more = lay_out_psa(scenario, samples=5, seed=4).design
    for structure, part in analysis.design.groupby("structure"):
        longer = more[more["structure"] == structure].head(3)
        pd.testing.assert_frame_equal(
            part.drop(columns="run").reset_index(drop=True),
            longer.drop(columns="run").reset_index(drop=True),
        )


def test_tables_of_draws_are_what_the_runs_left(analysis, rows):
    tables = psa_tables(analysis, rows)
    psa, blocks, groups = tables["psa"], tables["psa_blocks"], tables["psa_subgroups"]
    assert len(psa) == 3 * 3 * 6
    assert len(blocks) == 8 * len(psa)
    one = (
        (psa["structure"] == "premise") & (psa["sample"] == 1) & (psa["strategy"] == "saint_first")
    )
    own = rows[(rows["structure"] == "premise") & (rows["strategy"] == "saint_first")]
    own = own[(own["run"] % 3 == 1) & (own["dimension"] == "block")]
    found = psa[one].iloc[0]
    assert found["cost"] == pytest.approx(own["cost_health_care"].mean(), rel=1e-12)
    assert found["qaly"] == pytest.approx(own["qaly"].mean(), rel=1e-12)
    assert groups.groupby(["structure", "sample", "strategy"])["patients"].sum().eq(160).all()
    assert set(groups["severity_band"]) <= {"0-10", "11-17", "18-24", "25-33", "34+"}
    assert tables["psa_parameters"].shape[0] == 9
    assert "daly" in OUTCOMES and psa["daly"].notna().all()


def test_the_decision_layer_reads_the_draws(analysis, rows):
    psa = psa_tables(analysis, rows)["psa"]
    sums = acceptability(psa, [50_000.0, 100_000.0]).groupby(["structure", "wtp"])["probability"]
    assert np.allclose(sums.sum(), 1.0)


def test_one_sample_is_no_analysis(scenario):
    with pytest.raises(InputError, match="at least 2"):
        lay_out_psa(scenario, samples=1, seed=1)


def test_doubt_and_luck_are_told_apart():
    """Known variances of samples, blocks and the rest; 400 samples, 40 blocks, fixed seed."""
    dice = np.random.default_rng(12)
    samples, blocks, doubt, shared, rest = 400, 40, 300.0, 200.0, 500.0
    gain = (
        1000.0
        + dice.normal(0, doubt, (samples, 1))
        + dice.normal(0, shared, (1, blocks))
        + dice.normal(0, rest, (samples, blocks))
    )
    found = variance_split(table_of(gain), "old", 100.0).iloc[0]
    assert found["sd_parameters"] == pytest.approx(doubt, rel=0.15)
    assert found["sd_luck"] == pytest.approx(rest / blocks**0.5, rel=0.05)
    assert found["sd_shared_luck"] == pytest.approx(shared / blocks**0.5, rel=0.45)
    truth = (doubt**2 / samples + shared**2 / blocks + rest**2 / (samples * blocks)) ** 0.5
    assert found["inc_nmb_se"] == pytest.approx(truth, rel=0.4)
    assert abs(found["inc_nmb"] - 1000.0) < 5 * truth
    assert found["share_luck"] == pytest.approx(
        rest**2 / blocks / (doubt**2 + rest**2 / blocks), rel=0.2
    )


def test_so_many_samples_and_patients_give_the_error_that_is_wanted():
    dice = np.random.default_rng(3)
    gain = dice.normal(0, 50.0, (60, 1)) + dice.normal(0, 40.0, (1, 8)) + np.zeros((60, 8))
    found = variance_split(table_of(gain), "old", 100.0, wanted_se=5.0).iloc[0]
    shared = found["sd_shared_luck"] ** 2 * found["patients"] / found["patients_needed"]
    doubt = found["sd_parameters"] ** 2 / found["samples_needed"]
    assert (shared + doubt) ** 0.5 == pytest.approx(5.0, rel=0.02)
    assert found["share_luck"] == pytest.approx(0.0, abs=1e-9)


def table_of(gain: np.ndarray) -> pd.DataFrame:
    """Return blocks of two strategies, of which the new one gains so much net benefit."""
    index = [(s, b) for s in range(gain.shape[0]) for b in range(gain.shape[1])]
    base = pd.DataFrame(index, columns=["sample", "block"]).assign(patients=10, qaly=1.0)
    old = base.assign(strategy="old", cost=5000.0)
    return pd.concat([old, base.assign(strategy="new", cost=5000.0 - gain.ravel())])
