"""Pipelines checked, planned, run and remembered. Loads no tensor library."""
