// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import {
    ago,
    bytes,
    clock,
    count,
    counted,
    duration,
    perSecond,
    rate,
    when,
    zone,
} from '../../tools/web/site/format.js';
import { shortened, shown } from '../../tools/web/site/safe.js';

process.env.TZ = 'Europe/Berlin';

const table = (name, make, rows) =>
    test(name, () => rows.forEach(([given, expected]) => assert.equal(make(given), expected, String(given))));

table('bytes', bytes, [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1048524, '1023.9 KiB'],
    [1048575, '1.0 MiB'],
    [1048576, '1.0 MiB'],
    [10485994, '10.0 MiB'],
    [2 ** 53, '8.0 PiB'],
    [-5, '-5 B'],
    [undefined, '–'],
    [NaN, '–'],
    ['7', '–'],
]);
table('rate', rate, [
    [0, '0 B/s'],
    [1536, '1.5 KiB/s'],
    [undefined, '–'],
]);
table('count', count, [
    [0, '0'],
    [1234567, '1,234,567'],
    [undefined, '–'],
]);
table('perSecond', perSecond, [
    [0, '0/s'],
    [0.25, '0.3/s'],
    [12.4, '12/s'],
    [10000, '10,000/s'],
]);
table('duration', duration, [
    [0, '0 ms'],
    [999, '999 ms'],
    [1200, '1.2 s'],
    [59_999, '59 s'],
    [61_000, '1 min 01 s'],
    [3_660_000, '1 h 01 min'],
    [90_000_000, '1 d 1 h'],
    [NaN, '–'],
]);

test('counted', () => {
    assert.equal(counted(1, 'event'), '1 event');
    assert.equal(counted(2, 'process', 'processes'), '2 processes');
});

test('times are local, with the day where it is another', () => {
    const now = Date.UTC(2026, 10, 21, 23, 30);
    assert.equal(clock(now), '00:30:00');
    assert.equal(clock(now + 7, { millis: true }), '00:30:00.007');
    assert.equal(when(now, now), '00:30:00');
    assert.equal(when(now - 3_600_000, now), '2026-11-21 23:30:00');
    assert.equal(when(undefined), '–');
});

test('the zone is said with its distance from UTC', () => {
    assert.equal(zone(Date.UTC(2026, 10, 21)), 'UTC+01:00');
    assert.equal(zone(Date.UTC(2026, 6, 21)), 'UTC+02:00');
});

test('ago', () => {
    assert.equal(ago(1000, 2000), 'now');
    assert.equal(ago(1000, 6000), '5 s ago');
    assert.equal(ago(0, 7_200_000), '2 h 00 min ago');
    assert.equal(ago(undefined), 'never');
});

table('what cannot be seen is shown', shown, [
    ['plain ä 漢 🐝', 'plain ä 漢 🐝'],
    ['a\nb\tc', 'a\\x0ab\\x09c'],
    ['\u001b[31m', '\\x1b[31m'],
    ['\u007f\u009b', '\\x7f\\x9b'],
    ['\u202eevil', '\\u{202e}evil'],
    ['\u2066a\u2069', '\\u{2066}a\\u{2069}'],
    ['\u200b\ufeff\u00ad', '\\u{200b}\\u{feff}\\xad'],
    ['\u2028', '\\u{2028}'],
    ['\ud800x', '\\u{d800}x'],
    ['\u{e0041}', '\\u{e0041}'],
    ['<b>&amp;', '<b>&amp;'],
    [7, '7'],
    ['Z' + '\u0301'.repeat(500), 'Z\u0301\u0301…'],
]);

test('the middle is left out', () => {
    assert.equal(shortened('/usr/lib/postgresql/15/bin/postgres', 21), '/usr/lib/p…n/postgres');
    assert.equal(shortened('🐝'.repeat(9), 5), '🐝🐝…🐝🐝');
    assert.equal(shortened('short'), 'short');
});
