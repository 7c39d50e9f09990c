package io.limestone.cli.rest;

import io.limestone.wire.MalformedException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a server listens: {@code host:port}, an IPv6 address in brackets. */
public record Address(String host, int port) {
  private static final Pattern TEXT =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?");

  public Address {
    if (port < 1 || port > 65535) {
      throw new MalformedException("a port is 1 to 65535, not " + port);
    }
  }

  /**
   * Reads {@code host}, {@code host:port} or {@code [v6]:port}.
   *
   * @throws MalformedException if it is none of these
   */
  public static Address parse(String text, int defaultPort) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new MalformedException("takes HOST:PORT (an IPv6 address in brackets)");
    }
    String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    String port = matcher.group(3);
    return new Address(host, port == null ? defaultPort : Integer.parseInt(port));
  }

  /** A host and port that came apart; the host is not in brackets. */
  public static Address of(String host, long port) {
    boolean v6 = host.indexOf(':') >= 0;
    if (port < 1 || port > 65535) {
      throw new MalformedException("a port is 1 to 65535, not " + port);
    }
    return parse((v6 ? "[" + host + "]" : host) + ":" + port, 1);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
