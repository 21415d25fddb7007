"""Dask clusters: one of this machine's processes, or one that is there already."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import time
from collections.abc import Iterator

import dask
from distributed import Client, LocalCluster, Security

from crt_plugin.errors import ClusterError

CONNECT_SECONDS = 30.0
RETRY_SECONDS = 1.0
# A scheduler that is started again, by hand or by its service, is back within this.
RETURN_SECONDS = 300.0

LOGGERS = ("distributed", "distributed.client")  # those that Dask gives a level
SETTINGS = {
    "distributed.worker.daemon": False,  # a tracker may have processes of its own
    # Dask's would stay in this process's environment, and its next children have one thread
    "distributed.nanny.pre-spawn-environ": {},
}


@contextlib.contextmanager
def local_cluster(workers: int) -> Iterator[Client]:
    """A client of new processes on this machine, which end with it.

    The machine's cores are shared among them. They listen on this machine only, and to those only
    who know a key that is made for them: anybody else here could run code in them.

    Raises:
        ClusterError: they do not start.
    """
    with silence_dask(), dask.config.set(SETTINGS), contextlib.ExitStack() as stack:
        try:
            with pause_collection():
                cluster = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=max(1, (os.cpu_count() or 1) // workers),
                    host="127.0.0.1",
                    security=Security.temporary(),
                    dashboard_address=None,
                    # Without a dashboard Dask still listens on its port, and warns if it is taken.
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                    memory_limit=0,  # Dask's would end trackers that a single process lets live
                    silence_logs=logging.CRITICAL,
                )
                stack.enter_context(cluster)
                client = stack.enter_context(Client(cluster, set_as_default=False))
        except (OSError, RuntimeError) as error:
            raise ClusterError(f"{workers} workers cannot be started here: {error}") from error
        yield client


@contextlib.contextmanager
def connect(address: str, seconds: float) -> Iterator[Client]:
    """A client of a scheduler that is there.

    Args:
        address: such as ``tcp://host:8786``; with ``tls://``, Dask's configuration has the keys.
        seconds: that it may take to answer.

    Raises:
        ClusterError: it does not answer, or not to this client.
    """
    with silence_dask():
        client = _connect(address, seconds)
        try:
            yield client
        finally:
            with contextlib.suppress(OSError):  # it may be gone
                client.close(timeout=RETRY_SECONDS)


@contextlib.contextmanager
def pause_collection() -> Iterator[None]:
    """Start a client or a cluster while nothing in this process is garbage collected.

    Dask closes a client that was refused when it is collected. Where that falls into the start of
    another one, it waits forever for a lock that the start holds.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def silence_dask() -> Iterator[None]:
    """Suppress Dask's own messages: ours name lost workers and all else."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def _connect(address: str, seconds: float) -> Client:
    deadline = time.monotonic() + seconds
    while True:
        left = max(RETRY_SECONDS, deadline - time.monotonic())
        try:
            with pause_collection():
                return Client(address, timeout=left, set_as_default=False, name="crt-evaluate")
        except OSError as error:
            if time.monotonic() >= deadline:
                raise ClusterError(
                    f"no scheduler answers at {address} within {seconds:.0f} s ({error}); "
                    "expected the address that dask scheduler prints. Results that are there are "
                    "kept: running again goes on from them"
                ) from error
            time.sleep(RETRY_SECONDS)
        except (ValueError, TypeError, RuntimeError, ImportError) as error:
            raise ClusterError(
                f"the scheduler's address {address!r} cannot be used ({error}); expected "
                "tcp://HOST:PORT, or tls://HOST:PORT with Dask's tls settings"
            ) from error
