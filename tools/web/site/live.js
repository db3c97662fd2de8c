// SPDX-License-Identifier: MIT
// The page "Live": the list of rooms, or one room if the URL names it.
import { heading, panel, show, empty } from './parts.js';
import { el, isolate, reconcile, setText } from './dom.js';
import { ago, perSecond } from './format.js';
import { mountRoom } from './room.js';
import { address } from './router.js';
import { shortened } from './safe.js';
import { sourceTable } from './sources.js';
import { rooms } from './status.js';

function stateOf(room) {
    if (room.ended) return 'ended';
    return room.rate > 0 ? 'live' : 'quiet';
}

function noRooms() {
    const send = `ebpf-read icmp | curl -fsS -T - -u room:$(cat pw) ${location.origin}/rooms/NAME`;
    const here = empty('No room yet. From this machine:', 'ebpf-read all | ebpf-web');
    return el('div', {}, here, empty('From another one:', send));
}

function mountList(root) {
    const table = sourceTable();
    const note = 'A room is one stream of one source. Open one to see what comes, as it comes.';
    const content = panel('Rooms', el('p', { class: 'muted' }, note), table.node);
    const nothing = noRooms();
    show(root, heading('Live'), content, nothing);
    return rooms.watch((list) => {
        content.hidden = !list?.length;
        nothing.hidden = list === undefined || list.length > 0;
        const row = (room) => ({ ...room, state: stateOf(room), seen: ago(room.last_event) });
        table.set((list ?? []).map(row));
    });
}

// Tabs that switch to the other rooms.
function switcher(current) {
    const list = el('ul', { class: 'room-tabs' });
    const make = () => el('li', {}, el('a', {}, isolate(''), el('span', { class: 'muted' })));
    const update = (node, room) => {
        const link = node.firstChild;
        link.href = address('live', room.name);
        if (room.name === current) link.setAttribute('aria-current', 'page');
        node.dataset.state = stateOf(room);
        setText(link.firstChild, shortened(room.name, 24));
        setText(link.lastChild, room.ended ? 'ended' : perSecond(room.rate));
    };
    const stop = rooms.watch((rooms) =>
        reconcile(list, rooms ?? [], { key: (room) => room.name, make, update }),
    );
    return { node: el('nav', { 'aria-label': 'Rooms' }, list), stop };
}

export const live = {
    title: 'Live',
    mount(root, { argument, query }) {
        if (!argument) return mountList(root);
        const tabs = switcher(argument);
        const part = el('div');
        show(root, tabs.node, part);
        const stop = mountRoom(part, argument, query);
        return () => (tabs.stop(), stop());
    },
};
