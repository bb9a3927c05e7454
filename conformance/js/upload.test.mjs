// Files on their way to fal.

import assert from "node:assert/strict";
import test from "node:test";

import { SEEDREAM, Sim, client, photo } from "./sim.mjs";

const PART = 10 * 1024 * 1024;
const fal = client();

async function download(url) {
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  return [answer.headers.get("content-type"), Buffer.from(await answer.arrayBuffer())];
}

test("an uploaded file is served as it came and can be edited", async () => {
  const url = await fal.storage.upload(new Blob([photo()], { type: "image/png" }));

  const [type, bytes] = await download(url);
  assert.equal(type, "image/png");
  assert.ok(bytes.equals(photo()));
  const input = { prompt: "from a file", image_urls: [url] };
  const result = await fal.run(SEEDREAM, { input });
  assert.equal(result.data.images.length, 1);
});

test("a file in an input is uploaded, and its URL takes its place", async (t) => {
  const sim = await Sim.open(t);
  const file = new Blob([photo()], { type: "image/png" });

  await fal.subscribe(SEEDREAM, {
    input: { prompt: "a file inside", image_urls: [file] },
    pollInterval: 10,
  });

  const [entry] = await sim.ledger();
  const [url] = entry.input.image_urls;
  assert.match(url, /^https:\/\/queue\.fal\.run\/files\//);
  assert.equal(entry.status_code, 200);
});

test("a large file is uploaded in parts", async () => {
  const parts = Array.from({ length: 10 }, (_, n) => Buffer.alloc(n < 9 ? PART : 1000, n));
  const file = new Blob(parts, { type: "application/x-large" });

  const url = await fal.storage.upload(file);

  const [type, bytes] = await download(url);
  assert.equal(type, "application/x-large");
  assert.ok(bytes.equals(Buffer.concat(parts)));
});

test("a part that is lost is sent again", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults({ at: "upload", reset: "before", next: 1 });
  const file = new Blob([Buffer.alloc(90 * 1024 * 1024 + 1, 5)]);

  const url = await fal.storage.upload(file);

  assert.deepEqual(await sim.strikes(), [1]);
  const [, bytes] = await download(url);
  assert.equal(bytes.length, file.size);
});

test("a locked account cannot upload", async (t) => {
  const sim = await Sim.open(t);
  await sim.faults({ at: "initiate", status: 403 });

  const upload = fal.storage.upload(new Blob([photo()], { type: "image/png" }));

  await assert.rejects(upload, { name: "ApiError", status: 403 });
});
