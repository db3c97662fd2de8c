// SPDX-License-Identifier: MIT
// Events as on a small web server, with addresses for documentation. The random numbers are the same every time.

const machine = [
    {
        pid: 1203,
        comm: 'nginx',
        exe: '/usr/sbin/nginx',
        uid: 33,
        peers: ['198.51.100.7', '198.51.100.23', '203.0.113.9', '2001:db8:1::7'],
        sent: 240_000,
        received: 9_000,
    },
    {
        pid: 2210,
        comm: 'restic',
        exe: '/usr/bin/restic',
        uid: 0,
        peers: ['192.0.2.40'],
        sent: 1_400_000,
        received: 24_000,
    },
    {
        pid: 31686,
        comm: 'postgres',
        exe: '/usr/lib/postgresql/15/bin/postgres',
        uid: 105,
        peers: ['192.0.2.17', '192.0.2.18'],
        sent: 60_000,
        received: 22_000,
    },
    {
        pid: 4711,
        comm: 'curl',
        exe: '/usr/bin/curl',
        uid: 1000,
        peers: ['192.0.2.80'],
        sent: 800,
        received: 310_000,
    },
    {
        pid: 611,
        comm: 'systemd-resolve',
        exe: '/usr/lib/systemd/systemd-resolved',
        uid: 101,
        peers: ['192.0.2.53', '2001:db8::53'],
        sent: 180,
        received: 420,
        proto: 'udp',
    },
    {
        pid: 702,
        comm: 'chronyd',
        exe: '/usr/sbin/chronyd',
        uid: 107,
        peers: ['203.0.113.123'],
        sent: 48,
        received: 48,
        proto: 'udp',
    },
    {
        pid: 902,
        comm: 'sshd',
        exe: '/usr/sbin/sshd',
        uid: 0,
        peers: ['192.0.2.9'],
        sent: 1_800,
        received: 400,
    },
];

let state = 7;
export function random() {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
}

const started = Date.now() - 3_600_000;
let seq = 0;
const base = (event_type, timestamp) => ({
    v: 1,
    event_type,
    timestamp,
    timestamp_us: timestamp * 1000,
    seq: ++seq,
});
const who = (one) => ({
    pid: one.pid,
    ppid: 1,
    uid: one.uid,
    comm: one.comm,
    exe: one.exe,
    cgroup_id: '3407',
    start_time: started + one.pid,
    attribution: 'exact',
});

const swing = (second, length) => 1 + 0.6 * Math.sin((2 * Math.PI * second) / length);

// The events that ebpf-read usage prints for one interval.
export function usage(timestamp, interval_ms = 1000) {
    const second = timestamp / 1000;
    return machine.flatMap((one, index) =>
        one.peers.map((remote_ip, at) => {
            const level =
                (swing(second + 40 * at, 90 + 37 * index) * (0.5 + random()) * interval_ms) / 1000 / (at + 1);
            const burst = one.comm === 'restic' && second % 120 > 70 ? 0.05 : 1;
            return {
                ...base('usage', timestamp),
                ...who(one),
                proto: one.proto ?? 'tcp',
                remote_ip,
                bytes_sent: Math.round(one.sent * level * burst),
                bytes_received: Math.round(one.received * level * burst),
                calls_sent: 4,
                calls_received: 6,
                interval_ms,
                byte_layer: 'socket',
            };
        }),
    );
}

const curl = machine[3];
const nginx = machine[0];
const worker = { pid: 20743, comm: 'exampleprocess', exe: '/opt/example/exampleprocess', uid: 1000 };
const ends = { local_ip: '192.0.2.2', local_port: 40112, remote_ip: '192.0.2.80', remote_port: 443 };

