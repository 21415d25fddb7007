"""Feature families behind one interface, and their reduction on the first frame."""
