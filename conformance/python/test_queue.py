"""A request's way through the queue."""

import fal_client
import pytest
from fal_client import Completed, FalClientHTTPError, InProgress, Queued

from conftest import SEEDREAM


def test_a_request_moves_up_the_queue_runs_with_logs_and_completes(fal, sim, arguments):
    in_the_way = [fal.submit(SEEDREAM, arguments) for _ in range(2)]
    handle = fal.submit(SEEDREAM, arguments)

    events = fal.events(handle, with_logs=True)

    positions = [event.position for event in events if isinstance(event, Queued)]
    assert positions == sorted(positions, reverse=True)
    assert set(positions) == {1, 0}
    kinds = list(dict.fromkeys(type(event) for event in events))
    assert kinds == [Queued, InProgress, Completed]
    running = [event.logs for event in events if isinstance(event, InProgress)]
    assert any("Reading" in log["message"] for logs in running for log in logs)
    done = events[-1]
    assert done.logs[-1]["message"] == "Made 1 picture(s)"
    assert done.metrics["inference_time"] > 0
    assert (done.error, done.error_type) == (None, None)
    assert all(fal.wait(other.get())["images"] for other in in_the_way)
    assert len(sim.ledger()) == 3


def test_a_result_has_its_pictures_and_its_seed_to_the_last_digit(fal, sim, arguments):
    handle = fal.submit(SEEDREAM, arguments)

    result = fal.wait(handle.get(interval=0.01))

    assert result["seed"] == arguments["seed"]
    picture = sim.download(result["images"][0]["url"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8\xff")


def test_a_request_is_followed_by_its_id_alone(fal, arguments):
    handle = fal.submit(SEEDREAM, arguments)
    by_id = fal.get_handle(SEEDREAM, handle.request_id)
    assert by_id.status_url == handle.status_url

    fal.until(by_id, Completed)

    assert isinstance(fal.status(SEEDREAM, handle.request_id, with_logs=True), Completed)
    assert fal.result(SEEDREAM, handle.request_id)["images"]


def test_subscribe_tells_every_state_and_pays_once(fal, sim, arguments):
    enqueued, states = [], []

    result = fal.subscribe(
        SEEDREAM,
        arguments,
        with_logs=True,
        interval=0.01,
        on_enqueue=enqueued.append,
        on_queue_update=states.append,
    )

    assert result["images"]
    assert isinstance(states[-1], Completed)
    (entry,) = sim.ledger()
    assert enqueued == [entry["request_id"]]
    assert (entry["key_id"], entry["cost_usd"]) == ("conformance", 0.03)
    assert entry["unknown_fields"] == []


def test_a_request_under_a_namespace_is_followed_there(fal, arguments):
    handle = fal.submit("workflows/someone/retouch", arguments)

    assert fal.wait(handle.get(interval=0.01))["images"]
    assert fal.result("workflows/someone/retouch", handle.request_id)["images"]


def test_a_request_is_cancelled_while_it_waits(fal, sim, arguments):
    sim.faults({"at": "run", "latency": {"fixed": 3600}})
    running = fal.submit(SEEDREAM, arguments)
    fal.until(running, InProgress)
    waiting = fal.submit(SEEDREAM, arguments)

    fal.wait(waiting.cancel())

    assert fal.wait(waiting.status()).error_type == "client_cancelled"
    with pytest.raises(FalClientHTTPError) as refusal:
        fal.wait(waiting.get())
    assert refusal.value.status_code == 499
    assert isinstance(fal.wait(running.status()), InProgress)
    fal.wait(running.cancel())
    fal.until(running, Completed)


def test_a_request_is_cancelled_while_it_runs(fal, sim, arguments):
    sim.faults({"at": "run", "latency": {"fixed": 3600}})
    handle = fal.submit(SEEDREAM, arguments)
    fal.until(handle, InProgress)

    fal.cancel(SEEDREAM, handle.request_id)

    assert fal.until(handle, Completed).error_type == "client_cancelled"
    with pytest.raises(FalClientHTTPError) as refusal:
        fal.wait(handle.cancel())
    assert refusal.value.status_code == 400
    assert sim.ledger()[0]["cost_usd"] == 0


def test_a_client_that_runs_out_of_time_cancels_its_request(fal, sim, arguments):
    sim.faults({"at": "run", "latency": {"fixed": 3600}})

    with pytest.raises(fal_client.FalClientTimeoutError) as late:
        fal.subscribe(SEEDREAM, arguments, interval=0.01, client_timeout=1.5)

    handle = fal.get_handle(SEEDREAM, late.value.request_id)
    assert fal.until(handle, Completed).error_type == "client_cancelled"


def test_a_request_that_does_not_start_in_time_is_given_up_by_the_queue(fal, sim, arguments):
    sim.faults({"at": "run", "latency": {"fixed": 3600}})
    in_the_way = fal.submit(SEEDREAM, arguments)
    fal.until(in_the_way, InProgress)
    handle = fal.submit(SEEDREAM, arguments, start_timeout=1.1)

    with pytest.raises(FalClientHTTPError) as refusal:
        fal.wait(handle.get(interval=0.01))

    assert (refusal.value.status_code, refusal.value.error_type) == (504, "request_timeout")
    assert sim.ledger()[1]["result_fetches"] == 1
    fal.wait(in_the_way.cancel())
    fal.until(in_the_way, Completed)
