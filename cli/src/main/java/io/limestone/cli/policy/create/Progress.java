package io.limestone.cli.policy.create;

import io.limestone.cli.args.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What goes on, and what the operator should know. Counts move only where a person looks on: on a
 * terminal. Safe from any thread.
 */
final class Progress {
  private static final long EVERY = 200_000_000;

  private final Output output;
  private final boolean live;
  private final boolean verbose;
  private final AtomicLong count = new AtomicLong();
  private final AtomicLong shown = new AtomicLong();
  private volatile String what = "";

  Progress(Output output, boolean verbose) {
    this.output = output;
    this.live = isTerminal();
    this.verbose = verbose;
  }

  private static boolean isTerminal() {
    try {
      String errors = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return errors.startsWith("/dev/pts/") || errors.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false; // cannot be told: no moving counts
    }
  }

  /** Begins to count something, such as {@code files below /}. */
  void begin(String what) {
    this.what = what;
    count.set(0);
  }

  void step() {
    long now = System.nanoTime();
    long steps = count.incrementAndGet();
    long last = shown.get();
    if (live && now - last > EVERY && shown.compareAndSet(last, now)) {
      output.err().print("\r" + what + ": " + steps + "\u001b[K");
      output.err().flush();
    }
  }

  /** Ends the count. */
  void done() {
    if (live) {
      output.err().print("\r\u001b[K");
    }
    detail(what + ": " + count.get());
  }

  /** For {@code --verbose}. */
  void detail(String text) {
    if (verbose) {
      output.note(text);
    }
  }

  /** Something that the operator should know. */
  void warn(String text) {
    output.note((live ? "\r\u001b[K" : "") + text);
  }
}
