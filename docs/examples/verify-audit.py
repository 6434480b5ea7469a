#!/usr/bin/env python3
"""Proves an export of pixgate's audit log, without pixgate: docs/audit.md says how.

    curl -H "Authorization: Bearer $TOKEN" https://api.example.com/audit.ndjson |
        AUDIT_SECRET=... AUDIT_SECRET_PREVIOUS=... python3 verify-audit.py [ANCHOR.json ...]

Exit status 0: the log is what the server wrote. 1: it is not, and the first place that
is not is named. Python 3.8 or later and nothing else.
"""

import hashlib
import hmac
import json
import os
import struct
import sys


class Fault(Exception):
    """What is wrong, and where."""

    def __init__(self, sequence, kind, message):
        super().__init__("sequence %d: %s: %s" % (sequence, kind, message))


def key_id(secret):
    return hashlib.sha256(b"pixgate key id\0" + secret).digest()[:4].hex()


def mac(secret, purpose, *parts):
    """HMAC-SHA-256 over the purpose and the parts, each behind its length."""
    data = b"".join(struct.pack(">I", len(part)) + part for part in (purpose, *parts))
    return hmac.new(secret, data, hashlib.sha256).hexdigest()


def keys_from(environment):
    secrets = [environment.get("AUDIT_SECRET", "")] + environment.get("AUDIT_SECRET_PREVIOUS", "").split(",")
    keys = {key_id(s.strip().encode()): s.strip().encode() for s in secrets if s.strip()}
    if not keys:
        sys.exit("set AUDIT_SECRET, and all that were before it to AUDIT_SECRET_PREVIOUS")
    return keys


def key_of(keys, name, sequence):
    if name not in keys:
        raise Fault(sequence, "UNKNOWN_KEY", "made with key %s, which none of the secrets has" % name)
    return keys[name]


def read_anchors(keys, names):
    """Anchors by their sequence; a studio has one of each at most."""
    anchors = {}
    for name in names:
        with open(name, encoding="utf-8") as file:
            anchor = json.load(file)
        secret = key_of(keys, anchor["keyId"], anchor["sequence"])
        signed = (anchor["tenant"], str(anchor["sequence"]), anchor["hash"], anchor["at"])
        if not hmac.compare_digest(mac(secret, b"audit anchor", *(s.encode() for s in signed)), anchor["mac"]):
            raise Fault(anchor["sequence"], "ANCHOR", "the server never signed %s" % name)
        anchors[anchor["sequence"]] = anchor
    return anchors


def judge(keys, entry, before, tenant):
    """Holds an entry against its own hash and the one before; returns its studio."""
    sequence = entry["sequence"]
    if before and sequence > before["sequence"] + 1:
        raise Fault(before["sequence"] + 1, "MISSING", "the next entry is %d" % sequence)
    if before and sequence <= before["sequence"]:
        raise Fault(sequence, "REORDERED", "it stands behind %d" % before["sequence"])
    canonical = entry["canonical"].encode()
    secret = key_of(keys, entry["keyId"], sequence)
    if not hmac.compare_digest(mac(secret, b"audit chain", bytes.fromhex(entry["prev"]), canonical), entry["hash"]):
        raise Fault(sequence, "CHANGED", "not what the server wrote, or it never wrote it")
    chained = json.loads(canonical)
    if chained["sequence"] != sequence or (tenant and chained["tenant"] != tenant):
        raise Fault(sequence, "REORDERED", "written as %d of %s" % (chained["sequence"], chained["tenant"]))
    if "id" in chained and "aud_" + chained["id"].replace("-", "") != entry["id"]:
        raise Fault(sequence, "CHANGED", "another id than was chained")
    if entry["prev"] != (before["hash"] if before else entry["prev"]) or (sequence == 1 and entry["prev"] != "00" * 32):
        raise Fault(sequence, "REORDERED", "written behind another entry than it follows")
    return chained["tenant"]


def verify(lines, keys, anchors):
    before, tenant, entries, held, end = None, None, 0, 0, None
    for line in lines:
        if end:
            raise Fault(end["sequence"], "CHANGED", "something stands behind the end")
        entry = json.loads(line)
        if "end" in entry:
            end = entry["end"]
            continue
        if not before and entry["sequence"] > 1:
            print("begins at %d: what is before is taken to be right" % entry["sequence"], file=sys.stderr)
        tenant = judge(keys, entry, before, tenant)
        anchor = anchors.get(entry["sequence"])
        if anchor:
            held += 1
            if anchor["hash"] != entry["hash"] or anchor["tenant"] != tenant:
                raise Fault(entry["sequence"], "ANCHOR", "another entry was in its place at %s" % anchor["at"])
        before, entries = entry, entries + 1
    last = before["sequence"] if before else 0
    if not end:
        raise Fault(last + 1, "CUT", "the file ends before its end")
    if entries != end["entries"] or (before and (end["sequence"], end["hash"]) != (last, before["hash"])):
        raise Fault(min(last, end["sequence"]) + 1, "CUT", "the log ended with %d, says its head" % end["sequence"])
    if not before and end["sequence"]:
        print("begins behind %d: what is before is taken to be right" % end["sequence"], file=sys.stderr)
        if anchors:
            raise Fault(end["sequence"], "CUT", "there is no entry to hold the anchors against")
    if anchors and max(anchors) > max(last, end["sequence"]):
        raise Fault(last + 1, "CUT", "an anchor knows of entry %d" % max(anchors))
    print("%d entries, %d anchors: whole" % (entries, held))


def main():
    keys = keys_from(os.environ)
    try:
        verify(sys.stdin.buffer, keys, read_anchors(keys, sys.argv[1:]))
    except Fault as fault:
        sys.exit(str(fault))
    except (KeyError, TypeError, ValueError) as problem:
        sys.exit("this is no export of an audit log: %r" % problem)


if __name__ == "__main__":
    main()
