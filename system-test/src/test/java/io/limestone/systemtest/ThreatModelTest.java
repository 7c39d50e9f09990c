package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.systemtest.parts.Checkout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The threat model names a test for each attack: they have to be there. */
class ThreatModelTest {
  private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w*Test)(?:\\.(\\w+))?`");

  @Test
  void everyTestThatTheThreatModelNamesExists() throws IOException {
    Map<String, String> tests;
    try (Stream<Path> files = Files.walk(Checkout.ROOT)) {
      tests =
          files
              .filter(file -> file.toString().contains("/src/test/java/"))
              .filter(file -> !file.toString().contains("/target/"))
              .filter(file -> file.toString().endsWith("Test.java"))
              .collect(
                  Collectors.toMap(
                      file -> file.getFileName().toString().replace(".java", ""),
                      ThreatModelTest::text,
                      String::concat));
    }
    Set<String> missing = new TreeSet<>();
    int named = 0;
    Matcher matcher =
        NAMED.matcher(Files.readString(Checkout.ROOT.resolve("docs/threat-model.md")));
    while (matcher.find()) {
      named++;
      String test = tests.get(matcher.group(1));
      String method = matcher.group(2);
      if (test == null || (method != null && !hasTest(test, method))) {
        missing.add(matcher.group());
      }
    }
    assertThat(missing).isEmpty();
    assertThat(named).isGreaterThan(40);
  }

  /** A test, or a factory of tests. */
  private static boolean hasTest(String source, String method) {
    return source.contains("void " + method + "(")
        || source.contains("Stream<DynamicTest> " + method + "(");
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
