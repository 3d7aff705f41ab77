"""Response: depth, luck, contact, and the table of the soft floor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from popmodel.parameters.cards import Names
from popmodel.parameters.record import FLOOR_CELLS, FLOOR_REACH
from popmodel.parameters.structure import Structure
from popmodel.vocabulary import BAND_LIMITS


def fill_response(q: Any, v: Mapping[str, float], structure: Structure, names: Names) -> None:
    """Fill in depth, luck, measurement, contact levels and biotype shifts."""
    r = "disease.response."
    kind = f"disease.correlation.{structure.correlation}."
    persistent = v[kind + "persistent_share"]
    general, of_class = v[kind + "general_share"], v[kind + "class_share"]
    if structure.correlation == "default":
        persistent = v[r + "persistent_share"]
        general, of_class = v[r + "general_share"], v[r + "class_share"]
    sd, luck = v[r + "depth_sd"], v[r + "luck_sd"]
    q["depth_mean"] = v[r + "depth_mean"]
    q["depth_persistent"] = sd * math.sqrt(persistent)
    q["depth_moving"] = sd * math.sqrt(1.0 - persistent)
    q["persistence"] = v[r + "persistence_per_month"]
    q["innovation"] = math.sqrt(1.0 - v[r + "persistence_per_month"] ** 2)
    _soft_floor_table(q, v[r + "floor_softness"])
    q["luck_general"] = luck * math.sqrt(general)
    q["luck_class"] = luck * math.sqrt(of_class)
    q["luck_fresh"] = luck * math.sqrt(max(0.0, 1.0 - general - of_class))
    q["luck_half_variance"] = 0.5 * luck**2
    q["contact_lag"] = v[r + "contact_onset_days"]
    q["remission_severity"] = v[r + "remission_severity"]
    q["onset_severity"] = v[r + "onset_severity"]
    q["measurement_sd"] = v[r + "measurement_sd"]
    q["reference_log_severity"] = v[r + "reference_log_severity"]
    q["reference_severity"] = math.exp(v[r + "reference_log_severity"])
    q["reference_log_sd"] = v[r + "reference_log_sd"]
    q["hinge_width"] = v[r + "hinge_width"]
    q["knot_days"] = v[r + "knot_days"]
    q["grid_days"] = v[r + "knot_days"] / 4.0
    q["contact_fade"] = math.exp(-v[r + "knot_days"] / 4.0 / v[r + "contact_onset_days"])
    q["tolerance"] = v[r + "contact_tolerance"]
    q["worst_log_mean"] = v[r + "worst_log_severity_mean"]
    q["worst_log_sd"] = v[r + "worst_log_severity_sd"]
    q["band_limit"][:] = BAND_LIMITS
    usual = v["contacts.usual_care.level"]
    for n, name in enumerate(names.contacts):
        level = v[f"contacts.{name}.level"]
        if structure.contact_credit == "none" and name != "none":
            level = usual
        q["contact_level"][n] = level
    q["contact_none"] = names.contacts.index("none")
    q["contact_usual"] = names.contacts.index("usual_care")
    q["mechanisms"] = len(names.mechanisms)
    for n, name in enumerate(names.biotypes):
        shift = v[f"biotypes.{name}.log_severity_shift"]
        q["worst_log_shift"][n] = shift
        for side, end in (("low", "minimum"), ("high", "maximum")):
            z = (math.log(v[f"{r}worst_severity_{end}"]) - q["worst_log_mean"] - shift) / (
                q["worst_log_sd"]
            )
            q[f"worst_rank_{side}"][n] = stats.norm.cdf(z)
        q["biotype_relapse"][n] = v[f"biotypes.{name}.relapse_hazard_ratio"]
        q["biotype_dropout"][n] = v[f"biotypes.{name}.dropout_hazard_ratio"]


def _soft_floor_table(q: Any, softness: float) -> None:
    """Tabulate S / S_w = (1 + exp(depth / k))^-k and its slope per cell."""
    y = np.linspace(-FLOOR_REACH, FLOOR_REACH, FLOOR_CELLS + 1)
    value = np.exp(-softness * np.logaddexp(0.0, y))
    q["softness"] = softness
    q["floor_start"] = -FLOOR_REACH * softness
    q["floor_cells_per_depth"] = FLOOR_CELLS / (2.0 * FLOOR_REACH * softness)
    q["floor_value"][:] = value
    q["floor_slope"][:] = -softness * value / (1.0 + np.exp(-y)) * (y[1] - y[0])
