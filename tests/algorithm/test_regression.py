"""Section 3 against literal implementations of its equations in float64."""

import math

import pytest
import torch

from crt_plugin.algorithm.literal import LiteralRegression
from crt_plugin.algorithm.regression import ConvRegression, label_weight, signal_to_noise, truncate
from crt_plugin.algorithm.tracker import objective_of
from crt_plugin.parameters import load_parameters

N, H, W, C = 2, 7, 9, 3
KH, KW = 3, 4


OBJECTIVE = {"threshold": 0.1, "exponent": 1.0, "factor": 0.1, "regularization": 1e3}


def problem(generator, **changes):
    """A regression, features N x H x W x C, and labels N x Ho x Wo, all random."""
    features = torch.randn(N, H, W, C, generator=generator)
    regression = ConvRegression((KH, KW), features, generator, **OBJECTIVE | changes)
    label = torch.rand(N, H - KH + 1, W - KW + 1, generator=generator)
    return regression, features, label


def windows_of(features):
    """Every window as a row: N x Ho x Wo x (kh kw C)."""
    rows = [
        [
            [features[n, i : i + KH, j : j + KW].reshape(-1) for j in range(W - KW + 1)]
            for i in range(H - KH + 1)
        ]
        for n in range(len(features))
    ]
    return torch.stack([torch.stack([torch.stack(row) for row in sample]) for sample in rows])


def equation_5(weight, bias, windows, label, regression):
    """The objective, as the paper and the reference write it."""
    error = windows @ weight.reshape(-1) + bias - label
    truncation = torch.where(error.abs() > regression.threshold, error, 0.0 * error)
    weighted = regression.factor * torch.exp(regression.exponent * label) * truncation
    fit = sum((sample**2).sum() for sample in weighted) / len(weighted)
    return fit + regression.regularization / 2 * ((weight**2).sum() + bias**2)


def test_response_is_the_product_with_every_window(generator):
    regression, features, _ = problem(generator)
    regression.bias.fill_(0.3)
    expected = windows_of(features).double() @ regression.weight.double().reshape(-1) + 0.3
    assert torch.allclose(regression.response(features).double(), expected, atol=1e-5)


def test_response_by_hand():
    """One channel, filter 1 x 2 = (1, 10): each value is left cell + 10 x right cell."""
    features = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).reshape(1, 2, 3, 1)
    regression = ConvRegression((1, 2), features, torch.Generator(), **OBJECTIVE)
    regression.weight.copy_(torch.tensor([1.0, 10.0]).reshape(1, 2, 1))
    assert regression.response(features).tolist() == [[[21, 32], [54, 65]]]


@pytest.mark.parametrize("threshold", [0.0, 0.1])
@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_objective_and_gradients_are_those_of_equation_5(generator, threshold, exponent):
    regression, features, label = problem(
        generator, threshold=threshold, exponent=exponent, regularization=0.7
    )
    regression.bias.fill_(0.2)
    weight = regression.weight.double().requires_grad_()
    bias = regression.bias.double().requires_grad_()
    loss = equation_5(weight, bias, windows_of(features).double(), label.double(), regression)
    loss.backward()

    response = regression.response(features)
    pair = label, regression.weigh(label)
    assert regression.objective(response, *pair).item() == pytest.approx(loss.item(), rel=1e-5)
    by_weight, by_bias = regression.gradients(features, response, *pair)
    assert torch.allclose(by_weight.double(), weight.grad, rtol=1e-4, atol=1e-5)
    assert by_bias.item() == pytest.approx(bias.grad.item(), rel=1e-4)


