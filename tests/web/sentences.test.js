// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { describe, rawText } from '../../tools/web/site/sentences.js';
import { plain } from '../../tools/web/site/words.js';
import * as traffic from './traffic.js';

const at = 1795219986967;
const said = (event) => plain(describe(event).said);
const curl = { comm: 'curl', pid: 4711 };
const peer = { remote_ip: '192.0.2.80', remote_port: 443 };

const cases = [
    [
        'an echo request',
        {
            event_type: 'icmp',
            proto: 'icmp',
            icmp_type: 8,
            icmp_name: 'echo-request',
            src_ip: '192.168.1.100',
            dst_ip: '8.8.8.8',
        },
        'ICMP echo request from 192.168.1.100 to 8.8.8.8',
    ],
    [
        'IPv6',
        {
            event_type: 'icmp',
            proto: 'icmpv6',
            icmp_type: 135,
            icmp_name: 'nd-neighbor-solicit',
            src_ip: 'fe80::1',
            dst_ip: 'ff02::1',
        },
        'ICMPv6 neighbor solicitation from fe80::1 to ff02::1',
    ],
    [
        'why it is unreachable',
        {
            event_type: 'icmp',
            proto: 'icmp',
            icmp_type: 3,
            icmp_code: 3,
            icmp_name: 'destination-unreachable',
            src_ip: '192.0.2.1',
            dst_ip: '192.0.2.2',
        },
        'ICMP destination unreachable (port) from 192.0.2.1 to 192.0.2.2',
    ],
    [
        'a type without a name',
        { event_type: 'icmp', proto: 'icmp', icmp_type: 42, src_ip: '192.0.2.1', dst_ip: '192.0.2.2' },
        'ICMP type 42 from 192.0.2.1 to 192.0.2.2',
    ],
    [
        'a message sent',
        { event_type: 'tcp', proto: 'tcp', direction: 'out', bytes: 73, ...curl, ...peer },
        'curl (4711) sent 73 B to 192.0.2.80:443 over TCP',
    ],
    [
        'a message received',
        {
            event_type: 'udp',
            proto: 'udp',
            direction: 'in',
            bytes: 2048,
            ...curl,
            remote_ip: '2001:db8::53',
            remote_port: 53,
        },
        'curl (4711) received 2.0 KiB from [2001:db8::53]:53 over UDP',
    ],
    [
        'a message of nobody known',
        { event_type: 'udp', proto: 'udp', direction: 'in', bytes: 1, attribution: 'none' },
        'An unknown process received 1 B from an unknown address over UDP',
    ],
    [
        'connect',
        { event_type: 'conn', action: 'connect', ...curl, ...peer },
        'curl (4711) connected to 192.0.2.80:443',
    ],
    [
        'a connect that failed',
        { event_type: 'conn', action: 'connect', reason: 'refused', error: 'ECONNREFUSED', ...curl, ...peer },
        'curl (4711) could not connect to 192.0.2.80:443: refused (ECONNREFUSED)',
    ],
    [
        'accept',
        {
            event_type: 'conn',
            action: 'accept',
            comm: 'nginx',
            pid: 12,
            local_ip: '192.0.2.2',
            local_port: 80,
            ...peer,
        },
        'nginx (12) accepted a connection from 192.0.2.80:443 on 192.0.2.2:80',
    ],
    [
        'close by this side',
        { event_type: 'conn', action: 'close', reason: 'closed', closed_by: 'local', ...curl, ...peer },
        'curl (4711) closed its connection with 192.0.2.80:443',
    ],
    [
        'close by the other',
        { event_type: 'conn', action: 'close', reason: 'closed', closed_by: 'remote', ...curl, ...peer },
        '192.0.2.80:443 closed its connection with curl (4711)',
    ],
    [
        'reset',
        { event_type: 'conn', action: 'close', reason: 'reset', ...curl, ...peer },
        '192.0.2.80:443 reset its connection with curl (4711)',
    ],
    [
        'aborted',
        { event_type: 'conn', action: 'close', reason: 'aborted', ...curl, ...peer },
        'curl (4711) aborted its connection with 192.0.2.80:443',
    ],
    [
        'unanswered',
        { event_type: 'conn', action: 'connect', reason: 'unanswered', ...curl, ...peer },
        'curl (4711) could not connect to 192.0.2.80:443: unanswered',
    ],
    [
        'timeout',
        { event_type: 'conn', action: 'close', reason: 'timeout', ...curl, ...peer },
        'The connection of curl (4711) with 192.0.2.80:443 timed out',
    ],
    [
        'another error',
        { event_type: 'conn', action: 'close', reason: 'error', error: 'EHOSTUNREACH', ...curl, ...peer },
        'The connection of curl (4711) with 192.0.2.80:443 ended: EHOSTUNREACH',
    ],
    [
        'listen',
        {
            event_type: 'bind',
            action: 'listen',
            proto: 'tcp',
            local_ip: '::',
            local_port: 80,
            comm: 'nginx',
            pid: 12,
        },
        'nginx (12) listens on TCP port 80 of any address',
    ],
    [
        'bind',
        {
            event_type: 'bind',
            action: 'bind',
            proto: 'udp',
            local_ip: '192.0.2.2',
            local_port: 53,
            comm: 'dnsmasq',
            pid: 13,
        },
        'dnsmasq (13) bound UDP port 53 of 192.0.2.2',
    ],
    [
        'listen without a port',
        { event_type: 'bind', action: 'listen', proto: 'tcp', local_ip: '0.0.0.0', ...curl },
        'curl (4711) listens on a TCP port not chosen yet of any address',
    ],
    [
        'usage',
        {
            event_type: 'usage',
            proto: 'tcp',
            bytes_sent: 78,
            bytes_received: 10485994,
            ...curl,
            remote_ip: '192.0.2.80',
        },
        'curl (4711) sent 78 B and received 10.0 MiB with 192.0.2.80 over TCP',
    ],
    [
        'usage without an address',
        { event_type: 'usage', proto: 'raw', bytes_sent: 1, bytes_received: 0, ...curl },
        'curl (4711) sent 1 B and received 0 B over RAW',
    ],
    [
        'a port',
        {
            event_type: 'ports',
            proto: 'tcp',
            local_port: 5050,
            packets_received: 10,
            bytes_received: 840,
            packets_sent: 1,
            bytes_sent: 760,
        },
        'TCP port 5050 received 10 packets (840 B) and sent 1 packet (760 B)',
    ],
    [
        'a port of which only one way is measured',
        { event_type: 'ports', proto: 'udp', local_port: 53, packets_received: 1, bytes_received: 60 },
        'UDP port 53 received 1 packet (60 B)',
    ],
    [
        'a loss',
        { event_type: 'lost', stream: 'icmp', count: 196 },
        '196 events of icmp lost: the reader was too slow',
    ],
    [
        'lines given up',
        { event_type: 'lost', stream: 'usage', lost_by: 'ebpf-store', count: 1 },
        '1 line dropped by ebpf-store',
    ],
    [
        'usage of nobody',
        {
            event_type: 'lost',
            stream: 'usage',
            reason: 'full',
            bytes_sent: 1024,
            bytes_received: 1024,
            count: 3,
        },
        '2.0 KiB of usage without its process: the maps had no room',
    ],
    ['a type of later', { event_type: 'dns' }, 'An event of type dns'],
];
for (const [name, event, sentence] of cases)
    test(`sentence: ${name}`, () => assert.equal(said(event), sentence));

