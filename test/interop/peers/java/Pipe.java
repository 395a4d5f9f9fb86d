import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Consumes, transforms and produces, a transaction for each poll. Whatever goes wrong, consumer and producer are made anew under the same
 * transactional id, as an application's supervisor would; the records of the broken transaction come again from the group's offsets.
 */
final class Pipe extends Thread {
  private static volatile Pipe pipe;

  private final Map<String, String> request;
  private final Properties settings;
  private volatile long committed;
  private volatile int restarts;
  private volatile String last = "";

  private Pipe(Map<String, String> request, Properties settings) {
    this.request = request;
    this.settings = settings;
    setDaemon(true);
  }

  static void start(Map<String, String> request, Properties settings) {
    pipe = new Pipe(request, settings);
    pipe.start();
  }

  static void state(Map<String, String> request, Map<String, String> reply) {
    reply.put("committed", Long.toString(pipe.committed));
    reply.put("restarts", Integer.toString(pipe.restarts));
    reply.put("last", pipe.last);
  }

  @Override
  public void run() {
    while (true) {
      try {
        consumeTransformProduce();
      } catch (Throwable error) {
        last = error.toString();
        restarts++;
        error.printStackTrace();
      }
    }
  }

  private void consumeTransformProduce() {
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(consumerSettings(), Peer.BYTES_IN, Peer.BYTES_IN);
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(producerSettings(), Peer.BYTES_OUT, Peer.BYTES_OUT)) {
      producer.initTransactions();
      consumer.subscribe(Collections.singletonList(request.get("from")));
      while (true) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(200));
        if (records.isEmpty()) continue;
        producer.beginTransaction();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
          producer.send(new ProducerRecord<>(request.get("to"), record.key(), record.value()));
          offsets.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        producer.commitTransaction();
        committed += records.count();
      }
    }
  }

  private Properties consumerSettings() {
    Properties with = new Properties();
    with.put("group.id", request.get("group"));
    with.put("enable.auto.commit", "false");
    with.put("auto.offset.reset", "earliest");
    with.put("isolation.level", "read_committed");
    with.put("session.timeout.ms", request.get("session"));
    with.put("heartbeat.interval.ms", Integer.toString(Integer.parseInt(request.get("session")) / 4));
    with.put("max.poll.records", request.get("size"));
    with.putAll(settings);
    return with;
  }

  private Properties producerSettings() {
    Properties with = new Properties();
    with.put("transactional.id", request.get("id"));
    with.put("transaction.timeout.ms", "20000");
    with.putAll(settings);
    return with;
  }
}
