// SPDX-License-Identifier: MIT
// Chooses the page by the part of the URL after '#': "#/live/icmp", "#/history?since=1h".

export function parse(hash) {
    const [path, query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
    const [name, ...rest] = path.split('/');
    return { name: name || 'overview', argument: decode(rest.join('/')), query: new URLSearchParams(query) };
}

function decode(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

export function address(name, argument, query) {
    const path = argument === undefined ? name : `${name}/${encodeURIComponent(argument)}`;
    const tail = new URLSearchParams(query ?? {}).toString();
    return `#/${path}${tail ? '?' + tail : ''}`;
}

// Shows the page of the URL, and of each later one. pages: for each name a function that fetches the page, { title,
// under, mount(root, { argument, query }) }; mount returns a function that ends the page. failed(root) shows that a
// page could not be fetched.
export function route({ pages, root, links, failed }) {
    let end = () => {};
    let before;
    let turn = 0;

    async function show() {
        const mine = ++turn;
        const wanted = parse(location.hash);
        if (!Object.hasOwn(pages, wanted.name)) wanted.name = 'overview';
        const page = await pages[wanted.name]().catch(() => ({ title: 'pinpipe', mount: failed }));
        if (mine !== turn) return; // another page was opened meanwhile
        const focused = document.activeElement?.id;
        end();
        root.replaceChildren();
        document.title = `${page.title} · pinpipe`;
        markCurrent(links, page.under ?? wanted.name);
        end = page.mount(root, wanted) ?? (() => {});
        const place = wanted.name + '/' + wanted.argument;
        moveFocus(root, { first: before === undefined, same: before === place, focused });
        before = place;
    }

    addEventListener('hashchange', show);
    show();
}

function markCurrent(links, name) {
    for (const link of links) {
        if (parse(link.hash).name === name) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
    }
}

// Moves the focus to the heading of another page, so that a screen reader reads it. If only the query changed, the
// focus stays.
function moveFocus(root, { first, same, focused }) {
    if (first) return;
    if (same) return void document.getElementById(focused)?.focus({ preventScroll: true });
    scrollTo(0, 0);
    root.querySelector('h1')?.focus({ preventScroll: true });
}
