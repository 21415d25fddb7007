"""Every setting of the tracker, and the loader of parameter files.

A parameter file is a Python file with a function ``parameters()`` that returns a
``Parameters``; in it, one line sets one value::

    params.loss_threshold = 0.1  # th of eq. 3; paper 5.1

Sources of the defaults: "paper" is arXiv 1611.04215, "reference" the code that its
authors published, "ours" a choice of this package.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crt_plugin.errors import ParameterError
from crt_plugin.runtime.python_files import bundled_folder, load_python_file

Check = tuple[str, Callable[[Any], bool]]

# What visionml's pytracking writes onto the parameters of any tracker. They are kept as they
# come; they are no settings, and neither printed nor compared.
HOST_ATTRIBUTES = (
    "debug",
    "param_name",
    "run_id",
    "tracker_name",
    "visualization",
    "vot_anno_conversion_type",
)

POSITIVE: Check = ("a number > 0", lambda v: v > 0)
NOT_NEGATIVE: Check = ("a number >= 0", lambda v: v >= 0)
AT_LEAST_ONE: Check = ("an integer >= 1", lambda v: v >= 1)
ODD: Check = ("an odd integer >= 1", lambda v: v >= 1 and v % 2 == 1)
ODD_RATIO: Check = ("an odd integer >= 3", lambda v: v >= 3 and v % 2 == 1)
FRACTION: Check = ("a number from 0 to 1", lambda v: 0 <= v <= 1)
SMALL_FRACTION: Check = ("a number from 0 to 0.5", lambda v: 0 <= v <= 0.5)
ANY: Check = ("any value", lambda v: True)


def one_of(*accepted: Any) -> Check:
    """A check that the value is among ``accepted``."""
    return "one of " + ", ".join(map(str, accepted)), lambda v: v in accepted


def setting(
    default: Any, meaning: str, unit: str, raising: str, source: str, check: Check = ANY
) -> Any:
    """One setting: its default, what it means, its unit, what raising it does, where it is from."""
    return field(
        default=default,
        metadata={
            "meaning": meaning,
            "unit": unit,
            "raising": raising,
            "source": source,
            "check": check,
        },
    )


@dataclass
class Parameters:
    """The settings of one tracker.

    Setting an attribute checks it: an unknown name or an impossible value raises
    ``ParameterError``. ``get`` and ``has`` are what pytracking's hosts call.
    """

    # Patch (section 5.1)
    filter_cells: float = setting(
        100.0,
        "area of the filter, which is the object's size in feature cells",
        "cells",
        "finer resolution of the object; cost grows in proportion",
        "reference",
        POSITIVE,
    )
    patch_width: int = setting(
        9,
        "width of the train and search patch",
        "object widths",
        "more real negatives and a wider search; cost grows in proportion",
        "paper 5.1",
        ODD_RATIO,
    )
    patch_height: int = setting(
        5,
        "height of the train and search patch",
        "object heights",
        "more real negatives and a wider search; cost grows in proportion",
        "paper 5.1",
        ODD_RATIO,
    )

    # Features (section 5.2)
    features: str = setting(
        "vgg",
        "feature families, joined with + where there are several of one stride: "
        "vgg, hog, rgb, color_names, backbone",
        "name",
        "",
        "paper 5.2",
    )
    vgg_layer: int = setting(
        10,
        "x of conv-x: the convolution layer of VGG-16 whose output is used",
        "layer",
        "more meaning, less detail, more cost",
        "paper 5.2",
        ("one of 2, 4, 5, ..., 13", lambda v: v in (2, *range(4, 14))),
    )
    vgg_shallow_layer: int = setting(
        0,
        "x of a second layer conv-x before conv-vgg_layer, reduced by itself, whose features stand "
        "beside; 0: none",
        "layer",
        "more meaning, less detail",
        "ours",
        ("0 or one of 4, 5, ..., 12", lambda v: v == 0 or 4 <= v <= 12),
    )
    vgg_std: float = setting(
        0.0,
        "standard deviation that each layer's features are rescaled to on the first frame, after "
        "PCA; 0: they keep their range",
        "feature units",
        "training takes fewer steps, and becomes unstable in the end",
        "ours",
        NOT_NEGATIVE,
    )
    vgg_weights: str = setting(
        "",
        "file of VGG-16 weights (.safetensors or torchvision's .pth; several joined with the "
        "system's path separator); empty: CRT_VGG16_WEIGHTS, then the packaged ones",
        "path",
        "",
        "ours",
    )
    color_names_table: str = setting(
        "",
        "file of the learned Color Names table; empty: the parametric model",
        "path",
        "",
        "ours",
    )
    backbone: str = setting(
        "",
        "module:callable that returns a torch module, for the feature family backbone",
        "import path",
        "",
        "ours",
    )
    backbone_stride: int = setting(
        8,
        "input pixels per output cell of the backbone",
        "px",
        "the object is fed at a larger size; cost grows with the square",
        "ours",
        AT_LEAST_ONE,
    )
    pca_channels: int = setting(
        64,
        "channels that PCA of the first frame keeps; families with no more are not reduced",
        "channels",
        "more of the features' variance, more cost",
        "paper 5.2",
        AT_LEAST_ONE,
    )
    feature_std: float = setting(
        100.0,
        "standard deviation that hand-crafted and backbone features are rescaled to on the "
        "first frame, since the learning rates presuppose VGG's range",
        "feature units",
        "training takes fewer steps, and becomes unstable in the end",
        "reference",
        POSITIVE,
    )

    # Objective (section 3.2)
    loss_threshold: float = setting(
        0.1,
        "th of eq. 3: errors up to it are easy negatives and do not count",
        "response units",
        "fewer, harder negatives",
        "paper 5.1",
        NOT_NEGATIVE,
    )
    loss_exponent: float = setting(
        1.0,
        "a of eq. 4: W(y) = exp(a y)",
        "none",
        "positives count for more",
        "paper 5.1",
        NOT_NEGATIVE,
    )
    loss_factor: float = setting(
        0.1,
        "constant factor on W of eq. 4; stop_loss and regularization presuppose it",
        "none",
        "errors count for more against the regularization",
        "reference",
        POSITIVE,
    )
    regularization: float = setting(
        1e3,
        "lambda of eq. 5, used as lambda / 2",
        "none",
        "smaller coefficients",
        "paper 5.1",
        NOT_NEGATIVE,
    )
    label_sigma: float = setting(
        0.1,
        "standard deviation of the label map",
        "filter sizes",
        "wider peak, more positives, less exact place",
        "paper 5.1",
        POSITIVE,
    )

    # Training (section 4)
    optimizer: str = setting(
        "adam",
        "adam, or sgd: plain gradient descent as in figure 2",
        "name",
        "",
        "paper 5.1",
        one_of("adam", "sgd"),
    )
    train_learning_rate: float = setting(
        2e-8,
        "learning rate on the first frame",
        "none",
        "fewer steps, then oscillation",
        "paper 5.1",
        POSITIVE,
    )
    train_steps: int = setting(
        4000,
        "most steps on the first frame",
        "steps",
        "longer worst case of init",
        "paper 5.1",
        AT_LEAST_ONE,
    )
    stop_loss: float = setting(
        0.02,
        "training and updating stop when the objective is below",
        "none",
        "stops earlier, fits less",
        "paper 5.1",
        NOT_NEGATIVE,
    )

    # Detection (section 4)
    motion_sigma: float = setting(
        0.6,
        "standard deviation of the motion map in both directions, times sqrt(filter_cells)",
        "object sizes",
        "faster objects are followed, and distractors too",
        "paper 5.1",
        POSITIVE,
    )
    scale_count: int = setting(
        3,
        "scales that are searched, around the present one",
        "scales",
        "faster scale changes; cost grows in proportion",
        "reference",
        ODD,
    )
    scale_step: float = setting(
        0.02,
        "difference between neighbouring scales",
        "fraction of the size",
        "faster, coarser scale changes",
        "reference",
        SMALL_FRACTION,
    )
    scale_step_pixels: float = setting(
        1.0,
        "least difference between neighbouring scales of the object's longer side",
        "px",
        "coarser scale changes of small objects",
        "reference (whole pixels in each direction); ours keeps the aspect ratio",
        NOT_NEGATIVE,
    )

    search: str = setting(
        "joint",
        "joint: place and scale at once, each scale over the whole patch; two_step: the place on "
        "one patch, then the scale on small patches around it",
        "name",
        "",
        "paper 4; two_step is ours",
        one_of("joint", "two_step"),
    )
    scale_margin: int = setting(
        8,
        "cells around the object in the small patches of two_step",
        "cells",
        "features of the small patches are more like those of the whole one, more cost",
        "ours",
        AT_LEAST_ONE,
    )
    scale_interval: int = setting(
        1,
        "two_step searches the scale in every so manieth frame",
        "frames",
        "less cost, slower scale changes",
        "ours",
        AT_LEAST_ONE,
    )
    rotation_step: float = setting(
        0.0,
        "difference between neighbouring in-plane angles that two_step searches, three at once; "
        "0: the object does not turn",
        "degrees",
        "faster, coarser turns",
        "ours",
        ("a number from 0 to 45", lambda v: 0 <= v <= 45),
    )
    rotation_interval: int = setting(
        1,
        "two_step searches the angle in every so manieth frame, beginning with the second: with "
        "intervals of 2, angle and scale take turns",
        "frames",
        "less cost, slower turns",
        "ours",
        AT_LEAST_ONE,
    )
    rotation_price: float = setting(
        0.0,
        "fraction of the score that an angle must be better by to be taken",
        "fraction of the score",
        "less drift of the angle, slower turns",
        "ours",
        FRACTION,
    )
    pose_refinement: str = setting(
        "off",
        "where between the searched sizes and angles the best is: off: one of them; parabola: the "
        "top of the parabola through the best and its neighbours",
        "name",
        "",
        "ours",
        one_of("off", "parabola"),
    )
    pose_threshold: float = setting(
        0.0,
        "two_step leaves size and angle as they are where the peak is below",
        "response units",
        "steadier size and angle of a hidden object, slower changes",
        "ours",
        FRACTION,
    )
    subcell: str = setting(
        "off",
        "where between the cells the maximum is: off: in the middle of its cell; gaussian: the "
        "top of a Gaussian through the maximum and its neighbours in each direction",
        "name",
        "",
        "paper 4; gaussian is ours",
        one_of("off", "gaussian"),
    )

    # Confidence
    score_slope: float = setting(
        0.0,
        "slope of the logistic function that turns the peak of a detection into its score, the "
        "chance that the box overlaps the object by more than a half; 0: the score is the peak",
        "1 / response units",
        "the score is surer on both sides of score_even",
        "ours",
        NOT_NEGATIVE,
    )
    score_even: float = setting(
        0.0,
        "peak at which the score is 0.5; of no effect where score_slope is 0",
        "response units",
        "lower scores",
        "ours",
    )
    lost_score: float = setting(
        0.0,
        "the object counts as lost while scores are below; 0: never",
        "score",
        "searches of the frame are begun earlier, and oftener in vain",
        "ours",
        FRACTION,
    )
    lost_frames: int = setting(
        3,
        "frames below lost_score, one after the other, before the whole frame is searched; and "
        "between two searches",
        "frames",
        "later, fewer searches",
        "ours",
        AT_LEAST_ONE,
    )
    found_score: float = setting(
        1.0,
        "score at which a lost object is taken for found elsewhere in the frame",
        "score",
        "fewer wrong jumps, fewer right ones",
        "ours",
        FRACTION,
    )
    found_cells: int = setting(
        16384,
        "most cells of a search of the frame; of larger frames, that part around the last place "
        "is searched",
        "cells",
        "more of the frame is searched; cost and memory of a search grow in proportion",
        "ours",
        AT_LEAST_ONE,
    )

    # Update (section 4)
    confidence_threshold: float = setting(
        0.2,
        "frames whose peak is below are not learned from",
        "response units",
        "fewer wrong updates, fewer right ones",
        "reference",
        FRACTION,
    )
    update_learning_rate: float = setting(
        5e-9,
        "learning rate after the first frame",
        "none",
        "faster adaptation, more drift",
        "paper 5.1",
        POSITIVE,
    )
    update_steps: int = setting(
        2,
        "steps in each later frame",
        "steps",
        "faster adaptation, more drift, more cost",
        "paper 5.1",
        AT_LEAST_ONE,
    )
    history_length: int = setting(
        5,
        "past frames that an update learns from, the present one included",
        "frames",
        "smoother updates, more cost and memory",
        "paper 5.1",
        AT_LEAST_ONE,
    )
    history_gap: int = setting(
        2,
        "distance between those frames",
        "frames",
        "a longer memory",
        "reference",
        AT_LEAST_ONE,
    )

    # Machine
    device: str = setting(
        "auto",
        "auto, cpu, cuda or cuda:N; auto takes cuda where there is one",
        "name",
        "",
        "ours",
        (
            "auto, cpu, cuda or cuda:N",
            lambda v: v in ("auto", "cpu", "cuda") or (v[:5] == "cuda:" and v[5:].isdigit()),
        ),
    )
    precision: str = setting(
        "auto",
        "number type of the network features; the regression is always float32. "
        "auto takes bfloat16 or float16 where the hardware computes in it",
        "name",
        "",
        "ours",
        one_of("auto", "float32", "bfloat16", "float16"),
    )
    seed: int = setting(
        0,
        "seed of the initial coefficients",
        "none",
        "",
        "ours",
        ("an integer >= 0", lambda v: v >= 0),
    )

    def __setattr__(self, name: str, value: Any) -> None:
        kept = value if name in HOST_ATTRIBUTES else _checked(name, value)
        object.__setattr__(self, name, kept)

    def get(self, name: str, *default: Any) -> Any:
        """Value of ``name``; ``default``, if given, where there is no such setting."""
        if len(default) > 1:
            raise ParameterError(f"get takes one default at most, got {len(default)}")
        if self.has(name):
            return getattr(self, name)
        if default:
            return default[0]
        raise ParameterError(_unknown(name))

    def has(self, name: str) -> bool:
        """Whether there is a setting called ``name``."""
        return name in _FIELDS

    def copy(self, **changes: Any) -> Parameters:
        """An independent copy with ``changes`` applied."""
        other = copy.copy(self)
        for name, value in changes.items():
            setattr(other, name, value)
        return other

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and value, in the order of the class."""
        return ((name, getattr(self, name)) for name in _FIELDS)

    def __str__(self) -> str:
        return "\n".join(f"{name} = {value!r}" for name, value in self)


