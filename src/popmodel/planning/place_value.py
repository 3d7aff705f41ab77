"""What one more place is worth: net benefit of a place-year, by service and by year of opening."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import pandas as pd

from popmodel.pipeline.places import discounted_days, prices_of_places, services_here
from popmodel.planning.paired import paired
from popmodel.planning.systems import Found, World, limited_here, run_with
from popmodel.scenario.place_change import AS_SAID, PlaceChange
from popmodel.scenario.schema import Scenario
from popmodel.units import DAYS_PER_YEAR

MORE: Final = "one_more"
FEWER: Final = "one_fewer"
LATER: Final = "one_more_from_year"
PAYS: Final = "pays"
NOT: Final = "does_not_pay"
UNCLEAR: Final = "unclear"
"""The 95 % interval of the net benefit holds 0."""


def place_changes(
    scenario: Scenario, strategy: str, horizon_days: float
) -> Iterator[tuple[str, int, PlaceChange]]:
    """Yield the kind, the first year and the change of every run that values a place."""
    years = math.ceil(horizon_days / DAYS_PER_YEAR)
    for service, site in limited_here(scenario, strategy):
        yield FEWER, 1, PlaceChange(service, site, more=-1)
        yield MORE, 1, PlaceChange(service, site, more=1)
        for year in range(2, years + 1):
            day = (year - 1) * DAYS_PER_YEAR
            yield LATER, year, PlaceChange(service, site, more=1, from_day=day)


def place_value(
    world: World, strategy: str, base: Found, done: Callable[[], None] = lambda: None
) -> pd.DataFrame:
    """Return place_value.csv of one strategy.

    The difference in net benefit of all patients, run against run, on the same replicates, by the
    discounted place-years that were added or taken away. What is gained after the horizon is not
    counted, so places that open late look worth less than they are.

    Args:
        world: of `world_of`.
        strategy: its name.
        base: its run with the places as they are.
        done: called after every run.
    """
    prices = prices_of_places(world.scenario, world.evidence, world.parameters)
    rows = []
    for kind, year, change in place_changes(world.scenario, strategy, world.horizon_days):
        added = _place_years(world, strategy, change) - _place_years(world, strategy, AS_SAID)
        if added != 0.0:
            found = run_with(world, strategy, change)
            price = prices.get(change.service, 0.0)
            rows += [
                {
                    "structure": world.structure, "strategy": strategy, "service": change.service,
                    "site": change.site or "all", "change": kind, "from_year": year, "wtp": wtp,
                    **_worth(wtp, base, found, added, price),
                }
                for wtp in sorted(world.scenario.willingness_to_pay)
            ]  # fmt: skip
        done()
    return pd.DataFrame(rows)


def _worth(wtp: float, base: Found, found: Found, added: float, price: float) -> dict[str, Any]:
    gained = (found.totals - base.totals) / added
    benefit = wtp * gained["qaly"] - gained["cost"]
    told = paired("nmb_per_place_year", benefit)
    low, high = told["nmb_per_place_year_low"], told["nmb_per_place_year_high"]
    return {
        "place_years": added,
        **paired("qaly_per_place_year", gained["qaly"]),
        **paired("suicides_per_place_year", gained["suicides"]),
        **paired("cost_per_place_year", gained["cost"]),
        **told,
        "price_of_place_year": price,
        "worth_before_price": told["nmb_per_place_year"] + price,
        "verdict": PAYS if low > 0.0 else NOT if high < 0.0 else UNCLEAR,
    }


def _place_years(world: World, strategy: str, change: PlaceChange) -> float:
    """Return the place-years of a service, discounted like costs; every site if none is named."""
    rate = float(world.parameters.record["discount_costs"][0])
    end, total = world.horizon_days, 0.0
    for site in dict.fromkeys(site for _, site in limited_here(world.scenario, strategy)):
        for one in services_here(world.scenario, world.evidence, strategy, site, change):
            if not one.is_limited:
                continue
            until = [*one.since_days[1:], end]
            for start, stop, places in zip(one.since_days, until, one.places, strict=True):
                if start < min(stop, end):
                    days = discounted_days(float(start), min(float(stop), end), rate)
                    total += max(int(places), 0) * days / DAYS_PER_YEAR
    return total


def stops_paying(value: pd.DataFrame) -> int | None:
    """Return the first year from which on one more place costs more than it is worth.

    By the estimate, not by its interval; None where it pays in the last year too.

    Args:
        value: rows of one strategy, service, site and amount per QALY.
    """
    opened = value[value["change"] != FEWER].sort_values("from_year")
    paying = opened.loc[opened["nmb_per_place_year"] > 0.0, "from_year"]
    last = int(paying.max()) if len(paying) else 0
    return None if last == int(opened["from_year"].max()) else last + 1
