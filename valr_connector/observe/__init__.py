"""Counters, latency histograms and log redaction."""
