package io.limestone.cli.node;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.AgentStatus;
import io.limestone.policy.boot.Outdated;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** {@code limestone node list}. */
final class ListNodes {
  static final Option REGISTERED =
      Option.flag("--registered", "The ids known to the registrar, enrolled or not");
  static final Option STATE =
      Option.values("--state", "WORD", "Only trusted, untrusted, unknown, pending or stopped ones");
  static final Option OUTDATED =
      Option.flag(
          "--outdated",
          "Only those that have not got an announced update: what they booted is accepted for a"
              + " limited time (see policy announce)");

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
    Verifier verifier = connection.verifier();
    Map<String, List<Outdated>> outdated = outdated(verifier, arguments);
    new TreeMap<>(verifier.statuses().members())
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
              List<Outdated> old = outdated.getOrDefault(id, List.of());
              if (arguments.has(OUTDATED) && old.isEmpty()) {
                return;
              }
              Map<String, Object> one = ShowNode.json(status, standing);
              one.put("outdated", old.stream().map(Outdated::toJson).toList());
              all.put(id, one);
              table.row(
                  id,
                  standing.word().toString(),
                  standing.age(now),
                  String.valueOf(status.attestationCount()),
                  status.ip().map(ip -> ip + ":" + status.port().orElse(0)).orElse("pushes"),
                  old.isEmpty() ? problem(status, standing, now) : words(old));
            });
    if (json) {
      output.json(all);
    } else if (all.isEmpty() && (arguments.has(OUTDATED) || arguments.has(STATE))) {
      output.line("No such nodes.");
    } else if (all.isEmpty()) {
      output.line("No nodes. `limestone node list --registered` shows which could be added.");
    } else {
      output.out().print(table);
    }
    return 0;
  }

  /** By node, what Limestone's verifier says; other verifiers know of no announcements. */
  private static Map<String, List<Outdated>> outdated(Verifier verifier, Arguments arguments)
      throws IOException, InterruptedException {
    Optional<JsonObject> told = verifier.nodes();
    if (told.isEmpty() && arguments.has(OUTDATED)) {
      throw CommandFailed.because("--outdated: this verifier is not Limestone's and does not tell");
    }
    Map<String, List<Outdated>> outdated = new HashMap<>();
    for (Object item : told.isPresent() ? told.get().list("nodes") : List.of()) {
      if (item instanceof JsonObject node) {
        outdated.put(node.string("id"), outdated(node));
      }
    }
    return outdated;
  }

  /** Of one node, as the verifier tells it. */
  static List<Outdated> outdated(JsonObject node) {
    return node.has("outdated")
        ? node.list("outdated").stream().map(one -> Outdated.fromJson((JsonObject) one)).toList()
        : List.of();
  }

  /** The time first: it is what an operator acts by. */
  private static String words(List<Outdated> outdated) {
    return "outdated, accepted "
        + outdated.getFirst()
        + (outdated.size() > 1 ? ", and " + (outdated.size() - 1) + " more" : "");
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
