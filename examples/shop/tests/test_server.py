import contextlib
import http.client
import io
import json
import logging
import os
import threading
import unittest
from unittest import mock

from .fake_database import FakeDatabase
import healthcheck
import server
from store import Store

HEALTHY = {"max(version)": [(2,)], "count(*)": [(1000,)]}


def shop(answers=None, **options):
    return server.Shop(Store(FakeDatabase({**HEALTHY, **(answers or {})}).connect, schema=2), "v2", **options)


class Quiet(unittest.TestCase):
    def setUp(self):
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)


class Health(Quiet):
    def test_good_with_the_version(self):
        self.assertEqual(
            shop().health(), (200, {"status": "ok", "version": "v2", "schema_needed": 2, "schema": 2})
        )

    def test_bad_without_database(self):
        status, body = shop({"max(version)": RuntimeError("connection refused\n")}).health()
        self.assertEqual((status, body["version"], body["error"]), (503, "v2", "connection refused"))

    def test_bad_on_an_older_schema(self):
        status, body = shop({"max(version)": [(1,)]}).health()
        self.assertEqual(status, 503)
        self.assertIn("run migrate.py", body["error"])

    def test_bad_without_discounts_and_the_log_has_the_trace(self):
        def broken():
            raise ValueError("discounts.txt: not `name = percent`:\n::error::this line is data")

        logging.disable(logging.NOTSET)
        with self.assertLogs("shop", "ERROR") as logs:
            status, body = shop(load_discounts=broken).health()
        self.assertEqual(status, 503)
        self.assertEqual(body["error"], "discounts.txt: not `name = percent`:")
        self.assertIn("Traceback", logs.output[0])
        self.assertIn("\n::error::this line is data", logs.output[0])


class Page(Quiet):
    def test_names_are_escaped(self):
        page = shop({"price_cents": [(1, "<b>", 250)]}).page()
        self.assertIn("&lt;b&gt;: 2.50", page)

    def test_discounts_are_taken_off(self):
        page = shop({"price_cents": [(1, "tea", 200)]}, load_discounts=lambda: {"tea": 25}).page()
        self.assertIn("tea: 1.50", page)


class OverHttp(Quiet):
    def start(self, the_shop):
        running = server.Server(("127.0.0.1", 0), the_shop)
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for cleanup in (running.server_close, thread.join, running.shutdown):
            self.addCleanup(cleanup)
        return running.server_address[1]

    def ask(self, method, path, body=None, answers=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.start(shop(answers)), timeout=5)
        self.addCleanup(connection.close)
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def test_health(self):
        status, body = self.ask("GET", "/health?from=test")
        self.assertEqual((status, json.loads(body)["version"]), (200, "v2"))

    def health_check(self, answers=None):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = healthcheck.main(f"http://127.0.0.1:{self.start(shop(answers))}/health")
        return code, out.getvalue()

    def test_the_health_check_passes_on_good_health(self):
        self.assertEqual(self.health_check()[0], 0)

    def test_the_health_check_goes_through_no_proxy(self):
        with mock.patch.dict(os.environ, {"http_proxy": "http://127.0.0.1:9"}):
            self.assertEqual(self.health_check()[0], 0)

    def test_the_health_check_fails_and_shows_why(self):
        code, shown = self.health_check({"max(version)": RuntimeError("connection refused")})
        self.assertEqual(code, 1)
        self.assertRegex(shown, "503: .*connection refused")

    def test_items(self):
        status, body = self.ask("GET", "/items", answers={"price_cents": [(1, "tea", 250)]})
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body), {"count": 1000, "items": [{"id": 1, "name": "tea", "price_cents": 250}]})

    def test_page(self):
        status, body = self.ask("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("Version v2, 1000 items", body)

    def test_an_item_is_added(self):
        status, body = self.ask("POST", "/items", '{"name": " tea "}', {"INSERT": [(1001,)]})
        self.assertEqual((status, json.loads(body)), (201, {"id": 1001}))

    def test_bad_items_are_refused(self):
        for body in ("", "tea", "[]", "{}", '{"name": 5}', '{"name": " "}', '{"name": "a\\u0000"}'):
            with self.subTest(body=body[:20]):
                self.assertEqual(self.ask("POST", "/items", body)[0], 400)

    def test_a_body_that_is_too_long_is_refused_before_it_is_read(self):
        status, body = self.ask("POST", "/items", headers=[("Content-Length", "70000")])
        self.assertEqual(status, 400)
        self.assertIn("at most 65536 bytes", body)

    def test_other_paths_are_not_found(self):
        self.assertEqual(self.ask("GET", "/nothing")[0], 404)

    def test_an_error_is_logged_and_not_shown(self):
        status, body = self.ask("GET", "/items", answers={"count(*)": RuntimeError("secret detail")})
        self.assertEqual(status, 500)
        self.assertNotIn("secret detail", body)


if __name__ == "__main__":
    unittest.main()
