"""Probabilistic analysis: draws of every number in doubt, and what each does to every strategy.

Sample k has the same quantiles under every structure, and every sample is lived by the same
patients. So samples and strategies are compared in pairs, and luck is known from patient blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from popmodel.economics.checks import each_structure
from popmodel.errors import InputError
from popmodel.scenario.refusals import require_simulable
from popmodel.scenario.schema import Scenario
from popmodel.uncertainty.draws import parameter_draws, sample_uniforms
from popmodel.uncertainty.factors import Factor, default_factors
from popmodel.uncertainty.model import BLOCK, IN_REMISSION, SUBGROUP, WEEK, ModelJob
from popmodel.uncertainty.reading import live_paths, scenario_beliefs

STRUCTURE: Final = "structure"
SAMPLE: Final = "sample"
FEWEST_SAMPLES: Final = 2
KEPT: Final = (
    "qaly", "daly", "life_years", "remission_weeks", "remission_12m", "ever_remission", "courses",
    "crises", "deaths", "cost_health_care", "cost_societal",
)  # fmt: skip
"""Outcomes of a draw beside `cost`, which is that of the scenario's perspective."""
FAN: Final = {"low": 0.025, "lower": 0.25, "upper": 0.75, "high": 0.975}
"""Quantiles over draws."""
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Analysis:
    """The runs of a probabilistic analysis.

    Attributes:
        design: `run, structure, luck, <path>…`; one row a structure and sample.
        factors: the numbers drawn, gathered by subject.
        samples: draws a structure.
        job: what a run is.
        about: how the design was made, as JSON can hold it.
    """

    design: pd.DataFrame
    factors: tuple[Factor, ...]
    samples: int
    job: ModelJob
    about: Mapping[str, Any]


def lay_out_psa(scenario: Scenario, samples: int, seed: int) -> Analysis:
    """Return the runs of a probabilistic analysis of a scenario.

    Args:
        scenario: what is asked.
        samples: draws a structure.
        seed: of the draws, apart from patient luck; further samples change no earlier one.

    Raises:
        InputError: too few samples, or something that cannot be simulated.
    """
    require_simulable(scenario)
    if samples < FEWEST_SAMPLES:
        raise InputError(f"--samples {samples}: at least {FEWEST_SAMPLES} are needed")
    beliefs = scenario_beliefs(scenario, {})
    live = live_paths(scenario)
    factors = default_factors(beliefs, live)
    paths = [path for factor in factors for path in factor.paths]
    uniforms = sample_uniforms(seed, 0, samples)
    parts = []
    for choice, belief in zip(scenario.structures(), beliefs, strict=True):
        base, drawn = belief.base(), parameter_draws(belief.evidence, belief.structure, uniforms)
        values = {path: np.broadcast_to(drawn.get(path, base[path]), samples) for path in paths}
        parts.append(pd.DataFrame({STRUCTURE: choice.name, "luck": 0, **values}))
    design = pd.concat(parts, ignore_index=True)
    design.insert(0, "run", np.arange(len(design)))
    about = {
        "method": "psa", "samples": samples, "seed": seed,
        "factors": {factor.name: list(factor.paths) for factor in factors},
    }  # fmt: skip
    return Analysis(design, factors, samples, ModelJob(scenario, subgroups=True), about)


def psa_tables(analysis: Analysis, rows: pd.DataFrame) -> Tables:
    """Return the draws as the decision layer reads them, by file name without ending.

    Args:
        analysis: what was run.
        rows: what its runs left: `run, structure, strategy, dimension, group, patients, …`.

    Returns:
        `psa` (`structure, sample, strategy, cost, qaly, …`), `psa_blocks` (with `block`),
        `psa_subgroups` (`biotype, severity_band, patients, …`), `psa_weeks` (`strategy, week`, and
        of the share in remission over draws `mean, low, lower, upper, high`) and `psa_parameters`
        (`structure, sample, <path>…`); without `structure` when there is one.
    """
    scenario, several = analysis.job.scenario, analysis.design[STRUCTURE].nunique() > 1
    table = rows.assign(
        sample=rows["run"] % analysis.samples, cost=rows[f"cost_{scenario.perspective}"]
    )
    keys = [*([STRUCTURE] if several else []), SAMPLE, "strategy"]
    values = ["cost", *(name for name in KEPT if table[name].notna().any())]
    table = table.drop(columns=["run"])
    blocks = table[table["dimension"] == BLOCK]
    groups = table[table["dimension"] == SUBGROUP]
    named = groups["group"].str.split("|", expand=True)
    groups = groups.assign(biotype=named[0], severity_band=named[1])
    parameters = analysis.design.drop(columns=["run", "luck"])
    parameters.insert(0, SAMPLE, analysis.design["run"] % analysis.samples)
    if not several:
        parameters = parameters.drop(columns=STRUCTURE)
    return {
        "psa": _means(blocks, keys, values),
        "psa_blocks": blocks.rename(columns={"group": BLOCK})[[*keys, BLOCK, "patients", *values]],
        "psa_subgroups": groups[[*keys, "biotype", "severity_band", "patients", *values]],
        "psa_weeks": _fan(table[table["dimension"] == WEEK], [k for k in keys if k != SAMPLE]),
        "psa_parameters": parameters,
    }


