"""Items are prepared before their use, in order, and no thread is left behind."""

import threading
import time

import pytest

from crt_plugin.runtime.prefetch import AHEAD, prefetch


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("crt prefetch")]


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_the_same_items_in_the_same_order(count):
    assert list(prefetch(iter(range(count)))) == list(range(count))
    assert not threads()


def test_the_next_item_is_prepared_while_one_is_used():
    """Nobody has asked for items 1 and 2 when they are there."""
    prepared = []

    def slow():
        for item in range(8):
            time.sleep(0.05)
            prepared.append(item)
            yield item

    items = prefetch(slow())
    assert next(items) == 0
    deadline = time.monotonic() + 10
    while len(prepared) < 1 + AHEAD and time.monotonic() < deadline:
        time.sleep(0.01)
    assert prepared[: 1 + AHEAD] == [0, 1, 2]
    items.close()


def test_no_more_than_a_few_are_prepared_ahead():
    taken = []

    def count():
        for item in range(100):
            taken.append(item)
            yield item

    items = prefetch(count())
    next(items)
    time.sleep(0.3)
    assert len(taken) == AHEAD + 1  # and the one in use
    assert len(threads()) == 1
    items.close()
    assert not threads()


def test_an_error_comes_after_the_items_before_it():
    def failing():
        yield 1
        yield 2
        raise ValueError("item 3")

    items = prefetch(failing())
    assert next(items) == 1
    assert next(items) == 2
    with pytest.raises(ValueError, match="item 3"):
        next(items)
    assert not threads()
