"""How an input is broken. The same number breaks it in the same way, so that what was found can be found again."""

from collections.abc import Callable, Sequence
from random import Random

LARGEST = 200_000  # octets of a broken input
MAX_CHANGES = 12
MAX_REPEATS = 20_000

TOKENS = (
    b"\n", b"\r\n", b"\r", b"\n\n", b"\n ", b"\n\t", b" ", b"\0", b"\xff", b"\xef\xbb\xbf", b"\x1b$B", b"\xe2\x80\xae",
    b":", b";", b"=", b"=?", b"?=", b"=?utf-8?q?a?= ", b"=?utf-8?b?YQ==?=", b"=3D", b"=\n", b"====", b"%", b"&", b"&#x110000;",
    b"(", b")", b"((", b"<", b">", b"[", b"]", b"{", b"}", b'"', b'\\"', b"\\", b"'", b"@", b".", b",", b"-", b"--", b"+",
    b"0", b"99999999999999999999", b"-1", b"1e999", b"\xd9\xa1", b"a", b"a.", b"a@", b"a@b.c", b"mp" + b"a" * 32, b"550 5.7.1 ",
    b";a=", b"boundary=", b";boundary*1=x", b"--b", b"--b\n", b"--b--\n", b"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    b"Content-Type: message/rfc822\n\n", b"Content-Transfer-Encoding: base64\n", b"Content-Type: text/html\n", b"charset=utf-7",
    b"Received: from a (b [1.2.3.4]) by c; ", b"from ", b" by ", b"with ", b"Mon, 00 Jan 0000 99:99:99 +9999", b"Final-Recipient: rfc822; ",
    b"Diagnostic-Code: smtp; ", b"Status: 5.1.1\n", b"https://", b"http://a.", b"<a>", b"</a>", b"<a b='c'>", b"<!--", b"<![CDATA[", b"<record>",
    b"<style", b"<a ", b"{5000000}\r\n", b"{3}\r\n", b"* 1 FETCH (", b"* LIST ", b"NIL", b"[[", b'{"a":', b"[],", b"try again in 5 min",
)  # fmt: skip


def broken(seeds: Sequence[bytes], number: str) -> bytes:
    """One of the seeds, changed in a few places; the most of it that is read is LARGEST octets."""
    chance = Random(number)
    data = chance.choice(seeds)
    for _ in range(chance.randint(1, MAX_CHANGES)):
        data = chance.choice(CHANGES)(data, chance, seeds)[:LARGEST]
    return data


Change = Callable[[bytes, Random, Sequence[bytes]], bytes]


def _place(data: bytes, chance: Random) -> int:
    """Anywhere; often at the beginning of a line, where most of what counts stands."""
    place = chance.randint(0, len(data))
    return data.rfind(b"\n", 0, place) + 1 if chance.random() < 0.4 else place


def _insert(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    place = _place(data, chance)
    return data[:place] + chance.choice(TOKENS) + data[place:]


def _repeat(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    """One token very often: what is not linear shows."""
    token, place = chance.choice(TOKENS), _place(data, chance)
    times = min(int(10 ** (chance.random() * 4.3)), MAX_REPEATS, LARGEST // len(token))
    return data[:place] + token * times + data[place:]


def _repeat_piece(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    start = _place(data, chance)
    piece = data[start : start + chance.randint(1, 200)]
    return data[:start] + piece * chance.randint(2, 2000) + data[start:]


def _cut_out(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    start = _place(data, chance)
    return data[:start] + data[start + chance.randint(1, 300) :]


def _cut_off(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    return data[: chance.randint(0, len(data))]


def _flip(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 10)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _splice(data: bytes, chance: Random, seeds: Sequence[bytes]) -> bytes:
    other = chance.choice(seeds)
    return data[: _place(data, chance)] + other[_place(other, chance) :]


def _without_line_ends(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    return data.replace(b"\r\n", chance.choice((b"\n", b"\r", b"", b"\r\n ", b"\n\n")))


CHANGES: tuple[Change, ...] = (
    *(_insert, _insert, _repeat, _repeat_piece, _cut_out, _cut_out, _cut_off, _flip, _flip, _splice),
    _without_line_ends,
)
