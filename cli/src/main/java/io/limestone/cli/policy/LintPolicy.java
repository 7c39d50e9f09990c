package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.Output;
import io.limestone.policy.Complaint;
import io.limestone.policy.Complaint.Level;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.PolicyLint;
import io.limestone.policy.boot.BootLint;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code limestone policy lint}. */
final class LintPolicy {
  private LintPolicy() {}

  static Leaf command() {
    return Leaf.of(
            "lint",
            "Tells what weakens a policy, of either kind, or does nothing.",
            LintPolicy::run)
        .operands(PolicySource.POLICY)
        .options(PolicyCommands.KIND, PolicySource.KEYS, Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            Of runtime policies: excludes that swallow everything, no signature, old age, weak digests, keys of no
            use, names that an exclude makes pointless … Of boot policies: Secure Boot not demanded, anything
            accepted, dangerous kernel command lines, no revocation demanded, times that are over, duplicates …

            Exit code 0: no errors (there may be warnings). 1: errors. 2: no valid policy.

            Examples:
              limestone policy lint policy.json
              limestone policy lint boot.json --json | jq '.complaints[] | select(.level == "error")'
              limestone policy lint name:servers --kind boot
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    PolicyFile policy = new PolicySource(arguments, output).read(arguments.operand(0));
    List<Complaint> complaints = complaints(policy);
    if (arguments.has(Connection.JSON)) {
      output.json(Map.of("complaints", complaints.stream().map(LintPolicy::json).toList()));
    } else {
      complaints.forEach(complaint -> print(complaint, output));
      if (complaints.isEmpty()) {
        output.line("nothing to complain of");
      }
    }
    return complaints.stream().anyMatch(one -> one.level() == Level.ERROR) ? 1 : 0;
  }

  /** Of a policy of either kind, and of its signature. */
  static List<Complaint> complaints(PolicyFile policy) {
    List<Complaint> all = new ArrayList<>();
    if (policy.signature() instanceof PolicyFile.Signature.NotVerified) {
      all.add(
          new Complaint(
              Level.WARNING,
              "signatures",
              "were NOT VERIFIED: anybody may have written the policy",
              "give the signer's key: --key FILE"));
    }
    all.addAll(ofContent(policy));
    return all;
  }

  private static List<Complaint> ofContent(PolicyFile policy) {
    boolean signed = policy.envelope().isPresent();
    return switch (policy.content()) {
      case PolicyFile.Content.OfRuntime(PolicyDocument document) ->
          PolicyLint.of(document, signed, LocalDateTime.now(ZoneId.systemDefault()));
      case PolicyFile.Content.OfBoot boot -> {
        try {
          yield BootLint.of(policy.text(), signed, Instant.now());
        } catch (MalformedException e) {
          throw e.in(policy.name());
        }
      }
    };
  }

  private static Map<String, Object> json(Complaint complaint) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("level", word(complaint));
    json.put("place", complaint.place());
    json.put("problem", complaint.problem());
    json.put("remedy", complaint.remedy());
    return json;
  }

  private static void print(Complaint complaint, Output output) {
    output.line(
        "%-8s %s %s"
            .formatted(
                word(complaint),
                Encoding.printable(complaint.place(), 200),
                Encoding.printable(complaint.problem(), 400)));
    output.line("         " + Encoding.printable(complaint.remedy(), 400));
  }

  private static String word(Complaint complaint) {
    return complaint.level().name().toLowerCase(Locale.ROOT);
  }
}
