import numpy as np
import pytest
import torch

from crt_plugin.features.reduction import PCA, Rescaling


@pytest.fixture
def features(generator):
    """2 x 5 x 6 x 8, with a spectrum that falls and a mean that is not 0."""
    spectrum = torch.tensor([9.0, 7.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.2])
    turn = torch.linalg.qr(torch.randn(8, 8, generator=generator))[0]
    return torch.randn(2, 5, 6, 8, generator=generator) * spectrum @ turn + 4


def test_pca_against_a_singular_value_decomposition(features):
    cells = features.reshape(-1, 8).double().numpy()
    _, _, v = np.linalg.svd(cells - cells.mean(axis=0), full_matrices=False)
    projected = (cells - cells.mean(axis=0)) @ v[:3].T
    ours = PCA(features, 3)(features).reshape(-1, 3).double().numpy()
    signs = np.sign((projected * ours).sum(axis=0))
    assert np.allclose(ours, projected * signs, atol=1e-4)


def test_pca_keeps_the_variance_of_its_directions(features):
    """No whitening: the variances are the leading eigenvalues, in falling order."""
    reduced = PCA(features, 4)(features).reshape(-1, 4)
    centered = (features - features.reshape(-1, 8).mean(0)).reshape(-1, 8)
    eigenvalues = torch.linalg.eigvalsh(centered.T @ centered / len(centered)).flip(0)
    assert torch.allclose(reduced.var(dim=0, correction=0), eigenvalues[:4], rtol=1e-4)
    assert torch.allclose(reduced.mean(dim=0), torch.zeros(4), atol=1e-4)


def test_pca_is_fixed_after_the_first_frame(features):
    pca = PCA(features, 3)
    later = features + 1
    difference = pca(later) - pca(features)
    assert torch.allclose(difference, pca.components.sum(dim=0).expand_as(difference), atol=1e-4)


def test_rescaling(features):
    rescaled = Rescaling(features, 100.0)(features)
    assert rescaled.mean().item() == pytest.approx(0, abs=1e-3)
    assert rescaled.std(correction=0).item() == pytest.approx(100, rel=1e-5)


def test_rescaling_has_one_offset_and_one_factor():
    # mean 2, deviation 1: (x - 2) 100
    first = torch.tensor([1.0, 3.0]).reshape(1, 1, 1, 2)
    later = torch.tensor([2.0, 5.0]).reshape(1, 1, 1, 2)
    assert Rescaling(first, 100.0)(later).flatten().tolist() == pytest.approx([0, 300])


def test_constant_features_are_centered_only():
    constant = torch.full((1, 2, 2, 3), 7.0)
    assert Rescaling(constant, 100.0)(constant).tolist() == torch.zeros(1, 2, 2, 3).tolist()
