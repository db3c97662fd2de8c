// SPDX-License-Identifier: MIT
// The page "Ports": watched ports, their packets and their owners.
import { api } from './api.js';
import { el, fill, isolate, setText } from './dom.js';
import { ago, bytes, count, rate } from './format.js';
import { empty, heading, panel, processAddress, show, tellIn } from './parts.js';
import { poll } from './poll.js';
import { shortened } from './safe.js';
import { Table } from './table.js';

function owners(node, row) {
    const list = Array.isArray(row.owners) ? row.owners : [];
    const text = JSON.stringify(list);
    if (node.dataset.owners === text) return; // keeps the focus
    node.dataset.owners = text;
    if (!list.length) return void setText(node, 'nobody');
    fill(
        node,
        list.flatMap((one, index) => [
            index ? ', ' : '',
            el('a', { href: processAddress(one) }, isolate(shortened(one.comm ?? '?', 20))),
            ` (${one.pid})`,
        ]),
    );
}

const measured = (name, show) => ({
    value: (row) => row[name],
    show: (row) => (row[name] === undefined ? 'not measured' : show(row[name])),
    number: true,
    name,
});

const columns = [
    {
        name: 'port',
        label: 'Port',
        header: true,
        value: (row) => row.local_port,
        show: (row) => `${row.local_port ?? '–'} ${shortened(row.proto ?? '', 12).toUpperCase()}`,
    },
    {
        name: 'owners',
        label: 'Held by',
        value: (row) => row.owners?.[0]?.comm,
        make: () => el('span'),
        update: owners,
    },
    { ...measured('packets_received', count), label: 'Packets in' },
    { ...measured('bytes_received', bytes), label: 'Received' },
    { ...measured('rate_received', rate), label: 'Receives' },
    { ...measured('packets_sent', count), label: 'Packets out' },
    { ...measured('bytes_sent', bytes), label: 'Sent' },
    {
        name: 'ifname',
        label: 'Interface',
        value: (row) => row.ifname,
        show: (row) => shortened(row.ifname ?? '–', 16),
    },
    {
        name: 'last',
        label: 'Last',
        number: true,
        value: (row) => row.last_event,
        show: (row) => ago(row.last_event),
    },
];

const nothing = () =>
    empty(
        'No port is watched, or none was reported yet. Watch one, then read:',
        'sudo ebpf-load --xdp eth0',
        'ebpf-ctl watch 8080',
        'ebpf-read all | ebpf-web',
    );

export const ports = {
    title: 'Ports',
    mount(root) {
        const key = (row) => `${row.local_port} ${row.proto} ${row.ifname}`;
        const table = new Table({
            caption: 'Watched ports',
            columns,
            key,
            sort: { name: 'packets_received', down: true },
        });
        const note = el(
            'p',
            { class: 'muted' },
            'Packets as the interface saw them, since ebpf-web started.',
        );
        const other = el('div');
        const content = panel('Watched ports', table.node);
        content.hidden = true;
        show(root, heading('Ports', note), other, content);
        function take(answer) {
            const list = answer.ports ?? [];
            content.hidden = list.length === 0;
            show(other, list.length === 0 && nothing());
            table.set(list);
        }
        return poll(2000, async (signal) => take(await api('ports', signal)), tellIn(other)).stop;
    },
};
