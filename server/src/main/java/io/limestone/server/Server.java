package io.limestone.server;

import io.limestone.server.http.HttpService;
import io.limestone.server.http.Listener;
import io.limestone.server.http.Route;
import io.limestone.server.http.Tls;
import io.limestone.server.pki.Pki;
import io.limestone.server.registrar.Registrar;
import io.limestone.server.settings.RegistrarSettings;
import io.limestone.server.settings.ServerSettings;
import io.limestone.server.settings.Settings;
import io.limestone.server.settings.VerifierSettings;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.server.store.PrivateFiles;
import io.limestone.server.store.Sealer;
import io.limestone.server.verifier.Verifier;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server: registrar, verifier and management port in one process, from one home folder.
 * What a start needs and does not find it makes: folder, PKI, sealing key, database.
 */
public final class Server implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Server.class);
  private static final Duration EXPIRY_WARNING = Duration.ofDays(30);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Map<String, Integer> ports = new LinkedHashMap<>();
  private final Map<String, List<Route>> tables = new LinkedHashMap<>();
  private final Set<String> secure = new HashSet<>();

  private Server() {}

  /** Starts with the system's clock. */
  public static Server start(Path home, Settings settings) throws IOException {
    return start(home, settings, InstantSource.system());
  }

  /**
   * Starts, and returns when every port listens.
   *
   * @throws IOException if it can't: a port is taken, a key file is open to others, …
   */
  public static Server start(Path home, Settings settings, InstantSource clock) throws IOException {
    Server server = new Server();
    try {
      server.assemble(home, settings, clock);
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private void assemble(Path home, Settings settings, InstantSource clock) throws IOException {
    PrivateFiles.folder(home);
    SecureRandom random = new SecureRandom();
    Pki pki = pki(home, settings, clock, random);
    Sealer sealer = Sealer.ofKeyFile(home.resolve("secret.key"), random);
    Database database = own(Database.open(settings, home));
    Shared shared =
        new Shared(
            home, settings, database, sealer, new AuditLog(database, clock), pki, clock, random);

    HttpService http = new HttpService(clock);
    List<Part> parts = new ArrayList<>();
    List<String> roles = settings.get(ServerSettings.ROLES);
    Optional<Registrar> registrar =
        roles.contains("registrar") ? Optional.of(Registrar.of(shared)) : Optional.empty();
    registrar.ifPresent(parts::add);
    Optional<Verifier> verifier =
        !roles.contains("verifier")
            ? Optional.empty()
            : Optional.of(
                registrar
                    .map(r -> Verifier.beside(r.registrations(), shared))
                    .orElseGet(() -> Verifier.alone(shared)));
    verifier.ifPresent(parts::add);

    parts.forEach(this::own);
    own(http);
    parts.forEach(Part::start);
    Listeners listeners =
        new Listeners(
            settings,
            new Tls(pki.serverKey(), pki.clients(), settings.get(ServerSettings.NATIVE_TLS)));
    if (registrar.isPresent()) {
      listen(http, listeners.registrar(), registrar.get().routes());
      listen(http, listeners.registrarTls(), registrar.get().routes());
    }
    if (verifier.isPresent()) {
      listen(http, listeners.verifier(), verifier.get().routes());
    }
    listen(http, listeners.management(), new Management(database, http, parts).routes());
  }

  private <T extends AutoCloseable> T own(T closeable) {
    open.push(closeable);
    return closeable;
  }

  private void listen(HttpService http, Listener listener, List<Route> table) throws IOException {
    ports.put(listener.name(), http.listen(listener, table));
    tables.put(listener.name(), table);
    if (listener.tls().isPresent()) {
      secure.add(listener.name());
    }
  }

  private static Pki pki(Path home, Settings settings, InstantSource clock, SecureRandom random)
      throws IOException {
    String setting = settings.get(ServerSettings.TLS_DIR);
    Path folder = setting.equals("default") ? home.resolve("pki") : Path.of(setting);
    if (!Pki.exists(folder)) {
      List<String> names =
          new ArrayList<>(settings.get(ServerSettings.CERT_SUBJECT_ALTERNATIVE_NAMES));
      names.add(settings.get(RegistrarSettings.IP));
      names.add(settings.get(VerifierSettings.IP));
      Pki.create(folder, names, clock, random);
      LOG.info("made a PKI in {}", folder);
    }
    Pki pki = Pki.load(folder, settings.get(ServerSettings.TRUSTED_CLIENT_CA));
    Instant soon = clock.instant().plus(EXPIRY_WARNING);
    for (X509Certificate certificate : pki.certificates()) {
      if (certificate.getNotAfter().toInstant().isBefore(soon)) {
        LOG.warn(
            "certificate of {} ends on {}",
            certificate.getSubjectX500Principal(),
            certificate.getNotAfter().toInstant());
      }
    }
    return pki;
  }

  /** Port numbers by listener: registrar, registrar-tls, verifier, management. */
  public Map<String, Integer> ports() {
    return Map.copyOf(ports);
  }

  /** The table of routes of each listener. */
  public Map<String, List<Route>> tables() {
    return Map.copyOf(tables);
  }

  public boolean isTls(String listener) {
    return secure.contains(listener);
  }

  /** The line that says that the server is ready, with its ports. */
  public String readyLine() {
    return "ready: "
        + ports.entrySet().stream()
            .map(port -> port.getKey() + " " + port.getValue())
            .collect(Collectors.joining(", "));
  }

  /** Stops listening, lets running requests end, and closes everything, within 5 seconds. */
  @Override
  public void close() {
    while (!open.isEmpty()) {
      AutoCloseable next = open.pop();
      try {
        next.close();
      } catch (Exception e) {
        // The rest still has to be closed.
        LOG.warn("closing {}", next, e);
      }
    }
  }
}
