package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.DebIndex.Listed;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class DebTest {
  private static final String SUM = "ab".repeat(32);

  private static byte[] member(String name, byte[] content) {
    String header =
        "%-16s%-12s%-6s%-6s%-8s%-10d`\n".formatted(name, "0", "0", "0", "100644", content.length);
    return Archives.concat(Archives.bytes(header), content, new byte[content.length & 1]);
  }

  private static byte[] deb(byte[] data) {
    return Archives.concat(
        Archives.bytes("!<arch>\n"),
        member("debian-binary", Archives.bytes("2.0\n")),
        member("control.tar.gz", new byte[7]),
        member("data.tar.gz", data));
  }

  private static Map<String, Bytes> read(byte[] deb) throws IOException {
    FileTree tree = new FileTree();
    tree.apply(
        DebPackage.read(new ByteArrayInputStream(deb), HashAlg.SHA256, Budget.ofFileSystem()));
    return Archives.files(tree);
  }

  @Test
  void filesOfAPackage() throws IOException {
    byte[] data =
        Archives.compressed(
            Archives.tar(Archives.ordered("./usr/bin/a", "1", "./etc/.wh.b", "2")),
            GZIPOutputStream::new);
    assertThat(read(deb(data))).isEqualTo(Archives.digests("/usr/bin/a", "1", "/etc/.wh.b", "2"));
  }

  @Test
  void aPackageCutShortIsRefused() {
    byte[] data =
        Archives.compressed(Archives.tar(Archives.ordered("a", "1")), GZIPOutputStream::new);
    byte[] whole = deb(data);
    for (int length = 0; length < whole.length - 2; length += 3) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(part)).isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void theSumsOfReleaseAndOfPackages() throws IOException {
    assertThat(
            DebIndex.release(
                    Archives.bytes(
                        "Suite: x\nMD5Sum:\n 00 1 main/a\nSHA256:\n " + SUM + " 12 main/b\nX: y\n"))
                .files())
        .isEqualTo(Map.of("main/b", new Listed("main/b", 12, Bytes.ofHex(SUM))));
    byte[] packages =
        Archives.bytes(
            "Package: a\nFilename: pool/a.deb\nSize: 5\nSHA256: "
                + SUM
                + "\nDescription: d\n SHA256: no\n\n");
    assertThat(DebIndex.packages(new ByteArrayInputStream(packages), Budget.ofMetadata()))
        .containsExactly(new Listed("pool/a.deb", 5, Bytes.ofHex(SUM)));
  }

  @Test
  void weakSumsDoNotCount() {
    assertThatThrownBy(() -> DebIndex.release(Archives.bytes("MD5Sum:\n 00 1 a\n")))
        .isInstanceOf(MalformedException.class);
    byte[] packages = Archives.bytes("Package: a\nFilename: a.deb\nMD5sum: 00\n");
    assertThatThrownBy(
            () -> DebIndex.packages(new ByteArrayInputStream(packages), Budget.ofMetadata()))
        .isInstanceOf(MalformedException.class);
  }

  private static DebIndex.Release release(String fields) {
    return DebIndex.release(Archives.bytes(fields + "SHA256:\n " + SUM + " 12 main/b\n"));
  }

  @Test
  void releaseSaysWhatItIsAndHowLong() {
    DebIndex.Release release =
        release(
            """
            Suite: stable
            Codename: x
            Date: Sat,  6 Jan 2024 08:01:02 UTC
            Valid-Until: Sat, 13 Jan 2024 08:01:02 UTC
            """);
    assertThat(release.names()).containsExactlyInAnyOrder("stable", "x");
    assertThat(release.date()).contains(Instant.parse("2024-01-06T08:01:02Z"));
    assertThat(release.validUntil()).contains(Instant.parse("2024-01-13T08:01:02Z"));
    assertThat(release("").validUntil()).isEmpty();
    for (String bad :
        new String[] {"Valid-Until: soon\n", "Valid-Until: \n", "Date: a\nDate: b\n"}) {
      assertThatThrownBy(() -> release(bad)).isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void twoSumsForOneFileAreRefused() {
    String other = "cd".repeat(32);
    assertThatThrownBy(
            () ->
                DebIndex.release(
                    Archives.bytes("SHA256:\n " + SUM + " 12 a\n " + other + " 12 a\n")))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void contentsNameThePackageOfAFile() throws IOException {
    Map<String, String> owners = new TreeMap<>();
    DebContents.read(
        new ByteArrayInputStream(
            Archives.bytes(
                """
                FILE                    LOCATION
                bin/bash                shells/bash
                usr/share/a file        doc/one,contrib/doc/two
                usr/lib/x\tnon-free/libs/lib-x+
                lonely
                """)),
        Budget.ofMetadata(),
        owners::put);
    assertThat(owners)
        .containsEntry("/bin/bash", "bash")
        .containsEntry("/usr/share/a file", "one")
        .containsEntry("/usr/lib/x", "lib-x+")
        .doesNotContainKey("/lonely")
        .hasSize(3);
  }
}
