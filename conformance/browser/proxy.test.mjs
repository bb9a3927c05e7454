// Events pass a proxy that buffers, and one that compresses, as soon as they happen.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { makeJob, ports, proxy, startApi, steer } from './darkroom.mjs';

let stop;
before(async () => {
    stop = await startApi(ports[0]);
});
after(() => stop());

// Reads a stream of events as it arrives, and yields each block between two empty lines.
async function* follow(url) {
    const answer = await new Promise((ok, failed) =>
        http.get(url, { headers: { 'accept-encoding': 'gzip' } }, ok).on('error', failed),
    );
    assert.equal(answer.statusCode, 200);
    const isCompressed = answer.headers['content-encoding'] === 'gzip';
    yield isCompressed ? 'gzip' : 'plain';
    const body = isCompressed ? answer.pipe(zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH })) : answer;
    let text = '';
    for await (const chunk of body) {
        const blocks = (text + chunk).split('\n\n');
        text = blocks.pop();
        yield* blocks;
    }
}

// The next block for which `isIt` holds; nothing if the stream ends before.
async function next(events, isIt) {
    for (;;) {
        const { value, done } = await events.next();
        if (done || isIt(value)) return value;
    }
}

const isJob = (status) => (block) => block.includes('event: job') && block.includes(`"status":"${status}"`);
const isPulse = (block) => block === ':';

for (const [through, home] of [['plain', proxy], ['gzip', process.env.COMPRESSING_PROXY]]) {
    test(`through a proxy, ${through}: each event is here before the next one can happen`, { timeout: 90_000 }, async () => {
        await steer('pause');
        const job = `/api/jobs/${(await makeJob('through a proxy')).id}`;
        const one = follow(`${home}${job}/events`);
        const all = follow(`${home}/api/events`);
        assert.equal((await one.next()).value, through);
        assert.equal((await all.next()).value, through);

        // Nothing else happens until this event has arrived.
        assert.ok(await next(one, isJob('pending')));
        // The queue is paused, so only heartbeats come.
        assert.ok(await next(one, isPulse));
        assert.ok(await next(all, isPulse));
        await steer('resume');
        assert.ok(await next(one, isJob('completed')));
        assert.ok(await next(all, isJob('completed')));
        assert.equal(await next(one, () => true), undefined);
        await all.return();
    });
}
