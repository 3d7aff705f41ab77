"""Toy jobs: they answer like the model, and what they should answer is known."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from popmodel.uncertainty import Run


@dataclass(frozen=True)
class Ishigami:
    """sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1, as three rows of a strategy each; fails where planted.

    Attributes:
        seconds: how long a run sleeps.
        fails: runs that raise.
        log: a file to which every run adds its number when it begins.
        kills: runs at which the process dies.
    """

    seconds: float = 0.0
    fails: tuple[int, ...] = ()
    log: str = ""
    kills: tuple[int, ...] = ()
    identity: str = "ishigami"
    columns: tuple[str, ...] = ("strategy", "patients", "qaly")

    def __call__(self, run: Run) -> pd.DataFrame:
        note(self.log, run.number)
        if self.seconds:
            time.sleep(self.seconds)
        if run.number in self.fails:
            raise ValueError(f"planted in run {run.number}")
        if run.number in self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        a, b, c = (run.values[name] for name in ("x.a", "x.b", "x.c"))
        y = np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)
        return pd.DataFrame(
            {"strategy": ["none", "some", "all"], "patients": 100, "qaly": [y, y / 3, run.luck + y]}
        )


@dataclass(frozen=True)
class Busy(Ishigami):
    """Ishigami that computes instead of sleeping."""

    identity: str = "busy"

    def __call__(self, run: Run) -> pd.DataFrame:
        end = time.thread_time() + self.seconds
        while time.thread_time() < end:
            pass
        return Ishigami.__call__(Ishigami(log=self.log), run)


@dataclass(frozen=True)
class Prepared(Ishigami):
    """Ishigami that must be made ready once on a machine; notes who did that and who ran.

    Attributes:
        made: a file that is there once it is ready.
        who: a file to which processes add their id: `-id` when they made it ready.
        refuses: whether making ready fails.
    """

    made: str = ""
    who: str = ""
    refuses: bool = False

    def prepare(self) -> bool:
        if self.refuses:
            raise ValueError("cannot be made ready")
        missing = not Path(self.made).exists()
        if missing:
            note(self.who, -os.getpid())
            Path(self.made).touch()
        return missing

    def __call__(self, run: Run) -> pd.DataFrame:
        note(self.who, os.getpid())
        return Ishigami(fails=self.fails)(run)


def note(log: str, number: int) -> None:
    if log:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(handle, f"{number}\n".encode())
        os.close(handle)


def noted(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def a_design(runs: int, seed: int = 1) -> pd.DataFrame:
    points = np.random.default_rng(seed).uniform(-np.pi, np.pi, (runs, 3))
    keys = {"run": np.arange(runs), "structure": "evidence", "luck": np.arange(runs) % 2}
    return pd.DataFrame(keys | dict(zip(("x.a", "x.b", "x.c"), points.T, strict=True)))


def files(folder: Path) -> dict[str, bytes]:
    """Everything that must be equal by any route."""
    found = {name: (folder / name).read_bytes() for name in ("results.parquet", "runs.csv")}
    found["design.csv"] = (folder / "design.csv").read_bytes()
    chunks = sorted((folder / "chunks").iterdir())
    return found | {path.name: path.read_bytes() for path in chunks}
