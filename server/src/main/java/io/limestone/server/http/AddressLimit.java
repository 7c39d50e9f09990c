package io.limestone.server.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many of something there are at once, altogether and from one client address. Of IPv6 one /64
 * is one address: it is what one host gets. Safe for any thread.
 */
public final class AddressLimit {
  private final int most;
  private final int mostPerAddress;
  private final AtomicInteger total = new AtomicInteger();
  private final Map<String, Integer> perAddress = new ConcurrentHashMap<>();

  public AddressLimit(int most, int mostPerAddress) {
    this.most = most;
    this.mostPerAddress = mostPerAddress;
  }

  /** Takes a place, if there is one; then {@link #leave} gives it back. */
  public boolean enter(InetAddress address) {
    if (total.incrementAndGet() > most) {
      total.decrementAndGet();
      return false;
    }
    int now = perAddress.merge(key(address), 1, Integer::sum);
    if (now > mostPerAddress) {
      leave(address);
      return false;
    }
    return true;
  }

  public void leave(InetAddress address) {
    total.decrementAndGet();
    perAddress.computeIfPresent(key(address), (k, count) -> count == 1 ? null : count - 1);
  }

  public int total() {
    return total.get();
  }

  /** What counts as one address. */
  public static String key(InetAddress address) {
    return address instanceof Inet6Address v6
        ? Arrays.toString(Arrays.copyOf(v6.getAddress(), 8))
        : address.getHostAddress();
  }
}
