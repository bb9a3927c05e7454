// A request's way through the queue.

import assert from "node:assert/strict";
import test from "node:test";

import { SEEDREAM, Sim, client, input, settled, until } from "./sim.mjs";

const FOREVER = { at: "run", latency: { fixed: 3600 } };
const fal = client();

test("a request moves up the queue, runs with logs and completes", async (t) => {
  const sim = await Sim.open(t);
  const inTheWay = [];
  for (let n = 0; n < 2; n += 1) {
    inTheWay.push((await fal.queue.submit(SEEDREAM, { input: input() })).request_id);
  }
  const submitted = await fal.queue.submit(SEEDREAM, { input: input() });
  assert.equal(submitted.status, "IN_QUEUE");
  const requestId = submitted.request_id;

  const seen = [];
  const done = await fal.queue.subscribeToStatus(SEEDREAM, {
    requestId,
    logs: true,
    pollInterval: 10,
    onQueueUpdate: (status) => seen.push(status),
  });

  const statuses = seen.map((status) => status.status);
  assert.deepEqual([...new Set(statuses)], ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
  const queued = seen.filter((status) => status.status === "IN_QUEUE");
  assert.deepEqual([...new Set(queued.map((status) => status.queue_position))], [1, 0]);
  assert.equal(done.logs.at(-1).message, "Made 1 picture(s)");
  assert.ok(done.metrics.inference_time > 0);
  await settled(fal, SEEDREAM, inTheWay);
  assert.equal((await sim.ledger()).length, 3);
});

test("a result has its pictures, its seed and its request's id", async () => {
  const { request_id: requestId } = await fal.queue.submit(SEEDREAM, { input: input() });
  await until(fal, SEEDREAM, requestId, "COMPLETED");

  const result = await fal.queue.result(SEEDREAM, { requestId });

  assert.equal(result.requestId, requestId);
  assert.equal(result.data.seed, 7);
  const picture = await fetch(result.data.images[0].url);
  assert.equal(picture.headers.get("content-type"), "image/jpeg");
  assert.equal(Buffer.from(await picture.arrayBuffer()).subarray(0, 3).toString("hex"), "ffd8ff");
});

test("a status stream tells every state, and each line of the log once", async () => {
  const first = await fal.queue.submit(SEEDREAM, { input: input() });
  const { request_id: requestId } = await fal.queue.submit(SEEDREAM, { input: input() });

  const stream = await fal.queue.streamStatus(SEEDREAM, { requestId, logs: true });
  const seen = [];
  for await (const status of stream) {
    seen.push(status);
  }

  const done = await stream.done();
  assert.equal(done.status, "COMPLETED");
  assert.equal(stream.requestId, requestId);
  const statuses = new Set(seen.map((status) => status.status));
  assert.deepEqual([...statuses], ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
  assert.equal(seen[0].queue_position, 0);
  const lines = seen.flatMap((status) => status.logs).map((line) => line.message);
  assert.deepEqual(lines, ["Reading 1 input picture(s)", "Editing, seed 7", "Made 1 picture(s)"]);
  await settled(fal, SEEDREAM, [first.request_id]);
});

for (const mode of ["polling", "streaming"]) {
  test(`subscribe in ${mode} mode tells every state and pays once`, async (t) => {
    const sim = await Sim.open(t);
    const [enqueued, seen] = [[], []];

    const result = await fal.subscribe(SEEDREAM, {
      input: input(),
      mode,
      logs: true,
      pollInterval: 10,
      onEnqueue: (id) => enqueued.push(id),
      onQueueUpdate: (status) => seen.push(status),
    });

    assert.equal(result.data.images.length, 1);
    assert.equal(seen.at(-1).status, "COMPLETED");
    const lines = seen.at(-1).logs.map((line) => line.message);
    assert.equal(lines.at(-1), "Made 1 picture(s)");
    const ledger = await sim.ledger();
    assert.deepEqual(enqueued, ledger.map((entry) => entry.request_id));
    assert.deepEqual([ledger[0].key_id, ledger[0].cost_usd], ["conformance", 0.03]);
    assert.deepEqual(ledger[0].unknown_fields, []);
  });
}

test("a request under a namespace is followed there", async () => {
  const endpointId = "workflows/someone/retouch";

  const result = await fal.subscribe(endpointId, { input: input(), pollInterval: 10 });

  assert.equal(result.data.images.length, 1);
});

test("a request is cancelled while it waits", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults(FOREVER);
  const running = (await fal.queue.submit(SEEDREAM, { input: input() })).request_id;
  await until(fal, SEEDREAM, running, "IN_PROGRESS");
  const waiting = (await fal.queue.submit(SEEDREAM, { input: input() })).request_id;

  await fal.queue.cancel(SEEDREAM, { requestId: waiting });

  const status = await fal.queue.status(SEEDREAM, { requestId: waiting });
  assert.deepEqual([status.status, status.error_type], ["COMPLETED", "client_cancelled"]);
  const result = fal.queue.result(SEEDREAM, { requestId: waiting });
  await assert.rejects(result, { name: "ApiError", status: 499 });
  const other = await fal.queue.status(SEEDREAM, { requestId: running });
  assert.equal(other.status, "IN_PROGRESS");
  await fal.queue.cancel(SEEDREAM, { requestId: running });
  await settled(fal, SEEDREAM, [running]);
});

test("a request is cancelled while it runs", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults(FOREVER);
  const { request_id: requestId } = await fal.queue.submit(SEEDREAM, { input: input() });
  await until(fal, SEEDREAM, requestId, "IN_PROGRESS");

  await fal.queue.cancel(SEEDREAM, { requestId });

  const done = await until(fal, SEEDREAM, requestId, "COMPLETED");
  assert.equal(done.error_type, "client_cancelled");
  const again = fal.queue.cancel(SEEDREAM, { requestId });
  await assert.rejects(again, { status: 400, body: { status: "ALREADY_COMPLETED" } });
  assert.equal((await sim.ledger())[0].cost_usd, 0);
});

test("a client that runs out of time cancels its request", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults(FOREVER);
  let requestId;

  const late = fal.subscribe(SEEDREAM, {
    input: input(),
    pollInterval: 10,
    timeout: 500,
    onEnqueue: (id) => (requestId = id),
  });

  await assert.rejects(late, /timed out/);
  const done = await until(fal, SEEDREAM, requestId, "COMPLETED");
  assert.equal(done.error_type, "client_cancelled");
});

test("a request that does not start in time is given up by the queue, and not retried", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults(FOREVER);
  const inTheWay = (await fal.queue.submit(SEEDREAM, { input: input() })).request_id;
  await until(fal, SEEDREAM, inTheWay, "IN_PROGRESS");
  const late = await fal.queue.submit(SEEDREAM, { input: input(), startTimeout: 1.1 });
  const done = await until(fal, SEEDREAM, late.request_id, "COMPLETED");
  assert.equal(done.error_type, "request_timeout");

  const result = fal.queue.result(SEEDREAM, { requestId: late.request_id });

  await assert.rejects(result, { status: 504, isUserTimeout: true });
  assert.equal((await sim.ledger())[1].result_fetches, 1);
  await fal.queue.cancel(SEEDREAM, { requestId: inTheWay });
  await settled(fal, SEEDREAM, [inTheWay]);
});
