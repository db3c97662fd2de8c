// SPDX-License-Identifier: MIT
// Every page, with the traffic of a small server: checks what a person must find there.
import assert from 'node:assert/strict';
import { cpus, loadavg } from 'node:os';
import { after, before, test } from 'node:test';
import { openBrowser, openPage, startServer, waitFor, writeDatabase } from './support.js';
import * as traffic from './traffic.js';

let browser, server, page, feeding;

before(async () => {
    const now = Date.now();
    server = await startServer({
        args: async (directory) => ['--db', await writeDatabase(directory, traffic.past(now))],
    });
    const feed = () => server.send(traffic.usage(Date.now()), traffic.others(Date.now()));
    await feed();
    await server.send(traffic.lost(now));
    feeding = setInterval(feed, 1000);
    browser = await openBrowser();
    page = await openPage(browser);
});

after(async () => {
    clearInterval(feeding);
    await browser?.close();
    await server?.stop();
});

const go = (hash) => page.goto(server.url + '/' + hash);
const text = (selector) => page.locator(selector).first().innerText();

test('the first page is complete within 300 ms and 150 KB', async (t) => {
    const fresh = await openPage(browser);
    const session = await fresh.context().newCDPSession(fresh);
    let size = 0;
    await session.send('Network.enable');
    session.on('Network.loadingFinished', (event) => (size += event.encodedDataLength));
    const times = [];
    for (let run = 0; run < 5; run++) {
        size = 0;
        await session.send('Network.clearBrowserCache');
        await fresh.goto(server.url, { waitUntil: 'commit' });
        await fresh.waitForFunction(
            () => document.querySelector('.card .figure a') && document.querySelector('.chart canvas'),
        );
        times.push(await fresh.evaluate(() => performance.now()));
        await fresh.goto('about:blank');
    }
    times.sort((a, b) => a - b);
    t.diagnostic(
        `first page: ${Math.round(times[0])} to ${Math.round(times.at(-1))} ms, ${(size / 1000).toFixed(1)} kB`,
    );
    assert.ok(size > 20_000 && size <= 150_000, `${size} bytes`);
    // only on an idle machine; make bench measures it alone
    assert.ok(times[0] <= (loadavg()[0] < cpus().length ? 300 : 3000), `${times} ms`);
    assert.deepEqual(fresh.complaints, []);
});

test('overview: who uses most, with whom, since when', async () => {
    await go('#/overview');
    await page.waitForFunction(() => document.querySelectorAll('.card .figure a').length);
    const card = page.getByRole('region', { name: 'Uses most' });
    assert.match(await card.innerText(), /(restic|nginx|curl)/);
    assert.match(
        await card.innerText(),
        /since \d\d:\d\d:\d\d, mostly with (192\.0\.2|198\.51\.100|203\.0\.113)\./,
    );
    assert.ok((await page.locator('.pair table').first().locator('tbody tr').count()) >= 7);
    assert.match(await text('.chart'), /Received\s+[\d.]+ [KM]?i?B\/s/);
});

test('overview: what was denied, and how to allow it', async () => {
    const panel = page.locator('.panel', { hasText: 'Denied lately' });
    await panel.locator('.command').first().waitFor();
    assert.match(
        await panel.innerText(),
        /exampleprocess \(20743\) was denied TCP port 8081 of 192\.0\.2\.1/,
    );
    assert.match(await panel.innerText(), /ebpf-ctl allow 8081 --connect --to internet exampleprocess/);
});

test('overview: what is lost', async () => {
    assert.match(await page.getByRole('region', { name: 'Lost', exact: true }).innerText(), /196 events/);
    assert.equal(await text('#loss'), '196 lost');
    assert.match(await page.locator('tr', { hasText: 'icmp' }).innerText(), /196/);
});

test('live: the rooms, with their rates', async () => {
    await go('#/live');
    for (const room of ['icmp', 'tcp', 'udp', 'conn', 'bind', 'deny', 'usage', 'ports'])
        await page.getByRole('link', { name: room, exact: true }).first().waitFor();
});

test('processes: a table that is sorted by its headers', async () => {
    await go('#/processes');
    await page.locator('tbody tr').nth(5).waitFor();
    await page.getByRole('button', { name: 'PID' }).click();
    const pids = async () => (await page.locator('tbody tr td:nth-child(2)').allInnerTexts()).map(Number);
    assert.deepEqual(
        await pids(),
        [...(await pids())].sort((a, b) => b - a),
    );
    assert.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'descending');
    await page.getByRole('button', { name: 'PID' }).press('Enter');
    assert.deepEqual(
        await pids(),
        [...(await pids())].sort((a, b) => a - b),
    );
    await page.getByLabel('Filter').fill('nginx');
    await waitFor('one row', async () => (await page.locator('tbody tr').count()) === 1);
});

test('processes: a click opens one', async () => {
    await page.getByRole('link', { name: 'nginx' }).click();
    await page.getByRole('heading', { name: 'nginx', level: 1 }).waitFor();
    await page.locator('tbody tr', { hasText: '198.51.100.7' }).first().waitFor();
    const content = await text('main');
    assert.match(content, /\/usr\/sbin\/nginx/);
    assert.match(content, /443\s+TCP\s+listens/);
    assert.match(content, /nginx \(1203\) accepted a connection from 198\.51\.100\.7:51022/);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
});

