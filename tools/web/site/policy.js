// The rules, how often each was used, and what was refused. To look at only.
import { api } from './api.js';
import { denialGroups } from './denials.js';
import { el, setText } from './dom.js';
import { count, counted, when } from './format.js';
import { empty, failure, heading, panel, show } from './parts.js';
import { poll } from './poll.js';
import { shortened } from './safe.js';
import { Table } from './table.js';

const columns = [
    { name: 'process', label: 'Process', header: true, value: (row) => row.process, make: () => el('bdi'), update: (node, row) => setText(node, shortened(row.process ?? '–', 60)) },
    { name: 'cgroup', label: 'Cgroup', value: (row) => row.cgroup, show: (row) => shortened(row.cgroup ?? 'all', 40) },
    { name: 'ports', label: 'May use', value: (row) => row.first, show: (row) => portsText(row) },
    { name: 'hits', label: 'Hits', number: true, value: (row) => row.hits, show: (row) => count(row.hits) },
    { name: 'mode', label: 'Else', value: (row) => row.mode, make: () => el('span', { class: 'state' }), update(node, row) {
        node.dataset.state = row.mode;
        setText(node, row.mode === 'audit' ? 'only audited' : 'denied');
    } },
    { name: 'denied', label: 'Denied', number: true, value: (row) => row.denied, show: (row) => count(row.denied) },
    { name: 'audited', label: 'Audited', number: true, value: (row) => row.audited, show: (row) => count(row.audited) },
    { name: 'last', label: 'Last denial', number: true, value: (row) => row.last, show: (row) => when(row.last) },
    { name: 'note', label: 'Note', value: (row) => row.note, show: (row) => row.note },
];

function portsText({ proto, first, end }) {
    if (first === undefined) return 'nothing';
    return `${String(proto).toUpperCase()} ${first}${end > first ? '–' + end : ''}`;
}

// A row for each range of ports; what is said of the whole subject stands in each.
export function rows(subjects) {
    return subjects.flatMap((subject, index) => {
        const note = subject.current === false ? (subject.kind === 'pid' ? 'has ended' : 'another file is there now') : '';
        const ranges = subject.rules?.length ? subject.rules : [{}];
        return ranges.map(({ proto, first, last: end, hits }, at) => ({ ...subject, proto, first, end, hits, note, id: `${index} ${at}` }));
    });
}

function noRules(answer) {
    if (answer.rules === undefined) {
        const why = answer.why ? `: ${answer.why}` : '';
        return empty(`The rules cannot be read${why}. The counters are for the group that reads:`, 'sudo ebpf-load --cgroup /sys/fs/cgroup/app --group ebpf');
    }
    if (!answer.loaded) return empty('No rules are loaded: every process may use any port. To load them for a cgroup, then allow a port:', 'sudo ebpf-load --cgroup /sys/fs/cgroup/app', 'ebpf-ctl allow 8080 exampleprocess');
    return empty('No rules: every process may use any port. A process with a rule may use only what its rules allow:', 'ebpf-ctl allow 8080 exampleprocess');
}

export const policy = {
    title: 'Policy',
    mount(root) {
        const table = new Table({ caption: 'Rules and their counters', columns, key: (row) => row.id, sort: { name: 'process' } });
        const groups = denialGroups('Nothing was denied since ebpf-web started.');
        const other = el('div');
        const error = el('div');
        const note = el('p', { class: 'muted' }, 'Only shown here: rules are changed by ebpf-ctl.');
        const denials = panel('Denials', groups.node);
        show(root, heading('Policy', note), error, el('div', { class: 'stack' }, denials, panel('Rules', other, table.node)));

        function take(answer) {
            const list = rows(answer.rules ?? []);
            show(error);
            show(other, list.length === 0 && noRules(answer));
            table.node.hidden = list.length === 0;
            table.set(list);
            groups.set(answer.denials ?? []);
            setText(denials.firstChild, answer.denials?.length ? `Denials: ${counted(answer.denials.length, 'kind')}` : 'Denials');
        }
        const polling = poll(3000, async (signal) => take(await api('policy', signal)), (failed) => failed.status > 0 && failed.status !== 401 && show(error, failure(failed)));
        return polling.stop;
    },
};
