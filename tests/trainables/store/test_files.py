"""What a store's files can do whatever they lie on, and S3 with its faults."""

import http.client
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from s3_server import forget_connections

from trainables.store import Store, StoreError, files
from trainables.store.files import Files

ROOT = Path(__file__).parents[3]
KIND, KEY = "state", "ab" + "0" * 30
BYTES = bytes(range(256))


def race(work, contenders):
    """The results of one function called by several threads at the same time."""
    ready = threading.Barrier(len(contenders))

    def run(contender):
        ready.wait()
        return work(contender)

    with ThreadPoolExecutor(len(contenders)) as pool:
        return list(pool.map(run, contenders))


# --- changes that only one can make -----------------------------------------------------------


def test_one_of_many_creates_a_file(url):
    for turn in range(5):
        contenders = [(Files(url), b"%d" % number) for number in range(8)]
        path = f"leases/{turn}"
        won = race(lambda one, path=path: one[0].create(path, one[1]), contenders)
        assert won.count(True) == 1
        assert contenders[0][0].get(path) == contenders[won.index(True)][1]


def test_one_of_many_swaps_a_file(url):
    held = Files(url)
    held.put("a/file", b"old")
    for turn in range(5):
        old = held.get("a/file")
        contenders = [(Files(url), b"%d of %d" % (number, turn)) for number in range(8)]
        won = race(lambda one, old=old: one[0].swap("a/file", old, one[1]), contenders)
        assert won.count(True) == 1
        assert held.get("a/file") == contenders[won.index(True)][1]


def test_a_swap_needs_the_old_content(url):
    held = Files(url)
    assert not held.swap("a/file", b"old", b"new")
    assert held.sizes("a") == {}
    held.put("a/file", b"other")
    assert not held.swap("a/file", b"old", b"new")
    assert held.get("a/file") == b"other"


def test_removing_needs_the_content(url):
    held = Files(url)
    held.put("a/file", b"other")
    held.remove_if("a/file", b"old")
    assert held.get("a/file") == b"other"
    held.remove_if("a/file", b"other")
    held.remove_if("a/file", b"other")
    assert held.sizes("a") == {}


# --- listings ---------------------------------------------------------------------------------


@pytest.fixture
def requests(monkeypatch):
    """Listings asked for, as (path, prefix, files listed)."""
    asked = []

    def counting(store):
        find = store.files._fs.find

        def counted(path, prefix="", **options):
            found = find(path, prefix=prefix, **options)
            asked.append((path.rpartition("/")[2], prefix, len(found)))
            return found

        monkeypatch.setattr(store.files._fs, "find", counted)
        return asked

    return counting


def test_a_few_keys_are_listed_alone(s3, requests):
    """However many lie beside them."""
    store = Store(s3.make_bucket("few-keys"))
    keys = [f"ab{number:030x}" for number in range(20)]
    for key in keys:
        store.write(KIND, key, b"", "bin")
    asked = requests(store)
    assert store.complete([(KIND, key) for key in keys[:2]]) == set(keys[:2])
    assert sorted(asked) == [(KIND, f"ab/{key}.", 2) for key in keys[:2]]


def test_more_keys_of_a_folder_are_one_listing(s3, requests):
    store = Store(s3.make_bucket("folder-of-keys"))
    keys = [f"ab{number:030x}" for number in range(6)]
    for key in [*keys, f"ac{7:030x}"]:
        store.write(KIND, key, b"", "bin")
    asked = requests(store)
    assert store.complete([(KIND, key) for key in keys]) == set(keys)
    assert asked == [(KIND, "ab/", 12)]


def test_many_keys_are_sixteen_listings_a_kind(s3, requests):
    store = Store(s3.make_bucket("many-keys"))
    keys = [f"{number % 256:02x}{number:030x}" for number in range(2560)]
    store.write(KIND, keys[7], b"", "bin")
    asked = requests(store)
    assert store.complete([(KIND, key) for key in keys]) == {keys[7]}
    assert sorted(prefix for _, prefix, _ in asked) == [
        f"{KIND}/{digit}" for digit in "0123456789abcdef"
    ]


# --- large files ------------------------------------------------------------------------------


