package io.limestone.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Bytes;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealerTest {
  private static final Secret V = Secret.of("the V half".getBytes(StandardCharsets.UTF_8));

  @TempDir Path folder;

  private Sealer sealer() throws Exception {
    return Sealer.ofKeyFile(folder.resolve("secret.key"), new SecureRandom());
  }

  @Test
  void whatWasSealedOpensWithTheSameKeyFileOnly() throws Exception {
    Bytes sealed = sealer().seal(V, "node.v a");
    assertThat(sealer().open(sealed, "node.v a")).isEqualTo(V);
    Files.delete(folder.resolve("secret.key"));
    assertThatThrownBy(() -> sealer().open(sealed, "node.v a")).isInstanceOf(SealBroken.class);
  }

  @Test
  void aSealedValueMovedToAnotherPlaceDoesNotOpen() throws Exception {
    Bytes sealed = sealer().seal(V, "node.v a");
    assertThatThrownBy(() -> sealer().open(sealed, "node.v b")).isInstanceOf(SealBroken.class);
  }

  @Test
  void anyChangedBitBreaksTheSeal() throws Exception {
    Sealer sealer = sealer();
    byte[] sealed = sealer.seal(V, "x").toArray();
    for (int i = 0; i < sealed.length; i++) {
      byte[] changed = sealed.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> sealer.open(Bytes.of(changed), "x")).isInstanceOf(SealBroken.class);
    }
    assertThatThrownBy(() -> sealer.open(Bytes.EMPTY, "x")).isInstanceOf(SealBroken.class);
  }

  @Test
  void theSameSecretIsSealedDifferentlyEachTimeAndNotReadable() throws Exception {
    Sealer sealer = sealer();
    assertThat(sealer.seal(V, "x")).isNotEqualTo(sealer.seal(V, "x"));
    assertThat(new String(sealer.seal(V, "x").toArray(), StandardCharsets.ISO_8859_1))
        .doesNotContain("the V half");
  }

  @Test
  void t8AKeyFileThatOthersCanReadIsRefused() throws Exception {
    Path key = folder.resolve("secret.key");
    sealer();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
        .isEqualTo("rw-------");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(this::sealer).hasMessageContaining("chmod 600");
  }
}
