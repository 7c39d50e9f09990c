package io.limestone.policy.boot;

import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A thing that may be measured, such as a program.
 *
 * @param name for people
 * @param digests by bank; only the quoted bank's counts
 */
record Allowed(String name, Map<HashAlg, Bytes> digests, Window window) {

  boolean is(MeasuredEvent event) {
    return event.digest().isPresent()
        && event.digest().equals(Optional.ofNullable(digests.get(event.bank())));
  }

  /** The entry that would allow an event, in the bank that was judged: no other is proven. */
  static Map<String, Object> entry(MeasuredEvent event, Bytes digest) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", Encoding.printable(Aspect.name(event), 200));
    entry.put(event.bank().keylimeName(), digest.hex());
    return entry;
  }
}
