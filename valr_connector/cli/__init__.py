"""The `valr` command."""
