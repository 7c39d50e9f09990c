package io.limestone.cli.policy;

import io.limestone.appraisal.Failure;
import io.limestone.cli.args.Output;
import io.limestone.policy.Fix;
import io.limestone.policy.PolicyPatch;
import io.limestone.policy.boot.PolicyChange;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Why something is not trusted, for people and for scripts.
 *
 * @param failures all that came to light
 * @param left what fails with the patch; nothing where that could not be tried
 * @param weaken whether the patch also has what makes a policy demand less
 */
record Explanation(
    Subject subject,
    List<Failure> failures,
    PolicyPatch patch,
    Optional<List<Failure>> left,
    boolean weaken) {
  static final int FEW = 10;
  private static final int MOST_PACKAGES = 10;

  /** Whether a patch has this fix. */
  static boolean taken(Fix fix, boolean weaken) {
    return switch (fix) {
      case Fix.None none -> false;
      case Fix.Listed listed -> true;
      case Fix.Changed changed -> weaken || !changed.weakens();
    };
  }

  /** Of the entries that fail. */
  Set<String> paths() {
    return failures.stream().map(one -> text(one, "path")).collect(Collectors.toSet());
  }

  Map<String, @Nullable Object> json(Packages packages) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("subject", subject.words());
    json.put("trusted", failures.isEmpty());
    json.put("proven", subject.proven());
    json.put("runtime_policy", subject.policies().runtime().map(Explanation::json).orElse(null));
    json.put("boot_policy", subject.policies().boot().map(Explanation::json).orElse(null));
    json.put("failures", failures.stream().map(one -> json(one, packages)).toList());
    json.put("patch", patch.isEmpty() ? null : patch.toJson());
    json.put(
        "left",
        left.map(all -> all.stream().map(one -> json(one, packages)).toList()).orElse(null));
    return json;
  }

  private static Map<String, Object> json(PolicyFile policy) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", policy.name());
    json.put("digest", policy.digest());
    json.put("signature", policy.signature().word());
    return json;
  }

  private Map<String, @Nullable Object> json(Failure failure, Packages packages) {
    Map<String, @Nullable Object> json = CheckList.json(failure);
    json.put("package", packages.described(text(failure, "path")).orElse(null));
    Fix fix = Fix.of(failure.context());
    json.put("fix", fix instanceof Fix.None ? null : PolicyPatch.of(fix).toJson());
    json.put("in_patch", taken(fix, weaken));
    return json;
  }

  void print(Packages packages, int most, Optional<Path> file, Output output) {
    line(output, subject.words() + ": " + checks(failures.size()));
    subject.policies().runtime().ifPresent(policy -> print("runtime policy", policy, output));
    subject.policies().boot().ifPresent(policy -> print("boot policy", policy, output));
    line(output, subject.proven());
    failures.stream().limit(most).forEach(failure -> print(failure, packages, output));
    if (failures.size() > most) {
      output.line("");
      output.line("and " + (failures.size() - most) + " more (--all, or --json)");
    }
    if (!failures.isEmpty()) {
      output.line("");
      byPackage(packages, output);
      end(file, output);
    }
  }

  private static void print(String kind, PolicyFile policy, Output output) {
    line(output, kind + " " + policy.name() + ": " + policy.signature().text());
  }

  private void print(Failure failure, Packages packages, Output output) {
    String path = text(failure, "path");
    output.line("");
    line(
        output,
        failure.context().has("entry")
            ? "entry " + failure.context().members().get("entry") + ": " + path
            : failure.check());
    row(output, "line", text(failure, "line"));
    row(output, "rule", rule(failure));
    row(output, "found", failure.found().equals(path) ? "" : failure.found());
    row(output, "expected", failure.expected());
    row(output, "package", packages.described(path).orElse(""));
    row(output, "change", change(Fix.of(failure.context())));
    row(output, "remedy", failure.remedy());
  }

  private static String rule(Failure failure) {
    String rule = text(failure, "rule");
    return rule.isEmpty() ? failure.eventId() : rule + " (" + failure.eventId() + ")";
  }

  private String change(Fix fix) {
    return switch (fix) {
      case Fix.None none -> "none that only allows what failed";
      case Fix.Listed listed -> "add " + listed.digest() + " to " + listed.table();
      case Fix.Changed changed ->
          changed.changes().stream().map(Explanation::words).collect(Collectors.joining("; "))
              + (changed.weakens() && !weaken
                  ? " - NOT in the patch: the policy would demand less (--weaken)"
                  : "");
    };
  }

  private static String words(PolicyChange change) {
    return change.op() + " " + change.path() + " " + Json.text(change.value());
  }

  private void byPackage(Packages packages, Output output) {
    Map<String, Long> counts =
        failures.stream()
            .flatMap(one -> packages.of(text(one, "path")).stream())
            .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
    if (!counts.isEmpty()) {
      int more = counts.size() - MOST_PACKAGES;
      line(
          output,
          counts.entrySet().stream()
              .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
              .limit(MOST_PACKAGES)
              .map(one -> one.getKey() + " " + one.getValue())
              .collect(
                  Collectors.joining(
                      ", ", "by package: ", more > 0 ? ", and " + more + " packages more" : "")));
    }
  }

  private void end(Optional<Path> file, Output output) {
    if (patch.isEmpty()) {
      output.line("no change of a policy accepts any of it");
      return;
    }
    output.line(
        left.map(
                rest ->
                    rest.isEmpty()
                        ? "with the changes it would be accepted"
                        : "with the changes: " + checks(rest.size()))
            .orElse("whether it would be accepted with the changes could not be tried"));
    line(
        output,
        file.map(path -> "the patch is in " + path + "; read it, then: limestone policy apply")
            .orElse("-o FILE writes the changes as a patch"));
  }

  private static String checks(int count) {
    return count == 1 ? "1 check fails" : count + " checks fail";
  }

  private static void row(Output output, String word, String text) {
    if (!text.isEmpty()) {
      output.line("  %-9s %s".formatted(word, Encoding.printable(text, 1000)));
    }
  }

  private static void line(Output output, String text) {
    output.line(Encoding.printable(text, 2000));
  }

  private static String text(Failure failure, String member) {
    return failure.context().members().get(member) instanceof String text ? text : "";
  }
}
