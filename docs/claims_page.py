"""The ledger of claims (`docs/claims.yaml`) as the generated parts of `docs/claims.md`.

`python docs/claims_page.py --measure` runs every command of the ledger and writes the differences
it asks for into `docs/claims_measured.csv`; the page shows each figure beside its command.
"""

from __future__ import annotations

import csv
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
LEDGER = HERE / "claims.yaml"
MEASURED = HERE / "claims_measured.csv"
GROUPS = {
    "claims_treatments": ("T", "treatments"),
    "claims_modifiers": ("M", "modifiers"),
    "claims_outcomes": ("O", "outcomes"),
    "claims_questions": ("Q", "open questions"),
}
VERDICTS = ("supports", "mixed", "against", "untested")
SHOWN = {"inc_remission_weeks": "remission weeks", "inc_cost": "USD"}
"""Columns of `versus_comparator.csv` that are measured, and how the page calls them."""
COLUMNS = ("run", "strategy", *(name + end for name in SHOWN for end in ("", "_se")))

Claim = Mapping[str, Any]
Figures = Mapping[tuple[str, str], Mapping[str, str]]


def ledger() -> dict[str, Any]:
    """Return the ledger: `runs` (commands by name) and `claims` (a list)."""
    return dict(YAML(typ="safe").load(LEDGER))


def figures() -> dict[tuple[str, str], dict[str, str]]:
    """Return what was measured, by run and strategy."""
    with MEASURED.open(encoding="utf-8", newline="") as file:
        return {(row["run"], row["strategy"]): row for row in csv.DictReader(file)}


def claims_parts() -> dict[str, str]:
    """Return the generated parts of the page by name."""
    told, found = ledger(), figures()
    claims: list[Claim] = told["claims"]
    parts = {
        name: "\n".join(section(one, found) for one in claims if one["id"].startswith(letter))
        for name, (letter, _) in GROUPS.items()
    }
    return {"claims_counts": counted(claims), "claims_runs": commands(told["runs"]), **parts}


def counted(claims: Sequence[Claim]) -> str:
    """Return how many claims of each group the evidence supports, as a table."""
    lines = ["| claims about | number | supports | mixed | against | untested | not in the model |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for letter, group in GROUPS.values():
        mine = [one for one in claims if one["id"].startswith(letter)]
        says = Counter(one["evidence"] for one in mine)
        lacking = sum("at" not in one for one in mine)
        cells = (group, len(mine), *(says[verdict] for verdict in VERDICTS), lacking)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def commands(runs: Mapping[str, str]) -> str:
    """Return the commands behind the figures, as a list."""
    return "".join(f"- **{name}**: `{command}`\n" for name, command in runs.items())


def section(claim: Claim, found: Figures) -> str:
    """Return one claim: what is said, where it is, what is known, what would change."""
    where = ", ".join(f"`{path}`" for path in claim.get("at", ()))
    source = {"both": "lecture and article"}.get(claim["seed"], claim["seed"])
    lines = [
        f"### {claim['id']}. {claim['title']}\n",
        f"- **Claim** ({source}): {claim['claim']}",
        f"- **In the model**: {claim['model']}" + (f" {where}." if where else ""),
    ]
    if "absent" in claim:
        lines.append(f"- **What is missing, and why**: {claim['absent']}")
    lines.append(f"- **Evidence: {claim['evidence']}.** {claim['says']}")
    lines.append(f"- **What would change**: {claim['policy']}")
    lines += [f"- **Measured**: {figure(one, found)}" for one in claim.get("measured", ())]
    return "\n".join(lines) + "\n"


def figure(asked: Mapping[str, str], found: Figures) -> str:
    """Return one measured difference with its Monte Carlo error, and the run it is from."""
    row = found.get((asked["run"], asked["strategy"]))
    if row is None:
        raise SystemExit(f"{MEASURED.name} lacks {asked}: python docs/claims_page.py --measure")
    told = ", ".join(_difference(row, column, unit) for column, unit in SHOWN.items())
    return f"{asked['says']}: {told} per patient (run **{asked['run']}**)."


def _difference(row: Mapping[str, str], column: str, unit: str) -> str:
    value, error = float(row[column]), float(row[f"{column}_se"])
    digits = 0 if unit == "USD" else 1
    return f"{value:+,.{digits}f} ± {error:,.{digits}f} {unit}"


# ------------------------------------------------------------------ measuring


def measure() -> None:
    """Run every command that a claim refers to and save the differences it asks for."""
    told = ledger()
    asked = sorted(
        {(one["run"], one["strategy"]) for claim in told["claims"] for one in _measures(claim)}
    )
    rows = []
    for run in sorted({run for run, _ in asked}):
        answers = _answers(told["runs"][run])
        rows += [{"run": run, **answers[name]} for at, name in asked if at == run]
    with MEASURED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _measures(claim: Claim) -> Iterable[Mapping[str, str]]:
    return tuple(claim.get("measured", ()))


def _answers(command: str) -> dict[str, dict[str, str]]:
    """Return the rows of `versus_comparator.csv` that a command leaves, by strategy."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        words = [*shlex.split(command)[1:], "--no-charts", "--out", str(out)]
        program = [sys.executable, "-m", "popmodel.cli", *words]
        subprocess.run(program, cwd=HERE.parent, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        with (out / "versus_comparator.csv").open(encoding="utf-8", newline="") as file:
            return {row["strategy"]: row for row in csv.DictReader(file)}


if __name__ == "__main__":
    if sys.argv[1:] != ["--measure"]:
        raise SystemExit("python docs/claims_page.py --measure")
    measure()
