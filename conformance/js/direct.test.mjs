// Runs without a queue.

import assert from "node:assert/strict";
import test from "node:test";

import { SEEDREAM, Sim, client, input, until } from "./sim.mjs";

const fal = client();

test("a direct run answers with its result", async (t) => {
  const sim = await Sim.open(t);

  const result = await fal.run(SEEDREAM, { input: input() });

  assert.equal(result.data.seed, 7);
  const [entry] = await sim.ledger();
  assert.equal(result.requestId, entry.request_id);
  assert.deepEqual([entry.door, entry.cost_usd], ["direct", 0.03]);
});

test("a direct run is tried again until there is room", async (t) => {
  const sim = await Sim.open(t);
  const { request_id: inTheWay } = await fal.queue.submit(SEEDREAM, { input: input() });
  await until(fal, SEEDREAM, inTheWay, "IN_PROGRESS");

  const result = await fal.run(SEEDREAM, { input: input() });

  assert.equal(result.data.images.length, 1);
  assert.deepEqual((await sim.ledger()).map((entry) => entry.door), ["queue", "direct"]);
});
