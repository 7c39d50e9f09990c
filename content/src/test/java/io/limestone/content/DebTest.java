package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.DebIndex.Listed;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
                    "Suite: x\nMD5Sum:\n 00 1 main/a\nSHA256:\n " + SUM + " 12 main/b\nX: y\n")))
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

  @Test
  void aClearSignedTextInItsCanonicalForm() {
    DebIndex.ClearSigned signed =
        DebIndex.clearSigned(
            Archives.bytes(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\na  \n- -b\n-----BEGIN PGP SIGNATURE-----\nx\n"));
    assertThat(new String(signed.text().toArray(), StandardCharsets.US_ASCII)).isEqualTo("a\r\n-b");
    for (String text :
        new String[] {
          "x\n-----BEGIN PGP SIGNED MESSAGE-----\n\na\n-----BEGIN PGP SIGNATURE-----\n", ""
        }) {
      assertThatThrownBy(() -> DebIndex.clearSigned(Archives.bytes(text)))
          .isInstanceOf(MalformedException.class);
    }
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
