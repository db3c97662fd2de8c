// SPDX-License-Identifier: MIT
// The query of the history page, as it is in the URL. Pure functions.

export const presets = [
    ['15m', '15 min'],
    ['1h', '1 hour'],
    ['6h', '6 hours'],
    ['24h', '24 hours'],
    ['7d', '7 days'],
    ['30d', '30 days'],
    ['', 'All'],
];
export const kinds = [
    ['process', 'Process', 'comm'],
    ['remote', 'Remote address', 'remote_ip'],
    ['port', 'Remote port', 'remote_port'],
    ['proto', 'Protocol', 'proto'],
    ['host', 'Machine', 'host'],
];
export const filters = ['process', 'remote', 'port', 'proto'];

const kept = ['since', 'until', 'by', ...filters];

export function wanted(query) {
    const found = {};
    for (const name of kept) if (query.get(name)) found[name] = query.get(name);
    if (!query.has('since') && !found.until) found.since = '1h';
    if (!kinds.some(([name]) => name === found.by)) found.by = 'process';
    return found;
}

// The query for the URL, with changes. An empty since is kept, since it means the whole history.
export function changed(now, changes) {
    const next = { since: '', ...now, ...changes };
    return Object.fromEntries(Object.entries(next).filter(([name, value]) => value || name === 'since'));
}

// Another range: its length times factor, moved by shift times its length.
export function moved({ since, until }, factor, shift) {
    const length = until - since;
    const middle = (since + until) / 2 + shift * length;
    const half = Math.max(1000, length * factor) / 2;
    return { since: String(Math.round(middle - half)), until: String(Math.round(middle + half)) };
}

const two = (number) => String(number).padStart(2, '0');

// The value for <input type="datetime-local">: local time.
export function toField(ms) {
    if (!Number.isFinite(ms)) return '';
    const d = new Date(ms);
    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

export function fromField(text) {
    const ms = new Date(text).getTime();
    return Number.isFinite(ms) ? String(ms) : '';
}
