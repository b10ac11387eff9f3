"""Hours of the week from words such as 'Mon-Fri 08:00-18:00'."""

from __future__ import annotations

import re

from model.resources import WEEK

Span = tuple[float, float]  # (from, to) in hours of the week; 0 is Monday, 0:00
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(
    r"(?:(?P<first>[A-Za-z]{3,9})(?:\s*-\s*(?P<last>[A-Za-z]{3,9}))?)?\s*"
    r"(?:(?P<from>\d{1,2}):(?P<from_minute>\d\d)\s*-\s*(?P<to>\d{1,2}):(?P<to_minute>\d\d))?"
)
HOW = "write days and hours such as 'Mon-Fri 08:00-18:00', 'Sat 09:00-13:00', '08:00-20:00' (every day) or 'always'"


class SpanError(ValueError):
    """Opening hours that cannot be read."""


def hours(text: str) -> list[Span]:
    """Spans in hours of the week (0 is Monday, 0:00) of 'Mon-Fri 08:00-18:00'. A span that ends before it begins goes over
    midnight. Raises SpanError."""
    if text.strip().lower() == "always":
        return [(0.0, float(WEEK))]
    match = _SPAN.fullmatch(text.strip())
    if match is None or not text.strip():
        raise SpanError(f"'{text}' are no opening hours: {HOW}")
    begin, end = _clock(match, "from", text) or 0.0, _clock(match, "to", text) or 24.0
    if begin == end:
        raise SpanError(f"'{text}' begins when it ends: {HOW}")
    spans = []
    for day in _week_days(match, text):
        last = end if end > begin else end + 24
        spans.append((24 * day + begin, 24 * day + last))
    return [piece for start, stop in spans for piece in _within_week(start, stop)]


def _clock(match: re.Match[str], end: str, text: str) -> float | None:
    if match[end] is None:
        return None
    hour, minute = int(match[end]), int(match[f"{end}_minute"])
    if hour + minute / 60 > 24 or minute > 59:
        raise SpanError(f"'{text}': {match[end]}:{match[f'{end}_minute']} is no time of day (00:00 to 24:00)")
    return hour + minute / 60


def _week_days(match: re.Match[str], text: str) -> list[int]:
    if match["first"] is None:
        return list(range(7))
    places = []
    for name in (match["first"], match["last"] or match["first"]):
        if name[:3].lower() not in DAYS:
            raise SpanError(f"'{text}': '{name}' is no day of the week; allowed: {', '.join(d.title() for d in DAYS)}")
        places.append(DAYS.index(name[:3].lower()))
    first, last = places
    return [day % 7 for day in range(first, last + 1 + (7 if last < first else 0))]


def _within_week(start: float, stop: float) -> list[Span]:
    if stop <= WEEK:
        return [(start, stop)]
    return [(start, float(WEEK)), (0.0, stop - WEEK)]


def joined(spans: list[Span]) -> tuple[Span, ...]:
    """In order, with those that touch or overlap made one."""
    apart: list[Span] = []
    for start, stop in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(stop, apart[-1][1])
        else:
            apart.append((start, stop))
    return tuple(apart)