const refusals = [
    [{ reason: 'connect' }, 'curl (4711) was denied a connection to 192.0.2.80:443'],
    [{ reason: 'sendmsg' }, 'curl (4711) was denied a datagram to 192.0.2.80:443'],
    [
        { reason: 'bind', local_ip: '192.0.2.2', local_port: 9000 },
        'curl (4711) was denied binding to 192.0.2.2:9000',
    ],
    [{ reason: 'create', proto: 'raw' }, 'curl (4711) was denied a socket of kind raw'],
    [{ reason: 'egress' }, 'curl (4711) was denied a packet to 192.0.2.80:443'],
    [{ reason: 'ingress', local_port: 80 }, 'curl (4711) was denied a packet from 192.0.2.80:443 to port 80'],
    [{ reason: 'toString' }, 'curl (4711) was denied traffic with 192.0.2.80:443'],
    [
        { reason: 'connect', action: 'audit' },
        'curl (4711) would have been denied a connection to 192.0.2.80:443',
    ],
];
for (const [fields, sentence] of refusals) {
    test(`sentence: deny ${JSON.stringify(fields)}`, () =>
        assert.equal(
            said({ event_type: 'deny', action: 'deny', proto: 'tcp', ...curl, ...peer, ...fields }),
            sentence,
        ));
}

test('every kind of event that the tests make has a sentence without gaps', () => {
    for (const event of [...traffic.others(at), ...traffic.usage(at), traffic.lost(at)])
        assert.doesNotMatch(
            said(event) + describe(event).more,
            /\?|–|undefined|NaN|unusable/,
            JSON.stringify(event),
        );
});

test('what is no event, or of wrong types, still gives something', () => {
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const event of [
        null,
        [],
        1,
        'x',
        {},
        { event_type: null },
        { event_type: '__proto__' },
        { event_type: 'constructor' },
        { event_type: 'deny', reason: 'toString' },
        { event_type: 'icmp', icmp_name: { toString: 1 }, src_ip: [1], dst_ip: { a: 1 } },
        { event_type: 'tcp', bytes: 'x', comm: { toString: null } },
        { event_type: 'ports', owners: [null, 3, { comm: {} }] },
        { event_type: 'conn', action: 'close', reason: '__proto__' },
        { event_type: 'tcp', comm: JSON.parse(nested) },
    ]) {
        const { kind, said: parts } = describe(event);
        assert.equal(typeof kind, 'string');
        assert.ok(plain(parts).length > 0);
    }
});

test('characters that cannot be seen are shown in a sentence', () => {
    assert.equal(
        said({ event_type: 'conn', action: 'connect', comm: 'a\u202eb\n', pid: 1, ...peer }),
        'a\\u{202e}b\\x0a (1) connected to 192.0.2.80:443',
    );
});

test('a long value is shortened', () =>
    assert.ok(
        said({ event_type: 'conn', action: 'connect', comm: 'x'.repeat(10_000), pid: 1, ...peer }).length <
            200,
    ));

test('raw JSON is laid out, with nothing hidden in it', () => {
    assert.equal(rawText('{"a":"\\u202e","b":1}'), '{\n  "a": "\\u{202e}",\n  "b": 1\n}');
    assert.equal(rawText('no \u0000 json'), 'no \\x00 json');
});
