package io.limestone.policy.create;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.policy.create.AlgorithmChoice.Said;
import io.limestone.policy.create.MeasuredFiles.Named;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MeasuredFilesTest {
  private static final String T = "aa".repeat(20);
  private static final String D = "bb".repeat(32);

  private static MeasuredFiles read(String... lines) {
    return MeasuredFiles.parse(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void filesOfEveryTemplate() {
    MeasuredFiles list =
        read(
            "10 " + T + " ima-ng sha256:" + D + " boot_aggregate",
            "10 " + T + " ima-sig sha256:" + D + " /a 0302",
            "10 " + T + " ima-sig sha256:" + D + " /b ",
            "10 " + T + " ima-ngv2 ima:sha256:" + D + " /c",
            "10 " + T + " ima " + T + " /d");
    assertThat(list.algorithm()).isEqualTo(new Said.Known(HashAlg.SHA256));
    assertThat(list.files())
        .containsExactly(
            new Named("boot_aggregate", D),
            new Named("/a", D),
            new Named("/b", D),
            new Named("/c", D),
            new Named("/d", T));
    assertThat(list.unusable()).isZero();
  }

  @Test
  void aListThatDoesNotBeginWithTheBootAggregateHasNoAlgorithm() {
    assertThat(read("10 " + T + " ima-ng sha256:" + D + " /a").algorithm())
        .isEqualTo(new Said.Invalid());
    assertThat(read("10 " + T + " ima-ng sha1:" + D + " boot_aggregate").algorithm())
        .isEqualTo(new Said.Invalid());
  }

  @Test
  void violationsAreCountedAndNeverAllowed() {
    MeasuredFiles list =
        read("10 " + "0".repeat(40) + " ima-ng sha256:" + "0".repeat(64) + " /changing");
    assertThat(list.files()).isEmpty();
    assertThat(list.violations()).isOne();
  }

  @Test
  void linesThatCannotBeUsedAreCountedAndNotGuessedAt() {
    MeasuredFiles list =
        read(
            "10 " + T + " ima-ng sha256:" + D + " /with blank",
            "10 " + T + " ima-ng md5:" + "cc".repeat(16) + " /md5",
            "10 " + T + " unheard-of sha256:" + D + " /x",
            "garbage",
            "10 " + T + " ima-ng sha256:" + D.toUpperCase(java.util.Locale.ROOT) + " /upper");
    assertThat(list.files()).isEmpty();
    assertThat(list.unusable()).isEqualTo(5);
  }

  @Test
  void fsVerityDigestsAreListedApart() {
    assertThat(read("10 " + T + " ima-ngv2 verity:sha256:" + D + " /v").files())
        .containsExactly(new Named("verity:/v", D));
  }

  @Test
  void theBinaryFormGivesTheSame() {
    ByteWriter list = ByteWriter.littleEndian();
    list.u32(10).bytes(new byte[20]).u32(6).bytes("ima-ng".getBytes(StandardCharsets.US_ASCII));
    byte[] zero = new byte[32];
    byte[] name = "/violated\0".getBytes(StandardCharsets.US_ASCII);
    byte[] alg = "sha256:\0".getBytes(StandardCharsets.US_ASCII);
    list.u32(4 + alg.length + 32 + 4 + name.length);
    list.u32(alg.length + 32).bytes(alg).bytes(zero).u32(name.length).bytes(name);
    byte[] hash = new byte[20];
    hash[0] = 1;
    list.u32(10).bytes(hash).u32(6).bytes("ima-ng".getBytes(StandardCharsets.US_ASCII));
    list.u32(4 + alg.length + 32 + 4 + 3);
    list.u32(alg.length + 32).bytes(alg).bytes(new byte[32]);
    list.u32(3).bytes(new byte[] {'/', 'a', 0});
    MeasuredFiles read = MeasuredFiles.parse(list.toArray());
    assertThat(read.files()).containsExactly(new Named("/a", "00".repeat(32)));
    assertThat(read.violations()).isOne();
  }

  @Test
  void buffersThatAreNoKeysStayBuffers() {
    MeasuredFiles list =
        read(
            "10 " + T + " ima-buf sha256:" + D + " dm_table_load 646d",
            "10 " + T + " ima-buf sha256:" + D + " odd zz");
    assertThat(list.buffers())
        .containsExactly(
            new MeasuredFiles.Buffer("dm_table_load", D, false),
            new MeasuredFiles.Buffer("odd", D, false));
  }
}
