"""A commented scenario to start from."""

from __future__ import annotations

import json
from pathlib import Path

from popmodel.errors import InputError
from popmodel.scenario.place import safe_name

STARTER = """\
# yaml-language-server: $schema=./scenario.schema.json
# `popmodel schema > scenario.schema.json` lets editors complete and explain every key.
# `popmodel check {name}.yaml` tells all that is wrong with this file.
# `popmodel run {name}.yaml` answers it in outputs/{name}/.
title: {title}
note: What a reader should know about this question.

setting: united_states          # country card: currency, price year, life table, utilities, wages
start: 2026-01-01
population:
  card: us_adults_mdd
  size: 20000                   # patients on the first day
  intake: prevalent             # prevalent | incident | open (then also incident_per_year)
horizon: {{years: 5}}             # or: horizon: lifetime
perspective: health_care        # or societal
# discount and willingness_to_pay are those of the setting card unless written here:
# discount: {{costs: 0.03, health: 0.03}}
# willingness_to_pay: [50000, 100000, 150000]

structure:
  severity_effect: all          # premise | evidence | mixture | all three side by side
  correlation: default          # optimistic | pessimistic
  contact_credit: full          # none: compare what treatments add, without attention
  extrapolation: model          # none: no more effect in people than in the trials' patients
seed: 20261121

# Any number on a card can be replaced; `popmodel explain PATH` shows where it comes from.
# overrides:
#   treatments.saint.cost.course: 15000

# Places and queues; without them every service has the places of its card.
# services:
#   saint_suite: {{places: 40, order: longest_wait}}

strategies:
  usual_care:
    label: Usual care
    offer:                      # the first rule that fits wins; each once per episode
      - {{treat: escitalopram, when: {{not_tried: [escitalopram]}}}}
      - {{treat: second_antidepressant, when: {{not_tried: [second_antidepressant]}}}}
      - {{treat: rtms, when: {{line: {{at_least: 3}}, severity: {{below: 35}}}}}}
      - {{treat: ect, when: {{line: {{at_least: 3}}}}, repeat: true}}
    on_response: next           # better, not remitted: continue | augment | next
    on_relapse: repeat          # repeat what worked | restart the rules | next rule
    after_last: care_as_usual   # or none
  new_pathway:
    label: SAINT first when severe
    offer:
      - {{treat: saint, when: {{severity: {{at_least: 35}}, not_tried: [saint]}}}}
    maintain: {{saint: {{treat: saint_booster, every_weeks: 12}}}}
    then: usual_care            # afterwards the rules of usual care

comparator: usual_care
"""


def starter(name: str) -> str:
    """Return a scenario with a comment on everything one usually changes.

    Args:
        name: Name of the file without its ending.
    """
    title = json.dumps(name.replace("_", " ").replace("-", " ").capitalize(), ensure_ascii=False)
    return STARTER.format(name=name, title=title)


def write_starter(name: str, folder: Path) -> Path:
    """Write a starter scenario, never over an existing file.

    Args:
        name: Name of the scenario, with or without `.yaml`.
        folder: Where to write it.

    Raises:
        InputError: The name cannot be a file, or the file exists.
    """
    try:
        stem = safe_name(name.removesuffix(".yaml").removesuffix(".yml"))
    except InputError as error:
        told = f"'{name[:40]}' cannot name a scenario; take a plain name such as my_question"
        raise InputError(f"{told}, and its folder with --folder") from error
    path = folder / f"{stem}.yaml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starter(path.stem))
    except FileExistsError as error:
        raise InputError(f"{path}: exists already; choose another name") from error
    except FileNotFoundError as error:
        raise InputError(f"{folder}: there is no such folder") from error
    return path
