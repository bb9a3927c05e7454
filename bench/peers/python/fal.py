"""Calling fal directly with its own client, one job after the other: upload, subscribe, download."""

import json
import os
import sys
import time
from importlib.metadata import version

import httpx
from fal_client import SyncClient, client

SEEDREAM = "fal-ai/bytedance/seedream/v4/edit"


def lead_to(base_url):
    """Leads the client to the stand-in, as no setting of it does: hosts without TLS are not foreseen."""
    base_url = base_url.rstrip("/")
    client.QUEUE_URL_FORMAT = f"{base_url}/"
    client.REST_URL = base_url
    client.CDN_URL = base_url


def run(jobs, base_url, image):
    lead_to(base_url)
    fal = SyncClient(key=os.environ.get("FAL_KEY", "peer:not-a-secret"))
    http = httpx.Client()
    answer = {"jobs": jobs, "ms": [], "with_download_ms": []}
    for _ in range(jobs):
        started = time.perf_counter()
        url = fal.upload_file(image)
        result = fal.subscribe(SEEDREAM, {"prompt": "make it rain", "image_urls": [url]})
        answer["ms"].append((time.perf_counter() - started) * 1000)
        picture = http.get(result["images"][0]["url"]).raise_for_status()
        if not picture.content:
            raise RuntimeError("the picture is empty")
        answer["with_download_ms"].append((time.perf_counter() - started) * 1000)
    return answer


if sys.argv[1] == "version":
    settings = (
        f"defaults: polls the status every {client.DEFAULT_QUEUE_POLL_INTERVAL * 1000:.0f} ms; "
        "fal's hosts led to the stand-in, without TLS"
    )
    print(json.dumps({"name": "fal-client", "version": version("fal-client"), "settings": settings}))
else:
    print(json.dumps(run(int(sys.argv[1]), *sys.argv[2:])))
