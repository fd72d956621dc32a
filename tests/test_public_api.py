"""What users import stays as it is until somebody says otherwise."""

from __future__ import annotations

from scripts.public_api import difference


def test_the_public_names_are_those_that_were_accepted() -> None:
    assert difference() == "", "see `make public-api`; ACCEPT=1 takes it over, and CHANGELOG.md says so"