_FIELDS = {f.name: f for f in dataclasses.fields(Parameters)}
_TYPES: dict[str, type] = {"int": int, "float": float, "str": str}


def describe(name: str) -> dict[str, str]:
    """Meaning, unit, effect of raising, default, source and accepted values of a setting."""
    if name not in _FIELDS:
        raise ParameterError(_unknown(name))
    meta = _FIELDS[name].metadata
    texts = {key: meta[key] for key in ("meaning", "unit", "raising", "source")}
    return texts | {"default": repr(_FIELDS[name].default), "accepted": meta["check"][0]}


def _unknown(name: str) -> str:
    return f"unknown setting {name!r}; expected {', '.join(_FIELDS)}"


def _checked(name: str, value: Any) -> Any:
    """``value`` in the setting's type, or ``ParameterError``."""
    if name not in _FIELDS:
        raise ParameterError(_unknown(name))
    wanted = _TYPES[str(_FIELDS[name].type)]
    accepted, is_accepted = _FIELDS[name].metadata["check"]
    problem = f"{name} = {value!r}; expected {wanted.__name__}, {accepted}"
    if isinstance(value, bool) or not isinstance(
        value, (int, float) if wanted is float else wanted
    ):
        raise ParameterError(problem)
    try:
        value = wanted(value)
    except OverflowError as error:  # an integer beyond the floats
        raise ParameterError(problem) from error
    if (isinstance(value, float) and not math.isfinite(value)) or not is_accepted(value):
        raise ParameterError(problem)
    return value


