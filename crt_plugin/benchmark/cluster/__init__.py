"""Sequences shared among the workers of a Dask cluster."""

from crt_plugin.errors import MissingExtraError
from crt_plugin.runtime.environment import advise_extra

try:
    import cryptography  # noqa: F401 - Dask imports it when it makes certificates
    import distributed  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        f"several workers, here or on a cluster, need Dask ({error}): "
        f"{advise_extra('cluster')}; one worker does without"
    ) from error
