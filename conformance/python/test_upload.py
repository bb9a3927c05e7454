"""Files on their way to fal."""

import httpx
import pytest
from fal_client import FalClientHTTPError

from conftest import SEEDREAM

PART = 10 * 1024 * 1024


@pytest.fixture
def photo_file(tmp_path, photo):
    path = tmp_path / "photo.png"
    path.write_bytes(photo)
    return path


def test_an_uploaded_file_is_served_as_it_came_and_can_be_edited(fal, sim, photo, photo_file):
    url = fal.upload_file(photo_file)

    served = sim.download(url)
    assert (served.headers["content-type"], served.content) == ("image/png", photo)
    assert url.endswith("/photo.png")
    assert fal.run(SEEDREAM, {"prompt": "from a file", "image_urls": [url]})["images"]


def test_bytes_are_uploaded_with_the_type_they_are_given(fal, sim):
    url = fal.upload(b"some text", "text/plain", "note.txt")

    served = sim.download(url)
    assert (served.headers["content-type"], served.text) == ("text/plain", "some text")


def test_an_upload_falls_back_to_two_steps_when_the_cdn_refuses_it(fal, sim, photo):
    sim.faults({"at": "upload", "status": 500, "next": 1})

    url = fal.upload(photo, "image/png", "photo.png")

    assert sim.strikes() == [1]
    assert sim.download(url).content == photo


def test_a_large_file_is_uploaded_in_parts(fal, sim, tmp_path):
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        for number in range(11):
            file.write(bytes([number]) * (PART if number < 10 else 1000))

    url = fal.upload_file(path)

    assert sim.download(url).content == path.read_bytes()


def test_a_locked_account_cannot_upload(fal, sim, photo):
    sim.faults({"at": "token", "status": 403}, {"at": "initiate", "status": 403})

    # When it gets no token, only the asynchronous client tries the two-step upload.
    with pytest.raises((httpx.HTTPStatusError, FalClientHTTPError)) as refusal:
        fal.upload(photo, "image/png")
    assert refusal.value.response.status_code == 403

    with pytest.raises(FalClientHTTPError) as refusal:
        fal.upload(photo, "image/png", repository="fal")
    assert refusal.value.status_code == 403
