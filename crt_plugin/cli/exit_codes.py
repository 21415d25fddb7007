"""Exit codes of ``crt``; 0 is success."""

WRONG_INPUT = 2  # refused, or failed on purpose; typer's own code for wrong options
INCOMPLETE = 1  # a sequence or file could not be used, or the installation lacks something
INTERRUPTED = 130  # Ctrl-C, as shells have it
