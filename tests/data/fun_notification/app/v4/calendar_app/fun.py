"""The notification of a day, with a bit of fun."""

from datetime import date
from functools import cache

from calendar_app.dates import describe

WORDS = ((3, "Fizz"), (5, "Buzz"))


@cache
def fibonacci(n: int) -> int:
    """The nth Fibonacci number."""
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def fun_word(n: int) -> str:
    """Fizz on days divisible by 3, Buzz by 5, FizzBuzz by both; a Fibonacci number by 7."""
    if n % 7 == 0:
        return f"Fibonacci({n}) is {fibonacci(n)}"
    text = ""
    for divisor, word in WORDS:
        if n % divisor == 0:
            text += word
    return text


def fun_notification(day: date) -> str:
    """The notification of a day: the day itself, then its word, if it has one."""
    text = describe(day)
    if word := fun_word(day.day):
        return f"{text}: {word}!"
    return text
