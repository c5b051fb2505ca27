"""A server that answers at once, in a process of its own: `python -m tests.benchmarks.answering --port 5001`.

Every fifth caption that it is asked for is refused.
"""

import argparse
import itertools
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COUNT = itertools.count(1)


class Answering(BaseHTTPRequestHandler):
    """The answers."""

    def do_GET(self) -> None:
        """It is ready."""
        self._answer(200)

    def do_POST(self) -> None:
        """A caption, or a refusal."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(503 if next(COUNT) % 5 == 0 else 201)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told."""

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Answering).serve_forever()
