"""What commands that run designs share, and `popmodel merge`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "uncertainty"))

from toy_jobs import Ishigami, a_design

from popmodel.cli import main
from popmodel.cli.sweeping import Executor, Pace, carry_out, choices, is_ready, tell_plan
from popmodel.errors import InputError, PartlyDone
from popmodel.uncertainty import Options, run_sweep


def test_options_are_those_that_were_typed():
    assert choices(2) == Options(jobs=2)
    assert choices(shard="2/10").shard == (2, 10)
    dask = choices(executor=Executor.dask, scheduler="tcp://x:1", fresh=True)
    assert (dask.executor, dask.scheduler, dask.fresh) == ("dask", "tcp://x:1", True)
    assert choices().workers >= 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"shard": "0/3"}, "--shard '0/3': i/n is needed"),
        ({"shard": "4/3"}, "--shard"),
        ({"shard": "1"}, "--shard"),
        ({"shard": "a/b"}, "--shard"),
        ({"jobs": 0}, "jobs 0"),
        ({"executor": Executor.dask}, "both, or neither"),
        ({"scheduler": "tcp://x:1"}, "both, or neither"),
    ],
)
def test_options_that_cannot_be_are_refused(typed, told):
    with pytest.raises(InputError, match=told):
        choices(**typed)


def test_shards_are_merged_by_the_command(tmp_path, capsys):
    folders = [tmp_path / "a", tmp_path / "b"]
    for part, folder in enumerate(folders, 1):
        sweep = carry_out("toy", a_design(10), Ishigami(), folder, Options(shard=(part, 2)))
        assert not is_ready(sweep, Options(shard=(part, 2)))
    assert "popmodel merge" in capsys.readouterr().err
    assert main(["merge", str(folders[0])]) == 3
    assert "5 of 10 runs are done, 5 are missing" in capsys.readouterr().err
    assert main(["merge", str(folders[0]), str(folders[1])]) == 0
    assert "10 of 10 runs are done" in capsys.readouterr().out
    assert main(["merge", "--json", str(folders[0])]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == {"done": 10}


def test_merging_what_is_no_sweep_is_wrong_input(tmp_path, capsys):
    assert main(["merge", str(tmp_path)]) == 2
    assert "holds no sweep" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_with_failures_is_not_analysed(tmp_path):
    sweep = carry_out("toy", a_design(4), Ishigami(fails=(2,)), tmp_path / "s", Options())
    with pytest.raises(PartlyDone, match="1 failed"):
        is_ready(sweep, Options())


def test_a_dry_run_tells_what_all_would_take_and_writes_nothing(tmp_path, capsys):
    design, job = a_design(40), Ishigami(seconds=0.003)
    run_sweep(design, job, tmp_path / "s", Options(shard=(1, 4)))
    tell_plan("toy", design, job, tmp_path / "new", Options(), as_json=True)
    plan = json.loads(capsys.readouterr().out)
    assert (plan["runs"], plan["left"], plan["workers"]) == (40, 40, 1)
    assert 40 * 0.003 < plan["seconds"] < 40 * 0.1
    assert plan["disk_bytes"] > 40 * 1000
    assert not (tmp_path / "new").exists()
    tell_plan("toy", design, job, tmp_path / "s", Options(), as_json=False)
    assert "30 in 30 chunks" in capsys.readouterr().out


def test_the_pace_counts_only_what_was_done_now():
    now = iter([-50.0, 0.0, 10.0, 100.0])
    pace = Pace(clock=lambda: next(now))
    assert pace.told(500, 0, 1000) == "500/1,000 runs"
    assert pace.told(500, 0, 1000) == "500/1,000 runs"  # the workers have compiled by now
    assert pace.told(520, 1, 1000) == "520/1,000 runs, 2 a second, 0:04:00 left, 1 failed"
    assert pace.told(550, 1, 1000) == "550/1,000 runs, 30 a minute, 0:15:00 left, 1 failed"
