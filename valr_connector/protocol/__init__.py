"""VALR's wire, both ways: bytes to typed values and back, as pure functions."""
