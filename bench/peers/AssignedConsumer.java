// Reads a topic from the beginning with the Java consumer, as Kafka's ConsumerPerformance does and with its settings, but with the
// partitions assigned instead of a group, so that it measures the fetch path of any broker alone.
// AssignedConsumer BOOTSTRAP TOPIC RECORDS: one JSON line.
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class AssignedConsumer {
    public static void main(String[] args) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("auto.offset.reset", "earliest");
        settings.put("receive.buffer.bytes", 2 * 1024 * 1024);
        settings.put("max.partition.fetch.bytes", 1024 * 1024);
        settings.put("check.crcs", false);
        settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
        settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
        long wanted = Long.parseLong(args[2]);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            List<TopicPartition> partitions = consumer.partitionsFor(args[1]).stream()
                .map(info -> new TopicPartition(args[1], info.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long records = 0, bytes = 0, begun = System.nanoTime(), lastHeard = begun;
            while (records < wanted && System.nanoTime() - lastHeard < 30_000_000_000L) {
                var batch = consumer.poll(Duration.ofMillis(100));
                if (!batch.isEmpty()) lastHeard = System.nanoTime();
                for (var record : batch) {
                    records++;
                    bytes += (record.key() == null ? 0 : record.key().length) + (record.value() == null ? 0 : record.value().length);
                }
            }
            double seconds = (System.nanoTime() - begun) / 1e9;
            System.out.printf("{\"tool\":\"assigned-consumer\",\"records\":%d,\"MiB\":%.1f,\"seconds\":%.3f,\"MiBps\":%.1f,\"recps\":%.0f}%n",
                records, bytes / 1048576.0, seconds, bytes / 1048576.0 / seconds, records / seconds);
        }
    }
}
