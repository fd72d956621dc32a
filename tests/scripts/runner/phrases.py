"""Phrases: what a line may say, and who does it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.scripts.runner.script_file import Mismatch

Phrases = Mapping[str, Callable[..., Any]]
"""From a pattern to who does what it says; groups of the pattern are the arguments."""


class Phrasebook:
    """Finds the one phrase that a text is."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = [(re.compile(pattern), do) for pattern, do in phrases.items()]

    async def say(self, text: str) -> None:
        """Do what the text says.

        Raises:
            Mismatch: there is no such phrase, or what it claims is not so.
        """
        for pattern, do in self._phrases:
            match = pattern.fullmatch(text)
            if match is not None:
                done = do(**match.groupdict())
                if inspect.isawaitable(done):
                    await done
                return
        raise Mismatch(f"there is no such phrase: {text!r}")
