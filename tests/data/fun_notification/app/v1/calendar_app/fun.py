"""The notification of a day, with a bit of fun."""

from datetime import date

from calendar_app.dates import describe


def fun_word(n: int) -> str:
    """Fizz on days divisible by 3."""
    if n % 3 == 0:
        return "Fizz"
    return ""


def fun_notification(day: date) -> str:
    """The notification of a day: the day itself, then its word, if it has one."""
    text = describe(day)
    if word := fun_word(day.day):
        return f"{text}: {word}!"
    return text
