package io.limestone.policy;

import com.google.re2j.Pattern;
import io.limestone.wire.MalformedException;

/**
 * A regular expression of Python's form over a short text, in time linear in the text: what would
 * need backtracking is refused when it is read.
 */
public final class TextPattern {
  private static final int MAX_CHARACTERS = 16 * 1024;
  private static final int MAX_TEXT = 64 * 1024;

  private final String source;
  private final Pattern compiled;

  private TextPattern(String source, Pattern compiled) {
    this.source = source;
    this.compiled = compiled;
  }

  /**
   * Reads an expression.
   *
   * @param place where it stands, for complaints
   * @throws MalformedException if it is none, or none that runs in linear time
   */
  public static TextPattern of(String expression, String place) {
    if (expression.length() > MAX_CHARACTERS) {
      throw new MalformedException(
          place + ": an expression of more than " + MAX_CHARACTERS + " characters");
    }
    return new TextPattern(
        expression, PythonRegex.compile(PythonRegex.toRe2(expression, place), place));
  }

  /** Whether the whole of the text matches; an overlong one never does. */
  public boolean matchesWhole(String text) {
    return text.length() <= MAX_TEXT && compiled.matches(text);
  }

  /** A text as an expression that matches it alone, with the escapes of Python's re.escape. */
  public static String quote(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\t' -> out.append("\\\t");
        case '\n' -> out.append("\\\n");
        case '\r' -> out.append("\\\r");
        case '\u000b' -> out.append("\\\u000b");
        case '\f' -> out.append("\\\f");
        default -> {
          if (" ()[]{}?*+-|^$\\.&~#".indexOf(c) >= 0) {
            out.append('\\');
          }
          out.append(c);
        }
      }
    }
    return out.toString();
  }

  @Override
  public String toString() {
    return source;
  }
}
