"""The open questions (`docs/open_questions.yaml`) as the generated part of their page.

`python docs/open_questions.py --measure [ID…]` runs the commands of all questions, or of some, and
writes the worth of learning and of a trial into `docs/open_questions_measured.csv`.
"""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dossier import table
from ruamel.yaml import YAML

HERE = Path(__file__).parent
SCENARIOS = HERE.parent / "scenarios"
LEDGER = HERE / "open_questions.yaml"
MEASURED = HERE / "open_questions_measured.csv"
WTP = 100_000.0
COLUMNS = ("question", "kind", "about", "patients", "value", "se", "beside")
"""kind: learn (beside: noise), trial (value EVSI, beside: ENBS), adopt (value: price up to which,
beside: net benefit gained now), evpi."""

NOT_YET = "Not measured yet; the command prices it.\n"

Question = Mapping[str, Any]
Row = Mapping[str, str]


def ledger() -> dict[str, Any]:
    """Return the ledger: `options` and `questions`."""
    return dict(YAML(typ="safe").load(LEDGER))


def is_inline(question: Question) -> bool:
    """Return whether the scenario is written out in the ledger."""
    return "\n" in question["scenario"]


def file_of(question: Question) -> str:
    """Return the name of the scenario file."""
    return f"{question['name']}.yaml" if is_inline(question) else str(question["scenario"])


def command(question: Question, told: Mapping[str, Any]) -> str:
    """Return the command that prices a question."""
    draws = question.get("draws", told["draws"])
    words = [f"popmodel voi scenarios/{file_of(question)}", draws, told["options"]]
    words += [f"--set {path}={value}" for path, value in question.get("set", {}).items()]
    words += [f"--learn {name}" for name in question["learn"]]
    words += [f"--study {path}" for path in question.get("study", ())]
    if "sd" in question:
        words.append(f"--sd {question['sd']}")
    if "price" in question:
        words.append(f"--price-of {question['price']}")
    return " ".join(words)


# ------------------------------------------------------------------ the page


def question_parts() -> dict[str, str]:
    """Return the generated parts of the page by name."""
    told = ledger()
    with MEASURED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sections = [section(one, command(one, told), rows) for one in told["questions"]]
    return {"open_questions": "\n".join(sections)}


def section(question: Question, asked: str, rows: Iterable[Row]) -> str:
    """Return one question: its decision, the command, what was found, how to read it."""
    own = [row for row in rows if row["question"] == question["id"]]
    parts = [f"## {question['id']}. {question['title']}\n", f"{question['decision']}\n"]
    if is_inline(question):
        parts.append(f"Save this as `scenarios/{file_of(question)}`:\n")
        parts.append(f"```yaml\n{question['scenario'].rstrip()}\n```\n")
    parts.append(f"```sh\n{asked}\n```\n")
    parts += [found(own) if own else NOT_YET, question["reading"].rstrip() + "\n"]
    return "\n".join(part for part in parts if part)


def found(own: Sequence[Row]) -> str:
    """Return what was measured, as tables."""
    by_kind: dict[str, list[Row]] = {}
    for row in own:
        by_kind.setdefault(row["kind"], []).append(row)
    (whole,) = by_kind["evpi"]
    text = f"Perfect knowledge of everything: {amount(whole)} a patient.\n\n"
    learn = [(f"`{r['about']}`", amount(r), money(r["beside"])) for r in by_kind["learn"]]
    text += table(("to learn", "EVPPI, a patient", "what noise alone gives"), learn)
    for about in dict.fromkeys(row["about"] for row in by_kind.get("trial", ())):
        sizes = [row for row in by_kind["trial"] if row["about"] == about]
        rows = [(f"{int(r['patients']):,}", amount(r), money(r["beside"])) for r in sizes]
        text += f"\nA trial of `{about}`:\n\n"
        text += table(("patients", "EVSI, a patient", "ENBS, all patients"), rows)
    if "adopt" in by_kind:
        adopted = [(r["about"], money(r["beside"]), amount(r)) for r in by_kind["adopt"]]
        text += "\nIf it works (draws with a potency above 0):\n\n"
        text += table(("strategy", "net benefit gained now", "adopted up to a price of"), adopted)
    return text


def amount(row: Row) -> str:
    """Return money with its standard error."""
    return f"{money(row['value'])} ± {money(row['se'])}"


def money(text: str) -> str:
    """Return money in whole units; nothing under half a unit is shown as less than one."""
    value = float(text)
    return f"{value:,.0f}" if abs(value) >= 0.5 or value == 0 else "under 1"


# ------------------------------------------------------------------ measuring


def measure(only: Sequence[str] = ()) -> None:
    """Run the commands and save what they tell; questions not asked for are kept."""
    told = ledger()
    asked = [one for one in told["questions"] if not only or one["id"] in only]
    fresh = {one["id"]: list(measured(one, command(one, told))) for one in asked}
    kept: dict[str, list[Any]] = {}
    if MEASURED.exists():
        with MEASURED.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(list(file)[1:]):
                kept.setdefault(row[0], []).append(row)
    with MEASURED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in told["questions"]:
            writer.writerows(fresh.get(one["id"], kept.get(one["id"], [])))


def measured(question: Question, asked: str) -> Iterable[tuple[Any, ...]]:
    """Yield the rows of one question."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "scenarios"
        shutil.copytree(SCENARIOS, place)
        if is_inline(question):
            (place / file_of(question)).write_text(question["scenario"], encoding="utf-8")
        words = shlex.split(asked)[1:]
        words += ["--json", "--no-charts", "--out", f"{folder}/out"]
        call = [sys.executable, "-m", "popmodel.cli", *words]
        done = subprocess.run(  # noqa: S603
            call, cwd=folder, check=True, capture_output=True, text=True
        )
    yield from rows_of(question["id"], json.loads(done.stdout))


def rows_of(name: str, told: Mapping[str, list[dict[str, Any]]]) -> Iterable[tuple[Any, ...]]:
    """Yield rows of the CSV from what `popmodel voi --json` prints."""
    at = {kind: [row for row in rows if row["wtp"] == WTP] for kind, rows in told.items()}
    for row in at["evpi"]:
        yield name, "evpi", "everything", "", *shown(row["evpi"], row["evpi_se"], 0.0)
    for row in at["named"]:
        values = shown(row["evppi"], row["evppi_se"], row["evppi_noise"])
        yield name, "learn", row["parameter"], "", *values
    for row in at.get("trial", ()):
        values = shown(row["evsi"], row["evsi_se"], row["enbs"])
        yield name, "trial", row["parameter"], int(row["patients"]), *values
    for row in at.get("adoption", ()):
        yield (
            name,
            "adopt",
            row["strategy"],
            "",
            *shown(row["price"], row["price_se"], row["gain_now"]),
        )


def shown(*values: float) -> tuple[str, ...]:
    """Return money as it is saved: to a hundredth."""
    return tuple(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    if "--measure" not in sys.argv:
        raise SystemExit(__doc__)
    measure([word for word in sys.argv[1:] if not word.startswith("--")])
