import numpy as np
import pytest
import torch

from crt_plugin.features.hog import HOG


def literal_orientation(dx, dy):
    """The direction with the largest scalar product; the first of several."""
    angles = np.radians(20 * np.arange(9))
    products = np.cos(angles) * dx + np.sin(angles) * dy
    return int(np.argmax(np.round(np.concatenate([products, -products]), 9)))


def literal_gradient(image, y, x):
    """Gradient at any (y, x) of the image continued by its border, strongest channel."""
    height, width, _ = image.shape

    def at(row, column):
        return image[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]

    best = (0.0, 0.0)
    for channel in range(3):
        dx = at(y, x + 1)[channel] - at(y, x - 1)[channel]
        dy = at(y + 1, x)[channel] - at(y - 1, x)[channel]
        if dx * dx + dy * dy > best[0] ** 2 + best[1] ** 2:
            best = (dx, dy)
    return best


def literal_histograms(image, h, w):
    """18 votes for each cell (i, j), from (-1, -1) to (h, w)."""
    cells = {(i, j): np.zeros(18) for i in range(-1, h + 1) for j in range(-1, w + 1)}
    for y in range(-8, 4 * h + 8):
        for x in range(-8, 4 * w + 8):
            dx, dy = literal_gradient(image, y, x)
            orientation = literal_orientation(dx, dy)
            down, right = (y + 0.5) / 4 - 0.5, (x + 0.5) / 4 - 0.5  # in cells, between centres
            for i in (np.floor(down), np.floor(down) + 1):
                for j in (np.floor(right), np.floor(right) + 1):
                    if (i, j) in cells:
                        weight = (1 - abs(down - i)) * (1 - abs(right - j))
                        cells[i, j][orientation] += weight * np.hypot(dx, dy)
    return cells


def literal_hog(image):
    """Section 6 of the paper by loops, in float64: H x W x 3 to H/4 x W/4 x 31."""
    h, w = image.shape[0] // 4, image.shape[1] // 4
    cells = literal_histograms(image, h, w)
    energy = {cell: np.sum((hist[:9] + hist[9:]) ** 2) for cell, hist in cells.items()}
    features = np.zeros((h, w, 31))
    for i in range(h):
        for j in range(w):
            hist = cells[i, j]
            for k, (di, dj) in enumerate([(1, 1), (-1, 1), (1, -1), (-1, -1)]):
                block = [(i, j), (i + di, j), (i, j + dj), (i + di, j + dj)]
                factor = 1 / np.sqrt(sum(energy[cell] for cell in block) + 1e-4)
                signed = np.minimum(hist * factor, 0.2)
                features[i, j, :18] += 0.5 * signed
                features[i, j, 18:27] += 0.5 * np.minimum((hist[:9] + hist[9:]) * factor, 0.2)
                features[i, j, 27 + k] = 0.2357 * signed.sum()
    return features


