package io.limestone.server.verifier;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Where evidence is judged. Small answers at once, on the caller's virtual thread; others on
 * platform threads: a virtual thread that computes for seconds would hold one of the few carriers
 * that all nodes share. Those of medium size have as many threads as cores, and long ones have half
 * as many of their own, so that none ever waits for one of a larger {@link Size}. Whoever is
 * interrupted while he waits ends the work.
 */
final class Appraisers implements AutoCloseable {
  private final ExecutorService medium;
  private final ExecutorService lengthy;
  private final ExecutorService strangers;

  Appraisers() {
    this(Runtime.getRuntime().availableProcessors());
  }

  Appraisers(int cores) {
    medium = threads("appraiser-", cores);
    lengthy = threads("long-appraiser-", Math.max(1, cores / 2));
    strangers = threads("public-appraiser-", Math.max(1, cores / 2));
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

  /**
   * Judges what anybody may send, with a policy of his own that takes as long as he likes: on
   * threads that no node needs.
   */
  <T> T judgingForAnybody(Callable<T> work) throws InterruptedException {
    return waiting(strangers.submit(work));
  }

  private static <T> T waiting(Future<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      requireWanted(e.getCause());
      throw unchecked(e);
    } catch (InterruptedException e) {
      future.cancel(true);
      throw e;
    }
  }

  /** Whatever is thrown ends as an exception, as from the other threads. */
  private static <T> T call(Callable<T> work) throws InterruptedException {
    try {
      return work.call();
    } catch (Exception | StackOverflowError | OutOfMemoryError e) {
      requireWanted(e);
      throw unchecked(e);
    }
  }

  /** No verdict at all is not the same as a bad one. */
  private static void requireWanted(@Nullable Throwable thrown) throws InterruptedException {
    if (thrown instanceof CancellationException) {
      throw new InterruptedException(thrown.getMessage());
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
    strangers.shutdownNow();
  }
}
