package io.limestone.policy.boot;

import io.limestone.policy.TextPattern;
import io.limestone.wire.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A kernel's command line as its words: each must be allowed, some must be there, in whatever order
 * and however often. A word is a whole word, such as {@code ro}, or has a value, {@code
 * root=UUID=…}; a double-quoted blank ends none.
 *
 * @param name for people
 * @param require words that must be there, and may
 * @param allow words that may be there
 * @param values what may stand behind {@code name=}, by name
 * @param forbid names, with or without value, that may not be there, whatever else is allowed
 * @param others whether words that none of these speaks of may be there
 */
record CommandLine(
    String name,
    Set<String> require,
    Set<String> allow,
    Map<String, TextPattern> values,
    Set<String> forbid,
    boolean others,
    Window window) {
  private static final int MAX_WORDS = 4096;
  private static final Pattern QUOTES = Pattern.compile("[\"'\\\\]");

  /** What is wrong with a command line; empty if nothing is. */
  Optional<String> objection(String text) {
    List<String> words = split(text);
    if (words.size() > MAX_WORDS) {
      return Optional.of("more than " + MAX_WORDS + " words");
    }
    Optional<String> forbidden = forbidden(text);
    if (forbidden.isPresent()) {
      return forbidden.map(word -> "forbidden word " + word);
    }
    for (String word : words) {
      String key = key(word);
      boolean allowed = require.contains(word) || allow.contains(word);
      if (!allowed && word.contains("=") && values.containsKey(key)) {
        if (!values.get(key).matchesWhole(word.substring(key.length() + 1))) {
          return Optional.of("value that is not allowed: " + word);
        }
      } else if (!allowed && !others) {
        return Optional.of("word that is not allowed: " + word);
      }
    }
    return require.stream()
        .filter(word -> !words.contains(word))
        .sorted()
        .findFirst()
        .map(word -> "lacks the word " + word);
  }

  /**
   * What is forbidden is looked for wherever any reader of a command line might find it: the kernel
   * takes double quotes away, systemd single ones and backslashes too, scripts in an initrd split
   * at every blank, and all take {@code -} and {@code _} in a name for the same.
   */
  private Optional<String> forbidden(String text) {
    Set<String> names = forbid.stream().map(CommandLine::plain).collect(Collectors.toSet());
    for (String word : QUOTES.matcher(text).replaceAll("").split("\\s+", -1)) {
      String plain = plain(word);
      if (names.contains(plain) || names.contains(key(plain))) {
        return Optional.of(word);
      }
    }
    return Optional.empty();
  }

  private static String plain(String word) {
    String key = key(word);
    return key.replace('-', '_') + word.substring(key.length());
  }

  private static String key(String word) {
    int equals = word.indexOf('=');
    return equals < 0 ? word : word.substring(0, equals);
  }

  /** As the kernel splits: at blanks that are not between double quotes. */
  static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      }
      if (!quoted
          && (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\u000b')) {
        if (!word.isEmpty()) {
          words.add(word.toString());
          word.setLength(0);
        }
      } else {
        word.append(c);
      }
    }
    if (!word.isEmpty()) {
      words.add(word.toString());
    }
    return words;
  }

  /** The entry that would allow just this command line. */
  static Map<String, Object> entry(String text) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("require", split(text).stream().distinct().toList());
    return entry;
  }

  /** For people. */
  @Override
  public String toString() {
    return name.isEmpty() ? "command line " + Json.text(require.stream().sorted().toList()) : name;
  }
}
