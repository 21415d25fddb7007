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

SECONDS = 60  # that a thing may take on a busy machine
# Of this package, slowed down, and it notes what it begins: one note a sequence and attempt. What
# it is to do in the second frame of the sequence that begins at x = 6 is told by files: "hang 6" or
# "kill 6" itself, once; "die 6" always; "hold 6" as long as the file is there.
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

class Noted(GOT10kTracker):
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
    # Random: its boxes tell the process and the repetition.
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
            raise MissingExtraError("it needs what is not here")
        super().__init__("Unmakable", True)
"""


class Cluster:
    """A scheduler and its workers.

    Attributes:
        options: of all their command lines.
        address: of the scheduler.
        notes: folder in which ``Noted`` notes, and is told what to do.
    """

    def __init__(self, folder, *options):
        self.folder, self.options = folder, options
        self.notes = folder / "notes"
        self.notes.mkdir(parents=True, exist_ok=True)
        (folder / "noted_trackers.py").write_text(TRACKERS)
        self.processes = []
        self.clear()
        self.start_scheduler()

    @property
    def environment(self):
        path = os.pathsep.join([str(ROOT), str(self.folder)])
        return {**os.environ, "PYTHONPATH": path, "CRT_NOTES": str(self.notes), "CRT_WORKER": "1"}

    def clear(self, pause=0.0):
        """Forget all notes; the tracker waits so many seconds in each frame."""
        for file in self.notes.iterdir():
            file.unlink()
        (self.notes / "pause").write_text(str(pause))

    def start(self, *arguments):
        """A process of Dask's command line, in a folder of its own, and the log that it writes."""
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
        """Workers with a nanny each, and two threads."""
        amount = ("--nworkers", str(count)) if count > 1 else ()
        place = ("--local-directory", str(self.folder), "--host", "127.0.0.1")
        arguments = (*amount, "--nthreads", "2", "--no-dashboard", *place, *self.options, *more)
        self.workers, log = self.start("worker", self.address, *arguments)
        wait_for(lambda: log.read_text().count("Registered to:") >= count)

    def start_again(self):
        """A scheduler at the same address, and workers: those that there were end by themselves."""
        wait_for(lambda: self.workers.poll() is not None)
        self.start_scheduler(int(self.address.rpartition(":")[2]))
        self.start_workers(2)

    def noted(self):
        """What began, in the order of time: x, process, time and threads of each."""
        notes = [file.name.split()[1:] for file in self.notes.glob("began *")]
        return sorted(notes, key=lambda note: int(note[2]))

    def began(self, x=None):
        """Processes that began a sequence, or that of one x, in the order of time."""
        return [int(note[1]) for note in self.noted() if x in (None, note[0])]

    def tracked(self, x, process):
        """Frames after the first that a process has tracked of a sequence."""
        return len(list(self.notes.glob(f"frame {x} {process} *")))

    def hanging(self):
        """The process that hangs, as soon as one does."""
        return int(wait_for(lambda: list(self.notes.glob("hangs *")))[0].name.split()[1])

    def stop(self):
        for process in self.processes:
            end_group(process)


def end_group(process):
    """End a process that leads a session, and all that belong to it."""
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
    """What ``condition`` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")  # a zombie has ended
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
