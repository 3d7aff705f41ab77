"""The generated parts of `docs/validation.md`, from tables that `popmodel validate` has saved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from popmodel import provenance
from popmodel.evidence.load import Evidence

FOLDER = Path(__file__).parent / "validation"
REASONS = "reasons.yaml"
CLOSE = 0.5
"""Correlation from which two numbers are listed as hard to tell apart."""
FAR = 2.0
"""Standard deviations beyond which a number foretold from other studies is listed."""
Z95 = 1.96
MOST_LOSSES = 8
"""Trials listed as those that cost the log score most."""
MEANS_WIDE = "inside its intervals, which are wider than the naive one's"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


@cache
def saved(name: str) -> pd.DataFrame:
    """Return a saved table; empty texts are empty."""
    found = pd.read_csv(FOLDER / f"{name}.csv")
    texts = found.select_dtypes(exclude="number").columns
    return found.assign(**{column: found[column].fillna("") for column in texts})


@cache
def manifest() -> dict[str, Any]:
    """Return how the tables were made."""
    found: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return found


@cache
def reasons() -> dict[str, dict[str, str]]:
    """Return the hand-written reasons for misses, by trial and term (`*`: all its terms)."""
    found: dict[str, dict[str, str]] = YAML(typ="safe").load(
        (FOLDER / REASONS).read_text(encoding="utf-8")
    )
    return found


def reason(trial: str, term: str) -> str:
    """Return why a number is missed; empty if nobody has said."""
    said = reasons().get(trial, {})
    return " ".join(said.get(term, said.get("*", "")).split())


def misses() -> pd.DataFrame:
    """Return every number outside its interval, under every structure."""
    rows = saved("predictions")
    return rows[rows["outside"].astype(bool) & rows["z"].notna()]


def main_rows() -> pd.DataFrame:
    """Return the predictions of the main structure."""
    rows = saved("predictions")
    return rows[rows["structure"] == manifest()["structures"][0]]


def parts(evidence: Evidence) -> dict[str, str]:
    """Return every generated part by name."""
    return {
        "validation_made": made(evidence),
        "validation_scores": scores(),
        "validation_loss": loss(),
        "validation_misses": missed(),
        "validation_test": numbers("test"),
        "validation_fit": numbers("fit"),
        "validation_not_emulated": not_emulated(),
        "validation_structures": structures(),
        "validation_told": told(),
        "validation_correlations": close_pairs(),
        "validation_separation": separation(),
        "validation_left_out": left_out(),
    }


def made(evidence: Evidence) -> str:
    """Return with what the tables were made, and whether cards have changed since."""
    noted = manifest()
    changed = [
        f"`{name}`"
        for name, digest in noted["cards"].items()
        if name.split("/", 1)[1] not in evidence.cards(name.split("/")[0])
        or provenance.file_hash(evidence.file_of(*name.split("/", 1))) != digest
    ]
    new = [f"`trials/{name}`" for name in evidence.trials if f"trials/{name}" not in noted["cards"]]
    stale = changed + new
    state = (
        f"**These figures are stale;** cards that changed since: {len(stale)} "
        f"({', '.join(stale[:5])}{', …' if len(stale) > 5 else ''})."
        if stale
        else "No trial card and no calibrated card has changed since."
    )
    return (
        f"Main structure `{noted['structures'][0]}`; {noted['recruits']} stock patients for each "
        f"trial to recruit from, seed {noted['seed']}. {state}\n"
    )


def scores() -> str:
    """Return coverage, calibration, and log score beside the naive model."""
    rows = saved("scores")
    rows = rows[rows["structure"] == manifest()["structures"][0]].set_index("use")
    test, fit = rows.loc["test"], rows.loc["fit"]

    def line(name: str, form: Any) -> tuple[str, str, str]:
        return name, form(test), form(fit)

    def band(row: Any, name: str) -> str:
        half = Z95 * row[f"{name}_se"]
        return f"{row[name]:.2f} ({row[name] - half:.2f} to {row[name] + half:.2f})"

    better = test["log_score_shares"] > test["naive_log_score"]
    verdict = (
        "On the numbers held back the model foretells shares **better** than the naive model."
        if better
        else "On the numbers held back the model foretells shares **worse** than the naive model: "
        "the misses below cost more than its narrower intervals gain."
    )
    body = [
        line("numbers emulated", lambda r: f"{r['numbers']:g}"),
        line("outside their 95 % interval", lambda r: f"{r['outside']:g}"),
        line("coverage", lambda r: f"{1.0 - r['outside'] / r['numbers']:.0%}"),
        line("shares among them", lambda r: f"{r['shares']:g}"),
        line("calibration slope (1 is right)", lambda r: band(r, "slope")),
        line("calibration intercept (0 is right)", lambda r: band(r, "intercept")),
        line("mean log score of shares", lambda r: f"{r['log_score_shares']:.2f}"),
        line("the same, naive model", lambda r: f"{r['naive_log_score']:.2f}"),
        line("mean width of intervals", lambda r: f"{r['width']:.2f}"),
        line("the same, naive model", lambda r: f"{r['naive_width']:.2f}"),
    ]
    return table(("", "held back", "fitted"), body) + "\n" + verdict + "\n"


def loss() -> str:
    """Return the trials held back on which the naive model did better, the worst first."""
    rows = main_rows()
    rows = rows[(rows["use"] == "test") & rows["naive_log_score"].notna() & rows["z"].notna()]
    gain = rows.assign(gain=rows["log_score"] - rows["naive_log_score"])
    each = gain.groupby("trial").agg(
        numbers=("gain", "size"), gain=("gain", "sum"),
        own=("log_score", "sum"), naive=("naive_log_score", "sum"),
    )  # fmt: skip
    worst = each.sort_values("gain").head(MOST_LOSSES)
    rest = each.drop(worst.index)
    body = [
        (
            f"`{trial}`", int(r.numbers), f"{r.own:.1f}", f"{r.naive:.1f}", f"{r.gain:+.1f}",
            reason(str(trial), "") or MEANS_WIDE,
        )
        for trial, r in worst.iterrows()
    ]  # fmt: skip
    head = ("trial", "shares", "log score", "naive", "difference", "why")
    better = int((rest["gain"] > 0.0).sum())
    return table(head, body) + (
        f"\nAll {len(each)} trials with shares together: {each['gain'].sum():+.1f}; these "
        f"{len(worst)}: {worst['gain'].sum():+.1f}; the other {len(rest)}: "
        f"{rest['gain'].sum():+.1f} ({better} of them foretold better than by the naive model).\n"
    )


def numbers(use: str) -> str:
    """Return every emulated number of a use."""
    rows = main_rows()
    rows = rows[(rows["use"] == use) & rows["z"].notna()]
    body = [
        (
            f"`{r.trial}`", r.term, f"{r.observed:.3f}", f"{r.predicted:.3f}",
            f"{r.low:.3f} to {r.high:.3f}", f"{r.z:+.2f}", "**outside**" if r.outside else "",
            r.note,
        )
        for r in rows.itertuples()
    ]  # fmt: skip
    head = ("trial", "number", "published", "foretold", "95 % prediction interval", "z", "", "note")
    return table(head, body)


def missed() -> str:
    """Return every miss of the main structure with its reason, and those of others in a line."""
    rows = misses()
    own = rows[rows["structure"] == manifest()["structures"][0]]
    body = [
        (
            f"`{r.trial}`", r.term, r.use, f"{r.observed:.2f}", f"{r.predicted:.2f}", f"{r.z:+.1f}",
            reason(r.trial, r.term) or "**no reason given**",
        )
        for r in own.itertuples()
    ]  # fmt: skip
    mine = set(zip(own["trial"], own["term"], strict=True))
    other: dict[tuple[str, str], int] = {}
    for r in rows.itertuples():
        if (r.trial, r.term) not in mine:
            other[r.trial, r.term] = other.get((r.trial, r.term), 0) + 1
    text = table(("trial", "number", "use", "published", "foretold", "z", "reason"), body)
    if other:
        lines = [
            (f"`{trial}`", term, count, reason(trial, term) or "**no reason given**")
            for (trial, term), count in sorted(other.items())
        ]
        text += "\nOutside under other structures only:\n\n"
        text += table(("trial", "number", "structures", "reason"), lines)
    return text


def not_emulated() -> str:
    """Return numbers on cards that the model cannot foretell yet, and why."""
    rows = main_rows()
    rows = rows[rows["z"].isna()]
    if rows.empty:
        return "Every published number on the cards is emulated.\n"
    return table(
        ("trial", "number", "why"), ((f"`{r.trial}`", r.term, r.note) for r in rows.itertuples())
    )


def structures() -> str:
    """Return the structures side by side."""
    body = [
        (
            f"`{r.structure}`", "yes" if r.calibrated else "**no**",
            f"{r.fit_outside} of {r.fit_numbers}", f"{r.test_outside} of {r.test_numbers}",
            f"{r.log_score:.2f}", f"{r.difference:+.2f}",
            f"{r.weight:.2f}" if r.weight == r.weight else "none",
        )
        for r in saved("structures").itertuples()
    ]  # fmt: skip
    head = ("structure", "calibrated", "fitted: outside", "held back: outside",
            "held-out log score", "from the best", "weight")  # fmt: skip
    return table(head, body)


def told() -> str:
    """Return prior and posterior of every fitted number."""
    body = [
        (
            f"`{r.path}`", f"{r.prior_low:.2f} to {r.prior_high:.2f}", f"{r.value:.2f}",
            f"{r.low:.2f} to {r.high:.2f}", f"{r.prior_sd:.2f}", f"{r.posterior_sd:.2f}",
            f"{r.told:.0%}", f"`{r.partner}` {r.correlation:+.2f}",
        )
        for r in saved("numbers_told").itertuples()
    ]  # fmt: skip
    head = ("number", "prior 95 %", "fitted", "posterior 95 %", "prior sd", "posterior sd",
            "told by trials", "moves most closely with")  # fmt: skip
    return table(head, body)


def close_pairs() -> str:
    """Return the pairs of numbers whose sum or difference is known better than either."""
    matrix = saved("correlations").set_index("path")
    names = list(matrix.columns)
    pairs = [
        (float(matrix.loc[a, b]), a, b)
        for n, a in enumerate(names)
        for b in names[n + 1 :]
        if abs(matrix.loc[a, b]) >= CLOSE
    ]
    pairs.sort(key=lambda one: -abs(one[0]))
    return table(
        ("number", "and", "correlation"), ((f"`{a}`", f"`{b}`", f"{r:+.2f}") for r, a, b in pairs)
    )


def separation() -> str:
    """Return what falling later steps cannot tell apart."""
    names = {"sequences": "STAR*D alone", "all": "all fitted trials"}
    body = [
        (
            names[r.trials], f"`{r.number}`", f"`{r.rival}`", f"{r.sd_alone:.3f}", f"{r.sd:.3f}",
            f"{r.sd_prior:.3f}" if r.sd_prior != float("inf") else "none",
            f"{max(r.told, 0.0):.0%}" if r.told == r.told else "",
            f"{r.correlation:+.2f}",
        )
        for r in saved("separation").itertuples()
    ]  # fmt: skip
    head = ("trials", "number", "rival", "se if all else were known", "se", "prior sd",
            "told by trials", "correlation")  # fmt: skip
    return table(head, body)


def left_out() -> str:
    """Return how well studies are foretold from the others."""
    rows = saved("left_out")
    far = rows[rows["z_foretold"].abs() > FAR]
    inside = int((rows["z_foretold"].abs() < Z95).sum())
    text = (
        f"Of {len(rows)} fitted terms, {inside} ({inside / len(rows):.0%}) lie within 1.96 "
        f"standard deviations when their study is left out. Beyond {FAR:g}:\n\n"
    )
    body = [
        (
            f"`{r.trial}`", r.term, f"{r.observed:.2f}", f"{r.fitted:.2f}", f"{r.foretold:.2f}",
            f"{r.z:+.1f}", f"{r.z_foretold:+.1f}", f"`{r.moved}` {r.by:+.1f} se",
        )
        for r in far.itertuples()
    ]  # fmt: skip
    head = ("trial", "term", "published", "fitted", "foretold", "z fitted", "z foretold",
            "what leaving out moves most")  # fmt: skip
    return text + table(head, body)