def noise(*shape, low=0, high=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(low, high, shape, dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("kind", ["noise", "few levels", "mostly flat"])
def test_equals_the_literal_loops(kind):
    patches = noise(2, 12, 20, 3)
    if kind == "few levels":  # many ties between channels, and directions along the axes
        patches = noise(2, 12, 20, 3, high=3)
    if kind == "mostly flat":
        patches[:, 3:, 2:] = 77
    expected = np.stack([literal_hog(p.numpy().astype(np.float64)) for p in patches])
    assert expected.max() > 0.2
    np.testing.assert_allclose(HOG()(patches).numpy(), expected, atol=2e-6)


@pytest.mark.parametrize(
    ("dx", "dy", "orientation"),
    [
        (1, 0, 0),  # brighter on the right
        (0, 1, 4),  # brighter at the bottom: 90 degrees, between 4 and 5
        (-1, 0, 9),
        (0, -1, 13),  # 270 degrees, between 13 and 14
        (3, 2, 2),  # 34 degrees
        (-2, 3, 6),  # 124 degrees
        (-3, -1, 10),  # 198 degrees
        (2, -3, 15),  # 304 degrees
    ],
)
def test_a_ramp_votes_for_its_direction_only(dx, dy, orientation):
    y, x = torch.meshgrid(torch.arange(24), torch.arange(24), indexing="ij")
    ramp = (128 + dx * (x - 12) + dy * (y - 12)).to(torch.uint8)
    inner = HOG()(ramp[None, :, :, None].expand(1, -1, -1, 3))[0, 2:4, 2:4]
    expected = torch.zeros(31)
    # The cell has a quarter of its blocks' energy: 1/2, truncated to 0.2, in all four blocks.
    expected[orientation] = expected[18 + orientation % 9] = 0.5 * 4 * 0.2
    expected[27:] = 0.2357 * 0.2
    torch.testing.assert_close(inner, expected.expand(2, 2, 31), atol=1e-6, rtol=0)


def test_an_edge_is_where_it_was_drawn():
    patch = torch.zeros(1, 24, 40, 3, dtype=torch.uint8)
    patch[:, :, 22:] = 200  # between columns 21 and 22: the middle of cell column 5
    features = HOG()(patch)[0]
    assert features.shape == (6, 10, 31)
    edge = features[:, :, 0]  # dark to bright, rightwards
    # Columns 21 and 22 vote 7/8 each for cell 5, 1/8 each for cells 4 and 6, all rows alike.
    assert torch.equal(edge.nonzero()[:, 1].unique(), torch.tensor([4, 5, 6]))
    assert (edge[:, 5] > edge[:, 4]).all()
    torch.testing.assert_close(edge[:, 4], edge[:, 6])
    torch.testing.assert_close(edge, edge[:1].expand(6, -1))
    assert features[:, :, 1:18].abs().max() == 0


def test_the_strongest_channel_gives_the_gradient():
    patch = torch.full((1, 16, 16, 3), 100, dtype=torch.uint8)
    x = torch.arange(16, dtype=torch.uint8)
    patch[..., 0] += x  # red: rightwards
    patch[..., 1] += 3 * x[:, None]  # green: downwards, and stronger
    inner = HOG()(patch)[0, 1:3, 1:3]
    assert (inner[..., 4] > 0.3).all()
    assert inner[..., 0].abs().max() == 0


def test_a_flat_patch_has_no_features():
    assert HOG()(torch.full((1, 8, 8, 3), 200, dtype=torch.uint8)).abs().max() == 0


def test_brightness_does_not_matter():
    patches = noise(1, 16, 24, 3, high=200)
    torch.testing.assert_close(HOG()(patches + 55), HOG()(patches), atol=0, rtol=0)


def test_contrast_does_not_matter_where_there_is_some():
    patches = noise(1, 16, 24, 3, high=64)
    torch.testing.assert_close(HOG()(patches * 3), HOG()(patches), atol=1e-5, rtol=0)


def test_moving_the_content_by_cells_moves_the_features():
    patch = noise(1, 40, 48, 3)
    features = HOG()(patch)
    moved = HOG()(patch[:, 8:, 4:])
    # Two cells at the cut know of the other side: one votes over it, both are normalised by it.
    torch.testing.assert_close(moved[:, 2:, 2:], features[:, 4:, 3:], atol=1e-6, rtol=0)


def test_mirroring_mirrors_cells_and_reflects_orientations():
    # Away from the sides, where gradients along y arise: a tie, of which a mirror swaps the bins.
    y, x = torch.meshgrid(torch.arange(16), torch.arange(24), indexing="ij")
    patch = (5 * x + 2 * y + 9 * (x // 7)).to(torch.uint8)[None, :, :, None].expand(-1, -1, -1, 3)
    features = HOG()(patch)
    mirrored = HOG()(patch.flip(2)).flip(2)
    inner = slice(2, -2)
    swapped = [(9 - o) % 18 for o in range(18)]
    signed, texture = mirrored[..., swapped], mirrored[..., [29, 30, 27, 28]]
    expected = features[:, :, inner]
    torch.testing.assert_close(signed[:, :, inner], expected[..., :18], atol=1e-6, rtol=0)
    torch.testing.assert_close(texture[:, :, inner], expected[..., 27:], atol=1e-6, rtol=0)


def test_a_batch_equals_its_single_patches():
    patches = noise(3, 16, 24, 3)
    hog = HOG()
    features = hog(patches)
    assert torch.equal(hog(patches[[2, 0, 1]]), features[[2, 0, 1]])
    assert torch.equal(hog(patches[1:2]), features[1:2])
    assert hog(patches[:0]).shape == (0, 4, 6, 31)


def test_the_layout_in_memory_does_not_matter():
    patches = noise(2, 3, 16, 24).permute(0, 2, 3, 1)
    assert torch.equal(HOG()(patches), HOG()(patches.contiguous()))


def test_interface():
    hog = HOG()
    features = hog(noise(2, 20, 36, 3))
    assert features.shape == (2, 5, 9, hog.channels)
    assert features.dtype == torch.float32
    assert (hog.name, hog.stride, hog.channels, hog.rescaled) == ("hog", 4, 31, True)
