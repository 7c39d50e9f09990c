package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.evidence.Span;
import io.limestone.wire.MalformedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class DigestTableTest {
  private static final byte[] DIGEST = new byte[32];

  /**
   * A name of 16 bytes whose second half undoes what the first did to the hash, so that all of them
   * have the same one. Whoever writes a policy can do that too: the hash has no key.
   */
  private static byte[] colliding(int i) {
    long product = (16 ^ (long) i) * 0x9e37_79b9_7f4a_7c15L;
    long state = product ^ product >>> 29;
    return ByteBuffer.allocate(16)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(i)
        .putLong(state ^ 0x0123_4567_89ab_cdefL)
        .array();
  }

  private static DigestTable table(int names) {
    DigestTable table = new DigestTable();
    for (int i = 0; i < names; i++) {
      table.begin(colliding(i));
      table.add(DIGEST, DIGEST.length);
    }
    return table.trim();
  }

  @Test
  void namesOfOneHashAreStillToldApart() {
    DigestTable table = table(1000);
    for (int i = 0; i < 1000; i++) {
      assertThat(table.match(Span.of(colliding(i)), Span.of(DIGEST)))
          .isEqualTo(DigestTable.Match.LISTED);
      assertThat(table.match(Span.of(colliding(i)), Span.of(new byte[] {1})))
          .isEqualTo(DigestTable.Match.OTHER_DIGEST);
    }
    assertThat(table.match(Span.of(colliding(1000)), Span.of(DIGEST)))
        .isEqualTo(DigestTable.Match.ABSENT);
  }

  /**
   * A policy of a million such names would take a day to read, and each entry of a list as long.
   */
  @Test
  void namesChosenToCollideAreRefusedAndNotSearchedThrough() {
    assertThatThrownBy(() -> table(3000))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("chosen to slow down");
  }
}
