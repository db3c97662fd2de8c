// SPDX-License-Identifier: MIT
// The history page against a database that ebpf-store wrote.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, openPage, startServer, writeDatabase } from './support.js';
import * as traffic from './traffic.js';

let browser, server, page;

before(async () => {
    const now = Date.now();
    server = await startServer({
        args: async (directory) => ['--db', await writeDatabase(directory, traffic.past(now))],
    });
    await server.send(traffic.usage(now));
    browser = await openBrowser();
    page = await openPage(browser, { acceptDownloads: true });
    await page.goto(server.url + '/#/history');
    await drawn();
});

after(async () => {
    await browser?.close();
    await server?.stop();
});

const drawn = () => page.locator('.chart canvas').waitFor();
const parameters = () =>
    page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.split('?')[1])));
const length = async () => {
    const { since, until } = await parameters();
    return (until - since) / 60_000;
};

test('an hour at first, largest first', async () => {
    await page.locator('tbody tr').nth(4).waitFor();
    assert.match(await page.locator('tbody tr').first().innerText(), /^restic/);
    assert.match(await page.locator('.page-head').innerText(), /1 h 00 min|[45]\d min/);
});

test('dragging over the chart zooms', async () => {
    const box = await page.locator('.u-over').boundingBox();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 8 });
    await page.mouse.up();
    await page.waitForFunction(() => location.hash.includes('until='));
    assert.ok(Math.abs((await length()) - 15) < 2, `${await length()} minutes`);
    await drawn();
});

test('and so do buttons, which keep the focus', async () => {
    const before = await length();
    await page.getByRole('button', { name: 'Zoom out' }).click();
    await drawn();
    assert.ok(Math.abs((await length()) - 2 * before) < 1);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Zoom out');
    const { since } = await parameters();
    await page.getByRole('button', { name: 'Earlier' }).click();
    await drawn();
    assert.ok((await parameters()).since < since);
});

test('back goes back', async () => {
    const { since } = await parameters();
    await page.goBack();
    await drawn();
    assert.ok((await parameters()).since > since);
});

test('a preset', async () => {
    await page.getByRole('button', { name: '6 hours' }).click();
    await drawn();
    assert.equal((await parameters()).since, '6h');
    assert.equal(await page.getByRole('button', { name: '6 hours' }).getAttribute('aria-pressed'), 'true');
});

test("a range of one's own, in local time", async () => {
    const pad = (number) => String(number).padStart(2, '0');
    const local = (ms) =>
        page.evaluate((at) => {
            const d = new Date(at);
            return [d.getFullYear(), d.getMonth() + 1, d.getDate(), d.getHours(), d.getMinutes()];
        }, ms);
    const field = ([y, m, d, h, min]) => `${y}-${pad(m)}-${pad(d)}T${pad(h)}:${pad(min)}`;
    const end = Math.floor(Date.now() / 60_000) * 60_000;
    await page.getByLabel('From', { exact: true }).fill(field(await local(end - 1_800_000)));
    await page.getByLabel('To', { exact: true }).fill(field(await local(end)));
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForFunction(() => location.hash.includes('until='));
    assert.deepEqual(
        [(await parameters()).since, (await parameters()).until],
        [String(end - 1_800_000), String(end)],
    );
});

test('by remote address, of one process', async () => {
    await page.goto(server.url + '/#/history?since=6h&by=process');
    await page.getByRole('link', { name: 'nginx' }).click();
    await page.locator('tbody tr', { hasText: '198.51.100.7' }).waitFor();
    assert.equal((await parameters()).process, 'nginx');
    assert.equal(await page.locator('tbody tr').count(), 4);
    assert.equal(await page.getByLabel('Process', { exact: true }).inputValue(), 'nginx');
});

for (const [by, text] of [
    ['port', /not known|443/],
    ['proto', /tcp[^]*udp/],
    ['host', /not known/],
]) {
    test(`by ${by}`, async () => {
        await page.goto(`${server.url}/#/history?since=6h`);
        await page.getByLabel('Group by').selectOption(by);
        await page.getByRole('heading', { name: 'By ' + by }).waitFor();
        await page.locator('tbody tr').first().waitFor();
        assert.match(await page.locator('tbody').innerText(), text);
    });
}

async function download(name) {
    const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name, exact: true }).click(),
    ]);
    return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

test('a CSV of what is shown', async () => {
    await page.goto(server.url + '/#/history?since=6h&by=remote&process=nginx');
    await page.locator('tbody tr').nth(3).waitFor();
    const { name, text } = await download('CSV');
    const lines = text.trimEnd().split('\r\n');
    assert.match(name, /\.csv$/);
    assert.equal(lines[0], 'from,to,remote_ip,bytes_sent,bytes_received,calls_sent,calls_received');
    assert.equal(lines.length, 5);
    assert.match(text, /,198\.51\.100\.7,\d+,\d+,/);
});

test('and JSON', async () => {
    const { text } = await download('JSON');
    const total = JSON.parse(text).rows.find((row) => row.by === 'total');
    assert.ok(total.bytes_sent > 0);
});

test('a filter that is none is answered in words', async () => {
    await page.goto(server.url + '/#/history?since=6h&port=nonsense');
    await page.getByRole('alert').getByText('could not be loaded').waitFor();
    page.complaints = page.complaints.filter((one) => !/status of 400/.test(one));
});

test('a database that is not there yet: the page says so, and shows it once it is', async () => {
    let directory;
    const early = await startServer({ args: (own) => ['--db', path.join((directory = own), 'usage.db')] });
    try {
        const fresh = await openPage(browser);
        await fresh.goto(early.url + '/#/history?since=6h');
        await fresh.getByRole('alert').getByText('is not there yet').waitFor();
        await writeDatabase(directory, []);
        await fresh.getByText('Nothing is stored of this range.').waitFor();
        await writeDatabase(directory, traffic.past(Date.now()));
        await fresh.locator('tbody tr', { hasText: 'restic' }).waitFor({ timeout: 120_000 });
        assert.equal(await fresh.getByRole('alert').count(), 0);
        await fresh.context().close();
    } finally {
        await early.stop();
    }
});

test('nothing complained', () => assert.deepEqual(page.complaints, []));
