"""Where the time goes: ``crt bench``. Every figure is a median, every ratio of one process."""
