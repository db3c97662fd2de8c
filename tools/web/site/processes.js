// SPDX-License-Identifier: MIT
// The page "Processes": every process that was seen on the network.
import { api } from './api.js';
import { el, setText } from './dom.js';
import { bytes, count, counted, rate, when } from './format.js';
import { empty, heading, panel, processAddress, show, tellIn } from './parts.js';
import { poll } from './poll.js';
import { shortened } from './safe.js';
import { Table } from './table.js';

const rates = (one) => (one.rate_sent ?? 0) + (one.rate_received ?? 0);

const amount = (name, label, show = bytes, more = {}) => ({
    name,
    label,
    number: true,
    value: (one) => one[name] ?? 0,
    show: (one) => show(one[name] ?? 0),
    ...more,
});

// Columns for wide screens only: a telephone shows name, amounts and address; the page of the process has the rest.
const wide = { class: 'wide-only' };
const columns = [
    {
        name: 'comm',
        label: 'Process',
        header: true,
        value: (one) => one.comm,
        make: () => el('a'),
        update(node, one, row) {
            row.dataset.exited = String(Boolean(one.exited));
            node.href = processAddress(one);
            node.title = shortened(one.exe ?? '', 200);
            setText(node, shortened(one.comm ?? '–', 20));
        },
    },
    {
        name: 'pid',
        label: 'PID',
        ...wide,
        number: true,
        value: (one) => one.pid,
        show: (one) => String(one.pid ?? '–'),
    },
    { name: 'rate', label: 'Now', number: true, value: rates, show: (one) => rate(rates(one)) },
    amount('rate_received', 'Receives', rate, wide),
    amount('rate_sent', 'Sends', rate, wide),
    amount('bytes_received', 'Received'),
    amount('bytes_sent', 'Sent'),
    amount('remotes', 'Remotes', count, wide),
    {
        name: 'top_remote',
        label: 'Mostly with',
        value: (one) => one.top_remote,
        show: (one) => shortened(one.top_remote ?? '–', 40),
    },
    {
        name: 'denied',
        label: 'Denied',
        number: true,
        value: (one) => one.denied ?? 0,
        make: () => el('span'),
        update(node, one) {
            node.className = one.denied ? 'denied' : '';
            setText(node, count(one.denied ?? 0));
        },
    },
    {
        name: 'first_seen',
        label: 'Since',
        number: true,
        value: (one) => one.first_seen,
        show: (one) => when(one.first_seen),
    },
    {
        name: 'last_seen',
        label: 'Last',
        number: true,
        value: (one) => one.last_seen,
        show: (one) => when(one.last_seen) + (one.exited ? ', exited' : ''),
    },
];

function matches(one, words) {
    const text = `${one.comm} ${one.pid} ${one.exe ?? ''} ${one.top_remote ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
}

function sentence(all, forgotten) {
    const more = forgotten ? `; ${count(forgotten)} older ones were forgotten` : '';
    return `${counted(all.length, 'process', 'processes')}${more}`;
}

function build(root, changed) {
    const field = el('input', {
        type: 'search',
        id: 'filter',
        placeholder: 'name, pid, path or address',
        autocomplete: 'off',
        oninput: changed,
    });
    const table = new Table({
        caption: 'Processes',
        key: (one) => `${one.pid}-${one.start_time}`,
        columns,
        sort: { name: 'rate', down: true },
        empty: 'No process matches.',
    });
    const label = el('label', { for: 'filter' }, 'Filter');
    const content = panel(
        'Processes',
        el('div', { class: 'controls' }, el('div', { class: 'wide-field' }, label, field)),
        table.node,
    );
    content.querySelector('h2').classList.add('unseen');
    const parts = { field, table, content, note: el('p', { class: 'muted' }), other: el('div') };
    show(root, heading('Processes', parts.note), parts.other, content);
    return parts;
}

const nothing = () =>
    empty(
        'No process has been seen. Load the socket probes, then read them:',
        'sudo ebpf-load --sockets',
        'ebpf-read all | ebpf-web',
    );

export const processes = {
    title: 'Processes',
    mount(root) {
        let all = [];
        const parts = build(root, () => update());
        function update() {
            const words = parts.field.value.toLowerCase().split(/\s+/).filter(Boolean);
            parts.table.set(all.filter((one) => matches(one, words)));
        }
        function take(answer) {
            all = answer.processes ?? [];
            setText(parts.note, sentence(all, answer.forgotten));
            parts.content.hidden = all.length === 0;
            show(parts.other, all.length === 0 && nothing());
            update();
        }
        const ask = async (signal) => take(await api('processes?limit=500&sort=rate', signal));
        return poll(2000, ask, tellIn(parts.other)).stop;
    },
};
