"""Colour features: mean colour, and Color Names (probabilities of the 11 basic colour terms)."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from crt_plugin.errors import FeatureError
from crt_plugin.features.color_naming import COLORS, LEVELS, TERMS, parametric_table

CELL = 4  # px

LEARNED = "learned table of van de Weijer et al."
PARAMETRIC = "TSE model of Benavente et al., of colours limited to saturation 1.5"


class RGB:
    """Mean colour of each 4 x 4 px: R, G, B, in 0 to 255."""

    name = "rgb"
    stride = CELL
    channels = 3
    groups: tuple[int, ...] = (channels,)
    rescaled = True
    is_network = False

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x H x W x 3 uint8 to N x H/4 x W/4 x 3 float32."""
        return functional.avg_pool2d(patches.permute(0, 3, 1, 2).float(), CELL).permute(0, 2, 3, 1)


class ColorNames:
    """Probabilities of the terms in ``TERMS``, mean over each 4 x 4 px.

    With a table: van de Weijer, Schmid, Verbeek, Larlus, "Learning Color Names for Real-World
    Applications", TIP 2009. The file, w2c, is in the authors' ColorNaming archive.

    Without one: the parametric model of Benavente, Vanrell, Baldrich, "Parametric fuzzy sets
    for automatic color naming", JOSA A 2008, as ``parametric_table`` describes. It names 84 %
    of all 32768 colours as the learned table does; its probabilities are nearer to 0 and 1.

    Attributes:
        model: which of the two it is, ``LEARNED`` or ``PARAMETRIC``.
    """

    stride = CELL
    channels = len(TERMS)
    groups: tuple[int, ...] = (channels,)
    rescaled = True
    is_network = False

    def __init__(self, table: str = "") -> None:
        """``table``: path of a w2c file, as ``load_table`` reads it; empty: none.

        Raises:
            FeatureError: a file that is missing or not such a table.
        """
        self.model = LEARNED if table else PARAMETRIC
        self.name = f"color_names ({'learned' if table else 'parametric'})"
        probabilities = load_table(Path(table)) if table else parametric_table()
        self._table = torch.tensor(probabilities, dtype=torch.float32)

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """N x H x W x 3 uint8 to N x H/4 x W/4 x 11 float32, which sum to 1 over the last axis."""
        if self._table.device != patches.device:
            self._table = self._table.to(patches.device)
        n, height, width, _ = patches.shape
        red, green, blue = (patches // (256 // LEVELS)).int().unbind(dim=-1)
        index = red + LEVELS * (green + LEVELS * blue)  # N x H x W
        h, w = height // CELL, width // CELL
        cells = index.reshape(n, h, CELL, w, CELL).transpose(2, 3).reshape(-1, CELL * CELL)
        return functional.embedding_bag(cells, self._table, mode="mean").view(n, h, w, len(TERMS))


# The learned table


def load_table(path: Path) -> np.ndarray:
    """Probabilities of a w2c file, 32768 x 11 in the order of ``color_of_index`` and ``TERMS``.

    Args:
        path: .mat (needs scipy), .npy or .txt; 32768 rows, and either 11 columns
            (probabilities) or 14 (R, G and B of the row before them).

    Raises:
        FeatureError: the file is missing, unreadable, or not such a table.
    """
    readers = {".mat": _read_mat, ".npy": _read_npy, ".txt": _read_txt}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise _table_error(path, f"its name ends in {path.suffix!r}")
    if not path.is_file():
        raise _table_error(path, "there is no such file")
    table = readers[suffix](path)
    if table.shape not in ((COLORS, 11), (COLORS, 14)) or table.dtype.kind not in "fiu":
        raise _table_error(path, f"it holds {table.dtype} of shape {table.shape}")
    table = table.astype(np.float64)
    if not np.isfinite(table).all():
        raise _table_error(path, "it holds values that are not finite")
    if table.shape[1] == 14:
        table = _sort_rows(path, table)
    if table.min() < 0 or np.abs(table.sum(axis=1) - 1).max() > 0.01:
        raise _table_error(path, "its rows are not probabilities that sum to 1")
    return table


def _table_error(path: Path, problem: str) -> FeatureError:
    return FeatureError(
        f"color_names_table = {str(path)!r}: {problem}; expected w2c of the "
        "ColorNaming archive of J. van de Weijer "
        "(lear.inrialpes.fr/people/vandeweijer/color_names.html) as .mat, .npy or .txt; "
        "32768 rows; 11 columns of probabilities, or 14 with R, G, B first. "
        "Empty: the parametric model"
    )


def _read_mat(path: Path) -> np.ndarray:
    try:
        scipy_io = importlib.import_module("scipy.io")  # only here, since scipy is optional
    except ImportError as error:
        problem = "reading .mat needs scipy; install it, or convert the table to .npy or .txt"
        raise _table_error(path, problem) from error
    unreadable = (scipy_io.matlab.MatReadError, NotImplementedError, ValueError, TypeError, OSError)
    try:
        content = scipy_io.loadmat(path)
    except unreadable as error:
        raise _table_error(path, f"scipy cannot read it ({error})") from error
    names = [name for name in content if not name.startswith("__")]
    if "w2c" not in names and len(names) != 1:
        raise _table_error(path, f"it holds no variable w2c, but {', '.join(names) or 'nothing'}")
    return np.asarray(content["w2c" if "w2c" in names else names[0]])


def _read_npy(path: Path) -> np.ndarray:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, OSError, EOFError) as error:
        raise _table_error(path, f"numpy cannot read it ({error})") from error


def _read_txt(path: Path) -> np.ndarray:
    try:
        return np.loadtxt(path, ndmin=2)
    except (ValueError, OSError) as error:
        raise _table_error(path, f"it is not lines of numbers ({error})") from error


def _sort_rows(path: Path, table: np.ndarray) -> np.ndarray:
    """The 11 probabilities of a table of 14 columns, sorted by the colours before them."""
    levels = (table[:, :3] // (256 // LEVELS)).astype(np.int64)
    index = levels @ (1, LEVELS, LEVELS**2)
    if levels.min() < 0 or not np.array_equal(np.sort(index), np.arange(COLORS)):
        raise _table_error(path, "its first three columns are not the 32768 colours, each once")
    ordered = np.empty((COLORS, len(TERMS)))
    ordered[index] = table[:, 3:]
    return ordered
