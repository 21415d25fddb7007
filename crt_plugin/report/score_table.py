"""The scores of ``crt evaluate`` as a table that can be kept."""

from __future__ import annotations

from pathlib import Path

from crt_plugin.benchmark.datasets.part import Part
from crt_plugin.benchmark.results.scores import Report
from crt_plugin.benchmark.results.start_scores import target_scores
from crt_plugin.benchmark.run.protocols import StartedPart
from crt_plugin.report.provenance import describe_provenance
from crt_plugin.report.result_table import Cell, ResultTable, number, ranks, write_table

FPS_DIGITS = 2


def score_table(part: Part, report: Report) -> ResultTable:
    """A row for each tracker: the dataset's metrics, fps, and how many sequences it was scored on.

    The two best of each column are marked, if there are two trackers or more, and all were scored
    on the same sequences. Under OTB's SRE and TRE the values are means over targets.
    """
    started = isinstance(part, StartedPart)
    scores = [target_scores(score) if started else score for score in report.scores]
    columns = {label: [getattr(s, key) for s in scores] for label, key in _metrics(part).items()}
    is_comparable = len(scores) > 1 and len({tuple(score.each) for score in scores}) == 1
    marks = [ranks(v) if is_comparable else [0] * len(scores) for v in columns.values()]
    unit = "targets" if started else "sequences"
    rows = []
    for i, score in enumerate(scores):
        cells = [
            Cell(number(values[i], FPS_DIGITS if label == "fps" else 3), mark[i])
            for (label, values), mark in zip(columns.items(), marks, strict=True)
        ]
        rows.append([Cell(score.tracker), *cells, Cell(str(score.sequences))])
    return ResultTable("scores", str(part), ["tracker", *columns, unit], rows)


def write_score_table(part: Part, report: Report, file: Path) -> None:
    """Write ``score_table`` with what it rests on, in the format of the file's suffix.

    Raises:
        ParameterError: see ``result_table.write_table``.
        StorageError: it cannot be written.
    """
    names = part.targets if isinstance(part, StartedPart) else part.names
    sequences = {(part.benchmark.folder, max(part.benchmark.listed, len(names))): names}
    write_table(score_table(part, report), file, describe_provenance(sequences, {}))


def _metrics(part: Part) -> dict[str, str]:
    return {**part.benchmark.metrics, "fps": "fps"}
