package io.limestone.cli.boot;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Output;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code limestone boot diff}: exit code 0 nothing changed, 1 something did. */
final class DiffBoot {
  private static final int WIDEST = 2000;

  private DiffBoot() {}

  static Command.Leaf command() {
    return Command.Leaf.of(
            "diff", "Says in words what changed from one boot to another.", DiffBoot::run)
        .operands(
            Operand.one("BEFORE", "Event log of one boot, binary"),
            Operand.one("AFTER", "Event log of the other boot"))
        .options(LogFile.BANK, Connection.JSON)
        .text(
            """
            Firmware, Secure Boot and its keys (by the subjects of their certificates), loaders, kernel, the
            command line word by word, and which PCRs have other values. What the digests do not prove is
            marked: there only the digest counts, not the words.

            Exit code 0: the same boot. 1: something changed. 2: a log cannot be read.

            Examples:
              limestone boot diff yesterday.bin today.bin
              limestone boot diff good-node.bin bad-node.bin --json | jq .changes
            """);
  }

  private static int run(Arguments arguments, Output output) throws IOException {
    LogFile before = LogFile.read(arguments.operand(0), arguments);
    LogFile after = LogFile.read(arguments.operand(1), arguments);
    List<BootChange> changes = new BootChanges(before, after).all();
    if (arguments.has(Connection.JSON)) {
      output.json(Map.of("same", changes.isEmpty(), "changes", json(changes)));
    } else {
      print(changes, output);
    }
    return changes.isEmpty() ? 0 : 1;
  }

  private static List<Map<String, Object>> json(List<BootChange> changes) {
    return changes.stream()
        .map(
            change -> {
              Map<String, Object> json = new LinkedHashMap<>();
              json.put("what", change.what());
              json.put("change", change.kind().name().toLowerCase(Locale.ROOT));
              json.put("before", change.before());
              json.put("after", change.after());
              json.put("proven", change.proven());
              return json;
            })
        .toList();
  }

  private static void print(List<BootChange> changes, Output output) {
    if (changes.isEmpty()) {
      output.line("the same boot: every event of both logs is equal");
    }
    for (BootChange change : changes) {
      output.line(Encoding.printable(change.words(), WIDEST));
    }
  }
}
