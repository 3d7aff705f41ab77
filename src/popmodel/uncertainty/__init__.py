"""How sure we are: parameter draws, designs, sweeps that can be resumed, sensitivity."""

from __future__ import annotations

from popmodel.uncertainty.answer import Sweep
from popmodel.uncertainty.design import design_id
from popmodel.uncertainty.estimate import Plan, plan_sweep
from popmodel.uncertainty.options import Options
from popmodel.uncertainty.run import Job, Run
from popmodel.uncertainty.sweep import Interrupted, merge_sweeps, open_sweep, run_sweep

__all__ = [
    "Interrupted",
    "Job",
    "Options",
    "Plan",
    "Run",
    "Sweep",
    "design_id",
    "merge_sweeps",
    "open_sweep",
    "plan_sweep",
    "run_sweep",
]
