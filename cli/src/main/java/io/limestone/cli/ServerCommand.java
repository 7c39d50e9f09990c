package io.limestone.cli;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.server.Server;
import io.limestone.server.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** {@code limestone server}: runs until SIGTERM or SIGINT, which end it with exit code 0. */
final class ServerCommand {
  private static final Option PRINT_READY =
      Option.flag("--quiet", "Do not print the line that tells the ports");

  private ServerCommand() {}

  static Command.Leaf command() {
    return Command.Leaf.of(
            "server",
            "Runs registrar and verifier, with nothing to configure: what is missing is made.",
            ServerCommand::run)
        .options(Connection.HOME)
        .options(ServerOptions.OPTIONS)
        .options(PRINT_READY)
        .text(
            """
            The home folder holds limestone.db, pki/ (made at the first start; one that lies there already, such as
            Keylime's cv_ca, is used as it is), ek-roots/ (TPM makers' CA certificates to trust) and limestone.toml
            (settings, optional). `limestone config` shows every setting with where its value comes from.

            Ports: registrar 8890 (HTTP) and 8891 (TLS), verifier 8881 (TLS, client certificates), management 8880,
            all on loopback unless --bind says otherwise.

            Examples:
              limestone server
              limestone server --home /srv/limestone --bind 192.0.2.1 --set verifier.quote_interval=10
              limestone server --roles registrar
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Path home = Connection.home(arguments);
    Settings settings = ServerOptions.settings(arguments);
    Server server = Server.start(home, settings);
    // The JVM would end with 143 on SIGTERM, although the end is as orderly as it gets.
    Thread end =
        new Thread(
            () -> {
              server.close();
              Runtime.getRuntime().halt(0);
            },
            "end");
    Runtime.getRuntime().addShutdownHook(end);
    if (!arguments.has(PRINT_READY)) {
      output.line(server.readyLine());
      output.out().flush();
    }
    new CountDownLatch(1).await();
    return 0;
  }
}
