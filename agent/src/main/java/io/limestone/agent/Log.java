package io.limestone.agent;

import io.limestone.wire.Encoding;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * One line per event: its name, then {@code key="value"} pairs. Values may come from outside; they
 * are escaped and cut, so that no value can look like another event.
 */
final class Log {
  private static final System.Logger LOGGER = System.getLogger("limestone.agent");
  private static final int MAX_VALUE = 500;

  private Log() {}

  static void info(String event, @Nullable Object... pairs) {
    log(Level.INFO, event, pairs);
  }

  static void warning(String event, @Nullable Object... pairs) {
    log(Level.WARNING, event, pairs);
  }

  static void error(String event, @Nullable Object... pairs) {
    log(Level.ERROR, event, pairs);
  }

  private static void log(Level level, String event, @Nullable Object... pairs) {
    if (LOGGER.isLoggable(level)) {
      LOGGER.log(level, line(event, pairs));
    }
  }

  static String line(String event, @Nullable Object... pairs) {
    StringBuilder line = new StringBuilder(event);
    for (int i = 0; i + 1 < pairs.length; i += 2) {
      String value = Encoding.printable(String.valueOf(pairs[i + 1]), MAX_VALUE);
      line.append(' ').append(pairs[i]).append("=\"").append(value.replace("\"", "\\\""));
      line.append('"');
    }
    return line.toString();
  }
}
