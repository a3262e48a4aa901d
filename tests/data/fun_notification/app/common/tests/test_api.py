"""Macro: a month of requests to the endpoint."""

import json
from datetime import date
from wsgiref.util import setup_testing_defaults

from calendar_app.api import application
from calendar_app.dates import month_of

MONTH = month_of(date(2026, 8, 1))


def request(query):
    environ = {"PATH_INFO": "/api/v1/fun", "QUERY_STRING": query}
    setup_testing_defaults(environ)
    status = []
    body = b"".join(application(environ, lambda line, headers: status.append(line)))
    return status[0], json.loads(body)


def request_month():
    return [request(f"date={day}") for day in MONTH]


def test_api_fun(benchmark):
    replies = benchmark(request_month)
    assert [content["date"] for _, content in replies] == [str(day) for day in MONTH]
    assert {status for status, _ in replies} == {"200 OK"}


def test_api_fun_bad_date():
    status, content = request("date=tomorrow")
    assert status == "400 Bad Request"
    assert "tomorrow" in content["error"]
