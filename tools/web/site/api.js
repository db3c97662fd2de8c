// SPDX-License-Identifier: MIT
// Requests to the server. Two signals show the rest of the page whether the server answers (reachable) and whether it
// wants a password (signedOut).
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

// Returns an answer with a good status. Throws ApiError for any other, and AbortError if options.signal aborts.
export async function request(path, options = {}) {
    let answer;
    try {
        // With this header the server sends no WWW-Authenticate, so the browser opens no password dialog over our form.
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
        // not JSON: only the status is known
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
