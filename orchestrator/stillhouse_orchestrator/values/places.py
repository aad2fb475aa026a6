"""Sets of places in a fixed order, each an ``int`` with one bit for every place that is in it.

A set of sixteen thousand places takes two kilobytes: joining, cutting and counting take a microsecond, nothing needs to be
copied, and its places always come in order.
"""

from collections.abc import Iterable, Iterator

BLOCK = 128


def toggled(places: int, numbers: Iterable[int]) -> int:
    """Return a set with some places put in, or taken out where they were in it; twice is not at all."""
    numbers = tuple(numbers)
    bits = bytearray(max(numbers, default=-1) // 8 + 1)
    for number in numbers:
        bits[number // 8] ^= 1 << number % 8
    return places ^ int.from_bytes(bits, "little")


def chosen(picks: Iterable[bool]) -> int:
    """Return the set of the places where a series says yes."""
    digits = bytes(picks).translate(DIGITS)
    return int(digits[::-1], 2) if digits else 0


DIGITS = bytes.maketrans(b"\x00\x01", b"01")


def lowest(places: int, count: int) -> int:
    """Return the first places of a set, as many as are there of those wanted."""
    if count >= places.bit_count():
        return places
    rest = places
    for _ in range(count):
        rest &= rest - 1
    return places ^ rest


def numbers(places: int) -> Iterator[int]:
    """Yield the places of a set in order."""
    bits = places.to_bytes(-(-places.bit_length() // 8), "little")
    lowest_place = max(0, (places & -places).bit_length() - 1)
    for first in range(lowest_place // BLOCK * BLOCK, len(bits) * 8, BLOCK):
        block = int.from_bytes(bits[first // 8 : (first + BLOCK) // 8], "little")
        while block:
            lowest_bit = block & -block
            yield first + lowest_bit.bit_length() - 1
            block ^= lowest_bit
