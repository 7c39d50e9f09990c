package io.limestone.policy.boot;

import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.EnumMap;
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

  static Allowed of(JsonObject json) {
    Map<HashAlg, Bytes> digests = new EnumMap<>(HashAlg.class);
    for (String member : json.names()) {
      if (member.equals("name") || member.equals("from") || member.equals("until")) {
        continue;
      }
      HashAlg alg =
          HashAlg.named(member)
              .orElseThrow(
                  () ->
                      new MalformedException(
                          Encoding.printable(member, 40)
                              + " is not known here: name, sha256 (or another bank), from, until"));
      Bytes digest = Bytes.ofHex(json.string(member));
      if (digest.size() != alg.size()) {
        throw new MalformedException(member + " does not have " + alg.size() + " bytes");
      }
      digests.put(alg, digest);
    }
    if (digests.isEmpty()) {
      throw new MalformedException("no digest; give sha256");
    }
    return new Allowed(json.optionalString("name").orElse(""), digests, Window.of(json));
  }

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
