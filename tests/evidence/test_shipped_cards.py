"""The cards that ship: complete, fast to load, and honest about what they rest on."""

import subprocess
import sys

import numpy as np
import pytest

from popmodel.evidence import load_evidence
from popmodel.evidence.listing import counts
from popmodel.evidence.load import SHIPPED
from popmodel.evidence.schema import FORMS

EVIDENCE = load_evidence()
UNCERTAIN = {path: one for path, one in EVIDENCE.quantities().items() if one.is_uncertain}


def test_there_are_cards_in_every_folder_but_the_calibrated():
    assert all(EVIDENCE.cards(group) for group in FORMS if group != "calibrated")


def test_every_card_file_is_read():
    files = {path for path in SHIPPED.rglob("*.yaml") if path.name != "sources.yaml"}
    assert files == {located.path for located in EVIDENCE.files.values()}


@pytest.mark.parametrize("path", UNCERTAIN)
def test_draws_of_a_number_are_finite_and_centred_on_its_value(path):
    quantity = UNCERTAIN[path]
    drawn = quantity.quantile(np.linspace(1e-9, 1 - 1e-9, 401))
    assert np.all(np.isfinite(drawn))
    assert np.all(np.diff(drawn) >= 0)
    assert drawn[0] < drawn[-1]
    assert quantity.sd > 0


def test_shares_add_up_to_one_in_every_draw():
    rng = np.random.default_rng(1)
    drawn = EVIDENCE.draws(lambda _: rng.random(50))
    for paths in EVIDENCE.groups().values():
        if all(EVIDENCE.quantity(path).distribution.kind == "dirichlet" for path in paths):
            np.testing.assert_allclose(sum(drawn[path] for path in paths), 1.0)


def test_every_number_rests_on_something():
    found = counts(EVIDENCE)
    told = found.seen + found.recalled + found.assumption + found.calibrated
    assert told == found.numbers > 500


def test_what_is_only_recalled_never_fits_a_trial():
    fitting = [trial for trial in EVIDENCE.trials.values() if trial.use == "fit"]
    assert fitting
    assert all(trial.seen is not False for trial in fitting)


@pytest.mark.slow
def test_loading_all_cards_takes_little_time():
    code = "import time; from popmodel.evidence import load_evidence; t = time.process_time(); "
    code += "load_evidence(); print(time.process_time() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(times) < 1.5
