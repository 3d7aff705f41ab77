"""A treatment nobody has heard of, as a user would write its card."""

from __future__ import annotations

from pathlib import Path

NEW = "vagus_nerve_stimulation"


def new_card(folder: Path, identifier: str = NEW) -> Path:
    """Write the card into a folder of cards and return the folder."""
    place = folder / "treatments"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{identifier}.yaml").write_text(CARD.replace("@id", identifier), encoding="utf-8")
    return folder


def _number(value: float, unit: str, **more: object) -> str:
    parts = {"value": value, "unit": unit, "distribution": "{kind: fixed}", **more}
    parts |= {"basis": "assumption", "rationale": "made up for a test"}
    quoted = (f'{key}: "{v}"' if key == "unit" else f"{key}: {v}" for key, v in parts.items())
    return "{" + ", ".join(quoted) + "}"


_ZERO = _number(0, "share of potency")
_LOSS = "{loss_share: " + _ZERO + ", threshold_z: " + _number(0, "z of log severity") + "}"
_MONEY = {"price_year": 2022}
_RATE = _number(0.05, "1/month")

CARD = f"""\
id: @id
label: A new nerve stimulation
grade: D
kind: treatment
family: circuit
self_driven: false
tested_after: 2
contact: device_sham
description: A card that no code knows.
human_efficacy: true
mechanisms: {{circuit: 1}}
potency: {_number(2.0, "log depth")}
severity_effect:
  evidence: {_LOSS}
  premise: {_LOSS}
  premise_weight: {_number(0, "weight")}
engagement:
  dropout_per_week: {_number(0.01, "1/week")}
onset: {{theta_days: {_number(3, "days")}}}
schedule: {{assess_days: 42, session_days: 20, sessions: 10, visits: [0, 21]}}
durability:
  relapse_per_month: {{months_0_2: {_RATE}, months_2_6: {_RATE}, months_6_12: {_RATE},
                      after_12: {_RATE}}}
cost:
  course: {_number(12345, "USD", **_MONEY)}
  session: {_number(100, "USD", **_MONEY)}
  visit: {_number(50, "USD", **_MONEY)}
  drug_per_month: {_number(0, "USD/month", **_MONEY)}
patient_time: {{hours_per_session: {_number(1, "hours")}, hours_per_visit: {_number(1, "hours")}}}
settings: [outpatient]
"""
