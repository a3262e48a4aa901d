"""The WSGI application: GET /api/v1/fun?date=YYYY-MM-DD."""

import json
from datetime import date
from http import HTTPStatus
from urllib.parse import parse_qs

from calendar_app.dates import parse_date
from calendar_app.fun import fun_notification


def respond(start_response, status: HTTPStatus, content: dict) -> list[bytes]:
    body = json.dumps(content).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]


def application(environ, start_response):
    if environ["PATH_INFO"] != "/api/v1/fun":
        return respond(start_response, HTTPStatus.NOT_FOUND, {"error": "no such page"})
    if environ["REQUEST_METHOD"] != "GET":
        return respond(start_response, HTTPStatus.METHOD_NOT_ALLOWED, {"error": "GET only"})
    query = parse_qs(environ.get("QUERY_STRING", ""))
    try:
        day = parse_date(query["date"][0]) if "date" in query else date.today()
    except ValueError as error:
        return respond(start_response, HTTPStatus.BAD_REQUEST, {"error": str(error)})
    content = {"date": day.isoformat(), "notification": fun_notification(day)}
    return respond(start_response, HTTPStatus.OK, content)


if __name__ == "__main__":
    from wsgiref.simple_server import make_server

    make_server("localhost", 8000, application).serve_forever()
