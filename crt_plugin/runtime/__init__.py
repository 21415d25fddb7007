"""What the code runs on: images, device and precision, files, progress."""
