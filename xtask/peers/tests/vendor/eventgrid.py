"""Microsoft's own clients against the fake of Event Grid.

Usage: eventgrid.py FACTS, where FACTS is a file of JSON: the URLs, the account and its key, and
the ids. What is wrong is an exception; commands to the fake go over its standard output and input,
one a line, because only the test can break it.

The fake speaks http on the loopback interface. The clients send tokens over https alone unless
they are told otherwise, which `enforce_https=False` does, the switch that azure-core has for it:
nothing about the requests changes but that.
"""

import base64
import json
import sys
import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.mgmt.eventgrid import EventGridManagementClient
from azure.mgmt.eventgrid import models
from azure.storage.blob import BlobBlock, BlobServiceClient
from azure.storage.queue import QueueServiceClient

FACTS = json.load(open(sys.argv[1], encoding="utf-8"))
SCOPE = FACTS["scope"]
PLAIN = {"enforce_https": False}
ODD = "in/größe & 文件 +%25?.csv"


class Token:
    """A credential that gives one token, and remembers what it was asked for."""

    def __init__(self, token):
        self.token = token
        self.scopes = set()

    def get_token(self, *scopes, **_):
        self.scopes.update(scopes)
        return AccessToken(self.token, int(time.time()) + 3600)


def client(token=None, **more):
    credential = Token(token or FACTS["token"])
    made = EventGridManagementClient(
        credential,
        FACTS["subscription"],
        base_url=FACTS["management"],
        credential_scopes=["https://management.azure.com/.default"],
        **more,
    )
    return made, credential


def ask(command):
    """Lets the test break the fake."""
    print(command, flush=True)
    answer = sys.stdin.readline().strip()
    assert answer == "done", answer


def wanted(queue, subject="/blobServices/default/containers/vendor/blobs/in/", labels=None):
    destination = models.StorageQueueEventSubscriptionDestination(
        resource_id=SCOPE, queue_name=queue, queue_message_time_to_live_in_seconds=3600
    )
    made = ["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"]
    passing = models.StringInAdvancedFilter(key="data.api", values=made)
    return models.EventSubscription(
        destination=destination,
        filter=models.EventSubscriptionFilter(
            subject_begins_with=subject,
            included_event_types=["Microsoft.Storage.BlobCreated"],
            advanced_filters=[passing],
        ),
        labels=labels or ["floe"],
    )


def fails(error, call, code=None):
    try:
        call()
    except error as raised:
        if code is not None:
            assert raised.error.code == code, (raised.error.code, code)
        return raised
    raise AssertionError(f"nothing was raised; {error.__name__} was expected")


def management(grid, credential):
    events = grid.event_subscriptions
    fails(ResourceNotFoundError, lambda: events.get(SCOPE, "nope", **PLAIN))
    made = events.begin_create_or_update(SCOPE, "vendor", wanted("vendor"), **PLAIN).result()
    assert made.provisioning_state == "Succeeded", made.provisioning_state
    assert credential.scopes == {"https://management.azure.com/.default"}, credential.scopes

    got = events.get(SCOPE, "vendor", **PLAIN)
    assert got.id.endswith("/eventSubscriptions/vendor"), got.id
    assert got.topic == SCOPE.lower(), got.topic
    assert got.destination.queue_name == "vendor"
    assert got.destination.queue_message_time_to_live_in_seconds == 3600
    assert got.event_delivery_schema == "EventGridSchema", "a default is filled in"
    assert got.retry_policy.max_delivery_attempts == 30
    assert got.retry_policy.event_time_to_live_in_minutes == 1440
    assert got.filter.subject_ends_with == ""
    assert [one.key for one in got.filter.advanced_filters] == ["data.api"]

    patch = models.EventSubscriptionUpdateParameters(labels=["floe", "patched"])
    events.begin_update(SCOPE, "vendor", patch, **PLAIN).result()
    assert events.get(SCOPE, "vendor", **PLAIN).labels == ["floe", "patched"]

    for number in range(5):
        name = f"page-{number}"
        other = wanted("elsewhere", subject="/none")
        events.begin_create_or_update(SCOPE, name, other, **PLAIN).result()
    ask("page 2")
    of = ("Microsoft.Storage", "storageAccounts", FACTS["account"])
    names = [one.name for one in events.list_by_resource(FACTS["group"], *of, **PLAIN)]
    assert names == [f"page-{n}" for n in range(5)] + ["vendor"], names
    ask("page 0")
    for number in range(5):
        events.begin_delete(SCOPE, f"page-{number}", **PLAIN).result()
    names = [one.name for one in events.list_by_resource(FACTS["group"], *of, **PLAIN)]
    assert names == ["vendor"], names
    events.begin_delete(SCOPE, "page-0", **PLAIN).result()


