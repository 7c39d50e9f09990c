package io.limestone.cli.policy;

import io.limestone.policy.Complaint;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.VerificationKeys;
import io.limestone.wire.JsonObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a runtime policy says, in numbers. */
final class RuntimeSummary {
  private static final String VERITY = "verity:";
  private static final int MOST_FOLDERS = 8;

  private RuntimeSummary() {}

  static void of(
      PolicyDocument policy, List<Complaint> complaints, LocalDateTime now, Summary summary) {
    meta(policy, now, summary);
    files(policy.table("digests"), summary);
    excludes(policy.excludes(), complaints, summary);
    keyrings(policy, summary);
    Map<String, List<String>> buffers = policy.table("ima-buf");
    summary.add(
        "ima_buf", List.copyOf(buffers.keySet()), "measured data", List.copyOf(buffers.keySet()));
    keys(policy.verificationKeys(), summary);
    summary.add(
        "log_hash_alg", policy.logHash(), "kernel's hash", policy.logHash() + " (template hashes)");
    deviceMapper(policy, summary);
    summary.warnings(complaints);
  }

  private static void meta(PolicyDocument policy, LocalDateTime now, Summary summary) {
    JsonObject meta = policy.json().object("meta");
    summary.add("version", meta.integer("version"), "format version");
    long generator = meta.optionalInteger("generator").orElse(0L);
    summary.add(
        "generator",
        generator,
        "made by",
        switch ((int) generator) {
          case 1 -> "a tool, as an empty policy";
          case 2 -> "an upgrade of an older form";
          case 3 -> "a tool";
          default -> "nobody knows";
        });
    Optional<String> at = policy.timestamp();
    summary.add(
        "timestamp",
        at.orElse(null),
        "made at",
        at.map(text -> text + age(text, now)).stream().toList());
  }

  private static String age(String timestamp, LocalDateTime now) {
    try {
      long days = Duration.between(LocalDateTime.parse(timestamp.replace(' ', 'T')), now).toDays();
      return days < 1 ? "" : days == 1 ? " (a day ago)" : " (" + days + " days ago)";
    } catch (DateTimeException e) {
      return " (no time that can be read)";
    }
  }

  private static void files(Map<String, List<String>> digests, Summary summary) {
    Map<String, Integer> byAlgorithm = new TreeMap<>();
    Map<String, Integer> byFolder = new TreeMap<>();
    int verity = 0;
    for (Map.Entry<String, List<String>> one : digests.entrySet()) {
      for (String digest : one.getValue()) {
        byAlgorithm.merge(algorithm(digest), 1, Integer::sum);
      }
      if (one.getKey().startsWith(VERITY)) {
        verity += one.getValue().size();
      }
      byFolder.merge(folder(one.getKey()), 1, Integer::sum);
    }
    int all = byAlgorithm.values().stream().mapToInt(Integer::intValue).sum();
    summary.add(
        "files", digests.size(), "files", "%,d names, %,d digests".formatted(digests.size(), all));
    summary.add("digests", all, "", "");
    summary.add("digests_by_algorithm", byAlgorithm, "digests", counts(byAlgorithm));
    summary.add(
        "verity_digests", verity, "fs-verity", verity == 0 ? "" : "%,d digests".formatted(verity));
    Map<String, Integer> largest = new LinkedHashMap<>();
    byFolder.entrySet().stream()
        .sorted(Comparator.comparing(one -> -one.getValue()))
        .limit(MOST_FOLDERS)
        .forEach(one -> largest.put(one.getKey(), one.getValue()));
    summary.add("largest_folders", largest, "most of it in", counts(largest));
  }

  private static String algorithm(String digest) {
    return switch (digest.length()) {
      case 40 -> "sha1";
      case 64 -> "sha256";
      case 96 -> "sha384";
      default -> "sha512";
    };
  }

  /** The first two parts of a path; a name that is none is its own. */
  private static String folder(String name) {
    String path = name.startsWith(VERITY) ? name.substring(VERITY.length()) : name;
    int second = path.indexOf('/', 1);
    int third = second < 0 ? -1 : path.indexOf('/', second + 1);
    return third < 0
        ? path.substring(0, Math.max(path.lastIndexOf('/') + 1, 0))
        : path.substring(0, third + 1);
  }

  private static String counts(Map<String, Integer> counts) {
    return counts.entrySet().stream()
        .map(
            one ->
                "%s %,d"
                    .formatted(
                        one.getKey().isEmpty() ? "(no folder)" : one.getKey(), one.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static void excludes(List<String> excludes, List<Complaint> complaints, Summary summary) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < excludes.size(); i++) {
      String place = "excludes[" + i + "]";
      String warning =
          complaints.stream()
              .filter(one -> one.place().equals(place))
              .map(one -> "   <- " + one.problem())
              .collect(Collectors.joining());
      lines.add(excludes.get(i) + warning);
    }
    summary.add("excludes", excludes, "excludes", excludes.isEmpty() ? List.of("none") : lines);
  }

  private static void keyrings(PolicyDocument policy, Summary summary) {
    Map<String, Integer> keyrings = new TreeMap<>();
    policy.table("keyrings").forEach((name, digests) -> keyrings.put(name, digests.size()));
    summary.add("keyrings", keyrings, "keyrings", counts(keyrings));
    summary.add(
        "ignored_keyrings",
        policy.ignoredKeyrings(),
        "unchecked",
        policy.ignoredKeyrings().isEmpty()
            ? ""
            : "keyrings " + String.join(", ", policy.ignoredKeyrings()));
  }

  private static void keys(VerificationKeys keys, Summary summary) {
    List<String> ids = keys.ids().stream().map("%08x"::formatted).toList();
    summary.add(
        "verification_keys",
        ids,
        "file signers",
        ids.isEmpty() ? "none: no signature of a file counts" : "keys " + String.join(", ", ids));
  }

  private static void deviceMapper(PolicyDocument policy, Summary summary) {
    List<String> rules =
        policy
            .json()
            .optionalObject("dm-policy")
            .flatMap(dm -> dm.optionalObject("rules"))
            .map(all -> List.copyOf(all.names()))
            .orElse(List.of());
    summary.add("device_mapper_rules", rules, "device mapper", String.join(", ", rules));
  }
}
