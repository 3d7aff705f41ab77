"""Who: synthesise patients, so that they arrive with lives behind them.

The prevalent stock is the natural course run from onset, keeping those still depressed; past
failures are lived, not assigned. Every try at a life is keyed, and the first that is still
depressed at entry with the wanted history is taken, so length bias comes by itself. What has a
published share in the stock (sex, age, biotype, flags, number of failures) belongs to the patient
number and does not change with the try; what is hidden (treatability, luck, worst score) does.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.errors import RunError
from popmodel.jit import entry_point, rule
from popmodel.parameters import Parameters
from popmodel.randomness import draw_bits, normal, patient_keys, subject_salt, uniform
from popmodel.rules import codes as c
from popmodel.rules.course import begin_course, end_course
from popmodel.rules.natural_course import (
    draw_onset_swing,
    draw_worst,
    next_grid_point,
    pass_knot,
)
from popmodel.rules.reading import look, set_contact, step_grid
from popmodel.rules.records import ACCOUNT, PATIENT, new_tally
from popmodel.rules.response import depth_for_fall, severity_now
from popmodel.vocabulary import FLAGS

INTAKE_STOCK: Final = 0
INTAKE_NEW: Final = 1
MOST_TRIES: Final = 20_000
"""Lives tried for one patient before the parameters are declared impossible."""
BLOCK: Final = 4096
"""Patients simulated together: small enough for the cache, fixed so that threads change nothing."""

SALT_SEX = subject_salt("sex", "")
SALT_AGE_GROUP = subject_salt("age group", "")
SALT_AGE = subject_salt("age", "")
SALT_BIOTYPE = subject_salt("biotype", "")
SALT_FLAG = subject_salt("flag", "")
SALT_FAILURES = subject_salt("failures before entry", "")
SALT_PAST = subject_salt("past episodes", "")
SALT_TRY = subject_salt("try at a life", "")
SALT_TRAIT = subject_salt("treatability", "")
SALT_ELAPSED = subject_salt("time since onset", "")
SALT_PHASE = subject_salt("phase of the month", "")
SALT_IN_CARE = subject_salt("in care at entry", "")
SALT_ENTRY = subject_salt("day of entry", "")
SALT_SITE = subject_salt("site", "")
SALT_LEFT = subject_salt("left care before entry", "")

_N_FLAGS = len(FLAGS)


@rule
def _pick(shares: Any, count: Any, u: Any) -> Any:
    """Return the position in which a uniform falls among shares that add to one."""
    total = 0.0
    for n in range(count - 1):
        total += shares[n]
        if u < total:
            return n
    return count - 1


@rule
def _poisson(mean: Any, u: Any) -> Any:
    """Return the Poisson quantile of a uniform, at most 20."""
    term = math.exp(-mean)
    total = term
    n = 0
    while u > total and n < 20:
        n += 1
        term *= mean / n
        total += term
    return n


@rule
def _who(p: Any, q: Any, key: Any) -> None:
    """Draw what has a published share: sex, age, biotype, flags, past episodes."""
    p.sex = 0 if uniform(key, SALT_SEX, 0) < q.female_share else 1
    group = _pick(q.age_group_share, q.age_groups, uniform(key, SALT_AGE_GROUP, 0))
    low, high = q.age_group_low[group], q.age_group_high[group]
    p.age = low + (high - low) * uniform(key, SALT_AGE, 0)
    p.biotype = _pick(q.biotype_share, q.biotypes, uniform(key, SALT_BIOTYPE, 0))
    flags = 0
    for n in range(_N_FLAGS):
        if uniform(key, SALT_FLAG, n) < q.flag_share[n]:
            flags |= 1 << n
    p.conditions = flags
    p.past_episodes = _poisson(q.past_episodes_mean, uniform(key, SALT_PAST, 0))
    p.phase = q.knot_days * uniform(key, SALT_PHASE, 0)


@rule
def _onset(p: Any, q: Any, t: Any) -> None:
    """Draw the hidden side of a first episode that begins on day t."""
    p.trait = normal(p.key, SALT_TRAIT, 0)
    p.worst = draw_worst(p, q, 0)
    p.episode = 0
    p.swing = draw_onset_swing(p, q, q.contact_level[q.contact_none], 0)
    p.grid = next_grid_point(p, q, t)
    p.grid += -p.grid & 3


@rule
def _stay_ill(p: Any, q: Any, until: Any) -> Any:
    """Walk the knots of an untreated episode up to a day; False if the patient remits on the way.

    Out of care depth alone decides: it is compared, and no score is looked up.
    """
    bound = depth_for_fall(math.log(p.worst / q.remission_severity), q.softness)
    bound -= q.depth_mean + q.depth_persistent * p.trait
    while p.phase + p.grid * q.grid_days <= until:
        pass_knot(p, q, p.grid >> 2)
        p.grid += 4
        if q.depth_moving * p.swing >= bound:
            return False
    return True


@rule
def _begin_episode(p: Any, o: Any, q: Any, t: Any) -> None:
    """Put a first episode that began on day t out of care, with every clock at rest."""
    p.entry = t
    p.spell = 0
    p.contact = 0.0
    p.contact_from = 0.0
    p.contact_since = t
    p.contact_target = q.contact_none
    p.gain = 0.0
    p.treatment = -1
    p.worked = -1
    p.keeper = -1
    p.previous = -1
    p.outcome = c.OUTCOME_NONE
    p.care = c.CARE_OUT
    p.ask_mode = c.ASK_FIRST
    p.failures = 0
    p.line = 1
    p.step = 1
    p.courses = 0
    p.tried = 0
    p.again = 0
    p.used = 0
    p.sessions = 0
    p.visit = 0
    p.setting = c.OUTPATIENT
    p.want = -1
    p.place = -1
    p.joins = 0
    p.skip = 0
    p.renege = math.inf
    p.freed = math.inf
    p.state = c.UNTREATED
    p.band = 2
    p.moving = 0
    p.well_since = math.inf
    p.kept_until = -math.inf
    p.due = math.inf
    p.crisis_end = math.inf
    p.ward = 0.0
    p.crisis = math.inf
    p.ask = math.inf
    p.relapse = math.inf
    p.death = math.inf
    p.excess = math.inf
    p.crises = 0
    p.asked = 0
    p.started = t
    p.reference = 60.0
    p.reference = severity_now(p, q, t)
    o.state_flow_since = t
    o.care_flow_since = t
    o.utility_since = t
    o.utility_gap = 0.0
    o.utility_lag = 1.0


@rule
def _walk(p: Any, q: Any, until: Any) -> Any:
    """Walk the grid points up to a day; False if the patient remits on the way."""
    while True:
        t = p.phase + p.grid * q.grid_days
        if t > until:
            return True
        if step_grid(p, q, t)[0] <= q.remission_severity:
            return False


@rule
def _fail_history_course(p: Any, o: Any, q: Any, tally: Any, t: Any, treatment: Any) -> Any:
    """Live an adequate course from day t to its judgement; True if it failed."""
    begin_course(p, o, q, tally, t, treatment)
    end = t + q.assess_days[treatment]
    if p.state >= c.REMITTED or not _walk(p, q, end):
        return False
    look(p, o, q, tally, end)
    if p.state >= c.REMITTED or p.state == c.RESPONDING:
        return False
    end_course(p, o, q, tally, c.OUTCOME_FAILED, c.OUTCOME_FAILED)
    p.gain = 0.0
    p.failures += 1
    p.line += 1
    p.care = c.CARE_WAIT
    set_contact(p, q, q.contact_usual, end)
    look(p, o, q, tally, end)
    return True


@rule
def _live_until_entry(p: Any, o: Any, q: Any, tally: Any, elapsed: Any, wanted: Any) -> Any:
    """Live an episode of `elapsed` days with `wanted` failures; True if still depressed."""
    lived = 0.0
    for n in range(wanted):
        lived += q.assess_days[q.history_course[n]] + q.switch_gap
    if elapsed < lived:
        return False
    t = -lived
    _onset(p, q, -elapsed)
    if not _stay_ill(p, q, t):
        return False
    _begin_episode(p, o, q, -elapsed)
    for n in range(wanted):
        treatment = q.history_course[n]
        if not _fail_history_course(p, o, q, tally, t, treatment):
            return False
        t += q.assess_days[treatment] + q.switch_gap
        if not _walk(p, q, t):
            return False
    return severity_now(p, q, 0.0) > q.onset_severity


@rule
def _place_in_care(p: Any, q: Any, key: Any) -> None:
    """Decide whether the patient is in care at entry: a decision is due, or not yet asked."""
    if p.failures > 0:
        left = uniform(key, SALT_LEFT, 0) < q.leave_probability[min(p.failures, 3)]
        p.ask_mode = c.ASK_LEFT
    else:
        left = uniform(key, SALT_IN_CARE, 0) >= q.in_care_share
    if left:
        p.care = c.CARE_OUT
        p.due = math.inf
        set_contact(p, q, q.contact_none, p.entry)
    else:
        p.care = c.CARE_WAIT
        p.due = p.entry


@rule
def _make_stock(p: Any, o: Any, q: Any, tally: Any, key: Any, wanted: Any, most: Any) -> Any:
    """Try lives until one is still depressed with the wanted history; return the tries, 0 if none.

    A negative `wanted` draws the number of failures from the published shares.
    """
    if wanted < 0:
        wanted = _pick(q.failure_share, 4, uniform(key, SALT_FAILURES, 0))
    for n in range(most):
        p.key = draw_bits(key, SALT_TRY, n)
        elapsed = q.stock_days * uniform(p.key, SALT_ELAPSED, 0)
        if _live_until_entry(p, o, q, tally, elapsed, wanted):
            p.entry = 0.0
            p.failures_before = p.failures
            p.courses = 0
            p.death = math.inf
            return n + 1
    return 0


def default_threads() -> int:
    """Return how many threads to use: the processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


