import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The records of a file in transactions of `size` records, of which every third is aborted; with `hang=true` one more record is written in a
 * transaction that nobody ends. The reply counts what was committed.
 */
final class Transactions {
  static void run(Map<String, String> request, Properties settings, Map<String, String> reply) throws Exception {
    Properties with = new Properties();
    with.put("transactional.id", request.get("id"));
    with.put("compression.type", request.get("codec"));
    with.putAll(settings);
    int size = Integer.parseInt(request.get("size"));
    List<ProducerRecord<byte[], byte[]>> records = Peer.records(request.get("topic"), request.get("file"));
    long committed = 0;
    KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(with, Peer.BYTES_OUT, Peer.BYTES_OUT);
    producer.initTransactions();
    for (int start = 0, nth = 1; start < records.size(); start += size, nth++) {
      List<ProducerRecord<byte[], byte[]>> some = records.subList(start, Math.min(start + size, records.size()));
      producer.beginTransaction();
      for (ProducerRecord<byte[], byte[]> record : some) producer.send(record);
      producer.flush();
      if (nth % 3 == 0) producer.abortTransaction();
      else {
        producer.commitTransaction();
        committed += some.size();
      }
    }
    if ("true".equals(request.get("hang"))) {
      producer.beginTransaction();
      producer.send(records.get(0));
      producer.flush();
      // Left open on purpose; closing would abort it, so the producer stays until this process ends.
    } else producer.close();
    reply.put("count", Long.toString(committed));
  }
}
