"""Async connector to the VALR exchange."""
