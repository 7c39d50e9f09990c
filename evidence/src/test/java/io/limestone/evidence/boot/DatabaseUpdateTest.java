package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import org.junit.jupiter.api.Test;

/** Files by which dbx is updated: the lists of a real machine, bare and behind a header. */
class DatabaseUpdateTest {
  private static final Bytes PKCS7 = Bytes.ofHex("9dd2af4adf68ee498aa9347d375665a7");
  private static final Bytes LISTS = dbx();

  private static Bytes dbx() {
    return BootLog.parse(TestData.read("uefi/puiterwijk.bin")).events().stream()
        .filter(
            event -> event.payload() instanceof BootPayload.Variable v && v.name().equals("dbx"))
        .map(event -> ((BootPayload.Variable) event.payload()).data())
        .findFirst()
        .orElseThrow();
  }

  private static Bytes authenticated(int length, Bytes signature) {
    return ByteWriter.littleEndian()
        .bytes(Bytes.ofHex("da070306131100000000000000000000")) // 2010-03-06, as in real files
        .u32(length)
        .u16(0x0200)
        .u16(0x0ef1)
        .bytes(PKCS7)
        .bytes(signature)
        .bytes(LISTS)
        .toBytes();
  }

  @Test
  void theListsAreTheSameWithAndWithoutTheHeader() {
    Bytes signature = Bytes.of(new byte[777]);
    var bare = DatabaseUpdate.parse(LISTS);
    assertThat(bare.stream().mapToInt(list -> list.signatures().size()).sum()).isEqualTo(77);
    assertThat(DatabaseUpdate.parse(authenticated(24 + signature.size(), signature)))
        .isEqualTo(bare);
  }

  @Test
  void attack24_whatIsCutOverlongOrEmptyIsRefused() {
    Bytes whole = authenticated(24 + 3, Bytes.ofHex("308001"));
    assertThat(DatabaseUpdate.parse(whole)).isNotEmpty();
    for (int cut = 0; cut < 200; cut++) {
      Bytes part = whole.slice(0, cut);
      assertThatThrownBy(() -> DatabaseUpdate.parse(part)).isInstanceOf(MalformedException.class);
    }
    for (int length : new int[] {0, 23, 25, whole.size(), -1, Integer.MAX_VALUE}) {
      Bytes wrong = authenticated(length, Bytes.ofHex("308001"));
      assertThatThrownBy(() -> DatabaseUpdate.parse(wrong))
          .as("%d", length)
          .isInstanceOf(MalformedException.class);
    }
    assertThatThrownBy(() -> DatabaseUpdate.parse(Bytes.EMPTY))
        .isInstanceOf(MalformedException.class);
  }
}
