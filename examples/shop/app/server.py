"""The shop: one HTTP server over the items in PostgreSQL."""

import json
import logging
import os
import signal
import sys
import threading
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import discounts
from store import Store

PORT = 8080
MAX_BODY_BYTES = 64 * 1024
MAX_NAME_LENGTH = 200
REQUEST_TIMEOUT_SECONDS = 5

log = logging.getLogger("shop")


class BadRequest(Exception):
    """What the caller sent cannot be used; the text says why."""


class Shop:
    """What the handler answers with. Knows nothing of HTTP but status codes."""

    def __init__(self, store, version, load_discounts=discounts.load):
        self.store = store
        self.version = version
        self.discounts = {}
        self.startup_error = None
        try:
            self.discounts = load_discounts()
        except (OSError, ValueError) as error:
            # Start all the same and say so in /health: a crash loop would hide why.
            log.exception("cannot load the discounts")
            self.startup_error = str(error).splitlines()[0]

    def health(self):
        """Status and JSON body: good only when every request could be answered."""
        facts = {"version": self.version, "schema_needed": self.store.schema}
        if self.startup_error:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "error", **facts, "error": self.startup_error}
        try:
            found = self.store.check()
        except Exception as error:
            log.warning("not healthy: %s", error)
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "error", **facts, "error": str(error).strip()}
        return HTTPStatus.OK, {"status": "ok", **facts, "schema": found}

    def items(self):
        """Status and JSON body: how many items there are, and the newest."""
        return HTTPStatus.OK, {"count": self.store.count(), "items": self.store.newest()}

    def add_item(self, body):
        """Adds the item that the JSON text `body` describes."""
        try:
            name = json.loads(body)["name"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadRequest('send JSON such as {"name": "tea"}') from error
        if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME_LENGTH or "\0" in name:
            raise BadRequest(f"a name has 1 to {MAX_NAME_LENGTH} characters")
        return HTTPStatus.CREATED, {"id": self.store.add(name.strip())}

    def page(self):
        """The HTML page with the newest items."""
        rows = "".join(f"<li>{escape(self._line(item))}</li>" for item in self.store.newest())
        return (
            "<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title>"
            f"<h1>Shop</h1><p>Version {escape(self.version)}, {self.store.count()} items</p><ul>{rows}</ul>"
        )

    def _line(self, item):
        if "price_cents" not in item:
            return item["name"]
        percent_off = self.discounts.get(item["name"], 0)
        cents = item["price_cents"] * (100 - percent_off) // 100
        return f"{item['name']}: {cents / 100:.2f}"


class Handler(BaseHTTPRequestHandler):
    """HTTP round a `Shop`, which `serve` sets as the attribute `shop` of the server."""

    server_version = "shop"
    timeout = REQUEST_TIMEOUT_SECONDS

    def do_GET(self):
        shop = self.server.shop
        routes = {"/health": shop.health, "/items": shop.items, "/": lambda: (HTTPStatus.OK, shop.page())}
        self._answer(routes.get(self._path()))

    def do_POST(self):
        shop = self.server.shop
        routes = {"/items": lambda: shop.add_item(self._body())}
        self._answer(routes.get(self._path()))

    def _path(self):
        return self.path.partition("?")[0]

    def _body(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            raise BadRequest(f"send a body of at most {MAX_BODY_BYTES} bytes with a Content-Length")
        return self.rfile.read(int(length))

    def _answer(self, route):
        try:
            status, body = route() if route else (HTTPStatus.NOT_FOUND, {"error": "no such page"})
        except BadRequest as error:
            status, body = HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except Exception:
            log.exception("%s %s failed", self.command, self.path)
            status, body = HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "see the log of the app"}
        self._send(status, body)

    def _send(self, status, body):
        is_page = isinstance(body, str)
        data = (body if is_page else json.dumps(body) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8" if is_page else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):
        # The health checks of Docker would drown everything else.
        if self._path_for_log() != "/health":
            log.info(format, *args)

    def _path_for_log(self):
        return getattr(self, "path", "").partition("?")[0]


class Server(ThreadingHTTPServer):
    """Answers what it has accepted before `server_close` returns."""

    daemon_threads = False

    def __init__(self, address, shop):
        super().__init__(address, Handler)
        self.shop = shop


def stop_on_signal(server):
    """SIGTERM and SIGINT end `serve_forever`; requests in flight are answered."""

    def stop(signum, _frame):
        log.info("stopping on %s", signal.Signals(signum).name)
        # shutdown() waits for the loop that this handler has interrupted.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def main():
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(message)s")
    version = os.environ.get("APP_VERSION", "dev")
    with Server(("", PORT), Shop(Store(), version)) as server:
        stop_on_signal(server)
        log.info("shop %s listens on port %d", version, PORT)
        server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
