package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** {@code limestone audit}: who changed what, when and why. */
public final class AuditCommand {
  private static final Option MOST =
      Option.value("--most", "N", "How many entries, the newest ones (default: 50)");

  private AuditCommand() {}

  public static Command command() {
    return Command.Leaf.of(
            "audit", "Lists who changed what and why, newest first.", AuditCommand::run)
        .operands(Operand.optional("SUBJECT", "a node's id or a policy's name (default: all)"))
        .options(MOST, Connection.JSON)
        .options(Connection.OPTIONS)
        .text("Examples:\n  limestone audit web\n  limestone audit --most 1000 --json\n");
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    List<?> entries =
        Connection.of(arguments, output)
            .verifier()
            .audit(
                arguments.operands().stream().findFirst(),
                arguments.number(MOST, 1, 10_000).orElse(50))
            .list("entries");
    if (arguments.has(Connection.JSON)) {
      output.json(entries);
      return 0;
    }
    Table table = Table.of("WHEN", "WHO", "ACTION", "SUBJECT", "DETAIL");
    for (Object item : entries) {
      if (item instanceof JsonObject entry) {
        table.row(
            Instant.ofEpochMilli(entry.integer("at_ms")).truncatedTo(ChronoUnit.SECONDS).toString(),
            entry.string("who"),
            entry.string("action"),
            entry.string("subject"),
            entry.string("detail"));
      }
    }
    output.out().print(table);
    return 0;
  }
}
