"""A sweep gives the same bytes by whatever route it is run."""

from __future__ import annotations

import os
import threading

import numpy as np
import pandas as pd
import pytest
from toy_jobs import Ishigami, Prepared, a_design, files, noted

from popmodel.errors import InputError, PartlyDone
from popmodel.uncertainty import Options, design_id, merge_sweeps, open_sweep, run_sweep
from popmodel.uncertainty.design import checked_design, chunk_length, design_bytes, read_design
from popmodel.uncertainty.labour import Labour

RUNS = 24
JOB = Ishigami(fails=(7,))


@pytest.fixture(scope="module")
def design():
    return a_design(RUNS)


@pytest.fixture(scope="module")
def straight(tmp_path_factory, design):
    """The files of a sweep that ran straight through in one process."""
    folder = tmp_path_factory.mktemp("straight") / "sweep"
    run_sweep(design, JOB, folder)
    return files(folder)


def test_rows_are_those_of_the_job_in_order_of_runs(tmp_path, design):
    sweep = run_sweep(design, Ishigami(), tmp_path / "s")
    assert sweep.complete
    rows = sweep.results()
    assert list(rows.columns) == ["run", "structure", "strategy", "patients", "qaly"]
    assert rows["run"].tolist() == np.repeat(np.arange(RUNS), 3).tolist()
    a, b, c = (design[name] for name in ("x.a", "x.b", "x.c"))
    y = np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)
    assert rows["qaly"].iloc[::3].tolist() == y.tolist()
    saved = pd.read_parquet(tmp_path / "s/results.parquet")
    pd.testing.assert_frame_equal(saved, rows)


@pytest.mark.parametrize(
    "options",
    [Options(executor="threads", jobs=3), Options(jobs=2)],
    ids=["threads", "processes"],
)
def test_workers_change_no_byte(tmp_path, design, straight, options):
    sweep = run_sweep(design, JOB, tmp_path / "s", options)
    assert files(tmp_path / "s") == straight
    assert sweep.failed["run"].tolist() == [7]


def test_who_compiles_for_all_does_no_run(tmp_path, design, straight):
    """A process that has compiled holds memory it needs no more: it makes room for others."""
    made, who = tmp_path / "made", tmp_path / "who"
    job = Prepared(fails=(7,), made=str(made), who=str(who))
    run_sweep(design, job, tmp_path / "s", Options(jobs=2))
    assert files(tmp_path / "s") == straight
    compiled = [-number for number in noted(who) if number < 0]
    assert len(compiled) == 1
    assert compiled[0] not in noted(who)
    assert len(noted(who)) == 1 + len(design)


def test_what_cannot_be_made_ready_is_left_to_the_runs(tmp_path, design, straight):
    run_sweep(design, Prepared(fails=(7,), refuses=True), tmp_path / "s", Options(jobs=2))
    assert files(tmp_path / "s") == straight


def test_the_order_of_runs_changes_no_byte(tmp_path, design, straight, monkeypatch):
    forward = Labour.left_after
    monkeypatch.setattr(Labour, "left_after", lambda self, found: forward(self, found)[::-1])
    log = tmp_path / "log"
    run_sweep(design, Ishigami(fails=(7,), log=str(log)), tmp_path / "s")
    assert noted(log) == list(range(RUNS))[::-1]
    assert files(tmp_path / "s") == straight


def test_the_order_of_the_designs_rows_changes_no_byte(tmp_path, design, straight):
    run_sweep(design.sample(frac=1, random_state=1), JOB, tmp_path / "s")
    assert files(tmp_path / "s") == straight


@pytest.mark.parametrize("parts", [2, 7])
def test_shards_in_one_folder_end_with_the_whole(tmp_path, design, straight, parts):
    for part in range(parts, 0, -1):
        sweep = run_sweep(design, JOB, tmp_path / "s", Options(shard=(part, parts)))
        assert bool(sweep.missing) == (part > 1)
        assert (tmp_path / "s/results.parquet").exists() == (part == 1)
    assert files(tmp_path / "s") == straight


def test_shards_in_folders_of_their_own_are_joined(tmp_path, design, straight):
    folders = [tmp_path / f"part-{part}" for part in (1, 2, 3)]
    for part, folder in enumerate(folders, 1):
        run_sweep(design, JOB, folder, Options(shard=(part, 3)))
    sweep = merge_sweeps(folders[0], folders[1:2])
    assert len(sweep.missing) == RUNS // 3
    merge_sweeps(tmp_path / "whole", folders)
    assert files(tmp_path / "whole") == straight


