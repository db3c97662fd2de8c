// SPDX-License-Identifier: MIT
// A table that is sorted by its headers. Rows keep their elements while their numbers change.
import { el, fill, reconcile, setText } from './dom.js';

const classOf = (column) => [column.number && 'number', column.class].filter(Boolean).join(' ') || undefined;

// columns: { name, label, number, value(row): to sort by, show(row): the text }, or make() and update(node, row, tr) in
// place of show() for other elements.
export class Table {
    #columns;
    #key;
    #rows = [];
    #sort;
    #body = el('tbody');
    #headers = new Map();
    #empty;
    #wrapper;

    constructor({ caption, columns, key, sort, empty = 'Nothing yet.', dense = false }) {
        this.#columns = columns;
        this.#key = key;
        this.#sort = sort;
        this.#empty = el('p', { class: 'empty-line muted' }, empty);
        const table = el(
            'table',
            { class: dense ? 'dense' : undefined },
            el('caption', { class: 'unseen' }, caption),
            this.#head(),
            this.#body,
        );
        this.#wrapper = el(
            'div',
            { class: 'table-scroll', role: 'group', 'aria-label': caption, tabindex: 0 },
            table,
        );
        this.node = el('div', { class: 'table' }, this.#wrapper, this.#empty);
        this.#show();
    }

    set(rows) {
        this.#rows = rows;
        this.#show();
    }

    #head() {
        const cells = this.#columns.map((column) => {
            const cell = el('th', { scope: 'col', class: classOf(column) });
            if (column.value && this.#sort)
                fill(cell, el('button', { type: 'button', onclick: () => this.#turn(column) }, column.label));
            else fill(cell, column.label);
            this.#headers.set(column, cell);
            return cell;
        });
        return el('thead', {}, el('tr', {}, ...cells));
    }

    #turn(column) {
        const same = this.#sort.name === column.name;
        this.#sort = { name: column.name, down: same ? !this.#sort.down : Boolean(column.number) };
        this.#show();
    }

    #sorted() {
        const column = this.#sort && this.#columns.find((one) => one.name === this.#sort.name);
        if (!column) return this.#rows;
        return inOrder(this.#rows, column.value, this.#sort.down);
    }

    #show() {
        for (const [column, cell] of this.#headers) {
            const sorted = this.#sort?.name === column.name;
            if (sorted) cell.setAttribute('aria-sort', this.#sort.down ? 'descending' : 'ascending');
            else cell.removeAttribute('aria-sort');
        }
        reconcile(this.#body, this.#sorted(), {
            key: this.#key,
            make: () => this.#row(),
            update: (node, row) => this.#update(node, row),
        });
        this.#empty.hidden = this.#rows.length > 0;
        this.#wrapper.hidden = this.#rows.length === 0;
    }

    #row() {
        return el(
            'tr',
            {},
            ...this.#columns.map((column) =>
                el(
                    column.header ? 'th' : 'td',
                    {
                        scope: column.header ? 'row' : undefined,
                        class: classOf(column),
                    },
                    column.make?.(),
                ),
            ),
        );
    }

    #update(node, row) {
        this.#columns.forEach((column, index) => {
            const cell = node.children[index];
            if (column.update) column.update(cell.firstChild, row, node);
            else setText(cell, column.show(row));
        });
    }
}

// The rows by value(row), descending if down; rows whose value is unknown come last.
export function inOrder(rows, value, down) {
    const sign = down ? -1 : 1;
    const isKnown = (row) => value(row) !== undefined;
    const known = rows.filter(isKnown).sort((a, b) => sign * compare(value(a), value(b)));
    return [...known, ...rows.filter((row) => !isKnown(row))];
}

function compare(a, b) {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
}
