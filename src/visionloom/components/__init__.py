"""The components: one file each, a signature, help, and a few lines that call the layer below."""
