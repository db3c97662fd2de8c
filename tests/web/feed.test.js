// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { Feed } from '../../tools/web/site/feed.js';
import { changed, fromField, moved, toField, wanted } from '../../tools/web/site/range.js';
import { Parser } from '../../tools/web/site/sse.js';
import { ping } from './traffic.js';

const events = (number, more) =>
    Array.from({ length: number }, () => ({ type: 'message', data: JSON.stringify(ping(1, more)) }));

test('messages are put together however they were cut', () => {
    const stream =
        ': hello\n\nid: E-1\ndata: {"a":1}\n\nevent: lost\ndata: {"count":3}\n\nid: E-2\ndata: x\ndata: y\n\n';
    for (let size = 1; size <= stream.length; size++) {
        const parser = new Parser();
        const found = [];
        for (let at = 0; at < stream.length; at += size)
            found.push(...parser.push(stream.slice(at, at + size)));
        assert.deepEqual(found, [
            { type: 'message', data: '{"a":1}', id: 'E-1' },
            { type: 'lost', data: '{"count":3}', id: undefined },
            { type: 'message', data: 'x\ny', id: 'E-2' },
        ]);
    }
});

test('a feed keeps the latest, within its limit', () => {
    const feed = new Feed(100);
    feed.push(events(250), 0);
    assert.equal(feed.waiting, 100);
    assert.ok(feed.take());
    assert.equal(feed.entries.length, 100);
    feed.push(events(30), 1000);
    feed.take();
    assert.equal(feed.entries.length, 100);
    assert.equal(feed.counts.events, 280);
    assert.equal(feed.entries.at(-1).event.event_type, 'icmp');
});

test('while paused what is shown stays, and what waits is bounded', () => {
    const feed = new Feed(100);
    feed.push(events(10), 0);
    feed.take();
    feed.paused = true;
    feed.push(events(500), 0);
    assert.equal(feed.take(), false);
    assert.equal(feed.entries.length, 10);
    assert.equal(feed.waiting, 100);
    feed.paused = false;
    feed.take();
    assert.equal(feed.entries.length, 100);
});

test('the filter looks at sentences and at raw fields', () => {
    const feed = new Feed();
    feed.push([...events(3), ...events(2, { src_ip: '198.51.100.7' })], 0);
    feed.take();
    for (const [text, number] of [
        ['', 5],
        ['198.51', 2],
        ['ECHO request', 5],
        ['request from', 5],
        ['echo 198.51.100.7', 2],
        ['"ttl":64', 5],
        ['nothing', 0],
    ]) {
        feed.filter(text);
        assert.equal(feed.entries.length, number, text);
    }
    feed.filter('198.51');
    feed.push(events(7), 0);
    feed.take();
    assert.equal(feed.entries.length, 2);
});

test('what is missing is counted, and stands where it is missing', () => {
    const feed = new Feed();
    feed.push(
        [
            ...events(1),
            { type: 'lost', data: '{"count":37}' },
            ...events(1),
            { type: 'sampled', data: '{"count":5}' },
            { type: 'lost', data: 'broken' },
        ],
        0,
    );
    feed.take();
    assert.deepEqual(feed.counts, { events: 2, lost: 37, sampled: 5 });
    assert.equal(feed.entries[1].described.said.join(''), '37 events are missing here');
});

test('the end of a source is known until something comes again', () => {
    const feed = new Feed();
    feed.push([{ type: 'end', data: '{}' }], 0);
    assert.equal(feed.ended, true);
    feed.push(events(1), 0);
    assert.equal(feed.ended, false);
});

test('the rate is that of the last three seconds', () => {
    const feed = new Feed();
    for (let ms = 0; ms < 10_000; ms += 100) feed.push(events(10), ms);
    assert.ok(Math.abs(feed.rate(10_000) - 100) < 5);
    assert.equal(feed.rate(60_000), 0);
    feed.push(events(200), 60_000, true);
    assert.equal(feed.rate(60_000), 0);
});

test('a range of the history stands in the address', () => {
    assert.deepEqual(wanted(new URLSearchParams('')), { since: '1h', by: 'process' });
    assert.deepEqual(wanted(new URLSearchParams('since=')), { by: 'process' });
    assert.deepEqual(wanted(new URLSearchParams('since=7d&by=evil&port=53&x=1')), {
        since: '7d',
        port: '53',
        by: 'process',
    });
    assert.deepEqual(changed({ since: '1h', by: 'process' }, { process: 'curl', by: 'remote' }), {
        since: '1h',
        by: 'remote',
        process: 'curl',
    });
    assert.deepEqual(changed({ since: '1', until: '2', by: 'port' }, { since: '1h', until: undefined }), {
        since: '1h',
        by: 'port',
    });
});

test('a range moves, shrinks and grows', () => {
    assert.deepEqual(moved({ since: 0, until: 100_000 }, 0.5, 0), { since: '25000', until: '75000' });
    assert.deepEqual(moved({ since: 0, until: 100_000 }, 1, 0.5), { since: '50000', until: '150000' });
    assert.deepEqual(moved({ since: 0, until: 1000 }, 0.1, 0), { since: '0', until: '1000' });
});

test('a time goes through a field and comes back', () => {
    const ms = 1795219986000;
    assert.equal(fromField(toField(ms)), String(ms));
    assert.equal(fromField('nonsense'), '');
});

test('of a first and last step only what lies within the range counts', async () => {
    globalThis.matchMedia = () => ({ matches: false });
    globalThis.document = { documentElement: { dataset: {} } };
    const { columns } = await import('../../tools/web/site/chart.js');
    const series = { step_ms: 10_000, start: 0, bytes_sent: [500, 1000, 200], bytes_received: [0, 0, 0] };
    assert.deepEqual(columns(series)[2], [50, 100, 20]);
    assert.deepEqual(columns(series, { since: 5000, until: 22_000 })[2], [100, 100, 100]);
    assert.deepEqual(columns(series, { since: 11_000 })[2].slice(0, 1), [null]);
    assert.deepEqual(columns(undefined), [[], [], []]);
});
