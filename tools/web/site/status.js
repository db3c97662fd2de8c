// SPDX-License-Identifier: MIT
// The status that every page shows: whether the server answers, how many events come, whether any were lost.
import { get, reachable } from './api.js';
import { count, perSecond } from './format.js';
import { setText } from './dom.js';
import { poll } from './poll.js';
import { Signal } from './signal.js';

export const rooms = new Signal(undefined);

export const sum = (list, name) =>
    list.reduce((total, one) => total + (Number.isFinite(one[name]) ? one[name] : 0), 0);
const hasEnded = (list) => {
    const own = list.filter((room) => room.source === 'stdin');
    return own.length > 0 && own.every((room) => room.ended);
};

export function startStatus({ pulse, loss, banner }) {
    const polling = poll(3000, async (signal) => {
        const answer = await get('/rooms', signal);
        rooms.set(Array.isArray(answer.rooms) ? answer.rooms : []);
    });
    const show = () => {
        showPulse(pulse, rooms.value, reachable.value);
        showLoss(loss, rooms.value);
        showBanner(banner, rooms.value, reachable.value);
    };
    rooms.watch(show);
    reachable.watch(show);
    banner.querySelector('button').addEventListener('click', polling.now);
}

function showPulse(node, list, answers) {
    const lively = list?.some((room) => room.rate > 0);
    node.dataset.state = !answers ? 'lost' : lively ? 'live' : 'quiet';
    setText(
        node.lastElementChild,
        !answers
            ? 'No connection'
            : list === undefined
              ? 'Connecting…'
              : perSecond(sum(list, 'rate')).replace('/s', ' events/s'),
    );
}

function showLoss(node, list) {
    const lost = list === undefined ? 0 : sum(list, 'lost');
    node.hidden = list === undefined;
    node.dataset.state = lost ? 'lost' : 'good';
    setText(node, lost ? `${count(lost)} lost` : 'Nothing lost');
}

function showBanner(node, list, answers) {
    const ended = list !== undefined && hasEnded(list);
    node.hidden = answers && !ended;
    node.dataset.state = answers ? 'ended' : 'lost';
    node.querySelector('button').hidden = answers;
    setText(
        node.querySelector('p'),
        answers
            ? 'The input of ebpf-web has ended: nothing new comes from this machine. What was seen stays.'
            : 'Connection lost. Trying again…',
    );
}
