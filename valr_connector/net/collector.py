"""Python's garbage collector, kept from holding the event loop up."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MORE_SELDOM: Final = 100
"""How many times as many younger collections have to come before one of everything."""


@contextmanager
def calm_collector() -> Iterator[None]:
    """For as long as this is open, Python's garbage collector does not look through everything anew.

    Open it once the connector is in step, and your own modules and data are loaded. All that lives by then is
    looked through a last time and then left alone (`gc.freeze`), and what comes later is looked through as a
    whole a hundred times more seldom. Without it, such a look comes when the collector thinks it due, and
    stops the event loop for as long as the program is large: ``python -m benchmarks.collector`` measures it.

    It concerns the whole process, which is why nothing here does it by itself. Objects are freed as ever as
    soon as nothing refers to them; only cycles of objects that lived before stay until this ends. Then the
    thresholds are what they were, and everything is looked at again.
    """
    young, middle, old = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, middle, old * MORE_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)
        gc.unfreeze()