@entry_point
def synthesise_block(
    persons: Any, account: Any, tally: Any, q: Any, keys: Any, first: Any,
    stock: Any, present: Any, wanted: Any, most: Any, catchments: Any,
) -> Any:  # fmt: skip
    """Fill a block of patient records; return the number for whom no life was found.

    Patients with numbers under `stock` come from the prevalent stock; the others are new episodes,
    at day 0 if their number is under `present`, else with entries spread over the horizon.
    """
    missing = 0
    o = account[0]
    for n in range(len(persons)):
        p = persons[n]
        number = first + n
        p.id = number
        p.site = _pick(catchments, len(catchments), uniform(keys[n], SALT_SITE, 0))
        _who(p, q, keys[n])
        if number < stock:
            if _make_stock(p, o, q, tally[0], keys[n], wanted, most) == 0:
                missing += 1
            _place_in_care(p, q, keys[n])
        else:
            p.key = keys[n]
            day = 0.0 if number < present else q.horizon * uniform(p.key, SALT_ENTRY, 0)
            _onset(p, q, day)
            _begin_episode(p, o, q, day)
            p.failures_before = 0
    return missing


def synthesise(
    parameters: Parameters,
    size: int,
    seed: int,
    *,
    intake: str = "prevalent",
    new_patients: int = 0,
    failures: int = -1,
    first: int = 0,
    threads: int | None = None,
    catchments: Sequence[float] = (1.0,),
) -> NDArray[Any]:
    """Return patient records at entry.

    Args:
        parameters: compiled parameters.
        size: patients of the stock (`prevalent`, `open`) or new episodes at day 0 (`incident`).
        seed: seed of patient luck.
        intake: prevalent, incident or open.
        new_patients: with `incident` and `open`, further new episodes spread over the horizon.
        failures: exact number of adequate failures of every stock patient; -1 by published shares.
        first: number of the first patient; a patient depends on seed and number alone.
        threads: how many; all processors when None.
        catchments: shares of the patients by site.

    Raises:
        RunError: no life fits the wanted history under these parameters.
    """
    stock = first if intake == "incident" else first + size
    total = size + (new_patients if intake != "prevalent" else 0)
    persons = np.zeros(total, dtype=PATIENT)
    keys = patient_keys(seed, first, total)
    shares = np.asarray(catchments, dtype=np.float64)

    def block(start: int) -> int:
        end = min(start + BLOCK, total)
        account, tally = np.zeros(1, dtype=ACCOUNT), new_tally()
        return int(
            synthesise_block(
                persons[start:end], account, tally, parameters.record[0], keys[start:end],
                first + start, stock, first + size, failures, MOST_TRIES, shares,
            )
        )  # fmt: skip

    with ThreadPoolExecutor(threads or default_threads()) as pool:
        missing = sum(pool.map(block, range(0, total, BLOCK)))
    if missing:
        raise RunError(
            f"no life with the wanted history was found for {missing} of {total} patients in "
            f"{MOST_TRIES} tries each: do the parameters leave anybody depressed?"
        )
    return persons
