"""The paper's best: VGG conv-10, and every value that the paper or the reference states."""

from crt_plugin.parameters import Parameters


def parameters() -> Parameters:
    params = Parameters()

    # Patch
    params.filter_cells = 100.0  # object's area in feature cells; reference
    params.patch_width = 9  # object widths; paper 5.1
    params.patch_height = 5  # object heights; paper 5.1

    # Features
    params.features = "vgg"  # VGG-16, configuration D; paper 5.2
    params.vgg_layer = 10  # conv-10, the best of table 1; paper 5.2
    params.pca_channels = 64  # PCA of the first frame; paper 5.2

    # Objective
    params.loss_threshold = 0.1  # th of eq. 3; paper 5.1
    params.loss_exponent = 1.0  # a of eq. 4; paper 5.1
    params.loss_factor = 0.1  # constant on W of eq. 4; reference
    params.regularization = 1e3  # lambda of eq. 5; paper 5.1
    params.label_sigma = 0.1  # of the filter's width and height; paper 5.1

    # Training
    params.optimizer = "adam"  # paper 5.1
    params.train_learning_rate = 2e-8  # paper 5.1
    params.train_steps = 4000  # at most; paper 5.1
    params.stop_loss = 0.02  # total loss of eq. 5; paper 5.1

    # Detection
    params.motion_sigma = 0.6  # of the object's size; paper 5.1
    params.scale_count = 3  # reference
    params.scale_step = 0.02  # reference
    params.scale_step_pixels = 1.0  # at least, of the longer side; reference, aspect kept by ours

    # Update
    params.confidence_threshold = 0.2  # reference
    params.update_learning_rate = 5e-9  # paper 5.1
    params.update_steps = 2  # paper 5.1
    params.history_length = 5  # past frames; paper 5.1
    params.history_gap = 2  # frames t, t-2, ...; reference

    return params
