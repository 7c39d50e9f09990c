package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.Archives.Cpio;
import io.limestone.content.InitrdTest.Way;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Archives that were made to do harm: refused as malformed with bounded memory, whatever they
 * claim.
 */
class HostileArchivesTest {
  private static Map<String, Bytes> tar(byte[]... parts) throws IOException {
    return layer(new Budget(4 << 20, 10_000), parts);
  }

  private static Map<String, Bytes> layer(Budget budget, byte[]... parts) throws IOException {
    FileTree tree = new FileTree();
    tree.apply(
        TarFileSystem.read(
            new ByteArrayInputStream(Archives.concat(parts)), HashAlg.SHA256, budget, true));
    return Archives.files(tree);
  }

  private static Map<String, Bytes> initrd(byte[] image) throws IOException {
    return Archives.files(
        Initrd.read(new ByteArrayInputStream(image), HashAlg.SHA256, new Budget(4 << 20, 10_000)));
  }

  /** One tar archive of several, each ended only where the last one is. */
  private static byte[] joined(byte[]... archives) {
    List<byte[]> parts = new ArrayList<>();
    for (byte[] archive : archives) {
      int end = archive.length;
      while (isZero(archive, end - 512)) {
        end -= 512;
      }
      parts.add(Arrays.copyOf(archive, end));
    }
    parts.add(new byte[1024]);
    return Archives.concat(parts.toArray(byte[][]::new));
  }

