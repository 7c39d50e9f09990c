package io.limestone.cli.node;

import io.limestone.keylime.AgentStatus;
import io.limestone.keylime.OperationalState;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * What a person wants to know of a node: is it trusted now? Not having reached it lately gives no
 * verdict, so it is unknown then, with the age of the last one.
 *
 * @param lastGood when it last proved itself; absent for never
 */
public record Standing(Word word, Optional<Instant> lastGood) {
  /** One word for people and scripts. */
  public enum Word {
    /** The last attestation passed, and it is recent. */
    TRUSTED,
    /** Evidence was judged, and failed. */
    UNTRUSTED,
    /** There is no recent verdict. */
    UNKNOWN,
    /** Enrolled, not attested yet. */
    PENDING,
    /** An administrator stopped it. */
    STOPPED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** As it is at {@code now}. */
  public static Standing of(AgentStatus status, Instant now) {
    Optional<Instant> lastGood =
        status
            .lastSuccessfulAttestation()
            .filter(seconds -> seconds > 0)
            .map(Instant::ofEpochSecond);
    return new Standing(word(status, lastGood, now), lastGood);
  }

  private static Word word(AgentStatus status, Optional<Instant> lastGood, Instant now) {
    Optional<OperationalState> state = status.state();
    if (state.isEmpty()) {
      return switch (status.attestationStatus()) {
        case PASS -> Word.TRUSTED;
        case FAIL -> Word.UNTRUSTED;
        case PENDING -> Word.PENDING;
        case TIMEOUT -> Word.UNKNOWN;
      };
    }
    return switch (state.get()) {
      case REGISTERED, START, SAVED -> lastGood.isEmpty() ? Word.PENDING : Word.UNKNOWN;
      case GET_QUOTE, GET_QUOTE_RETRY, PROVIDE_V, PROVIDE_V_RETRY -> {
        if (lastGood.isEmpty()) {
          yield Word.PENDING;
        }
        boolean recent = !lastGood.get().plus(longest(status)).isBefore(now);
        yield recent ? Word.TRUSTED : Word.UNKNOWN;
      }
      case FAILED ->
          status.lastEventId().filter(event -> !event.startsWith("internal.")).isPresent()
              ? Word.UNTRUSTED
              : Word.UNKNOWN;
      case INVALID_QUOTE -> Word.UNTRUSTED;
      case TERMINATED, TENANT_FAILED -> Word.STOPPED;
    };
  }

  /**
   * How old a good attestation may be: the verifier says so in whole seconds, which is 0 for short
   * intervals; at least 5 s, as the verifier itself counts, and one for rounding.
   */
  private static Duration longest(AgentStatus status) {
    String text = status.maximumAttestationInterval();
    return text.matches("[0-9]{1,7}s")
        ? Duration.ofSeconds(1 + Math.max(5, Long.parseLong(text.substring(0, text.length() - 1))))
        : Duration.ofSeconds(60);
  }

  /** The age of the last good attestation in words: {@code 3 s ago}, {@code never}. */
  public String age(Instant now) {
    return lastGood.map(then -> length(Duration.between(then, now)) + " ago").orElse("never");
  }

  /** A length of time in words: {@code 3 s}, {@code 5 min}, {@code 2 days}. */
  public static String length(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    if (seconds < 120) {
      return seconds + " s";
    }
    if (seconds < 7200) {
      return seconds / 60 + " min";
    }
    return seconds < 172_800 ? seconds / 3600 + " h" : seconds / 86_400 + " days";
  }
}
