// SPDX-License-Identifier: MIT
// Makes elements without parsing markup: text can only become text nodes.

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

// Changes the node only if the text differs, so that a selection survives and a screen reader is not interrupted.
export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

export function fill(node, ...children) {
    node.replaceChildren(
        ...children.flat().filter((child) => child !== undefined && child !== null && child !== false),
    );
    return node;
}

// Gives node one child for each item, in order. Children of earlier calls are found by key, kept and updated.
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
    // moving a child takes the focus away
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

function dropOthers(known, wanted) {
    for (const [id, child] of known) {
        if (wanted.has(id)) continue;
        child.remove();
        known.delete(id);
    }
}

// Text from outside within other text: its writing direction does not affect its surroundings.
export function isolate(text, attributes = {}) {
    return el('bdi', attributes, text);
}
