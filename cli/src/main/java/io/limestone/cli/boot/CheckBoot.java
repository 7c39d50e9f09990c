package io.limestone.cli.boot;

import io.limestone.appraisal.BootCheck;
import io.limestone.appraisal.Failure;
import io.limestone.cli.Connection;
import io.limestone.cli.appraise.FailureText;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.Outdated;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** {@code limestone boot check}: exit code 0 the policy accepts the log, 1 it does not. */
final class CheckBoot {
  private static final Option ENGINE =
      Option.value(
          "--engine",
          "NAME",
          "What reads a reference state: the verifier's measured_boot_policy_name (default: example;"
              + " for {}, which says nothing, accept-all)");
  private static final Option AT =
      Option.value("--at", "TIME", "The time to judge at, for a policy with times (default: now)");
  private static final Option PCR =
      Option.values(
          "--pcr",
          "N=HEX",
          "A value that PCR N is known to have, as by tpm2_pcrread; the log must replay to it");

  private CheckBoot() {}

  static Command.Leaf command() {
    return Command.Leaf.of(
            "check",
            "Judges an event log by a measured-boot policy, without a quote, as the verifier would.",
            CheckBoot::run)
        .operands(
            Operand.one("LOG", "Event log, binary (- is standard input)"),
            Operand.one("POLICY", "Measured-boot policy, JSON"))
        .options(ENGINE, AT, PCR, LogFile.BANK, Connection.JSON)
        .text(
            """
            Use it before you give a policy to the verifier: it tells which event the policy refuses, and why.
            It proves nothing of a machine: no TPM signed the PCRs, so that whoever made the file could have
            made up all of it. PCRs not given by --pcr are taken from the log itself.

            A policy of ours and a reference state are read as what they are, whatever the verifier's setting
            says; note that the verifier's own default, accept-all, does not read reference states.

            Exit code 0: accepted. 1: refused. 2: the log or the policy cannot be read.

            Examples:
              limestone boot check boot.bin policy.json
              limestone boot check boot.bin policy.json --at 14d
              limestone boot check boot.bin policy.json --pcr 0=9d2442…  --pcr 7=b4d804… --json
            """);
  }

  private static int run(Arguments arguments, Output output) throws IOException {
    LogFile file = LogFile.read(arguments.operand(0), arguments);
    Instant now = Instant.now();
    String document = Files.readString(Path.of(arguments.operand(1)));
    BootPolicy policy =
        arguments
            .get(ENGINE)
            .map(engine -> BootPolicy.of(engine, document))
            .orElseGet(() -> BootPolicy.of(document))
            .at(arguments.get(AT).map(text -> Times.parse(text, now)).orElse(now));
    if (policy.unusable().isPresent()) {
      throw CommandFailed.unusable(
          arguments.operand(1) + ": " + Encoding.printable(policy.unusable().get(), 400));
    }
    BootCheck.Result result =
        BootCheck.judge(policy, file.bytes(), file.bank(), pcrs(arguments, file.bank()));
    if (arguments.has(Connection.JSON)) {
      output.json(json(policy, result));
    } else {
      print(policy, result, output);
    }
    return result.passed() ? 0 : 1;
  }

  private static Map<Integer, Bytes> pcrs(Arguments arguments, HashAlg bank) {
    Map<Integer, Bytes> pcrs = new TreeMap<>();
    for (String given : arguments.all(PCR)) {
      String[] parts = given.split("=", 2);
      if (!parts[0].matches("[0-9]|1[0-9]|2[0-3]") || parts.length != 2) {
        throw CommandFailed.unusable("--pcr takes N=HEX with N from 0 to 23, not " + given);
      }
      try {
        Bytes value = Bytes.ofHex(parts[1].startsWith("0x") ? parts[1].substring(2) : parts[1]);
        if (value.size() != bank.size()) {
          throw CommandFailed.unusable(
              "--pcr "
                  + given
                  + ": a value of "
                  + bank.keylimeName()
                  + " has "
                  + bank.size()
                  + " bytes");
        }
        pcrs.put(Integer.parseInt(parts[0]), value);
      } catch (MalformedException e) {
        throw e.in("--pcr " + given);
      }
    }
    return pcrs;
  }

  private static Map<String, Object> json(BootPolicy policy, BootCheck.Result result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("trusted", result.passed());
    json.put("engine", policy.name());
    json.put("quote", "NOT CHECKED");
    json.put("failures", result.failures().stream().map(FailureText::json).toList());
    json.put("outdated", result.outdated().stream().map(Outdated::toJson).toList());
    json.put("notes", result.notes());
    return json;
  }

  private static void print(BootPolicy policy, BootCheck.Result result, Output output) {
    output.line((result.passed() ? "accepted by " : "refused by ") + policy.name());
    result.outdated().forEach(old -> output.line("  outdated  " + old));
    output.line("  note      no quote was checked: this says nothing of a machine");
    result.notes().forEach(note -> output.line("  note      " + Encoding.printable(note, 4000)));
    for (Failure failure : result.failures()) {
      FailureText.print(failure, output);
    }
  }
}
