"""The parameter record and the strategy record: every field the rules read.

Array sizes are fixed, so a new card or a longer horizon never makes Numba compile again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.vocabulary import FLAGS

MAX_TREATMENTS: Final = 48
MAX_CONTACTS: Final = 16
MAX_BIOTYPES: Final = 8
MAX_MECHANISMS: Final = 10
MAX_VISITS: Final = 40
MAX_HARMS: Final = 3
MAX_FAILURES: Final = 8
MAX_AGE_BANDS: Final = 12
MAX_POINTS: Final = 8
MAX_RULES: Final = 31
MAX_SERVICES: Final = 16
MAX_STEPS: Final = 128
MAX_TESTS: Final = 7
"""Two bits for each in a patient's record."""
FLOOR_CELLS: Final = 320
FLOOR_REACH: Final = 20.0
"""The table of the soft floor covers depths from -20 k to 20 k in cells of k / 8."""
AGES: Final = 112
NEVER: Final = 1e-300
"""The rate of what never happens: its budget is kept whole for when the rate changes."""

_T, _C, _B, _M = MAX_TREATMENTS, MAX_CONTACTS, MAX_BIOTYPES, MAX_MECHANISMS
_K = MAX_TESTS

_FIELDS: Final[list[tuple[str, Any]]] = [
    ("horizon", "f8"),
    ("discount_costs", "f8"),
    ("discount_health", "f8"),
    # response
    ("depth_mean", "f8"),
    ("depth_persistent", "f8"),
    ("depth_moving", "f8"),
    ("persistence", "f8"),
    ("innovation", "f8"),
    ("softness", "f8"),
    ("floor_start", "f8"),
    ("floor_cells_per_depth", "f8"),
    ("floor_value", ("f8", FLOOR_CELLS + 1)),
    ("floor_slope", ("f8", FLOOR_CELLS + 1)),
    ("luck_general", "f8"),
    ("luck_class", "f8"),
    ("luck_fresh", "f8"),
    ("luck_half_variance", "f8"),
    ("contact_lag", "f8"),
    ("remission_severity", "f8"),
    ("onset_severity", "f8"),
    ("measurement_sd", "f8"),
    ("reference_severity", "f8"),
    ("reference_log_severity", "f8"),
    ("reference_log_sd", "f8"),
    ("hinge_width", "f8"),
    ("knot_days", "f8"),
    ("grid_days", "f8"),
    ("tolerance", "f8"),
    ("contact_fade", "f8"),
    ("worst_log_mean", "f8"),
    ("worst_log_sd", "f8"),
    ("worst_log_shift", ("f8", _B)),
    ("worst_rank_low", ("f8", _B)),
    ("worst_rank_high", ("f8", _B)),
    ("band_limit", ("f8", 3)),
    ("contact_level", ("f8", _C)),
    ("contact_none", "i8"),
    ("contact_usual", "i8"),
    ("mechanisms", "i8"),
    # treatments
    ("potency", ("f8", _T)),
    ("loss_share", ("f8", _T)),
    ("loss_threshold", ("f8", _T)),
    ("dose_slope", ("f8", _T)),
    ("onset", ("f8", _T)),
    ("onset_rate", ("f8", _T)),
    ("onset_left", ("f8", _T)),
    ("contact", ("i8", _T)),
    ("trait_weight", ("f8", (_T, _M))),
    ("biotype_shift", ("f8", (_T, _B))),
    ("block_flag", ("i8", (_T, 3))),
    ("block_share", ("f8", (_T, 3))),
    ("tested_after", ("i8", _T)),
    ("extrapolation", ("f8", (_T, MAX_FAILURES))),
    ("salt_luck", ("u8", _T)),
    ("salt_dropout", ("u8", _T)),
    ("salt_harm", ("u8", _T)),
    ("dropout_rate", ("f8", _T)),
    ("dropout_slope", ("f8", _T)),
    ("assess_days", ("f8", _T)),
    ("session_days", ("f8", _T)),
    ("visits", ("i8", _T)),
    ("visit_day", ("f8", (_T, MAX_VISITS))),
    ("adequate", ("i8", _T)),
    ("is_augmentation", ("i8", _T)),
    ("treatment_relapse", ("f8", (_T, 4))),
    ("upkeep_ratio", ("f8", _T)),
    ("upkeep_days", ("f8", _T)),
    ("upkeep_cost", ("f8", _T)),
    ("upkeep_visits", ("f8", _T)),
    ("upkeep_contact", ("i8", _T)),
    ("harm_probability", ("f8", (_T, MAX_HARMS))),
    ("harm_cost", ("f8", (_T, MAX_HARMS))),
    ("harm_loss", ("f8", (_T, MAX_HARMS))),
    ("harm_fatal", ("f8", (_T, MAX_HARMS))),
    ("cost_course", ("f8", _T)),
    ("cost_session", ("f8", _T)),
    ("cost_visit", ("f8", _T)),
    ("cost_drug", ("f8", _T)),
    ("cost_booster", ("f8", _T)),
    ("time_session", ("f8", _T)),
    ("time_visit", ("f8", _T)),
    ("time_booster", ("f8", _T)),
    ("minimum_failures", ("i8", _T)),
    ("excluded_flags", ("i8", _T)),
    ("required_flags", ("i8", _T)),
    ("after", ("i8", _T)),
    ("settings", ("i8", _T)),
    ("community_settings", "i8"),
    # places
    ("service", ("i8", _T)),
    ("place_units", ("i8", _T)),
    ("trips_per_day", ("f8", _T)),
    ("wage_of_time", "f8"),
    ("place_days", ("f8", _T)),
    ("renege_rate", "f8"),
    ("refuse_share", "f8"),
    ("discharge_days_saved", "f8"),
    # tests, and what they find
    ("target_share", ("f8", _T)),
    ("target_on", ("f8", _T)),
    ("target_off", ("f8", _T)),
    ("target_tests", ("i8", _T)),
    ("target_found", ("f8", (_T, _K))),
    ("test_informs", ("i8", _K)),
    ("test_sensitivity", ("f8", _K)),
    ("test_specificity", ("f8", _K)),
    ("test_accuracy", ("f8", _K)),
    ("test_share", ("f8", _K)),
    ("test_weight", ("f8", (_K, _M))),
    ("test_days", ("f8", _K)),
    ("test_contact", ("i8", _K)),
    ("test_price", ("f8", _K)),
    ("test_time", ("f8", _K)),
    ("salt_test", ("u8", _K)),
    ("salt_new_spot", ("u8", _K)),
    # relapse
    ("relapse_period_end", ("f8", 5)),
    ("natural_relapse", ("f8", 4)),
    ("residual_ratio", "f8"),
    ("failed_line_ratio", "f8"),
    ("relapse_frailty_sd", "f8"),
    ("recovery_days", "f8"),
    ("recurrence_rate", "f8"),
    ("past_episode_ratio", "f8"),
    ("past_episode_cap", "i8"),
    ("biotype_relapse", ("f8", _B)),
    ("biotype_dropout", ("f8", _B)),
    # mortality, crises
    ("cumulative_mortality", ("f8", (2, AGES))),
    ("excess_mortality", "f8"),
    ("reversible_share", "f8"),
    ("attempt_rate", ("f8", 4)),
    ("attempt_ratio", ("f8", (4, 4))),
    ("attempt_fatality", ("f8", (4, 2))),
    ("admission_share", "f8"),
    ("admission_days", "f8"),
    ("emergency_days", "f8"),
    ("cost_attempt", "f8"),
    ("cost_emergency", "f8"),
    ("cost_admission_day", "f8"),
    ("cost_boarding_day", "f8"),
    ("cost_suicide", "f8"),
    # care
    ("ask_rate", ("f8", 4)),
    ("ask_ratio", ("f8", (4, 4))),
    ("ask_again_rate", "f8"),
    ("return_rate", ("f8", 4)),
    ("leave_probability", ("f8", 4)),
    ("leave_after_dropout", "f8"),
    ("switch_gap", "f8"),
    # money and utility
    ("background_cost", ("f8", 3)),
    ("resistant_cost", "f8"),
    ("productivity_cost", ("f8", (3, 2, MAX_AGE_BANDS))),
    ("age_bands", "i8"),
    ("age_band_high", ("f8", MAX_AGE_BANDS)),
    ("utility_points", "i8"),
    ("utility_severity", ("f8", MAX_POINTS)),
    ("utility_value", ("f8", MAX_POINTS)),
    ("utility_slope", ("f8", MAX_POINTS)),
    ("utility_width", ("f8", MAX_POINTS)),
    ("utility_state", ("f8", 3)),
    ("utility_norm", ("f8", (2, MAX_AGE_BANDS))),
    ("disability_weight", ("f8", 4)),
    ("disability_of_harm", "f8"),
    ("wage", ("f8", (2, MAX_AGE_BANDS))),
    ("work_lost_to_death_days", "f8"),
    # population
    ("female_share", "f8"),
    ("age_groups", "i8"),
    ("age_group_share", ("f8", MAX_AGE_BANDS)),
    ("age_group_low", ("f8", MAX_AGE_BANDS)),
    ("age_group_high", ("f8", MAX_AGE_BANDS)),
    ("biotypes", "i8"),
    ("biotype_share", ("f8", _B)),
    ("flag_share", ("f8", len(FLAGS))),
    ("failure_share", ("f8", 4)),
    ("history_course", ("i8", 4)),
    ("stock_days", "f8"),
    ("past_episodes_mean", "f8"),
    ("in_care_share", "f8"),
    ("resistant_failures", "i8"),
]

