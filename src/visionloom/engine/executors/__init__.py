"""Where steps run: one file per kind of target."""
