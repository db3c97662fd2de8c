// SPDX-License-Identifier: MIT
// The table of the history page: the largest senders and receivers in a range. A link on each narrows the query to it.
import { el, setText } from './dom.js';
import { bytes, count } from './format.js';
import { changed, kinds } from './range.js';
import { address } from './router.js';
import { shortened } from './safe.js';
import { Table } from './table.js';

const sum = (row) => (row.bytes_sent ?? 0) + (row.bytes_received ?? 0);
// The grouping to show next, after one row of a grouping was chosen.
const next = { process: 'remote', remote: 'process', port: 'process', proto: 'process' };

function keyColumn(now, label, field) {
    return {
        name: 'key',
        label,
        header: true,
        value: (row) => row[field],
        make: () => el('a'),
        update(node, row) {
            const known = row[field] !== undefined && row[field] !== '';
            if (known && next[now.by])
                node.href = address(
                    'history',
                    undefined,
                    changed(now, { [now.by]: String(row[field]), by: next[now.by] }),
                );
            else node.removeAttribute('href');
            setText(node, known ? shortened(row[field], 45) : 'not known');
        },
    };
}

function shareColumn(total) {
    return {
        name: 'share',
        label: 'Share',
        class: 'share-cell',
        make: () => el('div', { class: 'share' }, el('div')),
        update(node, row) {
            const part = sum(row) / Math.max(1, total());
            node.firstChild.style.width = `${(part * 100).toFixed(1)}%`;
            node.title = `${(part * 100).toFixed(1)} %`;
        },
    };
}

const amount = (name, label, show) => ({
    name,
    label,
    number: true,
    value: (row) => row[name],
    show: (row) => show(row[name]),
});

const amounts = [
    amount('bytes_received', 'Received', bytes),
    amount('bytes_sent', 'Sent', bytes),
    { name: 'total', label: 'Total', number: true, value: sum, show: (row) => bytes(sum(row)) },
    amount('calls_received', 'Calls in', count),
    amount('calls_sent', 'Calls out', count),
];

export function historyTable(now) {
    const [, label, field] = kinds.find(([name]) => name === now.by);
    let all = 0;
    const table = new Table({
        caption: `Traffic by ${label.toLowerCase()}`,
        key: (row) => `${row.from} ${row[field]}`,
        sort: { name: 'total', down: true },
        empty: 'Nothing is stored of this range.',
        columns: [keyColumn(now, label, field), shareColumn(() => all), ...amounts],
    });
    function set(rows, total) {
        all = total ? sum(total) : rows.reduce((so, row) => so + sum(row), 0);
        table.set(rows.filter((row) => row.by === now.by));
    }
    return { node: table.node, set };
}
