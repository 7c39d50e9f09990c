package io.limestone.policy;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The static PCR policy, Keylime's {@code tpm_policy} (verifier-api §4.1, measured-boot §9): which
 * PCRs are asked for, and which values some of them may have.
 *
 * @param mask bit n asks for PCR n; absent where nobody asks, as in one-shot verification
 * @param allowed PCR number to its allowed values of any bank; a PCR listed here must be quoted
 */
public record PcrPolicy(OptionalInt mask, SortedMap<Integer, Set<Bytes>> allowed) {
  /** Asks for nothing, demands nothing: {@code {"mask":"0x0"}}. */
  public static final PcrPolicy NONE = new PcrPolicy(OptionalInt.of(0), new TreeMap<>());

  /** The PCR that the IMA list is judged by, and the one that binds the transport key. */
  public static final int IMA_PCR = 10;

  public static final int DATA_PCR = 16;
  private static final int PCRS = 24;
  private static final Set<Integer> DIGEST_SIZES = Set.of(20, 32, 48, 64);

  public PcrPolicy {
    SortedMap<Integer, Set<Bytes>> copy = new TreeMap<>();
    allowed.forEach((pcr, values) -> copy.put(pcr, Set.copyOf(values)));
    allowed = Collections.unmodifiableSortedMap(copy);
  }

  /**
   * The policy of a JSON object such as {@code {"mask": "0x408000", "15": ["0000…", …]}}.
   *
   * @throws MalformedException naming the member that is wrong; PCR 10 and 16 are refused, since
   *     other checks own them
   */
  public static PcrPolicy parse(String json) {
    JsonObject object = Json.object(json);
    OptionalInt mask = OptionalInt.empty();
    SortedMap<Integer, Set<Bytes>> allowed = new TreeMap<>();
    for (Map.Entry<String, ?> member : object.members().entrySet()) {
      String name = member.getKey();
      try {
        if (name.equals("mask")) {
          mask = OptionalInt.of(mask(object.string(name)));
        } else {
          allowed.put(pcr(name), values(member.getValue()));
        }
      } catch (MalformedException e) {
        throw e.in("tpm_policy: " + Encoding.printable(name, 40));
      }
    }
    return new PcrPolicy(mask, allowed);
  }

  /** The mask of a text such as {@code 0x10400}. */
  public static int mask(String text) {
    String digits = text.startsWith("0x") || text.startsWith("0X") ? text.substring(2) : text;
    if (digits.isEmpty()
        || digits.length() > 8
        || !digits.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)) {
      throw new MalformedException("not a mask of PCRs in hex");
    }
    long bits = Long.parseLong(digits, 16);
    if (bits >= 1 << PCRS) {
      throw new MalformedException("asks for PCRs above 23");
    }
    return (int) bits;
  }

  private static int pcr(String name) {
    if (!name.matches("[0-9]{1,2}")) {
      throw new MalformedException("not a PCR number");
    }
    int pcr = Integer.parseInt(name);
    if (pcr >= PCRS) {
      throw new MalformedException("there is no PCR above 23");
    }
    if (pcr == IMA_PCR || pcr == DATA_PCR) {
      throw new MalformedException(
          pcr == IMA_PCR
              ? "PCR 10 changes with every measured file; a runtime policy judges it"
              : "PCR 16 binds the node's transport key and cannot have a static value");
    }
    return pcr;
  }

  private static Set<Bytes> values(Object value) {
    List<?> texts = value instanceof List<?> list ? list : Collections.singletonList(value);
    if (texts.isEmpty()) {
      throw new MalformedException("lists no value");
    }
    Set<Bytes> values = new LinkedHashSet<>();
    for (Object item : texts) {
      if (!(item instanceof String text)) {
        throw new MalformedException("a value is not a string");
      }
      Bytes digest = Bytes.ofHex(text.startsWith("0x") ? text.substring(2) : text);
      if (!DIGEST_SIZES.contains(digest.size())) {
        throw new MalformedException("a value has " + digest.size() + " bytes: not a digest");
      }
      values.add(digest);
    }
    return values;
  }
}
