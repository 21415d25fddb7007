"""Prefetching: a thread prepares the next items while the present one is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

AHEAD = 2  # items; more would only take memory
END: Any = object()


def prefetch(items: Iterable[T]) -> Generator[T, None, None]:
    """The items, taken from their iterator by a thread, ``AHEAD`` of them in advance.

    An exception of the iterator is raised here, after the items before it. The thread ends when
    this generator is closed, once the item in preparation is finished.
    """
    iterator = iter(items)
    executor = ThreadPoolExecutor(1, thread_name_prefix="crt prefetch")
    try:
        prepared = deque(executor.submit(next, iterator, END) for _ in range(AHEAD))
        while (item := prepared.popleft().result()) is not END:
            prepared.append(executor.submit(next, iterator, END))
            yield item
    finally:
        executor.shutdown(cancel_futures=True)
