"""Lines of boxes; the readers of files are in test_same_everywhere.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crt_plugin.errors import SourceError
from crt_plugin.formats.boxes import parse_boxes, read_boxes, read_lines, split_numbers


@given(
    st.lists(
        st.tuples(*[st.integers(-1000, 1000).map(lambda v: v / 8)] * 4), min_size=1, max_size=5
    ),
    st.sampled_from([",", "\t", " ", ", ", "  ", ";", " \t "]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n", " \n\n"]),
)
def test_any_delimiter_gives_the_same_boxes(rows, delimiter, newline, end):
    text = newline.join(delimiter.join(map(repr, row)) for row in rows) + end
    assert np.array_equal(parse_boxes(text), np.array(rows))


def test_a_delimiter_at_the_end_of_lines():
    assert parse_boxes("1,2,3,4,\n5 6 7 8 \n").tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        (" \n\n", "it is empty"),
        ("1,2,3,4\nNaN,NaN,NaN,NaN\n", "line 2 is not a box: 'NaN,NaN,NaN,NaN'"),
        ("1,2,3,4\n\n1,2,3,4", "line 2 is blank, but others follow"),
        ("\n1,2,3,4", "line 1 is blank"),
        ("1,,3,4", "line 1 is not a box: '1,,3,4'"),
        (",1,2,3,4", "line 1 is not a box: ',1,2,3,4'"),
        ("1,5;2,5;3;4", "line 1 is not a box: '1,5;2,5;3;4'"),
        ("1,5 2,5 3 4", "line 1 is not a box: '1,5 2,5 3 4'"),
        (" 1\t2 3,4 ", r"line 1 is not a box: ' 1\t2 3,4 '; expected numbers x,y,w,h"),
        ("1,2,3\n1,2,3\n", "line 1 is not a box: '1,2,3'"),
        ("1,2,3,4\n1,2,3,4,5,6,7,8\n", "line 2 is not a box"),
        ("1,2,3,4,5\n1,2,3\n", "line 1 is not a box"),
        ("# x\n1,2,3,4", "line 1 is not a box: '# x'"),
        ("1,2,3,inf", "line 1 is not a box"),
        ("x y w h\n1 2 3 4", "line 1 is not a box: 'x y w h'; expected numbers x,y,w,h"),
    ],
)
def test_what_is_no_table_of_boxes(text, said):
    with pytest.raises(SourceError) as caught:
        parse_boxes(text)
    assert said in str(caught.value)


def test_bytes_with_and_without_a_byte_order_mark():
    for text in ("1,2,3,4", "\ufeff1,2,3,4"):
        assert parse_boxes(text.encode()).tolist() == parse_boxes(text).tolist() == [[1, 2, 3, 4]]
    with pytest.raises(SourceError, match="it is not text: .*; expected UTF-8"):
        parse_boxes("1,2,3,4".encode("utf-16"))


def test_files_may_have_nan(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("1,2,3,4\nNaN NaN NaN NaN\n")
    assert np.isnan(read_boxes(file)[1]).all()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "annotation .*a.txt cannot be read: .*No such file"),
        (b"1\xff", "annotation .*a.txt: it is not text"),
        (b"", "annotation .*a.txt: it is empty; expected a line x,y,w,h"),
        (b"1,2,3", "annotation .*a.txt: line 1 is not a box: '1,2,3'; expected numbers x,y,w,h"),
    ],
)
def test_errors_name_the_file(content, said, tmp_path):
    if content is not None:
        (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(SourceError, match=said):
        read_boxes(tmp_path / "a.txt")


def test_lines_and_fields(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf0;0; 1;0\r\n1\r\n\r\n")
    assert read_lines(tmp_path / "a.txt") == ["0;0; 1;0", "1"]
    assert split_numbers(" 0;0; 1;0;") == ["0", "0", "1", "0"]
