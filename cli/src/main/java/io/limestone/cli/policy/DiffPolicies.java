package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.policy.PackageChange;
import io.limestone.policy.PolicyDiff;
import io.limestone.policy.PolicyDiff.Difference;
import io.limestone.policy.PolicyDiff.Kind;
import io.limestone.policy.PolicyDocument;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code limestone policy diff}. */
final class DiffPolicies {
  private static final Operand BOTH =
      Operand.many(
          "POLICY",
          "two policies of a kind, the one before and the one after: files, JSON or DSSE; or name:NAME"
              + " or name:NAME@VERSION at the verifier");
  private static final Option ALL =
      Option.flag("--all", "Every name, not only the first few of each group").or("-a");
  private static final int FEW = 5;
  private static final int FEW_PACKAGES = 40;

  private final List<Difference> differences;
  private final List<PackageChange> packages;
  private final Packages owners;

  private DiffPolicies(
      List<Difference> differences, List<PackageChange> packages, Packages owners) {
    this.differences = differences;
    this.packages = packages;
    this.owners = owners;
  }

  static Leaf command() {
    return Leaf.of("diff", "Tells in words how two policies differ.", DiffPolicies::run)
        .operands(BOTH)
        .options(ALL, Packages.PLACES, Packages.ARCH, PolicyCommands.KIND, PolicySource.KEYS)
        .options(Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            What each difference means for nodes that are given the second policy instead of the first. Files of
            runtime policies are told by package where one is known, else by folder. Of boot policies, firmware,
            programs, keys, revocations and command lines are, and whether the second accepts all that the first does.

            Exit code 0: no difference. 1: they differ. 2: unusable input.

            Examples:
              limestone policy diff old.json new.json
              limestone policy diff name:web next.json --packages https://repo.example.org/ -a
              limestone policy diff boot.json next.json --json
              limestone policy diff name:web@2 name:web@3 --packages "http://deb.debian.org/debian trixie main"
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    if (arguments.operands().size() != 2) {
      throw CommandFailed.unusable("give two policies: the one before, and the one after");
    }
    PolicySource source = new PolicySource(arguments, output);
    PolicyFile first = source.read(arguments.operand(0));
    PolicyFile second = source.read(arguments.operand(1));
    if (!arguments.has(Connection.JSON)) {
      for (PolicyFile file : List.of(first, second)) {
        if (file.signature() instanceof PolicyFile.Signature.NotVerified) {
          output.note(file.name() + ": " + file.signature().text());
        }
      }
    }
    if (first.kind() == PolicyCommands.Kind.BOOT && second.kind() == first.kind()) {
      return DiffBootPolicies.run(
          first, second, arguments.has(ALL), arguments.has(Connection.JSON), output);
    }
    DiffPolicies diff = of(first.runtime(), second.runtime(), arguments);
    if (arguments.has(Connection.JSON)) {
      output.json(diff.json(first, second));
    } else {
      diff.print(arguments.has(ALL), output);
    }
    return diff.differences.isEmpty() ? 0 : 1;
  }

  /** Compared, with the packages that the arguments say, or that this machine knows. */
  static DiffPolicies of(PolicyDocument before, PolicyDocument after, Arguments arguments)
      throws IOException, InterruptedException {
    List<Difference> differences = PolicyDiff.of(before, after);
    Packages owners = Packages.of(paths(before, after), arguments);
    return new DiffPolicies(
        differences, PackageChange.of(differences, before, after, owners::of), owners);
  }

  private static Set<String> paths(PolicyDocument... policies) {
    return Stream.of(policies)
        .flatMap(policy -> policy.json().object("digests").names().stream())
        .map(PackageChange::path)
        .collect(Collectors.toCollection(HashSet::new));
  }

  private Map<String, Object> json(PolicyFile first, PolicyFile second) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("signatures", List.of(first.signature().word(), second.signature().word()));
    json.put("packages", packages.stream().map(this::json).toList());
    json.put("differences", differences.stream().map(this::json).toList());
    return json;
  }

