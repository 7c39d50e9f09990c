package io.limestone.agent;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the {@code [agent]} table of an agent.conf: the part of TOML 1.0 that such files use, which
 * is one flat table of strings, integers, floats, booleans and arrays of these. Anything else in
 * that table is an error with its line; other tables are passed over. A TOML library would do, but
 * each reads into a document model of its own, which costs an agent more memory than its quotes.
 */
final class AgentToml {
  private final String text;
  private int at;

  private AgentToml(String text) {
    this.text = text;
  }

  /** The table's values: {@code String}, {@code Long}, {@code Boolean}, {@code List} of these. */
  static Map<String, Object> read(String text) throws ConfigException {
    return new AgentToml(text).document();
  }

  /** One value alone, as in an environment variable that holds an array. */
  static Object value(String text) throws ConfigException {
    AgentToml toml = new AgentToml(text);
    Object value = toml.value();
    toml.blanks(true);
    if (!toml.end()) {
      throw toml.wrong("something follows the value");
    }
    return value;
  }

  private Map<String, Object> document() throws ConfigException {
    Map<String, Object> agent = new LinkedHashMap<>();
    Map<String, Object> table = new LinkedHashMap<>();
    for (blanks(true); !end(); blanks(true)) {
      if (peek() == '[') {
        table = header().equals("agent") ? agent : new LinkedHashMap<>();
      } else {
        String key = key();
        blanks(false);
        expect('=');
        blanks(false);
        if (table.put(key, value()) != null) {
          throw wrong(key + " is set twice");
        }
      }
      blanks(false);
      if (!end() && peek() != '\n' && peek() != '\r') {
        throw wrong("something follows on the line");
      }
    }
    return agent;
  }

  private String header() throws ConfigException {
    int close = text.indexOf(']', at);
    int lineEnd = text.indexOf('\n', at);
    if (close < 0 || (lineEnd >= 0 && lineEnd < close)) {
      throw wrong("a table's name has no ]");
    }
    String name = text.substring(at + 1, close).strip();
    at = close + 1;
    while (!end() && peek() == ']') {
      at++;
    }
    return name;
  }

  private String key() throws ConfigException {
    if (peek() == '"' || peek() == '\'') {
      return string();
    }
    int start = at;
    while (!end() && (Character.isLetterOrDigit(peek()) || peek() == '_' || peek() == '-')) {
      at++;
    }
    if (start == at) {
      throw wrong("no key");
    }
    return text.substring(start, at);
  }

  private Object value() throws ConfigException {
    if (end()) {
      throw wrong("no value");
    }
    return switch (peek()) {
      case '"', '\'' -> string();
      case '[' -> array();
      case '{' -> throw wrong("inline tables are not supported here");
      default -> word();
    };
  }

  private List<Object> array() throws ConfigException {
    List<Object> items = new ArrayList<>();
    expect('[');
    while (true) {
      blanks(true);
      if (!end() && peek() == ']') {
        at++;
        return items;
      }
      items.add(value());
      blanks(true);
      if (!end() && peek() == ',') {
        at++;
      } else if (end() || peek() != ']') {
        throw wrong("an array has no ]");
      }
    }
  }

  private String string() throws ConfigException {
    char quote = peek();
    if (text.startsWith(String.valueOf(quote).repeat(3), at)) {
      throw wrong("strings of several lines are not supported here");
    }
    at++;
    StringBuilder string = new StringBuilder();
    while (true) {
      if (end() || peek() == '\n') {
        throw wrong("a string has no end");
      }
      char c = text.charAt(at++);
      if (c == quote) {
        return string.toString();
      }
      if (c == '\\' && quote == '"') {
        escape(string);
      } else {
        string.append(c);
      }
    }
  }

  private void escape(StringBuilder string) throws ConfigException {
    char c = end() ? '\n' : text.charAt(at++);
    switch (c) {
      case 'b' -> string.append('\b');
      case 't' -> string.append('\t');
      case 'n' -> string.append('\n');
      case 'f' -> string.append('\f');
      case 'r' -> string.append('\r');
      case '"', '\\' -> string.append(c);
      case 'u' -> codePoint(string, 4);
      case 'U' -> codePoint(string, 8);
      default -> throw wrong("no such escape in a string");
    }
  }

  private void codePoint(StringBuilder string, int digits) throws ConfigException {
    try {
      string.appendCodePoint(Integer.parseInt(text, at, at + digits, 16));
      at += digits;
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw wrong("no such character in a string");
    }
  }

  private Object word() throws ConfigException {
    int start = at;
    while (!end() && ",]#".indexOf(peek()) < 0 && !Character.isWhitespace(peek())) {
      at++;
    }
    String word = text.substring(start, at);
    if (word.equals("true") || word.equals("false")) {
      return Boolean.valueOf(word);
    }
    try {
      return Long.decode(word.replace("_", ""));
    } catch (NumberFormatException notAnInteger) {
      return decimal(word);
    }
  }

  private String decimal(String word) throws ConfigException {
    try {
      Double.parseDouble(word);
      return word;
    } catch (NumberFormatException e) {
      throw wrong("not a value: strings stand in quotes");
    }
  }

  /** Skips blanks and comments, and with {@code lines} the ends of lines too. */
  private void blanks(boolean lines) {
    while (!end()) {
      char c = peek();
      if (c == '#') {
        int lineEnd = text.indexOf('\n', at);
        at = lineEnd < 0 ? text.length() : lineEnd;
      } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
        at++;
      } else {
        return;
      }
    }
  }

  private void expect(char c) throws ConfigException {
    if (end() || peek() != c) {
      throw wrong("expected " + c);
    }
    at++;
  }

  private char peek() {
    return text.charAt(at);
  }

  private boolean end() {
    return at >= text.length();
  }

  private ConfigException wrong(String what) {
    long line = text.substring(0, Math.min(at, text.length())).lines().count();
    return new ConfigException("line " + Math.max(1, line) + ": " + what);
  }
}
