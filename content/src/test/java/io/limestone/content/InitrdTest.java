package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.lzo.LzopHadoopStreams;
import io.airlift.compress.zstd.ZstdOutputStream;
import io.limestone.content.Archives.Cpio;
import io.limestone.content.Archives.Wrapping;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.XZOutputStream;

class InitrdTest {
  private static final byte[] EARLY =
      new Cpio().file("kernel/x86/microcode/GenuineIntel.bin", "microcode").end();
  private static final byte[] MAIN =
      new Cpio().directory("usr").file("usr/foo", "foo\n").file("init", noise()).end();
  private static final Map<String, Bytes> BOTH =
      Archives.digests(
          "/kernel/x86/microcode/GenuineIntel.bin", "microcode",
          "/usr/foo", "foo\n",
          "/init", noise());

  private static String noise() {
    StringBuilder text = new StringBuilder();
    new Random(1).ints(200_000, ' ', '~').forEach(c -> text.append((char) c));
    return text.toString();
  }

  record Way(String name, Wrapping wrapping) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Way> ways() {
    return Stream.of(
        new Way("plain", out -> out),
        new Way("gzip", GZIPOutputStream::new),
        new Way("bzip2", BZip2CompressorOutputStream::new),
        new Way("xz", out -> new XZOutputStream(out, new LZMA2Options())),
        new Way("lzma", out -> new LZMAOutputStream(out, new LZMA2Options(), -1)),
        new Way("zstd", ZstdOutputStream::new),
        new Way("lz4", FramedLZ4CompressorOutputStream::new),
        new Way("lzop", out -> new LzopHadoopStreams().createOutputStream(out)));
  }

  private static Map<String, Bytes> read(byte[]... parts) throws IOException {
    return read(Budget.ofFileSystem(), parts);
  }

  private static Map<String, Bytes> read(Budget budget, byte[]... parts) throws IOException {
    return Archives.files(
        Initrd.read(new ByteArrayInputStream(Archives.concat(parts)), HashAlg.SHA256, budget));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void anEarlyArchiveAndTheMainOneInEveryCompression(Way way) throws IOException {
    byte[] main = Archives.compressed(MAIN, way.wrapping);
    assertThat(read(EARLY, new byte[388], main)).isEqualTo(BOTH);
    assertThat(read(main, new byte[1024])).hasSize(2);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void cutShortAnywhereItIsRefused(Way way) {
    byte[] main = Archives.compressed(MAIN, way.wrapping);
    for (int length = 1; length < main.length - 600; length += 9973) {
      byte[] part = Arrays.copyOf(main, length);
      assertThatThrownBy(() -> read(part)).isInstanceOf(MalformedException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void anyByteWrongIsAnAnswerAndNoCrash(Way way) throws IOException {
    byte[] small = Archives.compressed(EARLY, way.wrapping);
    for (int i = 0; i < small.length; i++) {
      byte[] wrong = small.clone();
      wrong[i] ^= 0x55;
      try {
        assertThat(read(wrong).size()).isLessThanOrEqualTo(1);
      } catch (MalformedException e) {
        assertThat(e).isNotNull();
      }
    }
  }

  @Test
  void segmentsOfDifferentCompressionsFollowEachOther() throws IOException {
    byte[] first = Archives.compressed(EARLY, GZIPOutputStream::new);
    byte[] second = Archives.compressed(MAIN, ZstdOutputStream::new);
    byte[] third =
        Archives.compressed(
            new Cpio().file("init", "late").end(),
            out -> new XZOutputStream(out, new LZMA2Options()));
    Map<String, Bytes> files = read(first, second, new byte[4], third);
    assertThat(files).hasSize(3).containsEntry("/init", Archives.sha256("late"));
  }

  @Test
  void lz4InTheKernelsOwnForm() throws IOException {
    // Made with `lz4 -l`: a cpio archive with one file "a" that holds "A" 100 times.
    byte[] plain = new Cpio().file("a", "A".repeat(100)).end();
    byte[] block = Lz4Literals.of(plain);
    byte[] legacy =
        Archives.concat(
            HexFormat.of().parseHex("02214c18"),
            new byte[] {(byte) block.length, (byte) (block.length >> 8), 0, 0},
            block);
    assertThat(read(legacy)).isEqualTo(Archives.digests("/a", "A".repeat(100)));
    byte[] second = new Cpio().file("b", "B".repeat(100)).end();
    byte[] more =
        Archives.concat(
            HexFormat.of().parseHex("02214c18"),
            new byte[] {(byte) Lz4Literals.of(second).length, 0, 0, 0},
            Lz4Literals.of(second));
    more[5] = (byte) (Lz4Literals.of(second).length >> 8);
    assertThat(read(legacy, more)).hasSize(2); // as `cat a.lz4 b.lz4`
    assertThat(read(legacy, new byte[4], MAIN)).hasSize(3); // zeros end the frame
  }

  /** An LZ4 block of literals alone. */
  private static final class Lz4Literals {
    static byte[] of(byte[] plain) {
      byte[] lengths = new byte[(plain.length - 15) / 255 + 1];
      Arrays.fill(lengths, (byte) 255);
      lengths[lengths.length - 1] = (byte) ((plain.length - 15) % 255);
      return Archives.concat(new byte[] {(byte) 0xf0}, lengths, plain);
    }
  }

  @Test
  void whatIsNoArchiveIsRefused() {
    assertThatThrownBy(() -> read(Archives.bytes("hello, world")))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> read(new byte[4096])).isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> read(MAIN, Archives.bytes("garbage")))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(
            () -> read(Archives.compressed(Archives.bytes("no cpio"), GZIPOutputStream::new)))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void aBombEndsAtItsBound() throws IOException {
    byte[] zeros = Archives.compressed(new byte[50 << 20], GZIPOutputStream::new);
    byte[] file =
        new Cpio()
            .header("070701", 0100644, 1, 1, 50 << 20, 2, 0)
            .padded(Archives.bytes("f\0"))
            .cut();
    byte[] bomb =
        Archives.compressed(Archives.concat(file, new byte[50 << 20]), GZIPOutputStream::new);
    assertThat(zeros.length).isLessThan(100_000);
    assertThatThrownBy(() -> read(new Budget(10 << 20, 1000), bomb))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("after decompression");
  }

  @Test
  void troubleOfTheDiskIsNoFaultOfTheArchive() {
    InputStream broken =
        new FilterInputStream(new ByteArrayInputStream(EARLY, 0, 100)) {
          @Override
          public int read(byte[] buffer, int from, int length) throws IOException {
            int n = super.read(buffer, from, length);
            if (n < 0) {
              throw new IOException("disk");
            }
            return n;
          }
        };
    assertThatThrownBy(() -> Initrd.read(broken, HashAlg.SHA256, Budget.ofFileSystem()))
        .isExactlyInstanceOf(IOException.class);
  }
}
