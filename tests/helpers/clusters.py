"""Real clusters of Dask: a scheduler and workers in processes, as users start them."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conftest import ROOT

SECONDS = 180  # longest wait for anything, on a busy machine
# NotingTracker is CRT, slowed down. It leaves a note, an empty file, for each sequence that it
# starts. Files tell it what to do in the second frame of the sequence whose box starts at x = 6:
# "hang 6" and "kill 6" hang or kill the process once, "die 6" kills it every time, and "hold 6"
# stops it until the file is removed.
TRACKERS = """
import os
import time
from pathlib import Path

import torch
from got10k.trackers import Tracker

from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.parameters import Parameters

NOTES = Path(os.environ["CRT_NOTES"])
SETTINGS = dict(features="rgb", filter_cells=25.0, patch_width=5, patch_height=3,
                train_learning_rate=1e-6, update_learning_rate=2.5e-7, train_steps=3)

class NotingTracker(GOT10kTracker):
    def __init__(self):
        super().__init__(Parameters().copy(**SETTINGS), "CRT-rgb")

    def init(self, image, box):
        super().init(image, box)
        self.x, self.frame = f"{box[0]:g}", 0
        threads = torch.get_num_threads()
        (NOTES / f"began {self.x} {os.getpid()} {time.time_ns()} {threads}").touch()

    def update(self, image):
        self.frame += 1
        if self.frame == 2:
            hang = NOTES / f"hang {self.x}"
            if hang.exists():
                hang.unlink()
                (NOTES / f"hangs {os.getpid()}").touch()
                time.sleep(600)
            kill = NOTES / f"kill {self.x}"
            if kill.exists():
                kill.unlink()
                os.kill(os.getpid(), 9)
            if (NOTES / f"die {self.x}").exists():
                os.kill(os.getpid(), 9)
            while (NOTES / f"hold {self.x}").exists():
                time.sleep(0.05)
        time.sleep(float((NOTES / "pause").read_text()))
        found = super().update(image)
        (NOTES / f"frame {self.x} {os.getpid()} {self.frame}").touch()
        return found

class Unsure(Tracker):
    # Counts as random; its boxes hold the process and the repetition.
    def __init__(self):
        super().__init__("Unsure", False)
        self.run = 0

    def init(self, image, box):
        self.run += 1
        self.box = [os.getpid(), self.run, 10, 10]

    def update(self, image):
        return self.box

class Unmakable(Tracker):
    def __init__(self):
        if os.environ.get("CRT_WORKER"):
            from crt_plugin.errors import MissingExtraError
            raise MissingExtraError("a package is missing")
        super().__init__("Unmakable", True)
"""


class Cluster:
    """A scheduler and its workers.

    Attributes:
        options: added to the command line of the scheduler and of the workers.
        address: of the scheduler.
        notes: folder of the notes that ``NotingTracker`` leaves and of the files that it obeys.
    """

    def __init__(self, folder, *options):
        self.folder, self.options = folder, options
        self.notes = folder / "notes"
        self.notes.mkdir(parents=True, exist_ok=True)
        (folder / "noting_trackers.py").write_text(TRACKERS)
        self.processes = []
        self.clear()
        self.start_scheduler()

    @property
    def environment(self):
        path = os.pathsep.join([str(ROOT), str(self.folder)])
        return {**os.environ, "PYTHONPATH": path, "CRT_NOTES": str(self.notes), "CRT_WORKER": "1"}

    def clear(self, pause=0.0):
        """Remove all notes; the tracker then pauses for ``pause`` seconds in each frame."""
        for file in self.notes.iterdir():
            file.unlink()
        (self.notes / "pause").write_text(str(pause))

    def start(self, *arguments):
        """Start a Dask command in its own folder; returns the process and its log file."""
        place = self.folder / f"{arguments[0]}-{len(self.processes)}"
        place.mkdir()
        log = place / "log.txt"
        with log.open("wb") as stream:
            command = [sys.executable, "-m", "dask", *arguments]
            process = subprocess.Popen(
                command,
                cwd=place,
                env=self.environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process, log

    def start_scheduler(self, port=0):
        options = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        self.scheduler, log = self.start("scheduler", *options, *self.options)
        found = wait_for(lambda: re.search(r"Scheduler at:\s+(\S+)", log.read_text()))
        self.address = found[1]

    def start_workers(self, count, *more):
        """Start workers with two threads and a nanny each."""
        amount = ("--nworkers", str(count)) if count > 1 else ()
        place = ("--local-directory", str(self.folder), "--host", "127.0.0.1")
        arguments = (*amount, "--nthreads", "2", "--no-dashboard", *place, *self.options, *more)
        self.workers, log = self.start("worker", self.address, *arguments)
        wait_for(lambda: log.read_text().count("Registered to:") >= count)

    def restart(self):
        """Start a scheduler at the same address, and workers, once the old workers have ended."""
        wait_for(lambda: self.workers.poll() is not None)
        self.start_scheduler(int(self.address.rpartition(":")[2]))
        self.start_workers(2)

    def read_starts(self):
        """Read x, process, time and threads of each sequence that was started, in order of time."""
        notes = [file.name.split()[1:] for file in self.notes.glob("began *")]
        return sorted(notes, key=lambda note: int(note[2]))

    def find_processes(self, x=None):
        """Processes that started a sequence, or the one at ``x``, in order of time."""
        return [int(note[1]) for note in self.read_starts() if x in (None, note[0])]

    def count_frames(self, x, process):
        """Count the frames after the first that a process has tracked in the sequence at ``x``."""
        return len(list(self.notes.glob(f"frame {x} {process} *")))

    def wait_for_hanging(self):
        """Wait for a process to hang, and return its id."""
        return int(wait_for(lambda: list(self.notes.glob("hangs *")))[0].name.split()[1])

    def stop(self):
        for process in self.processes:
            end_group(process)


def end_group(process):
    """Kill a session leader and its whole process group."""
    for number in (signal.SIGCONT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
    process.wait()


@contextmanager
def cluster(folder, workers=2, options=()):
    made = Cluster(folder, *options)
    try:
        if workers:
            made.start_workers(workers)
        yield made
    finally:
        made.stop()


def wait_for(condition, seconds=SECONDS):
    """Wait until ``condition()`` is true, and return its value."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return found


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")  # a zombie has ended
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
