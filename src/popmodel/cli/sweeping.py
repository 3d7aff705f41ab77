"""What commands that run designs share: options, progress, dry runs, and how they end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.printing import print_json, print_table, remark
from popmodel.cli.progress import SECONDS_BETWEEN_LINES

if TYPE_CHECKING:
    import pandas as pd

    from popmodel.uncertainty import Job, Options, Sweep


class Executor(StrEnum):
    """Where runs are done."""

    local = "local"
    threads = "threads"
    dask = "dask"


JobsOption = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Runs at once; as many as processors if none.")
]
ExecutorOption = Annotated[
    Executor, typer.Option("--executor", help="Where runs are done: processes here, or a cluster.")
]
SchedulerOption = Annotated[
    str,
    typer.Option("--scheduler", metavar="ADDRESS", help="Dask scheduler, or its scheduler file."),
]
ShardOption = Annotated[
    str | None,
    typer.Option("--shard", metavar="I/N", help="Run one of N parts; `popmodel merge` joins."),
]
FreshOption = Annotated[
    bool, typer.Option("--fresh", help="Move what is in the folder aside, and begin anew.")
]
RetryFailedOption = Annotated[
    bool, typer.Option("--retry-failed", help="Do runs again that failed earlier.")
]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Time a few runs, tell what all would take, write nothing."),
]


def choices(
    jobs: int | None = None,
    executor: Executor = Executor.local,
    scheduler: str = "",
    shard: str | None = None,
    fresh: bool = False,
    retry_failed: bool = False,
) -> Options:
    """Return the options of a sweep that were typed.

    Raises:
        InputError: One is out of range, or does not go with another.
    """
    from popmodel.uncertainty import Options
    from popmodel.uncertainty.options import read_shard

    part = read_shard(shard) if shard else (1, 1)
    return Options(executor.value, jobs, scheduler, part, fresh, retry_failed)


def carry_out(
    title: str,
    design: pd.DataFrame,
    job: Job,
    folder: Path,
    options: Options,
    about: Mapping[str, Any] | None = None,
) -> Sweep:
    """Run a design with progress on the terminal, and say how to go on when it ends early.

    Args:
        title: What the whole is called.
        design: As for `run_sweep`.
        job: What is run.
        folder: Where the sweep lies.
        options: From `choices`.
        about: How the design was made.

    Raises:
        InputError: The design has faults, or the folder holds another sweep.
        PartlyDone: The disk is full, or the cluster is gone.
        KeyboardInterrupt: Ctrl-C.
    """
    from popmodel.uncertainty import Interrupted, run_sweep

    try:
        with _shown(title) as progress:
            sweep = run_sweep(design, job, folder, options, progress, about)
    except Interrupted as end:
        remark(str(end))
        raise
    for name, why in sweep.damaged.items():
        remark(f"warning: {name} {why}; put aside, its runs were run again")
    return sweep


def is_ready(sweep: Sweep, options: Options) -> bool:
    """Return whether a sweep can be analysed; False after a shard whose others are not done yet.

    Args:
        sweep: From `carry_out`.
        options: Those it was carried out with.

    Raises:
        PartlyDone: Runs failed, or are missing that should be there.
    """
    from popmodel.uncertainty.sweep import is_shard_done

    if sweep.complete:
        return True
    if options.shard[1] == 1 or not is_shard_done(sweep, options):
        sweep.refuse_incomplete()
    part, parts = options.shard
    remark(f"shard {part}/{parts} is finished; of all shards together {sweep.told()}")
    remark(f"when all are finished: popmodel merge {sweep.folder}")
    return False


def tell_plan(
    title: str, design: pd.DataFrame, job: Job, folder: Path, options: Options, as_json: bool
) -> None:
    """Time a few runs and print what a sweep would take.

    Args:
        title: What the whole is called.
        design: As for `run_sweep`.
        job: What would be run.
        folder: Where the sweep would lie.
        options: From `choices`.
        as_json: Whether to print JSON.

    Raises:
        InputError: The design has faults.
        RunError: Every run that was tried failed.
    """
    from dataclasses import asdict

    from popmodel.uncertainty import plan_sweep

    plan = plan_sweep(design, job, folder, options)
    if as_json:
        print_json(asdict(plan) | {"folder": str(folder)})
    else:
        rows = [*plan.told().items(), ("results", str(folder))]
        print_table(title, ("would run", ""), rows)


# ------------------------------------------------------------------ progress


class Pace:
    """How fast runs come: what was finished earlier, and the start of workers, is no speed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without a run."""
        self.clock = clock
        self.first: tuple[float, int] | None = None

    def told(self, done: int, failed: int, total: int) -> str:
        """Return runs done, their rate, the time that is left, and failures, in words.

        Args:
            done: Runs done or failed.
            failed: Of these, runs that failed.
            total: Runs there are.
        """
        now = self.clock()
        if self.first is None or done == self.first[1]:
            self.first = (now, done)
        began, earlier = self.first
        parts = [f"{done:,}/{total:,} runs"]
        if done > earlier and now > began:
            rate = (done - earlier) / (now - began)
            parts += [_rate(rate), f"{_clock((total - done) / rate)} left"]
        if failed:
            parts.append(f"{failed:,} failed")
        return ", ".join(parts)


def _rate(rate: float) -> str:
    return f"{rate:.3g} a second" if rate >= 1 else f"{60 * rate:.3g} a minute"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


@contextmanager
def _shown(title: str) -> Iterator[Callable[[int, int, int], None]]:
    """Show the progress of a sweep: a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _lines(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    pace = Pace()
    columns = (TextColumn("{task.description}", markup=False), BarColumn())
    words = TextColumn("{task.fields[told]}", markup=False)
    with Progress(*columns, words, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=1, told="")

        def progress(done: int, failed: int, total: int) -> None:
            told = pace.told(done, failed, total)
            bars.update(task, completed=done, total=max(total, 1), told=told)

        yield progress


def _lines(title: str) -> Callable[[int, int, int], None]:
    pace = Pace()
    last = time.monotonic()

    def progress(done: int, failed: int, total: int) -> None:
        nonlocal last
        told = pace.told(done, failed, total)
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            remark(f"{title}: {told}")

    return progress
