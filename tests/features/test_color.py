import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from crt_plugin.errors import FeatureError
from crt_plugin.features import color_naming
from crt_plugin.features.color import LEARNED, PARAMETRIC, RGB, ColorNames, load_table
from crt_plugin.features.color_naming import TERMS


def noise(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def flat(rgb, height=4, width=4):
    return torch.tensor(rgb, dtype=torch.uint8).expand(1, height, width, 3).clone()


def one_hot(term):
    return torch.eye(11)[TERMS.index(term)]


# RGB


def test_rgb_is_the_mean_of_each_cell():
    patches = noise(2, 8, 12, 3)
    features = RGB()(patches)
    assert features.shape == (2, 2, 3, 3) and features.dtype == torch.float32
    expected = patches[1, 4:8, 8:12].double().mean(dim=(0, 1)).float()
    torch.testing.assert_close(features[1, 1, 2], expected)


def test_rgb_keeps_the_order_of_the_channels():
    torch.testing.assert_close(RGB()(flat((200, 17, 90)))[0, 0, 0], torch.tensor([200.0, 17, 90]))


@pytest.mark.parametrize("family", [RGB(), ColorNames()])
def test_a_batch_equals_its_single_patches(family):
    patches = noise(3, 8, 12, 3)
    features = family(patches)
    assert torch.equal(family(patches[[2, 0, 1]]), features[[2, 0, 1]])
    assert features.shape[-1] == family.channels and family.stride == 4 and family.rescaled
    assert family(patches[:0]).shape == (0, 2, 3, family.channels)


@pytest.mark.parametrize("family", [RGB(), ColorNames()])
def test_the_layout_in_memory_does_not_matter(family):
    patches = noise(2, 3, 8, 12).permute(0, 2, 3, 1)
    torch.testing.assert_close(family(patches), family(patches.contiguous()), atol=1e-4, rtol=0)


# The tables' convention


def make_marked_table():
    """Every colour is black; the one of index 25 + 32 * 2 + 1024 * 11 is pink."""
    table = one_hot("black").repeat(32768, 1).numpy()
    table[11353] = one_hot("pink").numpy()
    return table


@pytest.fixture
def marked_names(tmp_path):
    path = tmp_path / "w2c.npy"
    np.save(path, make_marked_table())
    return ColorNames(str(path))


@pytest.mark.parametrize("rgb", [(200, 16, 88), (207, 23, 95)])
def test_red_is_the_fastest_index(marked_names, rgb):
    assert torch.equal(marked_names(flat(rgb))[0, 0, 0], one_hot("pink"))


@pytest.mark.parametrize(
    "rgb",
    [(199, 16, 88), (208, 16, 88), (200, 15, 88), (200, 24, 88), (200, 16, 96), (88, 16, 200)],
)
def test_other_colours_have_other_indices(marked_names, rgb):
    assert torch.equal(marked_names(flat(rgb))[0, 0, 0], one_hot("black"))


def test_a_cell_is_the_mean_of_its_pixels(marked_names):
    patch = torch.zeros(1, 8, 12, 3, dtype=torch.uint8)
    patch[0, 5, 8:11] = torch.tensor([200, 16, 88], dtype=torch.uint8)  # 3 of 16 in cell (1, 2)
    pink = marked_names(patch)[0, :, :, TERMS.index("pink")]
    assert torch.equal(pink, torch.tensor([[0, 0, 0], [0, 0, 3 / 16]]))


def test_color_of_index_inverts_the_index():
    colors = color_naming.color_of_index()
    assert colors[11353].tolist() == [203.5, 19.5, 91.5]
    np.testing.assert_array_equal(colors.mean(axis=0), 127.5)


# Files


def random_table():
    table = np.random.default_rng(1).random((32768, 11))
    return table / table.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["w2c.npy", "w2c.txt", "w2c.mat", "other.mat", "W2C.NPY"])
def test_each_format_is_read(tmp_path, name):
    table, path = random_table(), tmp_path / name
    if path.suffix == ".mat":
        scipy_io = pytest.importorskip("scipy.io")
        scipy_io.savemat(path, {"w2c" if path.stem == "w2c" else "table": table})
    elif path.suffix == ".txt":
        np.savetxt(path, table)
    else:
        with path.open("wb") as file:  # np.save would append .npy to the name in capitals
            np.save(file, table)
    np.testing.assert_allclose(load_table(path), table, rtol=1e-12)
    names = ColorNames(str(path))
    assert (names.model, names.name) == (LEARNED, "color_names (learned)")
    index = 25 + 32 * 2 + 1024 * 11
    expected = torch.tensor(table[index], dtype=torch.float32)
    torch.testing.assert_close(names(flat((200, 17, 90)))[0, 0, 0], expected)


