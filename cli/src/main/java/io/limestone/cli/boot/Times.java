package io.limestone.cli.boot;

import io.limestone.cli.args.CommandFailed;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as people give them: an instant, or how long from now. */
final class Times {
  private static final Pattern LATER = Pattern.compile("([0-9]{1,5})([smhd])");

  private Times() {}

  /** {@code now}, {@code 2026-12-31T18:00:00Z}, {@code 90m}, {@code 14d}. */
  static Instant parse(String text, Instant now) {
    if (text.equals("now")) {
      return now;
    }
    Matcher later = LATER.matcher(text);
    if (later.matches()) {
      long number = Long.parseLong(later.group(1));
      return now.plus(
          switch (later.group(2)) {
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
          });
    }
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw CommandFailed.unusable(
          "no time: "
              + text
              + "; give one such as 2026-12-31T18:00:00Z, or from now 90m, 36h, 14d");
    }
  }

  /** As it is written into policies. */
  static Instant whole(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS);
  }
}
