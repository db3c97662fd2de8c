// SPDX-License-Identifier: MIT
// Denials, grouped by process, port and kind of remote end, each with the command that would allow it.
import { command } from './copy.js';
import { el, reconcile } from './dom.js';
import { counted, when } from './format.js';
import { sentenceNodes, show } from './parts.js';
import { shortened } from './safe.js';
import { endpoint, say, value, who } from './words.js';

export const newest = (events) =>
    events.reduce(
        (last, one) => (last === undefined || one.timestamp > last.timestamp ? one : last),
        undefined,
    );

function sentence(group) {
    const verb = group.audit ? 'would have been denied' : 'was denied';
    const port = value(String(group.proto ?? '').toUpperCase() + ' port ' + (group.port ?? '?'));
    if (group.port === undefined)
        return say`${who(group)} ${[verb]} ${value(String(group.proto ?? 'this kind'))} sockets`;
    if (group.local) return say`${who(group)} ${[verb]} serving ${port}`;
    const peer = group.remote_ip === undefined ? [] : say` of ${value(endpoint(group.remote_ip))}`;
    return say`${who(group)} ${[verb]} ${port}${peer}`;
}

// The command tells apart groups of a port whose side is not known.
const keyOf = ({ comm, pid, proto, port, local, to, rule, audit, command: allowing }) =>
    JSON.stringify([comm, pid, proto, port, local, to, rule, audit, allowing]);

function update(node, group) {
    const [said, times, allow] = node.children;
    const rule = group.rule === undefined ? '' : ` · rules of ${shortened(group.rule, 40)}`;
    const text = `${counted(group.count, 'time')}, last ${when(group.last)}${rule}`;
    if (times.textContent !== text) times.textContent = text;
    if (node.dataset.command === String(group.command)) return; // keeps the focus on its button
    node.dataset.command = String(group.command);
    node.dataset.tone = group.audit ? 'audit' : 'deny';
    show(said, ...sentenceNodes(sentence(group)));
    if (group.command === undefined)
        show(allow, el('span', { class: 'muted' }, 'No rule can allow this kind.'));
    else show(allow, el('span', { class: 'muted' }, 'To allow it: '), command(group.command));
}

// { node, set(groups) }
export function denialGroups(none) {
    const list = el('ul', { class: 'denials' });
    const nothing = el('p', { class: 'empty-line muted' }, none);
    const make = () =>
        el('li', {}, el('p', { class: 'said' }), el('p', { class: 'muted small' }), el('p', {}));
    function set(groups) {
        nothing.hidden = groups.length > 0;
        list.hidden = groups.length === 0;
        reconcile(
            list,
            [...groups].sort((a, b) => (b.last ?? 0) - (a.last ?? 0)),
            { key: keyOf, make, update },
        );
    }
    set([]);
    return { node: el('div', {}, list, nothing), set };
}
