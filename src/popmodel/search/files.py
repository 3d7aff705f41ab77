"""What a search leaves: tables, and every strategy found as a scenario to read, check and run.

A strategy's file extends the scenario that was asked, which lies beside it as it was (with what it
extends and the cards it names), because a scenario may only name files beside or below itself.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from popmodel.pipeline import parameters_of
from popmodel.pipeline.manifest import manifest_of
from popmodel.provenance import file_hash
from popmodel.results import Folder
from popmodel.safe_csv import safe_csv
from popmodel.scenario import load_scenario
from popmodel.scenario.schema import Scenario
from popmodel.search.confirm import Confirmed
from popmodel.search.explore import Found
from popmodel.search.question import Question
from popmodel.search.space import Candidate, Rule, words_of

STRATEGIES: Final = "strategies"


def publish(confirmed: Confirmed, explored: Found, final: Path) -> None:
    """Write the tables, the manifest and the scenarios; an earlier search there is replaced.

    Args:
        confirmed: the result.
        explored: everything that was proposed.
        final: its folder.

    Raises:
        OSError: it cannot be written; the earlier one stands.
    """
    found, names = confirmed.found, confirmed.candidates
    with Folder(final) as folder:
        _write_table(folder.path, "candidates", explored.table())
        _write_table(folder.path, "shortlist", found.table())
        _write_table(folder.path, "frontier", confirmed.frontier)
        _write_table(folder.path, "against", confirmed.against)
        notes = {name: _figures(confirmed, name) for name in names}
        _write_scenarios(folder.path / STRATEGIES, found.question, names, notes)
        facts = {"recommended": confirmed.recommended, "confirmed": True}
        _write_manifest(folder.path, explored, names, facts)
        _put_in_place(folder.path, final)


def publish_partly(found: Found, final: Path) -> None:
    """Write what was tried, and the frontier so far as scenarios, without fresh patients.

    Args:
        found: at least one strategy was tried.
        final: the folder.
    """
    names = {f"searched_{k + 1}": one for k, one in enumerate(found.kept())}
    note = "The search was interrupted: not tried on fresh patients, so partly luck."
    with Folder(final) as folder:
        _write_table(folder.path, "candidates", found.table())
        notes = dict.fromkeys(names, note)
        _write_scenarios(folder.path / STRATEGIES, found.question, names, notes)
        _write_manifest(folder.path, found, names, {"confirmed": False})
        _put_in_place(folder.path, final)


def _write_table(folder: Path, name: str, table: pd.DataFrame) -> None:
    (folder / f"{name}.csv").write_text(safe_csv(table), encoding="utf-8", newline="")


def _put_in_place(folder: Path, final: Path) -> None:
    """Move a finished folder to its place; what lay there is removed only afterwards."""
    folder.chmod(0o755)
    old = Path(tempfile.mkdtemp(prefix=f".{final.name}-old-", dir=final.parent))
    if final.exists():
        final.replace(old / "earlier")
    folder.replace(final)
    shutil.rmtree(old)


def _write_manifest(
    folder: Path, found: Found, names: Mapping[str, Candidate], facts: Mapping[str, Any]
) -> None:
    question = found.question
    scenario, evidence = question.scenario, question.scenario.evidence()
    parameters = parameters_of(scenario, evidence, question.choice)
    made = manifest_of(scenario, evidence, parameters, "compiled")
    made["strategies"] = {**made["strategies"], **{k: words_of(one) for k, one in names.items()}}
    made["patients"] = question.fresh_patients
    made["search"] = {
        **question.search.model_dump(mode="json"),
        "then": question.then,
        "objectives": list(question.objectives),
        "patients": question.patients,
        "shortlist_patients": question.shortlist_patients,
        "fresh_patients": question.fresh_patients,
        "proposals": found.proposals,
        "tried": len(found.rows),
        **facts,
    }
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    made["outputs"] = {path.relative_to(folder).as_posix(): file_hash(path) for path in files}
    text = json.dumps(made, indent=2, ensure_ascii=False, default=str) + "\n"
    with (folder / "manifest.json").open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


# ------------------------------------------------------------------ scenarios


def _write_scenarios(
    folder: Path,
    question: Question,
    names: Mapping[str, Candidate],
    notes: Mapping[str, str],
) -> None:
    """Write the scenario that was asked, and one for each strategy found."""
    folder.mkdir()
    base = _copy_asked(question.scenario, folder)
    settings = _settings_given(question.scenario, folder / base)
    for name, candidate in names.items():
        text = scenario_text(question, name, candidate, notes[name], base, settings)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def _copy_asked(scenario: Scenario, folder: Path) -> str:
    """Copy the files of a scenario as they are; return the name of the one that was asked."""
    asked = scenario.source_files[0]
    home = asked.parent.resolve()
    for file in scenario.source_files:
        place = folder / file.resolve().relative_to(home)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
    for name in scenario.cards:
        if (home / name).is_dir():
            shutil.copytree(home / name, folder / name)
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((home / name).read_bytes())
    return asked.resolve().name


def _settings_given(scenario: Scenario, copy: Path) -> dict[str, Any]:
    """Return what options changed of the scenario in its file."""
    return _difference(load_scenario(copy).resolved(), scenario.resolved())


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what nested settings say that others do not."""
    found = {}
    for key, value in after.items():
        known = before.get(key)
        if isinstance(value, dict) and isinstance(known, dict) and key != "overrides":
            if inner := _difference(known, value):
                found[key] = inner
        elif value != known:
            found[key] = value
    return found


