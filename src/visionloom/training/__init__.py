"""Training: options, recipe, order, optimizer, checkpoints and the loop."""
