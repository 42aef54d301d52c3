"""Data sets: photos that were handed over, and folders that may be used."""
