package io.limestone.cli.policy;

import io.limestone.cli.args.Output;
import io.limestone.policy.boot.BootPolicyDiff;
import io.limestone.policy.boot.BootPolicyDiff.Difference;
import io.limestone.policy.boot.BootPolicyDiff.Effect;
import io.limestone.wire.Encoding;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code limestone policy diff} of boot policies. */
final class DiffBootPolicies {
  private static final int FEW = 10;

  private DiffBootPolicies() {}

  /** Exit code 0 if they say the same, 1 if not. */
  static int run(PolicyFile first, PolicyFile second, boolean all, boolean json, Output output) {
    List<Difference> differences = BootPolicyDiff.of(first.text(), second.text(), Instant.now());
    if (json) {
      output.json(json(first, second, differences));
    } else if (differences.isEmpty()) {
      output.line("the policies say the same");
    } else {
      print(differences, all ? Integer.MAX_VALUE : FEW, output);
    }
    return differences.isEmpty() ? 0 : 1;
  }

  private static boolean acceptsAll(List<Difference> differences) {
    return differences.stream()
        .allMatch(one -> one.effect() == Effect.MORE || one.effect() == Effect.NONE);
  }

  private static Map<String, Object> json(
      PolicyFile first, PolicyFile second, List<Difference> differences) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("signatures", List.of(first.signature().word(), second.signature().word()));
    json.put("accepts_all_of_the_first", acceptsAll(differences));
    json.put("differences", differences.stream().map(DiffBootPolicies::json).toList());
    return json;
  }

  private static Map<String, Object> json(Difference difference) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", DiffPolicies.word(difference.kind()));
    json.put("part", difference.part());
    json.put("name", difference.name());
    json.put("details", difference.details());
    json.put("accepts", difference.effect().name().toLowerCase(Locale.ROOT));
    json.put("meaning", difference.meaning());
    return json;
  }

  /** What means the same for machines stands together. */
  private static void print(List<Difference> differences, int most, Output output) {
    Map<String, List<Difference>> groups = new LinkedHashMap<>();
    for (Difference one : differences) {
      groups
          .computeIfAbsent(
              one.part() + " " + DiffPolicies.word(one.kind()) + ": " + one.meaning(),
              title -> new ArrayList<>())
          .add(one);
    }
    groups.forEach(
        (title, group) -> {
          output.line(group.size() + " " + title);
          group.stream().limit(most).forEach(one -> print(one, output));
          if (group.size() > most) {
            output.line("  … and " + (group.size() - most) + " more (--all)");
          }
        });
    output.line("");
    output.line(
        acceptsAll(differences)
            ? "the second policy accepts every boot that the first accepts"
            : "some boots that the first policy accepts are refused by the second: limestone policy"
                + " try --kind boot says on which nodes");
  }

  private static void print(Difference one, Output output) {
    if (!one.name().isEmpty()) {
      output.line("  " + Encoding.printable(one.name(), 400));
    }
    String indent = one.name().isEmpty() ? "  " : "      ";
    one.details().forEach(detail -> output.line(indent + Encoding.printable(detail, 1000)));
  }
}
