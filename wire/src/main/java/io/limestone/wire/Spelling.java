package io.limestone.wire;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what a misspelt word was probably meant to be. */
public final class Spelling {
  private Spelling() {}

  /** The known word nearest to {@code word}, if it is at most {@code most} edits away. */
  public static Optional<String> nearest(String word, Collection<String> known, int most) {
    return known.stream()
        .filter(one -> distance(word, one) <= most)
        .min(Comparator.comparingInt(one -> distance(word, one)));
  }

  /** Levenshtein's distance; of words that are far longer than each other, their difference. */
  static int distance(String a, String b) {
    if (Math.abs(a.length() - b.length()) > 64) {
      return Math.abs(a.length() - b.length());
    }
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
