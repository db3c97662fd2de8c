// SPDX-License-Identifier: MIT
// Sentences for the end of a connection: who ended it and how, with its duration and bytes.
import { bytes, counted, duration } from './format.js';
import { remote, say, text, who } from './words.js';

const endings = {
    closed: (event) =>
        event.closed_by === 'remote'
            ? say`${remote(event)} closed its connection with ${who(event)}`
            : say`${who(event)} closed its connection with ${remote(event)}`,
    reset: (event) => say`${remote(event)} reset its connection with ${who(event)}`,
    aborted: (event) => say`${who(event)} aborted its connection with ${remote(event)}`,
    timeout: (event) => say`The connection of ${who(event)} with ${remote(event)} timed out`,
};

export function closing(event) {
    const otherwise = () =>
        say`The connection of ${who(event)} with ${remote(event)} ended: ${[text(event.error ?? event.reason)]}`;
    const said = (Object.hasOwn(endings, event.reason) ? endings[event.reason] : otherwise)(event);
    const details = [
        event.duration_ms >= 0 && 'after ' + duration(event.duration_ms),
        event.bytes_sent >= 0 && bytes(event.bytes_sent) + ' sent',
        event.bytes_received >= 0 && bytes(event.bytes_received) + ' received',
        event.retransmits > 0 && counted(event.retransmits, 'retransmit'),
    ];
    return [said, details];
}
