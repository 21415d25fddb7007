"""Result files: layout, manifest, scores."""
