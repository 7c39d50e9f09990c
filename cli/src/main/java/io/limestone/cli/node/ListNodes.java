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
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
  static final Option WOULD_FAIL =
      Option.flag(
          "--would-fail",
          "Only those that a policy under audit would refuse; nothing is done about it yet");

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
    Map<String, JsonObject> told = told(verifier, arguments);
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
              Optional<JsonObject> node = Optional.ofNullable(told.get(id));
              List<Outdated> old = node.map(ListNodes::outdated).orElse(List.of());
              Optional<OnTrial> trial = node.flatMap(OnTrial::of);
              boolean wouldFail = trial.filter(OnTrial::fails).isPresent();
              if ((arguments.has(OUTDATED) && old.isEmpty())
                  || (arguments.has(WOULD_FAIL) && !wouldFail)) {
                return;
              }
              Map<String, Object> one = ShowNode.json(status, standing);
              one.put("outdated", old.stream().map(Outdated::toJson).toList());
              trial.ifPresent(t -> one.put("candidate", t.json()));
              all.put(id, one);
              table.row(
                  id,
                  standing.word().toString(),
                  standing.age(now),
                  String.valueOf(status.attestationCount()),
                  status.ip().map(ip -> ip + ":" + status.port().orElse(0)).orElse("pushes"),
                  problems(status, standing, old, trial.filter(OnTrial::fails), now));
            });
    if (json) {
      output.json(all);
    } else if (all.isEmpty()
        && (arguments.has(OUTDATED) || arguments.has(STATE) || arguments.has(WOULD_FAIL))) {
      output.line("No such nodes.");
    } else if (all.isEmpty()) {
      output.line("No nodes. `limestone node list --registered` shows which could be added.");
    } else {
      output.out().print(table);
    }
    return 0;
  }

  /** By node, what Limestone's verifier says; others know of no announcements and no audits. */
  private static Map<String, JsonObject> told(Verifier verifier, Arguments arguments)
      throws IOException, InterruptedException {
    Optional<JsonObject> told = verifier.nodes();
    for (Option option : List.of(OUTDATED, WOULD_FAIL)) {
      if (told.isEmpty() && arguments.has(option)) {
        throw CommandFailed.because(
            option.name() + ": this verifier is not Limestone's and does not tell");
      }
    }
    Map<String, JsonObject> nodes = new HashMap<>();
    for (Object item : told.isPresent() ? told.get().list("nodes") : List.of()) {
      if (item instanceof JsonObject node) {
        nodes.put(node.string("id"), node);
      }
    }
    return nodes;
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

  /** What is wrong now, before what would be. */
  private static String problems(
      AgentStatus status,
      Standing standing,
      List<Outdated> outdated,
      Optional<OnTrial> wouldFail,
      Instant now) {
    return Stream.of(
            Optional.of(outdated.isEmpty() ? problem(status, standing, now) : words(outdated)),
            wouldFail.map(trial -> trial.words(now)))
        .flatMap(Optional::stream)
        .filter(text -> !text.isEmpty())
        .collect(Collectors.joining("; "));
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
