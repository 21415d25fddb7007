import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from crt_plugin.features.winograd import convolve, transform_filter


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 13), st.integers(1, 13), st.integers(1, 5))
def test_equals_the_direct_convolution(n, h, w, channels):
    generator = torch.Generator().manual_seed(h * 100 + w)
    x = torch.randn(n, h, w, channels, generator=generator)
    weight = torch.randn(6, channels, 3, 3, generator=generator)
    bias = torch.randn(6, generator=generator)
    direct = functional.conv2d(
        x.permute(0, 3, 1, 2).double(), weight.double(), bias.double(), padding=1
    )
    ours = convolve(x, transform_filter(weight), bias)
    assert ours.shape == (n, h, w, 6)
    error = (ours.double() - direct.permute(0, 2, 3, 1)).abs().max()
    assert error < 3e-5 * direct.abs().max()


def test_error_at_the_size_of_conv_10(generator):
    """512 channels: relative to the largest output, rounding stays below 1e-5."""
    x = torch.rand(1, 16, 20, 512, generator=generator)
    weight = torch.randn(32, 512, 3, 3, generator=generator) * 0.05
    direct = functional.conv2d(x.permute(0, 3, 1, 2).double(), weight.double(), padding=1)
    ours = convolve(x, transform_filter(weight), torch.zeros(32)).permute(0, 3, 1, 2)
    assert ((ours - direct).abs().max() / direct.abs().max()).item() == pytest.approx(0, abs=1e-5)