def test_large_files_travel_in_parts(s3, monkeypatch):
    held = Files(s3.make_bucket("large-files"))
    content = BYTES * (2 * files.PART // len(BYTES)) + b"end"
    held.put("a/file", content)
    assert held.sizes("a") == {"file": len(content)}
    monkeypatch.setattr(files, "PART", 10_000_000)
    assert held.get("a/file", len(content)) == held.get("a/file") == content
    assert held.get("a/file", len(content) + 1) == b"", "cut short"


MEASURE = """
import sys
from benchmarks.memory import megabytes
from trainables.store import Store
store = Store(sys.argv[1])
store.check_writable()
payload = bytes(200_000_000)
before = megabytes("VmRSS")
if sys.argv[2] == "write":
    store.write("state", "a" * 32, payload, "bin")
else:
    del payload
    before = megabytes("VmRSS")
    assert len(store.read("state", "a" * 32).payload) == 200_000_000
print(megabytes("VmHWM") - before)
"""


@pytest.mark.slow
def test_a_large_payload_needs_little_more_memory_than_itself(s3):
    """Of 200 MB: that again at most while it is written, and twice that while it is read."""
    url = s3.make_bucket("large-payload")
    for what, most in (("write", 200), ("read", 440)):
        command = [sys.executable, "-c", MEASURE, url, what]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert 0 <= float(done.stdout) < most


# --- servers that fail ------------------------------------------------------------------------


def test_work_outlasts_a_restart_of_the_server(own_server):
    own_server.start()
    store = Store("s3://lasting/store")
    store.write(KIND, KEY, b"before", "bin")
    for work in (
        lambda: store.write(KIND, KEY, BYTES, "bin"),
        lambda: store.complete([(KIND, KEY)]),
        lambda: store.read_many([(KIND, KEY)]),
    ):
        own_server.stop()
        restart = threading.Timer(1.0, own_server.start)
        restart.start()
        work()
        restart.join()
    store.write(KIND, KEY, BYTES, "bin")
    assert store.read(KIND, KEY).payload == BYTES


def test_a_server_that_stays_away_is_one_line(own_server):
    own_server.start()
    store = Store("s3://lasting/store")
    own_server.stop()
    store.files.patience = 0.5
    begin = time.monotonic()
    with pytest.raises(StoreError, match="the store s3://lasting/store fails: Could not connect"):
        store.write(KIND, KEY, BYTES, "bin")
    assert time.monotonic() - begin < 20


@pytest.fixture
def faulty(s3, monkeypatch):
    """The server behind another that refuses two requests in three."""
    answers = [(500, "InternalError"), (503, "SlowDown"), None]
    count = iter(range(10**9))

    class Faulty(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = answers[next(count) % 3]
            if fault:
                status, code = fault
                headers, content = {}, f"<Error><Code>{code}</Code></Error>".encode()
            else:
                connection = http.client.HTTPConnection("127.0.0.1", s3.port, timeout=30)
                connection.request(self.command, self.path, body, dict(self.headers))
                reply = connection.getresponse()
                status, headers, content = reply.status, dict(reply.headers), reply.read()
                connection.close()
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in {"connection", "content-length", "date", "server"}:
                    self.send_header(name, value)
            head = self.command == "HEAD"
            length = headers.get("content-length", "0") if head else str(len(content))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer

        def log_message(self, *_):
            pass

    url = s3.make_bucket("faulty-server")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    forget_connections()
    yield url
    server.shutdown()
    server.server_close()
    forget_connections()


def test_answers_500_and_503_are_asked_again(faulty):
    store = Store(faulty)
    store.check_writable()
    store.write(KIND, KEY, b"old", "bin")
    store.write(KIND, KEY, BYTES, "bin", note=1)
    store.prune(KIND, KEY)
    assert store.complete([(KIND, KEY)]) == {KEY}
    assert store.read_many([(KIND, KEY)]) == {KEY: BYTES}
    assert store.read(KIND, KEY).facts["note"] == 1
    assert store.files.create("leases/x", b"1")
    assert not store.files.create("leases/x", b"2")
    assert store.files.swap("leases/x", b"1", b"2")
    assert store.files.get("leases/x") == b"2"
    store.set_aside(KIND, KEY)
    assert store.complete([(KIND, KEY)]) == set()
