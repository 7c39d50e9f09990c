package io.limestone.cli.policy;

import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ListAppraisal;
import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code limestone policy check}: judges a measurement list alone. */
final class CheckList {
  static final Operand LOG =
      Operand.one("LOG", "the IMA measurement list, ASCII or binary (- is standard input)");

  /** Above what a kernel keeps in memory of half a million entries. */
  static final int MAX_LIST = 512 << 20;

  private static final int MOST_TOLD = 100;
  private static final Option PCR =
      Option.value("--pcr", "ALG:HEX", "What PCR 10 is known to be, such as sha256:…");

  private CheckList() {}

  static Leaf command() {
    return Leaf.of("check", "Judges a measurement list alone, without a quote.", CheckList::run)
        .operands(LOG, PolicySource.POLICY)
        .options(PCR, PolicySource.KEYS, PolicySource.UNVERIFIED, Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            Exit 0: the policy accepts every entry, and the list gives the PCR if one was named. 1: it does not.
            2: unusable input. Without a quote nobody has proven that the list is a machine's, or all of it:
            limestone appraise judges both. A signed policy is refused without a key that verifies it.

            Examples:
              limestone policy check ascii_runtime_measurements policy.json
              limestone policy check ima.log policy.dsse --key signer.pem --json
              ssh web-1 sudo cat /sys/kernel/security/ima/ascii_runtime_measurements \\
                | limestone policy check - policy.json --pcr sha256:9d24…
            """);
  }

  static Bytes list(String name) throws IOException {
    return Input.read(name, MAX_LIST, "measurement list");
  }

  private static PcrValues pcr(String given) {
    int colon = given.indexOf(':');
    HashAlg bank =
        HashAlg.named(given.substring(0, Math.max(0, colon)))
            .orElseThrow(() -> CommandFailed.unusable("--pcr takes ALG:HEX, such as sha256:…"));
    try {
      return PcrValues.of(bank, Map.of(PcrPolicy.IMA_PCR, Bytes.ofHex(given.substring(colon + 1))));
    } catch (MalformedException e) {
      throw e.in("--pcr");
    }
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    PolicyFile policy = new PolicySource(arguments, output).trusted(arguments.operand(1));
    ListAppraisal.Result result =
        ListAppraisal.appraise(
            list(arguments.operand(0)),
            policy.compiled(),
            arguments.get(PCR).map(CheckList::pcr),
            ViolationPolicy.STRICT,
            MOST_TOLD);
    if (arguments.has(Connection.JSON)) {
      output.json(json(result, policy));
    } else {
      print(result, policy, output);
    }
    return result.accepted() ? 0 : 1;
  }

  private static Map<String, Object> json(ListAppraisal.Result result, PolicyFile policy) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("trusted", result.accepted());
    json.put("quote", "NOT CHECKED");
    json.put("policy_signature", policy.signature().word());
    json.put("entries", result.entries());
    Map<String, Object> pcr10 = new LinkedHashMap<>();
    result.pcr10().forEach((bank, value) -> pcr10.put(bank.keylimeName(), value.hex()));
    json.put("pcr10", pcr10);
    json.put("failures", result.failures().stream().map(CheckList::json).toList());
    json.put("notes", result.notes());
    return json;
  }

  /** What a script is told of a failure. */
  static Map<String, @Nullable Object> json(Failure failure) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("event_id", failure.eventId());
    for (String member : List.of("entry", "event", "path", "rule", "digest", "line")) {
      Object value = failure.context().members().get(member);
      if (value != null) {
        json.put(member, value);
      }
    }
    json.put("check", failure.check());
    json.put("found", failure.found());
    json.put("expected", failure.expected());
    json.put("remedy", failure.remedy());
    return json;
  }

  private static void print(ListAppraisal.Result result, PolicyFile policy, Output output) {
    output.line(
        (result.accepted() ? "accepted: " : "NOT accepted: ") + result.entries() + " entries");
    output.line("no quote was checked: nobody has proven that this list is a machine's, and whole");
    output.line("policy: " + Encoding.printable(policy.signature().text(), 400));
    result
        .pcr10()
        .forEach((bank, value) -> output.line("  pcr10 " + bank.keylimeName() + " " + value.hex()));
    result.notes().forEach(note -> output.line("  note " + Encoding.printable(note, 400)));
    for (Failure failure : result.failures()) {
      output.line("");
      output.line("  failed    " + failure.eventId());
      line(output, "found", failure.found());
      line(output, "expected", failure.expected());
      line(output, "remedy", failure.remedy());
    }
  }

  private static void line(Output output, String word, String text) {
    output.line("  %-9s %s".formatted(word, Encoding.printable(text, 1000)));
  }
}
