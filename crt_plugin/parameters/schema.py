"""All settings: the paper's, and those of what this package adds, which are off by default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crt_plugin.parameters.folder import parameter_names
from crt_plugin.parameters.paper import PaperParameters
from crt_plugin.parameters.settings import (
    AT_LEAST_ONE,
    FRACTION,
    POSITIVE,
    Pairing,
    name_list,
    number_list,
    setting,
)

OF_A_CALIBRATED_SCORE: Pairing = (
    "score_exponent",
    "a score_exponent",
    lambda _, exponent: exponent is not None,
)


@dataclass(repr=False)
class Parameters(PaperParameters):
    """The settings of one tracker, in one flat list of attributes.

    An unknown name or an impossible value raises ``ParameterError`` when it is set, and
    ``validate`` says all that is wrong at once. ``get`` and ``has`` are what pytracking calls.

    Examples:
        >>> params = Parameters()
        >>> params.loss_threshold = 0.1
    """

    # What the filter learns

    filter_window: float | None = setting(
        None,
        meaning="standard deviation of a fixed Gaussian by which the filter is multiplied, so that "
        "it learns the object and not what is around it; None: no window",
        unit="half filter sizes",
        raising="more of the object's border and of the background around it is learned",
        source="ours",
        check=POSITIVE,
    )
    initial_filter: Literal["normal", "zero"] = setting(
        "normal",
        meaning='coefficients before training: "normal": drawn with the seed; "zero": all 0, so '
        "that the seed plays no part",
        source="reference (normal), ours (zero)",
    )
    history_ages: str | None = setting(
        None,
        meaning="ages of the samples that an update learns from, joined with +, beside the first "
        "frame's; counted in frames that passed the gate, 0 is the present one; None: those of "
        "history_length and history_gap",
        unit="frames",
        raising="a longer history; more samples cost in proportion",
        source="ours",
        check=number_list(0, 9999),
    )

    # Trackers beside this one

    ensemble: str | None = setting(
        None,
        meaning="packaged parameter files, joined with +, whose trackers run beside this one; the "
        "box is the mean of its own and of those that overlap it (IoU of 0.4 or more), each goes "
        "on from its own box; what computes, files of weights, seed and noise are this one's, all "
        "else is the files' own; None: it is alone",
        raising="each more costs what it costs alone",
        source="ours",
        check=name_list(parameter_names, "names of packaged parameter files without an ensemble"),
        goes_with=("search", "search = 'two_step'", lambda _, search: search == "two_step"),
    )

    # Chance

    frame_noise: float = setting(
        0.0,
        meaning="fraction of the pixels of each frame that are made one level of 255 lighter, "
        "drawn with the seed: runs of several seeds tell what of a result rounding decides",
        raising="more noise",
        source="ours",
        check=FRACTION,
    )

    # Place first and pose second; place between the cells

    search: Literal["joint", "two_step"] = setting(
        "joint",
        meaning="joint: place and scale at once, each scale over the whole patch; two_step: the "
        "place on one patch, then the scale on small patches around it",
        source="paper 4; two_step is ours",
    )
    subcell: Literal["off", "gaussian"] = setting(
        "off",
        meaning="where between the cells the maximum is: off: in the middle of its cell; "
        "gaussian: the top of a Gaussian through the maximum and its neighbours in each direction",
        source="paper 4; gaussian is ours",
    )

    # Size and angle at the place that was found

    scale_margin: int = setting(
        8,
        meaning="cells around the object in the small patches of two_step",
        unit="cells",
        raising="features of the small patches are more like those of the whole one, more cost",
        source="ours",
        check=AT_LEAST_ONE,
    )
    scale_interval: int = setting(
        1,
        meaning="two_step searches the scale in every n-th frame",
        unit="frames",
        raising="less cost, slower scale changes",
        source="ours",
        check=AT_LEAST_ONE,
    )
    rotation_step: float | None = setting(
        None,
        meaning="difference between neighbouring in-plane angles that two_step searches, three at "
        "once; None: the object does not turn",
        unit="degrees",
        raising="faster, coarser turns",
        source="ours",
        check=("a number > 0 and <= 45", lambda v: 0 < v <= 45),
        goes_with=("search", "search = 'two_step'", lambda step, search: search == "two_step"),
    )
    rotation_interval: int = setting(
        1,
        meaning="two_step searches the angle in every n-th frame, beginning with the second: with "
        "intervals of 2, angle and scale take turns",
        unit="frames",
        raising="less cost, slower turns",
        source="ours",
        check=AT_LEAST_ONE,
    )
    rotation_penalty: float = setting(
        0.0,
        meaning="fraction of its score that an angle other than the present one loses",
        unit="fraction of the score",
        raising="less drift of the angle, slower turns",
        source="ours",
        check=FRACTION,
    )
    pose_refinement: Literal["off", "parabola"] = setting(
        "off",
        meaning="where between the searched sizes and angles the best is: off: one of them; "
        "parabola: the top of the parabola through the best and its neighbours",
        source="ours",
    )
    pose_threshold: float = setting(
        0.0,
        meaning="two_step leaves size and angle as they are where the peak is below",
        unit="response units",
        raising="steadier size and angle of a hidden object, slower changes",
        source="ours",
        check=FRACTION,
    )

    # From the peak to the score

    score_exponent: float | None = setting(
        None,
        meaning="e of the score 1 / (1 + (m / peak)^e exp(doubt)), the chance that the box "
        "overlaps the object by more than a half, with m = score_midpoint; None: the score is the "
        "peak",
        raising="scores further from 0.5 on both sides of score_midpoint",
        source="ours",
        check=POSITIVE,
        goes_with=("score_midpoint", "a score_midpoint", lambda _, midpoint: midpoint is not None),
    )
    score_midpoint: float | None = setting(
        None,
        meaning="peak at which the score is 0.5 without doubt; without effect where score_exponent "
        "is None",
        unit="response units",
        raising="lower scores",
        source="ours",
        check=POSITIVE,
    )
    score_shape_weight: float | None = setting(
        None,
        meaning="weight in the score's doubt of ln(1 + change / 0.005), where change is the mean "
        "over 120 frames of the change of ln(w / h) of the box in a frame; None: none",
        raising="lower scores where the shape of the box changes",
        source="ours",
        check=POSITIVE,
        goes_with=OF_A_CALIBRATED_SCORE,
    )
    score_color_weight: float | None = setting(
        None,
        meaning="weight in the score's doubt of the mean over 30 frames of the distance of the "
        "colours in the box from the first frame's (Bhattacharyya, 0 to 1); None: none",
        raising="lower scores where the box has other colours",
        source="ours",
        check=POSITIVE,
        goes_with=OF_A_CALIBRATED_SCORE,
    )

    # The search of the whole frame for a lost object

    lost_score: float | None = setting(
        None,
        meaning="the object counts as lost while scores are below; None: never",
        unit="score",
        raising="the frame is searched earlier, and more often in vain",
        source="ours",
        check=FRACTION,
    )
    lost_frames: int = setting(
        3,
        meaning="frames in a row below lost_score before the whole frame is searched, and between "
        "two searches",
        unit="frames",
        raising="later, fewer searches",
        source="ours",
        check=AT_LEAST_ONE,
    )
    found_score: float = setting(
        1.0,
        meaning="score at which a lost object is taken for found elsewhere in the frame",
        unit="score",
        raising="fewer wrong jumps, fewer right ones",
        source="ours",
        check=FRACTION,
    )
    found_cells: int = setting(
        16384,
        meaning="most cells of a search of the frame; of larger frames, that part around the last "
        "place is searched",
        unit="cells",
        raising="more of the frame is searched; cost and memory of a search grow in proportion",
        source="ours",
        check=AT_LEAST_ONE,
    )
