"""Severity and response: hidden depth, contact, treatment effect, and the score they give.

    ln S = ln S_w - k ln(1 + exp((N + T) / k))
    N    = m + c + sigma_N (sqrt(rho) u + sqrt(1 - rho) b)
    T    = D kappa max(0, 1 - f g(z) + delta) prod(1 - share block) a w (1 - exp(-t / theta))

where a is the factor of aim (`popmodel.rules.targeting`), 1 for a treatment always on target.

`p` is a patient record, `q` the parameter record (see `popmodel.parameters`), `t` a day.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.parameters import FLOOR_CELLS
from popmodel.randomness import normal, subject_salt
from popmodel.rules.codes import CARE_COURSE, REMITTED
from popmodel.rules.targeting import aim

SALT_TRAIT_FACTOR = subject_salt("class trait factor", "")
SALT_MEASUREMENT = subject_salt("measurement error", "")
ATTEMPTS = 1024
"""Attempts are keyed as episode x ATTEMPTS + attempt."""


@rule
def soft_floor(x: Any, softness: Any) -> Any:
    """Return the fall of ln S at depth x: k ln(1 + exp(x / k)), about x when deep, 0 when not."""
    y = x / softness
    if y > 36.0:
        return x
    return softness * math.log(1.0 + math.exp(y))


@rule
def depth_for_fall(fall: Any, softness: Any) -> Any:
    """Return the depth whose soft floor is `fall` > 0 (the inverse of `soft_floor`)."""
    return softness * math.log(math.expm1(fall / softness))


@rule
def natural_depth(p: Any, q: Any) -> Any:
    """Return N without its contact part."""
    return q.depth_mean + q.depth_persistent * p.trait + q.depth_moving * p.swing


@rule
def contact_at(p: Any, q: Any, t: Any) -> Any:
    """Return c(t), which nears the level of the present contact with lag theta_c."""
    level = q.contact_level[p.contact_target]
    return level + (p.contact_from - level) * math.exp(-(t - p.contact_since) / q.contact_lag)


@rule
def effect_at(p: Any, q: Any, t: Any) -> Any:
    """Return T(t): grows while on course, is held after a success, 0 otherwise."""
    if p.gain == 0.0 or p.care != CARE_COURSE:
        return p.gain
    return p.gain * (1.0 - math.exp(-(t - p.started) * q.onset_rate[p.treatment]))


@rule
def severity_of_depth(p: Any, q: Any, depth: Any) -> Any:
    """Return the score (MADRS) of a patient at a depth: S_w (1 + exp(depth / k))^-k.

    Read from a table of cubic pieces (relative error under 2e-8, see the tests); exact beyond it.
    """
    cell = (depth - q.floor_start) * q.floor_cells_per_depth
    if cell <= 0.0:
        return p.worst
    n = int(cell)
    if n >= FLOOR_CELLS:
        return p.worst * math.exp(-soft_floor(depth, q.softness))
    x = cell - n
    a, b = q.floor_value[n], q.floor_value[n + 1]
    da, db = q.floor_slope[n], q.floor_slope[n + 1]
    return p.worst * (
        a + x * (da + x * (3.0 * (b - a) - 2.0 * da - db + x * (2.0 * (a - b) + da + db)))
    )


@rule
def severity_now(p: Any, q: Any, t: Any) -> Any:
    """Return the true score at day t.

    In remission natural depth and contact stand still. While the course that brought it runs, its
    effect still grows and the score still falls; afterwards the score is held in `reference`.
    """
    if p.state >= REMITTED and (p.gain == 0.0 or p.care != CARE_COURSE):
        return p.reference
    return severity_of_depth(p, q, natural_depth(p, q) + p.contact + effect_at(p, q, t))


@rule
def measured(p: Any, q: Any, severity: Any, t: Any) -> Any:
    """Return the score as measured on day t: true score plus a keyed error, cut to the scale."""
    occurrence = int(p.episode) * 100000 + math.floor(t) + 50000
    value = severity + q.measurement_sd * normal(p.key, SALT_MEASUREMENT, occurrence)
    return min(max(value, 0.0), 60.0)


@rule
def severity_loss(q: Any, treatment: Any, severity: Any) -> Any:
    """Return f g(z): the share of potency lost (negative: gained) at a score.

    Where f > 0, g is a hinge at the card's severity threshold z*; where f < 0, g(z) = z.
    """
    share = q.loss_share[treatment]
    z = (math.log(severity) - q.reference_log_severity) / q.reference_log_sd
    if share <= 0.0:
        return share * z
    x = (z - q.loss_threshold[treatment]) / q.hinge_width
    return share * q.hinge_width * (x if x > 36.0 else math.log1p(math.exp(x)))


@rule
def dose_taken(q: Any, treatment: Any, severity: Any) -> Any:
    """Return D, the dose taken up while on course: 1 at z = 0, less when severe if self-driven."""
    slope = q.dose_slope[treatment]
    if slope == 0.0:
        return 1.0
    z = (math.log(severity) - q.reference_log_severity) / q.reference_log_sd
    return 2.0 / (1.0 + math.exp(slope * z))


@rule
def luck(p: Any, q: Any, treatment: Any, attempt: Any) -> Any:
    """Return w: how well this treatment suits this patient this time; its mean is 1."""
    traits = 0.0
    for m in range(q.mechanisms):
        weight = q.trait_weight[treatment, m]
        if weight != 0.0:
            traits += weight * normal(p.key, SALT_TRAIT_FACTOR, m)
    fresh = normal(p.key, q.salt_luck[treatment], attempt)
    x = q.luck_general * p.trait + q.luck_class * traits + q.luck_fresh * fresh
    return math.exp(x - q.luck_half_variance)


@rule
def gain_of_course(p: Any, q: Any, treatment: Any, severity: Any, attempt: Any) -> Any:
    """Return T at full uptake for a course begun at `severity`."""
    kappa = q.potency[treatment]
    if kappa == 0.0:
        return 0.0
    kept = 1.0 - severity_loss(q, treatment, severity) + q.biotype_shift[treatment, p.biotype]
    if kept <= 0.0:
        return 0.0
    for n in range(3):
        flag = q.block_flag[treatment, n]
        if flag >= 0 and (p.conditions >> flag) & 1:
            kept *= 1.0 - q.block_share[treatment, n]
    missing = q.tested_after[treatment] - p.failures
    if missing > 0:
        kept *= q.extrapolation[treatment, min(missing, 7)]
    if q.target_share[treatment] < 1.0:
        kept *= aim(p, q, treatment)
    dose = dose_taken(q, treatment, severity)
    return dose * kappa * kept * luck(p, q, treatment, attempt)


@rule
def attempt_number(p: Any, treatment: Any) -> Any:
    """Return which attempt of this treatment in this episode a new course is, as a key."""
    if not (p.tried >> treatment) & 1:
        attempt = 0
    elif not (p.again >> treatment) & 1:
        attempt = 1
    else:
        attempt = 2 + min(int(p.courses), ATTEMPTS - 3)
    return int(p.episode) * ATTEMPTS + attempt
