"""What the client makes of refusals and failures."""

import pytest
from fal_client import Completed, FalClientHTTPError

from conftest import SEEDREAM

UNKNOWN = "01234567-89ab-cdef-0123-456789abcdef"


def test_a_model_says_what_is_wrong_with_its_input_on_the_result_alone(fal, arguments):
    del arguments["prompt"]
    handle = fal.submit(SEEDREAM, arguments)
    assert fal.until(handle, Completed).error is None

    with pytest.raises(FalClientHTTPError) as refusal:
        fal.wait(handle.get())

    assert refusal.value.status_code == 422
    assert refusal.value.message[0]["loc"] == ["body", "prompt"]
    assert refusal.value.message[0]["type"] == "missing"
    assert refusal.value.response_headers["x-fal-request-id"] == handle.request_id


def test_a_direct_run_says_what_is_wrong_with_its_input(fal, arguments):
    arguments["image_size"] = "huge"

    with pytest.raises(FalClientHTTPError) as refusal:
        fal.run(SEEDREAM, arguments)

    assert refusal.value.status_code == 422
    assert refusal.value.message[0]["type"] == "one_of"


def test_a_failed_runner_has_its_type_on_the_status_and_on_the_result(fal, sim, arguments):
    sim.faults({"at": "run", "error_type": "runner_server_error"})
    handle = fal.submit(SEEDREAM, arguments)

    assert fal.until(handle, Completed).error_type == "runner_server_error"
    with pytest.raises(FalClientHTTPError) as failure:
        fal.wait(handle.get())
    assert (failure.value.status_code, failure.value.error_type) == (500, "runner_server_error")


def test_a_wrong_key_is_refused(make, sim, arguments):
    fal = make(key="conformance:wrong")

    with pytest.raises(FalClientHTTPError) as refusal:
        fal.submit(SEEDREAM, arguments)

    assert refusal.value.status_code == 401
    assert refusal.value.message == "No user found for Key ID and Secret"
    assert sim.ledger() == []


def test_an_unknown_request_is_not_found(fal):
    for call in (fal.status, fal.result, fal.cancel):
        with pytest.raises(FalClientHTTPError) as refusal:
            call(SEEDREAM, UNKNOWN)
        assert refusal.value.status_code == 404


def test_a_locked_account_is_told_why(fal, sim, arguments):
    sim.faults({"at": "submit", "status": 403})

    with pytest.raises(FalClientHTTPError) as refusal:
        fal.submit(SEEDREAM, arguments)

    assert refusal.value.status_code == 403
    assert refusal.value.message.startswith("User is locked. Reason: Exhausted balance.")
    assert sim.strikes() == [1]


@pytest.mark.parametrize("status", [503, 504])
def test_a_call_that_the_gateway_fails_is_made_again(fal, sim, arguments, status):
    sim.faults(
        *({"at": at, "status": status, "shape": "nginx", "next": 2}
          for at in ("submit", "status", "result"))
    )

    result = fal.wait(fal.submit(SEEDREAM, arguments).get(interval=0.01))

    assert result["images"]
    assert sim.strikes() == [2, 2, 2]
    assert len(sim.ledger()) == 1


def test_a_failure_that_fal_itself_reports_is_not_retried(fal, sim, arguments):
    sim.faults({"at": "run", "error_type": "runner_connection_error"})
    handle = fal.submit(SEEDREAM, arguments)

    with pytest.raises(FalClientHTTPError) as failure:
        fal.wait(handle.get(interval=0.01))

    assert failure.value.status_code == 503
    assert sim.ledger()[0]["result_fetches"] == 1


def test_a_result_that_the_safety_checker_blanks_is_a_result(fal, sim, arguments):
    sim.faults({"at": "run", "nsfw": True})
    (picture,) = arguments.pop("image_urls")

    result = fal.run("fal-ai/flux-pro/kontext", {**arguments, "image_url": picture})

    assert result["has_nsfw_concepts"] == [True]
