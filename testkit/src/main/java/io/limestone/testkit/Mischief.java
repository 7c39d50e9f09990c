package io.limestone.testkit;

import java.net.URI;
import java.time.Duration;

/** What a {@link HostileAgent} does instead of answering. */
public sealed interface Mischief {
  /** The right answer, late. */
  record Slow(Duration delay) implements Mischief {}

  /** Takes the request and never answers. */
  record Silent() implements Mischief {}

  /** The right answer, one byte at a time. */
  record Drip(Duration perByte) implements Mischief {}

  /** A body without end, as fast as it is read. */
  record Endless() implements Mischief {}

  /** A JSON text of this many bytes. */
  record Huge(long bytes) implements Mischief {}

  /** Status 200 with this body. */
  record Body(String text) implements Mischief {}

  /** The right answer's length, half of the right answer, and the connection closed. */
  record Truncated() implements Mischief {}

  /** An envelope with this code and status text. */
  record Status(int code, String text) implements Mischief {}

  /** 302. */
  record Redirect(URI to) implements Mischief {}

  /** JSON nested this deep. */
  static Mischief nested(int depth) {
    return new Body("[".repeat(depth) + "]".repeat(depth));
  }

  static Mischief apiVersionNotSupported(String version) {
    return new Status(400, "API version not supported: " + version);
  }
}
