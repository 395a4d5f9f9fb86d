"""kafka-python as a peer; api_version=0.10.0 among its settings makes it an old client."""

import sys
import time

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import CommitFailedError, KafkaConnectionError, RebalanceInProgressError

from group_member import member_acts
from line_peer import STUCK_SECONDS, Reading, records, serve, settings

BASE = {"bootstrap_servers": sys.argv[1], **settings()}
if "api_version" in BASE:
    BASE["api_version"] = tuple(int(part) for part in BASE["api_version"].split("."))


def produce(request):
    codec = None if request["codec"] == "none" else request["codec"]
    producer = KafkaProducer(compression_type=codec, acks="all", linger_ms=5, batch_size=65536, max_in_flight_requests_per_connection=1, **BASE)
    try:
        sent = [
            producer.send(request["topic"], value=value, key=key, timestamp_ms=when, headers=headers)
            for when, key, value, headers in records(request["file"])
        ]
        producer.flush(timeout=STUCK_SECONDS)
        for future in sent:
            future.get(timeout=STUCK_SECONDS)
        return {"count": len(sent)}
    finally:
        producer.close()


def read(request):
    partitions = [TopicPartition(request["topic"], index) for index in range(int(request["partitions"]))]
    consumer = KafkaConsumer(
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level=request.get("isolation", "read_uncommitted"),
        max_poll_records=5000,
        **BASE,
    )
    try:
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        _seek(consumer, request, partitions, ends)
        reading = Reading(len(partitions))
        moved_at = time.monotonic()
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for batch in consumer.poll(timeout_ms=500).values():
                moved_at = time.monotonic()
                for record in batch:
                    reading.add(record.partition, record.offset, record.timestamp, record.key, record.value, record.headers or [])
            if time.monotonic() - moved_at > STUCK_SECONDS:
                raise RuntimeError(f"nothing more came after {reading.count} records")
        return reading.reply()
    finally:
        consumer.close()


def _seek(consumer, request, partitions, ends):
    if request["from"] == "beginning":
        consumer.seek_to_beginning(*partitions)
    elif request["from"] == "offset":
        for partition, offset in zip(partitions, request["at"].split(",")):
            consumer.seek(partition, int(offset))
    else:
        found = consumer.offsets_for_times({partition: int(request["at"]) for partition in partitions})
        for partition in partitions:
            consumer.seek(partition, found[partition].offset if found[partition] else ends[partition])


class GroupConsumer(ConsumerRebalanceListener):
    """A consumer as group_member.py wants it."""

    def __init__(self, request, on_assigned):
        self.on_assigned = on_assigned
        session = int(request["session"])
        self.consumer = KafkaConsumer(
            group_id=request["group"],
            group_instance_id=request.get("instance"),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=session,
            heartbeat_interval_ms=session // 4,
            partition_assignment_strategy=(CooperativeStickyAssignor if request["assignor"] == "cooperative" else RangePartitionAssignor,),
            **BASE,
        )
        self.consumer.subscribe([request["topic"]], listener=self)

    def poll(self):
        try:
            batches = self.consumer.poll(timeout_ms=200)
        except KafkaConnectionError:
            return []  # a broker that is not there for a moment is an error to this client's poll only
        return [(record.partition, record.offset) for batch in batches.values() for record in batch]

    def assigned(self):
        return [one.partition for one in self.consumer.assignment()]

    def commit(self):
        try:
            self.consumer.commit()
        except (CommitFailedError, KafkaConnectionError, RebalanceInProgressError):
            pass  # whoever has the partitions now receives the records again

    def close(self):
        self.consumer.close()

    def on_partitions_assigned(self, assigned):
        self.on_assigned()

    def on_partitions_revoked(self, revoked):
        pass


serve({"produce": produce, "read": read, **member_acts(GroupConsumer)})
