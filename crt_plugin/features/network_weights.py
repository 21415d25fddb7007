"""The weights of whichever networks a tracker's features come from."""

from __future__ import annotations

from crt_plugin.features import mobilenet_weights, vgg_weights
from crt_plugin.parameters.paper import FeatureSettings

NETWORKS = {"vgg": vgg_weights, "mobilenet": mobilenet_weights}


def find_origins(*settings: FeatureSettings) -> list[str]:
    """One line for each network of trackers, which says where its weights come from."""
    return [
        NETWORKS[name].find_origin(params) for params in settings for name in _list_networks(params)
    ]


def hash_weights(*settings: FeatureSettings) -> list[str]:
    """SHA-256 of each file of weights of trackers; empty if they use no network.

    Raises:
        WeightsError: a file is missing.
    """
    return [
        digest
        for params in settings
        for name in _list_networks(params)
        for digest in NETWORKS[name].hash_weights(params)
    ]


def _list_networks(params: FeatureSettings) -> list[str]:
    return [name for name in params.features.split("+") if name in NETWORKS]
