"""The settings of the paper's tracker, in groups; defaults are the paper's best (conv-10).

Sources: "paper" is arXiv 1611.04215, "reference" the code that its authors published, "ours" a
choice of this package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from crt_plugin.parameters.settings import (
    AT_LEAST_ONE,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Settings,
    name_list,
    number_list,
    setting,
)

FAMILIES = ("vgg", "mobilenet", "hog", "rgb", "color_names", "backbone")
FAMILIES_CHECK = name_list(lambda: FAMILIES, f"one or several of {', '.join(FAMILIES)}")
ODD = ("an odd integer >= 1", lambda v: v >= 1 and v % 2 == 1)
ODD_RATIO = ("an odd integer >= 3", lambda v: v >= 3 and v % 2 == 1)
BLOCKS = number_list(1, 17)
SMALL_FRACTION = ("a number from 0 to 0.5", lambda v: 0 <= v <= 0.5)


@dataclass(repr=False)
class PatchSettings(Settings):
    """The train and search patch (section 5.1)."""

    filter_cells: float = setting(
        100.0,
        meaning="area of the filter, which is the object's size in feature cells",
        unit="cells",
        raising="finer resolution of the object; cost grows in proportion",
        source="reference",
        check=POSITIVE,
    )
    patch_width: int = setting(
        9,
        meaning="width of the train and search patch",
        unit="object widths",
        raising="more real negatives and a wider search; cost grows in proportion",
        source="paper 5.1",
        check=ODD_RATIO,
    )
    patch_height: int = setting(
        5,
        meaning="height of the train and search patch",
        unit="object heights",
        raising="more real negatives and a wider search; cost grows in proportion",
        source="paper 5.1",
        check=ODD_RATIO,
    )


@dataclass(repr=False)
class FeatureSettings(Settings):
    """Features of a patch (section 5.2)."""

    features: str = setting(
        "vgg",
        meaning="feature families, joined with + where there are several of one stride: vgg, "
        "mobilenet, hog, rgb, color_names, backbone",
        source="paper 5.2",
        check=FAMILIES_CHECK,
    )
    vgg_layer: int = setting(
        10,
        meaning="x of conv-x: the convolution layer of VGG-16 whose output is used",
        unit="layer",
        raising="more meaning, less detail, more cost",
        source="paper 5.2",
        check=("one of 2, 4, 5, ..., 13", lambda v: v in (2, *range(4, 14))),
    )
    vgg_shallow_layer: int | None = setting(
        None,
        meaning="x of a second layer conv-x before conv-vgg_layer, reduced by itself, whose "
        "features are joined to it; None: no second layer",
        unit="layer",
        raising="more meaning, less detail",
        source="ours",
        check=("one of 4, 5, ..., 12", lambda v: 4 <= v <= 12),
        goes_with=("vgg_layer", "a layer before conv-{}", lambda shallow, layer: shallow < layer),
    )
    vgg_weights: str = setting(
        "",
        meaning="file of VGG-16 weights (.safetensors or torchvision's .pth; several joined with "
        "the system's path separator); empty: CRT_VGG16_WEIGHTS, then the packaged ones",
        source="ours",
    )
    mobilenet_blocks: str = setting(
        "6+13",
        meaning="blocks of MobileNetV2 whose outputs are used, ascending, joined with +: 1 to 17, "
        "none before mobilenet_stride is reached",
        unit="blocks",
        raising="more meaning, less detail, more cost",
        source="ours",
        check=BLOCKS,
    )
    mobilenet_output: Literal["projection", "expansion"] = setting(
        "projection",
        meaning="projection: the blocks' outputs; expansion: those of their first layers, with six "
        "times the channels of their inputs",
        source="ours",
    )
    mobilenet_stride: int = setting(
        8,
        meaning="input pixels per cell of MobileNetV2",
        unit="px",
        raising="the object is fed at a larger size; cost grows with the square",
        source="ours",
        check=("one of 4, 8, 16, 32", lambda v: v in (4, 8, 16, 32)),
    )
    mobilenet_density: Literal["dilation", "interpolation"] = setting(
        "dilation",
        meaning="where the network's own stride is larger. dilation: its convolutions are dilated "
        "instead; interpolation: its coarser outputs are interpolated, at less cost",
        source="ours",
    )
    engine: Literal["torch", "openvino"] = setting(
        "torch",
        meaning="what runs MobileNetV2 and backbones; openvino (the extra engine) is faster on a "
        "CPU; an .onnx file is always run by openvino",
        source="ours",
    )
    mobilenet_weights: str = setting(
        "",
        meaning="file of MobileNetV2 weights (torchvision's .pth, or .safetensors); empty: "
        "CRT_MOBILENET_WEIGHTS, then the packaged ones",
        source="ours",
    )
    color_names_table: str = setting(
        "",
        meaning="file of the learned Color Names table; empty: the parametric model",
        source="ours",
    )
    backbone: str = setting(
        "",
        meaning="for the feature family backbone: module:callable that returns a torch module, or "
        "the path of an .onnx file",
        source="ours",
    )
    backbone_stride: int = setting(
        8,
        meaning="input pixels per output cell of the backbone",
        unit="px",
        raising="the object is fed at a larger size; cost grows with the square",
        source="ours",
        check=AT_LEAST_ONE,
    )
    pca_channels: int = setting(
        64,
        meaning="channels that PCA of the first frame keeps; families with no more are not reduced",
        unit="channels",
        raising="more of the features' variance, more cost",
        source="paper 5.2",
        check=AT_LEAST_ONE,
    )
    network_std: float | None = setting(
        None,
        meaning="standard deviation that the features of each layer of a network are rescaled to "
        "on the first frame, after PCA; None: they keep their range",
        unit="feature units",
        raising="training takes fewer steps, and becomes unstable in the end",
        source="ours",
        check=POSITIVE,
    )
    feature_std: float = setting(
        100.0,
        meaning="standard deviation that hand-crafted and backbone features are rescaled to on "
        "the first frame, since the learning rates presuppose VGG's range",
        unit="feature units",
        raising="training takes fewer steps, and becomes unstable in the end",
        source="reference",
        check=POSITIVE,
    )


@dataclass(repr=False)
class PaperParameters(FeatureSettings, PatchSettings):  # the last base's fields come first
    """Every setting that ``crt_plugin.algorithm`` and ``crt_plugin.features`` read."""

    # What the regression minimises (section 3.2)

    loss_threshold: float = setting(
        0.1,
        meaning="th of eq. 3: errors up to it are easy negatives and do not count",
        unit="response units",
        raising="fewer, harder negatives",
        source="paper 5.1",
        check=NOT_NEGATIVE,
    )
    loss_exponent: float = setting(
        1.0,
        meaning="a of eq. 4: W(y) = exp(a y)",
        raising="positives count for more",
        source="paper 5.1",
        check=NOT_NEGATIVE,
    )
    loss_factor: float = setting(
        0.1,
        meaning="constant factor on W of eq. 4; stop_loss and regularization presuppose it",
        raising="errors count for more against the regularization",
        source="reference",
        check=POSITIVE,
    )
    regularization: float = setting(
        1e3,
        meaning="lambda of eq. 5, used as lambda / 2",
        raising="smaller coefficients",
        source="paper 5.1",
        check=NOT_NEGATIVE,
    )
    label_sigma: float = setting(
        0.1,
        meaning="standard deviation of the label map",
        unit="filter sizes",
        raising="wider peak, more positives, less exact place",
        source="paper 5.1",
        check=POSITIVE,
    )

    # Gradient descent on the first frame (section 4)

    optimizer: Literal["adam", "sgd"] = setting(
        "adam",
        meaning="adam, or sgd: plain gradient descent as in figure 2",
        source="paper 5.1",
    )
    train_learning_rate: float = setting(
        2e-8,
        meaning="learning rate on the first frame",
        raising="fewer steps, then oscillation",
        source="paper 5.1",
        check=POSITIVE,
    )
    train_steps: int = setting(
        4000,
        meaning="most steps on the first frame",
        unit="steps",
        raising="longer worst case of init",
        source="paper 5.1",
        check=AT_LEAST_ONE,
    )
    stop_loss: float = setting(
        0.02,
        meaning="training and updating stop when the objective is below",
        raising="stops earlier, fits less",
        source="paper 5.1",
        check=NOT_NEGATIVE,
    )
    seed: int = setting(
        0,
        meaning="seed of the initial coefficients",
        source="ours",
        check=("an integer >= 0", lambda v: v >= 0),
    )

    # The search in later frames (section 4)

    motion_sigma: float = setting(
        0.6,
        meaning="standard deviation of the motion map in both directions, times sqrt(filter_cells)",
        unit="object sizes",
        raising="faster objects are followed, and distractors too",
        source="paper 5.1",
        check=POSITIVE,
    )
    scale_count: int = setting(
        3,
        meaning="scales that are searched, around the present one",
        unit="scales",
        raising="faster scale changes; cost grows in proportion",
        source="reference",
        check=ODD,
    )
    scale_step: float = setting(
        0.02,
        meaning="difference between neighbouring scales",
        unit="fraction of the size",
        raising="faster, coarser scale changes",
        source="reference",
        check=SMALL_FRACTION,
    )
    scale_step_pixels: float = setting(
        1.0,
        meaning="least difference between neighbouring scales of the object's longer side",
        unit="px",
        raising="coarser scale changes of small objects",
        source="reference (whole pixels in each direction); ours keeps the aspect ratio",
        check=NOT_NEGATIVE,
    )

    # What is learned from later frames (section 4)

    confidence_threshold: float = setting(
        0.2,
        meaning="frames whose peak is below are not learned from",
        unit="response units",
        raising="fewer wrong updates, fewer right ones",
        source="reference",
        check=FRACTION,
    )
    update_learning_rate: float = setting(
        5e-9,
        meaning="learning rate after the first frame",
        raising="faster adaptation, more drift",
        source="paper 5.1",
        check=POSITIVE,
    )
    update_steps: int = setting(
        2,
        meaning="steps in each later frame",
        unit="steps",
        raising="faster adaptation, more drift, more cost",
        source="paper 5.1",
        check=AT_LEAST_ONE,
    )
    history_length: int = setting(
        5,
        meaning="past frames that an update learns from, the present one included",
        unit="frames",
        raising="smoother updates, more cost and memory",
        source="paper 5.1",
        check=AT_LEAST_ONE,
    )
    history_gap: int = setting(
        2,
        meaning="distance between those frames",
        unit="frames",
        raising="a longer memory",
        source="reference",
        check=AT_LEAST_ONE,
    )

    # What computes

    device: str = setting(
        "auto",
        meaning="auto, cpu, cuda or cuda:N; auto takes cuda where there is one",
        source="ours",
        check=(
            "auto, cpu, cuda or cuda:N",
            lambda v: bool(re.fullmatch("auto|cpu|cuda(:(0|[1-9][0-9]*))?", v)),
        ),
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = setting(
        "auto",
        meaning="number type of the network features; the regression is always float32. auto "
        "takes bfloat16 or float16 where the hardware computes in it",
        source="ours",
    )
