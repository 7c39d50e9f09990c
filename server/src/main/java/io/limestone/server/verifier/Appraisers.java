package io.limestone.server.verifier;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Where evidence is judged. Small answers at once, on the caller's virtual thread; others on
 * platform threads: a virtual thread that computes for seconds would hold one of the few carriers
 * that all nodes share. Those of medium size have as many threads as cores, and long ones have half
 * as many of their own, so that none ever waits for one of a larger {@link Size}.
 */
final class Appraisers implements AutoCloseable {
  private final ExecutorService medium;
  private final ExecutorService lengthy;

  Appraisers() {
    this(Runtime.getRuntime().availableProcessors());
  }

  Appraisers(int cores) {
    medium = threads("appraiser-", cores);
    lengthy = threads("long-appraiser-", Math.max(1, cores / 2));
  }

  private static ExecutorService threads(String name, int count) {
    return Executors.newFixedThreadPool(
        count, Thread.ofPlatform().daemon().name(name, 0).factory());
  }

  <T> T judging(int size, Callable<T> work) throws InterruptedException {
    return switch (Size.of(size)) {
      case SMALL -> call(work);
      case MEDIUM -> waiting(medium.submit(work));
      case LONG -> waiting(lengthy.submit(work));
    };
  }

  private static <T> T waiting(Future<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw unchecked(e);
    } catch (InterruptedException e) {
      future.cancel(true);
      throw e;
    }
  }

  /** Whatever is thrown ends as an exception, as from the other threads. */
  private static <T> T call(Callable<T> work) {
    try {
      return work.call();
    } catch (Exception | StackOverflowError | OutOfMemoryError e) {
      throw unchecked(e);
    }
  }

  private static RuntimeException unchecked(Throwable thrown) {
    return switch (thrown) {
      case ExecutionException e when e.getCause() != null -> unchecked(e.getCause());
      case RuntimeException e -> e;
      case Error e -> new IllegalStateException(e); // such as a stack or heap that a log exhausted
      default -> new IllegalStateException(thrown);
    };
  }

  @Override
  public void close() {
    medium.shutdownNow();
    lengthy.shutdownNow();
  }
}
