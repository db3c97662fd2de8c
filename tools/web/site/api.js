// SPDX-License-Identifier: MIT
// Requests to the server. Two signals tell the rest of the page how that goes: whether it answers, and whether it
// wants a password.
import { Signal } from './signal.js';

export const reachable = new Signal(true);
export const signedOut = new Signal(false);

export class ApiError extends Error {
    constructor(status, message, retryAfter) {
        super(message);
        this.status = status;
        this.retryAfter = retryAfter;
    }
}

// An answer with a good status; throws ApiError else, and AbortError where signal says so.
export async function request(path, options = {}) {
    let answer;
    try {
        // marked, or a refusal would make the browser put a dialog of its own before the form
        const headers = { 'X-Requested-With': 'pinpipe', ...options.headers };
        answer = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options, headers });
    } catch (error) {
        if (error.name !== 'AbortError') reachable.set(false);
        throw error.name === 'AbortError' ? error : new ApiError(0, 'the server does not answer');
    }
    reachable.set(true);
    if (answer.ok) return answer;
    if (answer.status === 401) signedOut.set(true);
    throw new ApiError(answer.status, await reasonOf(answer), Number(answer.headers.get('Retry-After')) || 0);
}

async function reasonOf(answer) {
    try {
        const { error } = await answer.json();
        if (typeof error === 'string') return error;
    } catch {
        // not JSON: the status says it
    }
    return `the server answered ${answer.status}`;
}

export async function get(path, signal) {
    return (await request(path, { signal, headers: { Accept: 'application/json' } })).json();
}

export const api = (path, signal) => get('/api/v1/' + path, signal);

export async function signIn(password) {
    const body = JSON.stringify({ password });
    await request('/login', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
    signedOut.set(false);
}

export async function signOut() {
    await request('/logout', { method: 'POST' });
    signedOut.set(true);
}
