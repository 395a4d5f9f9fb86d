"""librdkafka by confluent-kafka as a peer."""

import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

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


serve(produce, read)
