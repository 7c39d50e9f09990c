package io.limestone.cli;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Option;
import io.limestone.server.settings.RegistrarSettings;
import io.limestone.server.settings.ServerSettings;
import io.limestone.server.settings.Setting;
import io.limestone.server.settings.SettingSource;
import io.limestone.server.settings.Settings;
import io.limestone.server.settings.VerifierSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The options of {@code server} and {@code config}: names of their own for the usual settings. */
final class ServerOptions {
  private static final Option BIND =
      Option.value(
          "--bind",
          "ADDRESS",
          "Address to listen on with registrar and verifier (default: 127.0.0.1)");
  private static final Option SET =
      Option.values(
          "--set",
          "SECTION.KEY=VALUE",
          "A setting; it wins over LIMESTONE_SECTION_KEY and limestone.toml");

  private static final Map<Option, Setting<?>> SHORT = new LinkedHashMap<>();

  static {
    SHORT.put(
        Option.value(
            "--registrar-port", "N", "Registrar, plain HTTP (8890; 0 takes any free port)"),
        RegistrarSettings.PORT);
    SHORT.put(
        Option.value("--registrar-tls-port", "N", "Registrar, TLS (8891)"),
        RegistrarSettings.TLS_PORT);
    SHORT.put(Option.value("--verifier-port", "N", "Verifier, TLS (8881)"), VerifierSettings.PORT);
    SHORT.put(
        Option.value("--management-port", "N", "Health and metrics, HTTP (8880)"),
        ServerSettings.MANAGEMENT_PORT);
    SHORT.put(
        Option.value("--roles", "LIST", "What this process runs: registrar, verifier or both"),
        ServerSettings.ROLES);
  }

  static final List<Option> OPTIONS = options();

  private ServerOptions() {}

  private static List<Option> options() {
    List<Option> options = new ArrayList<>();
    options.add(BIND);
    options.addAll(SHORT.keySet());
    options.add(SET);
    return List.copyOf(options);
  }

  /** Defaults, then limestone.toml, then the environment, then the command line. */
  static Settings settings(Arguments arguments) throws IOException {
    List<String> assignments = new ArrayList<>();
    arguments
        .get(BIND)
        .ifPresent(
            address ->
                List.of(RegistrarSettings.IP, VerifierSettings.IP)
                    .forEach(setting -> assignments.add(setting.name() + "=" + address)));
    SHORT.forEach(
        (option, setting) ->
            arguments.get(option).ifPresent(text -> assignments.add(setting.name() + "=" + text)));
    assignments.addAll(arguments.all(SET));
    Map<String, String> environment =
        System.getenv().entrySet().stream()
            .filter(variable -> !variable.getKey().startsWith("LIMESTONE_TEST_"))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    return Settings.of(
        List.of(
            SettingSource.file(Connection.home(arguments).resolve("limestone.toml")),
            SettingSource.environment(environment, Connection.ENVIRONMENT),
            SettingSource.assignments(assignments)));
  }
}
