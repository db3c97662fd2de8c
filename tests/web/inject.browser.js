// SPDX-License-Identifier: MIT
// Names, payload and whole lines from outside are shown as text, whatever they contain.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openPage, startServer, writeDatabase } from './support.js';
import * as traffic from './traffic.js';

const script = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
const short = '<b>x</b>\u202e\u0007'; // fits into a comm
let browser, server, page;

before(async () => {
    const now = Date.now();
    const evil = (event) => ({ ...event, comm: short, exe: '/tmp/' + script, rule: short });
    const usage = traffic.usage(now).slice(0, 2).map(evil);
    server = await startServer({
        args: async (directory) => [
            '--db',
            await writeDatabase(directory, traffic.past(now, 1).slice(-60).map(evil)),
        ],
    });
    await server.send(
        usage,
        evil(traffic.deny(now)),
        evil(traffic.connection(now)),
        traffic.ping(now, { icmp_name: script, ifname: script, src_ip: script }),
        evil(traffic.message(now, { payload_printable: script, payload: btoa(script) })),
        traffic.port(now, {
            ifname: script,
            owners: [{ pid: 1, comm: short, uid: 0, start_time: 1, attribution: 'exact' }],
        }),
        traffic.lost(now, { lost_by: script, stream: 'icmp' }),
    );
    await server.post('remote', [
        `{"event_type":"${'x'.repeat(50)}<script>hit=1</script>"}`,
        traffic.deny(now, { comm: '"><svg onload=hit=1>', reason: script, rule: script }),
        traffic
            .usage(now)
            .map((event) => ({ ...event, comm: script, remote_ip: script }))
            .at(0),
        '{"event_type":"conn","comm":{"toString":1},"action":["x"]}',
        '"just a string"',
        '{"__proto__":{"event_type":"icmp"},"event_type":"icmp"}',
    ]);
    browser = await openBrowser();
    page = await openPage(browser);
});

after(async () => {
    await browser?.close();
    await server?.stop();
});

async function assertInert() {
    assert.equal(await page.evaluate(() => window.hit), undefined);
    // the page itself makes no such elements, except b.legend-value
    assert.equal(
        await page
            .locator(
                'main img, main script, main b:not(.legend-value), main iframe, main [onerror], main [onload]',
            )
            .count(),
        0,
    );
    assert.deepEqual(page.complaints, []);
}

for (const hash of ['overview', 'live', 'processes', 'history', 'policy', 'ports']) {
    test(`${hash}: names from outside are text`, async () => {
        await page.goto(`${server.url}/#/${hash}`);
        if (hash !== 'live') await page.getByText('<b>x</b>\\u{202e}\\x07').first().waitFor();
        await assertInert();
    });
}

for (const room of ['icmp', 'tcp', 'deny', 'conn', 'usage', 'ports', 'remote']) {
    test(`room ${room}: events from outside are text, raw ones too`, async () => {
        await page.goto(`${server.url}/#/live/${room}`);
        await page.locator('.window-rows li').first().waitFor();
        for (const row of (await page.locator('.window-rows li button').all()).slice(0, 8)) {
            await row.click();
            await page.getByRole('region', { name: 'Raw JSON' }).waitFor();
        }
        assert.doesNotMatch(await page.locator('main').innerText(), /[\u202e\u0007]/);
        await assertInert();
    });
}

test('payload is shown as it is', async () => {
    await page.goto(`${server.url}/#/live/tcp`);
    await page.locator('small', { hasText: '<img src=x onerror=' }).waitFor();
});

test('a process with such a name opens', async () => {
    await page.goto(`${server.url}/#/processes`);
    await page.locator('tbody a', { hasText: '<b>x</b>' }).first().click();
    await page.getByRole('heading', { level: 1, name: '<b>x</b>' }).waitFor();
    await assertInert();
});

test('a command that cannot be pasted safely is not offered for copying', async () => {
    await page.goto(`${server.url}/#/policy`);
    const item = page.locator('.denials li', { hasText: '<b>x</b>' }).first();
    await item.waitFor();
    assert.equal(await item.getByRole('button').count(), 0);
});

test('addresses that lead astray lead nowhere', async () => {
    for (const hash of [
        'live/' + encodeURIComponent(script),
        'process/' + encodeURIComponent(script),
        'history?process=' + encodeURIComponent(script),
        'live/..%2f..%2fetc',
        '__proto__',
        'constructor',
        'live/%E0%A4%A',
    ]) {
        await page.goto(`${server.url}/#/${hash}`);
        await page.locator('h1').first().waitFor();
        await page.waitForTimeout(200);
        page.complaints = page.complaints.filter((one) => !/status of 40[04]/.test(one));
        await assertInert();
    }
});

test('the page holds no script that the policy would let in', async () => {
    await page.goto(server.url);
    const blocked = await page.evaluate(
        () =>
            new Promise((resolve) => {
                addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
                const node = document.createElement('script');
                node.textContent = 'window.hit = 1';
                document.body.append(node);
                setTimeout(() => resolve('nothing'), 1000);
            }),
    );
    assert.match(blocked, /script-src/);
    assert.equal(await page.evaluate(() => window.hit), undefined);
});
