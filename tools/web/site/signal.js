// SPDX-License-Identifier: MIT
// A value with listeners that are called when it changes.
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

    // Calls listener now and on each change. Returns a function that ends this.
    watch(listener) {
        this.#listeners.add(listener);
        listener(this.value);
        return () => this.#listeners.delete(listener);
    }
}
