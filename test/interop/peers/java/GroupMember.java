import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.StaleMemberEpochException;
import org.apache.kafka.common.errors.UnknownMemberIdException;

/** A member of a group that polls in a thread of its own: what it receives it notes in its file, and only then commits. */
final class GroupMember extends Thread implements ConsumerRebalanceListener {
  private static final Map<String, GroupMember> BY_NAME = new ConcurrentHashMap<>();
  private static final long LEAVE_MILLIS = 60_000;

  private final Map<String, String> request;
  private final Properties settings;
  private volatile boolean leaving;
  private volatile String assigned = "";
  private volatile int rebalances;
  private volatile Throwable failure;
  private KafkaConsumer<byte[], byte[]> open;

  private GroupMember(Map<String, String> request, Properties settings) {
    this.request = request;
    this.settings = settings;
    setDaemon(true);
  }

  static void join(Map<String, String> request, Properties settings) {
    Properties with = new Properties();
    with.put("group.id", request.get("group"));
    with.put("enable.auto.commit", "false");
    with.put("auto.offset.reset", "earliest");
    if (request.containsKey("instance")) with.put("group.instance.id", request.get("instance"));
    if (request.get("assignor").equals("broker")) with.put("group.protocol", "consumer");
    else {
      String assignor = request.get("assignor").equals("cooperative") ? "CooperativeStickyAssignor" : "RangeAssignor";
      with.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer." + assignor);
      with.put("session.timeout.ms", request.get("session"));
      with.put("heartbeat.interval.ms", Integer.toString(Integer.parseInt(request.get("session")) / 4));
    }
    with.putAll(settings);
    GroupMember member = new GroupMember(request, with);
    BY_NAME.put(request.get("member"), member);
    member.start();
  }

  static void state(Map<String, String> request, Map<String, String> reply) {
    GroupMember member = BY_NAME.get(request.get("member"));
    if (member.failure != null) throw new IllegalStateException(member.failure.toString(), member.failure);
    reply.put("assigned", member.assigned);
    reply.put("rebalances", Integer.toString(member.rebalances));
  }

  static void leave(Map<String, String> request) throws Exception {
    GroupMember member = BY_NAME.remove(request.get("member"));
    member.leaving = true;
    member.join(LEAVE_MILLIS);
    if (member.isAlive()) throw new IllegalStateException("it did not leave within " + LEAVE_MILLIS + " ms");
    if (member.failure != null) throw new IllegalStateException(member.failure.toString(), member.failure);
  }

  @Override
  public void run() {
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, Peer.BYTES_IN, Peer.BYTES_IN);
        OutputStream file = new FileOutputStream(request.get("file"), true)) {
      open = consumer;
      consumer.subscribe(Collections.singletonList(request.get("topic")), this);
      while (!leaving) {
        ConsumerRecords<byte[], byte[]> records = poll(consumer);
        TreeSet<Integer> held = new TreeSet<>();
        for (TopicPartition partition : consumer.assignment()) held.add(partition.partition());
        assigned = held.toString().replaceAll("[\\[\\] ]", "");
        if (records.isEmpty()) continue;
        StringBuilder lines = new StringBuilder();
        for (ConsumerRecord<byte[], byte[]> record : records) lines.append(record.partition()).append(' ').append(record.offset()).append('\n');
        file.write(lines.toString().getBytes(StandardCharsets.US_ASCII));
        commit();
      }
    } catch (Throwable error) {
      failure = error;
      error.printStackTrace();
    }
  }

  private void commit() {
    try {
      open.commitSync();
    } catch (CommitFailedException | RebalanceInProgressException moved) {
      // Told again with the next, or when they are given up; else whoever has the partitions now receives the records again.
    }
  }

  /** One that was away too long hears so first, and has joined again by the next poll. */
  private static ConsumerRecords<byte[], byte[]> poll(KafkaConsumer<byte[], byte[]> consumer) {
    try {
      return consumer.poll(Duration.ofMillis(200));
    } catch (UnknownMemberIdException | FencedMemberEpochException | StaleMemberEpochException away) {
      return ConsumerRecords.empty();
    }
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    rebalances++;
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    commit();
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> partitions) {}
}
