package io.limestone.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.tpm.HashAlg;

/**
 * Whatever the bytes are: the reader ends, throws nothing, and what it calls an entry has a hash it
 * computed itself.
 */
class ImaCursorFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void anyBytesAreReadToTheirEnd(byte[] list) {
    ImaCursor cursor = new ImaCursor(list, HashAlg.SHA1);
    PcrReplay replay = PcrReplay.ofZeros(HashAlg.SHA256);
    long lines = 0;
    while (cursor.next()) {
      lines++;
      cursor.extend(replay);
      assertThat(cursor.line(100)).hasSizeLessThan(1000);
      if (cursor.kind() == ImaCursor.Kind.MALFORMED) {
        assertThat(cursor.problem()).isNotEmpty();
      }
    }
    // A name with line feeds is one entry shown, and as many as agents count.
    assertThat(cursor.entries()).isBetween(lines, (long) list.length);
  }
}