  private static boolean isZero(byte[] archive, int from) {
    for (int i = from; i < from + 512; i++) {
      if (archive[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private static byte[] file(String name, String content) {
    return Archives.tar(Archives.ordered(name, content));
  }

  /** A header alone, with a right check sum. */
  private static byte[] header(String name, char type, byte[] size) {
    byte[] header = new byte[512];
    System.arraycopy(Archives.bytes(name), 0, header, 0, name.length());
    System.arraycopy(size, 0, header, 124, size.length);
    header[156] = (byte) type;
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    System.arraycopy(Archives.bytes("%06o\0 ".formatted(sum)), 0, header, 148, 8);
    return header;
  }

  private static byte[] extended(char type, String content) {
    byte[] bytes = Archives.bytes(content);
    return Archives.concat(
        header("x", type, Archives.bytes("%011o\0".formatted(bytes.length))),
        bytes,
        new byte[-bytes.length & 511]);
  }

  private static String pax(String key, String value) {
    int rest = key.length() + value.length() + 3;
    int length = rest + 1;
    while (Integer.toString(length).length() + rest != length) {
      length++;
    }
    return length + " " + key + "=" + value + "\n";
  }

  static List<Way> ways() {
    return InitrdTest.ways().filter(way -> !way.name().equals("plain")).toList();
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aBombInAnyCompressionEndsAtItsBound(Way way) {
    byte[] head =
        new Cpio()
            .header("070701", 0100644, 1, 1, 32 << 20, 2, 0)
            .padded(Archives.bytes("f\0"))
            .cut();
    byte[] bomb = Archives.compressed(Archives.concat(head, new byte[32 << 20]), way.wrapping());
    assertThat(bomb.length).isLessThan(1 << 20);
    assertThatThrownBy(() -> initrd(bomb))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("after decompression");
  }

  @ParameterizedTest
  @CsvSource({
    "a zstd window of 3.75 TiB, 28b52ffd 00 ff",
    "a zstd window of 256 MiB, 28b52ffd 00 90",
    "zstd content of 2^62 bytes in one segment, 28b52ffd e0 0000000000000040 010000",
    "zstd content of 2 GiB in one segment, 28b52ffd a0 ffffff7f 010000",
    "an xz dictionary of 1 GiB, fd377a585a000004e6d6b44602002101240000005e1fc7f900",
    "an lzma dictionary of 1 GiB, 5d00000040 ffffffffffffffff 00 00000000",
    "an lz4 block of 2 GiB, 02214c18 ffffff7f 00",
    "an lzop block of 2 GiB, 894c5a4f000d0a1a0a 1040 20a0 0940 03 09 00000000 000081a4 00000000"
        + " 00000000 00 00000000 7fffffff 7ffffffe 00",
  })
  void whatADecoderWouldSetAsideForAClaimIsBounded(String what, String hex) {
    byte[] image = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThatThrownBy(() -> initrd(image))
        .as(what)
        .isInstanceOf(MalformedException.class)
        .hasMessageMatching(".*(more than|memory|a block of).*");
  }

  @ParameterizedTest
  @MethodSource("ways")
  void compressedDataWithinCompressedDataIsNotOpened(Way way) {
    byte[] inner = Archives.compressed(new Cpio().file("f", "x").end(), way.wrapping());
    byte[] nested = Archives.compressed(inner, GZIPOutputStream::new);
    assertThatThrownBy(() -> initrd(nested))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("at offset 0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a/../../x", "a/..", "./../x", "/../x"})
  void aNameThatLeadsOutOfALayerIsRefused(String name) {
    assertThatThrownBy(() -> tar(file(name, "x")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("leads out");
    assertThatThrownBy(() -> tar(Archives.tarLink("l", TarConstants.LF_LINK, name)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("leads out");
  }

  @Test
  void anAbsoluteNameInALayerIsBelowItsRoot() throws IOException {
    assertThat(tar(file("//etc/x", "x"))).isEqualTo(Archives.digests("/etc/x", "x"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc/x", "../x"})
  void aNameThatLeadsOutOfAnInitrdIsRefused(String name) {
    assertThatThrownBy(() -> initrd(new Cpio().file(name, "x").end()))
        .isInstanceOf(MalformedException.class);
  }

  @ParameterizedTest
  @CsvSource({"a, a", "a, later", "a, no/such", "a, loop/x"})
  void aHardLinkToItselfOrForwardOrToNothingIsRefused(String name, String target) {
    byte[] archive =
        joined(
            Archives.tarLink("loop", TarConstants.LF_SYMLINK, "loop"),
            Archives.tarLink(name, TarConstants.LF_LINK, target),
            file("later", "x"));
    assertThatThrownBy(() -> tar(archive))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("is not there");
  }

  @Test
  void hardLinksInACircleAreRefused() {
    byte[] archive =
        joined(
            Archives.tarLink("a", TarConstants.LF_LINK, "b"),
            Archives.tarLink("b", TarConstants.LF_LINK, "a"));
    assertThatThrownBy(() -> tar(archive)).isInstanceOf(MalformedException.class);
  }

  @Test
  void aFileThroughLinksInACircleIsRefused() {
    byte[] archive =
        joined(
            Archives.tarLink("a", TarConstants.LF_SYMLINK, "b"),
            Archives.tarLink("b", TarConstants.LF_SYMLINK, "./a"),
            file("a/x", "x"));
    assertThatThrownBy(() -> tar(archive)).isInstanceOf(MalformedException.class);
  }

  @Test
  void linksThatDoubleAtEachStepEndInTime() {
    List<byte[]> links = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      links.add(
          Archives.tarLink("l" + i, TarConstants.LF_SYMLINK, "l" + (i + 1) + "/../l" + (i + 1)));
    }
    links.add(file("l0/x", "x"));
    assertThatThrownBy(() -> tar(joined(links.toArray(byte[][]::new))))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void extendedHeadersAreBoundedInSizeAndNumber() throws IOException {
    byte[] member = file("f", "x");
    String attribute = pax("SCHILY.xattr.security.ima", "x".repeat(100_000));
    assertThat(tar(extended('x', attribute), member)).hasSize(1);
    byte[] huge = extended('x', pax("SCHILY.xattr.user.x", "x".repeat(1 << 20)));
    assertThatThrownBy(() -> tar(huge, member))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("extended header");
    byte[][] many = new byte[40][];
    Arrays.fill(many, extended('x', attribute));
    assertThatThrownBy(() -> tar(Archives.concat(many), member))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("in a row");
    assertThatThrownBy(() -> tar(extended('x', attribute)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("ends behind");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"7 path=", "999999999 path=x\n", "-5 path=x\n", "12 path\n", "x", "0 a=b\n"})
  void aPaxRecordOfAWrongLengthIsRefused(String record) {
    assertThatThrownBy(() -> tar(extended('x', record), file("f", "x")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("pax");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size"})
  void sparseFilesAreRefusedInEveryForm(String key) {
    assertThatThrownBy(() -> tar(extended('x', pax(key, "1")), file("f", "x")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("sparse");
    assertThatThrownBy(() -> tar(header("f", 'S', new byte[12])))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("sparse");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ffffffffffffffffffffffff", // -1
        "800000000000000100000000", // 2^32
        "8000000fffffffffffffffff", // 2^60
        "80ffffffffffffffffffffff", // far more than 64 bits
        "373737373737373737373737", // 777777777777 in octal digits
        "2d3100000000000000000000", // "-1"
        "393900000000000000000000", // "99"
      })
  void aSizeThatIsNegativeOrOverflowsIsRefused(String hex) {
    byte[] size = HexFormat.of().parseHex(hex);
    for (char type : "0xgLK".toCharArray()) {
      assertThatThrownBy(() -> tar(header("f", type, size), new byte[1024]))
          .isInstanceOf(MalformedException.class);
    }
    for (String decimal :
        List.of("-1", "1e3", "99999999999999999999", " 1", "999999999999999999")) {
      assertThatThrownBy(() -> tar(extended('x', pax("size", decimal)), file("f", "x")))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void aDirectoryWithDataHidesNoMembers() {
    byte[] hidden = file("usr/bin/hidden", "x");
    byte[] size = Archives.bytes("%011o\0".formatted(hidden.length));
    assertThatThrownBy(() -> tar(header("usr/bin/", '0', size), hidden, new byte[1024]))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("directory");
  }

  @Test
  void oneBlockOfZerosEndsNoArchive() {
    byte[] whole = file("a", "x");
    assertThatThrownBy(() -> tar(Arrays.copyOf(whole, 1536), whole))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("zeros");
  }

  @Test
  void manyMembersAreBoundedInNumberAndInTheLengthOfTheirNames() {
    Budget budget = new Budget(1 << 30, 500);
    byte[][] archives = new byte[501][];
    for (int i = 0; i < archives.length; i++) {
      archives[i] = header("f" + i, '0', new byte[12]);
    }
    assertThatThrownBy(() -> layer(budget, archives))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("members");
    byte[] longName = file("n".repeat(4000), "");
    byte[][] few = new byte[10][];
    Arrays.fill(few, longName);
    assertThatThrownBy(() -> layer(new Budget(1 << 30, 500), joined(few)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("names");
  }

  @Test
  void directoriesThatNamesOnlyImplyAreBounded() {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 2100; i++) {
      entries.add(new Entry(i + "/d".repeat(500) + "/f", new Entry.Directory()));
    }
    assertThatThrownBy(() -> new FileTree().apply(entries))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("imply");
  }

  @Test
  void devicesHideWhatWasThereAndHaveNoContent() throws IOException {
    byte[] archive =
        joined(
            file("dev", "x"),
            header("dev", '3', new byte[12]),
            file("pipe", "x"),
            header("pipe", '6', new byte[12]),
            file("f", "x"));
    assertThat(tar(archive)).isEqualTo(Archives.digests("/f", "x"));
  }

  @Test
  void ofTwoMembersOfOneNameTheLastOneCounts() throws IOException {
    assertThat(tar(joined(file("a", "1"), file("./a", "2"))))
        .isEqualTo(Archives.digests("/a", "2"));
    assertThat(initrd(new Cpio().file("a", "1").file("./a", "2").end()))
        .isEqualTo(Archives.digests("/a", "2"));
  }

  @ParameterizedTest
  @ValueSource(strings = {".wh.", "usr/.wh.", "usr/.wh..", "usr/.wh..."})
  void aWhiteoutOfNothingIsRefused(String name) {
    assertThatThrownBy(() -> tar(file(name, "")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("whiteout of nothing");
  }

  @Test
  void aZeroByteInANameIsRefused() {
    assertThatThrownBy(() -> tar(extended('x', pax("path", "a\0b")), file("f", "x")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("zero byte");
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aSmallArchiveCutAtAnyByteIsRefused(Way way) {
    byte[] small = new Cpio().file("a", "abc").symlink("l", "a").link("h", 9, 2, "hard").end();
    byte[] image = Archives.compressed(small, way.wrapping());
    for (int length = 0; length < image.length; length++) {
      byte[] cut = Arrays.copyOf(image, length);
      assertThatThrownBy(() -> initrd(cut))
          .as("%s of %s bytes", cut.length, image.length)
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void aLayerCutAtAnyByteIsMalformedOrEndsBetweenTwoMembers() throws IOException {
    byte[] whole = joined(file("a", "abc"), file("n".repeat(200), "y"), file("b", ""));
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      try {
        Map<String, Bytes> files = tar(cut);
        assertThat(cut.length % 512).isZero(); // a manifest's digest tells them from the whole one
        assertThat(tar(whole)).containsAllEntriesOf(files);
      } catch (MalformedException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }
}
