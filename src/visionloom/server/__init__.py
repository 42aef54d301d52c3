"""The designer's server: typed answers over HTTP, one guard for every route, the built pages."""
