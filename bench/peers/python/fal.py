"""Calling fal directly with its own client: upload, subscribe, download."""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import httpx
from fal_client import SyncClient, client

SEEDREAM = "fal-ai/bytedance/seedream/v4/edit"
# How the client learns of the end: as it does unless it is told otherwise, and as soon as it can. It reads no status stream.
WAYS = {"default": {}, "best": {"interval": 0.01}}


def lead_to(base_url):
    """Leads the client to the stand-in, as no setting of it does: hosts without TLS are not foreseen."""
    base_url = base_url.rstrip("/")
    client.QUEUE_URL_FORMAT = f"{base_url}/"
    client.REST_URL = base_url
    client.CDN_URL = base_url


def run(jobs, base_url, image, way="default", at_a_time="1"):
    lead_to(base_url)
    fal = SyncClient(key=os.environ.get("FAL_KEY", "peer:not-a-secret"))
    http = httpx.Client()
    answer = {"jobs": jobs, "ms": [], "with_download_ms": [], "request_ids": []}

    def edit(_):
        ids = []
        started = time.perf_counter()
        url = fal.upload_file(image)
        arguments = {"prompt": "make it rain", "image_urls": [url]}
        result = fal.subscribe(SEEDREAM, arguments, on_enqueue=ids.append, **WAYS[way])
        ms = (time.perf_counter() - started) * 1000
        picture = http.get(result["images"][0]["url"]).raise_for_status()
        if not picture.content:
            raise RuntimeError("the picture is empty")
        return ms, (time.perf_counter() - started) * 1000, ids[0]

    with ThreadPoolExecutor(int(at_a_time)) as threads:
        for ms, with_download_ms, request_id in threads.map(edit, range(jobs)):
            answer["ms"].append(ms)
            answer["with_download_ms"].append(with_download_ms)
            answer["request_ids"].append(request_id)
    return answer


if sys.argv[1] == "version":
    interval = client.DEFAULT_QUEUE_POLL_INTERVAL * 1000
    settings = (
        f"default: polls the status every {interval:.0f} ms, best: every 10 ms; "
        "fal's hosts led to the stand-in, without TLS"
    )
    print(json.dumps({"name": "fal-client", "version": version("fal-client"), "settings": settings}))
else:
    print(json.dumps(run(int(sys.argv[1]), *sys.argv[2:])))