def test_shards_of_different_sweeps_are_not_joined(tmp_path, design):
    run_sweep(design, JOB, tmp_path / "a", Options(shard=(1, 2)))
    run_sweep(a_design(RUNS, seed=2), JOB, tmp_path / "b", Options(shard=(2, 2)))
    with pytest.raises(InputError, match="the values of the runs differ"):
        merge_sweeps(tmp_path / "a", [tmp_path / "b"])


def test_shards_share_the_runs_out_evenly_and_wholly(tmp_path):
    logs = [tmp_path / f"log-{part}" for part in (1, 2, 3)]
    for part, log in enumerate(logs, 1):
        job = Ishigami(log=str(log))
        run_sweep(a_design(30), job, tmp_path / "s", Options(shard=(part, 3)))
    assert sorted(run for log in logs for run in noted(log)) == list(range(30))
    assert [len(noted(log)) for log in logs] == [10, 10, 10]


def test_several_at_once_in_one_folder_do_every_run_once(tmp_path, design, straight):
    log = tmp_path / "log"
    job = Ishigami(fails=(7,), log=str(log), seconds=0.005)
    at_once = [
        threading.Thread(target=run_sweep, args=(design, job, tmp_path / "s")) for _ in range(4)
    ]
    for one in at_once:
        one.start()
    for one in at_once:
        one.join()
    assert sorted(noted(log)) == list(range(RUNS))
    assert files(tmp_path / "s") == straight
    assert list((tmp_path / "s/claims").iterdir()) == []


# ------------------------------------------------------------------ going on


def test_the_same_again_runs_nothing_and_writes_nothing(tmp_path, design):
    log = tmp_path / "log"
    job = Ishigami(log=str(log))
    run_sweep(design, job, tmp_path / "s")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "s").glob("*.*")}
    sweep = run_sweep(design, job, tmp_path / "s", Options(jobs=2))
    assert sweep.complete
    assert noted(log) == list(range(RUNS))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "s").glob("*.*")} == before


def test_another_design_is_refused_and_the_message_says_what_differs(tmp_path):
    run_sweep(a_design(8), JOB, tmp_path / "s", about={"method": "sobol", "seed": 1})
    other = a_design(12).rename(columns={"x.c": "x.d"})
    with pytest.raises(InputError) as refused:
        run_sweep(other, JOB, tmp_path / "s", about={"method": "morris", "seed": 1})
    told = str(refused.value)
    assert "method sobol there, morris here" in told
    assert "8 runs there, 12 here" in told
    assert "x.c only there" in told
    assert "x.d only here" in told
    assert "seed" not in told
    assert "--fresh" in told


def test_another_job_is_refused(tmp_path):
    run_sweep(a_design(4), JOB, tmp_path / "s")
    with pytest.raises(InputError, match="another scenario, other cards or another version"):
        run_sweep(a_design(4), Ishigami(identity="other"), tmp_path / "s")


def test_fresh_begins_anew_and_keeps_the_earlier_sweep_beside(tmp_path):
    run_sweep(a_design(4), JOB, tmp_path / "s")
    earlier = files(tmp_path / "s")
    for number in (1, 2):
        sweep = run_sweep(a_design(6, seed=number), JOB, tmp_path / "s", Options(fresh=True))
        assert len(sweep.design) == 6
    assert files(tmp_path / "s.earlier-1") == earlier
    assert (tmp_path / "s.earlier-2").is_dir()


def test_fresh_waits_for_those_at_work_and_not_for_those_long_silent(tmp_path):
    run_sweep(a_design(4), JOB, tmp_path / "s")
    sign = tmp_path / "s/claims/x.alive"
    sign.write_text('{"owner": "x", "host": "elsewhere", "pid": 1, "born": ""}')
    with pytest.raises(InputError, match="elsewhere, process 1 works in it"):
        run_sweep(a_design(4), JOB, tmp_path / "s", Options(fresh=True))
    os.utime(sign, (1, 1))
    run_sweep(a_design(4), JOB, tmp_path / "s", Options(fresh=True))
    assert (tmp_path / "s.earlier-1").is_dir()


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for options in (Options(), Options(fresh=True)):
        with pytest.raises(InputError, match="holds other files"):
            run_sweep(a_design(4), JOB, tmp_path, options)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_design_that_was_changed_by_hand_is_refused(tmp_path):
    run_sweep(a_design(4), JOB, tmp_path / "s")
    path = tmp_path / "s/design.csv"
    path.write_text(path.read_text().replace("evidence", "premise", 1))
    with pytest.raises(InputError, match="was changed since the sweep began"):
        open_sweep(tmp_path / "s")


