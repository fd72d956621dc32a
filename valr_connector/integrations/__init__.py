"""Thin plugs into trading frameworks; each imports only the public names."""
