"""What goes over the wire, by subject; the front end's types are generated from these."""
