package io.limestone.evidence;

import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;

/** A cursor over the text of one device mapper event: each character is looked at once. */
final class DmText {
  private final String text;
  private int at;

  /** The kernel leaves zero bytes where it reserved more than it wrote; they do not count. */
  DmText(byte[] data) {
    this.text = new String(data, StandardCharsets.ISO_8859_1).replace("\0", "");
  }

  /** Takes a literal that must come. */
  void take(String literal) {
    if (!skip(literal)) {
      throw new MalformedException("device mapper: " + literal + " is missing at " + at);
    }
  }

  /** Takes a literal if it comes. */
  boolean skip(String literal) {
    if (text.startsWith(literal, at)) {
      at += literal.length();
      return true;
    }
    return false;
  }

  /** Blanks stand where the kernel reserved more room than it wrote. */
  void skipBlanks() {
    while (at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
  }

  boolean comes(String literal) {
    return text.startsWith(literal, at);
  }

  /** A text of at least one character. */
  String word() {
    String word = maybeWord();
    if (word.isEmpty()) {
      throw new MalformedException("device mapper: a value is missing at " + at);
    }
    return word;
  }

  /** A text that may be empty. */
  String maybeWord() {
    int from = at;
    while (at < text.length() && isOfWord(text.charAt(at))) {
      at++;
    }
    return text.substring(from, at);
  }

  private static boolean isOfWord(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "-:_.+@#".indexOf(c) >= 0;
  }

  String number() {
    String word = word();
    if (word.length() > 20 || !word.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new MalformedException("device mapper: no number before " + at);
    }
    return word;
  }

  String yesOrNo() {
    String word = word();
    if (!word.equals("y") && !word.equals("n")) {
      throw new MalformedException("device mapper: neither y nor n before " + at);
    }
    return word;
  }

  /** {@code N.N.N}. */
  String version() {
    String word = word();
    String[] parts = word.split("\\.", -1);
    boolean good = parts.length == 3;
    for (String part : parts) {
      good &= !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9');
    }
    if (!good) {
      throw new MalformedException("device mapper: no version before " + at);
    }
    return word;
  }

  void end() {
    if (at != text.length()) {
      throw new MalformedException("device mapper: something follows the event at " + at);
    }
  }
}
