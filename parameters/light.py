"""CRT on MobileNetV2, extended as plus_vgg is: it turns with the object and finds it again."""

from crt_plugin.parameters import Parameters, load_parameters


def parameters() -> Parameters:
    params = load_parameters("plus_vgg")

    # MobileNetV2 in place of VGG-16
    params.features = "mobilenet"  # 2 % of the operations; ours
    params.vgg_shallow_layer = None  # of another network; ours
    params.mobilenet_blocks = "6+13"  # detail and meaning, reduced by one PCA; ours
    params.mobilenet_density = "interpolation"  # block 13 at its own 16 px; ours
    params.mobilenet_stride = 8  # the object is seen at 64 px, not at 32; ours

    # Filter
    params.filter_window = 0.8  # its border would learn the background; the best of two; ours
    params.initial_filter = "zero"  # no seed plays a part; ours

    # A longer history
    params.history_ages = "0+2+4+8+16+32+64"  # and the first frame: less drift; ours

    # Size and angle
    params.pose_threshold = 0.2  # as the gate: what is not learned from has no size; ours
    params.scale_margin = 3  # fewer cells around the object; ours
    params.scale_interval = 2  # in even frames; ours
    params.rotation_interval = 2  # in odd frames; ours
    params.scale_step = 0.03  # as there are half as many; ours
    params.rotation_step = 12.0  # as there are half as many; ours

    # Confidence
    params.score_exponent = 2.38  # these four were fitted together, see docs/light.md; ours
    params.score_midpoint = 0.0561  # of an object that looks as it did at first; ours
    params.score_shape_weight = 1.16  # a box whose shape changes is less often right; ours
    params.score_color_weight = 4.12  # nor is one of other colours; ours
    params.lost_score = 0.5  # more likely wrong than right; ours
    params.found_score = 0.9  # elsewhere only what is almost sure; ours
    return params
