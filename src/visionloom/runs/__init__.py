"""The fixed chains behind `visionloom train`, `score`, `evaluate`, `report` and `demo`."""