export const ping = (timestamp, more = {}) => ({
    ...base('icmp', timestamp),
    src_ip: '192.0.2.2',
    dst_ip: '192.0.2.1',
    proto: 'icmp',
    icmp_type: 8,
    icmp_code: 0,
    icmp_name: 'echo-request',
    icmp_id: 11579,
    icmp_seq: seq % 65536,
    ttl: 64,
    length: 84,
    ip_version: 4,
    ifname: 'eth0',
    ...more,
});
export const deny = (timestamp, more = {}) => ({
    ...base('deny', timestamp),
    action: 'deny',
    rule: 'exampleprocess',
    reason: 'connect',
    direction: 'out',
    proto: 'tcp',
    remote_ip: '192.0.2.1',
    remote_port: 8081,
    port: 8081,
    ...who(worker),
    ...more,
});
export const message = (timestamp, more = {}) => ({
    ...base('tcp', timestamp),
    direction: 'out',
    proto: 'tcp',
    ...ends,
    bytes: 73,
    ...who(curl),
    ...more,
});
export const connection = (timestamp, more = {}) => ({
    ...base('conn', timestamp),
    action: 'connect',
    direction: 'out',
    proto: 'tcp',
    ...ends,
    duration_ms: 0,
    duration_us: 214,
    retransmits: 0,
    srtt_us: 205,
    ...who(curl),
    ...more,
});
export const lost = (timestamp, more = {}) => ({
    v: 1,
    event_type: 'lost',
    timestamp,
    timestamp_us: timestamp * 1000,
    stream: 'icmp',
    count: 196,
    ...more,
});
export const port = (timestamp, more = {}) => ({
    ...base('ports', timestamp),
    local_port: 443,
    proto: 'tcp',
    ifname: 'eth0',
    packets_received: 120,
    bytes_received: 18_400,
    packets_sent: 260,
    bytes_sent: 311_000,
    byte_layer: 'packet',
    owners: [
        {
            pid: nginx.pid,
            comm: nginx.comm,
            uid: nginx.uid,
            start_time: started + nginx.pid,
            attribution: 'exact',
        },
    ],
    interval_ms: 1000,
    ...more,
});

// One event of every other kind.
export function others(t) {
    return [
        ping(t),
        ping(t, { icmp_type: 0, icmp_name: 'echo-reply', src_ip: '192.0.2.1', dst_ip: '192.0.2.2' }),
        ping(t, {
            proto: 'icmpv6',
            icmp_type: 135,
            icmp_name: 'nd-neighbor-solicit',
            src_ip: 'fe80::1',
            dst_ip: '2001:db8::2',
            ip_version: 6,
            length: 72,
        }),
        ping(t, {
            icmp_type: 3,
            icmp_code: 3,
            icmp_name: 'destination-unreachable',
            src_ip: '203.0.113.9',
            icmp_id: undefined,
            icmp_seq: undefined,
            length: 112,
        }),
        connection(t),
        message(t, {
            payload_len: 16,
            payload_truncated: true,
            payload: 'R0VUIC8gSFRUUC8xLjENCg==',
            payload_printable: 'GET / HTTP/1.1\\x0d\\x0a',
        }),
        message(t, { direction: 'in', bytes: 14_600 }),
        message(t, {
            event_type: 'udp',
            proto: 'udp',
            ...who(machine[4]),
            remote_ip: '192.0.2.53',
            remote_port: 53,
            bytes: 44,
        }),
        connection(t, {
            action: 'connect',
            reason: 'refused',
            error: 'ECONNREFUSED',
            errno: 111,
            remote_port: 81,
        }),
        connection(t, {
            action: 'accept',
            direction: 'in',
            ...who(nginx),
            local_port: 443,
            remote_ip: '198.51.100.7',
            remote_port: 51022,
            attribution: 'listener',
        }),
        connection(t, {
            action: 'close',
            reason: 'closed',
            closed_by: 'remote',
            duration_ms: 1240,
            duration_us: 1240112,
            bytes_sent: 73,
            bytes_received: 14_600,
        }),
        {
            ...base('bind', t),
            action: 'listen',
            proto: 'tcp',
            local_ip: '0.0.0.0',
            local_port: 443,
            ...who(nginx),
        },
        deny(t),
        deny(t, {
            action: 'audit',
            rule: '/usr/bin/curl',
            ...who(curl),
            remote_ip: '192.0.2.80',
            remote_port: 8443,
            port: 8443,
        }),
        deny(t, {
            reason: 'bind',
            direction: 'in',
            remote_ip: undefined,
            remote_port: undefined,
            local_ip: '192.0.2.2',
            local_port: 9000,
            port: 9000,
        }),
        port(t),
        port(t, {
            local_port: 5432,
            ifname: 'eth1',
            packets_sent: undefined,
            bytes_sent: undefined,
            owners: [
                { pid: 31686, comm: 'postgres', uid: 105, start_time: started + 31686, attribution: 'exact' },
            ],
        }),
        port(t, {
            local_port: 9090,
            packets_received: 3,
            bytes_received: 180,
            packets_sent: 3,
            bytes_sent: 162,
            owners: [],
        }),
    ];
}

// Usage events of the hours before now, one a minute, for a database.
export function past(now, hours = 6) {
    const minutes = Array.from({ length: hours * 60 }, (_, index) => now - (hours * 60 - index) * 60_000);
    return minutes.flatMap((time) => usage(time, 60_000));
}
