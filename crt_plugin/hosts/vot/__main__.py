"""``python -m crt_plugin.hosts.vot --parameters NAME``: what the VOT toolkit starts."""

from crt_plugin.hosts.vot import main

main()
