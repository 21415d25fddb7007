import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from crt_plugin.features import winograd
from crt_plugin.features.winograd import FOUR, SIX, Filtering, choose_transform

FILTERINGS = {"six": SIX, "four": FOUR}
# against the largest output, at the size of conv-10
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 3e-2}


def exact(filtering: Filtering) -> Filtering:
    """The same matrices in float64."""
    return Filtering(filtering.tile, filtering.g, filtering.b_t.double(), filtering.a_t.double())


@pytest.mark.parametrize("name", FILTERINGS)
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 13), st.integers(1, 13), st.integers(1, 5))
def test_equals_the_direct_convolution(name, n, h, w, channels):
    """In float64, where no entry of a matrix is rounded, and so is nothing else."""
    filtering = exact(FILTERINGS[name])
    generator = torch.Generator().manual_seed(h * 100 + w)
    x, weight, bias = (
        torch.randn(*shape, generator=generator, dtype=torch.float64)
        for shape in ((n, h, w, channels), (6, channels, 3, 3), (6,))
    )
    direct = functional.conv2d(x.permute(0, 3, 1, 2), weight, bias, padding=1)
    ours = filtering.convolve(x, filtering.transform_filter(weight), bias)
    assert ours.shape == (n, h, w, 6)
    error = (ours - direct.permute(0, 2, 3, 1)).abs().max()
    assert error < 1e-11 * direct.abs().max()


@pytest.mark.parametrize("name", FILTERINGS)
def test_error_at_the_size_of_conv_10(name, generator):
    """512 channels: rounding, and what the transforms make of it."""
    filtering = FILTERINGS[name]
    dtype = filtering.b_t.dtype
    x = torch.rand(1, 16, 20, 512, generator=generator).to(dtype)
    weight = (torch.randn(32, 512, 3, 3, generator=generator) * 0.05).to(dtype)
    direct = functional.conv2d(x.permute(0, 3, 1, 2).double(), weight.double(), padding=1)
    filters = filtering.transform_filter(weight)
    ours = filtering.convolve(x, filters, torch.zeros(32, dtype=dtype))
    assert filters.dtype == ours.dtype == dtype
    error = (ours.permute(0, 3, 1, 2) - direct).abs().max() / direct.abs().max()
    assert error < TOLERANCE[dtype]


@pytest.mark.parametrize(
    ("device", "dtype", "found", "expected"),
    [
        ("cpu", torch.float32, [], SIX),
        ("cpu", torch.bfloat16, ["avx512_bf16"], FOUR),
        ("cpu", torch.bfloat16, ["amx_bf16", "avx512_bf16"], None),
        ("cpu", torch.bfloat16, ["bf16"], None),
        ("cpu", torch.bfloat16, [], None),
        ("cuda", torch.float32, [], None),
        ("cuda", torch.bfloat16, ["avx512_bf16"], None),
    ],
)
def test_where_it_pays(monkeypatch, device, dtype, found, expected):
    monkeypatch.setattr(winograd, "cpu_support", lambda dtype: found)
    assert choose_transform(torch.device(device), dtype) is expected
