package io.limestone.cli.policy.create;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * The body of an answer, which ends with an error when the other side holds the connection and
 * sends next to nothing: an HTTP client's time-out is over once the headers are there.
 */
final class PatientStream extends FilterInputStream {
  /** In the time of its patience. */
  private static final long LEAST = 1024;

  private final String name;
  private final Duration patience;
  private final Thread watch;
  private final Object lock = new Object();
  private long bytes;
  private long waited;
  private long waitingSince = -1;
  private volatile boolean gaveUp;

  PatientStream(InputStream in, String name, Duration patience) {
    super(in);
    this.name = name;
    this.patience = patience;
    this.watch = Thread.ofVirtual().unstarted(this::watch);
  }

  PatientStream watched() {
    watch.start();
    return this;
  }

  private void watch() {
    try {
      do {
        Thread.sleep(patience);
      } while (isFastEnough());
      gaveUp = true;
      in.close();
    } catch (InterruptedException e) {
      // closed: there is nothing to watch any more
    } catch (IOException e) {
      // the reader sees that it was given up
    }
  }

  /** Only the time counts that a reader has waited in; it may have other things to do. */
  private boolean isFastEnough() {
    synchronized (lock) {
      long now = System.nanoTime();
      long all = waited + (waitingSince < 0 ? 0 : now - waitingSince);
      boolean enough = bytes >= LEAST || all < patience.toNanos() * 9 / 10;
      bytes = 0;
      waited = 0;
      waitingSince = waitingSince < 0 ? -1 : now;
      return enough;
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    synchronized (lock) {
      waitingSince = System.nanoTime();
    }
    int n = -1;
    try {
      n = super.read(buffer, from, length);
    } catch (IOException e) {
      throw gaveUp ? tooSlow() : e;
    } finally {
      synchronized (lock) {
        waited += System.nanoTime() - waitingSince;
        waitingSince = -1;
        bytes += Math.max(0, n);
      }
    }
    if (gaveUp) {
      throw tooSlow();
    }
    return n;
  }

  private IOException tooSlow() {
    return new IOException(
        name
            + ": fewer than "
            + LEAST
            + " bytes in "
            + patience.toSeconds()
            + " seconds; given up");
  }

  @Override
  public void close() throws IOException {
    watch.interrupt();
    super.close();
  }
}
