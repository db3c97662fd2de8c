// SPDX-License-Identifier: MIT
// "ICMP echo request": the names of RFC 792 and RFC 4443, in words.

const unreachable = ['network', 'host', 'protocol', 'port', 'fragmentation needed', 'source route failed'];
const unreachable6 = [
    'no route',
    'prohibited',
    'beyond scope',
    'address',
    'port',
    'source policy',
    'route rejected',
];
const words = {
    'nd-router-solicit': 'router solicitation',
    'nd-router-advert': 'router advertisement',
    'nd-neighbor-solicit': 'neighbor solicitation',
    'nd-neighbor-advert': 'neighbor advertisement',
    'nd-redirect': 'redirect',
};

export function icmpText(event) {
    const family = event.proto === 'icmpv6' ? 'ICMPv6' : 'ICMP';
    if (typeof event.icmp_name !== 'string') return `${family} type ${Number(event.icmp_type)}`;
    const name = Object.hasOwn(words, event.icmp_name)
        ? words[event.icmp_name]
        : event.icmp_name
              .replace(/[^a-z0-9-]/gi, '?')
              .slice(0, 40)
              .replaceAll('-', ' ');
    return `${family} ${name}${reason(event)}`;
}

function reason(event) {
    if (event.icmp_name !== 'destination-unreachable') return '';
    const why = (event.proto === 'icmpv6' ? unreachable6 : unreachable)[event.icmp_code];
    return why ? ` (${why})` : '';
}
