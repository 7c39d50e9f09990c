package io.limestone.keylime;

import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonCut;
import io.limestone.wire.JsonObject;
import io.limestone.wire.LongBytes;
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

  private static final String LIST = "ima_measurement_list";

  /** Bytes of an answer besides the measurement list: a boot log, mostly. */
  private static final int MOST_BESIDES = 16 * 1024 * 1024;

  /**
   * A piece of the IMA log.
   *
   * @param text ASCII log lines, UTF-8
   * @param firstEntry the number of its first entry, from 0
   */
  public record ImaList(LongBytes text, long firstEntry) {
    public ImaList {
      if (firstEntry < 0) {
        throw new MalformedException("ima_measurement_list_entry is negative");
      }
    }

    public ImaList(Bytes text, long firstEntry) {
      this(LongBytes.of(text), firstEntry);
    }
  }

  /** An answer that has been read as a whole. */
  public static QuoteReply fromJson(JsonObject results) {
    return fromJson(
        results,
        results
            .optionalString(LIST)
            .map(text -> LongBytes.of(text.getBytes(StandardCharsets.UTF_8))));
  }

  private static QuoteReply fromJson(JsonObject results, Optional<LongBytes> list) {
    return new QuoteReply(
        QuoteText.parse(results.string("quote")),
        results.string("hash_alg"),
        results.string("enc_alg"),
        results.string("sign_alg"),
        Fields.text(results, "pubkey"),
        ima(results, list),
        Fields.base64(results, "mb_measurement_list"),
        results.optionalInteger("boottime"));
  }

  /**
   * An answer's body taken apart, for answers of any length.
   *
   * @param results without the list where it was cut out
   * @param list decoded where it stands in the body
   */
  public record Body(JsonObject results, Optional<LongBytes> list) {
    /**
     * Takes a body apart.
     *
     * @param body used up: its bytes are written over
     * @throws MalformedException if it is no envelope with results
     */
    public static Body of(LongBytes body) {
      JsonCut.Parts parts = JsonCut.of(body, MOST_BESIDES, "results", LIST);
      return new Body(Envelope.of(parts.rest()).content(), parts.text());
    }

    /**
     * What the results say.
     *
     * @throws MalformedException if that is no answer to a quote request
     */
    public QuoteReply reply() {
      return list.isPresent() ? fromJson(results, list) : fromJson(results);
    }
  }

  public JsonObject toJson() {
    return Fields.object()
        .put("quote", QuoteText.of(quote))
        .put("hash_alg", hashAlg)
        .put("enc_alg", encAlg)
        .put("sign_alg", signAlg)
        .putPresent("pubkey", publicKeyPem)
        .putPresent(
            LIST, ima.map(list -> new String(list.text().toArray(), StandardCharsets.UTF_8)))
        .putPresent("mb_measurement_list", bootLog.map(Bytes::base64))
        .putPresent("ima_measurement_list_entry", ima.map(ImaList::firstEntry))
        .putPresent("boottime", bootTime)
        .json();
  }

  /** An empty list is a list; without an entry number it begins at 0. */
  private static Optional<ImaList> ima(JsonObject results, Optional<LongBytes> list) {
    long first = results.optionalInteger("ima_measurement_list_entry").orElse(0L);
    return list.map(text -> new ImaList(text, first));
  }
}
