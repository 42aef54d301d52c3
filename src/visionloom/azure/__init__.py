"""Azure Machine Learning's files, written so that its client accepts them."""
