"""The vocabulary: pure data that every other floor speaks."""
