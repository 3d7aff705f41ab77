from __future__ import annotations

import pandas as pd
import pytest

from popmodel.economics import best_strategies, incremental_table, nhb, nmb
from popmodel.errors import InputError

TABLE = pd.DataFrame(
    {"strategy": ["a", "b", "c"], "cost": [0.0, 1000.0, 4000.0], "qaly": [1.0, 1.1, 1.2]}
)


def test_net_monetary_benefit_is_effect_times_price_less_cost():
    assert nmb(TABLE, 50_000).tolist() == pytest.approx([50_000, 54_000, 56_000])


def test_net_health_benefit_is_monetary_benefit_in_units_of_health():
    assert (nhb(TABLE, 50_000) * 50_000).tolist() == pytest.approx(nmb(TABLE, 50_000).tolist())


def test_health_has_no_price_at_a_willingness_to_pay_of_zero():
    with pytest.raises(InputError, match="above 0"):
        nhb(TABLE, 0.0)


def test_a_negative_price_is_refused():
    with pytest.raises(InputError, match="not a price"):
        nmb(TABLE, -1.0)


def test_the_best_strategy_changes_at_its_icer():
    icers = incremental_table(TABLE)["icer"].dropna()
    below = best_strategies(TABLE, [icer * 0.999 for icer in icers])["strategy"].tolist()
    above = best_strategies(TABLE, [icer * 1.001 for icer in icers])["strategy"].tolist()
    assert (below, above) == (["a", "b"], ["b", "c"])


def test_equal_strategies_give_the_first_by_name():
    tie = pd.DataFrame({"strategy": ["b", "a"], "cost": [1.0, 1.0], "qaly": [1.0, 1.0]})
    assert best_strategies(tie, 100.0)["strategy"].tolist() == ["a"]
