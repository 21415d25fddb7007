"""kill -9 at random moments: no partial files, no lost ones, the same results after resuming."""

import os
import time

import pytest

from tests.helpers.killing import Killer, contents, finish

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by signal 9")


@pytest.fixture
def killer(tmp_path):
    return Killer(tmp_path, seed=time.time_ns() % 10_000)


def test_a_few_kills(killer):
    killer.torture(6)


def test_two_processes_on_different_sequences(killer):
    """Each finds the other's unfinished files in its folders, and leaves them alone."""
    both = [killer.start(sequences=names) for names in (["Couple", "Dog"], ["Deer"])]
    for process in both:
        finish(process)
    killer.check_parts()
    killer.finish()


def test_the_comparison_sees_a_difference(killer):
    """A change of one digit in one box."""
    killer.run()
    file = killer.results / "OTB2015/CRT-rgb/Dog.txt"
    file.write_text(file.read_text().replace("7.000", "7.001", 1))
    assert contents(killer.results) != killer.expected


@pytest.mark.torture
def test_200_kills(killer, capsys):
    start = time.monotonic()
    killer.torture(200)
    seconds = time.monotonic() - start
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{killer.kills} kills in {killer.rounds} results (seed {killer.seed}), "
            f"{killer.torn} with unfinished files, {killer.bare} before the first result, 0 lost; "
            f"{seconds:.0f} s, an undisturbed run {killer.usual:.2f} s"
        )


@pytest.mark.torture
def test_any_process_of_several_workers(killer):
    """Each kill hits a new run; afterwards one process resumes from what is there."""
    killer.usual = 6.0  # seconds from the first worker to the end, on a busy machine
    while killer.kills < 12:
        killer.kill_one(workers=2)
        killer.finish()
