package io.limestone.policy;

import com.google.re2j.Pattern;
import io.limestone.wire.MalformedException;
import java.math.BigInteger;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a policy expects of an attribute, by the kind of its JSON value (ima.md §8). */
public sealed interface Expected {
  Expected ANYTHING = new Anything();

  /** Whether an attribute's text is as expected. */
  boolean accepts(String text);

  /** JSON null. */
  record Anything() implements Expected {
    @Override
    public boolean accepts(String text) {
      return true;
    }

    @Override
    public String toString() {
      return "anything";
    }
  }

  /** JSON true or false; attributes write it in one of several ways. */
  record Flag(boolean value) implements Expected {
    private static final Set<String> YES = Set.of("y", "yes", "t", "true", "on", "1");
    private static final Set<String> NO = Set.of("n", "no", "f", "false", "off", "0");

    @Override
    public boolean accepts(String text) {
      return (value ? YES : NO).contains(text);
    }

    @Override
    public String toString() {
      return value ? "y" : "n";
    }
  }

  /** A JSON integer. */
  record Whole(BigInteger value) implements Expected {
    @Override
    public boolean accepts(String text) {
      return !text.isEmpty()
          && text.length() <= 20
          && text.chars().allMatch(c -> c >= '0' && c <= '9')
          && new BigInteger(text).equals(value);
    }

    @Override
    public String toString() {
      return value.toString();
    }
  }

  /** A JSON string: a regular expression of Python's that the whole text must match. */
  record Text(String expression, Pattern pattern) implements Expected {
    @Override
    public boolean accepts(String text) {
      return pattern.matcher(text).matches();
    }

    @Override
    public String toString() {
      return expression;
    }
  }

  /**
   * The expectation of a JSON value.
   *
   * @throws MalformedException that begins with {@code place}, if it is none
   */
  static Expected of(@Nullable Object value, String place) {
    return switch (value) {
      case null -> ANYTHING;
      case Boolean flag -> new Flag(flag);
      case Long number -> new Whole(BigInteger.valueOf(number));
      case String text ->
          new Text(text, PythonRegex.compile(PythonRegex.toRe2(text, place), place));
      default ->
          throw new MalformedException(place + ": is no string, integer, true, false or null");
    };
  }
}
