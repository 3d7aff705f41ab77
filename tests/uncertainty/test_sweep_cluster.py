"""A Dask cluster gives the same bytes as one process."""

from __future__ import annotations

import pytest
from toy_jobs import Ishigami, a_design, files

from popmodel.errors import InputError
from popmodel.uncertainty import Options, dask_cluster, run_sweep

distributed = pytest.importorskip("distributed")


def test_a_local_cluster_changes_no_byte(tmp_path):
    """Two worker processes of one thread; a run fails, the others go on."""
    job, design = Ishigami(fails=(5,)), a_design(30)
    run_sweep(design, job, tmp_path / "straight")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        options = Options(executor="dask", scheduler=cluster.scheduler_address)
        sweep = run_sweep(design, job, tmp_path / "s", options)
    assert sweep.failed["run"].tolist() == [5]
    assert files(tmp_path / "s") == files(tmp_path / "straight")


def test_a_scheduler_that_does_not_answer_is_wrong_input(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "SECONDS_TO_CONNECT", 0.3)
    options = Options(executor="dask", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(InputError, match="no Dask scheduler answers"):
        run_sweep(a_design(3), Ishigami(), tmp_path / "s", options)


def test_a_scheduler_file_that_is_not_there_is_wrong_input(tmp_path):
    options = Options(executor="dask", scheduler=str(tmp_path / "none.json"))
    with pytest.raises(InputError, match="no such scheduler file"):
        run_sweep(a_design(3), Ishigami(), tmp_path / "s", options)
