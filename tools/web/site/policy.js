// SPDX-License-Identifier: MIT
// The page "Policy": the rules, how often each was used, and what was denied. Rules cannot be changed here.
import { api } from './api.js';
import { denialGroups } from './denials.js';
import { el, setText } from './dom.js';
import { count, counted, when } from './format.js';
import { empty, heading, panel, show, tellIn } from './parts.js';
import { poll } from './poll.js';
import { shortened } from './safe.js';
import { Table } from './table.js';

const most = 50; // port ranges shown of one process

// to: a list of addresses, prefixes and words with commas between them; undefined: every remote end.
function useOf({ side, to }) {
    const ends = to === undefined ? '' : shortened(to, 255).replaceAll(',', ' or ');
    if (side === 'connect') return ', to connect' + (ends && ' to ' + ends);
    if (side === 'serve') return ', to serve' + (ends && ' ' + ends);
    return ends && ', with ' + ends;
}

function rangeText(range) {
    const { proto, first, last } = range;
    return `${String(proto).toUpperCase()} ${first}${last > first ? '–' + last : ''}${useOf(range)}`;
}

function hits(text, times) {
    return el('li', {}, text, ' ', el('span', { class: 'muted' }, counted(times, 'hit')));
}

function ranges(node, subject) {
    const list = subject.rules ?? [];
    const items = list.slice(0, most).map((range) => hits(rangeText(range), range.hits));
    if (subject.icmp) items.push(hits('ICMP', subject.icmp_hits));
    if (list.length > most) items.push(el('li', { class: 'muted' }, `and ${count(list.length - most)} more`));
    show(node, items.length ? items : el('li', {}, 'nothing'));
}

function noteOf(subject) {
    if (subject.cgroup_present === false) return 'this cgroup is not there';
    if (subject.current !== false) return '';
    if (subject.kind !== 'pid') return 'another file is there now';
    return subject.children ? 'has ended; what it started keeps the rule' : 'has ended';
}

const columns = [
    {
        name: 'process',
        label: 'Process',
        header: true,
        value: (row) => row.process,
        make: () => el('span', {}, el('bdi'), el('span', { class: 'muted' })),
        update(node, row) {
            setText(node.firstChild, shortened(row.process ?? '–', 60));
            setText(node.lastChild, row.children ? ' and its children' : '');
        },
    },
    {
        name: 'cgroup',
        label: 'Cgroup',
        value: (row) => row.cgroup,
        show: (row) => shortened(row.cgroup ?? 'all', 40),
    },
    {
        name: 'user',
        label: 'User',
        value: (row) => row.user,
        show: (row) => shortened(row.user ?? 'all', 40),
    },
    { name: 'ports', label: 'May use', make: () => el('ul', { class: 'ranges' }), update: ranges },
    {
        name: 'mode',
        label: 'Else',
        value: (row) => row.mode,
        make: () => el('span', { class: 'state' }),
        update(node, row) {
            node.dataset.state = row.mode;
            setText(node, row.mode === 'audit' ? 'only audited' : 'denied');
        },
    },
    {
        name: 'denied',
        label: 'Denied',
        number: true,
        value: (row) => row.denied,
        show: (row) => count(row.denied),
    },
    {
        name: 'audited',
        label: 'Audited',
        number: true,
        value: (row) => row.audited,
        show: (row) => count(row.audited),
    },
    {
        name: 'last',
        label: 'Last denial',
        number: true,
        value: (row) => row.last,
        show: (row) => when(row.last),
    },
    { name: 'note', label: 'Note', value: noteOf, show: noteOf },
];

function noRules({ rules, loaded, why = '' }) {
    if (rules === undefined && why && !why.includes('not loaded'))
        return empty(`The rules cannot be read: ${shortened(why, 200)}.`);
    if (!loaded)
        return empty(
            'No rules are loaded: every process may use any port. To load them for a cgroup, then allow a port:',
            'sudo ebpf-load --cgroup /sys/fs/cgroup/app',
            'ebpf-ctl allow 8080 exampleprocess',
        );
    return empty(
        'No rules: every process may use any port. A process with a rule may use only what its rules allow:',
        'ebpf-ctl allow 8080 exampleprocess',
    );
}

function build(root) {
    const key = ({ kind, process, cgroup, user }) => JSON.stringify([kind, process, cgroup, user]);
    const parts = {
        table: new Table({ caption: 'Rules and their counters', columns, key, sort: { name: 'process' } }),
        groups: denialGroups('Nothing was denied since ebpf-web started.'),
        other: el('div'),
        error: el('div'),
    };
    const note = el('p', { class: 'muted' }, 'Only shown here: rules are changed by ebpf-ctl.');
    const rules = panel('Rules', parts.other, parts.table.node);
    show(
        root,
        heading('Policy', note),
        parts.error,
        el('div', { class: 'stack' }, panel('Denials', parts.groups.node), rules),
    );
    return parts;
}

function update({ table, groups, other, error }, answer) {
    const list = answer.rules ?? [];
    show(error);
    show(other, list.length === 0 && noRules(answer));
    table.node.hidden = list.length === 0;
    table.set(list);
    groups.set(answer.denials ?? []);
}

export const policy = {
    title: 'Policy',
    mount(root) {
        const parts = build(root);
        return poll(3000, async (signal) => update(parts, await api('policy', signal)), tellIn(parts.error))
            .stop;
    },
};
