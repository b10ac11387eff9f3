"""Who does the work changes nothing but the time: processes and a Dask cluster, also where workers die."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from model import draws, threads
from model.analysis import processes
from model.analysis import workers as module
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.analysis.workers import WorkersError, in_order, workers
from model.cli import main
from model.sample import Sample
from model.scenario_file import read

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "scenarios" / "mscc_constant_hazards.yaml"
TASKS = 40


def loopback() -> bool:
    with socket.socket() as server, socket.socket() as client:
        try:
            server.bind(("127.0.0.1", 0))
            server.listen()
            client.settimeout(5)
            client.connect(server.getsockname())
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def distributed():
    """The module, where a scheduler can be started and reached."""
    if not loopback():
        pytest.skip("this machine cannot reach itself over the network (127.0.0.1), so no scheduler can be reached")
    return pytest.importorskip("distributed", reason="Dask is not installed: pip install -e '.[cluster]'")


@pytest.fixture(scope="module")
def scheduler(distributed):
    """Address of a scheduler with two worker processes of one thread each."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        cluster.wait_for_workers(2)
        yield cluster.scheduler_address


@pytest.fixture(params=["processes", "spawned", "cluster"])
def where(request, monkeypatch):
    """(jobs, cluster) of workers that are really other processes; spawned: as where there is no fork, or other threads."""
    if request.param == "spawned":
        monkeypatch.setattr(processes, "way", lambda: "spawn")
    return (1, request.getfixturevalue("scheduler")) if request.param == "cluster" else (2, None)


def test_work_that_is_stopped_ends_soon_and_leaves_no_process():
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), workers(2) as executor:
        for task in range(4):
            executor.submit(time.sleep, 30 + task)
        processes = list(executor._pool._processes.values())
        raise KeyboardInterrupt
    assert time.monotonic() - started < 20 and processes and not any(p.is_alive() for p in processes)


def noted(folder: Path, number: int) -> tuple[int, int]:
    """A task that leaves a file for every time it was run to its end; (its number, process that ran it)."""
    time.sleep(0.05)
    (folder / f"{number}_{time.time_ns()}").touch()
    return number, os.getpid()


def runs(folder: Path) -> Counter:
    return Counter(int(path.name.split("_")[0]) for path in folder.iterdir())


@pytest.mark.parametrize("method", [Method(), Method("individual", patients=40)], ids=lambda m: m.engine)
def test_every_figure_is_the_same_to_the_last_bit(where, method):
    scenario = read(DEFAULT)
    table = draws.probabilistic(scenario, Sample(5000, 1))
    here = evaluate(scenario, table, method)
    with workers(*where) as executor:
        there = evaluate(scenario, table, Method(method.engine, method.patients, executor=executor))
    for group, found in here.outcomes.items():
        assert np.array_equal(there.outcomes[group].values, found.values)
    if method.follows_patients:
        assert np.array_equal(there.simulated["all"].se, here.simulated["all"].se)


def test_a_killed_worker_costs_no_result_and_no_finished_work(where, tmp_path):
    arrived = []
    with workers(*where) as executor:
        for number, process in in_order(executor, noted, [(tmp_path, i) for i in range(TASKS)]):
            arrived.append(number)
            if len(arrived) == 5:
                before = set(arrived)
                os.kill(process, signal.SIGKILL)
    assert arrived == list(range(TASKS))
    done = runs(tmp_path)
    assert all(done[number] == 1 for number in before)
    assert set(done) == set(range(TASKS))
    assert done.total() <= TASKS + 8  # no more than what was in flight


def test_a_scenario_survives_the_killing_of_a_worker_half_way(where):
    scenario = read(DEFAULT)
    table = draws.probabilistic(scenario, Sample(3000, 1))
    expected = evaluate(scenario, table, Method("individual", patients=400)).total.values
    killed = []

    def kill_once(done):
        if not killed:
            killed.append(executor.submit(os.getpid).result())
            os.kill(killed[0], signal.SIGKILL)

    with workers(*where) as executor:
        found = evaluate(scenario, table, Method("individual", patients=400, executor=executor), progress=kill_once)
    assert killed and np.array_equal(found.total.values, expected)


