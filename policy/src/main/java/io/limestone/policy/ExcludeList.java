package io.limestone.policy;

import com.google.re2j.Pattern;
import io.limestone.evidence.Span;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The {@code excludes} of a runtime policy (ima.md §9): Python regular expressions that are matched
 * against the start of a name, not its end. They run on RE2, in time linear in the name; what RE2
 * has not, such as back references and look-around, is refused when the policy is read.
 */
public final class ExcludeList {
  static final ExcludeList NONE = new ExcludeList(Optional.empty());

  /** Characters of all expressions together; the time a match takes grows with them. */
  private static final int MAX_CHARACTERS = 64 * 1024;

  /** Instructions of all programs together, about; so do time and memory. */
  private static final int MAX_SIZE = 200_000;

  private static final int MAX_NAME = 4096;

  private final Optional<Pattern> anyOf;

  private ExcludeList(Optional<Pattern> anyOf) {
    this.anyOf = anyOf;
  }

  /**
   * The list of these expressions.
   *
   * @throws MalformedException with the index of the first that does not do
   */
  public static ExcludeList of(List<String> expressions) {
    if (expressions.isEmpty()) {
      return NONE;
    }
    if (expressions.stream().mapToInt(String::length).sum() > MAX_CHARACTERS) {
      throw new MalformedException("excludes: more than " + MAX_CHARACTERS + " characters");
    }
    List<String> translated = new ArrayList<>();
    long size = 0;
    for (String expression : expressions) {
      String place = "excludes[" + translated.size() + "]";
      PythonRegex.Translated one = PythonRegex.toRe2(expression, place);
      size += one.size();
      if (size > MAX_SIZE) {
        throw new MalformedException(place + ": the expressions together are too large");
      }
      PythonRegex.compile(one, place);
      translated.add("(?:" + one.re2() + ")");
    }
    return new ExcludeList(
        Optional.of(
            PythonRegex.compile(
                new PythonRegex.Translated(String.join("|", translated), size), "excludes")));
  }

  /**
   * Checks one expression alone.
   *
   * @throws MalformedException that begins with {@code place}, if it will not do
   */
  static void requireUsable(String expression, String place) {
    var unused = PythonRegex.compile(PythonRegex.toRe2(expression, place), place);
  }

  /** Whether the name is excluded; one that is not UTF-8, or is overlong, never is. */
  boolean matches(Span name) {
    return anyOf.isPresent()
        && name.length() <= MAX_NAME
        && name.isUtf8()
        && anyOf.get().matcher(name.toArray()).lookingAt();
  }

  boolean isEmpty() {
    return anyOf.isEmpty();
  }
}
