package io.limestone.keylime;

import io.limestone.tpm.PcrSelection;
import io.limestone.wire.MalformedException;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The query of {@code GET quotes/integrity} (pull-protocol.md section 3.2).
 *
 * @param mask PCRs asked for, bit n for PCR n; the agent adds PCR 16
 * @param partial whether the public key is to be left out
 * @param firstImaEntry from which entry on the IMA log is wanted
 */
public record QuoteRequest(Nonce nonce, int mask, boolean partial, long firstImaEntry) {
  private static final Pattern MASK = Pattern.compile("(?:0x)?([0-9a-fA-F]{1,8})");
  private static final Pattern ENTRY = Pattern.compile("[0-9]{1,18}");

  public QuoteRequest {
    if (mask >>> PcrSelection.COUNT != 0) {
      throw new MalformedException("mask names PCRs above 23");
    }
    if (firstImaEntry < 0) {
      throw new MalformedException("ima_ml_entry is negative");
    }
  }

  /** Behind the question mark, as Keylime's verifier writes it. */
  public String query() {
    return "nonce="
        + nonce
        + "&mask=0x"
        + Integer.toHexString(mask)
        + "&partial="
        + (partial ? 1 : 0)
        + "&ima_ml_entry="
        + firstImaEntry;
  }

  /**
   * Reads the decoded query parameters in the agent's order of checks. An {@code ima_ml_entry} that
   * is missing or no number means the whole log, as for the Rust agent.
   */
  public static QuoteRequest parse(Map<String, String> query) {
    String nonce = parameter(query, "nonce");
    String mask = parameter(query, "mask");
    String partial = parameter(query, "partial");
    return new QuoteRequest(
        new Nonce(nonce), mask(mask), partial(partial), entry(query.get("ima_ml_entry")));
  }

  /** The nonce of {@code GET quotes/identity}. */
  public static Nonce identityNonce(Map<String, String> query) {
    return new Nonce(parameter(query, "nonce"));
  }

  /**
   * A PCR mask in hex, with or without {@code 0x}.
   *
   * @throws MalformedException if it is none, or names PCRs above 23
   */
  public static int mask(String hex) {
    var matcher = MASK.matcher(hex);
    if (!matcher.matches()) {
      throw new MalformedException("mask is not hex of at most 32 bits");
    }
    long mask = Long.parseLong(matcher.group(1), 16);
    if (mask >>> PcrSelection.COUNT != 0) {
      throw new MalformedException("mask names PCRs above 23");
    }
    return (int) mask;
  }

  private static boolean partial(String text) {
    return switch (text) {
      case "0" -> false;
      case "1" -> true;
      default -> throw new MalformedException("partial is neither 0 nor 1");
    };
  }

  private static long entry(@Nullable String text) {
    return text != null && ENTRY.matcher(text).matches() ? Long.parseLong(text) : 0;
  }

  private static String parameter(Map<String, String> query, String name) {
    String value = query.get(name);
    if (value == null) {
      throw new MalformedException("Query deserialize error: missing field `" + name + "`");
    }
    return value;
  }
}
