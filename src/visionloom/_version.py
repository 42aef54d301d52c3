"""The version, read by every room that records it."""

__version__ = "0.1.0"
