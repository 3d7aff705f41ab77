"""The validation dossier: nothing left out, no miss without a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from tests.docs.test_docs_are_fresh import ROOT, build

from popmodel.evidence import load_evidence
from popmodel.trials.published_figures import Figures
from popmodel.yaml_source import read_yaml

FOLDER = ROOT / "docs/validation"


@pytest.fixture(scope="module")
def dossier():
    build()
    import dossier

    return dossier


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs/validation.md").read_text(encoding="utf-8")


def test_every_miss_has_a_reason(dossier):
    missed = dossier.misses()
    silent = [
        f"{row.trial}: {row.term} ({row.structure})"
        for row in missed.itertuples()
        if len(dossier.reason(row.trial, row.term)) < 20
    ]
    assert silent == [], "say why in docs/validation/reasons.yaml"


def test_every_reason_is_about_a_number_on_a_card(dossier):
    rows = dossier.saved("predictions")
    terms = {(row.trial, row.term) for row in rows.itertuples()}
    trials = {trial for trial, _ in terms}
    for trial, said in dossier.reasons().items():
        assert trial in trials
        assert all(term == "*" or (trial, term) in terms for term in said), trial


def test_a_miss_without_a_reason_is_told_apart(dossier):
    assert dossier.reason("no-such-trial", "active response 28 d") == ""


def test_every_published_number_stands_in_the_dossier():
    saved = pd.read_csv(FOLDER / "predictions.csv")
    cards = load_evidence().trials
    for structure, rows in saved.groupby("structure"):
        counts = rows["trial"].value_counts()
        known = {name: sum(len(o.results) for o in card.outcomes) for name, card in cards.items()}
        assert dict(counts) == known, f"{structure}: run popmodel validate --report"


def test_the_page_has_the_parts_of_both_checklists(page: str):
    heads = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [head[:2] for head in heads] == ["A.", "B.", "C.", "D.", "E."]
    for item in ("A1", "B1", "B2", "C1", "C2", "C3", "C4", "D1", "D2", "D3"):
        assert re.search(rf"\*\*.*{item}", page), item
    for domain in ("inputs", "events and states", "results", "uncertainty", "overall"):
        assert f"| {domain} |" in page


def test_the_chart_of_the_page_shows_the_saved_numbers():
    drawn = pd.read_csv(FOLDER / "charts/validation_forest.csv")
    saved = pd.read_csv(FOLDER / "predictions.csv")
    own = saved[(saved["structure"] == drawn["structure"].iloc[0]) & saved["z"].notna()]
    assert len(drawn) == len(own)
    assert int(drawn["outside"].sum()) == int(own["outside"].sum())
    assert Path(FOLDER / "charts/validation_forest.png").stat().st_size < 500_000


def test_scores_are_those_of_the_predictions():
    saved = pd.read_csv(FOLDER / "predictions.csv")
    scores = pd.read_csv(FOLDER / "scores.csv").set_index(["structure", "use"])
    for key, rows in saved[saved["z"].notna()].groupby(["structure", "use"]):
        assert scores.loc[key, "numbers"] == len(rows)
        assert scores.loc[key, "outside"] == rows["outside"].astype(bool).sum()
        assert scores.loc[key, "log_score"] == pytest.approx(rows["log_score"].sum(), abs=1e-3)


def test_weights_of_calibrated_structures_add_up_to_one():
    rows = pd.read_csv(FOLDER / "structures.csv")
    fitted = rows[rows["calibrated"].astype(bool)]
    assert fitted["weight"].sum() == pytest.approx(1.0, abs=1e-4)
    assert rows.loc[~rows["calibrated"].astype(bool), "weight"].isna().all()


def test_every_figure_of_a_published_model_stands_in_the_dossier(published):
    saved = pd.read_csv(FOLDER / "published.csv")
    known = {
        (model, figure.says, strategy)
        for model, said in published.items()
        for figure in said.figures
        for strategy in figure.published
    }
    shown = set(zip(saved["scenario"], saved["figure"], saved["strategy"], strict=True))
    assert shown == known, "run popmodel validate --published --report"


def test_the_dossier_has_the_published_figures_and_tolerances_of_the_files(published):
    saved = pd.read_csv(FOLDER / "published.csv").set_index(["scenario", "figure", "strategy"])
    for model, said in published.items():
        for figure in said.figures:
            for name, value in figure.published.items():
                row = saved.loc[(model, figure.says, name)]
                assert row["published"] == pytest.approx(value)
                if figure.measure is not None:
                    inside = figure.allows(value, row["ours"])
                    assert row["verdict"] == ("inside" if inside else "outside")


def test_every_figure_outside_has_a_reason():
    saved = pd.read_csv(FOLDER / "published.csv")
    silent = saved[(saved["verdict"] == "outside") & (saved["why"].str.len() < 9)]
    assert silent.empty


@pytest.fixture(scope="module")
def published() -> dict[str, Figures]:
    files = sorted((ROOT / "scenarios/published/figures").glob("*.yaml"))
    return {file.stem: Figures.model_validate(read_yaml(file).data) for file in files}
