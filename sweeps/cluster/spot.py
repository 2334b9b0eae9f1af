"""AWS's word that a spot machine will be taken away, two minutes ahead.

Google's machines and Kubernetes send SIGTERM to everything instead.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request

SECONDS = 2.0
"""Patience with the metadata service, which is on the machine's own network card."""


def notice() -> bool:
    """Whether it was given; False also where there is no metadata service to ask."""
    base = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254")
    try:
        token = _ask(f"{base}/latest/api/token", "PUT", "ttl-seconds", "60")
        _ask(f"{base}/latest/meta-data/spot/instance-action", "GET", "", token)
    except (urllib.error.URLError, TimeoutError):  # 404 until there is a notice
        return False
    return True


def _ask(url: str, method: str, header: str, value: str) -> str:
    name = "X-aws-ec2-metadata-token" + (f"-{header}" if header else "")
    request = urllib.request.Request(url, method=method, headers={name: value})
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return str(answer.read().decode())
