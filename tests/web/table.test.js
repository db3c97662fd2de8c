// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { inOrder } from '../../tools/web/site/table.js';

const ordered = (values, down) => inOrder(values, (value) => value, down);

test('numbers are ordered as numbers, texts by the numbers in them', () => {
    assert.deepEqual(ordered([10, 9, 0]), [0, 9, 10]);
    assert.deepEqual(ordered([10, 0, 9], true), [10, 9, 0]);
    assert.deepEqual(ordered(['eth10', 'eth9', 'a']), ['a', 'eth9', 'eth10']);
    assert.deepEqual(ordered(['eth9', 'a', 'eth10'], true), ['eth10', 'eth9', 'a']);
});

test('unknown values come last in both directions', () => {
    const rows = [{ at: undefined }, { at: 1 }, { at: undefined }, { at: 2 }];
    const order = (down) => inOrder(rows, (row) => row.at, down).map((row) => row.at);
    assert.deepEqual(order(false), [1, 2, undefined, undefined]);
    assert.deepEqual(order(true), [2, 1, undefined, undefined]);
});
