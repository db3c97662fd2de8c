// SPDX-License-Identifier: MIT
#include "tools/fields/schema_rules.h"

#include <array>

namespace pinpipe::fields_tool {
namespace {

struct Rules {
    std::string_view event_type, text;
};

constexpr std::string_view icmp = R"json(  "dependentRequired": {
    "icmp_id": ["icmp_seq"],
    "icmp_seq": ["icmp_id"],
    "vlan_inner": ["vlan"]
  },
  "allOf": [
    {
      "if": { "properties": { "ip_version": { "const": 4 } } },
      "then": {
        "properties": {
          "src_ip": { "$ref": "#/$defs/ipv4" },
          "dst_ip": { "$ref": "#/$defs/ipv4" },
          "proto": { "const": "icmp" }
        }
      },
      "else": {
        "properties": {
          "src_ip": { "$ref": "#/$defs/ipv6" },
          "dst_ip": { "$ref": "#/$defs/ipv6" },
          "proto": { "const": "icmpv6" },
          "length": { "minimum": 48 }
        }
      }
    },
    {
      "if": {
        "properties": { "proto": { "const": "icmp" }, "icmp_type": { "enum": [0, 8, 13, 14, 15, 16, 17, 18] } }
      },
      "then": { "required": ["icmp_id", "icmp_seq"] }
    },
    {
      "if": { "properties": { "proto": { "const": "icmpv6" }, "icmp_type": { "enum": [128, 129] } } },
      "then": { "required": ["icmp_id", "icmp_seq"] }
    }
  ])json";

constexpr std::string_view messages = R"json(  "dependentRequired": {
    "pid": ["ppid", "uid", "comm", "cgroup_id", "start_time"],
    "tid": ["pid"],
    "thread": ["tid"],
    "remote_port": ["remote_ip"],
    "community_id": ["local_ip", "local_port", "remote_ip", "remote_port"],
    "payload": ["payload_len"],
    "payload_hex": ["payload_len"],
    "payload_truncated": ["payload_len"],
    "payload_printable": ["payload_len"]
  },
  "allOf": [
    {
      "if": { "properties": { "attribution": { "const": "none" } } },
      "then": { "not": { "required": ["pid"] } },
      "else": { "required": ["pid"] }
    },
    {
      "if": { "required": ["payload_len"] },
      "then": {
        "required": ["payload_truncated", "payload_printable"],
        "oneOf": [{ "required": ["payload"] }, { "required": ["payload_hex"] }]
      }
    }
  ])json";

constexpr std::string_view conn = R"json(  "dependentRequired": {
    "pid": ["ppid", "uid", "comm", "cgroup_id", "start_time"],
    "remote_port": ["remote_ip"],
    "community_id": ["local_ip", "local_port", "remote_ip", "remote_port"],
    "duration_ms": ["duration_us"],
    "duration_us": ["duration_ms"],
    "bytes_sent": ["bytes_received"],
    "bytes_received": ["bytes_sent"],
    "errno": ["reason"],
    "error": ["errno"]
  },
  "allOf": [
    {
      "if": { "properties": { "attribution": { "const": "none" } } },
      "then": { "not": { "required": ["pid"] } },
      "else": { "required": ["pid"] }
    },
    {
      "if": { "properties": { "action": { "const": "connect" } } },
      "then": {
        "required": ["retransmits"],
        "properties": { "reason": { "enum": ["reset", "aborted", "timeout", "error", "refused", "unanswered"] } }
      }
    },
    {
      "if": { "properties": { "action": { "const": "accept" } } },
      "then": {
        "not": {
          "anyOf": [{ "required": ["reason"] }, { "required": ["duration_us"] }, { "required": ["retransmits"] }]
        },
        "properties": { "direction": { "const": "in" } }
      }
    },
    {
      "if": { "properties": { "action": { "const": "close" } } },
      "then": { "required": ["reason", "bytes_sent", "retransmits"] },
      "else": { "not": { "required": ["bytes_sent"] } }
    },
    {
      "if": { "properties": { "reason": { "const": "closed" } }, "required": ["reason"] },
      "then": { "required": ["closed_by"] },
      "else": { "not": { "required": ["closed_by"] } }
    },
    {
      "if": { "properties": { "reason": { "enum": ["closed", "aborted", "unanswered"] } }, "required": ["reason"] },
      "then": { "not": { "required": ["errno"] } }
    },
    {
      "if": {
        "properties": { "reason": { "enum": ["reset", "timeout", "error", "refused"] } },
        "required": ["reason"]
      },
      "then": { "required": ["errno"] }
    }
  ])json";

