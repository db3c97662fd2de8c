// SPDX-License-Identifier: MIT
// usage: frame INTERFACE HEX...
//
// Sends an Ethernet frame, given as hexadecimal digits, unchanged.
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sockaddr_ll to = {.sll_family = AF_PACKET};
    unsigned char frame[2048];
    unsigned length = 0, byte;
    int at, used, out;

    if (argc < 3)
        return 2;
    for (int i = 2; i < argc; i++)
        for (at = 0; length < sizeof frame && sscanf(argv[i] + at, "%2x%n", &byte, &used) == 1;
             at += used)
            frame[length++] = (unsigned char)byte;
    out = socket(AF_PACKET, SOCK_RAW, 0);
    to.sll_ifindex = (int)if_nametoindex(argv[1]);
    if (out < 0 ||
        sendto(out, frame, length, 0, (struct sockaddr *)&to, sizeof to) != (ssize_t)length) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
