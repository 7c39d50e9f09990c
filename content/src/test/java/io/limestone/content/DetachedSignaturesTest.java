package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Detached signatures that OpenSSL and GnuPG made (Keylime's own test data). */
class DetachedSignaturesTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void eachSignatureIsByItsKeyAndNoneByTheOther() throws IOException {
    byte[] content = read("allowlist.json");
    byte[] ec = read("allowlist-ec-sig.bin");
    byte[] openPgp = read("allowlist-pgp-sig.sig");
    byte[] invalid = read("allowlist-invalid-sig.sig");
    RepositoryKeys ecKey = new RepositoryKeys().add(read("allowlist-ec-key.pem"));
    RepositoryKeys openPgpKey = new RepositoryKeys().add(read("allowlist-pgp-key.pgp"));
    assertThat(isGood(ecKey, content, ec)).isTrue();
    assertThat(isGood(openPgpKey, content, openPgp)).isTrue();
    assertThat(isGood(ecKey, content, openPgp)).isFalse();
    assertThat(isGood(openPgpKey, content, ec)).isFalse();
    byte[] altered = content.clone();
    altered[altered.length / 2] ^= 1;
    for (RepositoryKeys key : new RepositoryKeys[] {ecKey, openPgpKey}) {
      assertThat(isGood(key, content, invalid)).isFalse();
      assertThat(isGood(key, altered, ec)).isFalse();
      assertThat(isGood(key, altered, openPgp)).isFalse();
    }
  }

  private static boolean isGood(RepositoryKeys key, byte[] content, byte[] signature) {
    return key.verify(content, signature, NOW) instanceof RepositoryKeys.Verdict.By;
  }

  private static byte[] read(String name) throws IOException {
    return Files.readAllBytes(
        Path.of(System.getProperty("limestone.testdata"), "runtime-policy/detached", name));
  }
}
