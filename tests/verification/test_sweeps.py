"""Sweeps at length: hundreds of kills, a thousand damages, real clusters, real predictions."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FAST = Path(__file__).parents[1] / "uncertainty"
sys.path.insert(0, str(FAST))  # worker processes import the toy jobs from there too

from test_sweep_crashes import (  # noqa: E402
    ENVIRONMENT,
    calls_that_failed,
    damages_found,
    killed_again_and_again,
    quick,
)
from toy_jobs import Busy, Ishigami, a_design, files, noted  # noqa: E402

from popmodel.uncertainty import Options, plan_sweep, run_sweep  # noqa: E402
from popmodel.uncertainty.design import Runs  # noqa: E402

__all__ = ["quick"]
pytestmark = pytest.mark.slow


def straight(folder: Path, runs: int, **about) -> dict[str, bytes]:
    run_sweep(a_design(runs), Ishigami(**about), folder)
    return files(folder)


def started(*words: object, **more) -> subprocess.Popen:
    """Start a sweep as a process of its own."""
    return subprocess.Popen(
        [sys.executable, FAST / "sweep_script.py", *map(str, words)],
        env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=_hears_ctrl_c, **more,
    )  # fmt: skip


def _hears_ctrl_c() -> None:
    """What a shell starts in the background inherits that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(what, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def chunks_in(folder: Path) -> int:
    return len(list((folder / "chunks").glob("*.parquet")))


# ------------------------------------------------------------------ crashes


def test_two_hundred_kills_lose_nothing_that_is_finished(tmp_path):
    told = killed_again_and_again(tmp_path, runs=2000, kills=200, longest=0.25)
    assert told["killed"] >= 100
    assert told["again"] == 0
    assert told["left"] == []
    assert files(tmp_path / "sweep") == straight(tmp_path / "straight", 2000)


def test_a_thousand_damages_are_found(tmp_path, quick):
    found = damages_found(tmp_path, times=1000)
    assert sum(planted for planted, _ in found.values()) == 1000
    assert all(planted == seen for planted, seen in found.values()), found


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EMFILE])
def test_a_disk_that_fails_in_any_way_costs_nothing(tmp_path, monkeypatch, quick, code, lasting):
    assert calls_that_failed(tmp_path, monkeypatch, 6, lasting, code) > 80


def test_one_failure_in_a_hundred_costs_one_run_in_a_hundred(tmp_path):
    planted = tuple(range(50, 10_000, 100))
    sweep = run_sweep(a_design(10_000), Ishigami(fails=planted), tmp_path / "s", Options(jobs=2))
    assert tuple(sweep.failed["run"]) == planted
    assert sweep.results(partial=True)["run"].nunique() == 9_900


# ------------------------------------------------------------------ processes


def test_eight_processes_on_one_folder_do_every_run_once(tmp_path):
    log = tmp_path / "log"
    many = [started(tmp_path / "s", 400, "--seconds", 0.02, "--log", log) for _ in range(8)]
    for one in many:
        _, told = one.communicate(timeout=120)
        assert one.returncode == 0, told
    assert sorted(noted(log)) == list(range(400))
    assert files(tmp_path / "s") == straight(tmp_path / "straight", 400)


def test_ctrl_c_reaches_everybody_and_ends_with_130(tmp_path):
    """As a terminal sends it: to the whole group of processes."""
    one = started(tmp_path / "s", 200, "--seconds", 0.1, "--jobs", 2, start_new_session=True)
    wait_for(lambda: chunks_in(tmp_path / "s") >= 5)
    os.killpg(one.pid, signal.SIGINT)
    out, told = one.communicate(timeout=20)
    assert one.returncode == 130
    assert "Traceback" not in told + out
    assert "the same command goes on" in told
    wait_for(lambda: not members(one.pid), 10)
    run_sweep(a_design(200), Ishigami(), tmp_path / "s")
    assert files(tmp_path / "s") == straight(tmp_path / "straight", 200)


def test_workers_end_with_a_killed_parent(tmp_path):
    one = started(tmp_path / "s", 200, "--seconds", 0.1, "--jobs", 2, start_new_session=True)
    wait_for(lambda: chunks_in(tmp_path / "s") >= 5)
    assert len(members(one.pid)) >= 3
    one.kill()
    one.communicate(timeout=20)
    wait_for(lambda: not members(one.pid), 10)
    run_sweep(a_design(200), Ishigami(), tmp_path / "s")
    assert files(tmp_path / "s") == straight(tmp_path / "straight", 200)


