// SPDX-License-Identifier: MIT OR GPL-2.0-only
// An XDP program that is not pinpipe's: passes every frame.
__attribute__((section("xdp"), used)) int foreign_pass(void *packet) {
    (void)packet;
    return 2; // XDP_PASS
}

__attribute__((section("license"), used)) char LICENSE[] = "GPL";
