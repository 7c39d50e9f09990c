package io.limestone.server.verifier;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Where evidence is judged. Small answers at once, on the caller's virtual thread; long ones on a
 * few platform threads, as many as cores: a virtual thread that computes for seconds would hold one
 * of the few carriers that all nodes share.
 */
final class Appraisers implements AutoCloseable {
  private final ExecutorService heavy =
      Executors.newFixedThreadPool(
          Runtime.getRuntime().availableProcessors(),
          Thread.ofPlatform().daemon().name("appraiser-", 0).factory());

  <T> T judging(int size, Callable<T> work) throws InterruptedException {
    if (size <= Collector.SMALL) {
      return call(work);
    }
    Future<T> future = heavy.submit(work);
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw unchecked(e);
    } catch (InterruptedException e) {
      future.cancel(true);
      throw e;
    }
  }

  private static <T> T call(Callable<T> work) {
    try {
      return work.call();
    } catch (Exception e) {
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
    heavy.shutdownNow();
  }
}
