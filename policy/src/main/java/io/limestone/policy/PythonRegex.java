package io.limestone.policy;

import com.google.re2j.PatternSyntaxException;
import io.limestone.wire.MalformedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Python's regular expressions as RE2's. Most are the same text; this changes what would mean
 * something else, and refuses what RE2 would silently take for something wider. Counts such as
 * {@code {1000}} multiply when they nest, so the size of the compiled program is reckoned first.
 */
final class PythonRegex {
  /** An expression of RE2 and about how many instructions it compiles to. */
  record Translated(String re2, long size) {}

  private static final String WORD = "\\p{L}\\p{N}_";
  private static final String SPACE = "\\s\\x0b\\x1c-\\x1f\\x{85}\\p{Z}";

  /** The largest program whose rows of skippable things the stack surely holds. */
  static final int MAX_SIZE = 50_000;

  /** Groups in groups; RE2 takes each with a call of its own, and thousands overflow the stack. */
  private static final int MAX_NESTING = 200;

  /**
   * What matches without taking a character weighs more than its instruction: a match steps over a
   * row of such things with a call or two for each, and thousands overflow the stack. These are
   * atoms that may match nothing, and groups.
   */
  private static final int SKIPPABLE = 20;

  /** And these are anchors, and what stands between two alternatives: one call each. */
  static final int STEP = 10;

  /** Classes of all letters weigh more too: hundreds of ranges each, which take long to compile. */
  private static final int LETTERS = 50;

  private static final Pattern NAMED = Pattern.compile("\\(\\?P<[A-Za-z_][A-Za-z0-9_]{0,99}>");
  private static final Pattern COUNT = Pattern.compile("[0-9]{1,9}(,[0-9]{0,9})?");

  private final String python;
  private final String place;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private boolean inSet;
  private int setWeight;

  /** Sizes of the groups around the cursor, of the innermost one so far, and of its last atom. */
  private final Deque<Long> around = new ArrayDeque<>();

  private long size;
  private long atom;

  private PythonRegex(String python, String place) {
    this.python = python;
    this.place = place;
  }

  /**
   * The RE2 form.
   *
   * @throws MalformedException if there is none
   */
  static Translated toRe2(String python, String place) {
    return new PythonRegex(python, place).translate();
  }

  /**
   * The compiled form.
   *
   * @throws MalformedException that begins with {@code place}, if RE2 refuses it
   */
  static com.google.re2j.Pattern compile(Translated expression, String place) {
    try {
      return com.google.re2j.Pattern.compile(expression.re2());
    } catch (PatternSyntaxException e) {
      throw new MalformedException(place + ": not a regular expression: " + e.getDescription(), e);
    }
  }

  private Translated translate() {
    while (at < python.length()) {
      char c = python.charAt(at);
      if (c == '\\') {
        int weight = escape();
        if (inSet) {
          setWeight += weight;
        } else {
          atom(weight);
        }
      } else if (inSet) {
        set(c);
      } else if (c == '[') {
        openSet();
      } else if (c == '(') {
        around.push(size);
        if (around.size() > MAX_NESTING) {
          throw refuse("groups nested deeper than " + MAX_NESTING);
        }
        size = 0;
        open();
      } else {
        plain(c);
      }
    }
    if (size > MAX_SIZE) {
      throw refuse("an expression of this size");
    }
    return new Translated(out.toString(), size);
  }

  private void plain(char c) {
    switch (c) {
      case ')' -> {
        long inner = size + SKIPPABLE;
        size = around.isEmpty() ? 0 : around.pop();
        atom(inner);
      }
      case '{' -> {
        Repeat repeat = repeat();
        long all = repeat.most() * (atom + (repeat.isFixed() ? 0 : SKIPPABLE));
        size += all - atom;
        atom = all;
        if (size > MAX_SIZE) {
          throw refuse("counts in { } that multiply to more than " + MAX_SIZE);
        }
      }
      case '*', '?' -> {
        size += SKIPPABLE;
        atom += SKIPPABLE;
      }
      case '+' -> size++;
      case '|' -> size += STEP;
      case '^', '$' -> atom(STEP);
      default -> atom(1);
    }
    out.append(c);
    at++;
  }

  private void atom(long instructions) {
    if (instructions > 0) {
      atom = instructions;
      size += instructions;
    }
  }

  private void openSet() {
    inSet = true;
    setWeight = 1;
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
      atom(setWeight);
    }
    out.append(c == '[' ? "\\[" : String.valueOf(c)); // Python has no [:alpha:]
    at++;
  }

  /**
   * Groups that mean the same in RE2 pass; flags for the whole expression do not. Nobody asks what
   * a group matched, so that all become {@code (?:}, which costs less.
   */
  private void open() {
    String rest = python.substring(at, Math.min(python.length(), at + 40));
    if (!rest.startsWith("(?")) {
      out.append("(?:");
      at++;
      return;
    }
    if (rest.startsWith("(?:")) {
      out.append("(?:");
      at += 3;
      return;
    }
    Matcher named = NAMED.matcher(python).region(at, python.length());
    if (named.lookingAt()) {
      out.append("(?:");
      at = named.end();
      return;
    }
    if (rest.startsWith("(?#")) {
      int end = python.indexOf(')', at);
      if (end < 0) {
        throw refuse("a comment without end");
      }
      at = end + 1;
      size = around.pop();
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

  /** Returns what it weighs. */
  private int escape() {
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
    boolean anchor = !inSet && "AZbB".indexOf(c) >= 0;
    return anchor ? STEP : "dDwWsS".indexOf(c) >= 0 ? LETTERS : 1;
  }

  /** How often an atom stands in the program, and whether each of them must match. */
  private record Repeat(long most, boolean isFixed) {}

  /** The numbers in {@code {m,n}}; once if this brace is not a count but stands for itself. */
  private Repeat repeat() {
    int end = python.indexOf('}', at);
    String count = end < 0 ? "" : python.substring(at + 1, end);
    if (!COUNT.matcher(count).matches()) {
      return new Repeat(1, true);
    }
    int comma = count.indexOf(',');
    long least = Long.parseLong(comma < 0 ? count : count.substring(0, comma));
    boolean open = comma == count.length() - 1;
    long most = comma < 0 || open ? least : Long.parseLong(count.substring(comma + 1));
    return new Repeat(Math.max(1, most), comma < 0 && least > 0);
  }

  private MalformedException refuse(String what) {
    return new MalformedException(place + ": not supported in exclude expressions: " + what);
  }
}
