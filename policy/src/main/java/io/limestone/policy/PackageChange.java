package io.limestone.policy;

import io.limestone.policy.PolicyDiff.Difference;
import io.limestone.policy.PolicyDiff.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What becomes of a package between two policies.
 *
 * @param name of the package
 * @param kind whether its files are all new, all gone, or some of it stays
 * @param files its differences, by name of the file
 */
public record PackageChange(String name, Kind kind, List<Difference> files) {
  private static final String FILES = "digests";

  public PackageChange {
    files = List.copyOf(files);
  }

  /** Whether something that nodes may run today is refused by the policy after. */
  public boolean drops() {
    return files.stream().anyMatch(file -> !file.dropped().isEmpty());
  }

  /** How many of its files differ in this way. */
  public long count(Kind how) {
    return files.stream().filter(file -> file.kind() == how).count();
  }

  /**
   * The packages that differences in {@code digests} belong to, by name.
   *
   * @param before the policy before
   * @param after the policy after
   * @param owner the package of a path, where it is known
   */
  public static List<PackageChange> of(
      List<Difference> differences,
      PolicyDocument before,
      PolicyDocument after,
      Function<String, Optional<String>> owner) {
    Map<String, List<Difference>> byPackage = new TreeMap<>();
    for (Difference one : differences) {
      if (one.part().equals(FILES)) {
        owner
            .apply(path(one.name()))
            .ifPresent(name -> byPackage.computeIfAbsent(name, n -> new ArrayList<>()).add(one));
      }
    }
    if (byPackage.isEmpty()) {
      return List.of();
    }
    Set<String> had = owners(before, owner);
    Set<String> has = owners(after, owner);
    return byPackage.entrySet().stream()
        .map(
            one ->
                new PackageChange(
                    one.getKey(),
                    !had.contains(one.getKey())
                        ? Kind.ADDED
                        : has.contains(one.getKey()) ? Kind.CHANGED : Kind.REMOVED,
                    one.getValue()))
        .toList();
  }

  private static Set<String> owners(
      PolicyDocument policy, Function<String, Optional<String>> owner) {
    Set<String> owners = new HashSet<>();
    policy
        .json()
        .object(FILES)
        .names()
        .forEach(name -> owner.apply(path(name)).ifPresent(owners::add));
    return owners;
  }

  /** Of a name in {@code digests}, which may list a file's fs-verity digest. */
  public static String path(String name) {
    return name.startsWith(RuntimePolicy.VERITY)
        ? name.substring(RuntimePolicy.VERITY.length())
        : name;
  }
}
