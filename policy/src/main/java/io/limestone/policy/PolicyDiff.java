package io.limestone.policy;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What one runtime policy says and another does not. */
public final class PolicyDiff {
  private PolicyDiff() {}

  /** How something differs. */
  public enum Kind {
    ADDED,
    REMOVED,
    CHANGED
  }

  /**
   * One difference.
   *
   * @param part member of the document: {@code digests}, {@code excludes}, …
   * @param name file, keyring, buffer, expression, or a key's id and SHA-256
   * @param before what it was: digests in hex, or nothing
   * @param after what it is
   */
  public record Difference(
      Kind kind, String part, String name, List<String> before, List<String> after) {
    public Difference {
      before = List.copyOf(before);
      after = List.copyOf(after);
    }

    /** Digests that were allowed and are no more. */
    public Set<String> dropped() {
      Set<String> dropped = new LinkedHashSet<>(before);
      after.forEach(dropped::remove);
      return dropped;
    }
  }

  /** The differences, by part and name. */
  public static List<Difference> of(PolicyDocument before, PolicyDocument after) {
    List<Difference> found = new ArrayList<>();
    for (String table : PolicyDocument.TABLES) {
      tables(table, before.table(table), after.table(table), found);
    }
    items("excludes", before.excludes(), after.excludes(), found);
    items("ignored_keyrings", before.ignoredKeyrings(), after.ignoredKeyrings(), found);
    items("verification-keys", keys(before), keys(after), found);
    single("log_hash_alg", before.logHash(), after.logHash(), found);
    single(
        "dm-policy",
        String.valueOf(before.json().members().get("dm-policy")),
        String.valueOf(after.json().members().get("dm-policy")),
        found);
    return found;
  }

  private static void tables(
      String part,
      Map<String, List<String>> before,
      Map<String, List<String>> after,
      List<Difference> found) {
    Set<String> names = new TreeSet<>(before.keySet());
    names.addAll(after.keySet());
    for (String name : names) {
      List<String> was = before.getOrDefault(name, List.of());
      List<String> is = after.getOrDefault(name, List.of());
      if (!Set.copyOf(was).equals(Set.copyOf(is))) {
        Kind kind = was.isEmpty() ? Kind.ADDED : is.isEmpty() ? Kind.REMOVED : Kind.CHANGED;
        found.add(new Difference(kind, part, name, was, is));
      }
    }
  }

  private static void items(
      String part, List<String> before, List<String> after, List<Difference> found) {
    for (String item : new TreeSet<>(after)) {
      if (!before.contains(item)) {
        found.add(new Difference(Kind.ADDED, part, item, List.of(), List.of(item)));
      }
    }
    for (String item : new TreeSet<>(before)) {
      if (!after.contains(item)) {
        found.add(new Difference(Kind.REMOVED, part, item, List.of(item), List.of()));
      }
    }
  }

  private static void single(String part, String before, String after, List<Difference> found) {
    if (!before.equals(after)) {
      found.add(new Difference(Kind.CHANGED, part, part, List.of(before), List.of(after)));
    }
  }

  /** Ids alone would not tell a key from another one that was given its id. */
  private static List<String> keys(PolicyDocument policy) {
    return policy.verificationKeys().fingerprints();
  }
}