def _fan(weeks: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return mean and quantiles over draws of the share in remission, week by week."""
    by = weeks.assign(week=weeks["group"].astype(int)).groupby([*keys, "week"], sort=False)
    share = by[IN_REMISSION]
    found = {name: share.quantile(level) for name, level in FAN.items()}
    return pd.DataFrame({"mean": share.mean(), **found}).reset_index()


def _means(blocks: pd.DataFrame, keys: list[str], values: list[str]) -> pd.DataFrame:
    """Return means over blocks, weighted by their patients."""
    weight = blocks["patients"].to_numpy(dtype=float)
    sums = blocks[keys].assign(weight=weight)
    for name in values:
        sums[name] = blocks[name].to_numpy() * weight
    total = sums.groupby(keys, sort=False)[["weight", *values]].sum()
    return total[values].div(total["weight"], axis=0).reset_index()


# ------------------------------------------------------------------ doubt and luck


def variance_split(
    blocks: pd.DataFrame, comparator: str, wtp: float, wanted_se: float | None = None
) -> pd.DataFrame:
    """Return how much of the spread of incremental net benefit is doubt and how much is luck.

    Two ways crossed, samples by blocks, both random (Searle, Casella & McCulloch, Variance
    Components, 1992, chapter 4): the variance of samples is doubt about parameters; that of blocks
    is luck which all samples share, because the same patients live them all; what is left is luck
    that differs by sample. The first shrinks with samples, the second with patients, the third with
    both.

    Args:
        blocks: `sample, strategy, block, patients, cost, qaly`; `structure`: each apart.
        comparator: what the others are compared with.
        wtp: money per QALY.
        wanted_se: standard error of the mean that is wanted, money; half of each strategy's
            standard error by default.

    Returns:
        Columns `structure` (if given), `strategy, wtp, inc_nmb, inc_nmb_se, sd_parameters,
        sd_shared_luck, sd_luck, share_luck` (of the variance between draws), `samples, patients,
        wanted_se, samples_needed, patients_needed`.
    """

    def one(part: pd.DataFrame) -> pd.DataFrame:
        value = part.assign(nmb=wtp * part["qaly"] - part["cost"])
        own = value[value["strategy"] == comparator]
        size = int(own.groupby(SAMPLE)["patients"].sum().iloc[0])
        wide = value.pivot(index=SAMPLE, columns=["strategy", BLOCK], values="nmb")
        return pd.DataFrame(
            {
                "strategy": strategy, "wtp": wtp,
                **_split((wide[strategy] - wide[comparator]).to_numpy(), size, wanted_se),
            }
            for strategy in dict.fromkeys(value["strategy"])
            if strategy != comparator
        )  # fmt: skip

    return each_structure(blocks, one)


def _split(gain: Any, patients: int, wanted: float | None) -> dict[str, float]:
    """Return the parts of the variance of gains, shape (samples, blocks)."""
    samples, blocks = gain.shape
    mean = float(gain.mean())
    by_sample, by_block = gain.mean(axis=1), gain.mean(axis=0)
    rest = gain - by_sample[:, None] - by_block[None, :] + mean
    luck = float((rest**2).sum() / ((samples - 1) * (blocks - 1)))
    doubt = max(0.0, float(by_sample.var(ddof=1)) - luck / blocks)
    shared = max(0.0, float(by_block.var(ddof=1)) - luck / samples)
    error = (doubt / samples + shared / blocks + luck / (samples * blocks)) ** 0.5
    aim = 0.5 * error if wanted is None else wanted
    between = doubt + luck / blocks
    per_patient = shared / blocks * patients
    return {
        "inc_nmb": mean, "inc_nmb_se": error, "sd_parameters": doubt**0.5,
        "sd_shared_luck": (shared / blocks) ** 0.5, "sd_luck": (luck / blocks) ** 0.5,
        "share_luck": luck / blocks / between if between > 0.0 else 0.0,
        "samples": samples, "patients": patients, "wanted_se": aim,
        "samples_needed": float(np.ceil(2.0 * between / aim**2)) if aim > 0.0 else np.inf,
        "patients_needed": float(np.ceil(2.0 * per_patient / aim**2)) if aim > 0.0 else np.inf,
    }  # fmt: skip