test('processes: one that nobody knows is said to be unknown', async () => {
    await go('#/process/1-1');
    await page.getByText('This process is not known').waitFor();
    page.complaints = page.complaints.filter((one) => !/404/.test(one));
});

test('policy: denials with commands to copy', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await go('#/policy');
    const item = page.locator('.denials li', { hasText: 'serving TCP port 9000' });
    await item.getByRole('button', { name: /^Copy/ }).click();
    await item.getByText('Copied').waitFor();
    assert.match(
        await page.evaluate(() => navigator.clipboard.readText()),
        /^ebpf-ctl allow 9000(\/tcp)? --serve exampleprocess$/,
    );
    assert.match(await text('.denials'), /ebpf-ctl allow 8443 --connect --to internet \/usr\/bin\/curl/);
    assert.match(await text('.denials'), /curl \(4711\) would have been denied TCP port 8443/);
});

test('policy: whose rules hold for what it starts, too', async () => {
    const rest = { mode: 'deny', denied: 0, audited: 0, rules: [] };
    const rules = [
        { process: 'sticks', kind: 'name', children: true, current: true, ...rest },
        { process: 'alone', kind: 'name', children: false, current: true, ...rest },
        { process: 'pid:7', kind: 'pid', children: true, current: false, ...rest },
    ];
    await page.route('**/api/v1/policy', (route) =>
        route.fulfill({ json: { loaded: true, rules, denials: [] } }),
    );
    await go('#/policy');
    const rows = page.locator('tbody tr');
    await rows.nth(2).waitFor();
    const told = (process) => rows.filter({ hasText: process }).innerText();
    assert.match(await told('sticks'), /^sticks and its children\t/);
    assert.match(await told('alone'), /^alone\t/);
    assert.match(await told('pid:7'), /^pid:7 and its children\t[^]*has ended; what it started keeps/);
    await page.unroute('**/api/v1/policy');
});

test('policy: of which users, and with which remote ends', async () => {
    const rest = { process: 'app', kind: 'name', current: true, mode: 'deny', denied: 0, audited: 0 };
    const of = (more) => ({ proto: 'tcp', first: 443, last: 443, hits: 2, ...more });
    const rules = [
        {
            ...rest,
            user: 'alice',
            rules: [
                of({ side: 'connect', to: '10.0.0.0/8,internet' }),
                of({ side: 'serve', to: 'lan' }),
                of({ side: 'both', to: '2001:db8::/32' }),
            ],
        },
        { ...rest, user: 'bob', rules: [of({ side: 'connect' })] },
        { ...rest, rules: [of({ side: 'both' })] },
    ];
    await page.route('**/api/v1/policy', (route) =>
        route.fulfill({ json: { loaded: true, rules, denials: [] } }),
    );
    await go('#/policy');
    const rows = page.locator('tbody tr');
    await rows.filter({ hasText: 'alice' }).waitFor();
    const told = (user) =>
        rows
            .filter({ has: page.getByRole('cell', { name: user, exact: true }) })
            .locator('.ranges li')
            .allInnerTexts();
    assert.deepEqual(await told('alice'), [
        'TCP 443, to connect to 10.0.0.0/8 or internet 2 hits',
        'TCP 443, to serve lan 2 hits',
        'TCP 443, with 2001:db8::/32 2 hits',
    ]);
    assert.deepEqual(await told('bob'), ['TCP 443, to connect 2 hits']);
    assert.equal(await rows.count(), 3);
    assert.match(await rows.filter({ hasText: 'bob' }).innerText(), /^app\tall\tbob\t/);
    const anybody = rows.filter({ hasNotText: /alice|bob/ });
    assert.match(await anybody.innerText(), /^app\tall\tall\t\s*TCP 443 2 hits/);
    await page.unroute('**/api/v1/policy');
});

test('ports: who holds them, and what is not measured', async () => {
    await go('#/ports');
    await page.locator('tbody tr').nth(2).waitFor();
    const row = (port) => page.locator('tbody tr', { hasText: port }).innerText();
    assert.match(await row('443 TCP'), /nginx \(1203\)/);
    assert.match(await row('5432'), /postgres \(31686\)[^]*not measured/);
    assert.match(await row('9090'), /nobody/);
});

test('an unknown address shows the overview', async () => {
    await go('#/nonsense');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
});

test('no page complained', () => assert.deepEqual(page.complaints, []));

test('without data it says how to get some', async () => {
    const empty = await startServer();
    const other = await openPage(browser);
    for (const [hash, command] of [
        ['overview', 'ebpf-read all | ebpf-web'],
        ['live', 'ebpf-read all | ebpf-web'],
        ['processes', 'sudo ebpf-load --sockets'],
        ['history', 'ebpf-store usage.db'],
        ['policy', 'ebpf-'],
        ['ports', 'ebpf-ctl watch'],
    ]) {
        await other.goto(`${empty.url}/#/${hash}`);
        await other.locator('.empty code', { hasText: command }).first().waitFor();
    }
    await empty.stop();
    assert.deepEqual(
        other.complaints.filter((one) => !/404|ERR_/.test(one)),
        [],
    );
});
