"""Damage to the text of a scenario or of a table beside it: encodings, slips of YAML, size, cells.

A maker takes a random generator and returns (way, place, base, bytes) and, for tables, the files beside it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from bases import GOOD, pick, text_of

# --- bytes --------------------------------------------------------------------------------------------------------

ODD = "\u2028\u0085\u00a0\u200b\u202e\ufeff\u0000\u0007\u001b\ufffeé“–🙂\r"
SIGNATURES = (b"PK\x03\x04", b"%PDF-1.4\n", b"\x1f\x8b\x08\0", b"\xd0\xcf\x11\xe0", b"<html>", b"GIF89a", b"{\\rtf1")
BLANKS = (
    b"",
    b" ",
    b"\n\n\n",
    b"\t",
    b"# only a comment",
    b"---",
    b"...",
    b"null",
    b"~",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"#",
)


def _spliced(text: str, rng: random.Random, new: bytes, over: int = 0) -> bytes:
    data = text.encode()
    at = rng.randrange(len(data))
    return data[:at] + new + data[at + over :]


def _flipped(text: str, rng: random.Random) -> bytes:
    data = bytearray(text.encode())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _hard_spaces(text: str, rng: random.Random) -> bytes:
    return re.sub(r"(?m)^ +", lambda m: "\u00a0" * len(m[0]), text, count=rng.randrange(1, 9)).encode()


ENCODINGS: dict[str, Callable] = {
    "UTF-16": lambda t, r: t.encode(r.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32"])),
    "with a byte order mark": lambda t, r: t.encode("utf-8-sig"),
    "Latin 1": lambda t, r: _spliced(t, r, r.choice("éäñ£×").encode("latin-1")),
    "Windows": lambda t, r: _spliced(t, r, r.choice("“”’–€").encode("cp1252")),
    "odd character": lambda t, r: _spliced(t, r, r.choice(ODD).encode()),
    "random bytes": lambda t, r: _spliced(t, r, r.randbytes(r.randrange(1, 5)), r.randrange(4)),
    "half a character": lambda t, r: _spliced(t, r, "é".encode()[:1]),
    "surrogate": lambda t, r: _spliced(t, r, "\ud800".encode("utf-8", "surrogatepass")),
    "overlong": lambda t, r: _spliced(t, r, b"\xc0\xaf"),
    "cut off": lambda t, r: t.encode()[: r.randrange(len(t))],
    "returns only": lambda t, r: t.replace("\n", "\r").encode(),
    "lines of Windows": lambda t, r: t.replace("\n", "\r\n").encode(),
    "zeros": lambda t, r: _spliced(t, r, b"\0" * r.randrange(1, 2000)),
    "a bit": _flipped,
    "another kind of file": lambda t, r: r.choice(SIGNATURES) + r.randbytes(r.randrange(200)),
    "blank": lambda t, r: r.choice(BLANKS),
    "hard spaces": _hard_spaces,
    "curly quotes": lambda t, r: t.replace('"', r.choice("“”„"), r.randrange(1, 9)).encode(),
    "another code": lambda t, r: t.replace("e", "é", r.randrange(1, 50)).encode(
        r.choice(["latin-1", "mac-roman", "cp437"])
    ),
}


def wrong_encoding(rng):
    way, base = rng.choice(list(ENCODINGS)), pick(rng)
    text = text_of(base).encode("ascii", "ignore").decode()
    return way, "", base, ENCODINGS[way](text, rng)


# --- slips of YAML ------------------------------------------------------------------------------------------------

DOCUMENTS = ("---", "...", "--- # next", "---\ntitle: other", "%YAML 1.2", "%TAG ! x")
ANCHORS = (
    "<<: *x",
    "x: &x {a: 1}",
    "<<: {title: y}",
    "a: *nowhere",
    "&a",
    "b: &b [*b]",
    "- &x",
    "<<: [{a: 1}, {b: 2}]",
)
TAGS = (
    *(
        "x: !!python/object/apply:os.system ['true']",
        "y: !!binary aGk=",
        "z: !!set {a, b}",
        "w: !!timestamp 2020-01-01",
    ),
    *("v: !local 1", "!!map", "u: !!float nan", "t: !!str 1", "title: !!python/name:os.system"),
)
BLOCKS = ("title: |", "note: >-", "  |", "x: |2", "y: >9\n a")
KEYS = (
    *(
        "? [a, b]\n: 1",
        "{a: 1}: 2",
        "? a",
        "[a]: b",
        ": x",
        "1: 2",
        "true: no",
        "null: 1",
        "~: 2",
        "2020-01-01: x",
        "'': 1",
    ),
    '"a\\nb": 1',
)
VALUES = (
    *(
        "no",
        "on",
        "010",
        "0o7",
        "1:30",
        "2020-01-01",
        "1_000",
        "0b1",
        "0xF",
        ".5",
        "+1",
        "=",
        "<<",
        "~",
        "!x",
        "*y",
        "&z",
    ),
    *("@a", "`b`", "%c", "- d", "? e", "| f", "'g", '"h', "{i", "[j"),
)
BETWEEN = ("states", "- ", "-", "x y z", "- from: a", "{", "}", "[]", "''", "*", "see below", "...more", "title")
ESCAPES = ("q", "x", "u12", "d", "U00110000", "xZZ", "\n")


def _line(change: Callable) -> Callable:
    """change(lines, i, rng) at a line that is neither blank nor a comment."""

    def applied(text: str, rng) -> str:
        lines = text.split("\n")
        change(lines, rng.choice([i for i, line in enumerate(lines) if line.strip()[:1] not in ("", "#")]), rng)
        return "\n".join(lines)

    return applied


def _insert(*texts: str) -> Callable:
    return _line(lambda lines, i, rng: lines.insert(i, rng.choice(texts)))


def _rewrite(make: Callable) -> Callable:
    return _line(lambda lines, i, rng: lines.__setitem__(i, make(lines[i], rng)))


def _without_one(pattern: str) -> Callable:
    def applied(text: str, rng) -> str:
        found = rng.choice(list(re.finditer(pattern, text)) or [re.match("", text)])
        return text[: found.start()] + text[found.end() :]

    return applied


def _one_more(signs: str) -> Callable:
    def applied(text: str, rng) -> str:
        at = rng.randrange(len(text))
        return text[:at] + rng.choice(signs) + text[at:]

    return applied


def _swap_lines(lines, i, rng) -> None:
    j = (i + 1) % len(lines)
    lines[i], lines[j] = lines[j], lines[i]


def _indented(line: str, rng) -> str:
    return " " * rng.choice([1, 1, 2, 3, 7]) + line if rng.random() < 0.6 else line.lstrip()


def _with_comment(line: str, rng) -> str:
    at = rng.randrange(len(line))
    return f"{line[:at]} # {line[at:]}"


def _another_value(line: str, rng) -> str:
    return re.sub(r": ([\w. ]+)", lambda m: ": " + rng.choice(VALUES), line, count=1)


def _escaped(text: str, rng) -> str:
    wrong = '"\\' + rng.choice(ESCAPES)
    return text.replace('"', wrong, 1) if '"' in text else f'x: {wrong}"\n{text}'


TRAPS: dict[str, Callable] = {
    "tab": _rewrite(lambda line, r: line.replace("  ", "\t", 1) if "  " in line else "\t" + line),
    "indentation": _rewrite(_indented),
    "bracket lost": _without_one(r"[{}\[\]]"),
    "bracket more": _one_more("{}[]()"),
    "quote lost": _without_one("[\"']"),
    "quote more": _one_more("\"'`"),
    "colon lost": _without_one(":"),
    "comma lost": _without_one(","),
    "space lost": _without_one("(?<=[:,]) "),
    "sign more": _one_more(":,-#&*!|>%@?"),
    "line lost": _line(lambda lines, i, r: lines.pop(i)),
    "line twice": _line(lambda lines, i, r: lines.insert(i, lines[i])),
    "lines swapped": _line(_swap_lines),
    "line cut": _rewrite(lambda line, r: line[: r.randrange(len(line))]),
    "lines joined": _line(lambda lines, i, r: lines.__setitem__(slice(i, i + 2), ["".join(lines[i : i + 2])])),
    "second document": _insert(*DOCUMENTS),
    "anchor and merge": _insert(*ANCHORS),
    "tag": _insert(*TAGS),
    "block text": _insert(*BLOCKS),
    "key that is no word": _insert(*KEYS),
    "value of another kind": _rewrite(_another_value),
    "comment within": _rewrite(_with_comment),
    "word between": _insert(*BETWEEN),
    "unquoted comma": lambda t, r: t.replace('"', "", 2 * r.randrange(1, 4)),
    "escape": _escaped,
}


def trap_of_yaml(rng):
    way, base = rng.choice(list(TRAPS)), pick(rng)
    return way, "", base, TRAPS[way](text_of(base), rng).encode("utf-8", "surrogatepass")


# --- size ---------------------------------------------------------------------------------------------------------

LAUGHS = "".join(f"  {b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi"))


def _replaced(old: str, new: Callable) -> Callable:
    """The per-cycle model with new(n) for `old`."""
    return lambda n: text_of("per_cycle").replace(old, new(n), 1)


def _listed(before: str, line: Callable) -> Callable:
    """The per-cycle model with n lines more before `before`."""
    return _replaced(before, lambda n: "".join(line(i, n) for i in range(n)) + before)


SIZES: dict[str, Callable] = {
    "billion laughs": lambda n: "title: x\nsources:\n  a: &a [" + "x, " * (n % 9 + 2) + "x]\n" + LAUGHS,
    "deep list": lambda n: "title: " + "[" * n * 10,
    "deep fields": lambda n: "title: " + "{a: " * n * 10,
    "deep lines": lambda n: "\n".join(" " * i + f"a{i}:" for i in range(n)),
    "many sources": _listed("strategies:", lambda i, n: f"sources: {{s{i}: {{citation: x}}}}\n"),
    "many unknown fields": _listed("strategies:", lambda i, n: f"f{i}: 1\n"),
    "many parameters": _listed("strategies:", lambda i, n: f"  q{i}: {{value: {i}}}\n"),
    "chain of parameters": _listed("strategies:", lambda i, n: f"  q{i}: {{value: {f'q{i - 1}' if i else '1'} * 1}}\n"),
    "circle of parameters": _listed("strategies:", lambda i, n: f"  q{i}: {{value: q{(i + 1) % n} * 1}}\n"),
    "doubling names": _replaced(
        "{ratio: 1,",
        lambda n: "{x0: 1, " + "".join(f"x{i}: x{i - 1} + x{i - 1}, " for i in range(1, n)) + f"ratio: x{n - 1},",
    ),
    "long number": _replaced("0.6", lambda n: "9" * n * 100),
    "long name": lambda n: text_of("per_cycle").replace("progressed", "p" * n),
    "long text": _replaced("By probabilities", lambda n: "long " * n * 10),
    "many transitions": _listed(
        "effects:", lambda i, n: f"  - {{from: stable, to: dead, name: n{i}, probability per cycle: 0.0001}}\n"
    ),
    "many strategies": _listed("states:", lambda i, n: f"  s{i}: {{ratio: 1, dose: {i}}}\n"),
    "many thresholds": _replaced("[20000, 30000]", lambda n: str(list(range(1, n * 10)))),
    "many cycles": _replaced("2 years", lambda n: f"{n * 10_000} years"),
    "power of powers": _replaced("2 * c_month", lambda n: f"{n} ** 9 ** 9 ** 9 * c_month"),
    "many brackets": _replaced("2 * c_month", lambda n: "(" * n + "c_month" + ")" * n),
    "many signs": _replaced("2 * c_month", lambda n: "-" * n + "c_month"),
    "many terms": _replaced("2 * c_month", lambda n: "c_month" + " + c_month" * n),
    "long list in a distribution": _replaced("beta(30, 170)", lambda n: "dirichlet(" + "1, " * n + "1)"),
    "wide curve": _replaced("[20000, 30000]}", lambda n: f"[20000], curve: {{to: 1e{n % 300}, step: 1}}}}"),
}

FEW = (
    "many transitions",
    "many strategies",
    "long name",
    "long text",
)  # a run takes its time, or there is little to see


def wrong_size(rng):
    way = rng.choice(list(SIZES))
    n = rng.randrange(30, 600)
    return way, "", "per_cycle", SIZES[way](n if way not in FEW else n % 40 + 2).encode()


# --- tables -------------------------------------------------------------------------------------------------------

CELLS = (
    "",
    "x",
    "-1",
    "nan",
    "inf",
    "1e400",
    "0,5",
    "1 000",
    "5 %",
    "=1+1",
    "NA",
    "1e-400",
    "2",
    "-",
    '"',
    "１",
    "0x1",
    "1_0",
)
HEADERS = (
    *("", "age", "Age,Rate", "age;rate", "rate,rate", "age,age", "a,a", "x,y", '"age","rate', "age,rate,rate", "a,b,c"),
    *("0,0.005", " age , rate ", "age,rate,", "b,a"),
)
SHORT = ("99\n", "99,\n", ",\n", "99,1,1,1\n", "\n\n99,0.3\n", "# note\n")


def _cell(make: Callable) -> Callable:
    def applied(text: str, rng) -> str:
        rows = [line.split(",") for line in text.strip().split("\n")]
        row = rng.choice(rows[1:])
        row[rng.randrange(len(row))] = make(rng)
        return "\n".join(",".join(row) for row in rows) + "\n"

    return applied


def _header(text: str, rng) -> str:
    return rng.choice(HEADERS) + text[text.index("\n") :]


def _shuffled(text: str, rng) -> str:
    first, *rows = text.strip().split("\n")
    return "\n".join([first, *rng.sample(rows, len(rows))]) + "\n"


TABLES: dict[str, Callable] = {
    "cell": _cell(lambda r: r.choice(CELLS)),
    "large cell": _cell(lambda r: "9" * r.randrange(300, 200_000)),
    "header": _header,
    "no rows": lambda t, r: t[: t.index("\n")] + r.choice(["", "\n", "\n\n"]),
    "blank": lambda t, r: r.choice(["", "\n", " ", ",", ",,\n,,", "\x00", '"']),
    "order": _shuffled,
    "row twice": lambda t, r: t + t.strip().split("\n")[-1] + "\n",
    "short row": lambda t, r: t + r.choice(SHORT),
    "separator": lambda t, r: t.replace(",", r.choice([";", "\t", "|", " ", ",,"])),
    "encoding": lambda t, r: t.encode(r.choice(["utf-16", "utf-8-sig", "utf-32", "cp037"])).decode("latin-1"),
    "bytes": lambda t, r: _spliced(t, r, r.randbytes(3)).decode("latin-1"),
    "many rows": lambda t, r: t + "".join(f"{100 + i},0.3\n" for i in range(r.randrange(1000, 20_000))),
    "quoted": lambda t, r: re.sub(r"(?m)^(.*),(.*)$", r'"\1","\2"', t),
    "decimal commas": lambda t, r: t.replace(",", ";").replace(".", ","),
}


def wrong_table(rng):
    way, file = rng.choice(list(TABLES)), rng.choice(["life.csv", "life.csv", "boot.csv"])
    data = TABLES[way]((GOOD / file).read_text(encoding="utf-8"), rng).encode("latin-1", "replace")
    return way, file, "whole", text_of("whole").encode(), ((file, data),)
