"""The notification of a day."""

from datetime import date

from calendar_app.dates import describe


def fun_notification(day: date) -> str:
    """The notification of a day: the day itself, the fun is yet to come."""
    return describe(day)
