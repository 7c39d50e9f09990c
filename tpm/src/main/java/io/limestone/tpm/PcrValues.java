package io.limestone.tpm;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * PCR values of one bank.
 *
 * @param values by PCR number, 0 to 23; each a digest of the bank's algorithm
 */
public record PcrValues(HashAlg bank, SortedMap<Integer, Bytes> values) {
  public PcrValues {
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    values.forEach(
        (pcr, value) -> {
          if (pcr < 0 || pcr >= PcrSelection.COUNT) {
            throw new MalformedException("there is no PCR " + pcr);
          }
          if (value.size() != bank.size()) {
            throw new MalformedException(
                "PCR " + pcr + " has " + value.size() + " bytes in bank " + bank.keylimeName());
          }
        });
  }

  public static PcrValues of(HashAlg bank, Map<Integer, Bytes> values) {
    return new PcrValues(bank, new TreeMap<>(values));
  }

  public Optional<Bytes> get(int pcr) {
    return Optional.ofNullable(values.get(pcr));
  }

  public PcrSelection selection() {
    int mask = 0;
    for (int pcr : values.keySet()) {
      mask |= 1 << pcr;
    }
    return new PcrSelection(bank, mask);
  }

  /** The values in ascending order under the bank's own algorithm. */
  public Bytes digest() {
    return digest(bank);
  }

  /** pcrDigest of a quote: the values in ascending order under the signing scheme's hash. */
  public Bytes digest(HashAlg hash) {
    MessageDigest digest = hash.newDigest();
    values.values().forEach(value -> value.feed(digest));
    return Bytes.of(digest.digest());
  }
}
