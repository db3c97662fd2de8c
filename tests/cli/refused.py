#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: refused.py SCHEMAS

Prints each line of stdin that its schema in the directory SCHEMAS does not accept: an event, or "KIND<tab>EVENT".
"""
import json
import os
import sys

from jsonschema import Draft202012Validator, FormatChecker

SUFFIX = ".schema.json"


def validator(name):
    with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


validators = {name.removesuffix(SUFFIX): validator(name) for name in os.listdir(sys.argv[1]) if name.endswith(SUFFIX)}
for line in sys.stdin:
    kind, event = line.split("\t", 1) if "\t" in line else (json.loads(line)["event_type"], line)
    if not validators[kind].is_valid(json.loads(event)):
        print(line.rstrip())
