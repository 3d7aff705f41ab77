"""What every part of the record needs of the cards: positions, prices, forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popmodel.errors import Problems
from popmodel.evidence.load import Evidence


def cards_of(cards: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return cards of a folder with several forms; which form stands where, the loader has seen."""
    return cards


class Names:
    """Sorted ids: positions in the record's arrays."""

    def __init__(self, evidence: Evidence) -> None:
        self.treatments = tuple(sorted(evidence.treatments))
        self.contacts = tuple(sorted(evidence.contacts))
        self.biotypes = tuple(sorted(evidence.biotypes))
        self.mechanisms = tuple(cards_of(evidence.disease)["mechanisms"].order)


class Prices:
    """Brings money to the setting's price year by the setting's index."""

    def __init__(self, evidence: Evidence, country: Any) -> None:
        self.year = country.price_year
        prices = cards_of(evidence.economics).get(getattr(country, "prices", None) or "prices")
        self.index = dict(prices.index) if prices is not None else {}
        self.evidence = evidence

    def __call__(self, values: Mapping[str, float], path: str) -> float:
        """Return a cost at the setting's prices.

        Raises:
            InputError: the index has no entry for a price year.
        """
        year = self.evidence.quantity(path).price_year
        if year is None or year == self.year:
            return values[path]
        missing = [y for y in (year, self.year) if y not in self.index]
        if missing:
            problems = Problems()
            file, line, column = self.evidence.position(path)
            problems.add(
                file=file,
                line=line,
                column=column,
                where=path,
                message=f"price year {year} cannot be brought to {self.year}: "
                f"no price index for {missing[0]}",
                hint=f"years with an index: {sorted(self.index)}",
            )
            problems.raise_if_any()
        return float(values[path] * self.index[self.year] / self.index[year])
