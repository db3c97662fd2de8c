#include "lib/community_id.h"

#include "lib/base64.h"
#include "lib/json_line.h"

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
    const __u8 *address;
    unsigned port;
};

} // namespace

char *put_community_id(char *to, const icmp_record &r) {
    const unsigned version = r.flags & PACKET_IPV6 ? 6 : 4;
    const size_t bytes = version == 4 ? 4 : 16;
    const int other = counterpart(version, r.type);
    Side a{r.src.bytes + 16 - bytes, r.type};
    Side b{r.dst.bytes + 16 - bytes, other < 0 ? r.code : static_cast<unsigned>(other)};
    const int order = std::memcmp(a.address, b.address, bytes);
    if (other >= 0 && (order > 0 || (order == 0 && a.port > b.port)))
        std::swap(a, b);

    __u8 text[2 + 16 + 16 + 2 + 4] = {0, 0}; // the seed, then both sides
    __u8 *end = text + 2;
    for (const __u8 *address : {a.address, b.address}) {
        std::memcpy(end, address, bytes);
        end += bytes;
    }
    *end++ = version == 4 ? 1 : 58;
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
    to = put(to, R"(,"community_id":"1:)");
    to = put_base64(to, digest, sizeof digest);
    *to++ = '"';
    return to;
}

} // namespace pinpipe