def test_progress_counts_runs_failures_and_what_was_there_before(tmp_path):
    design = a_design(30)
    run_sweep(design, JOB, tmp_path / "s", Options(shard=(1, 2)))
    seen = []
    run_sweep(design, JOB, tmp_path / "s", progress=lambda *told: seen.append(told))
    assert seen[0] == (15, 0, 30)
    assert seen[-1] == (30, 1, 30)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


# ------------------------------------------------------------------ incomplete sweeps


def test_an_incomplete_sweep_gives_no_results_by_accident(tmp_path):
    sweep = run_sweep(a_design(30), JOB, tmp_path / "s", Options(shard=(1, 2)))
    assert not sweep.complete
    with pytest.raises(PartlyDone, match="15 are missing"):
        sweep.results()
    assert len(sweep.results(partial=True)) == 45
    assert not (tmp_path / "s/results.parquet").exists()
    listed = pd.read_csv(tmp_path / "s/runs.csv", keep_default_na=False)
    assert listed["status"].tolist() == ["done", "missing"] * 15


def test_a_sweep_is_read_back_as_it_was(tmp_path):
    made = run_sweep(a_design(9), JOB, tmp_path / "s", about={"method": "sobol"})
    read = open_sweep(tmp_path / "s")
    assert read.design_id == made.design_id == design_id(a_design(9))
    assert read.about == {"method": "sobol"}
    pd.testing.assert_frame_equal(read.design, made.design)
    pd.testing.assert_frame_equal(read.runs, made.runs)
    assert read.rows.equals(made.rows)


def test_runs_that_failed_are_tried_again_when_asked(tmp_path):
    log = tmp_path / "log"
    bad = Ishigami(fails=(3, 300), log=str(log))
    design = a_design(600)
    assert run_sweep(design, bad, tmp_path / "s").failed["run"].tolist() == [3, 300]
    log.unlink()
    mended = Ishigami(log=str(log))
    sweep = run_sweep(design, mended, tmp_path / "s", Options(retry_failed=True))
    assert sweep.complete
    assert noted(log) == [3, 300]
    run_sweep(design, Ishigami(), tmp_path / "straight")
    assert files(tmp_path / "s") == files(tmp_path / "straight")


# ------------------------------------------------------------------ designs


def test_a_design_keeps_every_bit(tmp_path):
    values = [0.1, 1 / 3, 1e-308, 5e-324, -0.0, 1.7976931348623157e308, 2**53 + 1.0, np.pi]
    design = pd.DataFrame(
        {"run": range(8), "structure": ["NA", "1", "", "a,b", "x", "y", "z", "null"], "luck": 0}
    ).assign(**{"treatments.x.potency": values})
    found = read_design(design_bytes(checked_design(design)))
    assert found["treatments.x.potency"].to_numpy().tobytes() == np.array(values).tobytes()
    assert found["structure"].tolist() == design["structure"].tolist()
    assert design_id(found) == design_id(design)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"x.a": [1.0, np.nan, 1.0]}, "x.a: run 1: a value is missing"),
        ({"x.a": [1.0, 1.0, np.inf]}, "x.a: run 2"),
        ({"x.a": ["a", "b", "c"]}, "x.a: run 0"),
        ({"run": [0, 1, 1]}, "numbered 0 to 2"),
        ({"run": [1, 2, 3]}, "numbered 0 to 2"),
        ({"luck": [0, -1, 0]}, "luck"),
        ({"structure": ["a", None, "a"]}, "a run has none"),
    ],
)
def test_a_design_with_faults_is_refused_and_nothing_is_written(tmp_path, change, told):
    with pytest.raises(InputError, match=told):
        run_sweep(a_design(3).assign(**change), JOB, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_chunks_are_many_enough_to_share_and_few_enough_to_keep():
    for runs in (1, 100, 256, 257, 2_000, 10_000, 65_536, 10**6):
        length = chunk_length(runs)
        chunks = -(-runs // length)
        assert chunks <= 4096
        assert length <= 16 or runs > 65_536
        assert chunks >= min(runs, 65)