def with_colors(table):
    return np.hstack([color_naming.color_of_index(), table])


def test_fourteen_columns_are_sorted_by_their_colours(tmp_path):
    table, path = random_table(), tmp_path / "w2c.npy"
    order = np.random.default_rng(2).permutation(32768)
    np.save(path, with_colors(table)[order])
    np.testing.assert_array_equal(load_table(path), table)


def set_value(table, value):
    """One value changed, and its row's sum kept."""
    table[7, 4] += table[7, 3] - value
    table[7, 3] = value
    return table


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t[:, :10], r"float64 of shape \(32768, 10\)"),
        (lambda t: t[:-1], r"shape \(32767, 11\)"),
        (lambda t: t.reshape(32, 32, 32, 11), "shape"),
        (lambda t: t.astype(str), "<U"),
        (lambda t: set_value(t, np.nan), "not finite"),
        (lambda t: set_value(t, -0.001), "not probabilities"),
        (lambda t: set_value(t, 1.2), "not probabilities"),
        (lambda t: t * 0.9, "not probabilities"),
        (lambda t: with_colors(t)[np.r_[1, 1:32768]], "each once"),
        (lambda t: with_colors(t) * ([-1] * 3 + [1] * 11), "each once"),
        (lambda t: with_colors(t) / ([255] * 3 + [1] * 11), "each once"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, change, problem):
    path = tmp_path / "w2c.npy"
    np.save(path, change(random_table()))
    with pytest.raises(FeatureError, match=problem) as caught:
        ColorNames(str(path))
    for accepted in (str(path), "ColorNaming", "32768 rows", "11 columns", "14 with R, G, B"):
        assert accepted in str(caught.value)


@pytest.mark.filterwarnings("ignore:loadtxt")
@pytest.mark.parametrize("name", ["w2c.mat", "w2c.npy", "w2c.txt", "w2c.csv"])
@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY", b"one two\n", bytes(range(256)) * 9])
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content):
    if name.endswith(".mat"):
        pytest.importorskip("scipy.io")
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FeatureError, match="; expected w2c"):
        load_table(path)


def test_a_mat_file_must_say_which_variable(tmp_path):
    scipy_io = pytest.importorskip("scipy.io")
    path = tmp_path / "w2c.mat"
    scipy_io.savemat(path, {"one": np.eye(2), "two": np.eye(2)})
    with pytest.raises(FeatureError, match="no variable w2c, but one, two"):
        load_table(path)


def test_without_scipy_a_mat_file_asks_for_it(tmp_path, monkeypatch):
    path = tmp_path / "w2c.mat"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(FeatureError, match=r"install it, or convert the table to \.npy or \.txt"):
        load_table(path)


# The parametric model

PROTOTYPES = {  # CSS colours
    "black": (0, 0, 0),
    "blue": (0, 0, 255),
    "brown": (139, 69, 19),
    "grey": (128, 128, 128),
    "green": (0, 128, 0),
    "orange": (255, 165, 0),
    "pink": (255, 192, 203),
    "purple": (128, 0, 128),
    "red": (255, 0, 0),
    "white": (255, 255, 255),
    "yellow": (255, 255, 0),
}


def test_prototypes_are_those_of_the_terms():
    assert tuple(PROTOTYPES) == TERMS


@pytest.mark.parametrize("term", TERMS)
def test_a_pure_colour_has_its_own_name(term):
    names = ColorNames()(flat(PROTOTYPES[term]))[0, 0, 0]
    assert TERMS[names.argmax()] == term and names.max() > 0.8


@pytest.mark.parametrize(
    ("term", "rgb"),
    [
        ("green", (0, 255, 0)),
        ("green", (0, 64, 0)),
        ("blue", (0, 0, 128)),
        ("blue", (0, 0, 200)),
        ("blue", (0, 255, 255)),
        ("red", (128, 0, 0)),
        ("orange", (255, 128, 0)),
        ("pink", (255, 0, 255)),
        ("brown", (100, 50, 0)),
        ("purple", (75, 0, 130)),
    ],
)
def test_so_have_other_vivid_colours(term, rgb):
    assert TERMS[ColorNames()(flat(rgb))[0, 0, 0].argmax()] == term


def test_probabilities_sum_to_one():
    table = color_naming.parametric_table()
    assert table.min() >= 0
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-12)
    sums = ColorNames()(noise(1, 40, 40, 3)).sum(dim=-1)
    torch.testing.assert_close(sums, torch.ones(1, 10, 10))


def test_the_parametric_model_says_so():
    names = ColorNames()
    assert (names.model, names.name) == (PARAMETRIC, "color_names (parametric)")


def test_path_in_the_error_is_the_one_given():
    with pytest.raises(FeatureError, match="no such file"):
        ColorNames(str(Path("missing") / "w2c.npy"))
