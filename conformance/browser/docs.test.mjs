// The pages that explain the API: complete, self-contained, and usable.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { elsewhere, launch, open, picture } from './browser.mjs';
import { picture as example, ports, proxy, startApi } from './darkroom.mjs';

let browser, stop, contract;
before(async () => {
    browser = await launch();
    stop = await startApi(ports[0]);
    contract = await (await fetch(`${proxy}/api-docs/openapi.json`)).json();
});
after(async () => {
    await browser.close();
    await stop();
});

const operations = () =>
    Object.entries(contract.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    );

// Tries an operation out in the page, with the values that are filled in. Returns the answer's status.
async function tryOut(page, { path, method, tags, operationId }, bodyType) {
    const block = page.locator(`#operations-${tags[0]}-${operationId}`);
    await block.locator('.opblock-summary').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    if (bodyType) await block.locator('.opblock-section-request-body select.content-type').selectOption(bodyType);
    const file = block.locator('input[type=file]').first();
    if (await file.count()) await file.setInputFiles(example);
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
    const answered = page.waitForResponse((answer) =>
        answer.request().method() === method.toUpperCase() && pattern.test(new URL(answer.url()).pathname));
    await block.getByRole('button', { name: 'Execute' }).click();
    const status = (await answered).status();
    if (!operationId.startsWith('follow_')) {
        const shown = block.locator('.live-responses-table .response-col_status').nth(1);
        await shown.waitFor();
        assert.match(await shown.textContent(), new RegExp(`^${status}`), operationId);
    }
    await block.screenshot({ path: `${process.env.SCREENSHOTS}/docs-${operationId}${bodyType ? '-form' : ''}.png` });
    await block.locator('.opblock-summary').click();
    return status;
}

test('/docs shows every operation, and each can be tried out as it is filled in', { timeout: 180_000 }, async () => {
    const { page, asked, complaints } = await open(browser, `${proxy}/docs/`);
    await page.locator('.opblock').first().waitFor();
    await picture(page, 'docs', true);

    assert.equal(await page.locator('.opblock').count(), operations().length);
    assert.deepEqual(complaints, []);
    const statuses = {};
    for (const operation of operations()) {
        const status = await tryOut(page, operation);
        assert.ok(String(status) in operation.responses, `${operation.operationId} is answered with ${status}`);
        statuses[operation.operationId] = status;
    }
    assert.equal(statuses.create_job, 201);
    await page.reload();
    const create = operations().find(({ operationId }) => operationId === 'create_job');
    assert.equal(await tryOut(page, create, 'multipart/form-data'), 201);
    assert.deepEqual(elsewhere(asked, proxy), []);
});

test('/redoc shows every operation without a complaint', { timeout: 60_000 }, async () => {
    const { page, asked, complaints } = await open(browser, `${proxy}/redoc`);
    await page.locator('[id^="tag/"] h2').first().waitFor();
    await picture(page, 'redoc');

    for (const { operationId } of operations()) {
        assert.ok(await page.locator(`[id$="operation/${operationId}"]`).count(), operationId);
    }
    assert.deepEqual(complaints, []);
    assert.deepEqual(elsewhere(asked, proxy), []);
});