_STRATEGY_FIELDS: Final[list[tuple[str, Any]]] = [
    ("rules", "i8"),
    ("treat", ("i8", MAX_RULES)),
    ("wait_days", ("f8", MAX_RULES)),
    ("wait_contact", ("i8", MAX_RULES)),
    ("test", ("i8", MAX_RULES)),
    ("line_min", ("i8", MAX_RULES)),
    ("line_max", ("i8", MAX_RULES)),
    ("step_min", ("i8", MAX_RULES)),
    ("step_max", ("i8", MAX_RULES)),
    ("severity_min", ("f8", MAX_RULES)),
    ("severity_max", ("f8", MAX_RULES)),
    ("biotypes", ("i8", MAX_RULES)),
    ("settings", ("i8", MAX_RULES)),
    ("flags_all", ("i8", MAX_RULES)),
    ("flags_none", ("i8", MAX_RULES)),
    ("tried_all", ("i8", MAX_RULES)),
    ("not_tried", ("i8", MAX_RULES)),
    ("last_outcomes", ("i8", MAX_RULES)),
    ("may_repeat", ("i8", MAX_RULES)),
    ("biotype_as_seen", ("i8", MAX_RULES)),
    ("results_positive", ("i8", MAX_RULES)),
    ("results_negative", ("i8", MAX_RULES)),
    ("results_unknown", ("i8", MAX_RULES)),
    ("asks_results", ("i8", MAX_RULES)),
    ("stop_improvement", "f8"),
    ("stop_after_days", "f8"),
    ("on_response", "i8"),
    ("on_relapse", "i8"),
    ("after_last", "i8"),
    ("booster", ("i8", MAX_TREATMENTS)),
    ("booster_days", ("f8", MAX_TREATMENTS)),
    # limited services, as this strategy and site have them
    ("limited", "i8"),
    ("on_full", "i8"),
    ("bridge", "i8"),
    ("waiting_contact", ("i8", MAX_SERVICES)),
    ("review_days", ("f8", MAX_SERVICES)),
    ("weight_band", ("f8", MAX_SERVICES)),
    ("weight_severity", ("f8", MAX_SERVICES)),
    ("weight_line", ("f8", MAX_SERVICES)),
    ("weight_week", ("f8", MAX_SERVICES)),
    ("fence_severity", ("f8", MAX_SERVICES)),
    ("fence_line", ("i8", MAX_SERVICES)),
    # 1 + position of the service whose beds admissions wait for, 0: none; and for how long at most
    ("beds", "i8"),
    ("board_days", "f8"),
]

_PLACES_FIELDS: Final[list[tuple[str, Any]]] = [
    ("beat", "f8"),
    ("every", ("i8", MAX_SERVICES)),
    ("steps", ("i8", MAX_SERVICES)),
    ("step_day", ("f8", (MAX_SERVICES, MAX_STEPS))),
    ("step_slots", ("i8", (MAX_SERVICES, MAX_STEPS))),
    ("fence_share", ("f8", MAX_SERVICES)),
]
"""Places of one site under one strategy: days between decisions (`beat` days, each service every
so many beats), slots from a day on, and the share kept for those whom the ring fence lets in."""


def _dtype(fields: Sequence[tuple[str, Any]]) -> np.dtype[Any]:
    return np.dtype(
        [(n, k) if isinstance(k, str) else (n, k[0], k[1]) for n, k in fields], align=True
    )


PARAMETERS: Final = _dtype(_FIELDS)
STRATEGY: Final = _dtype(_STRATEGY_FIELDS)
PLACES: Final = _dtype(_PLACES_FIELDS)

Record = NDArray[Any]
