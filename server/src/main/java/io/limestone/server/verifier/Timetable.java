package io.limestone.server.verifier;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Starts each node's next request when it is due, on a virtual thread of its own. The one timer
 * thread does nothing else, so that nothing can hold it up.
 */
final class Timetable implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final InstantSource clock;
  private final Consumer<Watched> request;
  private final ScheduledThreadPoolExecutor timer;
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();

  Timetable(InstantSource clock, Consumer<Watched> request) {
    this.clock = clock;
    this.request = request;
    timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("timetable").factory());
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  Future<?> at(Instant due, Watched node) {
    long delay = Math.max(0, Duration.between(clock.instant(), due).toNanos());
    try {
      return timer.schedule(() -> start(node), delay, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException closed) {
      return CompletableFuture.completedFuture(null);
    }
  }

  private void start(Watched node) {
    Thread.ofVirtual()
        .name("node-" + node.enrolled().id())
        .start(
            () -> {
              running.add(Thread.currentThread());
              try {
                request.accept(node);
              } finally {
                running.remove(Thread.currentThread());
              }
            });
  }

  /** Lets nothing new begin, interrupts what is under way and waits for it a little. */
  @Override
  public void close() {
    timer.shutdownNow();
    running.forEach(Thread::interrupt);
    try {
      for (Thread thread : running) {
        if (!thread.join(PATIENCE)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
