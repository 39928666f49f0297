"""What the client of AWS's maker sees through the proxy: one scenario for each switch.

The caller sets the switch, gives the scenario as the argument and the proxy's URL as
FLOE_PROXY_URL; the script fails when the client does not see what AWS would show it.
"""

import hashlib
import json
import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

URL = os.environ["FLOE_PROXY_URL"]
ACCOUNT = os.environ["FLOE_ACCOUNT"]
REGION = "us-east-1"
BUCKET = "landing-" + ACCOUNT
S3_ARN = "arn:aws:s3:::" + BUCKET


def client(service, attempts=1):
    # One attempt: the error is seen. More: the client's own retries are.
    config = Config(
        region_name=REGION,
        retries={"mode": "standard", "total_max_attempts": attempts},
        s3={"addressing_style": "path"},
    )
    return boto3.client(
        service,
        endpoint_url=URL,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
        config=config,
    )


s3, sns, sqs = client("s3"), client("sns"), client("sqs")


def expect(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{found} instead of {code}"
        return error.response
    raise AssertionError(f"{code} was expected, and the call worked")


def entry(identity, queue, prefix, **more):
    rules = [{"Name": "prefix", "Value": prefix}]
    if "suffix" in more:
        rules.append({"Name": "suffix", "Value": more["suffix"]})
    return {
        "Id": identity,
        "QueueArn": queue,
        "Events": more.get("events", ["s3:ObjectCreated:*"]),
        "Filter": {"Key": {"FilterRules": rules}},
    }


def put(*queues, topics=()):
    configuration = {"QueueConfigurations": list(queues), "TopicConfigurations": list(topics)}
    return dict(Bucket=BUCKET, NotificationConfiguration=configuration)


def make_queue(name):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def allow(service, action, resource, bucket=S3_ARN):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnLike": {"aws:SourceArn": bucket}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def ids():
    found = s3.get_bucket_notification_configuration(Bucket=BUCKET)
    return sorted(one["Id"] for one in found.get("QueueConfigurations", []))


def policies():
    url, queue = make_queue("watched")
    topic = sns.create_topic(Name="watched")["TopicArn"]
    wanted = put(
        entry("q", queue, "a/"),
        topics=[{"Id": "t", "TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]}],
    )
    write = s3.put_bucket_notification_configuration
    error = expect("InvalidArgument", write, **wanted)["Error"]
    assert error["Message"].startswith("Unable to validate the following destination"), error
    assert {error["ArgumentName1"], error["ArgumentName2"]} == {queue, topic}, error
    reason = "Permissions on the destination topic do not allow S3 to publish"
    assert any(reason in error[f"ArgumentValue{n}"] for n in (1, 2)), error

    wrong = allow("sqs", "sqs:SendMessage", queue, "arn:aws:s3:::of-others")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": wrong})
    right = allow("sns", "sns:Publish", topic)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=right)
    error = expect("InvalidArgument", write, **wanted)["Error"]
    assert "ArgumentName2" in error, "neither policy acts yet"

    right = allow("sqs", "sqs:SendMessage", queue)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": right})
    refused = 0
    for _ in range(5):
        try:
            write(**wanted)
            break
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidArgument", error
            refused += 1
    assert refused == 2, f"the policy acts after two tries, not {refused}"
    assert ids() == ["q"]


def overlaps():
    queue = make_queue("watched")[1]
    write = s3.put_bucket_notification_configuration
    overlapping = [
        (entry("1", queue, "a/"), entry("2", queue, "a/b/")),
        (entry("1", queue, ""), entry("2", queue, "a/", events=["s3:ObjectCreated:Put"])),
        (entry("1", queue, "a+b/"), entry("2", queue, "a%20b/c")),
        (entry("1", queue, "a/", suffix="jpg"), entry("2", queue, "a/", suffix="pg")),
    ]
    for pair in overlapping:
        error = expect("InvalidArgument", write, **put(*pair))["Error"]
        assert "Configuration is ambiguously defined" in error["Message"], error
    disjoint = [
        (entry("1", queue, "a/"), entry("2", queue, "ab/")),
        (entry("1", queue, "a/"), entry("2", queue, "a/", events=["s3:ObjectRemoved:*"])),
        (entry("1", queue, "a/", suffix=".jpg"), entry("2", queue, "a/", suffix=".png")),
    ]
    for pair in disjoint:
        write(**put(*pair))
        assert ids() == ["1", "2"]


def failures():
    """The caller made each of these fail once, in this order."""
    expect("SlowDown", s3.get_bucket_notification_configuration, Bucket=BUCKET)
    expect("RequestLimitExceeded", s3.get_bucket_notification_configuration, Bucket=BUCKET)
    expect("InternalError", sns.create_topic, Name="t")
    expect("Throttling", sns.create_topic, Name="t")
    expect("RequestThrottled", sqs.create_queue, QueueName="q")
    expect("InternalError", sqs.create_queue, QueueName="q")
    try:
        sns.list_topics()
        raise AssertionError("the connection was to break")
    except (ConnectionClosedError, EndpointConnectionError):
        pass
    try:
        sqs.create_queue(QueueName="done-all-the-same")
        raise AssertionError("the answer was to be lost")
    except ConnectionClosedError:
        pass
    sqs.get_queue_url(QueueName="done-all-the-same")
    start = time.monotonic()
    sns.list_topics()
    assert time.monotonic() - start >= 0.5, "the answer was to be late"


def retries():
    """Each of these fails twice, and the client tries four times by itself."""
    client("s3", 4).get_bucket_notification_configuration(Bucket=BUCKET)
    client("sns", 4).create_topic(Name="t")
    client("sqs", 4).create_queue(QueueName="q")
    client("sns", 4).list_topics()


def receive(url, count, delete=True):
    got = []
    for _ in range(count):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            body = message["Body"]
            digest = hashlib.md5(body.encode()).hexdigest()
            assert digest == message["MD5OfBody"], message
            got.append(message)
    if delete:
        for message in {one["MessageId"]: one for one in got}.values():
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [one["Body"] for one in got]


def send(url, bodies):
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def twice():
    url = make_queue("messages")[0]
    send(url, ["a", "b"])
    assert sorted(receive(url, 3)) == ["a", "a", "b", "b"]
    assert receive(url, 2) == []


def turned():
    url = make_queue("messages")[0]
    send(url, ["a", "b", "c"])
    assert receive(url, 1) == ["c", "b", "a"]


def delayed():
    url = make_queue("messages")[0]
    send(url, ["a"])
    assert [receive(url, 1, delete=False) for _ in range(2)] == [[], []]
    assert receive(url, 1) == ["a"]


def packed():
    url = make_queue("messages")[0]
    inner = [json.dumps({"Records": [{"n": n}]}) for n in range(3)]
    wrapped = [json.dumps({"Type": "Notification", "Message": one}) for one in inner]
    send(url, [wrapped[0], "not packed", wrapped[1], wrapped[2]])
    got = receive(url, 1)
    assert len(got) == 2 and got[1] == "not packed", got
    records = json.loads(json.loads(got[0])["Message"])["Records"]
    assert records == [{"n": n} for n in range(3)], got
    assert receive(url, 1) == [], "one deletion is enough"


def lag():
    url = make_queue("late")[0]
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    expect(missing, sqs.get_queue_url, QueueName="late")
    assert "QueueUrls" not in sqs.list_queues() or url not in sqs.list_queues()["QueueUrls"]
    for _ in range(3):
        try:
            sqs.get_queue_url(QueueName="late")
        except sqs.exceptions.QueueDoesNotExist:
            pass
    assert url in sqs.list_queues()["QueueUrls"]
    sqs.delete_queue(QueueUrl=url)
    assert sqs.get_queue_url(QueueName="late")["QueueUrl"] == url, "it is seen a while longer"
    code = "AWS.SimpleQueueService.QueueDeletedRecently"
    expect(code, sqs.create_queue, QueueName="late")
    try:
        sqs.create_queue(QueueName="late")
        raise AssertionError("its name is not free yet")
    except sqs.exceptions.QueueDeletedRecently:
        pass
    sqs.create_queue(QueueName="late")


def intruded():
    """The caller has others write after the first read, after the first write, and over the
    second write what was read before it."""
    queue = make_queue("watched")[1]
    read = s3.get_bucket_notification_configuration
    write = s3.put_bucket_notification_configuration
    assert "QueueConfigurations" not in read(Bucket=BUCKET)
    assert ids() == ["after a read"]
    write(**put(entry("ours", queue, "ours/")))
    assert ids() == ["after a write", "ours"]
    found = read(Bucket=BUCKET)["QueueConfigurations"]
    write(**put(*found, entry("ours too", queue, "ours too/")))
    assert ids() == ["after a write", "ours", "overwriting"], "what was written last is gone"


if __name__ == "__main__":
    # A bucket of this account, behind whatever switch is on: it is not about buckets.
    s3.create_bucket(Bucket=BUCKET)
    globals()[sys.argv[1]]()
    print(sys.argv[1], "as on AWS")
