"""``connect valr`` in Hummingbot's client, typed on a terminal as its user does."""

from __future__ import annotations

import re
import sys

from tests.hummingbot.checkout import PASSWORD, Ready
from tests.hummingbot.terminal import Terminal, on_terminal


def log_in_for_the_first_time(client: Terminal) -> None:
    for greeting in ("Welcome to Hummingbot", "PLEASE READ THIS CAREFULLY", "SET A SECURE PASSWORD"):
        client.wait_for(greeting)
        client.type("")
    for question in ("Enter your new password", "re-enter your password"):
        client.wait_for(question)
        client.type(PASSWORD)  # goes to the button
        client.type("")
    client.wait_for("Useful Commands")


def connect(client: Terminal, key: str, secret: str, *, times: int = 1) -> None:
    client.type("connect valr")
    for question, answer in (("Enter your VALR API key", key), ("Enter your VALR API secret", secret)):
        client.wait_for(f"{question} >>>", times)
        client.type(answer)


def test_connect_says_what_is_wrong_with_a_key_confirms_a_good_one_and_shows_the_balances(
    ready: Ready,
) -> None:
    made, key, secret = ready
    command = [sys.executable, "-m", "tests.hummingbot.client"]
    with on_terminal(command, made.folder, made.environment) as client:
        log_in_for_the_first_time(client)
        connect(client, key, secret[::-1])
        client.wait_for("Error: Request has an invalid signature")
        assert not made.stored
        connect(client, key, secret, times=2)
        client.wait_for("You are now connected to valr.")
        client.type("balance")
        client.wait_for("please wait...")
        client.type("")  # away with the list of commands that it offers
        client.wait_for("Exchanges Total")
        assert re.search(r"BTC +5\.0000 .*\n.*ETH +50\.0000 ", client.shows)
        assert key not in client.shows
    assert "valr_api_key" in made.stored
    assert key not in made.stored
