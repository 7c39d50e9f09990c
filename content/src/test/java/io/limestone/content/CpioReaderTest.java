package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.Archives.Cpio;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpioReaderTest {
  private static Map<String, Bytes> read(byte[] archive) throws IOException {
    FileTree tree = new FileTree();
    tree.apply(
        CpioReader.read(new ByteArrayInputStream(archive), HashAlg.SHA256, Budget.ofFileSystem()));
    return Archives.files(tree);
  }

  @Test
  void filesAreHashedAndAllElseIsPassedOver() throws IOException {
    byte[] archive =
        new Cpio()
            .directory(".")
            .directory("usr")
            .file("usr/foo", "foo\n")
            .file("./usr/empty", "")
            .symlink("bin", "usr")
            .fifo("pipe")
            .end();
    assertThat(read(archive)).isEqualTo(Archives.digests("/usr/foo", "foo\n", "/usr/empty", ""));
  }

  @Test
  void aNameBelowALinkIsTheFileThatTheKernelWouldWrite() throws IOException {
    byte[] archive =
        new Cpio()
            .directory("usr")
            .directory("usr/bin")
            .symlink("bin", "usr/bin")
            .file("bin/sh", "sh")
            .end();
    assertThat(read(archive)).isEqualTo(Archives.digests("/usr/bin/sh", "sh"));
  }

  @Test
  void hardLinksShareTheDataThatOnlyOneOfThemCarries() throws IOException {
    byte[] archive =
        new Cpio()
            .link("a", 7, 3, "")
            .link("b", 7, 3, "")
            .link("c", 7, 3, "content")
            .link("d", 8, 2, "")
            .end();
    assertThat(read(archive))
        .isEqualTo(Archives.digests("/a", "content", "/b", "content", "/c", "content", "/d", ""));
  }

  @Test
  void theDataMayComeWithTheFirstLinkToo() throws IOException {
    byte[] archive = new Cpio().link("a", 7, 2, "content").link("b", 7, 2, "").end();
    assertThat(read(archive)).isEqualTo(Archives.digests("/a", "content", "/b", "content"));
  }

  @Test
  void oneFileOfTwoContentsIsRefused() throws IOException {
    byte[] same = new Cpio().link("a", 7, 2, "one").link("b", 7, 2, "one").end();
    assertThat(read(same)).isEqualTo(Archives.digests("/a", "one", "/b", "one"));
    byte[] other = new Cpio().link("a", 7, 2, "one").link("b", 7, 2, "two").end();
    assertThatThrownBy(() -> read(other))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("other content");
  }

  @Test
  void aCheckSumIsChecked() throws IOException {
    assertThat(read(new Cpio().checked("x", "abc", 'a' + 'b' + 'c').end())).hasSize(1);
    assertThatThrownBy(() -> read(new Cpio().checked("x", "abc", 1).end()))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("check sum");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "/etc/x", "a/../../x", "a/.."})
  void aNameThatLeadsOutOfTheArchiveIsRefused(String name) {
    assertThatThrownBy(() -> read(new Cpio().file(name, "x").end()))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void anArchiveCutShortAnywhereIsRefused() {
    byte[] whole = new Cpio().file("a", "abc").symlink("l", "a").link("h", 9, 2, "hard").end();
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(part)).isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void sizesOfNamesAndLinksAreBounded() {
    byte[] longName = new Cpio().header("070701", 0100644, 1, 1, 0, 5000, 0).cut();
    byte[] noName = new Cpio().header("070701", 0100644, 1, 1, 0, 0, 0).cut();
    byte[] longLink =
        new Cpio()
            .header("070701", 0120777, 1, 1, 0xffffffffL, 2, 0)
            .padded(Archives.bytes("l\0"))
            .cut();
    byte[] unending =
        new Cpio()
            .header("070701", 0100644, 1, 1, 0xffffffffL, 2, 0)
            .padded(Archives.bytes("f\0"))
            .cut();
    for (byte[] archive : new byte[][] {longName, noName, longLink, unending}) {
      assertThatThrownBy(() -> read(archive)).isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void membersAreCounted() {
    byte[] archive = new Cpio().file("a", "").file("b", "").file("c", "").end();
    assertThatThrownBy(
            () ->
                CpioReader.read(
                    new ByteArrayInputStream(archive), HashAlg.SHA256, new Budget(1000, 2)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("members");
  }
}
