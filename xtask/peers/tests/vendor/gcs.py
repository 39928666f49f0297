"""Google's own clients of Cloud Storage and Pub/Sub against the proxy: `gcs.py <part> <name>`."""

import json
import os
import sys
import time
import urllib.error
import urllib.request

from google.api_core.exceptions import BadRequest, Forbidden, NotFound, PermissionDenied
from google.auth.credentials import AnonymousCredentials
from google.cloud import pubsub_v1, storage
from google.cloud.storage.notification import JSON_API_V1_PAYLOAD_FORMAT, NONE_PAYLOAD_FORMAT

PART, NAME = sys.argv[1:3]
TOPIC = f"projects/{NAME}/topics/orders"
REST = os.environ["FLOE_PUBSUB_REST"]
PATIENCE = 30

client = storage.Client(project=NAME, credentials=AnonymousCredentials())
publisher = pubsub_v1.PublisherClient()
subscriber = pubsub_v1.SubscriberClient()


def rest(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{REST}/v1/{path}", data=data)
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(kind, call):
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was expected")


def let_publish(topic=TOPIC):
    agent = client.get_service_account_email()
    policy = rest(f"{topic}:getIamPolicy")
    binding = {"role": "roles/pubsub.publisher", "members": [f"serviceAccount:{agent}"]}
    policy.setdefault("bindings", []).append(binding)
    written = rest(f"{topic}:setIamPolicy", {"policy": policy})
    assert written["bindings"] == policy["bindings"], written
    try:
        rest(f"{topic}:setIamPolicy", {"policy": policy})
        raise AssertionError("an old etag was taken")
    except urllib.error.HTTPError as error:
        assert error.code == 409, error
        assert json.load(error)["error"]["status"] == "ABORTED"


def notify(bucket, **fields):
    notification = bucket.notification(topic_name="orders", topic_project=NAME, **fields)
    notification.create()
    return notification


def configs():
    bucket = client.create_bucket(NAME)
    agent = client.get_service_account_email()
    assert agent.startswith("service-"), agent
    assert agent.endswith("@gs-project-accounts.iam.gserviceaccount.com"), agent
    assert list(bucket.list_notifications()) == []
    made = dict(
        event_types=["OBJECT_FINALIZE"],
        blob_name_prefix="in/",
        custom_attributes={"streamId": "7"},
        payload_format=JSON_API_V1_PAYLOAD_FORMAT,
    )
    refused(NotFound, lambda: notify(bucket, **made))
    publisher.create_topic(name=TOPIC)
    words = refused(Forbidden, lambda: notify(bucket, **made))
    assert agent in words and "permission to publish" in words, words
    let_publish()
    first = notify(bucket, **made)
    second = notify(bucket, **made)
    assert first.notification_id != second.notification_id, "nothing is made only once"
    listed = {one.notification_id: one for one in bucket.list_notifications()}
    assert set(listed) == {first.notification_id, second.notification_id}, listed
    got = bucket.get_notification(first.notification_id)
    one = listed[first.notification_id]
    assert (one.topic_name, one.topic_project) == ("orders", NAME)
    # What is got by its id has its topic only in what the server said.
    assert got._properties["topic"] == f"//pubsub.googleapis.com/{TOPIC}"
    for one in (first, one, got):
        assert one.event_types == ["OBJECT_FINALIZE"]
        assert one.blob_name_prefix == "in/"
        assert one.custom_attributes == {"streamId": "7"}
        assert one.payload_format == JSON_API_V1_PAYLOAD_FORMAT
        assert one.etag and one.self_link
    assert got.exists()
    first.delete()
    assert not first.exists()
    refused(NotFound, first.delete)
    refused(NotFound, lambda: bucket.get_notification(first.notification_id))
    assert [one.notification_id for one in bucket.list_notifications()] == [second.notification_id]
    nowhere = client.bucket(f"{NAME}-nowhere")
    refused(NotFound, lambda: list(nowhere.list_notifications()))
    refused(NotFound, lambda: notify(nowhere, **made))


def limits():
    bucket = client.create_bucket(NAME)
    publisher.create_topic(name=TOPIC)
    let_publish()
    for _ in range(10):
        notify(bucket, event_types=["OBJECT_FINALIZE"])
    words = refused(BadRequest, lambda: notify(bucket, event_types=["OBJECT_FINALIZE"]))
    assert "OBJECT_FINALIZE" in words, words
    refused(BadRequest, lambda: notify(bucket))
    notify(bucket, event_types=["OBJECT_DELETE"])
    refused(BadRequest, lambda: notify(bucket, event_types=["OBJECT_SPOILED"]))


def received(subscription, count):
    """Until so many came; a little longer, so that one too many is seen."""
    messages = []
    end = time.monotonic() + PATIENCE
    while len(messages) < count and time.monotonic() < end:
        messages += pulled(subscription, 3)
    return messages + pulled(subscription, 1)


def pulled(subscription, seconds):
    request = {"subscription": subscription, "max_messages": 100}
    try:
        answer = subscriber.pull(request=request, timeout=seconds)
    except Exception as error:  # An empty pull ends with its deadline.
        assert type(error).__name__ in ("DeadlineExceeded", "RetryError"), error
        return []
    ids = [one.ack_id for one in answer.received_messages]
    if ids:
        subscriber.acknowledge(request={"subscription": subscription, "ack_ids": ids})
    return [one.message for one in answer.received_messages]


def subscribed(name, topic):
    path = f"projects/{NAME}/subscriptions/{name}"
    subscriber.create_subscription(name=path, topic=topic)
    return path


def events():
    bucket = client.create_bucket(NAME)
    bare = f"projects/{NAME}/topics/bare"
    for topic in (TOPIC, bare):
        publisher.create_topic(name=topic)
        let_publish(topic)
    orders, of_bare = subscribed("orders", TOPIC), subscribed("bare", bare)
    config = notify(
        bucket,
        event_types=["OBJECT_FINALIZE", "OBJECT_DELETE"],
        blob_name_prefix="in/",
        custom_attributes={"streamId": "7"},
        payload_format=JSON_API_V1_PAYLOAD_FORMAT,
    )
    bucket.notification(
        topic_name="bare",
        topic_project=NAME,
        event_types=["OBJECT_FINALIZE"],
        payload_format=NONE_PAYLOAD_FORMAT,
    ).create()
    odd = bucket.blob("in/größe/a b+c%20.csv")
    odd.upload_from_string("first")
    odd.upload_from_string("second, longer")
    bucket.copy_blob(odd, bucket, "in/the copy.csv")
    bucket.blob("in/composed.csv").compose([odd, odd])
    bucket.blob("input/other.csv").upload_from_string("not below the prefix")
    odd.delete()
    messages = received(orders, 6)
    made = {"streamId": "7", "bucketId": NAME, "payloadFormat": "JSON_API_V1"}
    made["notificationConfig"] = (
        f"projects/_/buckets/{NAME}/notificationConfigs/{config.notification_id}"
    )
    kinds = []
    for message in messages:
        attributes = dict(message.attributes)
        for name, value in made.items():
            assert attributes[name] == value, attributes
        body = json.loads(message.data)
        assert body["kind"] == "storage#object" and body["bucket"] == NAME, body
        assert body["name"] == attributes["objectId"], body
        assert body["generation"] == attributes["objectGeneration"], body
        kinds.append((attributes["eventType"], attributes["objectId"]))
        if "overwroteGeneration" in attributes:
            assert attributes["objectId"] == odd.name, attributes
    finalized = sorted(name for kind, name in kinds if kind == "OBJECT_FINALIZE")
    assert finalized == sorted([odd.name, odd.name, "in/composed.csv", "in/the copy.csv"]), kinds
    deleted = [name for kind, name in kinds if kind == "OBJECT_DELETE"]
    assert deleted and set(deleted) == {odd.name}, kinds
    without = received(of_bare, 5)
    assert len(without) == 5, without
    for message in without:
        assert message.data == b"", message
        assert message.attributes["payloadFormat"] == "NONE", message
        assert message.attributes["eventType"] == "OBJECT_FINALIZE", message
    config.delete()
    bucket.blob("in/too late.csv").upload_from_string("nobody is told")
    assert received(orders, 0) == [], "a configuration that is gone tells nobody"


def granted():
    bucket = client.create_bucket(NAME)
    publisher.create_topic(name=TOPIC)
    notify(bucket, event_types=["OBJECT_FINALIZE"])


def denied():
    words = refused(PermissionDenied, lambda: publisher.create_topic(name=TOPIC))
    assert "not authorized" in words, words
    assert list(publisher.list_topics(project=f"projects/{NAME}")) == []


def busy():
    # The client asks again by itself, and is answered the third time.
    publisher.create_topic(name=TOPIC)
    assert publisher.get_topic(topic=TOPIC).name == TOPIC


PARTS = [configs, limits, events, granted, denied, busy]
{part.__name__: part for part in PARTS}[PART]()
