// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Somebody else's XDP program: passes everything, knows nothing of ours.
__attribute__((section("xdp"), used)) int foreign_pass(void *packet) {
    (void)packet;
    return 2; // XDP_PASS
}

__attribute__((section("license"), used)) char LICENSE[] = "GPL";
