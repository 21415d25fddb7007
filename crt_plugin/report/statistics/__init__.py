"""What scores mean: intervals of differences, cross-validation, calibration."""