def scenario_text(
    question: Question,
    name: str,
    candidate: Candidate,
    note: str,
    base: str,
    settings: Mapping[str, Any],
) -> str:
    """Return a scenario file that adds one strategy to the one that was asked.

    Args:
        question: what was asked.
        name: of the strategy.
        candidate: its rules.
        note: what is known about it.
        base: name of the scenario file beside it.
        settings: what options changed.
    """
    told = f"{question.scenario.title} {name.replace('_', ' ').capitalize()}"
    lines = [
        f"# Found by popmodel search; {base} beside it is what was asked.",
        f"title: {_quoted(told[:200])}",
        f"note: {_quoted(note)}",
        f"extends: {_quoted(base)}",
        *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items()),
        "strategies:",
        f"  {name}:",
        f"    label: {_quoted(words_of(candidate)[:200])}",
        "    offer:" + ("" if candidate else " []"),
        *(f"      - {_offer_text(rule)}" for rule in candidate),
    ]
    if stop := question.search.stop_if:
        told = (
            f"{{improvement_below: {stop.improvement_below:g}, after_weeks: {stop.after_weeks:g}}}"
        )
        lines.append(f"    stop_if: {told}")
    return "\n".join([*lines, f"    then: {question.then}", ""])


def _offer_text(rule: Rule) -> str:
    """Return a rule in one line, as a person would write it."""
    line = _bounds(at_least=rule.line_from if rule.line_from > 1 else None, at_most=rule.line_to)
    severity = _bounds(at_least=rule.severity_from, below=rule.severity_below)
    when = [
        *([f"line: {line}"] if line else []),
        *([f"severity: {severity}"] if severity else []),
        *([f"biotype: {rule.biotype}"] if rule.biotype else []),
        f"not_tried: [{rule.treat}]",
    ]
    return f"{{treat: {rule.treat}, when: {{{', '.join(when)}}}}}"


def _bounds(**limits: float | None) -> str:
    known = [f"{name}: {value:g}" for name, value in limits.items() if value is not None]
    return f"{{{', '.join(known)}}}" if known else ""


def _quoted(text: str) -> str:
    """Return a text that YAML reads as it is (JSON is YAML)."""
    return json.dumps(text, ensure_ascii=False)


def _figures(confirmed: Confirmed, name: str) -> str:
    """Return in a sentence what a strategy was worth on fresh patients."""
    question = confirmed.question
    row = confirmed.frontier.set_index("strategy").loc[name].to_dict()
    scenario = question.scenario
    country = scenario.evidence().settings[scenario.setting]
    money = f"{country.price_year} {country.currency}"
    return (
        f"On {question.fresh_patients:,} fresh patients, under {question.choice.name}, against "
        f"{scenario.comparator}: cost {row['inc_cost']:+,.0f} ± {row['inc_cost_se']:,.0f} {money}, "
        f"QALY {row['inc_qaly']:+.4f} ± {row['inc_qaly_se']:.4f}, net benefit at "
        f"{question.wtp:,.0f} per QALY {row['nmb']:+,.0f} ± {row['nmb_se']:,.0f} "
        f"(one standard error). It beats {row['beats']} strategies of the scenario by more than "
        "two standard errors. The error is that of luck alone, not that of the inputs."
    )
