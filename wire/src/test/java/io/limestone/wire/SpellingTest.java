package io.limestone.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpellingTest {
  private static final List<String> KNOWN = List.of("digests", "excludes", "keyrings");

  @Test
  void theNearestWordIsFound() {
    assertThat(Spelling.nearest("exclude", KNOWN, 2)).contains("excludes");
    assertThat(Spelling.nearest("keyring", KNOWN, 2)).contains("keyrings");
    assertThat(Spelling.nearest("digets", KNOWN, 2)).contains("digests");
  }

  @Test
  void aWordThatIsFarFromAllIsNone() {
    assertThat(Spelling.nearest("owner", KNOWN, 2)).isEmpty();
    assertThat(Spelling.nearest("x".repeat(10_000), KNOWN, 2)).isEmpty();
  }
}
