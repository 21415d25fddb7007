"""CRT in the got10k toolkit, and that toolkit without its prints."""

from crt_plugin.hosts.got10k.tracker import GOT10kTracker

__all__ = ["GOT10kTracker"]
