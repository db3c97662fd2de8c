// SPDX-License-Identifier: MIT
// The parts of sentences: a sentence is a list of words and of values, { value }.
import { shortened } from './safe.js';

// Values from outside may be of any type, whatever pinpipe-events(5) says.
export function text(value, length = 64) {
    if (value === undefined) return '?';
    return shortened(typeof value === 'object' ? JSON.stringify(value) : value, length);
}

export const value = (content, length) => ({ value: text(content, length) });

// say`${who} sent ${what}` makes a sentence. Words stay words, lists of parts are inserted, all else becomes a value.
export function say(words, ...values) {
    const parts = [];
    words.forEach((word, index) => {
        if (word) parts.push(word);
        if (index >= values.length) return;
        const part = values[index];
        if (Array.isArray(part)) parts.push(...part);
        else if (part !== undefined) parts.push(part?.value === undefined ? value(part) : part);
    });
    return parts;
}

export function plain(parts) {
    return parts.map((part) => part.value ?? part).join('');
}

export function endpoint(address, port) {
    if (address === undefined && port === undefined) return 'an unknown address';
    if (address === undefined) return 'port ' + text(port);
    if (port === undefined) return text(address);
    return (String(address).includes(':') ? `[${text(address)}]` : text(address)) + ':' + text(port);
}

export const remote = (event) => value(endpoint(event.remote_ip, event.remote_port));
export const protocol = (event) => text(event.proto ?? event.event_type).toUpperCase();

export function who(event) {
    if (event.comm === undefined && event.pid === undefined) return ['an unknown process'];
    if (event.comm === undefined) return ['process ', value(event.pid)];
    return event.pid === undefined ? [value(event.comm)] : [value(event.comm), ` (${text(event.pid)})`];
}
