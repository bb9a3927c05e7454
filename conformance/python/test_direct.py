"""Runs without a queue."""

from fal_client import InProgress

from conftest import SEEDREAM


def test_a_direct_run_answers_with_its_result(fal, sim, arguments):
    result = fal.run(SEEDREAM, arguments)

    assert result["seed"] == arguments["seed"]
    (entry,) = sim.ledger()
    assert (entry["door"], entry["cost_usd"]) == ("direct", 0.03)


def test_a_direct_run_is_tried_again_until_there_is_room(fal, sim, arguments):
    in_the_way = fal.submit(SEEDREAM, arguments)
    fal.until(in_the_way, InProgress)

    assert fal.run(SEEDREAM, arguments)["images"]

    assert [entry["door"] for entry in sim.ledger()] == ["queue", "direct"]
