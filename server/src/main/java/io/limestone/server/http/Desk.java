package io.limestone.server.http;

import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one listener's requests are worked on: its routes, who may call them, how many run side by
 * side and how many bytes of bodies wait in memory. Safe for any thread.
 */
public final class Desk {
  private static final Logger LOG = LoggerFactory.getLogger(Desk.class);

  final LongAdder refusedConnections = new LongAdder();
  final LongAdder answered = new LongAdder();
  final LongAdder failed = new LongAdder();
  final LongAdder overdue = new LongAdder();

  private final Listener listener;
  private final Routes routes;
  private final Gate gate;
  private final Semaphore permits;
  private final AtomicLong buffered = new AtomicLong();

  Desk(Listener listener, Routes routes, Gate gate) {
    this.listener = listener;
    this.routes = routes;
    this.gate = gate;
    this.permits = new Semaphore(listener.limits().requests());
  }

  Listener listener() {
    return listener;
  }

  Routes routes() {
    return routes;
  }

  Gate gate() {
    return gate;
  }

  /** Requests being worked on. */
  public int busy() {
    return listener.limits().requests() - permits.availablePermits();
  }

  /** Reserves memory for a part of a body; false when the listener holds enough already. */
  boolean reserve(int bytes) {
    if (buffered.addAndGet(bytes) > listener.limits().buffered()) {
      buffered.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  void release(long bytes) {
    buffered.addAndGet(-bytes);
  }

  /**
   * Runs a request's handler on a virtual thread of its own and hands over its answer.
   *
   * @param done called once, on that thread, also when the handler was interrupted
   * @return the thread, to interrupt it; null when too many requests run already
   */
  @org.jspecify.annotations.Nullable
  Thread start(Route route, Request request, Consumer<Response> done) {
    if (!permits.tryAcquire()) {
      return null;
    }
    return Thread.ofVirtual()
        .name(listener.name() + " " + route.method() + " " + route.path())
        .start(
            () -> {
              try {
                done.accept(answer(route, request));
              } finally {
                permits.release();
              }
            });
  }

  /** The supervised edge: whatever a handler throws becomes an answer. */
  private Response answer(Route route, Request request) {
    try {
      Response response = route.handler().handle(request);
      answered.increment();
      return response;
    } catch (MalformedException e) {
      answered.increment();
      return Response.error(400, Encoding.printable(String.valueOf(e.getMessage()), 500));
    } catch (InterruptedException e) {
      return Response.empty(503);
    } catch (Exception e) {
      if (Thread.interrupted()) {
        return Response.empty(503);
      }
      failed.increment();
      LOG.error("{} {} failed", route.method(), route.path(), e);
      return Response.empty(500);
    }
  }

  /** Lines in Prometheus' text form. */
  public String metrics() {
    String label = "{listener=\"" + listener.name() + "\"} ";
    return "limestone_http_answered_total"
        + label
        + answered.sum()
        + "\nlimestone_http_failed_total"
        + label
        + failed.sum()
        + "\nlimestone_http_overdue_total"
        + label
        + overdue.sum()
        + "\nlimestone_http_refused_connections_total"
        + label
        + refusedConnections.sum()
        + "\nlimestone_http_busy"
        + label
        + busy()
        + "\n";
  }
}
