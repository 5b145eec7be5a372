"""`make bench-web`: pages at their largest, beside the barest answer of the same bytes.

A post with 5,000 votes and 500 replies, and the log of 100,000 publications with 1,000,000 events,
in SQLite (or PostgreSQL, by --url), are asked for over real HTTP, one request after the other, by
one client on one connection. Told are the median and the 99th percentile of the whole answer, its
bytes, how many requests a browser makes for the page, and the processor's time for it (the client's
part in it is the baseline's). The baseline is a FastAPI application on
the same server that answers the same bytes from memory, asked by the same client in the same run.
"""

import argparse
import http.client
import json
import re
import socket
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI
from fastapi.responses import Response

from bot.config import load
from bot.records import Records
from bot.web.application import application
from bot.web.server import serve
from bot.web.workplace import Workplace
from tests.web.filling import NOW, fill_log, fill_post

POST = "/posts/devnet/@alice/p"
PATHS = {
    "post": POST,
    "post, last page of replies by age": f"{POST}?sort=age&replies=10",
    "post, as JSON": f"/api/v1{POST}",
    "log": "/log",
    "log, one author": "/log?author=author042",
    "log, two statuses": "/log?status=held&status=waiting",
    "log, a search that finds nothing": "/log?q=no+such+words",
    "events": "/log/events",
    "events of one kind": "/log/events?to=included",
    "results of a year": "/results",
}
_FETCHED = re.compile(r'<(?:link rel="(?:stylesheet|icon)"|script|img|iframe)[^>]* (?:href|src)="')


@contextmanager
def dashboard(folder, url):
    (folder / "config").mkdir()
    (folder / "posts").mkdir()
    (folder / "config/briefbot.toml").write_text(
        f'chain = "devnet"\ndatabase = "{url}"\n[chains.devnet]\nnodes = ["http://127.0.0.1:1"]\n'
    )
    config = load(folder / "config/briefbot.toml", {})
    log = structlog.wrap_logger(structlog.PrintLogger())
    with Records.open(url, create=True) as records:
        made = application(Workplace.of(config, records, lambda: NOW, log))
        served = serve(made, "127.0.0.1", 0)
        try:
            yield records, served.url
        finally:
            served.end()


@contextmanager
def bare(body, kind):
    made = FastAPI()

    @made.get("/")
    def answer() -> Response:
        return Response(body, media_type=kind)

    served = serve(made, "127.0.0.1", 0)
    try:
        yield served.url
    finally:
        served.end()


def measured(url, path, count):
    """Milliseconds of `count` requests, sorted; the processor's for each; the last answer."""
    connection = http.client.HTTPConnection(url.partition("//")[2], timeout=600)
    took, spent = [], 0.0
    for number in range(count + 2):
        if number == 2:
            spent = time.process_time()
        began = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status)
        if number > 1:  # the first fill caches
            took.append(1000 * (time.perf_counter() - began))
    connection.close()
    spent = 1000 * (time.process_time() - spent) / count
    return sorted(took), spent, body, answer.headers.get_content_type()


def line(name, url, path, count):
    first = first_of(url, path)
    took, spent, body, kind = measured(url, path, count)
    with bare(body, kind) as baseline:
        base, base_spent, _, _ = measured(baseline, "/", count)
    return {
        "page": name,
        "bytes": len(body),
        "requests": 1 + len(_FETCHED.findall(body.decode())) if kind == "text/html" else 1,
        "first_ms": round(first, 1),
        "p50_ms": round(took[len(took) // 2], 1),
        "p99_ms": round(took[min(len(took) - 1, len(took) * 99 // 100)], 1),
        "cpu_ms": round(spent, 1),
        "bare_p50_ms": round(base[len(base) // 2], 1),
        "bare_p99_ms": round(base[min(len(base) - 1, len(base) * 99 // 100)], 1),
        "bare_cpu_ms": round(base_spent, 1),
    }


def first_of(url, path):
    """Milliseconds of the first request ever, before anything is kept."""
    connection = http.client.HTTPConnection(url.partition("//")[2], timeout=600)
    began = time.perf_counter()
    connection.request("GET", path)
    connection.getresponse().read()
    connection.close()
    return 1000 * (time.perf_counter() - began)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench_web", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--votes", type=int, default=5_000)
    parser.add_argument("--replies", type=int, default=500)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--url", help="an empty database [default: SQLite in a temporary folder]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        url = options.url or f"sqlite:///{name}/briefbot.db"
        with dashboard(Path(name), url) as (records, address):
            fill_log(records, options.events // 10)
            fill_post(records, options.votes, options.replies, number=10_000_000)
            for page, path in PATHS.items():
                print(json.dumps(line(page, address, path, options.requests)), flush=True)
            print(json.dumps(deepest(address)), flush=True)
            print(json.dumps(watched(records, address)), flush=True)


def watched(records, url, pages=50, seconds=20.0):
    """What open pages cost that wait for changes: the processor's time in each second.

    Nothing changes, then something does each second; the baseline is the server with no page open.
    """

    def spent(changes):
        began = time.process_time()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if changes:
                records.plan_anew([("devnet", "alice")])
            time.sleep(1.0)
        return 1000 * (time.process_time() - began) / seconds

    alone = spent(changes=False)
    address = urlsplit(url)
    open_pages = []
    for _ in range(pages):
        page = socket.create_connection((address.hostname, address.port))
        page.sendall(b"GET /live HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % address.port)
        open_pages.append(page)
    time.sleep(3.0)
    line = {
        "page": f"{pages} open pages, live",
        "cpu_ms_each_second": round(spent(changes=False), 1),
        "changing_cpu_ms_each_second": round(spent(changes=True), 1),
        "none_open_cpu_ms_each_second": round(alone, 1),
    }
    for page in open_pages:
        assert b"event: changed" in page.recv(65536)
        page.close()
    return line


def deepest(url):
    """A page at the other end of all events: it costs what the first one does."""
    oldest = f"{int(NOW.timestamp() - 100 * 86_400 + 500) * 10**6}-500"
    return line("events, the oldest", url, f"/log/events?before={oldest}", 50)


if __name__ == "__main__":
    main()
