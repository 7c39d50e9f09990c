package io.limestone.cli.boot;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import java.io.IOException;

/** {@code limestone boot show}. */
final class ShowBoot {
  private static final Option SUMMARY =
      Option.flag("--summary", "Firmware, keys, loaders, kernel and PCRs only, not the events");

  private ShowBoot() {}

  static Command.Leaf command() {
    return Command.Leaf.of(
            "show",
            "Shows an event log: firmware, keys, loaders, kernel and command line, and each PCR's events.",
            ShowBoot::run)
        .operands(Operand.one("LOG", "Event log, binary (- is standard input)"))
        .options(SUMMARY, LogFile.BANK, Connection.JSON)
        .text(
            """
            The mark before an event says what its digest proves of the words behind it:
              =  the digest is the hash of these words: this is what was measured
              ~  the digest is the hash of the content, not of its label
              .  the digest is of something else (a program, a file): the words are not proven
              !  the digest should be the hash of these words and is not: the log was altered
              -  nothing was extended, nothing is proven

            --json prints every event with its data and payload, and under "pcrs" the replayed values:
              {"pcrs":{"sha256":{"0":HEX, …}, …}, …}

            Examples:
              limestone boot show /sys/kernel/security/tpm0/binary_bios_measurements --summary
              limestone boot show boot.bin --json | jq '.pcrs.sha256["7"]'
            """);
  }

  private static int run(Arguments arguments, Output output) throws IOException {
    LogFile file = LogFile.read(arguments.operand(0), arguments);
    if (arguments.has(Connection.JSON)) {
      output.json(new BootJson(file).json());
    } else {
      new BootTree(file, output).print(!arguments.has(SUMMARY));
    }
    return 0;
  }
}
