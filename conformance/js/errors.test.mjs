// What the client makes of refusals and failures.

import assert from "node:assert/strict";
import test from "node:test";

import { ApiError, ValidationError } from "@fal-ai/client";

import { SEEDREAM, Sim, client, input, until } from "./sim.mjs";

const UNKNOWN = "01234567-89ab-cdef-0123-456789abcdef";
const fal = client();

/** What a promise is rejected with. */
async function rejection(promise) {
  return promise.then(() => assert.fail("it succeeded"), (error) => error);
}

test("a model says what is wrong with its input on the result alone", async () => {
  const bad = input({ prompt: undefined });
  const { request_id: requestId } = await fal.queue.submit(SEEDREAM, { input: bad });
  const done = await until(fal, SEEDREAM, requestId, "COMPLETED");
  assert.equal(done.error, undefined);

  const error = await rejection(fal.queue.result(SEEDREAM, { requestId }));

  assert.ok(error instanceof ValidationError);
  assert.deepEqual([error.status, error.requestId], [422, requestId]);
  assert.equal(error.getFieldErrors("prompt")[0].type, "missing");
});

test("a direct run says what is wrong with its input", async () => {
  const bad = input({ image_size: "huge" });

  const error = await rejection(fal.run(SEEDREAM, { input: bad }));

  assert.ok(error instanceof ValidationError);
  assert.equal(error.getFieldErrors("image_size")[0].type, "one_of");
});

test("a wrong key is refused", async (t) => {
  const sim = await Sim.open(t);

  const error = await rejection(client("conformance:wrong").queue.submit(SEEDREAM, {}));

  assert.ok(error instanceof ApiError);
  assert.equal(error.status, 401);
  assert.equal(error.body.detail, "No user found for Key ID and Secret");
  assert.deepEqual(await sim.ledger(), []);
});

test("an unknown request is not found", async () => {
  for (const call of ["status", "result", "cancel"]) {
    const error = await rejection(fal.queue[call](SEEDREAM, { requestId: UNKNOWN }));
    assert.deepEqual([error.status, error.body], [404, { status: "NOT_FOUND" }]);
  }
});

test("the stream of an unknown request is an error", async () => {
  const stream = await fal.queue.streamStatus(SEEDREAM, { requestId: UNKNOWN });

  const error = await rejection(stream.done());

  assert.equal(error.status, 404);
});

test("a locked account is told why", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults({ at: "submit", status: 403 });

  const error = await rejection(fal.queue.submit(SEEDREAM, { input: input() }));

  assert.equal(error.status, 403);
  assert.match(error.body.detail, /^User is locked\. Reason: Exhausted balance\./);
  assert.deepEqual(await sim.strikes(), [1]);
});

for (const status of [503, 504]) {
  test(`a call that the gateway fails with ${status} is made again`, async (t) => {
    const sim = await Sim.open(t);
    const places = ["submit", "status", "result"];
    await sim.faults(...places.map((at) => ({ at, status, shape: "nginx", next: 1 })));

    const result = await fal.subscribe(SEEDREAM, { input: input(), pollInterval: 10 });

    assert.equal(result.data.images.length, 1);
    assert.deepEqual(await sim.strikes(), [1, 1, 1]);
    assert.equal((await sim.ledger()).length, 1);
  });
}

test("a failed runner has its type on the status and on the result", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults({ at: "run", error_type: "runner_server_error" });
  const { request_id: requestId } = await fal.queue.submit(SEEDREAM, { input: input() });
  const done = await until(fal, SEEDREAM, requestId, "COMPLETED");
  assert.equal(done.error_type, "runner_server_error");

  const error = await rejection(fal.queue.result(SEEDREAM, { requestId }));

  assert.deepEqual([error.status, error.body.error_type], [500, "runner_server_error"]);
});

test("a result that the safety checker blanks is a result", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults({ at: "run", nsfw: true });
  const { image_urls: [image_url], ...rest } = input();

  const result = await fal.run("fal-ai/flux-pro/kontext", { input: { ...rest, image_url } });

  assert.deepEqual(result.data.has_nsfw_concepts, [true]);
});
