"""Sequences shared among the workers of a Dask cluster."""

from crt_plugin.errors import MissingExtraError

try:
    import cryptography  # noqa: F401 - Dask imports it when it makes certificates
    import distributed  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        f"several workers, here or on a cluster, need Dask ({error}): "
        'pip install "crt-plugin[cluster]"; one worker does without'
    ) from error
