"""OpenAI's own client against a Darkroom that runs.

It speaks through httpx2, which the fixtures for fal's hosts do not touch.
"""

import asyncio
import base64
import inspect
import io
import os
import uuid

import httpx2
import openai
import pytest
from PIL import Image

HOME = os.environ["DARKROOM_URL"]


class Client:
    """A client of either kind, called in the same way."""

    def __init__(self, kind, loop, **options):
        self._client = kind(base_url=f"{HOME}/v1", api_key="not-a-secret", **options)
        self._loop = loop

    def edit(self, **options):
        return self.wait(self._client.images.edit(**{"prompt": "a rainy evening", **options}))

    def models(self):
        return self.wait(self._client.models.retrieve("gpt-image-1.5"))

    def wait(self, value):
        return self._loop.run_until_complete(value) if inspect.isawaitable(value) else value

    def close(self):
        self.wait(self._client.close())


@pytest.fixture(params=[openai.OpenAI, openai.AsyncOpenAI], ids=["sync", "async"])
def make(request):
    loop = asyncio.new_event_loop()
    clients = []

    def make(**options):
        clients.append(Client(request.param, loop, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
    loop.close()


@pytest.fixture
def client(make):
    return make()


class Darkroom:
    """What Darkroom and its stand-in know, by their own doors."""

    def __init__(self):
        self._http = httpx2.Client()
        self._sim = os.environ["DARKROOM_SIM_URL"].rstrip("/") + "/_sim/"
        self._requests = len(self._http.get(self._sim + "requests").json())
        self._newest = self._jobs()[:1]

    def faults(self, *faults):
        answer = self._http.put(self._sim + "faults", json={"faults": faults})
        answer.raise_for_status()

    def _jobs(self):
        return self._http.get(f"{HOME}/api/jobs", params={"limit": 100}).json()

    def jobs(self):
        """What this test made."""
        newest = self._newest[0]["id"] if self._newest else ""
        return [job for job in self._jobs() if job["id"] > newest]

    def submissions(self):
        """What this test has asked the stand-in for."""
        return self._http.get(self._sim + "requests").json()[self._requests :]

    def get(self, url):
        return self._http.get(url).raise_for_status()

    def close(self):
        self._http.delete(self._sim + "faults").raise_for_status()
        self._http.close()


@pytest.fixture
def darkroom():
    darkroom = Darkroom()
    yield darkroom
    darkroom.close()


def file(width=1280, height=960):
    photo = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(photo, "PNG")
    return ("photo.png", photo.getvalue(), "image/png")


def opened(data):
    """A picture that was decoded whole."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_an_edit_comes_back_as_a_picture(client, darkroom):
    answer = client.edit(model="gpt-image-1.5", image=file())

    (only,) = answer.data
    picture = opened(base64.b64decode(only.b64_json, validate=True))
    assert only.url is None
    assert answer.size == f"{picture.width}x{picture.height}"
    assert answer.output_format == picture.format.lower()
    assert abs(picture.width / picture.height - 4 / 3) < 0.02
    (job,) = darkroom.jobs()
    assert answer._request_id == job["id"]
    assert len(darkroom.submissions()) == 1


def test_several_pictures_are_edited_into_several_of_a_size(client, darkroom):
    answer = client.edit(image=[file(), file(960, 1280)], n=2, size="1536x1024", user="user-7")

    pictures = [opened(base64.b64decode(one.b64_json)) for one in answer.data]
    assert [picture.size for picture in pictures] == [(1536, 1024)] * 2
    (job,) = darkroom.jobs()
    assert len(job["input_images"]) == 2
    assert job["metadata"] == {"user": "user-7"}


def test_pictures_come_by_their_addresses_where_that_is_asked_for(client, darkroom):
    answer = client.edit(image=file(), response_format="url")

    (only,) = answer.data
    assert only.b64_json is None
    picture = opened(darkroom.get(only.url).content)
    assert answer.size == f"{picture.width}x{picture.height}"


def test_what_is_not_of_openai_goes_into_the_extra_body(client, darkroom):
    image, seed = file(), uuid.uuid4().int % 2**63

    first, again = (client.edit(image=image, extra_body={"seed": seed}) for _ in range(2))

    assert first.data == again.data
    assert [job["cached"] for job in darkroom.jobs()] == [True, False]
    assert len(darkroom.submissions()) == 1


@pytest.mark.parametrize(
    ("options", "param", "code"),
    [
        ({"mask": file()}, "mask", "option_not_supported"),
        ({"background": "transparent"}, "background", "option_not_supported"),
        ({"stream": True}, "stream", "option_not_supported"),
        ({"size": "256x256"}, "size", "invalid_option"),
        ({"n": 11}, "n", "invalid_option"),
        ({"model": "gpt-4"}, "model", "model_not_found"),
        ({"prompt": " "}, "prompt", "empty_field"),
        ({"image": ("notes.txt", b"text")}, "image", "unsupported_image_type"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_is_a_bad_request_that_names_the_field(
    client, darkroom, options, param, code
):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.edit(**{"image": file(), **options})

    error = refusal.value
    assert (error.param, error.code, error.type) == (param, code, "invalid_request_error")
    assert darkroom.jobs() == []


def test_an_unknown_path_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as refusal:
        client.models()

    assert refusal.value.code == "not_found"


def test_an_edit_that_the_policy_forbids_is_moderated_and_made_once(make, darkroom):
    darkroom.faults({"at": "run", "error_type": "content_policy_violation"})

    with pytest.raises(openai.BadRequestError) as refusal:
        make(max_retries=5).edit(image=file())

    error = refusal.value
    assert (error.code, error.type) == ("moderation_blocked", "image_generation_user_error")
    (job,) = darkroom.jobs()
    assert error.request_id == job["id"]
    assert len(darkroom.submissions()) == 1


def test_an_edit_that_failed_at_the_provider_is_not_bought_again(make, darkroom):
    darkroom.faults({"at": "run", "error_type": "client_cancelled"})

    with pytest.raises(openai.InternalServerError) as failure:
        make(max_retries=5).edit(image=file())

    assert (failure.value.status_code, failure.value.type) == (502, "server_error")
    assert len(darkroom.jobs()) == len(darkroom.submissions()) == 1


def test_a_client_with_little_time_is_answered_in_time_and_buys_nothing_twice(make, darkroom):
    darkroom.faults({"at": "run", "latency": {"fixed": 4}})

    with pytest.raises(openai.InternalServerError) as failure:
        make(max_retries=5, timeout=2).edit(image=file())

    assert (failure.value.status_code, failure.value.code) == (504, "still_running")
    (job,) = darkroom.jobs()
    done = darkroom.get(f"{HOME}/api/jobs/{job['id']}?wait=60").json()
    assert done["status"] == "completed"
    assert len(darkroom.jobs()) == len(darkroom.submissions()) == 1


def test_under_a_key_a_client_with_little_time_asks_until_the_edit_is_done(make, darkroom):
    darkroom.faults({"at": "run", "latency": {"fixed": 4}})
    key = {"Idempotency-Key": str(uuid.uuid4())}

    answer = make(max_retries=20, timeout=2).edit(image=file(), extra_headers=key)

    assert opened(base64.b64decode(answer.data[0].b64_json))
    assert len(darkroom.jobs()) == len(darkroom.submissions()) == 1
