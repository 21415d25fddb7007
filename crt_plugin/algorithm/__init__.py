"""The paper: convolutional regression (section 3) and the tracker (section 4)."""
