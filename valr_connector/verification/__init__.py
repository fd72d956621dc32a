"""Proof by simulation: the whole connector against the embedded exchange, under virtual time and faults."""
