"""Whatever happens to a sweep, what is finished stays, and going on ends in the same bytes."""

from __future__ import annotations

import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults import Failing, corrupted, plant
from toy_jobs import Ishigami, a_design, files, note, noted

from popmodel.errors import PartlyDone, RunError
from popmodel.uncertainty import (
    Interrupted,
    Options,
    answer,
    claims,
    durable,
    merge_sweeps,
    open_sweep,
    run_sweep,
)
from popmodel.uncertainty.claims import Claims
from popmodel.uncertainty.store import numbers_there, read_chunks, read_question

HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}


@pytest.fixture
def quick(monkeypatch):
    """No look at versions and commits, which is most of the time of a tiny sweep."""
    monkeypatch.setattr(answer.provenance, "manifest", lambda inputs, **facts: facts)


# ------------------------------------------------------------------ runs that fail


def test_a_failing_run_is_recorded_and_the_others_go_on(tmp_path):
    """One in a hundred runs fails; the other ninety-nine keep their rows."""
    planted = tuple(range(17, 1000, 100))
    sweep = run_sweep(a_design(1000), Ishigami(fails=planted), tmp_path / "s")
    assert tuple(sweep.failed["run"]) == planted
    assert sweep.failed["error"].str.contains(r"ValueError: planted in run \d+ \(toy_jobs").all()
    assert len(sweep.results(partial=True)) == 990 * 3
    assert not sweep.complete
    assert sweep.missing == ()
    with pytest.raises(PartlyDone, match="10 failed"):
        sweep.results()


def test_every_run_may_fail(tmp_path):
    sweep = run_sweep(a_design(5), Ishigami(fails=(0, 1, 2, 3, 4)), tmp_path / "s")
    assert len(sweep.failed) == 5
    assert list(sweep.results(partial=True).columns)[2:] == ["strategy", "patients", "qaly"]


@dataclass(frozen=True)
class Odd:
    """A job that returns what it is given."""

    returns: object
    identity: str = "odd"
    columns: tuple[str, ...] = ("y",)

    def __call__(self, run):
        return self.returns


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (None, "returned NoneType, not y"),
        ({"z": [1.0]}, "returned z, not y"),
        ({"y": []}, "returned no rows"),
        ({"y": [object()]}, "column y cannot be kept"),
        ({"y": ["a", 1.0]}, "column y cannot be kept"),
        ({"y": [2**70]}, "column y cannot be kept"),
    ],
)
def test_a_run_that_returns_no_right_rows_is_a_failure(tmp_path, returned, told):
    import pandas as pd

    rows = pd.DataFrame(returned) if returned else returned
    sweep = run_sweep(a_design(2), Odd(rows), tmp_path / "s")
    assert len(sweep.failed) == 2
    assert told in sweep.failed["error"][0]


def test_a_message_is_the_same_everywhere(tmp_path):
    """Addresses of objects differ from process to process; the bytes must not."""
    from popmodel.uncertainty.batch import told

    assert (
        told(ValueError(f"bad {object()}\n  here")) == "ValueError: bad <object object at 0x…> here"
    )


def test_a_run_that_kills_its_process_is_a_failure_and_the_others_go_on(tmp_path):
    """A worker that dies takes nobody along: 30 runs in 2 processes, one run kills."""
    sweep = run_sweep(a_design(30), Ishigami(kills=(11,)), tmp_path / "s", Options(jobs=2))
    assert sweep.failed["run"].tolist() == [11]
    assert "worker process died" in sweep.failed["error"][0]
    assert len(sweep.results(partial=True)) == 29 * 3


def test_a_job_that_cannot_be_sent_is_refused(tmp_path):
    job = Odd(lambda: None)
    with pytest.raises(RunError, match="cannot be sent to a worker"):
        run_sweep(a_design(3), job, tmp_path / "s", Options(jobs=2))


# ------------------------------------------------------------------ interruption


@dataclass(frozen=True)
class Ended(Ishigami):
    """Ends the process by a signal at one run, once."""

    at: int = 0
    sign: int = signal.SIGINT

    def __call__(self, run):
        note(self.log, run.number)
        if run.number == self.at and noted(Path(self.log)).count(self.at) == 1:
            os.kill(os.getpid(), self.sign)
            time.sleep(5)  # the signal comes before this is over
        return Ishigami()(run)


