package io.limestone.policy;

import io.limestone.wire.MalformedException;

/**
 * Python's regular expressions as RE2's. Most are the same text; this changes what would mean
 * something else, and refuses what RE2 would silently take for something wider.
 */
final class PythonRegex {
  private static final String WORD = "\\p{L}\\p{N}_";
  private static final String SPACE = "\\s\\x0b\\x1c-\\x1f\\x{85}\\p{Z}";
  private static final int MAX_REPEAT = 1000;

  private final String python;
  private final String place;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private boolean inSet;

  private PythonRegex(String python, String place) {
    this.python = python;
    this.place = place;
  }

  /**
   * The RE2 form.
   *
   * @throws MalformedException if there is none
   */
  static String toRe2(String python, String place) {
    return new PythonRegex(python, place).translate();
  }

  private String translate() {
    long repeats = 1;
    while (at < python.length()) {
      char c = python.charAt(at);
      if (c == '\\') {
        escape();
      } else if (inSet) {
        set(c);
      } else if (c == '[') {
        openSet();
      } else if (python.startsWith("(?", at)) {
        group();
      } else {
        if (c == '{') {
          repeats *= Math.max(1, repeat());
          if (repeats > MAX_REPEAT) {
            throw refuse("counts in { } that multiply to more than " + MAX_REPEAT);
          }
        }
        out.append(c);
        at++;
      }
    }
    return out.toString();
  }

  private void openSet() {
    inSet = true;
    out.append('[');
    at++;
    if (at < python.length() && python.charAt(at) == '^') {
      out.append('^');
      at++;
    }
    if (at < python.length() && python.charAt(at) == ']') { // first in a set it stands for itself
      out.append("\\]");
      at++;
    }
  }

  private void set(char c) {
    if (c == ']') {
      inSet = false;
    }
    out.append(c == '[' ? "\\[" : String.valueOf(c)); // Python has no [:alpha:]
    at++;
  }

  /** Groups that mean the same in RE2 pass; flags for the whole expression do not. */
  private void group() {
    String rest = python.substring(at);
    if (rest.startsWith("(?:") || rest.startsWith("(?P<")) {
      out.append("(?");
      at += 2;
      return;
    }
    if (rest.startsWith("(?#")) {
      int end = python.indexOf(')', at);
      if (end < 0) {
        throw refuse("a comment without end");
      }
      at = end + 1;
      return;
    }
    if (rest.matches("(?s)\\(\\?[a-zA-Z]+\\).*")) {
      throw refuse("flags such as (?i) for a whole expression; write (?i:…)");
    }
    if (rest.matches("(?s)\\(\\?-?[is]+:.*")) {
      out.append("(?");
      at += 2;
      return;
    }
    throw refuse("look-around, back references, conditions and atomic groups");
  }

  private void escape() {
    if (at + 1 >= python.length()) {
      throw refuse("a backslash at the end");
    }
    char c = python.charAt(at + 1);
    at += 2;
    switch (c) {
      case 'd' -> out.append("\\p{Nd}");
      case 'D' -> out.append("\\P{Nd}");
      case 'w' -> out.append(inSet ? WORD : "[" + WORD + "]");
      case 's' -> out.append(inSet ? SPACE : "[" + SPACE + "]");
      case 'W', 'S' -> {
        if (inSet) {
          throw refuse("\\" + c + " in a set");
        }
        out.append(c == 'W' ? "[^" + WORD + "]" : "[^" + SPACE + "]");
      }
      case 'Z' -> out.append("\\z");
      case '1', '2', '3', '4', '5', '6', '7', '8', '9' -> throw refuse("back references");
      case '0' -> out.append("\\x00");
      case 'A', 'a', 'b', 'B', 'f', 'n', 'r', 't', 'v', 'x' -> {
        if (c == 'b' && inSet) {
          out.append("\\x08");
        } else {
          out.append('\\').append(c);
        }
      }
      default -> {
        if (Character.isLetterOrDigit(c)) {
          throw refuse("\\" + c);
        }
        out.append('\\').append(c);
      }
    }
  }

  /** The greatest number in {@code {m,n}}; 1 if this brace is not a count but stands for itself. */
  private long repeat() {
    int end = python.indexOf('}', at);
    String count = end < 0 ? "" : python.substring(at + 1, end);
    if (!count.matches("[0-9]{1,9}(,[0-9]{0,9})?")) {
      return 1;
    }
    long most = 1;
    for (String number : count.split(",")) {
      most = Math.max(most, Long.parseLong(number));
    }
    return most;
  }

  private MalformedException refuse(String what) {
    return new MalformedException(place + ": not supported in exclude expressions: " + what);
  }
}
