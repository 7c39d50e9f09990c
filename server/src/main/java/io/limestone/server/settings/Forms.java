package io.limestone.server.settings;

import java.util.ArrayList;
import java.util.List;

/** Text forms of values. */
final class Forms {
  private Forms() {}

  /** {@code a, b} or {@code ['a', "b"]}; the empty text and {@code []} are the empty list. */
  static List<String> words(String text) {
    String inner = text;
    if (inner.startsWith("[") && inner.endsWith("]")) {
      inner = inner.substring(1, inner.length() - 1);
    }
    List<String> words = new ArrayList<>();
    for (String item : inner.split(",", -1)) {
      String word = item.strip();
      if (word.length() >= 2
          && (word.charAt(0) == '\'' || word.charAt(0) == '"')
          && word.charAt(word.length() - 1) == word.charAt(0)) {
        word = word.substring(1, word.length() - 1);
      }
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return List.copyOf(words);
  }

  /** A number without a useless {@code .0}. */
  static String plain(double number) {
    return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
  }
}
