package io.limestone.server;

import io.limestone.server.http.Route;
import java.util.List;

/**
 * A part of the server: registrar, verifier. It is made from the {@link Shared} things, gives its
 * routes, is started when its listeners are about to open, and closed after they closed.
 */
public interface Part extends AutoCloseable {
  String name();

  List<Route> routes();

  /** Starts what runs by itself, such as polling. */
  void start();

  /** Lines in the text form of Prometheus, for the management port. */
  default String metrics() {
    return "";
  }

  /** Ends what {@link #start} started, within a few seconds. */
  @Override
  void close();
}
