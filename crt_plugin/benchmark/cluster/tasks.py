"""What Dask sends to a worker and back: settings, frames, boxes, and no path of results.

Numbers, texts and arrays, in classes that a worker has too.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crt_plugin.benchmark.datasets.catalog import Benchmark
from crt_plugin.benchmark.datasets.part import make_part
from crt_plugin.benchmark.run.job import Job, is_recording, record_responses
from crt_plugin.benchmark.run.tracks import Ending, Track
from crt_plugin.errors import WeightsError
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.hosts.got10k.toolkit import Tracker
from crt_plugin.parameters.ensemble import list_settings, read_settings
from crt_plugin.peers.registry import make
from crt_plugin.plus.ensemble import hash_all_weights


@dataclass(frozen=True)
class TrackerSpec:
    """What a worker makes a tracker from, without the client's files.

    Attributes:
        text: what ``peers.registry.make`` takes.
        name: what the results are called.
        parameters: of ``crt:``, all settings by name, of which it is made (``list_settings``); None
            of others.
        weights: SHA-256 of the networks' weights, which a worker must have too.
        records_responses: whether response maps are kept.
    """

    text: str
    name: str
    parameters: dict[str, Any] | None = None
    weights: tuple[str, ...] = ()
    records_responses: bool = False

    @classmethod
    def of(cls, text: str, made: Tracker) -> TrackerSpec:
        """Of a tracker that ``text`` named."""
        records = is_recording(made)
        if not text.strip().startswith("crt:") or not isinstance(made, GOT10kTracker):
            return cls(text, made.name, records_responses=records)
        weights = tuple(hash_all_weights(made.parameters))
        return cls(text, made.name, list_settings(made.parameters), weights, records)

    def make(self) -> Tracker:
        """The tracker, made here.

        Raises:
            CRTError: it cannot be made here, or with other weights only.
        """
        if self.parameters is None:
            tracker = make(self.text)
        else:
            params = read_settings(self.parameters)
            weights = tuple(hash_all_weights(params))
            if weights != self.weights:
                raise WeightsError(
                    f"the network weights here have SHA-256 {' '.join(weights) or 'none'}; "
                    f"expected those of the client, {' '.join(self.weights) or 'none'}"
                )
            tracker = GOT10kTracker(params, self.name)
        if self.records_responses:
            record_responses([tracker])
        return tracker


@dataclass(frozen=True)
class Task:
    """A sequence, and the tracker that is to run on it.

    Attributes:
        files: frames, absolute paths as the client sees them.
        sizes: bytes of each, by which a worker knows that it sees the same.
        truth: annotation, N x 4; a tracker is given the first box.
        repetitions: how often the host runs it.
        frames: content of the files, where the worker does not see them.
    """

    spec: TrackerSpec
    benchmark: Benchmark
    sequence: str
    files: tuple[str, ...]
    sizes: tuple[int, ...]
    truth: NDArray[np.float64]
    repetitions: int
    frames: tuple[bytes, ...] | None = None

    @classmethod
    def of(cls, job: Job, spec: TrackerSpec) -> Task:
        """Of a job that has something to run."""
        files, truth = job.part.only([job.sequence]).experiment.dataset[0][:2]
        files = tuple(os.path.abspath(file) for file in files)  # noqa: PTH100 - links stay
        sizes = tuple(Path(file).stat().st_size for file in files)
        count = len(job.files.absent)
        return cls(spec, job.part.benchmark, job.sequence, files, sizes, truth, count)

    def with_frames(self) -> Task:
        """The same, with the content of the files."""
        return replace(self, frames=tuple(Path(file).read_bytes() for file in self.files))

    def find_unseen(self) -> str:
        """The first frame that is not here, or of another size; "" if all can be read."""
        if self.frames is None:
            for file, size in zip(self.files, self.sizes, strict=True):
                path = Path(file)
                if not path.is_file() or path.stat().st_size != size:
                    return file
        return ""

    def make_experiment(self, folder: Path) -> Any:
        """got10k's experiment on this sequence alone.

        Args:
            folder: an empty one, for frames that were sent.
        """
        files = list(self.files)
        if self.frames is not None:
            unpacked = folder / "frames"
            unpacked.mkdir()
            files = [str(unpacked / f"{i:06d}-{Path(file).name}") for i, file in enumerate(files)]
            for file, content in zip(files, self.frames, strict=True):
                Path(file).write_bytes(content)
        # there are no results: the host skips nothing
        part = make_part(self.benchmark, {self.sequence: (files, self.truth)}, folder / "results")
        if self.benchmark.is_got10k:
            part.experiment.repetitions = self.repetitions
        return part.experiment


@dataclass(frozen=True)
class TaskResult:
    """What a worker made of a task.

    Attributes:
        tracks: finished repetitions.
        ending: how the last one ended; None where nothing was run.
        unseen: a frame that the worker does not see.
        refusal: why the worker cannot make the tracker.
    """

    tracks: tuple[Track, ...] = ()
    ending: Ending | None = None
    unseen: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker says of itself.

    Attributes:
        version: of this package.
        environment: ``environment.describe_machine``.
        machine: its name.
    """

    version: str
    environment: dict[str, Any]
    machine: str
