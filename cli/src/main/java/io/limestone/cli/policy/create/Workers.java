package io.limestone.cli.policy.create;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A few threads that share work; results come back in the order of the items. */
final class Workers implements AutoCloseable {
  /** Items under way for each thread, so that slow ones do not hold up the rest. */
  private static final int AHEAD = 64;

  private final int size;
  private final ExecutorService threads;

  Workers(int size) {
    this.size = size;
    this.threads = Executors.newFixedThreadPool(size);
  }

  /** As many as the machine has cores. */
  static Workers perCore() {
    return new Workers(Runtime.getRuntime().availableProcessors());
  }

  /** Work on one item, on one of the threads. */
  interface Work<T, R> {
    R on(T item) throws IOException, InterruptedException;
  }

  /** Takes a result, on the caller's thread. */
  interface Then<R> {
    void take(R result) throws IOException, InterruptedException;
  }

  /** Does the work on each item; the first exception, in the order of the items, ends it. */
  <T, R> void each(Iterator<T> items, Work<T, R> work, Then<R> then)
      throws IOException, InterruptedException {
    Deque<Future<R>> under = new ArrayDeque<>();
    try {
      while (items.hasNext() || !under.isEmpty()) {
        while (items.hasNext() && under.size() < size * AHEAD) {
          T item = items.next();
          under.add(threads.submit(() -> work.on(item)));
        }
        then.take(result(under.remove()));
      }
    } finally {
      under.forEach(one -> one.cancel(true));
    }
  }

  private static <R> R result(Future<R> future) throws IOException, InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case InterruptedException interrupted -> throw interrupted;
        case RuntimeException runtime -> throw runtime;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
