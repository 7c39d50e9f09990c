package io.limestone.cli.appraise;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.Verdict;
import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Output;
import io.limestone.policy.boot.Outdated;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code limestone appraise}: exit code 0 trusted, 1 untrusted, 2 unusable input. */
public final class AppraiseCommand {
  private AppraiseCommand() {}

  public static Command.Leaf command() {
    return Command.Leaf.of(
            "appraise",
            "Judges evidence in files, offline, exactly as the verifier judges it.",
            AppraiseCommand::run)
        .options(CaseFiles.OPTIONS)
        .options(Connection.JSON)
        .text(
            """
            Exit code 0: trusted. 1: untrusted, with the check, what was found, what was expected and what helps.
            2: the input cannot be used (a file is missing, a policy or key is not readable, a log or quote is
            not even of the right form).

            Examples:
              limestone appraise --quote quote.txt --ak ak.pub --nonce 4sTmFv0pQ1kXcB7wJz9d \\
                --ima-log ascii_runtime_measurements --runtime-policy policy.json
              tpm2_quote -c ak.ctx -l sha256:0,1,10 -q $(printf abc | xxd -p) -m q.attest -s q.sig -o q.pcrs
              limestone appraise --quote q.attest --signature q.sig --pcrs q.pcrs --pcrs 0,1,10 --ak ak.pub \\
                --nonce abc --json
              curl … | limestone appraise --evidence -
            """);
  }

  private static int run(Arguments arguments, Output output) throws IOException {
    CaseFiles files = new CaseFiles(arguments);
    Case given = files.read();
    if (files.policyIsUnverified()) {
      output.note(
          "warning: the runtime policy is signed, and its signature was NOT VERIFIED: anybody may"
              + " have written it (--runtime-policy-key)");
    }
    Verdict verdict = Appraisal.appraise(given.evidence(), given.reference(), given.before());
    if (arguments.has(Connection.JSON)) {
      output.json(json(verdict));
    } else {
      print(verdict, output);
    }
    return verdict instanceof Verdict.Trusted ? 0 : 1;
  }

  private static Map<String, Object> json(Verdict verdict) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("verdict", word(verdict));
    switch (verdict) {
      case Verdict.Trusted trusted -> {
        Map<String, String> pcrs = new LinkedHashMap<>();
        trusted.pcrs().values().forEach((pcr, value) -> pcrs.put(pcr.toString(), value.hex()));
        json.put("pcrs", Map.of(trusted.pcrs().bank().keylimeName(), pcrs));
        json.put("notes", trusted.notes());
        json.put("outdated", trusted.outdated().stream().map(Outdated::toJson).toList());
      }
      case Verdict.AskAgain again -> json.put("reason", again.reason());
      case Verdict.Untrusted untrusted ->
          json.put("failures", untrusted.failures().stream().map(FailureText::json).toList());
    }
    json.put("state", verdict.next().toJson());
    return json;
  }

  private static String word(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Trusted trusted -> "trusted";
      case Verdict.AskAgain again -> "incomplete";
      case Verdict.Untrusted untrusted -> "untrusted";
    };
  }

  private static void print(Verdict verdict, Output output) {
    output.line(word(verdict));
    switch (verdict) {
      case Verdict.Trusted trusted -> {
        trusted.outdated().forEach(old -> output.line("  outdated  " + old));
        trusted.notes().forEach(note -> output.line("  note      " + printable(note)));
      }
      case Verdict.AskAgain again -> output.line("  reason    " + printable(again.reason()));
      case Verdict.Untrusted untrusted ->
          untrusted.failures().forEach(f -> FailureText.print(f, output));
    }
  }

  private static String printable(String text) {
    return Encoding.printable(text, 4000);
  }
}
