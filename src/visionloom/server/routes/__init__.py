"""The routes, by subject. Each only translates: HTTP in, a call of a lower room, a model out."""
