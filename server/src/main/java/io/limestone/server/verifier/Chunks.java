package io.limestone.server.verifier;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** Long evidence cut into pieces of fixed size, each known by its SHA-256 and stored deflated. */
final class Chunks {
  /** Bytes of a piece; the last one is shorter. */
  static final int SIZE = 64 * 1024;

  private Chunks() {}

  /**
   * A text in pieces.
   *
   * @param digests hex, in order
   */
  record Blob(long length, List<String> digests) {
    static final Blob EMPTY = new Blob(0, List.of());

    Blob {
      digests = List.copyOf(digests);
    }
  }

  /** A piece and its name. */
  record Chunk(String digest, Bytes content) {
    static Chunk of(byte[] content) {
      Bytes bytes = Bytes.of(content);
      return new Chunk(HashAlg.SHA256.digest(bytes).hex(), bytes);
    }
  }

  /** Cuts a text, with something before it, and hands out each piece. */
  static void cut(byte[] head, LongBytes text, Consumer<Chunk> each) {
    byte[] chunk = Arrays.copyOf(head, SIZE);
    int used = head.length;
    for (LongBytes.Piece piece : text.pieces()) {
      int at = piece.from();
      while (at < piece.to()) {
        int length = Math.min(SIZE - used, piece.to() - at);
        System.arraycopy(piece.array(), at, chunk, used, length);
        used += length;
        at += length;
        if (used == SIZE) {
          each.accept(Chunk.of(chunk));
          used = 0;
        }
      }
    }
    if (used > 0) {
      each.accept(Chunk.of(Arrays.copyOf(chunk, used)));
    }
  }

  static byte[] deflate(byte[] content) {
    try (Deflater deflater = new Deflater(Deflater.BEST_SPEED)) {
      deflater.setInput(content);
      deflater.finish();
      ByteArrayOutputStream out = new ByteArrayOutputStream(content.length / 2 + 64);
      byte[] part = new byte[8192];
      while (!deflater.finished()) {
        out.write(part, 0, deflater.deflate(part));
      }
      return out.toByteArray();
    }
  }

  /**
   * The content of a stored piece; never more than {@link #SIZE} bytes, whatever is stored.
   *
   * @throws MalformedException if it is not what its name says
   */
  static byte[] inflate(String digest, byte[] stored) {
    try (Inflater inflater = new Inflater()) {
      inflater.setInput(stored);
      byte[] content = new byte[SIZE + 1];
      int length = 0;
      while (!inflater.finished() && length < content.length) {
        int more = inflater.inflate(content, length, content.length - length);
        if (more == 0) {
          break;
        }
        length += more;
      }
      byte[] whole = Arrays.copyOf(content, length);
      if (length > SIZE || !Chunk.of(whole).digest().equals(digest)) {
        throw new MalformedException("a chunk of kept evidence is not what its digest says");
      }
      return whole;
    } catch (DataFormatException e) {
      throw new MalformedException("a chunk of kept evidence is not deflated", e);
    }
  }
}
