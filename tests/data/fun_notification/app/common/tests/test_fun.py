"""Micro: the notifications of one month."""

from datetime import date

from calendar_app.dates import describe, month_of
from calendar_app.fun import fun_notification

MONTH = month_of(date(2026, 8, 1))


def notify_month():
    return [fun_notification(day) for day in MONTH]


def test_fun_notification(benchmark):
    texts = benchmark(notify_month)
    assert len(texts) == 31
    assert all(text.startswith(describe(day)) for day, text in zip(MONTH, texts))
