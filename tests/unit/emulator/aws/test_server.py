from __future__ import annotations

import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from lib.emulator.aws.server import start

Client = Any


def test_a_client_that_is_slow_to_send_holds_nobody_up(url: str, aws: Client) -> None:
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port)) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        assert aws("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_long_poll_holds_nobody_up_and_ends_when_a_message_comes(aws: Client) -> None:
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName="polled")["QueueUrl"]
    found: list[Any] = []
    poll = threading.Thread(
        target=lambda: found.extend(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", []))
    )
    begun = time.monotonic()
    poll.start()
    aws("sqs").send_message(QueueUrl=queue, MessageBody="come")
    poll.join()
    assert [message["Body"] for message in found] == ["come"]
    assert time.monotonic() - begun < 10


def test_a_port_that_is_taken_is_an_error(url: str) -> None:
    with pytest.raises(OSError, match="in use"):
        start(urlsplit(url).port or 0)


def test_many_requests_at_once_are_all_answered(aws: Client) -> None:
    logs, failures = aws("logs"), []

    def create(number: int) -> None:
        try:
            for index in range(10):
                logs.create_log_group(logGroupName=f"/many/{number}/{index}")
                logs.describe_log_groups(logGroupNamePrefix="/many")
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.slow
def test_a_stopped_server_answers_nothing_and_a_new_account_is_empty() -> None:
    import subprocess
    import sys

    program = """
import http.client, sys
from urllib.parse import urlsplit
import boto3
from lib.emulator.aws import serve
served = serve(0, account_id="210987654321")
def client(service):
    return boto3.client(service, endpoint_url=served.url, region_name="eu-west-1",
                        aws_access_key_id="t", aws_secret_access_key="t")
assert client("sts").get_caller_identity()["Account"] == "210987654321"
assert ":210987654321:" in client("sqs").create_queue(QueueName="q")["QueueUrl"].replace("/", ":")
assert client("iam").get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
kept = http.client.HTTPConnection(urlsplit(served.url).netloc)
kept.request("GET", "/_emulator/inventory")
kept.getresponse().read()
served.stop()
try:
    kept.request("GET", "/_emulator/inventory")
    kept.getresponse()
    sys.exit("still answered")
except (http.client.HTTPException, OSError):
    pass
served = serve(0)
assert "QueueUrls" not in client("sqs").list_queues()
served.stop()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
