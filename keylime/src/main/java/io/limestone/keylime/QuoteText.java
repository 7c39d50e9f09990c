package io.limestone.keylime;

import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;

/**
 * A quote on the wire (pull-protocol.md section 3.3): {@code r}, then base64 of TPMS_ATTEST, of
 * TPMT_SIGNATURE and of the {@linkplain PcrBlob PCR blob} with colons between them. The compressed
 * form of API 1.0 is not read.
 */
public final class QuoteText {
  private static final int MAX = 32 * 1024;

  private QuoteText() {}

  /**
   * The quote in {@code text}; its attest and signature are not looked into yet.
   *
   * @throws MalformedException if it has another number of parts, or one is not what it should be
   */
  public static SignedQuote parse(String text) {
    if (text.length() > MAX) {
      throw new MalformedException("quote of more than " + MAX + " characters");
    }
    if (!text.startsWith("r")) {
      throw new MalformedException("quote does not begin with r");
    }
    String[] parts = text.substring(1).split(":", -1);
    if (parts.length != 3) {
      throw new MalformedException("quote has " + parts.length + " parts, not 3");
    }
    return new SignedQuote(
        part("attest", parts[0]),
        part("signature", parts[1]),
        PcrBlob.parse(part("PCR blob", parts[2])));
  }

  public static String of(SignedQuote quote) {
    return "r"
        + quote.attest().base64()
        + ":"
        + quote.signature().base64()
        + ":"
        + PcrBlob.of(quote.pcrs()).base64();
  }

  private static Bytes part(String name, String base64) {
    try {
      return Bytes.ofBase64(base64);
    } catch (MalformedException e) {
      throw e.in("quote: " + name);
    }
  }
}
