package io.limestone.cli.boot;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.BootPolicyMaker;
import io.limestone.policy.boot.Objection;
import io.limestone.policy.boot.ReferenceStateMaker;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code limestone policy create measured-boot}: a boot policy made from event logs. */
public final class CreateMeasuredBoot {
  private static final Option LOG =
      Option.values("--eventlog-file", "FILE", "An event log, binary; again for each machine");
  private static final Option WITHOUT =
      Option.flag("--without-secureboot", "Secure Boot is off on these machines, and may be");
  private static final Option OUT =
      Option.value("--output", "FILE", "Where to write it (default: standard output)");
  private static final Option FORMAT =
      Option.value(
          "--format",
          "FORM",
          "limestone: a boot policy of ours (default); keylime: a reference state for example");

  private CreateMeasuredBoot() {}

  public static Command.Leaf command() {
    return Command.Leaf.of(
            "measured-boot",
            "Makes a boot policy from the event logs of good boots.",
            CreateMeasuredBoot::run)
        .options(LOG, WITHOUT, OUT, FORMAT, LogFile.BANK)
        .text(
            """
            Logs of several machines of one model give one policy. A policy that one of its own logs would not
            pass is not written, and the events that stand in the way are named.

            Exit code 0: written. 1: the logs do not make a policy. 2: a log cannot be read.

            Examples:
              limestone policy create measured-boot --eventlog-file boot.bin --output boot.json
              limestone policy create measured-boot --eventlog-file a.bin --eventlog-file b.bin
              limestone policy create measured-boot --eventlog-file boot.bin --format keylime
            """);
  }

  private static int run(Arguments arguments, Output output) throws IOException {
    List<List<MeasuredEvent>> logs = new ArrayList<>();
    for (String name : arguments.all(LOG)) {
      List<MeasuredEvent> log = LogFile.read(name, arguments).measured();
      if (!ReferenceStateMaker.secureBoot(log) && !arguments.has(WITHOUT)) {
        throw CommandFailed.because(
            name + ": Secure Boot is off; with --without-secureboot the policy accepts that");
      }
      logs.add(log);
    }
    if (logs.isEmpty()) {
      throw CommandFailed.unusable("--eventlog-file is needed");
    }
    String format = arguments.get(FORMAT).orElse("limestone");
    JsonObject document =
        switch (format) {
          case "limestone" -> ours(logs);
          case "keylime" -> keylimes(logs);
          default -> throw CommandFailed.unusable("--format takes limestone or keylime");
        };
    if (arguments.has(OUT)) {
      Files.write(Path.of(arguments.required(OUT)), Json.bytes(document));
    } else {
      output.json(document);
    }
    return 0;
  }

  private static JsonObject ours(List<List<MeasuredEvent>> logs) {
    BootPolicyMaker.Made made = BootPolicyMaker.make(logs);
    if (!made.objections().isEmpty()) {
      throw refused(made.objections());
    }
    return made.document();
  }

  private static JsonObject keylimes(List<List<MeasuredEvent>> logs) {
    JsonObject state =
        ReferenceStateMaker.merge(logs.stream().map(ReferenceStateMaker::make).toList());
    BootPolicy policy = BootPolicy.of("example", Json.text(state));
    for (List<MeasuredEvent> log : logs) {
      List<Objection> objections = policy.judge(log).objections();
      if (!objections.isEmpty()) {
        throw refused(objections);
      }
    }
    return state;
  }

  private static CommandFailed refused(List<Objection> objections) {
    StringBuilder text = new StringBuilder("not written: the log would not pass its own policy");
    objections.stream()
        .limit(20)
        .forEach(one -> text.append("\n  ").append(one.check()).append(": ").append(one.found()));
    return CommandFailed.because(text.toString());
  }
}
