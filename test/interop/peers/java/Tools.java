import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.utils.Exit;

/** Kafka's command-line tools, run in this process: a JVM start costs more than what most of them do. */
final class Tools {
  /** Thrown where the tool meant to end the process. */
  private static final class Ended extends RuntimeException {
    private static final long serialVersionUID = 1;

    Ended(int status) {
      super("exit " + status, null, false, false);
    }
  }

  static void run(Map<String, String> request, Map<String, String> reply) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream outBefore = System.out;
    PrintStream errBefore = System.err;
    InputStream inBefore = System.in;
    // Some tools catch what is thrown here and exit again: the first word counts.
    AtomicInteger first = new AtomicInteger(-1);
    Exit.Procedure end = (status, message) -> {
      first.compareAndSet(-1, status);
      throw new Ended(status);
    };
    Exit.setExitProcedure(end);
    Exit.setHaltProcedure(end);
    // What a tool leaves for the process's end, such as closing its producer, is done at its own.
    List<Runnable> atEnd = new ArrayList<>();
    Exit.setShutdownHookAdder((name, hook) -> atEnd.add(hook));
    System.setOut(new PrintStream(out, true, "UTF-8"));
    System.setErr(new PrintStream(err, true, "UTF-8"));
    System.setIn(new ByteArrayInputStream(request.getOrDefault("stdin", "").getBytes(StandardCharsets.UTF_8)));
    int status = 0;
    try {
      String args = request.getOrDefault("args", "");
      Class.forName(request.get("main")).getMethod("main", String[].class).invoke(null, (Object) (args.isEmpty() ? new String[0] : args.split("\n", -1)));
    } catch (InvocationTargetException thrown) {
      status = first.get();
      if (!(thrown.getCause() instanceof Ended)) {
        thrown.getCause().printStackTrace(System.err);
        status = 1;
      }
    } finally {
      for (Runnable hook : atEnd) hook.run();
      System.out.flush();
      System.err.flush();
      System.setOut(outBefore);
      System.setErr(errBefore);
      System.setIn(inBefore);
      Exit.resetExitProcedure();
      Exit.resetHaltProcedure();
      Exit.resetShutdownHookAdder();
    }
    reply.put("exit", Integer.toString(status));
    reply.put("out", out.toString("UTF-8"));
    reply.put("err", err.toString("UTF-8"));
  }
}
