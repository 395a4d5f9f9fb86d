"""kafka-python as a peer; api_version=0.10.0 among its settings makes it an old client."""

import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

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


serve(produce, read)
