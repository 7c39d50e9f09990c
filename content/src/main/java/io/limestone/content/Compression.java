package io.limestone.content;

import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * The ways in which archives, layers and metadata are compressed, told apart by their first bytes.
 */
public enum Compression {
  GZIP("1f8b"),
  BZIP2("425a68"),
  XZ("fd377a585a00"),
  LZMA("5d0000"),
  ZSTD("28b52ffd"),
  LZ4("04224d18"),
  LZ4_LEGACY("02214c18"),
  LZOP("894c5a4f000d");

  /** Bytes that suffice to tell them apart. */
  static final int MAGIC = 6;

  /** KiB that a dictionary may take; xz -9 needs 65 MiB. */
  private static final int MEMORY_LIMIT = 128 * 1024;

  @SuppressWarnings("ImmutableEnumChecker") // never changed
  private final byte[] magic;

  Compression(String magic) {
    this.magic = HexFormat.of().parseHex(magic);
  }

  /** What these first bytes begin; nothing if it is none of the known ways. */
  public static Optional<Compression> of(byte[] head) {
    for (Compression one : values()) {
      int length = one.magic.length;
      if (head.length >= length && Arrays.equals(head, 0, length, one.magic, 0, length)) {
        return Optional.of(one);
      }
    }
    return Optional.empty();
  }

  /**
   * The content of a stream that may be compressed. What is wrong with compressed data is a {@link
   * MalformedException}; what goes wrong while reading {@code in} stays an {@link IOException}.
   */
  public static InputStream decompressed(InputStream in) throws IOException {
    PushbackInputStream all = new PushbackInputStream(in, MAGIC);
    byte[] head = all.readNBytes(MAGIC);
    all.unread(head);
    Optional<Compression> found = ZstdFrame.isSkippable(head) ? Optional.of(ZSTD) : of(head);
    return found.isPresent() ? new Members(found.get(), new PeekStream(all)) : all;
  }

  /**
   * One compressed unit. Where the way knows its own end and {@code in} can be marked, {@code in}
   * stands right behind it afterwards.
   */
  InputStream open(InputStream in) throws IOException {
    InputStream source = new Source(in);
    try {
      return new Guarded(this, decoder(source));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (IOException | RuntimeException e) {
      throw malformed(e);
    }
  }

  private InputStream decoder(InputStream in) throws IOException {
    return switch (this) {
      case GZIP -> GzipCompressorInputStream.builder().setInputStream(in).get();
      case BZIP2 -> new BZip2CompressorInputStream(in, false);
      case XZ -> new SingleXZInputStream(in, MEMORY_LIMIT);
      case LZMA -> new LZMAInputStream(in, MEMORY_LIMIT);
      case ZSTD -> ZstdFrame.content(in);
      case LZ4 -> new FramedLZ4CompressorInputStream(in, false);
      case LZ4_LEGACY -> new Lz4LegacyInputStream(in);
      case LZOP -> new LzopInputStream(in);
    };
  }

  private MalformedException malformed(Exception e) {
    String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new MalformedException("not valid " + name() + " data: " + why, e);
  }

  /** Tells trouble of the source from trouble with what it holds. */
  private static final class Source extends FilterInputStream {
    Source(InputStream in) {
      super(in);
    }

    @Override
    public int read() {
      try {
        return super.read();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public int read(byte[] buffer, int from, int length) {
      try {
        return super.read(buffer, from, length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Guarded extends InputStream {
    private final Compression way;
    private final InputStream decoder;

    Guarded(Compression way, InputStream decoder) {
      this.way = way;
      this.decoder = decoder;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      try {
        return decoder.read(buffer, from, length);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      } catch (MalformedException e) {
        throw e;
      } catch (IOException | RuntimeException e) {
        throw way.malformed(e);
      }
    }

    @Override
    public void close() throws IOException {
      decoder.close();
    }
  }

  /**
   * One unit after another, as {@code cat a.gz b.gz} makes them, and padding of zeros at the end.
   */
  private static final class Members extends InputStream {
    private final Compression way;
    private final PeekStream in;
    private InputStream unit = InputStream.nullInputStream();

    Members(Compression way, PeekStream in) {
      this.way = way;
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      while (true) {
        int n = unit.read(buffer, from, length);
        if (n >= 0 || !another()) {
          return n;
        }
        unit = way.open(in);
      }
    }

    private boolean another() throws IOException {
      in.skipZeros();
      byte[] head = in.peek(MAGIC);
      while (way == ZSTD && ZstdFrame.isSkippable(head)) { // as zstd:chunked and pzstd write them
        ZstdFrame.skip(in);
        head = in.peek(MAGIC);
      }
      if (head.length > 0 && of(head).orElse(null) != way) {
        throw new MalformedException("something follows the " + way + " data");
      }
      return head.length > 0;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
