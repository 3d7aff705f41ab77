"""What every part of the record needs of the cards: positions, prices, forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popmodel.errors import InputError, Problem
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
        self.tests = tuple(sorted(evidence.tests))
        self.mechanisms = tuple(cards_of(evidence.disease)["mechanisms"].order)


class Prices:
    """Brings money to the setting's price year by an index: amount x index then / index before."""

    def __init__(self, evidence: Evidence, country: Any, prices: str) -> None:
        self.year = country.price_year
        self.currency = country.currency
        self.index = dict(cards_of(evidence.economics)[prices].index)
        self.evidence = evidence

    def __call__(self, values: Mapping[str, float], path: str) -> float:
        """Return a cost at the setting's prices.

        Raises:
            InputError: no price year, an index without it, or another currency.
        """
        quantity = self.evidence.quantity(path)
        year = quantity.price_year
        if not quantity.unit.startswith(self.currency):
            told = f"is in {quantity.unit}, and the setting's money is {self.currency}"
            raise self._refused(path, told, "write the amount in the setting's currency")
        if year is None:
            raise self._refused(path, "has no price year", "price_year: the year of its prices")
        if year == self.year:
            return values[path]
        missing = [y for y in (year, self.year) if y not in self.index]
        if missing:
            told = f"price year {year} cannot be brought to {self.year}: "
            known = f"years with an index: {sorted(self.index)}"
            raise self._refused(path, f"{told}no price index for {missing[0]}", known)
        return float(values[path] * self.index[self.year] / self.index[year])

    def _refused(self, path: str, told: str, hint: str) -> InputError:
        return InputError([Problem(*self.evidence.position(path), path, told, hint)])
