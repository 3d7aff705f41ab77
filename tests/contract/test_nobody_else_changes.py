"""Adding a patient, a card or a strategy, or another thread, changes nobody else's history."""

from __future__ import annotations

import numpy as np
import pytest
from tests.new_card import NEW, new_card
from tests.worlds import SCENARIOS, USUAL_CARE, ask, differing, live

from popmodel import population
from popmodel.engine import compiled
from popmodel.scenario import load_scenario

TWO = {
    "usual": USUAL_CARE,
    "saint_first": {"offer": [{"treat": "saint"}], "then": "usual"},
}
# Positions in the sorted list of cards: they move when a card is added.
POSITIONS = ("treatment", "worked", "keeper", "previous", "tried", "again")


def assert_same(a, b, rows=slice(None), ignore=()):
    for name in set(a.histories) & set(b.histories):
        assert differing(a.accounts(name)[rows], b.accounts(name)[rows]) == {}
        assert differing(a.persons(name)[rows], b.persons(name)[rows], ignore) == {}


def test_one_patient_more_changes_nobody_else(tmp_path):
    few, more = (live(ask(tmp_path, TWO, size=size)) for size in (300, 301))
    assert len(more.population) == 301
    for name in TWO:
        assert differing(few.accounts(name), more.accounts(name)[:300]) == {}
        assert differing(few.persons(name), more.persons(name)[:300]) == {}


@pytest.mark.parametrize("intake", ["prevalent", "incident", "open"])
def test_a_patient_depends_on_seed_and_number_alone(parameters, intake):
    arriving = {"new_patients": 30} if intake == "open" else {}
    whole = population.synthesise(parameters, 60, 5, intake=intake, **arriving)
    again = population.synthesise(parameters, 60, 5, intake=intake, **arriving)
    assert differing(whole, again) == {}
    if intake != "open":
        part = population.synthesise(parameters, 20, 5, intake=intake, first=40)
        assert differing(whole[40:], part) == {}
    other = population.synthesise(parameters, 60, 6, intake=intake, **arriving)
    assert (whole["key"] != other["key"]).all()


def test_a_strategy_more_changes_no_other_strategy(tmp_path):
    alone = live(ask(tmp_path, {"usual": USUAL_CARE}, size=300))
    three = live(ask(tmp_path, {**TWO, "nothing": {"offer": []}}, size=300))
    assert_same(alone, three)


def test_a_never_used_pathway_changes_nothing(tmp_path):
    rules = [*USUAL_CARE["offer"], {"treat": "saint", "when": {"line": {"at_least": 99}}}]
    lives = live(ask(tmp_path, {"a": USUAL_CARE, "b": {**USUAL_CARE, "offer": rules}}, size=300))
    assert differing(lives.accounts("a"), lives.accounts("b")) == {}
    assert differing(lives.persons("a"), lives.persons("b")) == {}


def test_a_card_more_changes_nobody(tmp_path):
    """The new card sorts before all others: every position moves, and nobody's luck."""
    cards = new_card(tmp_path / "cards", identifier="aaa_first")
    before = live(ask(tmp_path, TWO, size=300))
    after = live(ask(tmp_path, TWO, size=300, cards=[cards.name]))
    assert len(after.parameters.treatments) == len(before.parameters.treatments) + 1
    assert_same(before, after, ignore=POSITIONS)


def test_the_numbers_of_a_card_nobody_is_offered_change_no_life(tmp_path):
    """A treatment nobody is offered may cost and do anything."""
    change = {"treatments.exercise.potency": 2.0, "treatments.exercise.cost.course": 9999}
    assert_same(live(ask(tmp_path, TWO, size=300)), live(ask(tmp_path, TWO, change, size=300)))


def test_a_dearer_treatment_changes_money_and_nothing_else(tmp_path):
    cheap = live(ask(tmp_path, TWO, {"treatments.saint.cost.course": 1000}, size=300))
    dear = live(ask(tmp_path, TWO, {"treatments.saint.cost.course": 2000}, size=300))
    for name in TWO:
        assert differing(cheap.persons(name), dear.persons(name)) == {}
        changed = differing(cheap.accounts(name), dear.accounts(name))
        assert set(changed) <= {"cost", "cost_undiscounted"}
    extra = dear.accounts("saint_first")["cost_undiscounted"][:, 0]
    extra = np.round(extra - cheap.accounts("saint_first")["cost_undiscounted"][:, 0], 6)
    assert (extra % 1000 == 0).all()
    assert extra.sum() > 0


@pytest.mark.parametrize(("threads", "block"), [(2, 4096), (3, 17), (1, 1), (8, 100)])
def test_threads_and_blocks_change_nothing(monkeypatch, threads, block):
    scenario = load_scenario(SCENARIOS / "stepped_care.yaml", patients=250, structure="evidence")
    whole = live(scenario)
    monkeypatch.setattr(population, "BLOCK", block)
    monkeypatch.setattr(compiled, "BLOCK", block)
    cut = live(scenario, threads=threads)
    assert differing(whole.population, cut.population) == {}
    assert_same(whole, cut)
    for name, history in whole.histories.items():
        assert np.array_equal(history.tally["week"], cut.histories[name].tally["week"])
        assert np.array_equal(history.tally["line"], cut.histories[name].tally["line"])


def test_replicates_are_further_patients_with_other_luck(tmp_path):
    once = live(ask(tmp_path, {"usual": USUAL_CARE}, size=100))
    twice = live(ask(tmp_path, {"usual": USUAL_CARE}, size=100, replicates=2))
    assert len(twice.population) == 200
    assert differing(once.accounts("usual"), twice.accounts("usual")[:100]) == {}
    assert len(set(twice.population["key"].tolist())) == 200


def test_the_same_patient_dies_of_background_causes_on_the_same_day_under_every_strategy():
    lives = live(
        load_scenario(SCENARIOS / "five_pathways.yaml", patients=1000, structure="evidence"),
    )
    names = list(lives.histories)
    day = lives.persons(names[0])["death"]
    for name in names[1:]:
        other, died = lives.persons(name)["death"], lives.accounts(name)["died"]
        # A fatal adverse event of a course brings its own death.
        harmed = (other < day) & (other == died)
        first = lives.accounts(names[0])["died"]
        harmed |= (day < other) & (day == first)
        assert (other == day)[~harmed].all()
        assert harmed.mean() < 0.01


def test_without_reversible_excess_every_natural_death_is_the_same_under_every_strategy():
    lives = live(
        load_scenario(SCENARIOS / "saint_when_severe.yaml", patients=500, structure="evidence"),
    )
    excess = [lives.persons(name)["excess"] for name in lives.histories]
    assert all(np.array_equal(excess[0], other) for other in excess)


def test_a_new_treatment_is_data(tmp_path):
    """A card in a folder of one's own is offered, chosen, judged and paid for."""
    cards = new_card(tmp_path / "cards")
    strategies = {
        "usual": USUAL_CARE,
        "new_first": {"offer": [{"treat": NEW}], "then": "usual"},
    }
    lives = live(ask(tmp_path, strategies, size=400, cards=[cards.name]))
    n = lives.parameters.treatments.index(NEW)
    started = lives.histories["new_first"].tally["line"][0, :, n, 0]
    assert started.sum() > 100
    assert lives.histories["usual"].tally["line"][0, :, n].sum() == 0
    gain = lives.accounts("new_first")["qaly"] - lives.accounts("usual")["qaly"]
    assert gain.mean() > 0
    paid = lives.accounts("new_first")["cost_undiscounted"][:, 0].sum()
    assert paid > 12_345 * started.sum()
