package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.RpmPackage.PackagedFile;
import io.limestone.evidence.Span;
import io.limestone.policy.ImaKey;
import io.limestone.policy.VerificationKeys;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RpmPackageTest {
  private static final String D = "ab".repeat(32);

  @Test
  void filesWithTheirDigests() {
    RpmPackage rpm =
        RpmPackage.parse(
            new RpmBytes()
                .file("/etc/a.conf", D)
                .file("/usr/bin/b", D)
                .file("/var/ghost", "")
                .file("/var/zero", "00".repeat(32))
                .toArray());
    assertThat(rpm.name()).isEqualTo("test");
    assertThat(rpm.digestAlg()).contains(HashAlg.SHA256);
    assertThat(rpm.files())
        .extracting(PackagedFile::path)
        .containsExactly("/etc/a.conf", "/usr/bin/b");
  }

  @Test
  void linksAndDirectoriesAreNoFiles() {
    assertThat(RpmPackage.parse(new RpmBytes().file("/l", D).mode(0120777).toArray()).files())
        .isEmpty();
  }

  @Test
  void theHeadersSayHowManyBytesTheyTake() {
    byte[] whole = new RpmBytes().file("/a", D).toArray();
    byte[] start = new byte[0];
    int needed;
    while ((needed = RpmPackage.bytesNeeded(start)) > start.length) {
      start = Arrays.copyOf(whole, needed);
    }
    assertThat(start.length).isEqualTo(whole.length - 100);
    assertThat(RpmPackage.parse(start)).isEqualTo(RpmPackage.parse(whole));
  }

  @Test
  void headersCutShortAnywhereAreRefused() {
    byte[] whole = new RpmBytes().file("/a", D).toArray();
    for (int length = 0; length < whole.length - 100; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> RpmPackage.parse(part)).isInstanceOf(MalformedException.class);
    }
  }

  /** Whatever is changed in the main header is noticed; in the signature header it is no crash. */
  @Test
  void anyByteWrongIsRefusedOrHarmless() {
    byte[] whole = new RpmBytes().file("/a", D, "0302").toArray();
    RpmPackage right = RpmPackage.parse(whole);
    for (int i = 0; i < whole.length - 100; i++) {
      byte[] wrong = whole.clone();
      wrong[i] ^= 0x41;
      try {
        RpmPackage read = RpmPackage.parse(wrong);
        assertThat(read.files()).hasSameSizeAs(right.files());
        assertThat(read.files().getFirst().digest()).isEqualTo(right.files().getFirst().digest());
      } catch (MalformedException e) {
        assertThat(e).isNotNull();
      }
    }
  }

  @Test
  void aHeaderThatIsNotTheOneOfTheSignatureHeaderIsRefused() {
    byte[] rpm = new RpmBytes().file("/a", D).withWrongHeaderDigest().toArray();
    assertThatThrownBy(() -> RpmPackage.parse(rpm))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("signature header");
  }

  @Test
  void md5IsReadAndNamedAsNothing() {
    RpmPackage rpm =
        RpmPackage.parse(new RpmBytes().file("/a", "ab".repeat(16)).digestAlg(1).toArray());
    assertThat(rpm.digestAlg()).isEmpty();
    assertThatThrownBy(() -> RpmPackage.parse(new RpmBytes().file("/a", "ab".repeat(16)).toArray()))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void sizesAreBounded() {
    byte[] rpm = new RpmBytes().file("/a", D).toArray();
    for (int at : new int[] {96 + 8, 96 + 12}) {
      byte[] huge = rpm.clone();
      huge[at] = 0x7f;
      assertThatThrownBy(() -> RpmPackage.bytesNeeded(huge))
          .isInstanceOf(MalformedException.class)
          .hasMessageContaining("more than");
    }
  }

  @Test
  void anImaSignatureCountsOnlyByTheRightKeyOverTheRightDigest() throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
    ImaKey key =
        ((ImaKey.Measured.Usable) ImaKey.ofBuffer(Span.of(pair.getPublic().getEncoded()))).key();
    byte[] content = Archives.bytes("content");
    Signature signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(pair.getPrivate());
    signer.update(content);
    byte[] signature = signer.sign();
    Bytes field =
        ByteWriter.bigEndian()
            .u8(3)
            .u8(2)
            .u8(4)
            .u32(key.id())
            .u16(signature.length)
            .bytes(signature)
            .toBytes();
    String digest = HashAlg.SHA256.digest(Bytes.of(content)).hex();
    RpmPackage rpm =
        RpmPackage.parse(
            new RpmBytes()
                .file("/signed", digest, field.hex())
                .file("/other", D, field.hex())
                .file("/unsigned", digest)
                .toArray());
    assertThat(rpm.files())
        .extracting(file -> file.isSignedBy(VerificationKeys.NONE.with(key), HashAlg.SHA256))
        .containsExactly(true, false, false);
    assertThat(rpm.files().getFirst().isSignedBy(VerificationKeys.NONE, HashAlg.SHA256)).isFalse();
  }
}