def parameter_directory() -> Path:
    """Folder of the parameter files: beside the package in a checkout, inside it in a wheel."""
    return bundled_folder("parameters")


def parameter_names() -> list[str]:
    """Names of the parameter files that the package brings, sorted."""
    return sorted(p.stem for p in parameter_directory().glob("*.py") if p.stem != "__init__")


def load_parameters(name: str | Path) -> Parameters:
    """Parameters of a file that the package brings, by name, or of any file, by path.

    The file is Python and is run: a path says that it is trusted.

    Raises:
        ParameterError: no such file, or it has no ``parameters()`` that returns ``Parameters``.

    Example:
        >>> load_parameters("default").vgg_layer
        10
    """
    path = Path(name)
    # A file is code: a name leads to the package's folder and nowhere else.
    if str(name) in parameter_names():
        path = parameter_directory() / f"{name}.py"
    elif path.suffix != ".py" or not path.is_file():
        raise ParameterError(
            f"no parameter file {str(name)!r}; expected a path that ends in .py, or one of "
            + ", ".join(parameter_names())
        )
    return _run(path)


def _run(path: Path) -> Parameters:
    try:
        loaded = load_python_file(path).parameters()
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from error
    except Exception as error:  # a user's file can fail in any way; the message names it
        raise ParameterError(f"{path} failed: {type(error).__name__}: {error}") from error
    if not isinstance(loaded, Parameters):
        raise ParameterError(f"{path}: parameters() returned {loaded!r}, not a Parameters")
    return loaded
