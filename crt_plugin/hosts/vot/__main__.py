"""``python -m crt_plugin.hosts.vot --parameters NAME``: what the VOT toolkit starts."""

from crt_plugin.hosts.vot import main
from crt_plugin.runtime.allocation import keep_freed_memory

keep_freed_memory()
main()
