import kafka.Kafka;
import kafka.tools.StorageTool;

/** One Kafka node from a properties file: formats its log directories where they are new, then serves, all in one JVM. */
public final class KafkaNode {
  public static void main(String[] args) {
    String[] format = {"format", "--ignore-formatted", "-t", args[1], "-c", args[0]};
    int status = StorageTool.execute(format, System.out);
    if (status != 0) System.exit(status);
    Kafka.main(new String[] {args[0]});
  }
}
