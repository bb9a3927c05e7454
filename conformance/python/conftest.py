"""The way to the stand-in, and what a test does beside calling the client."""

import asyncio
import inspect
import os
import zlib

import fal_client
import httpcore
import httpx
import pytest

SEEDREAM = "fal-ai/bytedance/seedream/v4/edit"

# The hosts that the client calls; no setting changes some of them.
HOSTS = {"fal.run", "queue.fal.run", "rest.fal.ai", "v3.fal.media"}


@pytest.fixture(autouse=True)
def every_host_of_fal_is_the_stand_in(monkeypatch):
    """Connections to fal's hosts go to the stand-in, and no other is made.

    Only where a connection goes is changed, beneath the client: names, certificates and the
    `Host` header stay those of fal.
    """
    own_port = int(os.environ["CONFORMANCE_PORT"])

    def redirected(connect_tcp):
        def connect(self, host, port, **options):
            if (host, port) not in {(known, 443) for known in HOSTS}:
                raise httpcore.ConnectError(f"no way to {host}:{port} from here")
            return connect_tcp(self, "127.0.0.1", own_port, **options)

        return connect

    for backend in (httpcore.SyncBackend, httpcore.AnyIOBackend):
        monkeypatch.setattr(backend, "connect_tcp", redirected(backend.connect_tcp))


class Fal:
    """A client of either kind, called in the same way: what is to be awaited is awaited."""

    def __init__(self, client, loop):
        self._client = client
        self._loop = loop

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *args, **options: self.wait(method(*args, **options))

    def wait(self, value):
        return self._loop.run_until_complete(value) if inspect.isawaitable(value) else value

    def events(self, handle, **options):
        """All states of a request until its end."""
        events = handle.iter_events(interval=0.01, **options)
        if inspect.isasyncgen(events):
            return self.wait(collected(events))
        return list(events)

    def until(self, handle, kind):
        """Waits until a request is in a state of this kind."""
        while not isinstance(status := self.wait(handle.status()), kind):
            self.wait(asyncio.sleep(0.01))
        return status


async def collected(events):
    return [event async for event in events]


@pytest.fixture(params=[fal_client.SyncClient, fal_client.AsyncClient], ids=["sync", "async"])
def make(request):
    """Makes clients of either kind; each may have a key of its own."""
    loop = asyncio.new_event_loop()
    yield lambda **options: Fal(request.param(**options), loop)
    loop.close()


@pytest.fixture
def fal(make):
    return make()


class Sim:
    """The stand-in, by its own door."""

    def __init__(self):
        self._http = httpx.Client(base_url="https://queue.fal.run/_sim/")
        self._before = len(self._http.get("requests").json())

    def faults(self, *faults):
        self._http.put("faults", json={"faults": faults}).raise_for_status()

    def strikes(self):
        """How often each fault has struck."""
        counts = self._http.get("faults").json()["counts"]
        return [count["strikes"] for count in counts]

    def ledger(self):
        """What this test has asked for."""
        return self._http.get("requests").json()[self._before :]

    def download(self, url):
        return self._http.get(url).raise_for_status()

    def close(self):
        self._http.delete("faults").raise_for_status()
        self._http.close()


@pytest.fixture
def sim(every_host_of_fal_is_the_stand_in):
    sim = Sim()
    yield sim
    sim.close()


@pytest.fixture
def photo():
    """A small picture, as a PNG file."""
    return png(48, 32)


@pytest.fixture
def arguments(photo):
    return {
        "prompt": "a rainy evening",
        "image_urls": [fal_client.encode(photo, "image/png")],
        "seed": 196619188014358660,
    }


def png(width, height):
    def chunk(kind, body):
        check = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + check

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    row = b"\0" + bytes(range(3 * width))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\x08\x02\0\0\0")
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )
