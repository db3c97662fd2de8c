// SPDX-License-Identifier: MIT
// Elements without markup: text can only become text nodes.

export function el(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) set(node, key, value);
    node.append(
        ...children.flat().filter((child) => child !== undefined && child !== null && child !== false),
    );
    return node;
}

function set(node, key, value) {
    if (value === undefined || value === null || value === false) return;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'class') node.className = value;
    else node.setAttribute(key, value === true ? '' : value);
}

// Touches the page only where something changed, so that a selection, or what a screen reader reads, survives.
export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

export function fill(node, ...children) {
    node.replaceChildren(
        ...children.flat().filter((child) => child !== undefined && child !== null && child !== false),
    );
    return node;
}

// Makes the children of node those of items, in order. Children of earlier calls are kept by key and updated.
export function reconcile(node, items, { key, make, update }) {
    const known = (node.byKey ??= new Map());
    const focused = node.contains(document.activeElement) ? document.activeElement : null;
    dropOthers(known, new Set(items.map(key)));
    let at = node.firstElementChild;
    for (const item of items) {
        const id = key(item);
        let child = known.get(id);
        if (!child) known.set(id, (child = make(item)));
        update(child, item);
        if (child === at) at = at.nextElementSibling;
        else node.insertBefore(child, at);
    }
    // a child that was moved has lost it
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

function dropOthers(known, wanted) {
    for (const [id, child] of known) {
        if (wanted.has(id)) continue;
        child.remove();
        known.delete(id);
    }
}

// Text from outside between other text: its direction stays its own.
export function isolate(text, attributes = {}) {
    return el('bdi', attributes, text);
}
