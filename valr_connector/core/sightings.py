"""What VALR names that nobody here knows: counted, told once a name, and bounded.

The wire may bring any number of names of any length; what is remembered of them may not grow with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MOST_NAMES = 200
"""So many names are told apart; all further ones are counted together, as `OTHERS`."""
LONGEST_NAME = 80
OTHERS = "(others)"


class Sightings:
    """Counts of names.

    Attributes:
        counts: how often each name was seen, cut to `LONGEST_NAME` characters.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.counts: Mapping[str, int] = MappingProxyType(self._counts)

    def see(self, name: str) -> str | None:
        """Count a name; returns it, as it is counted, if it is new."""
        name = name[:LONGEST_NAME]
        if name not in self._counts and len(self._counts) >= MOST_NAMES:
            name = OTHERS
        self._counts[name] = self._counts.get(name, 0) + 1
        return name if self._counts[name] == 1 else None
