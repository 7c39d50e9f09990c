package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.RpmMetadata.PackageAt;
import io.limestone.content.RpmMetadata.Referenced;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class RpmMetadataTest {
  private static final byte[] FILES =
      Archives.compressed(
          Archives.bytes(
              """
              <?xml version="1.0"?>
              <filelists-ext xmlns="http://linux.duke.edu/metadata/filelists-ext" packages="1">
              <package pkgid="1" name="a"><file hash="%s">/usr/bin/a</file><file type="dir">/usr</file></package>
              </filelists-ext>
              """
                  .formatted("ab".repeat(32))),
          GZIPOutputStream::new);

  private static Referenced referenced(byte[] content) {
    return new Referenced(
        "x",
        HashAlg.SHA256,
        HashAlg.SHA256.digest(Bytes.of(content)),
        OptionalLong.of(content.length));
  }

  private static Map<String, Bytes> files(byte[] stored, Referenced expected) throws IOException {
    Map<String, Bytes> files = new TreeMap<>();
    RpmMetadata.files(new ByteArrayInputStream(stored), expected, Budget.ofMetadata(), files::put);
    return files;
  }

  private static byte[] repomd(String type, String checksum) {
    return Archives.bytes(
        """
        <?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>
        <data type="primary"><checksum type="%s">%s</checksum><open-checksum type="sha256">00</open-checksum>
        <size>7</size>
        <location href="repodata/primary.xml.gz"/></data></repomd>
        """
            .formatted(type, checksum));
  }

  @Test
  void whatRepomdNames() {
    assertThat(RpmMetadata.parse(repomd("sha256", "ab".repeat(32))).files())
        .containsExactly(
            Map.entry(
                "primary",
                new Referenced(
                    "repodata/primary.xml.gz",
                    HashAlg.SHA256,
                    Bytes.ofHex("ab".repeat(32)),
                    OptionalLong.of(7))));
  }

  @Test
  void aWeakChecksumIsNone() {
    assertThatThrownBy(() -> RpmMetadata.parse(repomd("sha", "ab".repeat(20))))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("checksum");
  }

  @Test
  void filesOfFilelistsExt() throws IOException {
    assertThat(files(FILES, referenced(FILES)))
        .isEqualTo(Map.of("/usr/bin/a", Bytes.ofHex("ab".repeat(32))));
  }

  @Test
  void whichPackageAFileBelongsTo() throws IOException {
    byte[] lists =
        Archives.bytes(
            """
            <filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="2">
            <package pkgid="1" name="a" arch="x86_64"><version epoch="0" ver="1.2" rel="3.el9"/>
            <file>/usr/bin/a</file><file type="dir">/usr/share/a</file></package>
            <package pkgid="2" name="b"><version ver="7"/><file>/usr/bin/b</file></package>
            </filelists>
            """);
    Map<String, String> owners = new TreeMap<>();
    RpmMetadata.owners(
        new ByteArrayInputStream(lists),
        referenced(lists),
        Budget.ofMetadata(),
        (path, name, version) -> owners.put(path, name + " " + version));
    assertThat(owners).isEqualTo(Map.of("/usr/bin/a", "a 1.2-3.el9", "/usr/bin/b", "b 7"));
    assertThatThrownBy(
            () ->
                RpmMetadata.owners(
                    new ByteArrayInputStream(lists),
                    referenced(lists),
                    new Budget(1 << 20, 1),
                    (path, name, version) -> {}))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("more than 1 members");
  }

  @Test
  void aFileThatIsNotTheOneOfRepomdIsRefused() {
    byte[] altered = FILES.clone();
    altered[altered.length - 1] ^= 1;
    assertThatThrownBy(() -> files(altered, referenced(FILES)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("vouches");
  }

  /** An endless answer ends where the index says that the file does. */
  @Test
  void aFileLongerThanTheIndexSaysIsNotReadToItsEnd() {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }
        };
    Referenced expected =
        new Referenced("x", HashAlg.SHA256, Bytes.ofHex("00".repeat(32)), OptionalLong.of(100_000));
    assertThatThrownBy(
            () -> RpmMetadata.files(endless, expected, Budget.ofMetadata(), (path, digest) -> {}))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("vouches");
  }

  /** As a connection does: nothing can be read after it was closed. */
  private static InputStream onlyOnceClosed(byte[] content) {
    return new FilterInputStream(new ByteArrayInputStream(content)) {
      private boolean closed;

      @Override
      public int read(byte[] buffer, int from, int length) throws IOException {
        if (closed) {
          throw new IOException("closed");
        }
        return super.read(buffer, from, length);
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }

  @Test
  void packagesOfPrimary() throws IOException {
    byte[] primary =
        Archives.bytes(
            """
            <metadata xmlns="http://linux.duke.edu/metadata/common">
            <package type="rpm"><name>a</name><arch>x86_64</arch><version epoch="1" ver="2" rel="3"/>
            <checksum type="sha256" pkgid="YES">%1$s</checksum><size package="9" installed="8"/>
            <location href="a.rpm"/></package>
            <package type="rpm"><name>b</name><checksum type="sha">00</checksum><location href="b.rpm"/></package>
            <package type="src"><location href="no.rpm"/></package></metadata>
            """
                .formatted("ab".repeat(32)));
    assertThat(
            RpmMetadata.packages(onlyOnceClosed(primary), referenced(primary), Budget.ofMetadata()))
        .containsExactly(
            new PackageAt(
                "a.rpm",
                "a-1:2-3.x86_64",
                Optional.of(
                    new Referenced(
                        "a.rpm",
                        HashAlg.SHA256,
                        Bytes.ofHex("ab".repeat(32)),
                        OptionalLong.of(9)))),
            new PackageAt("b.rpm", "b-.", Optional.empty()));
  }

  @Test
  void documentTypesAndEntitiesAreRefused() {
    String[] attacks = {
      "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>",
      "<!DOCTYPE r SYSTEM \"http://127.0.0.1:1/x.dtd\"><r/>",
      "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><r>&b;</r>"
    };
    for (String attack : attacks) {
      assertThatThrownBy(() -> RpmMetadata.parse(Archives.bytes(attack)))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void whatIsNoXmlIsRefused() {
    for (String text : new String[] {"", "hello", "<a>", "<repomd/>"}) {
      assertThatThrownBy(() -> RpmMetadata.parse(Archives.bytes(text)))
          .isInstanceOf(MalformedException.class);
    }
  }
}
