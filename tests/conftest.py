"""What all tests share: the option of the golden files, and what is dear to make."""

from __future__ import annotations

import pytest

from popmodel.evidence.load import Evidence, load_evidence
from popmodel.parameters import Parameters, Structure, compile_parameters
from tests.worlds import YEAR


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them",
    )


@pytest.fixture(scope="session")
def shipped() -> Evidence:
    """All cards as shipped."""
    return load_evidence()


@pytest.fixture(scope="session")
def parameters(shipped: Evidence) -> Parameters:
    """Five years of the shipped cards under the evidence reading."""
    return compile_parameters(
        shipped,
        Structure(),
        setting="united_states",
        population="us_adults_mdd",
        horizon_days=5 * YEAR,
    )


@pytest.fixture(scope="session")
def new_q(parameters: Parameters):
    """Make a parameter record of one's own: change a field and nobody else sees it."""

    def make():
        return parameters.record.copy()[0]

    return make


@pytest.fixture
def q(new_q):
    return new_q()
