"""Published models beside ours: what is read, how it is judged, and that a wrong file is told."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.worlds import SCENARIOS

from popmodel.errors import InputError
from popmodel.evidence import load_evidence
from popmodel.trials.published_figures import Figure, PublishedModel, load_published
from popmodel.trials.published_measures import MEASURES, measured
from popmodel.trials.published_models import (
    INSIDE,
    NOT_EXPRESSIBLE,
    OUTSIDE,
    compare,
    explain,
    patients_of,
    rows_of,
)

FOLDER = SCENARIOS / "published"
PATIENTS = 1500
NEEDED = (
    "ross_soeteman_2020.yaml",
    "figures/ross_soeteman_2020.yaml",
    "cards/sources.yaml",
    "cards/population/resistant_adults.yaml",
    "cards/treatments/oral_drug_of_a_trial.yaml",
)
"""The files of one published model alone."""


def one_published_model(place: Path, size: int = 400) -> Path:
    """Copy one published model alone into a folder, with few patients, and return the folder."""
    for name in NEEDED:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FOLDER / name, place / name)
    file = place / "ross_soeteman_2020.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("size: 4000", f"size: {size}"), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def models() -> dict[str, PublishedModel]:
    return {one.name: one for one in load_published(FOLDER)}


def smaller(model: PublishedModel, size: int = PATIENTS) -> PublishedModel:
    changed = {says: one.changed(patients=size) for says, one in model.changed.items()}
    return replace(model, scenario=model.scenario.changed(patients=size), changed=changed)


@pytest.fixture(scope="module")
def ross(models) -> PublishedModel:
    return smaller(models["ross_soeteman_2020"])


@pytest.fixture(scope="module")
def ross_patients(ross) -> dict[str, pd.DataFrame]:
    return patients_of(ross.scenario)


def rows_by(model, patients):
    return {(r.figure, r.strategy): r for r in rows_of(model, patients)}


# ------------------------------------------------------------------ what is shipped


def test_the_three_published_models_are_there(models):
    assert {"ivi_mdd", "ivi_mdd_as_coded", "ross_soeteman_2020", "degerlund_maldi_2021"} <= set(
        models
    )


def test_every_figure_has_a_source_and_says_why_it_may_differ(models):
    for model in models.values():
        known = model.scenario.evidence().sources
        for figure in model.figures.figures:
            assert (figure.source or model.figures.source) in known
            assert len(figure.why or figure.reason or "") > 8, figure.says


def test_cards_of_a_replication_are_known_to_nothing_else(models):
    own = {file.stem for file in (FOLDER / "cards").rglob("*.yaml")} - {"sources"}
    shipped = load_evidence()
    known = {name for group in ("treatments", "population", "economics") for name in
             shipped.cards(group)}  # fmt: skip
    assert own
    assert own & known == set()
    assert own & set(models["ivi_mdd"].scenario.evidence().treatments)


def test_what_looks_like_a_defect_is_switched_on_in_one_scenario_only():
    switches = ("disease.response.depth_mean", "ivi_mdd_utilities_resistant")
    for file in SCENARIOS.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        said = any(switch in text for switch in switches)
        told = {"ivi_mdd_as_coded.yaml", "ivi_mdd_utilities_resistant.yaml"}
        assert not said or file.name in told or file.parent.name == "figures", file.name


# ------------------------------------------------------------------ direction


def test_esketamine_gains_a_little_and_costs_much(ross, ross_patients):
    rows = rows_by(ross, ross_patients)
    for figure in ("QALYs gained", "cost of health care per QALY, US$"):
        row = rows[figure, "esketamine"]
        assert row.verdict == INSIDE
        assert row.ours > 0.0


def test_treatment_beats_none_and_combinations_beat_ssris_as_coded(models):
    model = smaller(models["ivi_mdd_as_coded"])
    rows = rows_by(model, patients_of(model.scenario))
    for figure in ("QALYs gained on no treatment", "QALYs gained on SSRIs"):
        row = rows[figure, "drug_combinations"]
        assert row.ours - 3.0 * row.se > 0.0


def test_a_replication_card_leaves_in_remission_what_the_other_model_says(models):
    for name in ("ivi_mdd_first_course", "ivi_mdd_as_coded_first_course"):
        model = models[name]
        wrong = [r for r in compare([model]) if abs(r.ours - r.published) > 0.03 + 3 * r.se]
        assert wrong == [], "solve the potencies again, as the scenario says"


def test_ect_gains_on_esketamine_once_contact_is_not_credited(models):
    model = smaller(models["degerlund_maldi_2021"])
    rows = list(compare([model]))
    missed = {r.figure for r in rows if r.verdict == OUTSIDE}
    told = explain([model], rows)
    assert {r.figure for r in told} <= missed
    assert any(r.verdict == INSIDE and r.changed > 0.0 > r.ours for r in told)


# ------------------------------------------------------------------ how it is judged


def test_a_changed_published_figure_changes_the_verdict(ross, ross_patients):
    figure = next(f for f in ross.figures.figures if f.says == "QALYs gained")
    other = figure.model_copy(update={"published": {"esketamine": 0.7}})
    for one, verdict in ((figure, INSIDE), (other, OUTSIDE)):
        said = ross.figures.model_copy(update={"figures": (one,)})
        (row,) = rows_of(replace(ross, figures=said), ross_patients)
        assert row.verdict == verdict
    assert row.difference == pytest.approx(row.ours - 0.7)


def test_what_cannot_be_expressed_is_neither_inside_nor_outside(ross, ross_patients):
    rows = [r for r in rows_of(ross, ross_patients) if r.verdict == NOT_EXPRESSIBLE]
    assert rows
    assert all(math.isnan(r.ours) and len(r.why) > 20 for r in rows)


@pytest.mark.parametrize(
    ("tolerance", "published", "inside", "outside"),
    [
        ({"within": 0.1}, 0.5, 0.59, 0.61),
        ({"factor": 2}, 10.0, 19.9, 20.1),
        ({"factor": 2}, -10.0, -5.1, 5.1),
        ({"above": 0}, 3.0, 0.1, 0.0),
        ({"below": 0}, -3.0, -0.1, 0.0),
    ],
)
def test_a_tolerance_tells_near_from_far(tolerance, published, inside, outside):
    figure = Figure(says="x", measure="qaly", published={"a": published}, why="so", **tolerance)
    assert figure.allows(published, inside)
    assert not figure.allows(published, outside)


def test_a_ratio_has_the_error_that_repeated_samples_show():
    luck = np.random.default_rng(7)
    found = []
    for _ in range(400):
        qaly = luck.gamma(4.0, 0.5, 200)
        cost = 100.0 * qaly + luck.normal(0.0, 40.0, 200)
        table = pd.DataFrame({"qaly": qaly, "cost_societal": cost})
        found.append(measured(table, None, "cost_societal", "qaly"))
    ratios, errors = np.array(found).T
    # The spread of 400 ratios is known to 3.5 %; 15 % is more than four such errors.
    assert ratios.std(ddof=1) == pytest.approx(errors.mean(), rel=0.15)


def test_a_difference_is_paired_by_patient():
    base = pd.DataFrame({"qaly": np.arange(100.0)})
    mean, error = measured(base + 0.5, base, "qaly", None)
    assert mean == pytest.approx(0.5)
    assert error == pytest.approx(0.0, abs=1e-12)


def test_every_measure_reads_the_patient_table(ross_patients):
    table = ross_patients["esketamine"]
    for name, values in MEASURES.items():
        assert len(values(table)) == len(table), name


# ------------------------------------------------------------------ wrong files


@pytest.fixture
def folder(tmp_path) -> Path:
    return one_published_model(tmp_path / "published")


def problems_of(folder: Path) -> str:
    with pytest.raises(InputError) as found:
        load_published(folder)
    return str(found.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("measure: qaly", "measure: qualy", "no measure is called 'qualy' (did you mean qaly?)"),
        ("against: oral_drug", "against: oral_drugs", "did you mean oral_drug?"),
        ("{oral_drug: 0.253}", "{oral: 0.253}", "no strategy is called 'oral'"),
        ("within: 0.10\n", "within: 0.10\n    factor: 2\n", "needs one tolerance"),
        ("above: 150000", "above: 300000", "242496 misses its own tolerance"),
        ("source: ross-2020", "source: ross-2021", "did you mean ross-2020?"),
        ("within: 0.10\n", "near: 0.10\n", "unknown key"),
        ("{esketamine: 0.07}", "{esketamine: much}", "must be a number"),
        ("says: societal cost added, US$", "says: QALYs gained", "stands twice"),
        ("contact_credit: none", "contact_credit: nun", "contact_credit"),
    ],
)
def test_a_wrong_file_of_figures_is_told_with_its_line(folder, old, new, told):
    file = folder / "figures/ross_soeteman_2020.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = problems_of(folder)
    assert told in found
    line = text[: text.index(old)].count("\n") + 1
    first = found.split(f"{file.name}:", 1)[1]
    assert abs(int(first.split(":")[0]) - line) <= 4


def test_a_scenario_without_figures_and_figures_without_a_scenario_are_both_told(folder):
    (folder / "figures/ross_soeteman_2020.yaml").rename(folder / "figures/ross_soeteman.yaml")
    found = problems_of(folder)
    assert "has no figures" in found
    assert "did you mean ross_soeteman_2020?" in found


def test_several_structures_are_refused(folder):
    file = folder / "ross_soeteman_2020.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("severity_effect: evidence", "severity_effect: all"))
    assert "under one" in problems_of(folder)
