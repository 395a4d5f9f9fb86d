import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/**
 * Java's kafka-clients as a peer: a line in, a line out, as test/interop/peers/PROTOCOL.md says.
 * Compiled once against today's client and run with older ones too, so what those lack is reached by reflection or kept in a class of
 * its own, which loads on first use only.
 */
public final class Peer {
  private static final long STUCK_MILLIS = 60_000;
  private static final boolean HEADERS = exists("org.apache.kafka.common.header.Header");
  private static final PrintStream ANSWERS = System.out;

  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    for (int i = 1; i < args.length; i++) settings.put(args[i].split("=", 2)[0], args[i].split("=", 2)[1]);
    System.setOut(System.err);

    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Map<String, String> reply = new TreeMap<>();
      try {
        act(parse(line), settings, reply);
      } catch (Throwable error) {
        reply.clear();
        reply.put("error", error.toString());
        error.printStackTrace();
      }
      ANSWERS.println(format(reply));
      ANSWERS.flush();
    }
  }

  private static void act(Map<String, String> request, Properties settings, Map<String, String> reply) throws Exception {
    switch (request.get("op")) {
      case "produce": produce(request, settings, reply); break;
      case "read": read(request, settings, reply); break;
      case "transactions": Transactions.run(request, settings, reply); break;
      case "tool": Tools.run(request, reply); break;
      case "join": GroupMember.join(request, settings); break;
      case "state": GroupMember.state(request, reply); break;
      case "leave": GroupMember.leave(request); break;
      case "pipe": Pipe.start(request, settings); break;
      case "piped": Pipe.state(request, reply); break;
      case "stream": StreamsApp.start(request, settings); break;
      case "streaming": StreamsApp.state(request, reply); break;
      case "table": StreamsApp.table(request, reply); break;
      case "unstream": StreamsApp.stop(request); break;
      default: throw new IllegalArgumentException("no such op: " + request.get("op"));
    }
  }

  private static void produce(Map<String, String> request, Properties settings, Map<String, String> reply) throws Exception {
    Properties with = new Properties();
    with.put("acks", "all");
    with.put("compression.type", request.get("codec"));
    with.put("linger.ms", "5");
    with.put("batch.size", "65536");
    with.putAll(settings);
    long count = 0;
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(with, BYTES_OUT, BYTES_OUT)) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (ProducerRecord<byte[], byte[]> record : records(request.get("topic"), request.get("file"))) sent.add(producer.send(record));
      producer.flush();
      for (Future<RecordMetadata> future : sent) {
        future.get();
        count++;
      }
    }
    reply.put("count", Long.toString(count));
  }

  static List<ProducerRecord<byte[], byte[]>> records(String topic, String file) throws Exception {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(file), 1 << 20))) {
      while (true) {
        in.mark(1);
        if (in.read() < 0) return records;
        in.reset();
        long time = in.readLong();
        byte[] key = bytes(in);
        byte[] value = bytes(in);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, null, time, key, value);
        int headers = in.readInt();
        for (int i = 0; i < headers; i++) {
          byte[] name = bytes(in);
          WithHeaders.add(record, new String(name, StandardCharsets.UTF_8), bytes(in));
        }
        records.add(record);
      }
    }
  }

  private static byte[] bytes(DataInputStream in) throws Exception {
    int length = in.readInt();
    if (length < 0) return null;
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  private static void read(Map<String, String> request, Properties settings, Map<String, String> reply) throws Exception {
    Properties with = new Properties();
    with.put("enable.auto.commit", "false");
    with.put("isolation.level", request.getOrDefault("isolation", "read_uncommitted"));
    with.put("auto.offset.reset", "none");
    with.put("max.poll.records", "5000");
    with.putAll(settings);
    List<TopicPartition> partitions = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(request.get("partitions")); i++) partitions.add(new TopicPartition(request.get("topic"), i));

    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(with, BYTES_IN, BYTES_IN);
        DataOutputStream file = into(request)) { // null where not wanted
      consumer.assign(partitions);
      seek(consumer, partitions, request);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      Reading reading = new Reading(partitions.size());
      long movedAt = System.currentTimeMillis();
      while (!reached(consumer, ends)) {
        ConsumerRecords<byte[], byte[]> records = poll(consumer);
        for (ConsumerRecord<byte[], byte[]> record : records) {
          reading.add(record);
          if (file != null) write(file, record.timestamp(), record.key(), record.value());
        }
        if (!records.isEmpty()) movedAt = System.currentTimeMillis();
        if (System.currentTimeMillis() - movedAt > STUCK_MILLIS) throw new IllegalStateException("nothing more came after " + reading.count + " records");
      }
      reading.into(reply);
    }
  }

  /** Where the records themselves are wanted too. */
  private static DataOutputStream into(Map<String, String> request) throws Exception {
    String file = request.get("into");
    return file == null ? null : new DataOutputStream(new BufferedOutputStream(new FileOutputStream(file), 1 << 16));
  }

  private static void seek(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Map<String, String> request) {
    switch (request.get("from")) {
      case "beginning":
        consumer.seekToBeginning(partitions);
        break;
      case "offset":
        String[] offsets = request.get("at").split(",");
        for (int i = 0; i < offsets.length; i++) consumer.seek(partitions.get(i), Long.parseLong(offsets[i]));
        break;
      default:
        Map<TopicPartition, Long> times = new HashMap<>();
        for (TopicPartition partition : partitions) times.put(partition, Long.parseLong(request.get("at")));
        for (Map.Entry<TopicPartition, OffsetAndTimestamp> found : consumer.offsetsForTimes(times).entrySet()) {
          if (found.getValue() == null) consumer.seekToEnd(Collections.singletonList(found.getKey()));
          else consumer.seek(found.getKey(), found.getValue().offset());
        }
    }
  }

  private static boolean reached(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
    for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
      if (consumer.position(end.getKey()) < end.getValue()) return false;
    }
    return true;
  }

  /** poll(Duration) is there since 2.0, poll(long) was until 4.0. */
  @SuppressWarnings("unchecked")
  private static ConsumerRecords<byte[], byte[]> poll(KafkaConsumer<byte[], byte[]> consumer) throws Exception {
    try {
      Method poll = KafkaConsumer.class.getMethod("poll", java.time.Duration.class);
      return (ConsumerRecords<byte[], byte[]>) poll.invoke(consumer, java.time.Duration.ofMillis(500));
    } catch (NoSuchMethodException none) {
      return (ConsumerRecords<byte[], byte[]>) KafkaConsumer.class.getMethod("poll", long.class).invoke(consumer, 500L);
    }
  }

  /** What was read, as digests: one running per partition, folded at the end. */
  private static final class Reading {
    private final List<MessageDigest> contents = new ArrayList<>();
    private final List<MessageDigest> times = new ArrayList<>();
    private long count = 0;

    Reading(int partitions) throws Exception {
      for (int i = 0; i < partitions; i++) {
        contents.add(MessageDigest.getInstance("SHA-256"));
        times.add(MessageDigest.getInstance("SHA-256"));
      }
    }

    void add(ConsumerRecord<byte[], byte[]> record) throws Exception {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(record.partition());
      out.writeLong(record.offset());
      put(out, record.key());
      put(out, record.value());
      if (HEADERS) WithHeaders.put(out, record);
      else out.writeInt(0);
      contents.get(record.partition()).update(bytes.toByteArray());
      bytes.reset();
      out.writeLong(record.timestamp());
      times.get(record.partition()).update(bytes.toByteArray());
      count++;
    }

    void into(Map<String, String> reply) throws Exception {
      reply.put("count", Long.toString(count));
      reply.put("sha256", fold(contents));
      reply.put("times", fold(times));
    }

    private static String fold(List<MessageDigest> parts) throws Exception {
      MessageDigest whole = MessageDigest.getInstance("SHA-256");
      for (MessageDigest part : parts) whole.update(part.digest());
      StringBuilder hex = new StringBuilder();
      for (byte b : whole.digest()) hex.append(String.format("%02x", b));
      return hex.toString();
    }
  }

  /** A record without headers, as `records` reads it. */
  static void write(DataOutputStream out, long time, byte[] key, byte[] value) throws Exception {
    out.writeLong(time);
    put(out, key);
    put(out, value);
    out.writeInt(0);
  }

  private static void put(DataOutputStream out, byte[] bytes) throws Exception {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) out.write(bytes);
  }

  /** Since 0.11. */
  private static final class WithHeaders {
    static void add(ProducerRecord<byte[], byte[]> record, String name, byte[] value) {
      record.headers().add(name, value);
    }

    static void put(DataOutputStream out, ConsumerRecord<byte[], byte[]> record) throws Exception {
      Header[] headers = record.headers().toArray();
      out.writeInt(headers.length);
      for (Header header : headers) {
        Peer.put(out, header.key().getBytes(StandardCharsets.UTF_8));
        Peer.put(out, header.value());
      }
    }
  }

  static final org.apache.kafka.common.serialization.ByteArraySerializer BYTES_OUT = new org.apache.kafka.common.serialization.ByteArraySerializer();
  static final org.apache.kafka.common.serialization.ByteArrayDeserializer BYTES_IN = new org.apache.kafka.common.serialization.ByteArrayDeserializer();

  private static boolean exists(String type) {
    try {
      Class.forName(type);
      return true;
    } catch (ClassNotFoundException none) {
      return false;
    }
  }

  private static Map<String, String> parse(String line) throws Exception {
    Map<String, String> fields = new HashMap<>();
    for (String pair : line.split("&")) {
      String[] sides = pair.split("=", 2);
      fields.put(URLDecoder.decode(sides[0], "UTF-8"), URLDecoder.decode(sides[1], "UTF-8"));
    }
    return fields;
  }

  private static String format(Map<String, String> fields) throws Exception {
    StringBuilder line = new StringBuilder();
    for (Map.Entry<String, String> field : fields.entrySet()) {
      if (line.length() > 0) line.append('&');
      line.append(URLEncoder.encode(field.getKey(), "UTF-8")).append('=').append(URLEncoder.encode(field.getValue(), "UTF-8"));
    }
    return line.toString();
  }
}
