package io.limestone.content;

import io.limestone.wire.Bytes;

/**
 * A member of an archive: one step in building the file system that the archive stands for.
 *
 * @param path as written in the archive, UTF-8; other bytes have become U+FFFD
 */
public record Entry(String path, What what) {
  /** What a member does. */
  public sealed interface What {}

  /**
   * A regular file.
   *
   * @param owner its user id
   */
  public record File(Bytes digest, long owner) implements What {}

  public record Directory() implements What {}

  public record Symlink(String target) implements What {}

  /** Another name for a file of the same archive or of a layer below. */
  public record HardLink(String target) implements What {}

  /** A device, a FIFO, a socket: it hides what was there, and has no content. */
  public record Special() implements What {}

  /** A layer removes what the layers below have here (OCI image layer, "Whiteouts"). */
  public record Whiteout() implements What {}

  /** A layer removes all that the layers below have in this directory. */
  public record Opaque() implements What {}
}
