package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.evidence.Span;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Whatever the expressions are: they are refused, or match every name in time that grows with the
 * name and the compiled size alone. Exponential time shows as a run without end, which Jazzer ends.
 */
class ExcludeListFuzzTest {
  private static final List<Span> NAMES =
      List.of(
          name(""),
          name("/usr/bin/a"),
          name("a".repeat(512) + "!"),
          name("/a b_\u00e9\u0085\n".repeat(32)));
  private static final Span OVERLONG = name("a".repeat(4097));
  private static final Span NO_TEXT = Span.of(new byte[] {'a', (byte) 0xc3});

  @FuzzTest(maxDuration = "1m")
  void anyExpressionsMatchOrAreMalformed(byte[] lines) {
    List<String> expressions = text(lines).lines().toList();
    try {
      ExcludeList list = ExcludeList.of(expressions);
      List<ExcludeList> each =
          expressions.stream().map(one -> ExcludeList.of(List.of(one))).toList();
      for (Span name : NAMES) {
        assertThat(list.matches(name)).isEqualTo(each.stream().anyMatch(one -> one.matches(name)));
      }
      assertThat(list.matches(OVERLONG)).isFalse();
      assertThat(list.matches(NO_TEXT)).isFalse();
    } catch (MalformedException e) {
      assertThat(e.getMessage()).startsWith("excludes");
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyTextQuotedMatchesItselfAlone(byte[] bytes) {
    String text = text(bytes);
    if (text.length() <= 4096) {
      TextPattern pattern = TextPattern.of(TextPattern.quote(text), "text");
      assertThat(pattern.matchesWhole(text)).isTrue();
      assertThat(pattern.matchesWhole(text + "x")).isFalse();
      assertThat(pattern.matchesWhole("x" + text)).isFalse();
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static Span name(String text) {
    return Span.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
