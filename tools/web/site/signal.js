// SPDX-License-Identifier: MIT
// A value that others are told of when it changes.
export class Signal {
    #listeners = new Set();

    constructor(value) {
        this.value = value;
    }

    set(value) {
        if (Object.is(value, this.value)) return;
        this.value = value;
        for (const listener of this.#listeners) listener(value);
    }

    // Calls listener now, and on each change until what is returned is called.
    watch(listener) {
        this.#listeners.add(listener);
        listener(this.value);
        return () => this.#listeners.delete(listener);
    }
}