def test_long_training_reaches_the_closed_form(generator):
    """th = 0 and W = 1: equation 2, with the bias as a feature that is always 1.

    The objective has lambda / 2 and the mean over N samples, so the normal equations are
    (X'X / N + lambda / 2 I) w = X'Y / N.
    """
    regression, features, label = problem(
        generator,
        threshold=0.0,
        exponent=0.0,
        factor=1.0,
        regularization=4.0,
    )
    x = windows_of(features).double().reshape(-1, KH * KW * C)
    x = torch.cat([x, torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
    y = label.double().reshape(-1)
    ridge = torch.linalg.solve(
        x.T @ x / N + 4.0 / 2 * torch.eye(x.shape[1], dtype=torch.float64), x.T @ y / N
    )
    with torch.no_grad():
        regression.descend(regression.make_optimizer("sgd", 5e-3), features, label, 3000, 0.0)
    assert torch.allclose(regression.weight.double().reshape(-1), ridge[:-1], atol=1e-4)
    assert regression.bias.item() == pytest.approx(ridge[-1].item(), abs=1e-4)


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_steps_are_those_of_the_library_optimizer_on_equation_5(generator, name):
    regression, features, label = problem(generator, regularization=1.0)
    weight = regression.weight.double().requires_grad_()
    bias = regression.bias.double().requires_grad_()
    library = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[name]([weight, bias], lr=1e-3)
    windows = windows_of(features).double()
    ours = regression.make_optimizer(name, 1e-3)
    for _ in range(7):
        library.zero_grad()
        equation_5(weight, bias, windows, label.double(), regression).backward()
        library.step()
        with torch.no_grad():
            regression.descend(ours, features, label, 1, 0.0)
        assert torch.allclose(regression.weight.double(), weight, atol=1e-6)
    assert regression.bias.item() == pytest.approx(bias.item(), abs=1e-6)


def test_two_optimizers_keep_states_of_their_own(generator):
    """Adam's first step has the length of the learning rate, whatever another one did before."""
    regression, features, label = problem(generator, regularization=0.0)
    with torch.no_grad():
        regression.descend(regression.make_optimizer("adam", 1e-3), features, label, 5, 0.0)
        before = regression.weight.clone()
        regression.descend(regression.make_optimizer("adam", 1e-4), features, label, 1, 0.0)
    steps = (regression.weight - before).abs()
    assert torch.allclose(steps[steps > 1e-5], torch.tensor(1e-4), rtol=1e-2)


def test_descent_stops_below_the_loss_and_says_where(generator):
    regression, features, label = problem(generator, threshold=0.0, regularization=0.0)
    with torch.no_grad():
        response, weight = regression.response(features), regression.weigh(label)
        start = regression.objective(response, label, weight).item()
        descent = regression.descend(
            regression.make_optimizer("adam", 1e-3), features, label, 4000, start / 2
        )
        assert 1 < descent.steps < 4000
        assert descent.loss < start / 2
        # Below from the start: the reference still takes one step.
        again = regression.descend(
            regression.make_optimizer("adam", 1e-9), features, label, 10, start / 2
        )
    assert again.steps == 1


def test_descent_ends_after_the_allowed_steps(generator):
    regression, features, label = problem(generator)
    with torch.no_grad():
        assert (
            regression.descend(
                regression.make_optimizer("adam", 1e-9), features, label, 6, 0.0
            ).steps
            == 6
        )


def test_initial_coefficients(generator):
    """s = 1 / (4 n mean abs x): here mean abs x = 2 and n = 12 x 10 x 16 = 1920."""
    features = torch.full((1, 20, 20, 16), -2.0)
    regression = ConvRegression((12, 10), features, generator, **OBJECTIVE)
    expected = 1 / (4 * 1920 * 2)
    assert regression.weight.std().item() == pytest.approx(expected, rel=0.06)
    assert abs(regression.weight.mean().item()) < 4 * expected / math.sqrt(1920)
    assert regression.bias.item() == 0


def test_initial_deviation_is_one_at_most(generator):
    features = torch.full((1, 40, 40, 16), 1e-9)
    regression = ConvRegression((12, 10), features, generator, **OBJECTIVE)
    assert regression.weight.std().item() == pytest.approx(1, rel=0.06)


def test_truncation_by_hand():
    error = torch.tensor([-0.3, -0.1, -0.05, 0.0, 0.1, 0.2])
    # 0.1 itself is an easy negative: eq. 3 keeps e where abs(e) > th
    assert truncate(error, 0.1).tolist() == pytest.approx([-0.3, 0, 0, 0, 0, 0.2])
    assert truncate(error, 0.0).tolist() == error.tolist()


def test_weight_by_hand():
    weight = label_weight(torch.tensor([0.0, 1.0]), exponent=2.0, factor=0.1)
    assert weight.tolist() == pytest.approx([0.1, 0.1 * math.exp(2)])


@pytest.mark.parametrize(
    ("name", "share"), [("vgg_conv2", 0.147), ("no_mining", 0.637), ("no_mining_same_fit", 0.159)]
)
def test_where_training_stops(generator, name, share):
    """``stop_loss`` as a share of the objective of a filter of zeros, for a square object."""
    p = load_parameters(name)
    sigma = p.label_sigma * math.sqrt(p.filter_cells)  # cells
    cells = torch.arange(-20.0, 21.0)
    label = torch.exp(-(cells[:, None] ** 2 + cells**2) / (2 * sigma**2))[None]
    regression = ConvRegression((1, 1), torch.zeros(1, 41, 41, 1), generator, **objective_of(p))
    regression.weight.zero_()
    zeros = float(regression.objective(torch.zeros_like(label), label, regression.weigh(label)))
    assert p.stop_loss / zeros == pytest.approx(share, abs=1e-3)
    if not p.loss_exponent:  # the sum of (factor y)^2 of a Gaussian
        assert zeros == pytest.approx(math.pi * (p.loss_factor * sigma) ** 2, rel=1e-3)


def test_signal_to_noise_by_hand():
    # max 3, mean 1: exp(2); constant map: exp(0)
    maps = torch.tensor([[[0.0, 1.0], [0.0, 3.0]], [[5.0, 5.0], [5.0, 5.0]]])
    assert signal_to_noise(maps).tolist() == pytest.approx([math.exp(2), 1])


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_the_literal_version_takes_the_same_steps(generator, name):
    """conv2d, autograd and torch.optim."""
    regression, features, label = problem(generator, regularization=1.0)
    literal = LiteralRegression(
        (KH, KW), features, generator, **OBJECTIVE | {"regularization": 1.0}
    )
    literal.weight.detach().copy_(regression.weight)
    for each in (regression, literal):
        with torch.no_grad():
            each.descend(each.make_optimizer(name, 1e-3), features, label, 7, 0.0)
    assert torch.allclose(regression.weight, literal.weight, atol=1e-6)
    assert regression.bias.item() == pytest.approx(literal.bias.item(), abs=1e-6)
