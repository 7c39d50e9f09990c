package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.policy.PolicyDiff;
import io.limestone.policy.PolicyDiff.Difference;
import io.limestone.policy.PolicyDiff.Kind;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** {@code limestone policy diff}. */
final class DiffPolicies {
  private static final Operand BOTH =
      Operand.many("POLICY", "two runtime policies, the one before and the one after: files, JSON or DSSE; or name:NAME or name:NAME@VERSION at the verifier");
  private static final Option ALL =
      Option.flag("--all", "Every name, not only the first few of each group");
  static final int FEW = 5;

  private DiffPolicies() {}

  static Leaf command() {
    return Leaf.of("diff", "Tells in words how two runtime policies differ.", DiffPolicies::run)
        .operands(BOTH)
        .options(ALL, PolicySource.KEYS, Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            Files are grouped by folder. Exit 0: no difference. 1: they differ. 2: unusable input.

              limestone policy diff old.json new.json
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    if (arguments.operands().size() != 2) {
      throw CommandFailed.unusable("give two policies");
    }
    PolicySource source = new PolicySource(arguments, output);
    List<Difference> differences =
        PolicyDiff.of(
            source.read(arguments.operand(0)).runtime(),
            source.read(arguments.operand(1)).runtime());
    if (arguments.has(Connection.JSON)) {
      output.json(Map.of("differences", differences.stream().map(DiffPolicies::json).toList()));
    } else {
      print(differences, arguments.has(ALL) ? Integer.MAX_VALUE : FEW, output);
    }
    return differences.isEmpty() ? 0 : 1;
  }

  private static Map<String, Object> json(Difference difference) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", difference.kind().name().toLowerCase(Locale.ROOT));
    json.put("part", difference.part());
    json.put("name", difference.name());
    json.put("before", difference.before());
    json.put("after", difference.after());
    json.put("meaning", meaning(difference));
    return json;
  }

  /** Tells differences in words, {@code few} names of each group. */
  static void print(List<Difference> differences, int few, Output output) {
    if (differences.isEmpty()) {
      output.line("the policies say the same");
    }
    Map<String, List<Difference>> groups = new LinkedHashMap<>();
    for (Difference one : differences) {
      groups.computeIfAbsent(meaning(one), meaning -> new ArrayList<>()).add(one);
    }
    groups.forEach(
        (meaning, group) -> {
          output.line(title(group) + ": " + meaning);
          folders(group)
              .forEach(
                  (folder, names) -> {
                    output.line("  " + Encoding.printable(folder, 200));
                    names.stream()
                        .limit(few)
                        .forEach(name -> output.line("    " + Encoding.printable(name, 400)));
                    if (names.size() > few) {
                      output.line("    … and " + (names.size() - few) + " more (--all)");
                    }
                  });
        });
  }

  private static String title(List<Difference> group) {
    Difference first = group.getFirst();
    return group.size() + " " + first.part() + " " + first.kind().name().toLowerCase(Locale.ROOT);
  }

  /** By folder, and what is no path under its part's own name. */
  private static Map<String, List<String>> folders(List<Difference> group) {
    Map<String, List<String>> folders = new TreeMap<>();
    for (Difference one : group) {
      int slash = one.name().lastIndexOf('/');
      boolean file = one.part().equals("digests") && slash >= 0;
      folders
          .computeIfAbsent(
              file ? one.name().substring(0, slash + 1) : one.part(), f -> new ArrayList<>())
          .add(file ? one.name().substring(slash + 1) : one.name());
    }
    return folders;
  }

  /** What a difference does to the nodes once the second policy is theirs. */
  private static String meaning(Difference one) {
    boolean added = one.kind() == Kind.ADDED;
    return switch (one.part()) {
      case "digests" ->
          switch (one.kind()) {
            case ADDED -> "nodes may now run these";
            case REMOVED -> "nodes that run these become untrusted";
            case CHANGED ->
                one.dropped().isEmpty()
                    ? "nodes may run a further version, and the one before"
                    : "nodes that still run the version before become untrusted";
          };
      case "excludes" ->
          added
              ? "files of these names are judged no more"
              : "files of these names are judged from now on: unlisted ones become failures";
      case "keyrings" ->
          added || one.dropped().isEmpty()
              ? "kernels may load these keys, and files that they signed pass"
              : "kernels that have loaded these keys become untrusted";
      case "ima-buf" ->
          added || one.dropped().isEmpty()
              ? "nodes may measure these data"
              : "nodes that measured these data become untrusted";
      case "ignored_keyrings" ->
          added
              ? "keys of these keyrings are checked no more"
              : "keys of these keyrings are checked from now on";
      case "verification-keys" ->
          added
              ? "files signed by these keys pass"
              : "files signed by these keys alone become failures";
      case "dm-policy" -> "device-mapper devices are judged by other rules";
      default -> "lists of kernels that hash otherwise become unreadable";
    };
  }
}
