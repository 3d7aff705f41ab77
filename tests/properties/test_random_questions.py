"""Whatever is asked within the rules, nobody is lost, no money vanishes, no time runs backwards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.properties.invariants import check, time_goes_forward
from tests.worlds import ask, live

from popmodel.evidence.load import load_evidence
from popmodel.vocabulary import COURSE_OUTCOMES, FLAGS, SETTINGS

CARDS = load_evidence()
OFFERED = sorted(name for name, card in CARDS.treatments.items() if card.kind != "booster")
BOOSTERS = sorted(name for name, card in CARDS.treatments.items() if card.kind == "booster")
CONTACTS = sorted(CARDS.contacts)
DOUBTFUL = sorted(
    path
    for path, quantity in CARDS.quantities().items()
    if quantity.distribution is not None
    and quantity.group is None
    and path.split(".")[0] in ("treatments", "contacts", "disease", "biotypes", "economics")
    and quantity.quantile(0.01) != quantity.quantile(0.99)
)

some = st.sampled_from


def optional(**parts):
    """A mapping with some of its parts."""
    return st.fixed_dictionaries({}, optional=parts)


WHEN = optional(
    line=st.one_of(
        st.integers(1, 5), st.builds(lambda n: {"at_least": n}, st.integers(1, 4)),
        st.builds(lambda n: {"at_most": n}, st.integers(1, 4)),
    ),
    step=st.integers(1, 4),
    severity=st.one_of(
        st.builds(lambda x: {"at_least": x}, st.integers(10, 40)),
        st.builds(lambda x: {"below": x}, st.integers(15, 60)),
    ),
    setting=st.lists(some(SETTINGS), min_size=1, max_size=3, unique=True),
    flags=st.lists(some(FLAGS), min_size=1, max_size=1),
    tried=st.lists(some(OFFERED[:10]), min_size=1, max_size=1),
    not_tried=st.lists(some(OFFERED[10:]), min_size=1, max_size=2, unique=True),
    last_outcome=st.lists(some(COURSE_OUTCOMES), min_size=1, max_size=3, unique=True),
)  # fmt: skip
TREAT = st.builds(
    lambda treat, when, repeat: {"treat": treat, "when": when, "repeat": repeat},
    some(OFFERED), WHEN, st.booleans(),
)  # fmt: skip
WAIT = st.builds(
    lambda days, contact, when: {"wait_days": days, "contact": contact, "when": when},
    st.floats(0.5, 400), some(CONTACTS), WHEN,
)  # fmt: skip
STRATEGY = st.builds(
    lambda offer, rest: {"offer": offer, **rest},
    st.lists(st.one_of(TREAT, TREAT, TREAT, WAIT), max_size=7),
    optional(
        stop_if=st.builds(
            lambda share, weeks: {"improvement_below": share, "after_weeks": weeks},
            st.floats(0, 1), st.floats(0.5, 12),
        ),
        on_response=some(["continue", "augment", "next"]),
        on_relapse=some(["repeat", "restart", "next"]),
        after_last=some(["care_as_usual", "none"]),
        maintain=st.dictionaries(
            some(OFFERED),
            st.builds(
                lambda t, w: {"treat": t, "every_weeks": w}, some(BOOSTERS), st.floats(0.3, 60)
            ),
            max_size=4,
        ),
    ),
)  # fmt: skip
# `tried` and `not_tried` draw from different cards, so no rule contradicts itself.
QUESTION = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "years": st.floats(0.02, 8),
        "population": st.one_of(
            st.just({}), st.just({"intake": "incident"}),
            st.just({"intake": "open", "incident_per_year": 20}),
        ),
        "structure": st.fixed_dictionaries(
            {
                "severity_effect": some(["premise", "evidence", "mixture"]),
                "contact_credit": some(["full", "none"]),
            }
        ),
        "discount": st.fixed_dictionaries(
            {"costs": some([0, 0.03, 0.5]), "health": some([0, 0.03])}
        ),
    }
)  # fmt: skip
OVERRIDES = st.dictionaries(some(DOUBTFUL), st.floats(0.02, 0.98), max_size=12).map(
    lambda chosen: {p: float(CARDS.quantity(p).quantile(u)) for p, u in chosen.items()}
)
BASE = settings(
    deadline=None, derandomize=True, database=None, print_blob=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow,
                           HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)  # fmt: skip


def live_and_check(folder, strategy, question, overrides, size):
    question = dict(question)
    scenario = ask(folder, {"asked": strategy}, overrides, size=size, **question)
    lives = live(scenario)
    check(lives)
    time_goes_forward(lives, 8)


@pytest.mark.filterwarnings("ignore::popmodel.errors.InputWarning")
@settings(BASE, max_examples=40)
@given(strategy=STRATEGY, question=QUESTION)
def test_random_strategies_lose_nobody_and_no_money(tmp_path, strategy, question):
    live_and_check(tmp_path, strategy, question, {}, 60)


@pytest.mark.filterwarnings("ignore::popmodel.errors.InputWarning")
@settings(BASE, max_examples=25)
@given(strategy=STRATEGY, question=QUESTION, overrides=OVERRIDES)
def test_random_numbers_within_their_distributions_lose_nobody_either(
    tmp_path, strategy, question, overrides
):
    live_and_check(tmp_path, strategy, question, overrides, 40)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::popmodel.errors.InputWarning")
@settings(BASE, max_examples=1500)
@given(strategy=STRATEGY, question=QUESTION, overrides=OVERRIDES)
def test_fifteen_hundred_random_questions_lose_nobody_and_no_money(
    tmp_path, strategy, question, overrides
):
    live_and_check(tmp_path, strategy, question, overrides, 100)


@pytest.mark.parametrize("name", ["five_pathways", "stepped_care", "do_nothing_new", "home_aih"])
def test_shipped_questions_lose_nobody_and_no_money(name):
    from tests.worlds import shipped_lives

    lives = shipped_lives(name, 400)
    check(lives)
    time_goes_forward(lives, 30)


@pytest.mark.slow
def test_a_lifetime_of_everybody_loses_nobody_and_no_money(tmp_path):
    from tests.worlds import SCENARIOS

    from popmodel.scenario import load_scenario

    scenario = load_scenario(
        SCENARIOS / "five_pathways.yaml", {"horizon.years": "lifetime"}, patients=5000
    )
    for choice in range(3):
        lives = live(scenario, choice=choice)
        check(lives)
        for name in lives.histories:
            assert np.isfinite(lives.accounts(name)["died"]).all()
