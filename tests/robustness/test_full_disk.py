"""A disk that fills up at any moment: a clear error, and complete files."""

from dataclasses import replace

import pytest

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.benchmark.results.layout import ResultFiles
from crt_plugin.benchmark.results.manifest import Manifest
from crt_plugin.benchmark.results.responses import ResponseLog
from crt_plugin.benchmark.run.evaluate import Options, run_trackers
from crt_plugin.errors import StorageError
from crt_plugin.hosts.got10k import GOT10kTracker
from tests.conftest import ENOUGH, PAGE, QUICK
from tests.helpers.datasets import write_otb
from tests.helpers.killing import contents
from tests.helpers.trackers import Still

pytestmark = pytest.mark.usefixtures("no_curves")


def prepare(data, results):
    tracker = GOT10kTracker("rgb", **QUICK, train_steps=3)
    tracker.recorder = ResponseLog()
    part = open_part("otb", data, results=results)
    return part, lambda: run_trackers(part, [tracker], Options(progress=False))


def test_full_at_every_moment(tmp_path, disk):
    folder, mount = disk
    data = write_otb(tmp_path / "data")
    prepare(data, tmp_path / "whole")[1]()
    expected, moments = contents(tmp_path / "whole"), set()
    whole = Manifest.read(tmp_path / "whole/OTB2015/CRT-rgb")
    for pages in range(1, ENOUGH):
        with mount(pages) as enlarge:
            part, go = prepare(data, folder / "results")
            try:
                go()
            except StorageError as error:
                assert "cannot be written: No space left on device; expected " in str(error)
            else:
                break
            left = contents(folder / "results")
            told = Manifest.read(folder / "results/OTB2015/CRT-rgb")
            if told is not None and not told.environments:  # before the first result
                assert len(left) == 1 and told == replace(whole, environments=[])
                left = {}
            # files that fitted are complete and equal; no hidden file is left
            assert left.items() <= expected.items()
            assert all(ResultFiles.of(part, "CRT-rgb", name).damage() == "" for name in part.names)
            moments.add(len(left))
            enlarge()
            assert not go().failures
            assert contents(folder / "results") == expected
    assert max(moments) == len(expected) - 1 and len(moments) > 5


def test_earlier_results_stay(tmp_path, disk):
    """The run ends at the first sequence that cannot be written, as none after it could be."""
    folder, mount = disk
    data = write_otb(tmp_path / "data", {"Couple": 4, "Deer": 5, "Dog": 5})
    with mount(ENOUGH):
        part = open_part("otb", data, results=folder)
        run_trackers(part.only(["Couple"]), [Still()], Options(progress=False))
        before = contents_of(folder)
        filler = folder / "filler"
        with filler.open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space"):
            while True:
                stream.write(bytes(PAGE))
        tracker = Still()
        with pytest.raises(StorageError, match=r"Deer.*cannot be written: No space left"):
            run_trackers(part, [tracker], Options(progress=False))
        assert tracker.inits == [6.0]  # Dog was not started
        filler.unlink()
        assert contents_of(folder) == before


def contents_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
