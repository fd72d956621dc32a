"""Looks whether everything that trading needs is in order, and says in plain words what is not."""
