"""Declarations: ports, parameters, components and where they are found. No tensor library here."""
