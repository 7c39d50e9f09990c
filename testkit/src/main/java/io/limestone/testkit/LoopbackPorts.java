package io.limestone.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Free TCP ports on loopback, below the kernel's ephemeral range so that no outgoing connection of
 * a test takes one between the look and the use. Each JVM starts at a place of its own and never
 * gives a port out twice.
 */
public final class LoopbackPorts {
  private static final int FIRST = 20_000;
  private static final int COUNT = 12_000;
  private static final AtomicInteger NEXT =
      new AtomicInteger((int) (ProcessHandle.current().pid() * 97 % COUNT));

  private LoopbackPorts() {}

  /** One free port. */
  public static int free() {
    return freeRun(1);
  }

  /**
   * The first of {@code length} adjacent free ports.
   *
   * @throws IllegalStateException when there is no such run
   */
  public static int freeRun(int length) {
    for (int tries = 0; tries < COUNT; tries += length) {
      int first = FIRST + Math.floorMod(NEXT.getAndAdd(length), COUNT);
      boolean free = true;
      for (int port = first; port < first + length && free; port++) {
        free = isFree(port);
      }
      if (free) {
        return first;
      }
    }
    throw new IllegalStateException("no " + length + " adjacent free ports on loopback");
  }

  private static boolean isFree(int port) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (java.net.BindException taken) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
