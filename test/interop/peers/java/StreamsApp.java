import java.io.DataOutputStream;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** Kafka Streams applications, each with exactly-once v2: a count of words, a join of two streams within a window, a table that can be asked. */
final class StreamsApp implements StateRestoreListener {
  private static final Map<String, StreamsApp> BY_ID = new ConcurrentHashMap<>();
  private static final Duration STOP = Duration.ofSeconds(60);
  private static final String STORE = "kept";

  private final AtomicLong restored = new AtomicLong();
  private volatile Throwable failure;
  private KafkaStreams streams;

  static void start(Map<String, String> request, Properties settings) {
    Properties with = new Properties();
    with.put("application.id", request.get("id"));
    with.put("state.dir", request.get("directory"));
    with.put("default.key.serde", Serdes.StringSerde.class.getName());
    with.put("default.value.serde", Serdes.StringSerde.class.getName());
    with.put("processing.guarantee", "exactly_once_v2");
    with.put("commit.interval.ms", "100");
    with.put("main.consumer.session.timeout.ms", request.get("session"));
    with.put("main.consumer.heartbeat.interval.ms", Integer.toString(Integer.parseInt(request.get("session")) / 4));
    with.put("auto.offset.reset", "earliest");
    // Without a cache, every change of a store goes on: a word counted twice, or not at all, shows in what comes out.
    with.put("statestore.cache.max.bytes", "0");
    with.putAll(settings);
    StreamsBuilder builder = new StreamsBuilder();
    switch (request.get("app")) {
      case "words": words(builder, request); break;
      case "join": join(builder, request); break;
      case "table": builder.table(request.get("from"), Materialized.as(STORE)); break;
      default: throw new IllegalArgumentException("no such app: " + request.get("app"));
    }
    StreamsApp app = new StreamsApp();
    app.streams = new KafkaStreams(builder.build(), with);
    app.streams.setGlobalStateRestoreListener(app);
    app.streams.setUncaughtExceptionHandler(error -> {
      app.failure = error;
      error.printStackTrace();
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    app.streams.start();
    BY_ID.put(request.get("id"), app);
  }

  private static void words(StreamsBuilder builder, Map<String, String> request) {
    KStream<String, String> lines = builder.stream(request.get("from"));
    lines
        .flatMapValues(line -> Arrays.asList(line.split("[^A-Za-z]+")))
        .filter((key, word) -> !word.isEmpty())
        .groupBy((key, word) -> word)
        .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as(STORE))
        .toStream()
        .mapValues(count -> Long.toString(count))
        .to(request.get("to"), Produced.with(Serdes.String(), Serdes.String()));
  }

  private static void join(StreamsBuilder builder, Map<String, String> request) {
    KStream<String, String> left = builder.stream(request.get("from"));
    KStream<String, String> right = builder.stream(request.get("with"));
    Duration window = Duration.ofMillis(Long.parseLong(request.get("window")));
    left.join(right, (one, other) -> one + "|" + other, JoinWindows.ofTimeDifferenceAndGrace(window, Duration.ofDays(1))).to(request.get("to"));
  }

  static void state(Map<String, String> request, Map<String, String> reply) {
    StreamsApp app = BY_ID.get(request.get("id"));
    if (app.failure != null) throw new IllegalStateException(app.failure.toString(), app.failure);
    reply.put("state", app.streams.state().name());
    reply.put("restored", Long.toString(app.restored.get()));
  }

  /** All of the table's keys and values, as a file of records without times. */
  static void table(Map<String, String> request, Map<String, String> reply) throws Exception {
    ReadOnlyKeyValueStore<String, String> store =
        BY_ID.get(request.get("id")).streams.store(StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.keyValueStore()));
    long count = 0;
    try (KeyValueIterator<String, String> all = store.all(); DataOutputStream out = new DataOutputStream(new FileOutputStream(request.get("file")))) {
      for (; all.hasNext(); count++) {
        KeyValue<String, String> entry = all.next();
        byte[] key = entry.key.getBytes(StandardCharsets.UTF_8);
        byte[] value = entry.value.getBytes(StandardCharsets.UTF_8);
        Peer.write(out, 0, key, value);
      }
    }
    reply.put("count", Long.toString(count));
  }

  static void stop(Map<String, String> request) {
    if (!BY_ID.remove(request.get("id")).streams.close(STOP)) throw new IllegalStateException("it did not close within " + STOP);
  }

  @Override
  public void onRestoreStart(TopicPartition partition, String store, long start, long end) {}

  @Override
  public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

  @Override
  public void onRestoreEnd(TopicPartition partition, String store, long total) {
    restored.addAndGet(total);
  }
}
