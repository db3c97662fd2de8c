// SPDX-License-Identifier: MIT
// The table of sources: whether events come, and whether any were lost.
import { el, setText } from './dom.js';
import { count, perSecond } from './format.js';
import { address } from './router.js';
import { shortened } from './safe.js';
import { Table } from './table.js';

const states = { live: 'Live', quiet: 'Quiet', ended: 'Ended' };

function state(node, one) {
    node.dataset.state = one.state;
    setText(node, states[one.state] ?? '–');
}

const columns = [
    {
        name: 'name',
        label: 'Room',
        header: true,
        value: (one) => one.name,
        make: () => el('a'),
        update(node, one) {
            node.href = address('live', one.name);
            setText(node, shortened(one.name, 24));
        },
    },
    {
        name: 'state',
        label: 'State',
        value: (one) => one.state,
        make: () => el('span', { class: 'state' }),
        update: state,
    },
    {
        name: 'from',
        label: 'From',
        class: 'wide-only',
        value: (one) => one.source,
        show: (one) => (one.source === 'remote' ? 'another host' : 'standard input'),
    },
    {
        name: 'rate',
        label: 'Events',
        number: true,
        value: (one) => one.rate,
        show: (one) => perSecond(one.rate),
    },
    {
        name: 'last',
        label: 'Last',
        number: true,
        value: (one) => one.last_event,
        show: (one) => one.seen,
    },
    {
        name: 'lost',
        label: 'Lost',
        number: true,
        value: (one) => one.lost,
        make: () => el('span'),
        update(node, one) {
            node.className = one.lost ? 'lost' : '';
            setText(node, count(one.lost ?? 0));
        },
    },
];

export function sourceTable() {
    return new Table({
        caption: 'Sources and their health',
        key: (one) => one.source + ' ' + one.name,
        columns,
        sort: { name: 'name' },
    });
}
