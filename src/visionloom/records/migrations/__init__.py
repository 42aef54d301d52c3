"""Changes of the tables, in order. Run by `visionloom.records.schema` alone."""
