"""Items ahead of their use, in order, and no thread left behind."""

import threading
import time

import pytest

from crt_plugin.runtime.prefetch import AHEAD, prefetch


def threads():
    return [t for t in threading.enumerate() if t.name == "crt prefetch"]


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_the_same_items_in_the_same_order(count):
    assert list(prefetch(iter(range(count)))) == list(range(count))
    assert not threads()


def test_the_next_item_is_prepared_while_one_is_used():
    """Two sleeps of 50 ms an item, one here and one there: both at once take half of the sum."""
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
    assert prepared[: 1 + AHEAD] == [0, 1, 2]  # nobody has asked for 1 and 2
    items.close()


def test_no_more_than_a_few_are_prepared_ahead():
    taken = []

    def noted():
        for item in range(100):
            taken.append(item)
            yield item

    items = prefetch(noted())
    next(items)
    time.sleep(0.3)
    assert len(taken) <= AHEAD + 2  # in the queue, one waiting for room, one used
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
