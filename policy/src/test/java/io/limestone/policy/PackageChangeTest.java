package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.policy.PolicyDiff.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PackageChangeTest {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);
  private static final Map<String, String> OWNERS =
      Map.of(
          "/usr/bin/new", "new",
          "/usr/bin/old", "old",
          "/usr/bin/httpd", "httpd",
          "/usr/lib/mod.so", "httpd",
          "/usr/bin/same", "same");

  @Test
  void aPackageIsNewGoneOrChanged() {
    PolicyDocument before =
        files("/usr/bin/old", A, "/usr/bin/httpd", A, "/usr/bin/same", A, "/home/x", A);
    PolicyDocument after =
        files(
            "/usr/bin/new",
            A,
            "/usr/bin/httpd",
            B,
            "verity:/usr/lib/mod.so",
            B,
            "/usr/bin/same",
            A,
            "/home/x",
            B);
    List<PackageChange> changes =
        PackageChange.of(
            PolicyDiff.of(before, after), before, after, p -> Optional.ofNullable(OWNERS.get(p)));
    assertThat(changes).extracting(PackageChange::name).containsExactly("httpd", "new", "old");
    assertThat(changes)
        .extracting(PackageChange::kind)
        .containsExactly(Kind.CHANGED, Kind.ADDED, Kind.REMOVED);
    assertThat(changes).extracting(PackageChange::drops).containsExactly(true, false, true);
    PackageChange httpd = changes.getFirst();
    assertThat(httpd.count(Kind.CHANGED)).isEqualTo(1);
    assertThat(httpd.count(Kind.ADDED)).as("the module, by its fs-verity digest").isEqualTo(1);
  }

  @Test
  void whereNoPackageIsKnownThereIsNone() {
    PolicyDocument before = files("/a", A);
    PolicyDocument after = files("/a", B);
    assertThat(
            PackageChange.of(PolicyDiff.of(before, after), before, after, path -> Optional.empty()))
        .isEmpty();
  }

  private static PolicyDocument files(String... namesAndDigests) {
    Map<String, List<String>> digests = new HashMap<>();
    for (int i = 0; i < namesAndDigests.length; i += 2) {
      digests.put(namesAndDigests[i], List.of(namesAndDigests[i + 1]));
    }
    return PolicyDocument.empty("2026-01-01 00:00:00").allowing("digests", digests);
  }
}
