#!/usr/bin/env python3
"""Tells whether a security alert that came by webhook is pixgate's: docs/security-events.md.

    ALERT_WEBHOOK_SECRET=whsec_... python3 verify-alert.py ID TIMESTAMP SIGNATURES < body

ID, TIMESTAMP and SIGNATURES are the headers webhook-id, webhook-timestamp and webhook-signature, the
body is what came, byte for byte. Exit status 0: it is. 1: it is not, it is older than five minutes, or the command is wrong.
A receiver calls `verify`, and remembers ids: a message may come twice. Python 3.8 and nothing else.
"""

import base64
import hashlib
import hmac
import os
import sys
import time


USAGE = "usage: ALERT_WEBHOOK_SECRET=whsec_... python3 verify-alert.py ID TIMESTAMP SIGNATURES < body"


def key_of(secret):
    """Returns the bytes that a secret stands for. Raises ValueError unless it is one."""
    if not secret.startswith("whsec_"):
        raise ValueError("a secret begins with whsec_")
    key = base64.b64decode(secret[len("whsec_"):], validate=True)
    if len(key) < 24:
        raise ValueError("a secret has 24 bytes at least")
    return key


def verify(secret, message_id, timestamp, signatures, body, now):
    """Raises ValueError unless one of the signatures is the secret's, of this body and of now."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and abs(now - int(timestamp)) <= 300):
        raise ValueError("too old, or of the future: somebody may have kept it")
    content = message_id.encode() + b"." + timestamp.encode() + b"." + body
    expected = "v1," + base64.b64encode(hmac.new(key_of(secret), content, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in signatures.split(" ")):
        raise ValueError("not signed with this secret")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(USAGE)
    try:
        key_of(os.environ.get("ALERT_WEBHOOK_SECRET", ""))
    except ValueError as wrong:
        sys.exit("ALERT_WEBHOOK_SECRET is none: %s\n%s" % (wrong, USAGE))
    try:
        verify(os.environ["ALERT_WEBHOOK_SECRET"], *sys.argv[1:], sys.stdin.buffer.read(), time.time())
    except ValueError as wrong:
        sys.exit("refused: %s" % wrong)
    print("it is pixgate's")
