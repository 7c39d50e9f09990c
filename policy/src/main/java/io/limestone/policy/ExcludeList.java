package io.limestone.policy;

import com.google.re2j.Pattern;
import io.limestone.evidence.Span;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;

/**
 * The {@code excludes} of a runtime policy (ima.md §9): Python regular expressions that are matched
 * against the start of a name, not its end. They run on RE2, in time linear in the name; what RE2
 * has not, such as back references and look-around, is refused when the policy is read.
 */
public final class ExcludeList {
  static final ExcludeList NONE = new ExcludeList(List.of());

  /** Characters of all expressions together; the time a match takes grows with them. */
  private static final int MAX_CHARACTERS = 64 * 1024;

  /** Instructions of all programs together, about; so do time and memory. */
  private static final int MAX_SIZE = 200_000;

  private static final int MAX_NAME = 4096;

  /** Each matches what any of some expressions does: as many of them as the stack surely holds. */
  private final List<Pattern> anyOf;

  private ExcludeList(List<Pattern> anyOf) {
    this.anyOf = List.copyOf(anyOf);
  }

  /**
   * The list of these expressions.
   *
   * @throws MalformedException with the index of the first that does not do
   */
  public static ExcludeList of(List<String> expressions) {
    if (expressions.stream().mapToInt(String::length).sum() > MAX_CHARACTERS) {
      throw new MalformedException("excludes: more than " + MAX_CHARACTERS + " characters");
    }
    List<Pattern> anyOf = new ArrayList<>();
    List<String> together = new ArrayList<>();
    long size = 0;
    long sizeTogether = 0;
    for (int i = 0; i < expressions.size(); i++) {
      String place = "excludes[" + i + "]";
      PythonRegex.Translated one = PythonRegex.toRe2(expressions.get(i), place);
      size += one.size();
      if (size > MAX_SIZE) {
        throw new MalformedException(place + ": the expressions together are too large");
      }
      PythonRegex.compile(one, place);
      if (sizeTogether + one.size() + PythonRegex.STEP > PythonRegex.MAX_SIZE) {
        anyOf.add(joined(together, sizeTogether));
        together.clear();
        sizeTogether = 0;
      }
      together.add("(?:" + one.re2() + ")");
      sizeTogether += one.size() + PythonRegex.STEP;
    }
    if (!together.isEmpty()) {
      anyOf.add(joined(together, sizeTogether));
    }
    return new ExcludeList(anyOf);
  }

  private static Pattern joined(List<String> expressions, long size) {
    return PythonRegex.compile(
        new PythonRegex.Translated(String.join("|", expressions), size), "excludes");
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
    if (anyOf.isEmpty() || name.length() > MAX_NAME || !name.isUtf8()) {
      return false;
    }
    byte[] text = name.toArray();
    for (Pattern one : anyOf) {
      if (one.matcher(text).lookingAt()) {
        return true;
      }
    }
    return false;
  }

  boolean isEmpty() {
    return anyOf.isEmpty();
  }
}
