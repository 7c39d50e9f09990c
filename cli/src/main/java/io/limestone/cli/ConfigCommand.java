package io.limestone.cli;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.server.settings.Settings;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code limestone config}. */
final class ConfigCommand {
  private static final Option CHANGED =
      Option.flag("--changed", "Only what differs from the default");
  private static final Option EXPLAIN =
      Option.flag("--explain", "With the meaning of each setting");

  private ConfigCommand() {}

  static Command.Leaf command() {
    return Command.Leaf.of(
            "config",
            "Prints every setting of the server, its value, and where that comes from.",
            ConfigCommand::run)
        .options(Connection.HOME)
        .options(ServerOptions.OPTIONS)
        .options(CHANGED, EXPLAIN, Connection.JSON)
        .text(
            """
            Later sources win: the default, limestone.toml in the home folder, LIMESTONE_SECTION_KEY in the
            environment, the command line. A name that does not exist is an error (exit code 2), not ignored.

            Examples:
              limestone config --changed
              limestone config --set verifier.quote_interval=10 --json | jq '."verifier.quote_interval"'
            """);
  }

  private static int run(Arguments arguments, Output output) throws IOException {
    List<Settings.Value> values =
        ServerOptions.settings(arguments).all().stream()
            .filter(value -> !arguments.has(CHANGED) || !value.source().equals("default"))
            .toList();
    if (arguments.has(Connection.JSON)) {
      Map<String, Object> json = new LinkedHashMap<>();
      values.forEach(
          value ->
              json.put(
                  value.setting().name(), Map.of("value", text(value), "source", value.source())));
      output.json(json);
    } else if (arguments.has(EXPLAIN)) {
      for (Settings.Value value : values) {
        output.line(value.setting().name() + " = " + text(value) + "   (" + value.source() + ")");
        output.line("    " + value.setting().meaning() + " Takes " + value.setting().form() + ".");
      }
    } else {
      Table table = Table.of("SETTING", "VALUE", "FROM");
      values.forEach(value -> table.row(value.setting().name(), text(value), value.source()));
      output.out().print(table);
    }
    return 0;
  }

  private static String text(Settings.Value value) {
    return value.setting().secret() && !value.source().equals("default")
        ? "(hidden)"
        : value.text();
  }
}
