package io.limestone.cli;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.rest.Address;
import io.limestone.cli.rest.Registrar;
import io.limestone.cli.rest.Rest;
import io.limestone.cli.rest.Tls;
import io.limestone.cli.rest.Verifier;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Where the servers are and as whom to speak to them: the options that such commands share. */
public record Connection(
    Tls tls, Address verifierAddress, Address registrarAddress, Duration timeout, boolean anyName) {
  public static final Option HOME =
      Option.value(
          "--home",
          "DIR",
          "Limestone's folder (default: LIMESTONE_HOME, else /var/lib/limestone where it exists or"
              + " for root, else ~/.limestone)");
  public static final Option PKI =
      Option.value(
          "--pki",
          "DIR",
          "Folder with cacert.crt, client-cert.crt, client-private.pem (default: LIMESTONE_PKI, else"
              + " pki in the home folder; for Keylime its cv_ca)");
  public static final Option JSON = Option.flag("--json", "JSON for scripts instead of text");
  private static final Option VERIFIER =
      Option.value(
          "--verifier",
          "HOST:PORT",
          "The verifier (default: LIMESTONE_VERIFIER, else 127.0.0.1:8881)");
  private static final Option REGISTRAR =
      Option.value(
          "--registrar",
          "HOST:PORT",
          "The registrar's TLS port (default: LIMESTONE_REGISTRAR, else 127.0.0.1:8891)");
  private static final Option TIMEOUT =
      Option.value("--timeout", "SECONDS", "How long one request may take (default: 60)");
  private static final Option NO_HOST_CHECK =
      Option.flag(
          "--no-host-check",
          "Accept a server certificate of the CA without the name used to reach it. Any holder of a"
              + " certificate of this CA could then pose as the server");

  /** The options of commands that speak to the servers. */
  public static final List<Option> OPTIONS =
      List.of(HOME, PKI, VERIFIER, REGISTRAR, TIMEOUT, NO_HOST_CHECK);

  /** Variables that are the command line's own, not settings of the server. */
  public static final List<String> ENVIRONMENT =
      List.of(
          "LIMESTONE_HOME",
          "LIMESTONE_PKI",
          "LIMESTONE_VERIFIER",
          "LIMESTONE_REGISTRAR",
          "LIMESTONE_DIST",
          "LIMESTONE_COMMAND",
          "LIMESTONE_LOG");

  public static Connection of(Arguments arguments, Output output) throws IOException {
    Path pki =
        arguments
            .path(PKI)
            .or(() -> variable("LIMESTONE_PKI").map(Path::of))
            .orElseGet(() -> home(arguments).resolve("pki"));
    boolean anyName = arguments.has(NO_HOST_CHECK);
    if (anyName) {
      output.note("warning: --no-host-check: the server's name is not checked");
    }
    // The arguments first: they are wrong or right whatever the files say.
    Address verifier = address(arguments, VERIFIER, "LIMESTONE_VERIFIER", 8881);
    Address registrar = address(arguments, REGISTRAR, "LIMESTONE_REGISTRAR", 8891);
    Duration timeout = Duration.ofSeconds(arguments.number(TIMEOUT, 1, 3600).orElse(60));
    return new Connection(Tls.read(pki), verifier, registrar, timeout, anyName);
  }

  public Verifier verifier() throws IOException, InterruptedException {
    return Verifier.connect(Rest.https("verifier", verifierAddress, serverTls(), timeout));
  }

  public Registrar registrar() throws IOException, InterruptedException {
    return Registrar.connect(Rest.https("registrar", registrarAddress, serverTls(), timeout));
  }

  private SSLContext serverTls() {
    return anyName ? tls.forServersOfAnyName() : tls.forServers();
  }

  /** The home folder that these arguments and the environment name. */
  public static Path home(Arguments arguments) {
    Path system = Path.of("/var/lib/limestone");
    return arguments
        .path(HOME)
        .or(() -> variable("LIMESTONE_HOME").map(Path::of))
        .orElseGet(
            () ->
                Files.isDirectory(system) || "root".equals(System.getProperty("user.name"))
                    ? system
                    : Path.of(System.getProperty("user.home"), ".limestone"));
  }

  private static Address address(Arguments arguments, Option option, String variable, int port) {
    String text = arguments.get(option).or(() -> variable(variable)).orElse("127.0.0.1");
    try {
      return Address.parse(text, port);
    } catch (MalformedException e) {
      throw CommandFailed.unusable(option.name() + " " + e.getMessage());
    }
  }

  private static Optional<String> variable(String name) {
    Map<String, String> environment = System.getenv();
    @Nullable String value = environment.get(name);
    return Optional.ofNullable(value).filter(text -> !text.isBlank());
  }
}
