"""librdkafka by confluent-kafka as a peer."""

import sys
import threading
import time
import traceback

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from group_member import member_acts
from line_peer import STUCK_SECONDS, Reading, records, serve, settings

BASE = {"bootstrap.servers": sys.argv[1], **settings()}


def produce(request):
    failures = []
    producer = Producer(
        {"compression.type": request["codec"], "partitioner": "murmur2_random", "enable.idempotence": True, "linger.ms": 5, **BASE}
    )

    def delivered(error, _message):
        if error is not None:
            failures.append(error)

    count = 0
    for when, key, value, headers in records(request["file"]):
        while True:
            try:
                producer.produce(request["topic"], value, key, timestamp=when, headers=headers or None, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        count += 1
        producer.poll(0)
    left = producer.flush(STUCK_SECONDS)
    if left or failures:
        raise RuntimeError(f"{left} records were not delivered, {len(failures)} failed: {failures[:1]}")
    return {"count": count}


def read(request):
    topic, count = request["topic"], int(request["partitions"])
    # The library wants a group's name even where nobody joins it.
    consumer = Consumer(
        {
            "group.id": "unused",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "isolation.level": request.get("isolation", "read_uncommitted"),
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            # The end of a partition is known by a fetch that came back empty.
            "fetch.wait.max.ms": 20,
            **BASE,
        }
    )
    try:
        ends = [consumer.get_watermark_offsets(TopicPartition(topic, index), timeout=STUCK_SECONDS)[1] for index in range(count)]
        starts = _starts(consumer, request, topic, count, ends)
        consumer.assign([TopicPartition(topic, index, start) for index, start in enumerate(starts)])
        reading = Reading(count)
        ended = set()
        moved_at = time.monotonic()
        while len(ended) < count:
            for message in consumer.consume(1000, timeout=0.5):
                moved_at = time.monotonic()
                if message.error() is None:
                    kind, when = message.timestamp()
                    reading.add(message.partition(), message.offset(), when, message.key(), message.value(), message.headers() or [])
                elif message.error().name() == "_PARTITION_EOF":
                    ended.add(message.partition())
                else:
                    raise RuntimeError(str(message.error()))
            if time.monotonic() - moved_at > STUCK_SECONDS:
                raise RuntimeError(f"nothing more came after {reading.count} records")
        return reading.reply()
    finally:
        consumer.close()


def _starts(consumer, request, topic, count, ends):
    if request["from"] == "beginning":
        return [consumer.get_watermark_offsets(TopicPartition(topic, index), timeout=STUCK_SECONDS)[0] for index in range(count)]
    if request["from"] == "offset":
        return [int(offset) for offset in request["at"].split(",")]
    found = consumer.offsets_for_times([TopicPartition(topic, index, int(request["at"])) for index in range(count)], timeout=STUCK_SECONDS)
    for partition in found:
        if partition.error is not None:
            raise RuntimeError(str(partition.error))
    return [one.offset if one.offset >= 0 else ends[one.partition] for one in sorted(found, key=lambda one: one.partition)]


# What a commit meets when the group has moved on; whoever has the partitions now receives the records again.
MOVED = {
    "ILLEGAL_GENERATION",
    "UNKNOWN_MEMBER_ID",
    "REBALANCE_IN_PROGRESS",
    "STALE_MEMBER_EPOCH",
    "FENCED_MEMBER_EPOCH",
    "_ASSIGNMENT_LOST",
    "_NO_OFFSET",
}

# And when the broker is not there for a moment.
AWAY = {"_WAIT_COORD", "_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT", "NOT_COORDINATOR", "COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE"}


def group_config(request):
    config = {"group.id": request["group"], "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    if "instance" in request:
        config["group.instance.id"] = request["instance"]
    if request["assignor"] == "broker":
        return {**config, "group.protocol": "consumer"}
    session = int(request["session"])
    strategy = "cooperative-sticky" if request["assignor"] == "cooperative" else "range"
    return {**config, "partition.assignment.strategy": strategy, "session.timeout.ms": session, "heartbeat.interval.ms": session // 4}


class GroupConsumer:
    """A consumer as group_member.py wants it."""

    def __init__(self, request, on_assigned):
        self.consumer = Consumer({**group_config(request), **BASE})
        self.consumer.subscribe([request["topic"]], on_assign=lambda _consumer, _partitions: on_assigned())

    def poll(self):
        received = []
        for message in self.consumer.consume(500, timeout=0.2):
            if message.error() is None:
                received.append((message.partition(), message.offset()))
            elif message.error().fatal():
                raise KafkaException(message.error())
        return received

    def assigned(self):
        return [one.partition for one in self.consumer.assignment()]

    def commit(self):
        end = time.monotonic() + STUCK_SECONDS
        while True:
            try:
                self.consumer.commit(asynchronous=False)
                return
            except KafkaException as error:
                name = error.args[0].name()
                if name in MOVED:
                    return
                if name not in AWAY or time.monotonic() > end:
                    raise
            time.sleep(0.1)

    def close(self):
        self.consumer.close()


class Pipe(threading.Thread):
    """
    Consumes, transforms and produces, a transaction for some records. Whatever goes wrong, consumer and producer are made anew under the same
    transactional id; the records of the broken transaction come again from the group's offsets.
    """

    def __init__(self, request):
        super().__init__(daemon=True)
        self.request = request
        self.committed = 0
        self.restarts = 0
        self.last = ""

    def run(self):
        while True:
            try:
                self._consume_transform_produce()
            except Exception as error:
                traceback.print_exc()
                self.last = str(error)
                self.restarts += 1

    def _consume_transform_produce(self):
        session = int(self.request["session"])
        producer = Producer({"transactional.id": self.request["id"], "transaction.timeout.ms": 20000, **BASE})
        producer.init_transactions(STUCK_SECONDS)
        consumer = Consumer(
            {**group_config({**self.request, "assignor": "eager"}), "isolation.level": "read_committed", "session.timeout.ms": session, **BASE}
        )

        def revoked(_consumer, _partitions):
            # What was polled is no longer ours to commit; raising here would be swallowed.
            self.lost = True

        try:
            consumer.subscribe([self.request["from"]], on_revoke=revoked, on_lost=revoked)
            while True:
                self.lost = False
                polled = self._poll(consumer)
                if self.lost and polled:
                    raise RuntimeError("the partitions went elsewhere while a batch was polled")
                if polled:
                    producer.begin_transaction()
                    for message in polled:
                        producer.produce(self.request["to"], message.value(), message.key())
                    ends = {message.partition(): message.offset() + 1 for message in polled}
                    offsets = [TopicPartition(self.request["from"], partition, end) for partition, end in ends.items()]
                    producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), STUCK_SECONDS)
                    producer.commit_transaction(STUCK_SECONDS)
                    self.committed += len(polled)
        finally:
            consumer.close()

    def _poll(self, consumer):
        polled = []
        while len(polled) < int(self.request["size"]):
            message = consumer.poll(0 if polled else 0.2)
            if message is None:
                break
            if message.error() is None:
                polled.append(message)
            elif message.error().fatal():
                raise KafkaException(message.error())
        return polled


def pipe_acts():
    pipes = []

    def start(request):
        pipes.append(Pipe(request))
        pipes[0].start()

    def state(_request):
        return {"committed": pipes[0].committed, "restarts": pipes[0].restarts, "last": pipes[0].last}

    return {"pipe": start, "piped": state}


serve({"produce": produce, "read": read, **member_acts(GroupConsumer), **pipe_acts()})
