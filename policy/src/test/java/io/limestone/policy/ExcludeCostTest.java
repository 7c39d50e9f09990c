package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What a match costs, without a clock: RE2 takes one step for each character, for all ways to match
 * at once, and in it does at most one thing for each instruction of the program. So what is read is
 * counted, and the instructions; the product bounds the time.
 */
class ExcludeCostTest {
  private static final List<String> CATASTROPHIC =
      List.of(
          "(a+)+$",
          "(a*)*b",
          "(a|a)*b",
          "(a|aa)+$",
          "(a|a?)+b",
          "(.*a){12}b",
          "(a?){100}a{100}b",
          "([a-z]+)*=",
          "(x*x*)+y|(a*a*)+y",
          "^(([a-z])+.)+[A-Z]([a-z])+$",
          "(?:a{1,30}){1,30}b",
          "((a{1,9}){1,9}){1,9}b",
          ".*.*.*.*.*.*.*.*b",
          "(?i:(A+)+)b",
          "(\\w+\\s?)+!");

  /** A name that counts how often one of its characters is looked at. */
  private static final class Counted implements CharSequence {
    private final String name;
    private final long most;
    private long read;

    Counted(String name, long most) {
      this.name = name;
      this.most = most;
    }

    @Override
    public char charAt(int index) {
      if (++read > most) {
        throw new IllegalStateException("more than " + most);
      }
      return name.charAt(index);
    }

    @Override
    public int length() {
      return name.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String toString() {
      throw new UnsupportedOperationException("would not be counted");
    }
  }

  @Test
  void attack40_aMatchReadsEachCharacterThriceWhateverTheExpression() {
    for (String expression : CATASTROPHIC) {
      PythonRegex.Translated translated = PythonRegex.toRe2(expression, "excludes[0]");
      com.google.re2j.Pattern pattern = PythonRegex.compile(translated, "excludes[0]");
      for (int length : new int[] {64, 512, 4096}) {
        Counted name = new Counted("a".repeat(length), 3L * length + 8);
        assertThat(pattern.matcher(name).lookingAt())
            .as("%s, %d", expression, length)
            .isEqualTo(expression.equals("(a+)+$") || expression.equals("(a|aa)+$"));
        assertThat(name.read).isLessThanOrEqualTo(name.most);
      }
    }
  }

  /** The counter tells: the JDK's own expressions try the ways one after the other. */
  @Test
  void anEngineThatTriesEveryWayIsFoundOutByTheCounter() {
    Counted name = new Counted("1,".repeat(30), 1_000_000);
    assertThatThrownBy(
            () -> java.util.regex.Pattern.compile("(.*,){12}P").matcher(name).lookingAt())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void attack40_aProgramIsNoLargerThanWhatIsReckonedAndThatIsBounded() {
    for (String expression : CATASTROPHIC) {
      assertBounded(expression);
    }
    Random random = new Random(40);
    int accepted = 0;
    for (int i = 0; i < 3000; i++) {
      accepted += assertBounded(expression(random, 4)) ? 1 : 0;
    }
    assertThat(accepted).as("the random expressions say something").isGreaterThan(1500);
  }

  /** Names are of at most 4,096 bytes: what a list costs has an end, and this is it. */
  @Test
  void attack40_whatAllExpressionsOfAListCostIsBounded() {
    assertThatThrownBy(() -> ExcludeList.of(List.of("((a{100}){100}){100}")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("excludes[0]");
    List<String> many = java.util.Collections.nCopies(10, "(a{200}){200}");
    assertThatThrownBy(() -> ExcludeList.of(many))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("excludes[");
  }

  private static boolean assertBounded(String expression) {
    PythonRegex.Translated translated;
    com.google.re2j.Pattern pattern;
    try {
      translated = PythonRegex.toRe2(expression, "x");
      pattern = PythonRegex.compile(translated, "x");
    } catch (MalformedException e) {
      return false;
    }
    assertThat(translated.size()).isLessThanOrEqualTo(PythonRegex.MAX_SIZE);
    // Two for the beginning and the end; three for an alternative or a repetition.
    assertThat((long) pattern.programSize())
        .as(expression)
        .isLessThanOrEqualTo(3 * translated.size() + 3L * expression.length() + 10);
    return true;
  }

  private static String expression(Random random, int depth) {
    if (depth == 0) {
      return List.of("a", "b", ".", "[a-f]", "\\w", "\\d", "[^/]", "\\s", "/", "x{3}", "", "\\.")
          .get(random.nextInt(12));
    }
    String one = expression(random, depth - 1);
    return switch (random.nextInt(10)) {
      case 0 -> one + "|" + expression(random, depth - 1);
      case 1 -> "(" + one + ")*";
      case 2 -> "(" + one + ")+";
      case 3 -> "(" + one + ")?";
      case 4 -> "(" + one + "){" + random.nextInt(12) + "}";
      case 5 -> "(?:" + one + "){" + random.nextInt(4) + "," + (4 + random.nextInt(8)) + "}";
      case 6 -> "(?:" + one + "){" + random.nextInt(4) + ",}";
      case 7 -> "^" + one + "$";
      default -> one + expression(random, depth - 1);
    };
  }
}