def members(group: int) -> list[int]:
    """Return the processes of a group that are not yet gone."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, its_group, *_ = place.joinpath("stat").read_text().rpartition(")")[2].split()
            if int(its_group) == group and state != "Z":
                found.append(int(place.name))
    return found


# ------------------------------------------------------------------ a cluster


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers started by hand on this machine; what to kill is given back."""
    place = tmp_path / "scheduler.json"
    here = ("--host", "127.0.0.1", "--no-dashboard")
    parts = [_dask("scheduler", "--scheduler-file", place, *here, "--port", "0")]
    wait_for(place.exists)
    for number in (1, 2):
        parts.append(
            _dask("worker", "--scheduler-file", place, "--no-nanny", "--nthreads", "1",
                  "--name", number, "--local-directory", tmp_path, *here)
        )  # fmt: skip
    yield place, parts
    for one in parts[::-1]:
        one.kill()
        one.wait()


def _dask(what: str, *words: object) -> subprocess.Popen:
    program = [sys.executable, "-m", "distributed.cli.dask_" + what, *map(str, words)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(program, env=ENVIRONMENT, **quiet)


def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(tmp_path, cluster):
    place, parts = cluster
    one = started(tmp_path / "s", 150, "--seconds", 0.05, "--scheduler", place)
    wait_for(lambda: chunks_in(tmp_path / "s") >= 10)
    parts[1].kill()
    _, told = one.communicate(timeout=120)
    assert one.returncode == 0, told
    assert files(tmp_path / "s") == straight(tmp_path / "straight", 150)


def test_a_cluster_that_is_gone_costs_nothing_that_is_finished(tmp_path, cluster):
    place, parts = cluster
    one = started(tmp_path / "s", 300, "--seconds", 0.05, "--scheduler", place)
    wait_for(lambda: chunks_in(tmp_path / "s") >= 10)
    for part in parts:
        part.kill()
    _, told = one.communicate(timeout=120)
    assert one.returncode == 3, told
    assert "workers are gone" in told
    run_sweep(a_design(300), Ishigami(), tmp_path / "s")
    assert files(tmp_path / "s") == straight(tmp_path / "straight", 300)


# ------------------------------------------------------------------ predictions


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_dry_run_tells_time_and_disk_within_a_factor_of_two(tmp_path, jobs):
    job, design, options = Ishigami(seconds=0.05), a_design(300), Options(jobs=jobs)
    plan = plan_sweep(design, job, tmp_path / "s", options)
    assert not (tmp_path / "s").exists()
    began = time.monotonic()
    run_sweep(design, job, tmp_path / "s", options)
    assert 0.5 < plan.seconds / (time.monotonic() - began) < 2.0
    taken = sum(path.stat().st_blocks * 512 for path in (tmp_path / "s").rglob("*"))
    assert 0.5 < plan.disk_bytes / taken < 2.0


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_dry_run_tells_memory_within_a_factor_of_two(tmp_path, jobs):
    words = (tmp_path / "s", 200, "--jobs", jobs, "--seconds", 0.01, "--bytes", 200_000_000)
    one = started(*words, "--plan")
    out, told = one.communicate(timeout=60)
    assert one.returncode == 0, told
    plan = json.loads(out)
    one = started(*words, start_new_session=True)
    peaks: dict[int, int] = {}
    while one.poll() is None:
        for member in members(one.pid):
            with contextlib.suppress(OSError, StopIteration):
                peaks[member] = peak(member)
        time.sleep(0.02)
    _, told = one.communicate()
    assert one.returncode == 0, told
    assert 0.5 < plan["memory_bytes"] / sum(peaks.values()) < 2.0


def peak(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def test_the_runner_costs_less_than_a_twentieth_of_short_runs(tmp_path):
    """Processor time of a sweep beside that of its runs of 50 ms alone, in this process."""
    job, design = Busy(seconds=0.05), a_design(300)
    began = time.process_time()
    for run in Runs(design)(range(300)):
        job(run)
    alone = time.process_time() - began
    began = time.process_time()
    run_sweep(design, job, tmp_path / "s")
    assert (time.process_time() - began) / alone < 1.05
