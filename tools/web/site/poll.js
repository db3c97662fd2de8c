// SPDX-License-Identifier: MIT
// Sends a request again and again, one at a time, and not while the page is hidden.
import { signedOut } from './api.js';

// Awaits ask(signal) every interval milliseconds and passes errors to failed. Returns { now, stop }.
export function poll(interval, ask, failed = () => {}) {
    const abort = new AbortController();
    let timer = 0;
    let busy = false;

    async function turn() {
        clearTimeout(timer);
        if (busy || abort.signal.aborted || document.hidden || signedOut.value) return;
        busy = true;
        try {
            await ask(abort.signal);
        } catch (error) {
            if (error.name !== 'AbortError') failed(error);
        } finally {
            busy = false;
            if (!abort.signal.aborted) timer = setTimeout(turn, interval);
        }
    }

    const unwatch = signedOut.watch(turn);
    document.addEventListener('visibilitychange', turn);
    function stop() {
        abort.abort();
        clearTimeout(timer);
        unwatch();
        document.removeEventListener('visibilitychange', turn);
    }
    return { now: turn, stop };
}
