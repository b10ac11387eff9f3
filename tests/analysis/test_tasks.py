"""What is sent to workers: how much, in how many tasks, and that the main process runs no engine beside them."""

import pickle
import sys
import threading
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pytest

from model import draws
from model.analysis import processes, sweep_points
from model.analysis.evaluate import evaluate
from model.analysis.first_order import first_order
from model.analysis.method import Method
from model.analysis.run import run
from model.analysis.sweep import sweep
from model.decision import decide
from model.engines import contract, points, queueing
from model.engines.queueing import Queueing
from model.sample import Sample
from model.scenario_file import read

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
CONSTANT, DEFAULT = SCENARIOS / "mscc_constant_hazards.yaml", SCENARIOS / "mscc_furlan.yaml"
CAPACITY = SCENARIOS / "mscc_capacity.yaml"


class Noted(Executor):
    """Does each task as a worker would, on copies that went through pickle, and notes the bytes that were sent and came back."""

    window = 4

    def __init__(self):
        self.sent: list[int] = []
        self.came: list[int] = []
        self.busy = False

    def submit(self, function, /, *arguments, **options) -> Future:
        task, future = pickle.dumps((function, arguments)), Future()
        own, copies = pickle.loads(task)
        self.busy = True
        result = pickle.dumps(own(*copies))
        self.busy = False
        self.sent.append(len(task))
        self.came.append(len(result))
        future.set_result(pickle.loads(result))
        return future


def swept(n: int, points: int) -> tuple[Noted, dict]:
    executor, scenario = Noted(), read(CONSTANT)
    axes = [sweep_points.axis(scenario, f"c_surgery=19000:34000:{points}")]
    method = Method(executor=executor)
    found = sweep(scenario, axes, sweep_points.points(axes), decide(scenario)[1], Sample(n, 1), method)
    return executor, found.columns


def test_a_point_of_a_sweep_sends_a_summary_whatever_its_draws():
    few, many = (swept(n, 3)[0] for n in (50, 2500))
    assert len(few.sent) == len(many.sent) == 3
    assert max(many.sent) < 50_000  # the scenario, and the point
    assert max(many.came) < 10_000 and max(many.came) <= max(few.came) + 100


def test_tasks_of_a_sweep_grow_with_its_points_only():
    executor, _ = swept(50, 12)
    assert len(executor.sent) == 12


@pytest.mark.parametrize(
    "path", [CONSTANT, DEFAULT, SCENARIOS / "validation" / "guma_savo_psm.yaml"], ids=lambda p: p.stem
)
def test_draws_are_cut_finer_for_workers_and_give_the_same_to_the_last_bit(path):
    scenario, executor = read(path), Noted()
    table = draws.probabilistic(scenario, Sample(4300, 1))
    here, there = (evaluate(scenario, table, Method(executor=e)) for e in (None, executor))
    assert len(executor.sent) == 5
    assert max(executor.came) < 1000 * 1000  # bytes of a draw: its outcomes, of every strategy and group
    for group, found in here.outcomes.items():
        assert np.array_equal(there.outcomes[group].values, found.values)


def test_draws_are_cut_between_blocks_of_the_engine_only():
    assert contract.DRAWS % points.BLOCK == contract.SHARED % points.BLOCK == 0


@pytest.mark.parametrize(("patients", "each"), [(50, 4), (400, 2), (1000, 1), (100_000, 1)])
def test_a_replication_of_many_patients_is_a_task_and_those_of_few_share_one(patients, each):
    assert Queueing().cut(2, patients, {"all": patients}).draws == each


def test_the_main_process_runs_no_queue_while_workers_do(monkeypatch):
    executor, scenario, alone = Noted(), read(CAPACITY), []
    engine = Queueing.run
    monkeypatch.setattr(queueing, "ENOUGH", 80)

    def watched(self, block):
        alone.append(not executor.busy)
        return engine(self, block)

    monkeypatch.setattr(Queueing, "run", watched)
    run(scenario, Sample(3, 1), Method("queueing", 40, 3, executor))
    assert len(alone) == 3 + 3 and not any(alone)  # replications, which are run once and keep their patients, and draws


def test_patients_of_replications_that_were_made_apart_are_those_of_one_task(monkeypatch):
    scenario, executor = read(CAPACITY), Noted()
    monkeypatch.setattr(queueing, "ENOUGH", 80)
    apart = first_order(scenario, Method("queueing", 40, 3, executor))
    monkeypatch.setattr(queueing, "ENOUGH", 10**9)
    together = first_order(scenario, Method("queueing", 40, 3))
    assert len(executor.sent) == 3
    for key, patients in together.groups.items():
        assert np.array_equal(apart.groups[key].outcomes.values, patients.outcomes.values)
        stays, others = patients.history.sorted(), apart.groups[key].history.sorted()
        for name in ("shape", "row", "state", "entered", "left", "transition", "waited", "start"):
            assert np.array_equal(getattr(stays, name), getattr(others, name))


def test_processes_are_forked_only_where_no_thread_could_hold_a_lock(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert processes.way() == ("fork" if sys.platform == "linux" else "spawn")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert processes.way() == "spawn"
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert processes.way() == "spawn"


def test_the_patients_of_a_run_are_those_of_its_replications():
    scenario, method = read(CAPACITY), Method("queueing", 40, 3)
    found, apart = run(scenario, Sample(0, 1), method).patients, first_order(scenario, method)
    for key, patients in apart.groups.items():
        assert np.array_equal(found.groups[key].outcomes.values, patients.outcomes.values)
        assert np.array_equal(found.groups[key].history.left, patients.history.left)
