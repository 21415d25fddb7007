"""Prefetching: a thread prepares the next items while the present one is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

AHEAD = 2  # items; more would only take memory
POLL_SECONDS = 0.1
END = object()


def prefetch(items: Iterable[T]) -> Generator[T, None, None]:
    """The items, taken from their iterator by a thread, at most ``AHEAD`` in advance.

    An exception of the iterator is raised here, after the items before it. The thread ends when
    this generator is closed, once the item in preparation is finished.
    """
    ready: queue.Queue[Any] = queue.Queue(AHEAD)
    is_closed = threading.Event()

    def put(message: Any) -> None:
        while not is_closed.is_set():
            try:
                ready.put(message, timeout=POLL_SECONDS)
            except queue.Full:
                continue
            return

    def prepare() -> None:
        try:
            for item in items:
                put((item, None))
                if is_closed.is_set():
                    return
            put((END, None))
        except BaseException as error:  # noqa: BLE001, raised by the consumer
            put((END, error))

    thread = threading.Thread(target=prepare, name="crt prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is END:
                return
            yield item
    finally:
        is_closed.set()
        thread.join()
