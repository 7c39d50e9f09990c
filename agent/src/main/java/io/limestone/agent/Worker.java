package io.limestone.agent;

import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Does what a delivery sets off, one thing after another on a thread of its own, so that the sender
 * has its answer at once. What does not fit the queue is dropped and told.
 */
final class Worker implements AutoCloseable {
  private static final int WAITING = 32;

  private final ThreadPoolExecutor executor =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING),
          Thread.ofVirtual().name("worker").factory());

  /** Work that may fail: the failure is logged, and the agent goes on. */
  interface Task {
    void run() throws IOException, InterruptedException;
  }

  void submit(String name, Task task) {
    try {
      executor.execute(() -> supervise(name, task));
    } catch (RejectedExecutionException e) {
      Log.error(name + " dropped: too much is waiting");
    }
  }

  private static void supervise(String name, Task task) {
    try {
      task.run();
    } catch (MalformedException | IOException e) {
      Log.error(name + " failed", "reason", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
