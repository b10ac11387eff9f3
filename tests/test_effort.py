"""Long work says so early, and work beyond memory is refused before it begins."""

import pytest

from model import effort
from model.analysis.evaluate import Method
from model.cli import main
from model.engines.cohort import reachable_pairs
from model.scenario_file import read

TWO_STATES = "tests/report/two_states.yaml"


class Clock:
    """Stands for the time module: `now` moves when the test says so."""

    now = 0.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def said(monkeypatch):
    words, clock = [], Clock()
    monkeypatch.setattr(effort, "tell", words.append)
    monkeypatch.setattr(effort, "time", clock)
    words_and_clock = words, clock
    return words_and_clock


def test_long_work_is_announced_from_its_first_part(said):
    words, clock = said
    for _ in effort.loop(range(50)):
        clock.now += 4
    assert words[0] == "this will take about 3 minutes, as 2.0 % of it took 4 seconds; Ctrl-C stops it"
    assert words[1:] == [
        "32 % done, about 2 minutes to go",
        "62 % done, about 76 seconds to go",
        "92 % done, about 16 seconds to go",
    ]


def test_short_work_is_not(said):
    words, clock = said
    for _ in effort.loop(range(50)):
        clock.now += 1
    assert words == []


def test_loops_in_loops_share_out_the_whole(said):
    """3 blocks of two loops of 6 steps of 10 seconds each: 360 seconds; after the first step 1/36 is done."""
    words, clock = said
    for _ in effort.loop(range(3), parts=2):
        for _ in effort.loop(range(6)):
            clock.now += 10
        for _ in effort.loop(range(6)):
            clock.now += 10
    assert words[0] == "this will take about 6 minutes, as 2.8 % of it took 10 seconds; Ctrl-C stops it"
    assert words[-1] == "86 % done, about 50 seconds to go"
    assert effort._state.levels == []


def test_a_loop_that_is_left_early_is_closed(said):
    with pytest.raises(ZeroDivisionError):
        for _ in effort.loop(range(5)):
            for _ in effort.loop(range(5)):
                raise ZeroDivisionError
    assert effort._state.levels == []


def test_what_memory_does_not_hold_is_refused_and_much_of_it_is_said(said, monkeypatch):
    words, _ = said
    monkeypatch.setattr(effort, "available", lambda: 4e9)
    effort.reserve(5e8, "a table", "take fewer")
    assert words == []
    effort.reserve(2e9, "a table", "take fewer")
    assert words == ["a table needs about 2.0 GB of memory; 4.0 GB are free"]
    with pytest.raises(
        effort.EffortError, match="a table would need about 5.0 GB of memory, and 4.0 GB are free: take fewer"
    ):
        effort.reserve(5e9, "a table", "take fewer")


def test_memory_is_known_where_linux_says_it():
    free = effort.available()
    assert free is None or free > 1e7


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--draws", "100000000"], "a PSA of 100,000,000 draws would need"),
        (
            ["--draws", "0", "--set", "time.cycle=1 hour", "--set", "time.horizon=100 years"],
            "in 876,600 cycles would need",
        ),
    ],
)
def test_a_run_beyond_memory_ends_with_what_to_lower(options, expected, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(effort, "available", lambda: 3e8)
    assert main(["run", TWO_STATES, "--no-figures", "--out", str(tmp_path / "out"), *options]) == 2
    lines = capsys.readouterr().err.splitlines()
    (error,) = [line for line in lines if not line.startswith("warning: ")]  # of many cycles, when the file is read
    assert expected in error and ": take " in error
    assert list(tmp_path.iterdir()) == []


def chain(tmp_path, n):
    states = "".join(f"  s{i}: {{{'start: 1, ' if i == 0 else ''}utility: 1}}\n" for i in range(n))
    moves = "".join(f"  - {{from: s{i}, to: s{(i + 1) % n}, rate: 0.3 per year}}\n" for i in range(n))
    path = tmp_path / "chain.yaml"
    path.write_text(
        "title: Chain\ncurrency: {code: USD}\ntime: {unit: year, horizon: 10 years, cycle: 1 year}\n"
        "discount: {cost: 3 %, effect: 3 %}\nwtp: {thresholds: [1]}\nstrategies:\n  a: {}\n"
        f"states:\n{states}  dead: {{}}\ntransitions:\n{moves}  - {{from: s0, to: dead, rate: 0.1 per year}}\n"
    )
    return read(path)


def test_pairs_of_states_that_a_matrix_needs(tmp_path):
    assert reachable_pairs(chain(tmp_path, 7)) == 7 * 8 + 1  # a circle, and death from all of it


def test_the_estimate_of_a_cohort_holds_what_it_takes(tmp_path, monkeypatch):
    """At least what the engine takes at its height (tracemalloc counts it), and not above ten times as much."""
    import tracemalloc

    from model import draws
    from model.analysis.evaluate import evaluate

    scenario, sizes = chain(tmp_path, 20), []
    monkeypatch.setattr(effort, "reserve", lambda size, what, lower: sizes.append(size))
    table = draws.repeat(scenario, 1000).replace(x=[0.0] * 1000)
    tracemalloc.start()
    evaluate(scenario, table, Method())
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < max(sizes) < 10 * used


def test_no_memory_is_one_line(monkeypatch, capsys):
    def short(*_, **__):
        raise MemoryError("Unable to allocate 47.7 TiB")

    monkeypatch.setattr("model.analysis.run.run", short)
    assert main(["run", TWO_STATES, "--draws", "10"]) == 2
    assert capsys.readouterr().err == (
        "error: memory is short (Unable to allocate 47.7 TiB): try fewer --draws, --patients or --jobs, a longer cycle or "
        "fewer states\n"
    )