constexpr std::string_view bind = R"json(  "dependentRequired": { "thread": ["tid"] },
  "allOf": [
    {
      "if": { "properties": { "action": { "const": "listen" } } },
      "then": { "properties": { "proto": { "enum": ["tcp", "mptcp"] } } }
    },
    {
      "if": { "properties": { "attribution": { "const": "exact" } } },
      "then": { "required": ["tid"] },
      "else": { "not": { "required": ["tid"] } }
    }
  ])json";

constexpr std::string_view deny = R"json(  "dependentRequired": {
    "remote_port": ["remote_ip"],
    "community_id": ["local_ip", "local_port", "remote_ip", "remote_port"]
  },
  "allOf": [
    {
      "if": { "properties": { "reason": { "enum": ["connect", "sendmsg", "create", "egress"] } } },
      "then": { "properties": { "direction": { "const": "out" } } }
    },
    {
      "if": { "properties": { "reason": { "enum": ["connect", "sendmsg"] } } },
      "then": {
        "not": { "required": ["local_ip"] }
      }
    },
    {
      "if": { "properties": { "reason": { "const": "sendmsg" } } },
      "then": { "properties": { "proto": { "enum": ["udp", "udplite"] } } }
    },
    {
      "if": { "properties": { "reason": { "const": "bind" } } },
      "then": {
        "required": ["local_ip", "local_port", "port"],
        "not": { "required": ["remote_ip"] },
        "properties": { "direction": { "const": "in" } }
      }
    },
    {
      "if": { "properties": { "reason": { "const": "create" } } },
      "then": {
        "not": {
          "anyOf": [
            { "required": ["local_ip"] }, { "required": ["local_port"] }, { "required": ["remote_ip"] },
            { "required": ["port"] }, { "required": ["suppressed"] }
          ]
        }
      }
    }
  ])json";

constexpr std::string_view usage =
    R"json(  "dependentRequired": { "remote_port": ["remote_ip"] })json";

constexpr std::string_view ports = R"json(  "dependentRequired": {
    "packets_sent": ["bytes_sent"],
    "bytes_sent": ["packets_sent"]
  },
  "oneOf": [
    {
      "required": ["local_port", "proto", "packets_received", "bytes_received"],
      "properties": { "fragments_received": false, "malformed_received": false, "fragments_sent": false }
    },
    {
      "required": ["fragments_received", "malformed_received"],
      "properties": {
        "local_port": false, "proto": false, "packets_received": false, "bytes_received": false,
        "packets_sent": false, "bytes_sent": false, "owners": false
      },
      "anyOf": [
        { "properties": { "fragments_received": { "minimum": 1 } } },
        { "properties": { "malformed_received": { "minimum": 1 } } },
        { "required": ["fragments_sent"], "properties": { "fragments_sent": { "minimum": 1 } } }
      ]
    }
  ])json";

constexpr std::string_view lost =
    R"json(  "dependentRequired": { "reason": ["bytes_sent", "bytes_received", "calls_sent", "calls_received"] },
  "if": { "properties": { "stream": { "const": "ports" } } },
  "then": { "required": ["ifname", "bytes"] })json";

constexpr std::string_view owners = R"json("dependentRequired": {
        "bytes_received": ["bytes_sent", "byte_layer"],
        "bytes_sent": ["bytes_received", "byte_layer"],
        "byte_layer": ["bytes_received", "bytes_sent"]
      })json";

constexpr std::array all = {Rules{"icmp", icmp},   Rules{"tcp", messages}, Rules{"udp", messages},
                            Rules{"conn", conn},   Rules{"bind", bind},    Rules{"deny", deny},
                            Rules{"usage", usage}, Rules{"ports", ports},  Rules{"lost", lost}};

} // namespace

std::string_view rules_of(std::string_view event_type) {
    for (const Rules &rules : all)
        if (rules.event_type == event_type)
            return rules.text;
    return {};
}

std::string_view rules_of_owners() {
    return owners;
}

} // namespace pinpipe::fields_tool
