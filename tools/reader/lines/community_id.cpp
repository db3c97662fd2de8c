// SPDX-License-Identifier: MIT
#include "tools/reader/lines/community_id.h"

#include "lib/base/address.h"
#include "lib/base/base64.h"
#include "lib/event/json_line.h"

#include <cstring>
#include <sha1.h>
#include <utility>

namespace pinpipe {
namespace {

// What the specification puts in the place of a port for a message's answer; -1: one-way, the code
// stands there.
int counterpart(unsigned version, unsigned type) {
    constexpr std::pair<int, int> v4[] = {{0, 8}, {9, 10}, {13, 14}, {15, 16}, {17, 18}};
    constexpr std::pair<int, int> v6[] = {{128, 129}, {133, 134}, {135, 136},
                                          {130, 131}, {144, 145}, {139, 140}};
    const auto find = [type](const auto &pairs) {
        for (const auto &[a, b] : pairs) {
            if (static_cast<int>(type) == a)
                return b;
            if (static_cast<int>(type) == b)
                return a;
        }
        return -1;
    };
    return version == 4 ? find(v4) : find(v6);
}

struct Side {
    const __u8 *address; // in network byte order
    unsigned port;
};

// Both sides in the order that the specification wants.
char *put_id(char *to, const Side &a, const Side &b, size_t bytes, unsigned proto) {
    __u8 text[2 + 16 + 16 + 2 + 4] = {0, 0}; // the seed, then both sides
    __u8 *end = text + 2;
    for (const __u8 *address : {a.address, b.address}) {
        std::memcpy(end, address, bytes);
        end += bytes;
    }
    *end++ = static_cast<__u8>(proto);
    *end++ = 0;
    for (const unsigned port : {a.port, b.port}) {
        *end++ = static_cast<__u8>(port >> 8);
        *end++ = static_cast<__u8>(port);
    }

    __u8 digest[SHA1_DIGEST_LENGTH];
    SHA1_CTX sha;
    SHA1Init(&sha);
    SHA1Update(&sha, text, static_cast<size_t>(end - text));
    SHA1Final(digest, &sha);
    return put_base64(put(to, "1:"), digest, sizeof digest);
}

bool is_after(const Side &a, const Side &b, size_t bytes) {
    const int order = std::memcmp(a.address, b.address, bytes);
    return order > 0 || (order == 0 && a.port > b.port);
}

} // namespace

char *put_community_id(char *to, const icmp_record &r) {
    const unsigned version = r.flags & PACKET_IPV6 ? 6 : 4;
    const size_t bytes = version == 4 ? 4 : 16;
    const int other = counterpart(version, r.type);
    Side a{r.src.bytes + 16 - bytes, r.type};
    Side b{r.dst.bytes + 16 - bytes, other < 0 ? r.code : static_cast<unsigned>(other)};
    if (other >= 0 && is_after(a, b, bytes))
        std::swap(a, b);
    return put_id(to, a, b, bytes, version == 4 ? 1 : 58);
}

char *put_community_id(char *to, const socket_record &r) {
    const size_t bytes = is_ipv4(r.local) && is_ipv4(r.remote) ? 4 : 16;
    Side a{r.local.bytes + 16 - bytes, r.local_port};
    Side b{r.remote.bytes + 16 - bytes, r.remote_port};
    if (is_after(a, b, bytes))
        std::swap(a, b);
    return put_id(to, a, b, bytes, r.proto);
}

} // namespace pinpipe
