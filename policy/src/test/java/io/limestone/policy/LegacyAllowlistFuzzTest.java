package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;

/** Whatever the bytes are: they are no allow-list, or stand for a policy that is valid. */
class LegacyAllowlistFuzzTest {
  private static final String TIME = "2026-06-01T00:00:00Z";

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreAnAllowListOrMalformed(byte[] file) {
    try {
      PolicyDocument read = LegacyAllowlist.read(Bytes.of(file), TIME);
      assertThat(PolicyDocument.parse(read.toText())).isEqualTo(read);
      assertThat(read.timestamp()).contains(TIME);
      PolicyDocument again = LegacyAllowlist.read(read.toText(), TIME);
      assertThat(again.merge(read).table("digests")).isEqualTo(again.table("digests"));
      assertThat(RuntimePolicy.parse(again.toText()).names())
          .isEqualTo(RuntimePolicy.parse(read.toText()).names());
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
