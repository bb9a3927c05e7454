// The usual calls of a client, with only the contract's types: no cast, no `any`. If the contract and the server
// disagree, this does not compile, or fails when it runs.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/contract.js';

type Job = components['schemas']['Job'];
type Code = components['schemas']['Code'];

const { DARKROOM: baseUrl, API_KEY: key, PICTURE: path } = process.env;
assert(baseUrl && path);
const darkroom = createClient<paths>({
    baseUrl,
    headers: key ? { authorization: `Bearer ${key}` } : {},
    // `status=failed,cancelled`, as the contract has it.
    querySerializer: { array: { style: 'form', explode: false } },
});
const picture = await readFile(path);

function form(fields: object): FormData {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value instanceof Blob ? value : String(value));
    return form;
}

async function step(what: string, run: () => Promise<void>): Promise<void> {
    await run();
    console.log(`ok - ${what}`);
}

// Polls a job, with long polls, until it has ended.
async function ended(id: string): Promise<Job> {
    for (let asked = 0; asked < 10; asked += 1) {
        const { data, error } = await darkroom.GET('/api/jobs/{id}', { params: { path: { id }, query: { wait: 10 } } });
        assert(data, error?.detail);
        switch (data.status) {
            case 'completed':
            case 'failed':
            case 'cancelled':
                return data;
            case 'pending':
            case 'processing':
                continue;
            default:
                // This does not compile if the contract has a status that is not handled above.
                data.status satisfies never;
        }
    }
    throw new Error(`job ${id} does not end`);
}

let edited: Job | undefined;

await step('a picture is posted as multipart, and edited', async () => {
    const { data, error, response } = await darkroom.POST('/api/jobs', {
        body: { image: new Blob([picture], { type: 'image/png' }), prompt: 'make it rain', seed: '7' },
        bodySerializer: form,
    });
    assert(data, error?.detail);
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('location'), `${baseUrl}/api/jobs/${data.id}`);
    edited = await ended(data.id);
    assert.equal(edited.status, 'completed');
    assert.equal(edited.error, null);
    const seed: number | null = edited.seed;
    assert(seed === null || Number.isSafeInteger(seed));
});

await step('a picture is posted as JSON, with metadata, and found by it', async () => {
    const { data, error } = await darkroom.POST('/api/jobs', {
        params: { header: { 'Idempotency-Key': `of-a-client-${Date.now()}` } },
        body: {
            images: [{ base64: picture.toString('base64') }],
            prompt: 'make it snow',
            num_images: 2,
            priority: 5,
            metadata: { order: 'A-7' },
        },
    });
    assert(data, error?.detail);
    const job = await ended(data.id);
    assert.equal(job.result_images.length, 2);
    const order: unknown = job.metadata?.['order'];
    assert.equal(order, 'A-7');

    const listed = await darkroom.GET('/api/jobs', { params: { query: { status: ['completed', 'failed'], limit: 100 } } });
    assert(listed.data, listed.error?.detail);
    assert(listed.data.some(({ id }) => id === job.id));
    assert(listed.data.every(({ status }) => status === 'completed' || status === 'failed'));
});

await step('a result is fetched, and a small one of it', async () => {
    const image = edited?.result_images[0];
    assert(image);
    const [width, height, size]: number[] = [image.width, image.height, image.size];
    assert(width && height && size);
    const whole = await (await fetch(image.url)).arrayBuffer();
    assert.equal(whole.byteLength, size);

    const id = new URL(image.url).pathname.split('/').at(-1);
    assert(id);
    const { data, error, response } = await darkroom.GET('/api/images/{id}', {
        params: { path: { id }, query: { w: 160 } },
        parseAs: 'blob',
    });
    assert(data, error?.detail);
    const small: Blob = data;
    assert.equal(small.size, Number(response.headers.get('content-length')));
    assert.match(response.headers.get('etag') ?? '', /^"/);
});

await step('a job that waits is cancelled', async () => {
    const { data, error } = await darkroom.POST('/api/jobs', {
        body: {
            images: [{ base64: picture.toString('base64') }],
            prompt: 'not today',
            run_at: new Date(Date.now() + 3_600_000).toISOString(),
        },
    });
    assert(data, error?.detail);
    const cancelled = await darkroom.POST('/api/jobs/{id}/cancel', { params: { path: { id: data.id } } });
    assert(cancelled.data, cancelled.error?.detail);
    assert.equal(cancelled.data.status, 'cancelled');

    assert(edited);
    const late = await darkroom.POST('/api/jobs/{id}/cancel', { params: { path: { id: edited.id } } });
    assert.equal(late.error?.code, 'has_ended' satisfies Code);
});

await step('a problem is told by its code', async () => {
    const nobody = '01900000-0000-7000-8000-000000000000';
    const { data, error, response } = await darkroom.GET('/api/jobs/{id}', { params: { path: { id: nobody } } });
    assert.equal(data, undefined);
    assert(error);
    assert.equal(error.code, 'not_found' satisfies Code);
    assert.equal(error.status, response.status);
    const detail: string = error.detail;
    assert(detail);

    const blank = await darkroom.POST('/api/jobs', { body: { images: [], prompt: 'of nothing' } });
    assert(blank.error);
    assert.equal(blank.error.code, 'missing_field' satisfies Code);
    const field: string | undefined = blank.error.field;
    assert.equal(field, 'images');
});

await step('what a model takes is read', async () => {
    const { data } = await darkroom.GET('/api/models');
    assert(data);
    const ids: string[] = data.map(({ id }) => id);
    assert(ids.length > 1);
});

// The compiler must refuse what the contract does not allow. This is never called.
export async function refused(): Promise<void> {
    // @ts-expect-error A job has a prompt.
    await darkroom.POST('/api/jobs', { body: { images: [] } });
    // @ts-expect-error A number is no truth value.
    await darkroom.POST('/api/jobs', { body: { images: [], prompt: 'x', seed: true } });
    // @ts-expect-error There is no such status.
    await darkroom.GET('/api/jobs', { params: { query: { status: ['done'] } } });
    // @ts-expect-error There is no such path.
    await darkroom.GET('/api/job');
    // @ts-expect-error There is no such code.
    ('no_such_code') satisfies Code;
}
