"""A compiled strategy as one record."""

from __future__ import annotations

import math

import numpy as np

from popmodel.errors import InputError
from popmodel.parameters.record import MAX_RULES, STRATEGY, Record
from popmodel.scenario.routing import CompiledStrategy


def compile_strategy(strategy: CompiledStrategy) -> Record:
    """Return a compiled strategy as one record.

    Raises:
        InputError: more rules than the record holds.
    """
    count = len(strategy.treat)
    if count > MAX_RULES:
        raise InputError(
            f"strategy {strategy.id}: {count} rules with those of `then`, at most {MAX_RULES}"
        )
    s = np.zeros(1, dtype=STRATEGY)
    row = s[0]
    row["rules"] = count
    columns = {
        "treat": strategy.treat, "wait_days": strategy.wait_days,
        "wait_contact": strategy.wait_contact, "line_min": strategy.line_min,
        "line_max": strategy.line_max, "step_min": strategy.step_min,
        "step_max": strategy.step_max, "severity_min": strategy.severity_min,
        "severity_max": strategy.severity_max, "biotypes": strategy.biotype_mask,
        "settings": strategy.setting_mask, "flags_all": strategy.flags_all,
        "flags_none": strategy.flags_none, "tried_all": strategy.tried_all,
        "not_tried": strategy.not_tried, "last_outcomes": strategy.last_outcome_mask,
        "may_repeat": strategy.repeat, "test": strategy.test,
        "biotype_as_seen": strategy.biotype_as_seen, "asks_results": strategy.asks_results,
        "results_positive": strategy.positive_mask, "results_negative": strategy.negative_mask,
        "results_unknown": strategy.unknown_mask,
    }  # fmt: skip
    for name, column in columns.items():
        row[name][:count] = column
    row["stop_improvement"] = np.nan_to_num(strategy.stop_improvement_below, nan=0.0)
    row["stop_after_days"] = np.nan_to_num(strategy.stop_after_days, nan=math.inf)
    row["on_response"] = strategy.on_response
    row["on_relapse"] = strategy.on_relapse
    row["after_last"] = strategy.after_last
    row["on_full"], row["bridge"] = strategy.on_full, strategy.bridge
    row["booster"][:] = -1
    row["booster"][: len(strategy.booster)] = strategy.booster
    row["booster_days"][: len(strategy.every_days)] = strategy.every_days
    return s
