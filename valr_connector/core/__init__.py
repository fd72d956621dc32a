"""Decisions without input or output: `now` is an argument, nothing here touches a socket or a clock."""
