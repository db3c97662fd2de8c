// SPDX-License-Identifier: MIT
// The live page of a room.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { freePort, openBrowser, openPage, pause, startServer, waitFor } from './support.js';
import * as traffic from './traffic.js';

let browser, server, page;

before(async () => (browser = await openBrowser()));
after(() => browser?.close());
beforeEach(async () => {
    server = await startServer();
    page = await openPage(browser);
});
afterEach(async () => {
    await page.context().close();
    await server.stop();
});

const rows = () => page.locator('.window-rows li');
const ping = (more) => traffic.ping(Date.now(), more);
const pings = (number, more) => Array.from({ length: number }, () => ping(more));

async function join(room = 'icmp', expected = /echo request/) {
    await page.goto(`${server.url}/#/live/${room}`);
    await page.locator('.said', { hasText: expected }).first().waitFor();
}

test('a room is joined by a click, and an event is seen as it arrives', async () => {
    await server.send(ping({ src_ip: '192.0.2.7' }));
    await page.goto(server.url + '/#/live');
    await page.getByRole('link', { name: 'icmp' }).click();
    await page.locator('.said', { hasText: 'from 192.0.2.7' }).waitFor();
    const sent = Date.now();
    await server.send(ping({ src_ip: '192.168.1.100', dst_ip: '8.8.8.8' }));
    await page.locator('.said', { hasText: 'ICMP echo request from 192.168.1.100 to 8.8.8.8' }).waitFor();
    assert.ok(Date.now() - sent < 2000);
    assert.deepEqual(page.complaints, []);
});

test('a room of another host, in its own name', async () => {
    assert.equal((await server.post('eth0-ICMP', pings(3))).accepted, 3);
    await page.goto(server.url + '/#/live');
    await page.getByRole('link', { name: 'eth0-ICMP' }).click();
    await page.locator('.said', { hasText: 'echo request' }).nth(2).waitFor();
});

test('raw JSON is a click away, and back by Escape', async () => {
    await server.send(pings(3));
    await join();
    await rows().last().getByRole('button').focus();
    await page.keyboard.press('Enter');
    const raw = page.getByRole('region', { name: 'Raw JSON' });
    await raw.waitFor();
    assert.equal(JSON.parse(await raw.locator('pre').innerText()).icmp_name, 'echo-request');
    assert.equal(await page.getByRole('button', { name: 'Resume' }).count(), 1);
    await page.keyboard.press('Escape');
    await raw.waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement.closest('li') !== null), true);
});

test('arrow keys go through the list', async () => {
    await server.send(Array.from({ length: 100 }, (_, index) => ping({ src_ip: `192.0.2.${index}` })));
    await join();
    await rows().last().getByRole('button').focus();
    await page.keyboard.press('Home');
    await page.locator('.active .said', { hasText: 'from 192.0.2.0 ' }).waitFor();
    for (let step = 0; step < 50; step++) await page.keyboard.press('ArrowDown');
    await page.locator('.active .said', { hasText: 'from 192.0.2.50 ' }).waitFor();
    assert.match(await page.evaluate(() => document.activeElement.innerText), /192\.0\.2\.50/);
});

test('paused, nothing moves; resumed, all is there', async () => {
    await server.send(pings(5));
    await join();
    await page.getByRole('button', { name: 'Pause' }).click();
    const before = await rows().allInnerTexts();
    await server.send(pings(7, { src_ip: '198.51.100.9' }));
    await page.getByText('7 waiting').waitFor();
    assert.deepEqual(await rows().allInnerTexts(), before);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.said', { hasText: '198.51.100.9' }).nth(6).waitFor();
});

test('who scrolls away from the end pauses', async () => {
    await server.send(pings(150));
    await join();
    await page.locator('.window').hover();
    await page.mouse.wheel(0, -600);
    await page.getByRole('button', { name: 'Resume' }).waitFor();
});

test('the filter leaves what matches', async () => {
    await server.send(pings(5), pings(2, { src_ip: '198.51.100.9' }));
    await join();
    await page.getByLabel('Filter').fill('198.51 request');
    await waitFor('two rows', async () => (await rows().count()) === 2);
    await page.getByLabel('Filter').fill('nothing like it');
    await page.getByText('No event matches.').waitFor();
    await page.getByLabel('Filter').fill('');
    await waitFor('seven rows', async () => (await rows().count()) === 7);
});

test('a limit on events a second is kept, and what was skipped is said', async () => {
    await server.send(ping());
    await join();
    const begin = performance.now();
    await page.getByLabel('Show').selectOption('10');
    await page.locator('.stream-state', { hasText: 'Connected' }).waitFor();
    for (let second = 0; second < 3; second++) {
        await server.send(pings(500));
        await pause(700);
    }
    await page.locator('.notice', { hasText: /[\d,]+ events skipped, to keep to the limit/ }).waitFor();
    const kept = Number((await page.getByText(/kept/).innerText()).match(/(\d+) kept/)[1]);
    const allowed = 210 + 10 * ((performance.now() - begin) / 1000); // 200: the lines on joining
    assert.ok(kept < allowed, `${kept} kept of ${allowed}`);
});

test('what this browser was too slow for is said, and where', async () => {
    const events = pings(2).map((event, index) => `id: 1.2-${index}\ndata: ${JSON.stringify(event)}\n\n`);
    const body = events[0] + 'event: lost\ndata: {"count":37}\n\n' + events[1];
    await page.route('**/rooms/icmp', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
    await join();
    await page.locator('.notice', { hasText: '37 events not shown: this browser was too slow' }).waitFor();
    await rows().nth(1).getByText('37 events are missing here').waitFor();
});

test('lost events are a sentence of their own', async () => {
    await server.send(ping(), traffic.lost(Date.now(), { count: 37 }));
    await join();
    await page.locator('[data-tone="lost"] .said', { hasText: '37 events of icmp lost' }).waitFor();
});

test('the end of the input is said, and what was seen stays', async () => {
    await server.send(pings(3));
    await join();
    server.end();
    await page.locator('.notice', { hasText: 'The source has ended; what was seen stays.' }).waitFor();
    await page.locator('#banner', { hasText: 'The input of ebpf-web has ended' }).waitFor();
    assert.equal(await rows().count(), 3);
});

test('a lost connection is said, and made again', async () => {
    const port = await freePort();
    await server.stop();
    server = await startServer({ port });
    await server.send(pings(2));
    await join();
    await server.stop();
    await page.locator('.stream-state', { hasText: 'Connection lost' }).waitFor();
    await page.locator('#banner', { hasText: 'Connection lost' }).waitFor();
    server = await startServer({ port });
    await server.send(ping({ src_ip: '203.0.113.77' }));
    await page.locator('.said', { hasText: '203.0.113.77' }).waitFor({ timeout: 30_000 });
    await page.locator('#banner').waitFor({ state: 'hidden' });
});

test('a room that is not there yet is waited for', async () => {
    await page.goto(server.url + '/#/live/udp');
    await page.getByText('There is no such room yet.').waitFor();
    await server.send(traffic.message(Date.now(), { event_type: 'udp', proto: 'udp', comm: 'dig' }));
    await page.locator('.said', { hasText: 'dig' }).waitFor();
});
