"""Candles as lines, as a picture of characters, and as a picture file."""

from __future__ import annotations

import struct
import zlib

import pytest
from msgspec.structs import replace

from tests.cli.market_samples import candle
from valr_connector.cli import candle_picture, digits
from valr_connector.cli.candle_chart import BODY, FALLING, RISING, WICK, chart, lines
from valr_connector.cli.png import Canvas

UP, DOWN = candle(0, 10, 15, 8, 14), candle(1, 14, 14, 5, 6)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and pixels of a PNG file, read by the format's own rules."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, dict[bytes, bytes]()
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length) == (zlib.crc32(kind + content),)
        chunks[kind] = content
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert form == [8, 2, 0, 0, 0]
    raw = zlib.decompress(chunks[b"IDAT"])
    stride = 3 * width + 1
    assert len(raw) == stride * height
    assert {raw[row * stride] for row in range(height)} == {0}
    return width, height, b"".join(raw[row * stride + 1 : (row + 1) * stride] for row in range(height))


# --- lines -----------------------------------------------------------------------------------------


def test_a_line_has_time_prices_and_volume() -> None:
    assert list(lines([UP, candle(1, 14, 14, 5, 6, None)])) == [
        "2026-09-21 14:13  10  15  8  14  1.5",
        "2026-09-21 14:14  14  14  5  6  -",
    ]


# --- characters ------------------------------------------------------------------------------------


def test_bodies_reach_from_open_to_close_and_wicks_from_high_to_low() -> None:
    rows = [line[13:] for line in chart([UP, DOWN], height=11).plain.splitlines()[:-1]]
    first, second = ("".join(row[place] for row in rows) for place in (0, 1))
    assert first == WICK + BODY * 5 + WICK * 2 + " " * 3
    assert second == " " + BODY * 9 + WICK


def test_prices_stand_at_the_side_from_high_to_low() -> None:
    rows = chart([UP, DOWN], height=11).plain.splitlines()
    assert [float(row[:12]) for row in rows[:-1]] == [15 - n for n in range(11)]


def test_a_rising_candle_has_one_colour_and_a_falling_one_the_other() -> None:
    assert {span.style for span in chart([UP], height=5).spans} == {RISING}
    assert {span.style for span in chart([DOWN], height=5).spans} == {FALLING}


def test_a_market_that_never_moved_is_a_line() -> None:
    rows = chart([candle(n, 7, 7, 7, 7) for n in range(3)], height=5).plain.splitlines()
    assert [row[13:] for row in rows[:5]] == ["   ", "   ", BODY * 3, "   ", "   "]


@pytest.mark.parametrize(("count", "shown"), [(2, ["14:13"]), (60, ["14:13", "15:12"])])
def test_the_times_of_the_first_and_last_candle_stand_below(count: int, shown: list[str]) -> None:
    below = chart([candle(n, 1, 2, 1, 2) for n in range(count)], height=3).plain.splitlines()[-1]
    assert [word for word in below.split() if ":" in word] == shown


def test_a_picture_may_have_one_line_only() -> None:
    assert chart([UP], height=1).plain.splitlines()[0].endswith(BODY)


# --- pixels ----------------------------------------------------------------------------------------


def test_a_canvas_becomes_a_png_of_the_same_pixels() -> None:
    canvas = Canvas(3, 2, WHITE)
    canvas.fill(1, 0, 1, 2, BLACK)
    assert pixels(canvas.png()) == (3, 2, bytes((*WHITE, *BLACK, *WHITE)) * 2)


def test_what_lies_outside_of_a_canvas_is_left_out() -> None:
    canvas = Canvas(2, 2, WHITE)
    for left, top in ((-5, 0), (2, 0), (0, -5), (0, 2)):
        canvas.fill(left, top, 1, 1, BLACK)
    canvas.fill(1, 1, 10, 10, BLACK)
    assert [canvas.pixel(x, y) for y in range(2) for x in range(2)] == [WHITE, WHITE, WHITE, BLACK]


def test_digits_are_written_and_other_characters_are_blanks() -> None:
    canvas = Canvas(4 * digits.ADVANCE, digits.HEIGHT * digits.SCALE, WHITE)
    digits.write(canvas, 0, 0, "1x.8", BLACK)
    dark = [
        sum(
            canvas.pixel(place * digits.ADVANCE + x, y) == BLACK
            for x in range(digits.ADVANCE)
            for y in range(canvas.height)
        )
        for place in range(4)
    ]
    assert [count // digits.SCALE**2 for count in dark] == [8, 0, 1, 13]


def test_long_candles_are_labelled_with_their_date() -> None:
    day = replace(UP, period_s=86400)
    assert candle_picture.candle_png([UP]) != candle_picture.candle_png([day])
    assert candle_picture._label(UP) == "14:13"
    assert candle_picture._label(day) == "09-21"


def test_a_picture_file_shows_each_candle_in_its_colour() -> None:
    width, height, content = pixels(candle_picture.candle_png([UP, DOWN]))
    assert (width, height) == (170, 480)
    colours = {content[at : at + 3] for at in range(0, len(content), 3)}
    assert colours == {
        bytes(colour)
        for colour in (
            candle_picture.BACKGROUND,
            candle_picture.GRID,
            candle_picture.INK,
            candle_picture.RISING,
            candle_picture.FALLING,
        )
    }
