package io.limestone.systemtest.parts;

import io.limestone.testkit.LoopbackPorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** The real Python verifier and registrar with a fresh CA. */
public final class KeylimeServers implements Servers {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final KeylimePackage keylime;
  private final Path home;
  private final Map<String, String> ports;
  private final List<Program> parts = new ArrayList<>();

  private KeylimeServers(KeylimePackage keylime, Path home, Map<String, String> ports) {
    this.keylime = keylime;
    this.home = home;
    this.ports = ports;
  }

  /**
   * Starts both and waits until they answer.
   *
   * @param quoteInterval seconds
   * @param bootEngine what the verifier judges boot logs by
   */
  public static KeylimeServers start(
      KeylimePackage keylime,
      Path home,
      NoticeReceiver webhook,
      String quoteInterval,
      String bootEngine)
      throws IOException {
    Map<String, String> values =
        Map.of(
            "verifier_port", Integer.toString(LoopbackPorts.free()),
            "registrar_port", Integer.toString(LoopbackPorts.free()),
            "registrar_tls_port", Integer.toString(LoopbackPorts.free()),
            "webhook_port", Integer.toString(webhook.port()),
            "quote_interval", quoteInterval,
            "boot_engine", bootEngine);
    KeylimeServers servers = new KeylimeServers(keylime, Files.createDirectories(home), values);
    Map<String, String> environment = keylime.configure(home, values);
    try {
      // The verifier makes the CA; the registrar and the webhook use it.
      servers.launch("verifier", environment, Rest.anonymous(servers.verifierPort()));
      servers.launch("registrar", environment, Rest.plain(servers.registrarPort()));
      webhook.listen(servers.caFolder());
      return servers;
    } catch (IOException | RuntimeException | Error e) {
      servers.close();
      throw e;
    }
  }

  private void launch(String name, Map<String, String> environment, Rest probe) {
    Program program =
        Program.start(name, home, environment, List.of(keylime.program("keylime_" + name)));
    parts.add(program);
    try (probe) {
      Awaitility.await(name)
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(100))
          .failFast("it ended", program::requireAlive)
          .until(probe::answers);
    }
  }

  @Override
  public KeylimeTenant tenant(Path ekRoots) throws IOException {
    Map<String, String> values = new HashMap<>(ports);
    values.put("tls_dir", caFolder().toString());
    values.put("ek_roots", ekRoots.toString());
    return new KeylimeTenant(keylime, home, keylime.configure(home, values));
  }

  @Override
  public Path caFolder() {
    return home.resolve("cv_ca");
  }

  @Override
  public int registrarPort() {
    return port("registrar_port");
  }

  @Override
  public int registrarTlsPort() {
    return port("registrar_tls_port");
  }

  @Override
  public int verifierPort() {
    return port("verifier_port");
  }

  private int port(String name) {
    return Integer.parseInt(ports.get(name));
  }

  @Override
  public void close() {
    for (Program part : parts.reversed()) {
      part.close();
    }
  }
}
