// SPDX-License-Identifier: MIT
// Events as sentences. describe() returns { kind, tone, said, more }: said is the sentence, a list of words and values
// ({ value }); more is the text in small letters after it. Pure functions of the event, which accept any JSON.
import { bytes, count, counted, duration } from './format.js';
import { shown } from './safe.js';
import { icmpText } from './icmp.js';
import { closing } from './closing.js';
import { endpoint, plain, protocol, remote, say, text, value, who } from './words.js';

function icmp(event) {
    const details = [
        event.ifname && 'on ' + text(event.ifname),
        event.length >= 0 && bytes(event.length),
        event.ttl >= 0 && `TTL ${text(event.ttl)}`,
        event.vlan !== undefined && `VLAN ${text(event.vlan)}`,
        event.fragment && 'first fragment',
    ];
    return [say`${[icmpText(event)]} from ${event.src_ip} to ${event.dst_ip}`, details];
}

function message(event) {
    const verb = event.direction === 'in' ? 'received' : 'sent';
    const way = event.direction === 'in' ? 'from' : 'to';
    const seen = event.payload_printable ?? event.payload_hex;
    return [
        say`${who(event)} ${[verb]} ${value(bytes(event.bytes))} ${[way]} ${remote(event)} over ${[protocol(event)]}`,
        [seen !== undefined && text(seen, 120)],
    ];
}

function connection(event) {
    if (event.action === 'close') return closing(event);
    const took =
        event.duration_us >= 0 &&
        'in ' +
            (event.duration_us < 1000
                ? count(event.duration_us) + ' µs'
                : duration(event.duration_us / 1000));
    if (event.action === 'accept')
        return [
            say`${who(event)} accepted a connection from ${remote(event)} on ${value(endpoint(event.local_ip, event.local_port))}`,
            [],
        ];
    if (event.reason === undefined) return [say`${who(event)} connected to ${remote(event)}`, [took]];
    const error = event.error === undefined ? '' : ` (${text(event.error)})`;
    return [
        say`${who(event)} could not connect to ${remote(event)}: ${[text(event.reason)]}${[error]}`,
        [took],
    ];
}

function bound(event) {
    const verb = { listen: 'listens on', close: 'released' }[event.action] ?? 'bound';
    const any = event.local_ip === '0.0.0.0' || event.local_ip === '::';
    const address = any || event.local_ip === undefined ? ['any address'] : [value(event.local_ip)];
    if (event.local_port === undefined)
        return [say`${who(event)} ${[verb]} a ${[protocol(event)]} port not chosen yet of ${address}`, []];
    return [
        say`${who(event)} ${[verb]} ${[protocol(event)]} ${value('port ' + text(event.local_port))} of ${address}`,
        [],
    ];
}

const refused = {
    connect: (event) => say`a connection to ${remote(event)}`,
    sendmsg: (event) => say`a datagram to ${remote(event)}`,
    bind: (event) => say`binding to ${value(endpoint(event.local_ip, event.local_port))}`,
    create: (event) => say`a socket of kind ${text(event.proto)}`,
    egress: (event) => say`a packet to ${remote(event)}`,
    ingress: (event) => say`a packet from ${remote(event)} to port ${event.local_port}`,
    label: () => say`a call, for want of memory for its socket's label`,
};

function denial(event) {
    const verb = event.action === 'audit' ? 'would have been denied' : 'was denied';
    const what = Object.hasOwn(refused, event.reason)
        ? refused[event.reason](event)
        : say`traffic with ${remote(event)}`;
    return [
        say`${who(event)} ${[verb]} ${what}`,
        [
            event.reason !== 'create' && protocol(event),
            event.rule !== undefined && 'rules of ' + text(event.rule),
            event.cut === true && 'more rules match than fit',
            event.suppressed > 0 && counted(event.suppressed, 'more like it', 'more like it'),
        ],
    ];
}

function usage(event) {
    const peer = event.remote_ip === undefined ? [] : say` with ${remote(event)}`;
    const time = event.total
        ? 'since the load'
        : event.interval_ms >= 0 && 'in ' + duration(event.interval_ms);
    return [
        say`${who(event)} sent ${value(bytes(event.bytes_sent))} and received ${value(bytes(event.bytes_received))}${peer} over ${[protocol(event)]}`,
        [time],
    ];
}

// Packets that an interface counts and that belong to no port.
function portsApart(event) {
    const sent =
        event.fragments_sent === undefined
            ? []
            : say` and sent ${value(counted(event.fragments_sent, 'later fragment'))}`;
    return [
        say`received ${value(counted(event.fragments_received, 'later fragment'))} and ${value(counted(event.malformed_received, 'malformed packet'))}${sent}`,
        [event.ifname && 'on ' + text(event.ifname)],
    ];
}

function ports(event) {
    if (event.local_port === undefined) return portsApart(event);
    const out =
        event.packets_sent === undefined
            ? []
            : say` and sent ${value(counted(event.packets_sent, 'packet'))} (${[bytes(event.bytes_sent)]})`;
    const owners = Array.isArray(event.owners)
        ? event.owners.filter((owner) => !owner?.exited).map((owner) => plain(who(owner ?? {}))).join(', ')
        : '';
    return [
        say`${[protocol(event)]} port ${event.local_port} received ${value(counted(event.packets_received, 'packet'))} (${[bytes(event.bytes_received)]})${out}`,
        [event.ifname && 'on ' + text(event.ifname), owners ? 'held by ' + owners : 'held by nobody'],
    ];
}

function lost(event) {
    if (event.lost_by !== undefined)
        return [say`${value(counted(event.count, 'line'))} dropped by ${event.lost_by}`, []];
    if (event.stream === 'ports')
        return [
            say`${value(counted(event.count, 'packet'))} of watched ports not counted: the kernel had no memory`,
            [event.ifname && 'on ' + text(event.ifname)],
        ];
    if (event.stream !== 'usage')
        return [
            say`${value(counted(event.count, 'event'))} of ${event.stream} lost: the reader was too slow`,
            [],
        ];
    const why =
        event.reason === 'full' ? 'the maps had no room' : 'processes ended faster than they were read';
    return [
        say`${value(bytes((event.bytes_sent ?? 0) + (event.bytes_received ?? 0)))} of usage without its process: ${[why]}`,
        [],
    ];
}

const makers = {
    icmp,
    tcp: message,
    udp: message,
    conn: connection,
    bind: bound,
    deny: denial,
    usage,
    ports,
    lost,
};

function toneOf(event) {
    if (event.event_type === 'deny') return event.action === 'audit' ? 'audit' : 'deny';
    return event.event_type === 'lost' ? 'lost' : '';
}

export function describe(event) {
    if (typeof event !== 'object' || event === null || Array.isArray(event))
        return { kind: '?', tone: '', said: ['a line that is no event'], more: '' };
    const kind = text(event.event_type, 12);
    try {
        const make = Object.hasOwn(makers, event.event_type)
            ? makers[event.event_type]
            : () => [say`an event of type ${event.event_type}`, []];
        const [said, details] = make(event);
        return { kind, tone: toneOf(event), said: capital(said), more: details.filter(Boolean).join(' · ') };
    } catch {
        return { kind, tone: '', said: ['an event with unusable fields'], more: '' }; // such as too deep nesting
    }
}

function capital(parts) {
    const [first, ...rest] = parts;
    return typeof first === 'string' ? [first[0].toUpperCase() + first.slice(1), ...rest] : parts;
}

export function rawText(line) {
    try {
        return shown(JSON.stringify(JSON.parse(line), null, 2)).replaceAll('\\x0a', '\n');
    } catch {
        return shown(line);
    }
}
