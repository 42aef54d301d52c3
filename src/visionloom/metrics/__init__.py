"""Every figure Visionloom prints, with its interval and its count. NumPy arrays in, no tensors."""
