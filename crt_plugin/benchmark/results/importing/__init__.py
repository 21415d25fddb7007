"""Published results brought into the layout."""
