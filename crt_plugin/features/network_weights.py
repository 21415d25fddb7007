"""The weights of whichever networks a tracker's features come from."""

from __future__ import annotations

from crt_plugin.features import mobilenet_weights, vgg_weights
from crt_plugin.parameters.paper import FeatureSettings

NETWORKS = {"vgg": vgg_weights, "mobilenet": mobilenet_weights}


def find_origins(params: FeatureSettings) -> list[str]:
    """One line for each network that ``params`` uses, which says where its weights come from."""
    return [NETWORKS[name].find_origin(params) for name in _list_networks(params)]


def hash_weights(params: FeatureSettings) -> list[str]:
    """SHA-256 of each file of weights that ``params`` uses; empty if it uses no network.

    Raises:
        WeightsError: a file is missing.
    """
    names = _list_networks(params)
    return [digest for name in names for digest in NETWORKS[name].hash_weights(params)]


def _list_networks(params: FeatureSettings) -> list[str]:
    return [name for name in params.features.split("+") if name in NETWORKS]
