"""How many places until a wait is short enough: whole numbers, on common random numbers.

Every number of places is tried on the same patients and the same luck. More places make waits
shorter, so the smallest number that is enough is bracketed by doubling and found by halving; its
interval are the numbers at which the lower and the upper 95 % limit of the wait begin to hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from popmodel.errors import InputError, Problem, did_you_mean
from popmodel.planning.systems import (
    World,
    limited_here,
    require_places,
    run_with,
    strategies_with_places,
)
from popmodel.scenario.place_change import PlaceChange
from popmodel.scenario.schema import Scenario
from popmodel.scenario.services import site_names
from popmodel.units import DAYS_PER_WEEK
from popmodel.vocabulary import WAIT_ENDS
from popmodel.waiting import wait_summary

DAYS: Final = ("wait_days_median", "wait_days_mean", "wait_days_p90")
MEASURES: Final = (*DAYS, "joined", *WAIT_ENDS)
MOST_PLACES: Final = 65_536
LEVEL: Final = 0.95
_PATH: Final = re.compile(
    r"(?:strategies\.(?P<strategy>[\w-]+)\.|sites\.(?P<site>[\w-]+)\.)?"
    r"services\.(?P<service>[\w-]+)\.places"
)
_CONDITION: Final = re.compile(
    r"\s*(?P<measure>\w+)\s*(?:\(\s*(?P<strategy>[\w-]+)\s*\))?\s*"
    r"(?P<operator><=|>=|<|>)\s*(?P<limit>\d+(?:\.\d+)?)\s*",
    re.ASCII,
)
FOUND: Final = "found"
ALWAYS: Final = "holds_everywhere"
NEVER: Final = "holds_nowhere"


@dataclass(frozen=True)
class PlacesQuestion:
    """How many places of a service until a condition on waits holds.

    Attributes:
        path: as it was written.
        condition: as it was written.
        service: card id.
        site: where; None: every site has that number.
        strategy: under which.
        measure: of `MEASURES`.
        operator: one of <= >= < >.
        limit: what it is compared with.
        low: fewest places to try.
        high: most places to try.
        after_days: those who joined earlier do not count.
    """

    path: str
    condition: str
    service: str
    site: str | None
    strategy: str
    measure: str
    operator: str
    limit: float
    low: int
    high: int
    after_days: float = 0.0

    def holds(self, value: float) -> bool:
        """Say whether a value of the measure fulfils the condition."""
        return {
            "<": value < self.limit, "<=": value <= self.limit,
            ">": value > self.limit, ">=": value >= self.limit,
        }[self.operator]  # fmt: skip


@dataclass(frozen=True)
class Enough:
    """The smallest number of places that is enough.

    Attributes:
        question: what was asked.
        places: the number; None if none tried is enough.
        low: of its 95 % Monte Carlo interval.
        high: of it; None if it lies above every number tried.
        status: `found`, `holds_everywhere` (fewer may be enough), `holds_nowhere`.
        tried: columns `places, value, value_se, value_low, value_high, holds, share_holding`;
            the last is the share of replicates in which the condition holds.
    """

    question: PlacesQuestion
    places: int | None
    low: int | None
    high: int | None
    status: str
    tried: pd.DataFrame = field(repr=False)


def asks_for_places(path: str) -> bool:
    """Say whether a path is a number of places."""
    return _PATH.fullmatch(path) is not None


def places_question(
    scenario: Scenario,
    path: str,
    until: str,
    between: tuple[float, float] | None = None,
    after_weeks: float = 0.0,
) -> PlacesQuestion:
    """Return a question about a number of places, checked before anything is run.

    Args:
        scenario: what is asked.
        path: `services.<id>.places`, after `strategies.<name>.` or `sites.<name>.` if of one only.
        until: such as `wait_days_median < 28`, or `wait_days_median(roll_out) < 28`.
        between: fewest and most places to try.
        after_weeks: count only those who joined from this week on.

    Raises:
        InputError: no such service, site, strategy or measure, no limited places, or no range.
    """
    require_places(scenario)
    said, asked = _PATH.fullmatch(path), _CONDITION.fullmatch(until)
    if said is None:
        raise _fault("--for", path, "is no number of places", "services.<id>.places")
    if asked is None or asked["measure"] not in MEASURES:
        word = asked["measure"] if asked else ""
        hint = (did_you_mean(word, MEASURES) if word else "") or "such as wait_days_median < 28"
        raise _fault("--until", until, f"is no condition on waits: one of {', '.join(MEASURES)}, "
                     "compared with a number", hint)  # fmt: skip
    service, site = said["service"], said["site"]
    if site is not None and site not in scenario.sites:
        raise _fault(
            "--for", path, f"there is no site '{site}'", did_you_mean(site, scenario.sites)
        )
    strategy = _strategy(scenario, service, said["strategy"], asked["strategy"])
    low, high = between or (1.0, float(MOST_PLACES))
    if low != int(low) or high != int(high) or low < 0:
        raise _fault("--between", f"{low:g}:{high:g}", "places are whole numbers", "1:40")
    return PlacesQuestion(
        path, until, service, site, strategy, asked["measure"], asked["operator"],
        float(asked["limit"]), int(low), int(high), after_weeks * DAYS_PER_WEEK,
    )  # fmt: skip


def _strategy(scenario: Scenario, service: str, first: str | None, second: str | None) -> str:
    able = [
        name
        for name in strategies_with_places(scenario)
        if service in {one for one, _ in limited_here(scenario, name)}
    ]
    if not able:
        known = sorted({s for n in scenario.strategies for s, _ in limited_here(scenario, n)})
        told = "has no number of places in this scenario"
        raise _fault("--for", service, told, did_you_mean(service, known))
    if first and second and first != second:
        raise _fault("--until", second, f"--for speaks of {first}", "name one strategy")
    named = first or second
    if named is None and len(able) > 1:
        hint = f"one of {', '.join(able)}, such as wait_days_median({able[0]}) < 28"
        raise _fault("--until", service, "is limited under several strategies: say which", hint)
    if named is not None and named not in able:
        told = f"has no number of places for {service}"
        raise _fault(
            "--until", named, told, did_you_mean(named, able) or f"one of {', '.join(able)}"
        )
    return named or able[0]


def _fault(option: str, what: str, told: str, hint: str = "") -> InputError:
    return InputError([Problem(option, 0, 0, what, told, hint)])


def enough_places(
    world: World, question: PlacesQuestion, done: Callable[[], None] = lambda: None
) -> Enough:
    """Return the smallest number of places at which a condition on waits holds.

    Args:
        world: of `systems.world_of`.
        question: of `places_question`.
        done: called after every run.
    """
    tried: dict[int, dict[str, Any]] = {}

    def look(places: int) -> dict[str, Any]:
        if places not in tried:
            tried[places] = _look(world, question, places)
            done()
        return tried[places]

    def first(column: str) -> int | None:
        return _first(lambda n: question.holds(look(n)[column]), question.low, question.high)

    better, worse = ("value_low", "value_high")
    if question.operator.startswith(">"):
        better, worse = worse, better
    found = first("value")
    if found is None:
        return Enough(question, None, None, None, NEVER, _table(tried))
    low, high = first(better), first(worse)
    status = ALWAYS if found == question.low else FOUND
    return Enough(question, found, low, high, status, _table(tried))


def _first(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """Return the smallest number at which something holds that goes on holding; None if none."""
    if holds(low):
        return low
    bad, good = low, min(max(2 * low, 1), high)
    while not holds(good):
        if good >= high:
            return None
        bad, good = good, min(2 * good, high)
    while good - bad > 1:
        middle = (bad + good) // 2
        bad, good = (bad, middle) if holds(middle) else (middle, good)
    return good


def _look(world: World, question: PlacesQuestion, places: int) -> dict[str, Any]:
    change = PlaceChange(question.service, question.site, number=places)
    found = run_with(world, question.strategy, change)
    number = sorted(world.evidence.services).index(question.service)
    waits = found.waits[(found.waits["booster"] == 0) & (found.waits["service"] == number)]
    waits = waits[waits["joined"] >= question.after_days]
    if question.site is not None:
        waits = waits[waits["site"] == site_names(world.scenario).index(question.site)]
    replicates = world.scenario.replicates
    each = np.array(
        [_value(waits[waits["replicate"] == r], 1, question) for r in range(replicates)]
    )
    value = _value(waits, replicates, question)
    with np.errstate(invalid="ignore"):
        se = float(np.std(each, ddof=1) / math.sqrt(replicates)) if np.isfinite(each).all() else 0.0
    reach = float(stats.t.ppf(0.5 + LEVEL / 2, replicates - 1)) * se
    if not np.isfinite(each).all():  # some never reach it before the end: no upper limit
        reach = math.inf if math.isfinite(value) else 0.0
    low = value - reach if math.isfinite(reach) else float(each.min())
    return {
        "places": places, "value": value, "value_se": se if np.isfinite(each).all() else math.nan,
        "value_low": low, "value_high": value + reach, "holds": question.holds(value),
        "share_holding": float(np.mean([question.holds(one) for one in each])),
    }  # fmt: skip


def _value(waits: Any, replicates: int, question: PlacesQuestion) -> float:
    """Return the measure; a wait that is unknown, because too few are served, is endless."""
    value = wait_summary(waits, replicates)[question.measure]
    if math.isnan(value):
        return math.inf if len(waits) else 0.0
    return value


def _table(tried: dict[int, dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([tried[n] for n in sorted(tried)])


def table_of(answers: Mapping[str, Enough]) -> pd.DataFrame:
    """Return places_tried.csv: every number tried, what was asked, and the answer, by structure."""
    parts = []
    for structure, answer in answers.items():
        asked = answer.question
        parts.append(
            answer.tried.assign(
                structure=structure, strategy=asked.strategy, service=asked.service,
                site=asked.site or "all", measure=asked.measure, operator=asked.operator,
                limit=asked.limit, answer=answer.places, answer_low=answer.low,
                answer_high=answer.high, status=answer.status,
            )
        )  # fmt: skip
    whole = pd.concat(parts, ignore_index=True)
    front = ["structure", "strategy", "service", "site"]
    return whole[[*front, *(name for name in whole.columns if name not in front)]]
