"""Write the parts of the pages that come from code and cards: `make docs`.

A part stands between two comments, `<!-- begin NAME -->` and `<!-- end NAME -->`; what is between
them is replaced. `python docs/build.py --check` writes nothing and ends with 1 if a part is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import dossier
from claims_page import claims_parts
from dossier import table
from fields import EVENTS, PARAMETER_FIELDS, STATES, STRATEGY_FIELDS
from open_questions import question_parts
from published_page import published_parts
from queues_page import queues_parts

from popmodel.evidence.listing import counts, origin
from popmodel.evidence.load import Evidence, load_evidence
from popmodel.evidence.schema import Response
from popmodel.parameters import PARAMETERS, STRATEGY
from popmodel.rules.codes import EVENT_NAMES
from popmodel.rules.records import ACCOUNT, PATIENT, TALLY, meanings
from popmodel.vocabulary import STATES as STATE_NAMES

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "README.md",
    "docs/model.md",
    "docs/glossary.md",
    "docs/claims.md",
    "docs/concepts/open_questions.md",
    "docs/validation.md",
    "docs/concepts/queues.md",
)
PART = re.compile(r"(<!-- begin (?P<name>[a-z_]+) -->\n).*?(<!-- end (?P=name) -->)", re.DOTALL)
OUTSIDE = 2.0
"""Standard errors beyond which a fitted number counts as missed."""
ORIGINS = {
    "seen": "read in its source",
    "recalled": "recalled",
    "assumption": "assumption",
    "calibrated": "calibrated",
    "overridden": "overridden",
}


def matched(names: Iterable[str], said: Mapping[str, str], what: str) -> dict[str, str]:
    """Return what is said about each name, in order; refuse names left out or unknown."""
    wanted = list(names)
    if wrong := set(wanted) ^ set(said):
        raise SystemExit(f"docs/fields.py and the {what} differ in: {', '.join(sorted(wrong))}")
    return {name: said[name] for name in wanted}


def kind_of(dtype: np.dtype[Any]) -> str:
    """Return the type of a field, with the lengths of an array in brackets."""
    lengths = ", ".join(map(str, dtype.shape))
    return f"`{dtype.base.name}[{lengths}]`" if lengths else f"`{dtype.name}`"


def record(dtype: np.dtype[Any], said: Mapping[str, str]) -> str:
    """Return the fields of a record as a table."""
    rows = ((f"`{name}`", kind_of(dtype[name]), text) for name, text in said.items())
    return table(("field", "type", "meaning"), rows)


def events() -> str:
    """Return the order of events as a numbered list."""
    said = matched(EVENT_NAMES, EVENTS, "events")
    return "".join(f"{n}. **{name}**: {text}\n" for n, (name, text) in enumerate(said.items(), 1))


def states() -> str:
    """Return the states of occupancy."""
    said = matched(STATE_NAMES, STATES, "states")
    return table(("state", "meaning"), ((f"`{name}`", text) for name, text in said.items()))


def treatments(evidence: Evidence) -> str:
    """Return the treatment cards."""
    rows = [
        (
            f"`{name}`",
            card.label,
            card.grade,
            card.use,
            f"`{card.contact}`",
            f"{card.schedule.assess_days:g}",
            card.tested_after,
            "yes" if card.human_efficacy else "**no**",
        )
        for name, card in evidence.treatments.items()
    ]
    head = (
        "card",
        "course",
        "grade",
        "use",
        "contact",
        "judged on day",
        "tested after",
        "human data",
    )
    return table(head, rows)


def response_values(evidence: Evidence) -> str:
    """Return the values of the response card."""
    inside = f"disease.{evidence.the(Response).id}."
    rows = [
        (
            f"`{path.removeprefix(inside)}`",
            f"{quantity.value:.6g}",
            quantity.unit,
            ORIGINS[origin(evidence, path)],
        )
        for path, quantity in evidence.quantities().items()
        if path.startswith(inside)
    ]
    return table(("number", "value", "unit", "rests on"), rows)


def evidence_counts(evidence: Evidence) -> str:
    """Return on what the numbers rest, as a sentence."""
    found = counts(evidence)
    told = (
        f"Of the {found.numbers} numbers on the cards, {found.seen} were read in their source, "
        f"{found.recalled} are recalled and not yet read there, and {found.assumption} are "
        "assumptions with a stated reason"
    )
    if not evidence.calibrated:
        return f"{told}. No calibrated card is committed yet.\n"
    fitted = max(len(card.values) for card in evidence.calibrated.values())
    return f"{told}; a fit to published trials replaces up to {fitted} of them in a run.\n"


def trial_counts(evidence: Evidence) -> str:
    """Return how many trials are fitted and how many only test."""
    uses = [trial.use for trial in evidence.trials.values()]
    return (
        f"{len(uses)} trial cards are shipped: {uses.count('fit')} marked `fit` and "
        f"{uses.count('test')} marked `test`.\n"
    )


def fits(evidence: Evidence) -> str:
    """Return how well each calibrated card fits the numbers it was fitted to."""
    if not evidence.calibrated:
        return "No calibrated card is committed yet.\n"
    rows = []
    for name, card in evidence.calibrated.items():
        missed = [row for row in card.diagnostics["table"] if abs(row["z"]) > OUTSIDE]
        worst = ", ".join(dict.fromkeys(f"`{row['trial']}`" for row in missed)) or "none"
        total, deviance = card.diagnostics["terms"], card.diagnostics["deviance"]
        rows.append((f"`{name}`", len(card.values), f"{deviance:g} / {total}", len(missed), worst))
    head = ("card", "fitted", "deviance / numbers", "off by 2 and more", "in these trials")
    return table(head, rows)


def parts() -> dict[str, str]:
    """Return every generated part by name."""
    evidence = load_evidence()
    said = meanings()
    makers: dict[str, Callable[[], str]] = {
        "patient_record": lambda: record(PATIENT, said["patient"]),
        "account_record": lambda: record(ACCOUNT, said["account"]),
        "tally_record": lambda: record(TALLY, said["tally"]),
        "parameter_record": lambda: record(
            PARAMETERS, matched(PARAMETERS.names or (), PARAMETER_FIELDS, "parameter record")
        ),
        "strategy_record": lambda: record(
            STRATEGY, matched(STRATEGY.names or (), STRATEGY_FIELDS, "strategy record")
        ),
        "record_sizes": lambda: (
            f"A patient record holds {PATIENT.itemsize} bytes, an account {ACCOUNT.itemsize}.\n"
        ),
        "events": events,
        "states": states,
        "treatments": lambda: treatments(evidence),
        "response_values": lambda: response_values(evidence),
        "evidence_counts": lambda: evidence_counts(evidence),
        "fits": lambda: fits(evidence),
        "trial_counts": lambda: trial_counts(evidence),
    }
    made = {name: make() for name, make in makers.items()}
    return (
        made
        | claims_parts()
        | question_parts()
        | dossier.parts(evidence)
        | published_parts(evidence)
        | queues_parts()
    )


def filled(text: str, made: Mapping[str, str]) -> str:
    """Return a page with its generated parts replaced."""

    def part(found: re.Match[str]) -> str:
        return f"{found[1]}\n{made[found['name']].rstrip()}\n\n{found[3]}"

    return PART.sub(part, text)


def stale(made: Mapping[str, str]) -> dict[Path, str]:
    """Return the pages that differ from what code and cards say, with what they should say."""
    pages = {ROOT / name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES}
    fresh = {page: filled(text, made) for page, text in pages.items()}
    return {page: text for page, text in fresh.items() if text != pages[page]}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with `--check` only say which are stale."""
    pages = stale(parts())
    checking = "--check" in arguments
    for page, text in pages.items():
        print(f"{page.relative_to(ROOT)}: {'stale; run make docs' if checking else 'written'}")
        if not checking:
            page.write_text(text, encoding="utf-8")
    return int(checking and bool(pages))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
