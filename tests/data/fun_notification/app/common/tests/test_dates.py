"""Control: what the fun feature does not touch."""

from datetime import date

from calendar_app.dates import month_of, parse_date

MONTH = month_of(date(2026, 8, 1))
TEXTS = [str(day) for day in MONTH]


def parse_month():
    return [parse_date(text) for text in TEXTS]


def test_parse_date(benchmark):
    assert benchmark(parse_month) == MONTH
