"""One lap of librdkafka, by confluent-kafka for Python: the lap as JSON in argv, what it took as JSON on standard output."""
import json
import resource
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

lap = json.loads(sys.argv[1])


class Stopwatch:
    def __init__(self):
        self.began = time.perf_counter()
        self.cpu = time.process_time()
        self.records = 0
        self.bytes = 0

    def result(self):
        return {
            "records": self.records,
            "bytes": self.bytes,
            "seconds": time.perf_counter() - self.began,
            "cpuSeconds": time.process_time() - self.cpu,
            "residentBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def produce():
    acks = lap.get("acks", "all")
    settings = {"bootstrap.servers": lap["bootstrap"], "acks": {"all": "all", "leader": "1", "none": "0"}[acks]}
    settings |= {"enable.idempotence": acks == "all", "linger.ms": lap.get("lingerMs", 0), "batch.size": lap.get("batchBytes", 262144)}
    settings |= {"compression.type": lap.get("codec", "none"), "batch.num.messages": 100000, "queue.buffering.max.messages": 100000}
    producer = Producer(settings)
    value = (b"etaoin shrdlu{}:,0123456789" * (lap["size"] // 27 + 1))[: lap["size"]]

    def send(count):
        watch = Stopwatch()
        for nth in range(count):
            while True:
                try:
                    producer.produce(lap["topic"], value)
                    break
                except BufferError:
                    producer.poll(0.01)
            if nth % 1000 == 0:
                producer.poll(0)
        if producer.flush(60) > 0:
            raise SystemExit("not all was delivered")
        watch.records, watch.bytes = count, count * lap["size"]
        return watch.result()

    send(lap["warmUpRecords"])
    return send(lap["records"])


def consume():
    settings = {"bootstrap.servers": lap["bootstrap"], "group.id": f"race-{uuid.uuid4()}", "max.partition.fetch.bytes": 1048576}
    consumer = Consumer(settings | {"enable.auto.commit": False})
    topic = lap["topic"]
    partitions = consumer.list_topics(topic).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    warm, watch = 0, None
    while True:
        for message in consumer.consume(1000, 1.0):
            if message.error():
                raise SystemExit(str(message.error()))
            if watch is None:
                warm += 1
                if warm >= lap["warmUpRecords"]:
                    watch = Stopwatch()
                continue
            watch.records += 1
            watch.bytes += len(message.value())
        if watch is not None and watch.records >= lap["records"]:
            return watch.result()


print(json.dumps(produce() if lap["direction"] == "produce" else consume()))
