"""Child process that reads MATLAB files for ``matlab.py``; started as a script, imports no package.

Each request is 8 bytes of length and a file's content; each reply 8 bytes and JSON: the boxes as
``{"boxes": [[x, y, w, h], ...]}``, or ``{"error": why}``.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from typing import Any

MEMORY = 4 * 2**30  # bytes


def limit_memory() -> None:
    """A file that asks for more memory gets an error; no limit where the system has none."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def read_boxes(content: bytes) -> Any:
    """``results{1}.res`` as nested lists N x 4; of repetitions, R x N x 4 or N x 4 x R, the first.

    Raises:
        ValueError: there is none, or it has another shape; whatever else scipy raises.
    """
    import numpy as np
    from scipy.io import loadmat

    file = loadmat(io.BytesIO(content), squeeze_me=True, struct_as_record=False)
    if "results" not in file:
        raise LookupError("no variable 'results'")
    runs = np.atleast_1d(file["results"])
    if len(runs) != 1:
        raise ValueError(f"{len(runs)} runs, as of TRE or SRE; expected one, as of OPE")
    kind = str(getattr(runs[0], "type", "rect"))
    if kind != "rect" or not hasattr(runs[0], "res"):
        raise ValueError(f"results of type {kind!r}; expected 'rect' with boxes in res")
    boxes = np.array(list(np.atleast_1d(runs[0].res)), dtype=float, ndmin=2)
    if boxes.ndim == 3 and (boxes.shape[1] == 4) != (boxes.shape[2] == 4):
        boxes = boxes[0] if boxes.shape[2] == 4 else boxes[:, :, 0]
    if boxes.ndim != 2:
        raise ValueError(f"boxes of shape {boxes.shape}; expected N x 4")
    return boxes.tolist()


def make_reply(content: bytes) -> dict[str, Any]:
    """The boxes of a file, or what is wrong with it."""
    try:
        return {"boxes": read_boxes(content)}
    except Exception as error:  # noqa: BLE001, scipy's parser can fail in any way
        return {"error": f"no results of the benchmark in it ({error})"}


def main() -> None:
    """Answer until the standard input ends."""
    limit_memory()
    warnings.simplefilter("ignore")
    while header := sys.stdin.buffer.read(8):
        content = sys.stdin.buffer.read(int.from_bytes(header, "big"))
        answer = json.dumps(make_reply(content)).encode()
        sys.stdout.buffer.write(len(answer).to_bytes(8, "big") + answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
