package io.limestone.policy.boot;

import io.limestone.wire.MalformedException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * When something is accepted, or demanded: from an instant on, until before an instant, or always.
 * Who judges has no clock: the time is given, and where none is given, nothing with a time counts.
 */
public record Window(Optional<Instant> from, Optional<Instant> until) {
  static final Window ALWAYS = new Window(Optional.empty(), Optional.empty());

  private static final Pattern TIME =
      Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z");

  /**
   * The members {@code from} and {@code until} of an entry.
   *
   * @throws MalformedException if one is no instant of ISO 8601 in UTC, or they are in the wrong
   *     order
   */
  static Window of(PolicyNode entry) {
    Window window = new Window(instant(entry, "from"), instant(entry, "until"));
    if (window.from.isPresent()
        && window.until.isPresent()
        && !window.from.get().isBefore(window.until.get())) {
      throw entry.fault("until", "is not after from");
    }
    return window;
  }

  private static Optional<Instant> instant(PolicyNode entry, String name) {
    return entry.text(
        name,
        text -> {
          try {
            if (TIME.matcher(text).matches()) {
              return Instant.parse(text);
            }
          } catch (DateTimeException e) {
            // such as the 30th of February: no time either
          }
          throw new MalformedException("is not a time such as 2026-12-31T18:00:00Z");
        });
  }

  boolean isOpen(Optional<Instant> now) {
    return !isLimited()
        || (now.isPresent()
            && from.map(start -> !now.get().isBefore(start)).orElse(true)
            && until.map(end -> now.get().isBefore(end)).orElse(true));
  }

  /** Whether it is open no more, and never will be. */
  boolean isOver(Instant now) {
    return until.filter(end -> !now.isBefore(end)).isPresent();
  }

  /** Whether it is open whenever the other one is. */
  boolean covers(Window other) {
    return from.map(start -> other.from.filter(o -> !o.isBefore(start)).isPresent()).orElse(true)
        && until.map(end -> other.until.filter(o -> !o.isAfter(end)).isPresent()).orElse(true);
  }

  boolean isLimited() {
    return from.isPresent() || until.isPresent();
  }

  void write(Map<String, Object> json) {
    from.ifPresent(instant -> json.put("from", instant.toString()));
    until.ifPresent(instant -> json.put("until", instant.toString()));
  }

  /** For people: why it is closed, or how long it is open. */
  @Override
  public String toString() {
    return from.map(start -> "from " + start).orElse("")
        + (from.isPresent() && until.isPresent() ? " " : "")
        + until.map(end -> "until " + end).orElse("");
  }
}
