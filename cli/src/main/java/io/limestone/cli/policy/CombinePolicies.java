package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.policy.LegacyAllowlist;
import io.limestone.policy.PolicyDocument;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** {@code limestone policy convert} and {@code merge}. */
final class CombinePolicies {
  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS");
  private static final Operand OLD =
      Operand.one("FILE", "an allow-list (text or JSON), or a policy of an older version");
  private static final Operand POLICIES =
      Operand.many("POLICY", "runtime policies: files, JSON or DSSE; or name:NAME at the verifier");
  private static final Option EXCLUDES =
      Option.value("--excludelist", "FILE", "Expressions to exclude, one on a line; # comments");

  private CombinePolicies() {}

  static Leaf convert() {
    return Leaf.of("convert", "Makes a runtime policy of an old form.", CombinePolicies::convert)
        .operands(OLD)
        .options(EXCLUDES, PolicySource.OUT)
        .text(
            """
            Reads what came before runtime policies: text with a digest and a path on each line (%keyring:NAME
            for keys), JSON with "hashes", and policies of an older version.

            Example:
              sha256sum /usr/bin/* | limestone policy convert - --output policy.json
            """);
  }

  static Leaf merge() {
    return Leaf.of("merge", "Makes one runtime policy of several.", CombinePolicies::merge)
        .operands(POLICIES)
        .options(PolicySource.OUT, PolicySource.KEYS, PolicySource.UNVERIFIED)
        .options(Connection.OPTIONS)
        .text(
            """
            The result allows what any of them allows, excludes what any excludes, and trusts the keys of all.
            What can only be one thing (log_hash_alg, dm-policy, members that are not known) is that of the first.
            The result is not signed, even if all of them are.

            Examples:
              limestone policy merge base.json updates.json -o both.json
              limestone policy merge base.dsse updates.dsse --key signer.pem | limestone policy sign - -k signer.key
            """);
  }

  private static int convert(Arguments arguments, Output output) throws IOException {
    String name = arguments.operand(0);
    PolicyDocument policy;
    try {
      policy =
          LegacyAllowlist.read(
              PolicySource.text(name), TIMESTAMP.format(LocalDateTime.now(ZoneId.systemDefault())));
    } catch (MalformedException e) {
      throw e.in(name);
    }
    Optional<Path> excludes = arguments.path(EXCLUDES);
    if (excludes.isPresent()) {
      List<String> lines =
          Files.readString(excludes.get(), StandardCharsets.UTF_8)
              .lines()
              .map(String::strip)
              .filter(line -> !line.isEmpty() && !line.startsWith("#"))
              .toList();
      policy = policy.merge(policy.with("excludes", lines));
    }
    write(policy, arguments, output);
    return 0;
  }

  private static int merge(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    if (arguments.operands().size() < 2) {
      throw CommandFailed.unusable("give at least two policies");
    }
    PolicySource source = new PolicySource(arguments, output);
    PolicyDocument merged = source.trusted(arguments.operand(0)).runtime();
    for (String name : arguments.operands().subList(1, arguments.operands().size())) {
      merged = merged.merge(source.trusted(name).runtime());
    }
    write(merged, arguments, output);
    return 0;
  }

  /** Read once more as it will be uploaded: what is written is never refused. */
  private static void write(PolicyDocument policy, Arguments arguments, Output output)
      throws IOException {
    Bytes text = policy.toText();
    PolicyDocument checked = PolicyDocument.parse(text);
    PolicyFile.write(arguments.path(PolicySource.OUT), text, output);
    output.note(
        checked.table("digests").size()
            + " files, "
            + checked.excludes().size()
            + " excludes, "
            + checked.verificationKeys().size()
            + " keys");
  }
}
