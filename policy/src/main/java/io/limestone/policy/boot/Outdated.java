package io.limestone.policy.boot;

import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;

/**
 * Something about a boot that is accepted for a limited time only, since an update was announced.
 *
 * @param what for people: {@code programs: shim 15.8}
 * @param until from when on the boot is refused for it
 */
public record Outdated(String what, Instant until) implements Comparable<Outdated> {
  private static final int MAX_WHAT = 300;
  private static final Comparator<Outdated> SOONEST_FIRST =
      Comparator.comparing(Outdated::until).thenComparing(Outdated::what);

  public Outdated {
    what = Encoding.printable(what, MAX_WHAT);
  }

  @Override
  public int compareTo(Outdated other) {
    return SOONEST_FIRST.compare(this, other);
  }

  public JsonObject toJson() {
    return new JsonObject(Map.of("what", what, "until", until.toString()));
  }

  /**
   * The same, read.
   *
   * @throws MalformedException if it is none
   */
  public static Outdated fromJson(JsonObject json) {
    try {
      return new Outdated(json.string("what"), Instant.parse(json.string("until")));
    } catch (DateTimeException e) {
      throw new MalformedException("until is no time", e);
    }
  }

  /** For people. */
  @Override
  public String toString() {
    return "until " + until + ": " + what;
  }
}
