package io.limestone.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server in a process of its own, so that it can be killed, or given little memory. */
public final class ServerProcess implements AutoCloseable {
  private static final Pattern PORT = Pattern.compile("([a-z-]+) ([0-9]+)");

  private final Process process;
  private final Map<String, Integer> ports;

  private ServerProcess(Process process, Map<String, Integer> ports) {
    this.process = process;
    this.ports = ports;
  }

  static ServerProcess start(Path home) throws IOException {
    return start(home, List.of());
  }

  /**
   * Starts one in this folder.
   *
   * @param java options of its Java virtual machine
   * @param settings in pairs of name and value
   */
  public static ServerProcess start(Path home, List<String> java, String... settings)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
    command.addAll(java);
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            ServerProcess.class.getName(),
            home.toString()));
    command.addAll(List.of(settings));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String ready = out.readLine();
    if (ready == null) {
      throw new IOException("the server did not start");
    }
    Map<String, Integer> ports = new java.util.HashMap<>();
    Matcher port = PORT.matcher(ready);
    while (port.find()) {
      ports.put(port.group(1), Integer.valueOf(port.group(2)));
    }
    return new ServerProcess(process, ports);
  }

  public int port(String listener) {
    return Objects.requireNonNull(ports.get(listener));
  }

  public Process process() {
    return process;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** The server's own main method. */
  public static void main(String[] args) throws Exception {
    String[] settings = List.of(args).subList(1, args.length).toArray(String[]::new);
    Server server = Server.start(Path.of(args[0]), RunningServer.settings(settings));
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  server.close();
                  closed.countDown();
                }));
    System.out.println(server.readyLine());
    closed.await();
  }
}
