"""The paper's tables and figures: what it prints, and how ours are made from results."""
