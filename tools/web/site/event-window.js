// SPDX-License-Identifier: MIT
// A list of which only the visible rows exist as elements. It follows new rows, until somebody scrolls away from the
// end or chooses a row.
import { el, fill, setText } from './dom.js';
import { clock } from './format.js';
import { sentenceNodes } from './parts.js';

const spare = 4; // rows beyond either edge

export class EventWindow {
    #entries = [];
    #rows = [];
    #active = -1;
    #first = 0;
    #follows = true;
    #list = el('ul', { class: 'window-rows' });
    #scroller;
    #callbacks;

    // callbacks: chosen(entry, byKeyboard) when a row is opened; left() when somebody scrolls away from the end.
    constructor(label, callbacks) {
        this.#callbacks = callbacks;
        this.#scroller = el(
            'div',
            {
                class: 'window',
                role: 'region',
                'aria-label': label,
                onscroll: () => this.#scrolled(),
                onkeydown: (event) => this.#key(event),
            },
            this.#list,
        );
        this.node = this.#scroller;
        this.resize = new ResizeObserver(() => this.#resized());
        this.resize.observe(this.#scroller);
    }

    show(entries) {
        this.#entries = entries;
        if (this.#active >= entries.length) this.#active = -1;
        this.#list.style.height = `${entries.length * this.#height()}px`;
        if (this.#follows) this.#scroller.scrollTop = this.#scroller.scrollHeight;
        this.#draw();
    }

    #resized() {
        if (this.#active >= 0) this.#reveal(this.#active);
        this.show(this.#entries);
    }

    follow(on) {
        this.#follows = on;
        if (on) this.#active = -1;
        if (on) this.show(this.#entries);
    }

    // Moves the focus to the chosen row.
    focus() {
        this.#rows[this.#active - this.#first]?.firstChild.focus();
    }

    destroy() {
        this.resize.disconnect();
    }

    #height() {
        return parseFloat(getComputedStyle(this.#scroller).getPropertyValue('--row')) || 28;
    }

    #draw() {
        const height = this.#height();
        this.#first = Math.max(0, Math.floor(this.#scroller.scrollTop / height) - spare);
        const visible = Math.ceil(this.#scroller.clientHeight / height) + 2 * spare;
        const last = Math.min(this.#entries.length, this.#first + visible);
        const hadFocus = this.#list.contains(document.activeElement);
        while (this.#rows.length < last - this.#first) this.#add();
        while (this.#rows.length > last - this.#first) this.#rows.pop().remove();
        this.#list.style.paddingTop = `${this.#first * height}px`;
        this.#rows.forEach((row, at) => this.#put(row, this.#first + at));
        if (hadFocus) this.focus();
    }

    #add() {
        const button = el(
            'button',
            { type: 'button', onclick: (event) => this.#choose(event) },
            el('time'),
            el('span', { class: 'kind' }),
            el('span', { class: 'said' }),
        );
        const row = el('li', {}, button);
        this.#rows.push(row);
        this.#list.append(row);
    }

    #put(row, index) {
        const entry = this.#entries[index];
        const button = row.firstChild;
        const active = this.#active === index;
        row.setAttribute('aria-posinset', index + 1);
        row.setAttribute('aria-setsize', this.#entries.length);
        button.tabIndex = active || (!this.#isVisible(this.#active) && index === this.#first) ? 0 : -1;
        row.classList.toggle('active', active);
        if (row.entry === entry) return;
        row.entry = entry;
        const { kind, tone, said, more } = entry.described;
        row.dataset.tone = tone;
        const [time, label, sentence] = button.children;
        setText(time, entry.event ? clock(entry.event.timestamp, { millis: true }) : '');
        setText(label, kind);
        fill(sentence, ...sentenceNodes(said), more && el('small', {}, ' ', more));
    }

    #isVisible(index) {
        return index >= this.#first && index < this.#first + this.#rows.length;
    }

    #scrolled() {
        const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
        if (this.#follows && scrollTop + clientHeight < scrollHeight - 1.5 * this.#height())
            this.#callbacks.left();
        this.#draw();
    }

    #choose(event) {
        const index = this.#first + this.#rows.indexOf(event.currentTarget.parentNode);
        this.#active = index;
        const entry = this.#entries[index];
        this.#callbacks.chosen(entry, event.detail === 0);
        this.#draw();
    }

    #key(event) {
        const page = Math.max(1, Math.floor(this.#scroller.clientHeight / this.#height()) - 1);
        const at = this.#first + this.#rows.findIndex((row) => row.contains(document.activeElement));
        const to = {
            ArrowUp: at - 1,
            ArrowDown: at + 1,
            PageUp: at - page,
            PageDown: at + page,
            Home: 0,
            End: this.#entries.length - 1,
        }[event.key];
        if (to === undefined || at < this.#first) return;
        event.preventDefault();
        this.#callbacks.left();
        this.#active = Math.max(0, Math.min(this.#entries.length - 1, to));
        this.#reveal(this.#active);
        this.#draw();
    }

    #reveal(index) {
        const height = this.#height();
        const { scrollTop, clientHeight } = this.#scroller;
        if (index * height < scrollTop) this.#scroller.scrollTop = index * height;
        else if ((index + 1) * height > scrollTop + clientHeight)
            this.#scroller.scrollTop = (index + 1) * height - clientHeight;
    }
}
