"""Processes killed, files damaged: what is promised then, tried."""