  private Map<String, Object> json(PackageChange change) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", change.name());
    json.put("kind", word(change.kind()));
    for (Kind kind : Kind.values()) {
      json.put("files_" + word(kind), change.count(kind));
    }
    json.put("meaning", meaning(change));
    return json;
  }

  private Map<String, @Nullable Object> json(Difference difference) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("kind", word(difference.kind()));
    json.put("part", difference.part());
    json.put("name", difference.name());
    json.put("package", owner(difference));
    json.put("before", difference.before());
    json.put("after", difference.after());
    json.put("meaning", meaning(difference));
    return json;
  }

  private @Nullable String owner(Difference one) {
    return one.part().equals("digests")
        ? owners.of(PackageChange.path(one.name())).orElse(null)
        : null;
  }

  static String word(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /** In words, a few of each group or all. */
  void print(boolean all, Output output) {
    if (differences.isEmpty()) {
      output.line("the policies say the same");
      return;
    }
    if (!packages.isEmpty()) {
      print(all ? packages.size() : FEW_PACKAGES, output);
    }
    Map<String, List<Difference>> groups = new LinkedHashMap<>();
    for (Difference one : differences) {
      if (all || owner(one) == null) {
        groups.computeIfAbsent(meaning(one), meaning -> new ArrayList<>()).add(one);
      }
    }
    groups.forEach(
        (meaning, group) -> print(meaning, group, all ? Integer.MAX_VALUE : FEW, output));
  }

  private void print(int most, Output output) {
    Map<Kind, Long> counts =
        packages.stream()
            .collect(Collectors.groupingBy(PackageChange::kind, Collectors.counting()));
    output.line(
        "packages: "
            + Stream.of(Kind.values())
                .map(kind -> counts.getOrDefault(kind, 0L) + " " + word(kind))
                .collect(Collectors.joining(", ")));
    Table table = Table.of("PACKAGE", "IS", "FILES", "FOR NODES OF THE SECOND POLICY");
    packages.stream()
        .limit(most)
        .forEach(one -> table.row(one.name(), word(one.kind()), files(one), meaning(one)));
    output.out().print(table);
    if (packages.size() > most) {
      output.line("… and " + (packages.size() - most) + " more (--all)");
    }
    output.line("");
  }

  private static String files(PackageChange change) {
    return Stream.of(Kind.values())
        .filter(kind -> change.count(kind) > 0)
        .map(kind -> change.count(kind) + " " + word(kind))
        .collect(Collectors.joining(", "));
  }

  private void print(String meaning, List<Difference> group, int few, Output output) {
    Difference first = group.getFirst();
    output.line(group.size() + " " + first.part() + " " + word(first.kind()) + ": " + meaning);
    places(group)
        .forEach(
            (place, names) -> {
              output.line("  " + Encoding.printable(place, 200));
              names.stream()
                  .limit(few)
                  .forEach(name -> output.line("    " + Encoding.printable(name, 400)));
              if (names.size() > few) {
                output.line("    … and " + (names.size() - few) + " more (--all)");
              }
            });
  }

  /** Files by package or folder, and what is no path under its part's own name. */
  private Map<String, List<String>> places(List<Difference> group) {
    Map<String, List<String>> places = new TreeMap<>();
    for (Difference one : group) {
      int slash = one.name().lastIndexOf('/');
      boolean file = one.part().equals("digests") && slash >= 0;
      String owner = owner(one);
      boolean whole = !file || owner != null;
      places
          .computeIfAbsent(
              owner != null
                  ? "package " + owner
                  : file ? one.name().substring(0, slash + 1) : one.part(),
              place -> new ArrayList<>())
          .add(whole ? one.name() : one.name().substring(slash + 1));
    }
    return places;
  }

  private static String meaning(PackageChange change) {
    return switch (change.kind()) {
      case ADDED -> "may be installed and run";
      case REMOVED -> "untrusted once they run it: remove it from them first";
      case CHANGED ->
          change.drops()
              ? "untrusted while they run the version before: update them first"
              : change.count(Kind.CHANGED) > 0
                  ? "may run the version before and this one"
                  : "may run more of its files";
    };
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
