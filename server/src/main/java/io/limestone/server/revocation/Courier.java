package io.limestone.server.revocation;

import io.limestone.server.nodes.Rhythm;
import io.limestone.server.store.Database;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers what lies in the outbox. A recipient that refuses is asked again as often as a node is
 * (verifier-api.md §3.3); one that cannot be reached for up to a day, since a notice that is lost
 * because a receiver was restarted helps nobody. At least once: a crash between an arrival and its
 * record repeats it.
 */
public final class Courier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Courier.class);
  private static final int AT_ONCE = 32;
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);
  private static final Duration PATIENCE = Duration.ofDays(1);
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final Database database;
  private final Outbox outbox;
  private final Map<Channel, Carrier> carriers;
  private final Rhythm rhythm;
  private final InstantSource clock;
  private final Semaphore places = new Semaphore(AT_ONCE);
  private final Semaphore bell = new Semaphore(0);
  private final Set<Long> underWay = ConcurrentHashMap.newKeySet();
  private final Thread loop = Thread.ofVirtual().name("courier").unstarted(this::run);

  /** A courier that is idle until {@link #start}; {@code carriers} is complete by then. */
  public Courier(
      Database database,
      Outbox outbox,
      Map<Channel, Carrier> carriers,
      Rhythm rhythm,
      InstantSource clock) {
    this.database = database;
    this.outbox = outbox;
    this.carriers = carriers;
    this.rhythm = rhythm;
    this.clock = clock;
  }

  public void start() {
    loop.start();
  }

  /** There is something new. */
  public void wake() {
    bell.release();
  }

  private void run() {
    try {
      sweep();
      while (!Thread.currentThread().isInterrupted()) {
        Duration pause = LOOK;
        try {
          pause = round();
        } catch (JdbiException e) {
          LOG.error("the outbox cannot be read; tried again soon", e);
        }
        if (bell.tryAcquire(pause.toNanos(), TimeUnit.NANOSECONDS)) {
          bell.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sweep() {
    try {
      database.write(
          h -> {
            outbox.sweep(h, clock.instant());
            return true;
          });
    } catch (JdbiException e) {
      LOG.error("old notices could not be removed", e);
    }
  }

  /** Sends what is due; returns how long there is nothing more to do. */
  private Duration round() throws InterruptedException {
    Instant now = clock.instant();
    List<Delivery> due = database.read(h -> outbox.due(h, now, AT_ONCE + underWay.size()));
    for (Delivery delivery : due) {
      if (underWay.add(delivery.seq())) {
        places.acquire();
        Thread.ofVirtual().name("notice-" + delivery.seq()).start(() -> deliver(delivery));
      }
    }
    Optional<Instant> next = database.read(h -> outbox.nextAfter(h, now));
    Duration pause = next.map(at -> Duration.between(clock.instant(), at)).orElse(LOOK);
    return pause.compareTo(LOOK) > 0 ? LOOK : pause.isNegative() ? Duration.ZERO : pause;
  }

  private void deliver(Delivery delivery) {
    try {
      Carrier carrier = carriers.get(delivery.channel());
      Carrier.Outcome outcome =
          carrier == null
              ? new Carrier.Outcome.Done("not sent: the channel is turned off")
              : carrier.carry(delivery);
      record(delivery, outcome);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (JdbiException e) {
      LOG.error("delivery {} could not be recorded; it will be repeated", delivery.seq(), e);
    } finally {
      underWay.remove(delivery.seq());
      places.release();
      wake();
    }
  }

  private void record(Delivery delivery, Carrier.Outcome outcome) {
    int attempts = delivery.attempts() + 1;
    boolean young = clock.instant().isBefore(delivery.madeAt().plus(PATIENCE));
    String words;
    boolean again;
    switch (outcome) {
      case Carrier.Outcome.Done(String how) -> {
        words = how;
        again = false;
      }
      case Carrier.Outcome.Refused(String why) -> {
        words = why;
        again = attempts <= rhythm.maxRetries();
      }
      case Carrier.Outcome.Unreachable(String why) -> {
        words = why;
        again = delivery.channel() == Channel.WEBHOOK ? young : attempts <= rhythm.maxRetries();
      }
    }
    if (!(outcome instanceof Carrier.Outcome.Done)) {
      LOG.warn(
          "notice to {} {}: {}{}",
          delivery.channel().word(),
          delivery.recipient(),
          words,
          again ? "" : "; given up");
    }
    Optional<Instant> due =
        again ? Optional.of(clock.instant().plus(pause(attempts))) : Optional.empty();
    database.write(
        h -> {
          outbox.attempted(h, delivery.seq(), attempts, words, due);
          return true;
        });
  }

  private Duration pause(int attempts) {
    Duration pause = rhythm.beforeRetry(attempts);
    return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
  }

  @Override
  public void close() {
    loop.interrupt();
  }
}
