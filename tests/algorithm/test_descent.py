"""Both optimizers against torch's own, bit for bit."""

import pytest
import torch

from crt_plugin.algorithm.descent import OPTIMIZERS

ON = torch.tensor(True)
OFF = torch.tensor(False)
LIBRARY = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def coefficients(generator):
    """Shapes like those of w and b."""
    return [torch.randn(3, 4, 50, generator=generator), torch.randn((), generator=generator)]


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("learning_rate", [2e-8, 0.3])
def test_each_step_is_the_library_s(generator, name, learning_rate):
    ours = coefficients(generator)
    theirs = [x.clone().requires_grad_() for x in ours]
    optimizer = OPTIMIZERS[name](ours, learning_rate)
    library = LIBRARY[name](theirs, lr=learning_rate)
    for scale in (1, 1e-12, 1e5, 0, 3, 1e-3, 7):
        gradients = [scale * torch.randn(x.shape, generator=generator) for x in ours]
        for x, g in zip(theirs, gradients, strict=True):
            x.grad = g.clone()
        library.step()
        optimizer.step(gradients, ON)
        for x, y in zip(ours, theirs, strict=True):
            assert torch.equal(x, y)


@pytest.mark.parametrize("name", LIBRARY)
def test_an_inactive_step_leaves_no_trace(generator, name):
    ours = coefficients(generator)
    without = [x.clone() for x in ours]
    optimizer, other = (OPTIMIZERS[name](x, 0.1) for x in (ours, without))
    for active in (True, False, True, False, False, True):
        gradients = [torch.randn(x.shape, generator=generator) for x in ours]
        before = [x.clone() for x in ours]
        optimizer.step(gradients, torch.tensor(active))
        if active:
            other.step(gradients, ON)
            assert not torch.equal(ours[0], before[0])
        for x, y in zip(ours, without, strict=True):
            assert torch.equal(x, y)