def test_a_task_that_kills_every_worker_ends_with_a_message(where):
    with pytest.raises(WorkersError, match="(died 3 times|keep dying) at the same task"), workers(*where) as executor:
        list(in_order(executor, os._exit, [(1,)] * 3))


def test_an_error_in_a_task_is_the_same_error_as_in_this_process(where):
    with pytest.raises(ZeroDivisionError), workers(*where) as executor:
        list(in_order(executor, divmod, [(1, 1), (1, 0), (1, 1)]))


def test_no_more_tasks_are_in_flight_than_the_window_allows():
    taken, window = [], 4

    def tasks():
        for i in range(50):
            taken.append(i)
            yield (i,)

    with ThreadPoolExecutor(2) as executor:
        executor.window = window
        for i, _ in enumerate(in_order(executor, abs, tasks())):
            assert len(taken) <= i + window


def test_workers_use_one_thread_each_for_linear_algebra():
    before = dict(os.environ)
    with workers(2) as executor:
        for name in threads.VARIABLES:
            assert executor.submit(os.getenv, name).result() == before.get(name, "1")
    assert dict(os.environ) == before


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["Ctrl-C", "terminated", "killed"])
def test_workers_end_with_the_main_process(end):
    code = (
        "import os, time\nfrom model.analysis.workers import workers, in_order\nwith workers(2) as executor:\n"
        "    print(*{pid for pid in in_order(executor, os.getpid, [()] * 20)}, flush=True)\n"
        "    list(in_order(executor, time.sleep, [(60,)] * 4))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # As in a terminal, also where the tests run in the background of a shell, which ignores Ctrl-C there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    children = [int(pid) for pid in process.stdout.readline().split()]
    time.sleep(0.3)
    if end == signal.SIGINT:
        os.killpg(process.pid, end)  # as a terminal does: to the workers too
    else:
        process.send_signal(end)
    process.wait(timeout=10)
    assert children and not [pid for pid in children if runs_after(pid, 5)]
    assert "Process SpawnProcess" not in process.stderr.read()


def runs_after(pid: int, seconds: float) -> bool:
    """Whether the process is still there after so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except OSError:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("address", ["", "myhost", "tcp://", "http://host:8786", "host:99999", "host:port", "a b:1"])
def test_a_malformed_address_is_refused_at_once(address):
    with pytest.raises(WorkersError, match=r"is not the address of a scheduler: write host:port"), workers(1, address):
        pass


def test_jobs_and_cluster_are_not_mixed():
    with pytest.raises(WorkersError, match="either --jobs .* or --cluster"), workers(2, "tcp://localhost:8786"):
        pass


def test_without_dask_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(WorkersError, match=r"pip install 'cost-effectiveness-scenarios\[cluster\]'"),
        workers(1, "localhost:8786"),
    ):
        pass


def test_a_scheduler_that_does_not_answer_is_said_within_the_time(monkeypatch, capsys, tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed")
    monkeypatch.setattr(module, "PATIENCE", 1)
    started = time.monotonic()
    options = ["--draws", "100", "--cluster", "127.0.0.1:1", "--out", str(tmp_path / "out")]
    assert main(["voi", str(DEFAULT), *options]) == 2
    assert time.monotonic() - started < 8
    message = capsys.readouterr().err
    assert "no scheduler answers at tcp://127.0.0.1:1 within 1 s" in message and "Traceback" not in message
    assert not (tmp_path / "out").exists()


def test_a_scheduler_without_workers_is_said(distributed, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 1)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        pytest.raises(WorkersError, match="has no workers; start one"),
        workers(1, cluster.scheduler_address),
    ):
        pass


def test_workers_of_another_version_are_refused(scheduler, monkeypatch):
    monkeypatch.setattr("model.__version__", "0.0.9")
    with pytest.raises(WorkersError, match="has version .* of this software, here it is 0.0.9"), workers(1, scheduler):
        pass


def test_a_scheduler_that_goes_away_half_way_is_said(distributed):
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0")
    with pytest.raises(WorkersError, match="is gone"), workers(1, cluster.scheduler_address) as executor:
        for _ in in_order(executor, time.sleep, [(0.2,)] * 200):
            cluster.close()
