"""The window on the filter against its formula, and against a regression written out."""

from __future__ import annotations

import math

import pytest
import torch

from crt_plugin.algorithm.regression import ConvRegression
from crt_plugin.bench.naive import NaiveTracker
from crt_plugin.plus.filter_window import (
    LiteralWindowedRegression,
    WindowedRegression,
    window_filter,
)
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene

OBJECTIVE = {"threshold": 0.1, "exponent": 1.0, "factor": 0.1, "regularization": 3.0}
SIGMA = 0.6


def make_regression(kind, generator, size=(3, 4), **changes):
    features = torch.randn(2, 7, 9, 3, generator=generator)
    label = torch.rand(2, 8 - size[0], 10 - size[1], generator=generator)
    regression = kind(size, features, generator, **OBJECTIVE | changes)
    return regression, features, label


@pytest.mark.parametrize("size", [(5, 9), (4, 4), (1, 7), (1, 1)])
def test_window_is_the_gaussian_of_mean_square_one(size):
    window = window_filter(size, SIGMA)
    kh, kw = size
    expected = torch.tensor(
        [
            [
                math.exp(-sum(((2 * i + 1) / n - 1) ** 2 for i, n in ((u, kh), (v, kw))) / 0.72)
                for v in range(kw)
            ]
            for u in range(kh)
        ]
    )
    ratio = window[:, :, 0] / expected
    assert window.shape == (kh, kw, 1)
    assert torch.allclose(ratio, ratio[0, 0].expand(size), rtol=1e-5)
    assert window.square().mean().item() == pytest.approx(1, rel=1e-5)


def test_a_very_wide_window_changes_nothing(generator):
    state = generator.get_state()
    plain, features, label = make_regression(ConvRegression, generator)
    wide, *_ = make_regression(WindowedRegression, generator.set_state(state), sigma=1e6)
    for regression in (plain, wide):
        optimizer = regression.make_optimizer("adam", 1e-3)
        regression.descend(optimizer, features, label, 5, 0.0)
    assert torch.allclose(wide.weight, plain.weight, atol=1e-6)


def test_response_is_that_of_the_windowed_filter(generator):
    regression, features, _ = make_regression(WindowedRegression, generator, sigma=SIGMA)
    plain, *_ = make_regression(ConvRegression, generator)
    plain.weight.copy_(regression.weight * window_filter((3, 4), SIGMA))
    assert torch.equal(regression.response(features), plain.response(features))


def test_gradients_are_those_of_autograd(generator):
    regression, features, label = make_regression(WindowedRegression, generator, sigma=SIGMA)
    weight = regression.weight.double().requires_grad_()
    window = window_filter((3, 4), SIGMA).double()
    kernel = (weight * window).permute(2, 0, 1)[None].contiguous()
    response = torch.nn.functional.conv2d(features.double().permute(0, 3, 1, 2), kernel)[:, 0]
    error = response - label
    kept = torch.where(error.abs() > 0.1, error, 0.0 * error)
    fit = (0.1 * torch.exp(label.double()) * kept).square().sum() / 2
    (fit + 3.0 / 2 * weight.square().sum()).backward()
    response = regression.response(features)
    by_weight, _ = regression.gradients(features, response, label, regression.weigh(label))
    assert torch.allclose(by_weight.double(), weight.grad, rtol=1e-4, atol=1e-5)


def test_the_penalty_on_the_filter_grows_towards_the_border(generator):
    """Ridge regression with lambda / g^2 on the filter's coefficients has the same minimum."""
    regression, features, label = make_regression(
        WindowedRegression, generator, sigma=SIGMA, threshold=0.0, exponent=0.0, factor=1.0
    )
    rows = torch.nn.functional.unfold(features.double().permute(0, 3, 1, 2), (3, 4))
    x = rows.transpose(1, 2).reshape(-1, 3 * 3 * 4)  # columns: channel, row, column of the filter
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    penalty = window_filter((3, 4), SIGMA).double()[:, :, 0].flatten() ** -2
    penalty = torch.cat([penalty.repeat(3), torch.ones(1)])
    normal = x.T @ x / 2 + 3.0 / 2 * torch.diag(penalty)
    expected = torch.linalg.solve(normal, x.T @ label.double().flatten() / 2)
    optimizer = regression.make_optimizer("sgd", 5e-3)
    regression.descend(optimizer, features, label, 4000, 0.0)
    ours = regression.filter.double().permute(2, 0, 1).flatten()
    assert torch.allclose(ours, expected[:-1], atol=1e-4)


def test_the_literal_version_takes_the_same_steps(generator):
    state = generator.get_state()
    ours, features, label = make_regression(WindowedRegression, generator, sigma=SIGMA)
    literal, *_ = make_regression(
        LiteralWindowedRegression, generator.set_state(state), sigma=SIGMA
    )
    for regression in (ours, literal):
        optimizer = regression.make_optimizer("adam", 1e-3)
        regression.descend(optimizer, features, label, 5, 0.0)
    assert torch.allclose(ours.weight, literal.weight.detach(), atol=1e-6)


def test_the_setting_gives_the_tracker_its_window(small):
    params = small.copy(filter_window=SIGMA)
    trackers = CRTTracker(params), NaiveTracker(params)
    for tracker in trackers:
        tracker.init(scene(60, 40), (48, 30, 24, 20))
    windows = [tracker.regression.window for tracker in trackers]
    size = trackers[0].geometry.filter_h, trackers[0].geometry.filter_w
    assert all(torch.equal(window, window_filter(size, SIGMA)) for window in windows)
    plain = CRTTracker(small)
    plain.init(scene(60, 40), (48, 30, 24, 20))
    assert type(plain.regression) is ConvRegression
