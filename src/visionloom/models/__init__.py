"""Networks, their weights, and the model artifacts."""
