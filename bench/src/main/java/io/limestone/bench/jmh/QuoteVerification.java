package io.limestone.bench.jmh;

import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** All numbered steps of a quote's verification, over 11 PCRs. */
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class QuoteVerification {
  private static final PcrSelection ASKED = new PcrSelection(HashAlg.SHA256, 0x103ff);
  private static final Bytes NONCE =
      Bytes.of("0123456789abcdefghij".getBytes(StandardCharsets.US_ASCII));

  /** Kind of the attestation key. */
  @Param({"RSA2048", "ECC256"})
  public String key;

  private SoftwareTpm tpm;
  private SignedQuote quote;

  @Setup
  public void setUp() {
    tpm = SoftwareTpm.make(KeyKind.valueOf(key), new TestCa("bench", Instant.now()));
    quote = tpm.quote(NONCE, ASKED);
    if (!(verify() instanceof QuoteVerifier.Verified)) {
      throw new IllegalStateException("the quote does not verify");
    }
  }

  @Benchmark
  public QuoteVerifier.Result verify() {
    return QuoteVerifier.verify(quote, tpm.ak(), NONCE, ASKED);
  }
}
