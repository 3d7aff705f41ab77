"""Decisions: the first rule of the strategy that fits is offered.

`s` is the strategy record: ordered rules as arrays (see `popmodel.scenario.routing`).
"""

from __future__ import annotations

from typing import Any

from popmodel.jit import rule
from popmodel.rules.codes import (
    EMERGENCY,
    INPATIENT,
    OUTCOME_DROPPED,
)
from popmodel.rules.queue import is_limited
from popmodel.rules.response import measured, severity_now
from popmodel.rules.testing import known_biotype_fits, results_fit

NO_RULE = -1


@rule
def is_eligible(p: Any, q: Any, treatment: Any) -> Any:
    """Tell whether the card admits this patient: failures, flags, history, setting."""
    if p.failures < q.minimum_failures[treatment]:
        return False
    if (p.conditions & q.excluded_flags[treatment]) != 0:
        return False
    required = q.required_flags[treatment]
    if (p.conditions & required) != required:
        return False
    if q.after[treatment] != 0:
        if p.previous < 0 or p.outcome == OUTCOME_DROPPED:
            return False
        # What followed such a course may be given again after a relapse.
        if p.previous != treatment and not (q.after[treatment] >> p.previous) & 1:
            return False
    here = 1 << p.setting
    if p.setting != INPATIENT and p.setting != EMERGENCY:
        here = q.community_settings
    return (q.settings[treatment] & here) != 0


@rule
def rule_fits(p: Any, q: Any, s: Any, n: Any, severity: Any, augment: Any) -> Any:
    """Tell whether rule n applies now."""
    if (p.used >> n) & 1 and not s.may_repeat[n]:
        return False
    if (p.skip >> n) & 1:
        return False
    if p.line < s.line_min[n] or p.line > s.line_max[n]:
        return False
    if p.step < s.step_min[n] or p.step > s.step_max[n]:
        return False
    if severity < s.severity_min[n] or severity >= s.severity_max[n]:
        return False
    if not known_biotype_fits(p, s, n) or not (s.settings[n] >> p.setting) & 1:
        return False
    if s.asks_results[n] and not results_fit(p, s, n):
        return False
    if (p.conditions & s.flags_all[n]) != s.flags_all[n] or (p.conditions & s.flags_none[n]) != 0:
        return False
    if (p.tried & s.tried_all[n]) != s.tried_all[n] or (p.tried & s.not_tried[n]) != 0:
        return False
    if not (s.last_outcomes[n] >> p.outcome) & 1:
        return False
    treatment = s.treat[n]
    if treatment < 0:
        return not augment
    if augment and not q.is_augmentation[treatment]:
        return False
    return is_eligible(p, q, treatment)


@rule
def choose(p: Any, q: Any, s: Any, t: Any, augment: Any) -> Any:
    """Return the number of the first rule that fits, NO_RULE if none does."""
    severity = measured(p, q, severity_now(p, q, t), t)
    for n in range(s.rules):
        if rule_fits(p, q, s, n, severity, augment):
            return n
    return NO_RULE


@rule
def asks_for_hospital(q: Any, s: Any, n: Any) -> Any:
    """Tell whether rule n names emergency or inpatient care and nothing outside hospital."""
    return (s.settings[n] & q.community_settings) == 0


@rule
def choose_in_hospital(p: Any, q: Any, s: Any, t: Any) -> Any:
    """Return the first rule that fits and asks for a hospital setting, NO_RULE if none does.

    Somebody in a queue keeps the place in it unless something can begin at once.
    """
    severity = measured(p, q, severity_now(p, q, t), t)
    for n in range(s.rules):
        if asks_for_hospital(q, s, n) and rule_fits(p, q, s, n, severity, False):
            treatment = s.treat[n]
            if p.want < 0 or (treatment >= 0 and not is_limited(q, s, treatment)):
                return n
    return NO_RULE
