// SPDX-License-Identifier: MIT
// Numbers with units, and times. Times are local; the page's footer names the zone.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

export function bytes(count) {
    if (!Number.isFinite(count)) return '–';
    let value = Math.abs(count);
    let unit = 0;
    // 1023.95 would be printed as 1024.0
    while (value >= (unit ? 1023.95 : 1024) && unit < units.length - 1) {
        value /= 1024;
        unit += 1;
    }
    const text = unit ? value.toFixed(1) : String(Math.round(value));
    return (count < 0 ? '-' : '') + text + ' ' + units[unit];
}

export function rate(bytesPerSecond) {
    return Number.isFinite(bytesPerSecond) ? bytes(bytesPerSecond) + '/s' : '–';
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

export function count(number) {
    return Number.isFinite(number) ? whole.format(number) : '–';
}

export function counted(number, one, many = one + 's') {
    return count(number) + ' ' + (number === 1 ? one : many);
}

export function perSecond(number) {
    return Number.isFinite(number) ? (number < 10 ? tenths : whole).format(number) + '/s' : '–';
}

const two = (number) => String(number).padStart(2, '0');

function day(date) {
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function clock(ms, { millis = false } = {}) {
    if (!Number.isFinite(ms)) return '–';
    const date = new Date(ms);
    const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    return millis ? text + '.' + String(date.getMilliseconds()).padStart(3, '0') : text;
}

// The time, with the date if it is not today.
export function when(ms, now = Date.now()) {
    if (!Number.isFinite(ms)) return '–';
    const date = day(new Date(ms));
    return date === day(new Date(now)) ? clock(ms) : date + ' ' + clock(ms);
}

export function dateTime(ms) {
    return Number.isFinite(ms) ? day(new Date(ms)) + ' ' + clock(ms) : '–';
}

export function zone(ms = Date.now()) {
    const name = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
        .formatToParts(ms)
        .find((part) => part.type === 'timeZoneName').value;
    const minutes = -new Date(ms).getTimezoneOffset();
    const sign = minutes < 0 ? '-' : '+';
    const offset = `UTC${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
    if (minutes === 0) return 'UTC';
    return /^(GMT|UTC)/.test(name) ? offset : `${name}, ${offset}`;
}

export function duration(ms) {
    if (!Number.isFinite(ms)) return '–';
    if (ms < 1000) return `${Math.round(ms)} ms`;
    const seconds = Math.floor(ms / 1000);
    if (seconds < 60) return ms < 10_000 ? `${(Math.floor(ms / 100) / 10).toFixed(1)} s` : `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
    return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

export function ago(ms, now = Date.now()) {
    if (!Number.isFinite(ms)) return 'never';
    return now - ms < 2000
        ? 'now'
        : duration(Math.floor((now - ms) / 1000) * 1000).replace('.0', '') + ' ago';
}
