package io.limestone.evidence;

import io.limestone.wire.Bytes;
import io.limestone.wire.LongBytes;

/**
 * A part of a node's IMA measurement list: the lines from entry {@code firstEntry} (0 is the first
 * since boot) on.
 *
 * @param text the kernel's {@code ascii_runtime_measurements}, byte for byte: one entry a line,
 *     file names are byte strings of no particular encoding
 */
public record ImaSlice(LongBytes text, long firstEntry) {
  public ImaSlice(Bytes text, long firstEntry) {
    this(LongBytes.of(text), firstEntry);
  }
}
