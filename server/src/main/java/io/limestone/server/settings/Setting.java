package io.limestone.server.settings;

import io.limestone.wire.MalformedException;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * One setting of the catalogue.
 *
 * @param name {@code section.key}; Keylime's name where the meaning is the same
 * @param form what values it takes, in words
 * @param defaultText the default as it would be written
 * @param meaning one or two sentences for the reference
 * @param secret whether its value is kept out of {@code config} output
 */
public record Setting<T>(
    String name,
    String form,
    String defaultText,
    String meaning,
    boolean secret,
    Function<String, T> parser) {

  /**
   * The value that {@code text} stands for.
   *
   * @throws MalformedException naming the setting and what it takes
   */
  T parse(String text) {
    try {
      return parser.apply(text.strip());
    } catch (MalformedException e) {
      throw e.in(name);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new MalformedException(name + ": takes " + form, e);
    }
  }

  public T defaultValue() {
    return parse(defaultText);
  }

  /** The environment variable that overrides it. */
  public String environmentName() {
    return "LIMESTONE_" + name.replace('.', '_').toUpperCase(java.util.Locale.ROOT);
  }

  static Setting<String> text(String name, String defaultText, String meaning) {
    return new Setting<>(name, "text", defaultText, meaning, false, Function.identity());
  }

  static Setting<String> secretText(String name, String defaultText, String meaning) {
    return new Setting<>(name, "text", defaultText, meaning, true, Function.identity());
  }

  static Setting<String> choice(
      String name, String defaultText, List<String> choices, String meaning) {
    UnaryOperator<String> parser =
        text -> {
          if (!choices.contains(text)) {
            throw new IllegalArgumentException(text);
          }
          return text;
        };
    String form = "one of " + String.join(", ", choices);
    return new Setting<>(name, form, defaultText, meaning, false, parser);
  }

  static Setting<Integer> integer(
      String name, int defaultValue, int least, int most, String meaning) {
    return new Setting<>(
        name,
        "an integer from " + least + " to " + most,
        String.valueOf(defaultValue),
        meaning,
        false,
        text -> {
          int value = Integer.parseInt(text);
          if (value < least || value > most) {
            throw new IllegalArgumentException(text);
          }
          return value;
        });
  }

  static Setting<Boolean> bool(String name, boolean defaultValue, String meaning) {
    return new Setting<>(
        name,
        "true or false",
        String.valueOf(defaultValue),
        meaning,
        false,
        text ->
            switch (text) {
              case "true", "True" -> true;
              case "false", "False" -> false;
              default -> throw new IllegalArgumentException(text);
            });
  }

  /** Seconds, as Keylime writes times; fractions are allowed. */
  static Setting<Duration> seconds(
      String name, String defaultText, double least, double most, String meaning) {
    return new Setting<>(
        name,
        "seconds from " + Forms.plain(least) + " to " + Forms.plain(most),
        defaultText,
        meaning,
        false,
        text -> {
          double seconds = Double.parseDouble(text);
          if (!(seconds >= least && seconds <= most)) {
            throw new IllegalArgumentException(text);
          }
          return Duration.ofNanos(Math.round(seconds * 1e9));
        });
  }

  /** A list: {@code a, b} or, as Keylime writes it, {@code ['a', 'b']}. */
  static Setting<List<String>> list(String name, String defaultText, String meaning) {
    return new Setting<>(name, "a list of words", defaultText, meaning, false, Forms::words);
  }

  static Setting<List<String>> listOf(
      String name, String defaultText, List<String> choices, String meaning) {
    return new Setting<>(
        name,
        "a list of " + String.join(", ", choices),
        defaultText,
        meaning,
        false,
        text -> {
          List<String> words = Forms.words(text);
          if (!choices.containsAll(words)) {
            throw new IllegalArgumentException(text);
          }
          return words;
        });
  }
}