def refusals(grid):
    events = grid.event_subscriptions

    def put(name="other", **more):
        body = wanted("vendor", **more)
        return events.begin_create_or_update(SCOPE, name, body, **PLAIN).result()

    bad = fails(HttpResponseError, lambda: put(name="a_b"), "InvalidRequest")
    assert bad.status_code == 400
    never = wanted("vendor")
    never.destination.queue_message_time_to_live_in_seconds = 0
    begin = lambda: events.begin_create_or_update(SCOPE, "other", never, **PLAIN)
    fails(HttpResponseError, begin, "InvalidRequest")

    ask("forbid Microsoft.EventGrid/eventSubscriptions/write")
    refused = fails(HttpResponseError, put, "AuthorizationFailed")
    assert refused.status_code == 403
    assert "'Microsoft.EventGrid/eventSubscriptions/write' over scope" in str(refused)
    ask("allow")

    ask("unregistered")
    refused = fails(HttpResponseError, put, "MissingSubscriptionRegistration")
    assert refused.status_code == 409
    ask("registered")

    ask("fail InternalError")
    failed = fails(HttpResponseError, put)
    assert "InternalError" in str(failed), failed
    assert events.get(SCOPE, "other", **PLAIN).provisioning_state == "Failed"
    assert put().provisioning_state == "Succeeded", "the same again repairs it"
    events.begin_delete(SCOPE, "other", **PLAIN).result()
    fails(ResourceNotFoundError, lambda: events.get(SCOPE, "other", **PLAIN))

    # The client itself waits as long as `Retry-After` says, and asks again.
    ask("throttle 2")
    begun = time.monotonic()
    assert events.get(SCOPE, "vendor", **PLAIN).name == "vendor"
    assert time.monotonic() - begun >= 2, "it waited a second twice"

    ask("busy 3")
    events.begin_create_or_update(SCOPE, "vendor", wanted("vendor"), polling=False, **PLAIN)
    again = lambda: events.begin_create_or_update(SCOPE, "vendor", wanted("vendor"), **PLAIN)
    busy = fails(HttpResponseError, again)
    assert busy.status_code == 409, busy
    while events.get(SCOPE, "vendor", **PLAIN).provisioning_state != "Succeeded":
        pass
    ask("busy 1")

    stranger, _ = client(token="another token")
    get = lambda: stranger.event_subscriptions.get(SCOPE, "vendor", **PLAIN)
    fails(ClientAuthenticationError, get)
    old, _ = client(api_version="2010-01-01")
    get = lambda: old.event_subscriptions.get(SCOPE, "vendor", **PLAIN)
    fails(HttpResponseError, get, "InvalidApiVersionParameter")


def delivery():
    key = f"AccountName={FACTS['account']};AccountKey={FACTS['key']}"
    blobs = BlobServiceClient.from_connection_string(f"{key};BlobEndpoint={FACTS['blobs']}")
    queues = QueueServiceClient.from_connection_string(f"{key};QueueEndpoint={FACTS['queues']}")
    queue = queues.create_queue("vendor")
    container = blobs.create_container("vendor")

    container.upload_blob(ODD, b"whole", content_settings=None)
    blob = container.get_blob_client("in/blocks.csv")
    blob.stage_block("MDE=", b"a block ")
    blob.stage_block("MDI=", b"and another")
    blob.commit_block_list([BlobBlock("MDE="), BlobBlock("MDI=")])
    copy = container.get_blob_client("in/copy.csv")
    copy.start_copy_from_url(blob.url)
    container.upload_blob("out/a.csv", b"not watched")
    blob.delete_blob()

    told = {}
    for message in queue.receive_messages(messages_per_page=32, visibility_timeout=60):
        event = json.loads(base64.b64decode(message.content, validate=True))
        assert isinstance(event, dict), "one event a message, no list"
        told[event["subject"]] = event
        queue.delete_message(message)
    start = "/blobServices/default/containers/vendor/blobs/"
    expected = {start + ODD, start + "in/blocks.csv", start + "in/copy.csv"}
    assert set(told) == expected, set(told)
    described(told[start + ODD], "PutBlob", 5)
    described(told[start + "in/blocks.csv"], "PutBlockList", 19)
    described(told[start + "in/copy.csv"], "CopyBlob", 19)
    order = [told[start + name]["data"]["sequencer"] for name in (ODD, "in/blocks.csv")]
    assert order == sorted(order), order
    properties = container.get_blob_client(ODD).download_blob().properties
    assert told[start + ODD]["data"]["eTag"] == properties.etag.strip('"')
    return queue, container


def described(event, api, length):
    names = {"topic", "subject", "eventType", "eventTime", "id", "data"}
    assert set(event) == names | {"dataVersion", "metadataVersion"}, set(event)
    assert event["topic"] == SCOPE and event["metadataVersion"] == "1"
    assert event["eventType"] == "Microsoft.Storage.BlobCreated"
    data = event["data"]
    assert data["api"] == api and data["contentLength"] == length, data
    assert data["blobType"] == "BlockBlob" and data["clientRequestId"], data
    assert data["url"].startswith("https://devstoreaccount1.blob.core.windows.net/vendor/in/")
    assert " " not in data["url"], data["url"]


def disorder(queue, container):
    ask("disorder 4")
    container.upload_blob("in/first.csv", b"1")
    container.upload_blob("in/second.csv", b"2")
    texts = [message.content for message in queue.receive_messages(visibility_timeout=60)]
    names = [json.loads(base64.b64decode(text))["subject"].rsplit("/", 1)[1] for text in texts]
    assert names == ["second.csv"] * 2 + ["first.csv"] * 2, names
    ask("disorder 0")


def main():
    grid, credential = client()
    management(grid, credential)
    refusals(grid)
    queue, container = delivery()
    disorder(queue, container)
    queue.delete_queue()
    container.delete_container()
    print("proved", flush=True)


main()
