"""OTB's annotations from folders and zip archives, without frames."""

from __future__ import annotations

from pathlib import Path

from crt_plugin.benchmark.results.importing.archives import read_files
from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import Boxes, parse_boxes
from crt_plugin.formats.otb import annotated_target


def read_annotations(source: str | Path) -> dict[str, Boxes]:
    """Annotated boxes of each target, 1-based as the files are, under the host's names.

    Args:
        source: a folder or zip archive with ``<Sequence>/groundtruth_rect*.txt``, as OTB is laid
            out, or with ``<Target>.txt``.

    Raises:
        SourceError: it holds no annotation of OTB, or one that cannot be read.
    """
    found = {}
    for path, content in read_files(Path(source)):
        name = annotated_target(path)
        if name is None or not content.strip():
            continue
        try:
            found[name] = parse_boxes(content)
        except SourceError as error:
            raise SourceError(f"annotation {path} of {source}: {error}") from error
    if not found:
        raise SourceError(
            f"{source} holds no annotation of OTB; expected a zip archive or folder with "
            "<Sequence>/groundtruth_rect.txt or <Sequence>.txt"
        )
    return dict(sorted(found.items()))
