package io.limestone.bench.jmh;

import io.limestone.keylime.Challenge;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.CredentialBlob;
import io.limestone.wire.Bytes;
import java.security.SecureRandom;
import java.time.Instant;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** TPM2_MakeCredential in software: what a registrar does for each registration. */
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class MakeCredential {
  private final SecureRandom random = new SecureRandom();

  /** Kind of the endorsement key. */
  @Param({"RSA2048", "ECC256"})
  public String key;

  private SoftwareTpm tpm;
  private Bytes akName;

  @Setup
  public void setUp() {
    tpm = SoftwareTpm.make(KeyKind.valueOf(key), new TestCa("bench", Instant.now()));
    akName = tpm.ak().name();
  }

  @Benchmark
  public CredentialBlob make() {
    return CredentialBlob.make(tpm.ek(), akName, Challenge.random(random).text(), random);
  }
}
