// Every process that was seen on the network.
import { api } from './api.js';
import { el, setText } from './dom.js';
import { bytes, count, counted, rate, when } from './format.js';
import { empty, failure, heading, panel, processAddress, show } from './parts.js';
import { poll } from './poll.js';
import { shortened } from './safe.js';
import { Table } from './table.js';

const rates = (one) => (one.rate_sent ?? 0) + (one.rate_received ?? 0);

const amount = (name, label, show = bytes) => ({ name, label, number: true, value: (one) => one[name] ?? 0, show: (one) => show(one[name] ?? 0) });

const columns = [
    { name: 'comm', label: 'Process', header: true, value: (one) => one.comm, make: () => el('a'), update(node, one, row) {
        row.dataset.exited = String(Boolean(one.exited));
        node.href = processAddress(one);
        node.title = shortened(one.exe ?? '', 200);
        setText(node, shortened(one.comm ?? '–', 20));
    } },
    { name: 'pid', label: 'PID', number: true, value: (one) => one.pid, show: (one) => String(one.pid ?? '–') },
    amount('rate_received', 'Receives', rate),
    amount('rate_sent', 'Sends', rate),
    amount('bytes_received', 'Received'),
    amount('bytes_sent', 'Sent'),
    amount('remotes', 'Remotes', count),
    { name: 'top_remote', label: 'Mostly with', value: (one) => one.top_remote, show: (one) => shortened(one.top_remote ?? '–', 40) },
    { name: 'denied', label: 'Denied', number: true, value: (one) => one.denied ?? 0, make: () => el('span'), update(node, one) {
        node.className = one.denied ? 'denied' : '';
        setText(node, count(one.denied ?? 0));
    } },
    { name: 'first_seen', label: 'Since', number: true, value: (one) => one.first_seen, show: (one) => when(one.first_seen) },
    { name: 'last_seen', label: 'Last', number: true, value: (one) => one.last_seen, show: (one) => when(one.last_seen) + (one.exited ? ', exited' : '') },
];

function matches(one, words) {
    const text = `${one.comm} ${one.pid} ${one.exe ?? ''} ${one.top_remote ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
}

function sentence(all, forgotten) {
    const more = forgotten ? `; ${count(forgotten)} older ones were forgotten` : '';
    return `${counted(all.length, 'process', 'processes')}${more}`;
}

export const processes = {
    title: 'Processes',
    mount(root) {
        const table = new Table({ caption: 'Processes', key: (one) => `${one.pid}-${one.start_time}`, columns, sort: { name: 'rate_received', down: true }, empty: 'No process matches.' });
        const field = el('input', { type: 'search', id: 'filter', placeholder: 'name, pid, path or address', autocomplete: 'off', oninput: () => update() });
        const note = el('p', { class: 'muted' });
        const content = panel('Processes', el('div', { class: 'controls' }, el('label', { for: 'filter' }, 'Filter'), field), table.node);
        const other = el('div');
        let all = [];
        let sorted = false;
        content.querySelector('h2').classList.add('unseen');
        show(root, heading('Processes', note), other, content);

        function update() {
            const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
            table.set(all.filter((one) => matches(one, words)));
        }
        function take(answer) {
            all = answer.processes ?? [];
            if (!sorted && all.length) (sorted = true), table.sortBy(all.some(rates) ? 'rate_received' : 'bytes_received');
            setText(note, sentence(all, answer.forgotten));
            content.hidden = all.length === 0;
            show(other, all.length === 0 && empty('No process has been seen. Load the socket probes, then read them:', 'sudo ebpf-load --sockets', 'ebpf-read all | ebpf-web'));
            update();
        }
        const polling = poll(2000, async (signal) => take(await api('processes?limit=500&sort=rate', signal)),
            (error) => error.status > 0 && error.status !== 401 && show(other, failure(error)));
        return polling.stop;
    },
};
