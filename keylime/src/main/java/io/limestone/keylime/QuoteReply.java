package io.limestone.keylime;

import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * An agent's answer to a quote request (pull-protocol.md section 3.1). Nothing of it is verified.
 *
 * @param hashAlg as declared, such as {@code sha256}; so {@code encAlg}, {@code signAlg}
 * @param publicKeyPem the transport key's exact text; left out of partial answers
 * @param bootLog the raw binary event log
 * @param bootTime of the node, in seconds; the Rust agent does not send it
 */
public record QuoteReply(
    SignedQuote quote,
    String hashAlg,
    String encAlg,
    String signAlg,
    Optional<String> publicKeyPem,
    Optional<ImaList> ima,
    Optional<Bytes> bootLog,
    Optional<Long> bootTime) {

  /**
   * A piece of the IMA log.
   *
   * @param text ASCII log lines, UTF-8
   * @param firstEntry the number of its first entry, from 0
   */
  public record ImaList(Bytes text, long firstEntry) {
    public ImaList {
      if (firstEntry < 0) {
        throw new MalformedException("ima_measurement_list_entry is negative");
      }
    }
  }

  public static QuoteReply fromJson(JsonObject results) {
    return new QuoteReply(
        QuoteText.parse(results.string("quote")),
        results.string("hash_alg"),
        results.string("enc_alg"),
        results.string("sign_alg"),
        Fields.text(results, "pubkey"),
        ima(results),
        Fields.base64(results, "mb_measurement_list"),
        results.optionalInteger("boottime"));
  }

  public JsonObject toJson() {
    return Fields.object()
        .put("quote", QuoteText.of(quote))
        .put("hash_alg", hashAlg)
        .put("enc_alg", encAlg)
        .put("sign_alg", signAlg)
        .putPresent("pubkey", publicKeyPem)
        .putPresent(
            "ima_measurement_list",
            ima.map(list -> new String(list.text().toArray(), StandardCharsets.UTF_8)))
        .putPresent("mb_measurement_list", bootLog.map(Bytes::base64))
        .putPresent("ima_measurement_list_entry", ima.map(ImaList::firstEntry))
        .putPresent("boottime", bootTime)
        .json();
  }

  /** An empty list is a list; without an entry number it begins at 0. */
  private static Optional<ImaList> ima(JsonObject results) {
    long first = results.optionalInteger("ima_measurement_list_entry").orElse(0L);
    return results
        .optionalString("ima_measurement_list")
        .map(text -> new ImaList(Bytes.of(text.getBytes(StandardCharsets.UTF_8)), first));
  }
}
