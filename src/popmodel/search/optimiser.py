"""Who proposes: the only file that imports Optuna.

NSGA-II (Deb et al., IEEE Trans Evol Comput 2002;6:182) keeps a population and crosses its best;
the multi-objective tree-structured Parzen estimator (Ozaki et al., J Artif Intell Res
2022;73:1209) models where good choices lie; random ones are there to tell what either is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from popmodel.search.space import Choices, Space

GENERATION: Final = 20
"""Strategies proposed at once, and the population of the genetic algorithm."""
OVER_BUDGET: Final = "over_budget"


@dataclass
class Optimiser:
    """Proposes choices and learns from what they were worth.

    Attributes:
        space: what may be proposed.
        study: Optuna's, with everything told so far.
        asked: proposals not told yet, in order.
    """

    space: Space
    study: Any
    asked: list[Any] = field(default_factory=list)

    def ask(self, count: int) -> list[Choices]:
        """Return so many proposals."""
        self.asked = [self.study.ask() for _ in range(count)]
        return [_choose(trial, self.space) for trial in self.asked]

    def tell(self, values: Sequence[Sequence[float]], over_budget: Sequence[float]) -> None:
        """Say what the proposals were worth, in their order.

        Args:
            values: by proposal, one a objective, less is better.
            over_budget: by proposal, money above the budget; at most 0: within it.
        """
        for trial, worth, over in zip(self.asked, values, over_budget, strict=True):
            trial.set_constraint(OVER_BUDGET, over)
            self.study.tell(trial, list(worth))
        self.asked = []


def _choose(trial: Any, space: Space) -> Choices:
    return {
        name: trial.suggest_categorical(name, list(range(size)))
        if name in space.unordered
        else trial.suggest_int(name, 0, size - 1)
        for name, size in space.sizes.items()
    }


def optimiser_of(space: Space, seed: int) -> Optimiser:
    """Return an optimiser that begins with what is known; the same seed proposes the same.

    Args:
        space: what may be proposed; its question says by which method.
        seed: of the proposals.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samplers: dict[str, Any] = {
        "nsga2": lambda: optuna.samplers.NSGAIISampler(population_size=GENERATION, seed=seed),
        "tpe": lambda: optuna.samplers.TPESampler(n_startup_trials=GENERATION, seed=seed),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
    }
    study = optuna.create_study(
        sampler=samplers[space.question.search.method](),
        directions=["minimize"] * len(space.question.objectives),
    )
    for choices in space.starts():
        study.enqueue_trial(dict(choices))
    return Optimiser(space, study)
