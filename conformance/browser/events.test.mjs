// A page of another origin follows a job.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.mjs';
import { eventually, makeJob, makeKey, pageOrigin, picture, ports, proxy, startApi, steer } from './darkroom.mjs';

const { PAGE, SEEN } = process.env;

let browser, pages, stops = [];
before(async () => {
    pages = http.createServer(async (request, response) => {
        const isPicture = request.url === '/example.jpg';
        response.setHeader('content-type', isPicture ? 'image/jpeg' : 'text/html');
        response.end(isPicture ? await readFile(picture) : '<!doctype html><title>A page</title>');
    });
    pages.listen(PAGE, '127.0.0.1');
    browser = await launch();
    stops.push(await startApi(ports[0]));
});
after(async () => {
    await browser.close();
    pages.close();
    await Promise.all(stops.map((stop) => stop()));
});

// Runs in the page: makes a job and follows its events. Returns the job's path.
async function makeAndFollow(home) {
    const form = new FormData();
    form.append('image', await (await fetch('/example.jpg')).blob(), 'example.jpg');
    form.append('prompt', 'from a page');
    const made = await fetch(`${home}/api/jobs`, { method: 'POST', body: form });
    const address = made.headers.get('location');
    window.seen = [];
    window.opened = 0;
    window.events = new EventSource(`${address}/events`);
    window.events.addEventListener('open', () => (window.opened += 1));
    window.events.addEventListener('job', (event) => window.seen.push(JSON.parse(event.data).status));
    return new URL(address).pathname;
}

// The proxy's log of a stream: status and Last-Event-ID of each request that has ended.
async function requests(path) {
    const lines = (await readFile(SEEN, 'utf8')).split('\n').map((line) => line.split(' '));
    return lines.filter(([, uri]) => uri === path).map(([, , status, id]) => [status, id]);
}

test('a page follows a job over the restart of the API to its end, and leaves it at that', { timeout: 90_000 }, async () => {
    const { page, complaints } = await open(browser, pageOrigin);
    await steer('pause');

    const job = await page.evaluate(makeAndFollow, proxy);
    await page.waitForFunction(() => window.seen.includes('pending'));
    // As in a deployment, the new API starts before the old one stops.
    const stopFirst = stops.pop();
    stops.push(await startApi(ports[1]));
    await stopFirst();
    await page.waitForFunction(() => window.opened === 2);
    await steer('resume');
    await page.waitForFunction(() => window.events.readyState === EventSource.CLOSED);

    const seen = await page.evaluate(() => window.seen);
    assert.equal(seen.filter((status) => status === 'pending').length, 1, `${seen}`);
    assert.equal(seen.at(-1), 'completed');
    const asked = await eventually(async () => {
        const asked = await requests(`${job}/events`);
        return asked.length >= 3 && asked;
    });
    // The first request, one after the restart, and one that is told that there is no more.
    assert.deepEqual(asked.map(([status]) => status), ['200', '200', '204']);
    const [first, again, last] = asked.map(([, id]) => id);
    assert.equal(first, '-');
    assert.match(again, /^\d+$/);
    assert.ok(BigInt(last) > BigInt(again));
    assert.deepEqual(complaints.filter((text) => !text.includes('ERR_INCOMPLETE_CHUNKED_ENCODING')), []);
});

test('a page that has no key follows the job whose events_url it was given', { timeout: 60_000 }, async () => {
    const home = `http://127.0.0.1:${ports[0]}`;
    stops.push(await startApi(ports[0], { REQUIRE_API_KEY: 'true', PUBLIC_URL: home }));
    const job = await makeJob('for a page without a key', { home, key: await makeKey() });
    const { page } = await open(browser, pageOrigin);
    const follow = (address) =>
        page.evaluate((address) => {
            window.seen = [];
            window.events = new EventSource(address);
            window.events.addEventListener('job', (event) => window.seen.push(JSON.parse(event.data)));
            return new Promise((ended) => window.events.addEventListener('error', () =>
                window.events.readyState === EventSource.CLOSED && ended(window.seen)));
        }, address);

    const seen = await follow(job.events_url);

    assert.equal(seen.at(-1).id, job.id);
    assert.equal(seen.at(-1).status, 'completed');
    const shown = await page.evaluate((address) => {
        const image = new Image();
        image.src = address;
        return image.decode().then(() => image.naturalWidth, () => 0);
    }, seen.at(-1).result_image_url);
    assert.ok(shown > 0);
    assert.deepEqual(await follow(job.events_url.split('?')[0]), []);
});

test('a page of an origin that is not allowed makes nothing and reads nothing', { timeout: 30_000 }, async () => {
    const { page } = await open(browser, pageOrigin.replace('page.', 'other.'));
    const fails = (path, method) =>
        page.evaluate(([url, method]) => fetch(url, { method }).then(() => false, () => true), [`${proxy}${path}`, method]);

    assert.ok(await fails('/api/jobs', 'GET'));
    assert.ok(await fails('/api/jobs', 'POST'));
});
