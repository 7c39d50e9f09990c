package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppraisersTest {
  private static final int MEDIUM = Size.MEDIUM.most();
  private static final int LONG = MEDIUM + 1;

  /**
   * Many times more long appraisals than cores, none of which comes to an end before all others
   * have.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8})
  @Timeout(60) // only a failure takes so long
  void t7_longAppraisalsKeepNoShorterOneWaiting(int cores) throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (Appraisers appraisers = new Appraisers(cores);
        ExecutorService nodes = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> longOnes = new ArrayList<>();
      for (int i = 0; i < 10 * cores; i++) {
        longOnes.add(
            nodes.submit(
                () ->
                    appraisers.judging(
                        LONG,
                        () -> {
                          most.accumulateAndGet(running.incrementAndGet(), Math::max);
                          gate.await();
                          running.decrementAndGet();
                          return "long";
                        })));
      }
      while (running.get() < Math.max(1, cores / 2)) {
        Thread.onSpinWait();
      }
      List<Future<String>> others = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        int size = i % 10 == 0 ? MEDIUM : i % Size.SMALL.most();
        others.add(nodes.submit(() -> appraisers.judging(size, () -> "done")));
      }
      for (Future<String> other : others) {
        assertThat(other.get()).isEqualTo("done");
      }
      assertThat(longOnes).noneMatch(Future::isDone);
      gate.countDown();
      for (Future<String> one : longOnes) {
        assertThat(one.get()).isEqualTo("long");
      }
    }
    assertThat(most.get()).as("long ones at once").isEqualTo(Math.max(1, cores / 2));
  }

  @Test
  void smallOnesAreJudgedWhereTheyAreAsked() throws Exception {
    try (Appraisers appraisers = new Appraisers(1)) {
      assertThat(appraisers.judging(Size.SMALL.most(), Thread::currentThread))
          .isSameAs(Thread.currentThread());
    }
  }

  @Test
  void anErrorInTheWorkIsNoVerdict() throws Exception {
    try (Appraisers appraisers = new Appraisers(1)) {
      for (int size : new int[] {0, MEDIUM, LONG}) {
        assertThat(
                catchThrowable(
                    () ->
                        appraisers.judging(
                            size,
                            () -> {
                              throw new IllegalArgumentException("hostile");
                            })))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  /** Else the thread of a node's round would end, and with it the asking: nobody would be told. */
  @Test
  void t10_aStackOrHeapThatALogExhaustsEndsAsAnExceptionOfEverySize() throws Exception {
    try (Appraisers appraisers = new Appraisers(1)) {
      for (int size : new int[] {0, MEDIUM, LONG}) {
        for (Error thrown : List.of(new StackOverflowError(), new OutOfMemoryError())) {
          assertThat(
                  catchThrowable(
                      () ->
                          appraisers.judging(
                              size,
                              () -> {
                                throw thrown;
                              })))
              .isInstanceOf(IllegalStateException.class)
              .hasCause(thrown);
        }
      }
    }
  }

  @Test
  @Timeout(60) // only a failure takes so long
  void t7_whatAnybodyMaySendKeepsNoNodeWaiting() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    try (Appraisers appraisers = new Appraisers(2);
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> strangers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        strangers.add(
            callers.submit(
                () ->
                    appraisers.judgingForAnybody(
                        () -> {
                          gate.await();
                          return "strange";
                        })));
      }
      for (int size : new int[] {0, MEDIUM, LONG}) {
        assertThat(callers.submit(() -> appraisers.judging(size, () -> "done")).get())
            .isEqualTo("done");
      }
      gate.countDown();
      for (Future<String> one : strangers) {
        assertThat(one.get()).isEqualTo("strange");
      }
    }
  }

  @Test
  @Timeout(60) // only a failure takes so long
  void t7_whoeverIsInterruptedEndsTheWork() throws Exception {
    try (Appraisers appraisers = new Appraisers(1);
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int size : new int[] {0, MEDIUM, LONG}) {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        Future<String> caller =
            callers.submit(
                () ->
                    appraisers.judging(
                        size,
                        () -> {
                          begun.countDown();
                          while (!Thread.currentThread().isInterrupted()) {
                            Thread.onSpinWait();
                          }
                          ended.countDown();
                          throw new CancellationException("as an appraisal does");
                        }));
        begun.await();
        caller.cancel(true);
        ended.await();
      }
    }
  }
}
