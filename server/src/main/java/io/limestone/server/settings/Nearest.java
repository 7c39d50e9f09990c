package io.limestone.server.settings;

import io.limestone.wire.Encoding;
import java.util.Collection;
import java.util.Comparator;

/** Tells what a misspelt name was probably meant to be. */
final class Nearest {
  private Nearest() {}

  static String unknown(String name, Collection<String> known) {
    String shown = Encoding.printable(name, 80);
    return known.stream()
        .min(Comparator.comparingInt(k -> distance(name, k)))
        .filter(k -> distance(name, k) <= Math.max(3, name.length() / 3))
        .map(k -> "no setting is called " + shown + "; did you mean " + k + "?")
        .orElse("no setting is called " + shown + " (limestone config lists them)");
  }

  /** Levenshtein's distance. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitution, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
