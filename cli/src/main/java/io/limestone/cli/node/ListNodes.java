package io.limestone.cli.node;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.keylime.AgentStatus;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** {@code limestone node list}. */
final class ListNodes {
  static final Option REGISTERED =
      Option.flag("--registered", "The ids known to the registrar, enrolled or not");
  static final Option STATE =
      Option.values("--state", "WORD", "Only trusted, untrusted, unknown, pending or stopped ones");

  private ListNodes() {}

  static int run(Arguments arguments, Output output) throws IOException, InterruptedException {
    for (String word : arguments.all(STATE)) {
      try {
        var unused = Standing.Word.valueOf(word.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw CommandFailed.unusable(
            "--state takes trusted, untrusted, unknown, pending or stopped");
      }
    }
    Connection connection = Connection.of(arguments, output);
    boolean json = arguments.has(Connection.JSON);
    if (arguments.has(REGISTERED)) {
      var ids = connection.registrar().ids().stream().sorted().toList();
      if (json) {
        output.json(ids);
      } else {
        Table table = Table.of("ID");
        ids.forEach(table::row);
        output.out().print(table);
      }
      return 0;
    }
    Instant now = Instant.now();
    Table table = Table.of("ID", "STATE", "LAST GOOD", "ATTESTED", "ADDRESS", "PROBLEM");
    Map<String, Object> all = new LinkedHashMap<>();
    new TreeMap<>(connection.verifier().statuses().members())
        .forEach(
            (id, value) -> {
              if (!(value instanceof JsonObject object)) {
                return;
              }
              AgentStatus status = AgentStatus.fromJson(object);
              Standing standing = Standing.of(status, now);
              if (arguments.has(STATE)
                  && !arguments.all(STATE).contains(standing.word().toString())) {
                return;
              }
              all.put(id, ShowNode.json(status, standing));
              table.row(
                  id,
                  standing.word().toString(),
                  standing.age(now),
                  String.valueOf(status.attestationCount()),
                  status.ip().map(ip -> ip + ":" + status.port().orElse(0)).orElse("pushes"),
                  problem(status, standing, now));
            });
    if (json) {
      output.json(all);
    } else if (all.isEmpty()) {
      output.line("No nodes. `limestone node list --registered` shows which could be added.");
    } else {
      output.out().print(table);
    }
    return 0;
  }

  /** What failed last; of a node that has merely fallen silent, since when. */
  static String problem(AgentStatus status, Standing standing, Instant now) {
    return switch (standing.word()) {
      case TRUSTED -> "";
      case UNKNOWN ->
          status.lastEventId().orElseGet(() -> "no answer, the last one " + standing.age(now));
      case UNTRUSTED, PENDING, STOPPED -> status.lastEventId().orElse("");
    };
  }
}
