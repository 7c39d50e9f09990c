package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.TarReader.Member;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;

class TarReaderTest {
  private static List<Member> members(byte[] archive) throws IOException {
    TarReader tar = new TarReader(new ByteArrayInputStream(archive), Budget.ofFileSystem());
    List<Member> members = new ArrayList<>();
    for (Optional<Member> next = tar.next(); next.isPresent(); next = tar.next()) {
      members.add(next.get());
    }
    return members;
  }

  @Test
  void longNamesOfPaxAndOfGnu() throws IOException {
    String longName = "d/".repeat(80) + "é".repeat(120);
    assertThat(members(Archives.tar(Archives.ordered(longName, "x", "b", "yy"))))
        .extracting(Member::name, Member::size)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(longName, 1L),
            org.assertj.core.groups.Tuple.tuple("b", 2L));
    String longAscii = "e/".repeat(100) + "f";
    Member link =
        members(Archives.tarLink(longAscii, TarConstants.LF_LINK, longAscii + "2")).getFirst();
    assertThat(link)
        .isEqualTo(new Member(longAscii, TarReader.Type.HARD_LINK, longAscii + "2", 0, 0));
  }

  @Test
  void anArchiveCutShortOrAlteredIsRefused() {
    byte[] whole = Archives.tar(Archives.ordered("a", "x".repeat(600), "l".repeat(200), "y"));
    int end = whole.length;
    while (whole[end - 1] == 0) {
      end--;
    }
    for (int length = 1; length < end; length += 37) {
      byte[] part = Arrays.copyOf(whole, length);
      if (length % 512 != 0) {
        assertThatThrownBy(() -> members(part)).isInstanceOf(MalformedException.class);
      }
    }
    byte[] altered = whole.clone();
    altered[0] = 'b';
    assertThatThrownBy(() -> members(altered))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("check sum");
  }

  @Test
  void sparseFilesAreRefused() {
    byte[] sparse = Archives.tarLink("s", (byte) 'S', "");
    assertThatThrownBy(() -> members(sparse))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("sparse");
  }

  @Test
  void anExtendedHeaderIsBounded() {
    byte[] archive = Archives.tar(Archives.ordered("n".repeat(300), "x"));
    byte[] huge = archive.clone();
    byte[] size = Archives.bytes("77777777777\0");
    System.arraycopy(size, 0, huge, 124, size.length);
    correctCheckSum(huge);
    assertThatThrownBy(() -> members(huge))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("extended header");
  }

  private static void correctCheckSum(byte[] archive) {
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += i >= 148 && i < 156 ? ' ' : archive[i] & 0xff;
    }
    byte[] text = Archives.bytes("%06o\0 ".formatted(sum));
    System.arraycopy(text, 0, archive, 148, text.length);
  }
}