@pytest.fixture
def listening():
    """Ctrl-C is heard: what a shell starts in the background inherits that it is ignored."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_keeps_what_is_finished_and_says_how_to_go_on(
    tmp_path, sign, listening
):
    log, before = tmp_path / "log", signal.getsignal(signal.SIGTERM)
    job = Ended(log=str(log), at=20, sign=sign)
    with pytest.raises(Interrupted) as end:
        run_sweep(a_design(40), job, tmp_path / "s")
    assert "20 of 40 runs are finished" in str(end.value)
    assert "the same command goes on" in str(end.value)
    assert signal.getsignal(signal.SIGTERM) is before
    assert run_sweep(a_design(40), job, tmp_path / "s").complete
    assert noted(log) == [*range(21), *range(20, 40)]
    run_sweep(a_design(40), Ishigami(), tmp_path / "straight")
    assert files(tmp_path / "s") == files(tmp_path / "straight")


def test_a_killed_sweep_loses_nothing_that_is_finished(tmp_path):
    """SIGKILL at 10 random moments."""
    told = killed_again_and_again(tmp_path, runs=100, kills=10, longest=0.15)
    assert told["killed"] >= 5
    assert told["again"] == 0
    assert told["left"] == []
    run_sweep(a_design(100), Ishigami(), tmp_path / "straight")
    assert files(tmp_path / "sweep") == files(tmp_path / "straight")


def killed_again_and_again(folder: Path, runs: int, kills: int, longest: float) -> dict:
    words = [folder, runs, kills, longest, 20261121]
    done = subprocess.run(
        [sys.executable, HERE / "kill_driver.py", *map(str, words)],
        capture_output=True, text=True, env=ENVIRONMENT, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ------------------------------------------------------------------ a disk that fails


def test_a_disk_that_fails_at_any_call_costs_nothing_that_is_finished(tmp_path, monkeypatch, quick):
    """Fails at the 1st, 2nd, … open, write, fsync, close, link or rename until none is left."""
    assert calls_that_failed(tmp_path, monkeypatch, runs=2, lasting=False) > 40


def calls_that_failed(
    folder: Path, monkeypatch, runs: int, lasting: bool, code: int = errno.ENOSPC
) -> int:
    """Let every call fail in turn; return how many there were."""
    design, job = a_design(runs), Ishigami(fails=(1,))
    run_sweep(design, job, folder / "straight")
    straight = files(folder / "straight")
    for call in itertools.count(1):
        failing, place = Failing(call, lasting, code), folder / str(call)
        with monkeypatch.context() as patch:
            plant(patch, failing)
            kept = _until_it_ends(design, job, place, code)
        if not failing.fired:
            return call - 1
        log = folder / f"log-{call}"
        run_sweep(design, Ishigami(fails=(1,), log=str(log)), place)
        assert not kept & set(noted(log)), "what was finished is not run again"
        assert files(place) == straight
        assert not list(place.rglob(".*"))
    raise AssertionError


def _until_it_ends(design, job, folder: Path, code: int) -> set[int]:
    """Run until the disk fails; return the chunks that are finished then."""
    try:
        run_sweep(design, job, folder)
    except PartlyDone as error:
        assert os.strerror(code) in str(error)
        assert "the same command goes on" in str(error)
    return numbers_there(folder)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EMFILE])
def test_a_folder_that_cannot_be_written_is_told_with_exit_code_3(
    tmp_path, monkeypatch, quick, code
):
    with monkeypatch.context() as patch:
        plant(patch, Failing(1, lasting=True, code=code))
        with pytest.raises(PartlyDone, match=os.strerror(code)) as error:
            run_sweep(a_design(3), Ishigami(), tmp_path / "s")
    assert error.value.exit_code == 3


# ------------------------------------------------------------------ damaged chunks


def test_every_damaged_chunk_is_found(tmp_path, quick):
    """60 damages: bits, cuts, additions, zeros, swaps, renumbered and foreign chunks."""
    found = damages_found(tmp_path, times=60)
    assert len(found) == 7
    assert all(planted == seen for planted, seen in found.values())


def damages_found(folder: Path, times: int) -> dict:
    run_sweep(a_design(6), Ishigami(), folder / "sound")
    run_sweep(a_design(6, seed=2), Ishigami(), folder / "foreign")
    asked = read_question(folder / "sound")

    def check(copy: Path) -> set[str]:
        return set(read_chunks(copy, asked).damaged)

    return corrupted(folder / "copies", folder / "sound", folder / "foreign", times, 1, check)


def test_only_the_runs_of_a_damaged_chunk_are_run_again(tmp_path, quick):
    log = tmp_path / "log"
    job, design = Ishigami(log=str(log)), a_design(10)
    run_sweep(design, job, tmp_path / "s")
    straight = files(tmp_path / "s")
    log.unlink()
    chunks = sorted((tmp_path / "s/chunks").iterdir())
    chunks[3].write_bytes(chunks[3].read_bytes()[:-1])
    chunks[8].write_bytes(b"")
    opened = open_sweep(tmp_path / "s")
    assert opened.missing == (3, 8)
    assert len(opened.damaged) == 2
    sweep = run_sweep(design, job, tmp_path / "s")
    assert set(sweep.damaged) == {chunks[3].name, chunks[8].name}
    assert noted(log) == [3, 8]
    assert files(tmp_path / "s") == straight
    assert len(list((tmp_path / "s/damaged").iterdir())) == 2


def test_a_job_that_is_not_reproducible_is_found_out(tmp_path, quick):
    """Two shards hold different results for the same run: none of them is taken."""
    run_sweep(a_design(4), Ishigami(identity="x"), tmp_path / "a")
    run_sweep(a_design(4), Odd(_rows(), "x", Ishigami.columns), tmp_path / "b")
    with pytest.raises(RunError, match="different results for the same runs"):
        merge_sweeps(tmp_path / "a", [tmp_path / "b"])


def _rows():
    import pandas as pd

    return pd.DataFrame({"strategy": ["none"], "patients": 100, "qaly": 1.0})


# ------------------------------------------------------------------ several processes


def test_a_claim_of_a_living_process_is_respected_and_given_back(tmp_path):
    with Claims(tmp_path) as one, Claims(tmp_path) as other:
        assert one.take(3)
        assert one.take(3)
        assert not other.take(3)
        assert len(other.others()) == 1
        one.release(3)
        assert other.take(3)
    assert list(tmp_path.iterdir()) == []


def test_a_claim_of_a_dead_process_is_taken_over_at_once(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    with Claims(tmp_path) as one:
        told = json.loads((tmp_path / f"{one.owner}.alive").read_text())
        (tmp_path / "000003.claim").write_text(json.dumps(told | {"owner": "x", "pid": dead.pid}))
        dead.wait()
        assert one.take(3)
        (tmp_path / "000004.claim").write_text(json.dumps(told | {"owner": "y", "born": "1"}))
        (tmp_path / f"{one.owner.split('-')[0]}-{dead.pid}-ab.alive").touch()
        one.tidy()
        assert len(list(tmp_path.glob("*.alive"))) == 1, "killed before it had told its name"
        assert one.take(4), "the number of the process was used again"


def test_a_claim_from_another_machine_is_taken_over_when_it_is_silent_for_long(
    tmp_path, monkeypatch
):
    with Claims(tmp_path) as one:
        told = json.loads((tmp_path / f"{one.owner}.alive").read_text())
        path = tmp_path / "000003.claim"
        path.write_text(json.dumps(told | {"owner": "x", "host": "elsewhere"}))
        now = [0.0]
        monkeypatch.setattr(claims.time, "monotonic", lambda: now[0])
        assert not one.take(3)
        now[0] = 50.0
        os.utime(path, (1, 1))  # a sign of life, by whatever clock
        assert not one.take(3)
        now[0] = 109.0
        assert not one.take(3)
        now[0] = 111.0
        assert one.take(3)


def test_what_a_dead_process_left_half_written_is_removed(tmp_path, quick):
    run_sweep(a_design(3), Ishigami(), tmp_path / "s")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f"s/chunks/.0a0b0c0d.{durable.machine()}-{dead.pid}-ab.part"
    left.write_bytes(b"half")
    run_sweep(a_design(3), Ishigami(), tmp_path / "s")
    assert not left.exists()
