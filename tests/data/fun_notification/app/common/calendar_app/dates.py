"""Dates in, dates out."""

from calendar import monthrange
from datetime import date


def parse_date(text: str) -> date:
    """The date of YYYY-MM-DD; ValueError for anything else."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        raise ValueError(f"not a date: {text!r} (expected YYYY-MM-DD)")
    return date(int(text[:4]), int(text[5:7]), int(text[8:]))


def month_of(day: date) -> list[date]:
    """All days of the month that holds day."""
    return [day.replace(day=n) for n in range(1, monthrange(day.year, day.month)[1] + 1)]


def describe(day: date) -> str:
    """A day for people: 'Friday 28 August 2026, week 35'."""
    return f"{day:%A} {day.day} {day:%B} {day.year}, week {day.isocalendar()[1]}"
