// Pages by the part of the address behind '#': "#/live/icmp", "#/history?since=1h".

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

// Shows a page for each address. A page is { title, mount(root, { argument, query }) } and mount returns what ends it.
export function route({ pages, root, links }) {
    let end = () => {};
    let before;

    function show() {
        const wanted = parse(location.hash);
        const page = pages[wanted.name] ?? pages.overview;
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

// Who cannot see it hears of another page by its heading; where only the query changed, focus stays where it was.
function moveFocus(root, { first, same, focused }) {
    if (first) return;
    if (same) return void document.getElementById(focused)?.focus({ preventScroll: true });
    scrollTo(0, 0);
    root.querySelector('h1')?.focus({ preventScroll: true });
}
