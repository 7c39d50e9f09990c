package io.limestone.server.verifier;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Evidence;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ProvenList;
import io.limestone.appraisal.Verdict;
import io.limestone.policy.PcrPolicy;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records what nodes run while a learning goes on: from proven lists only, and never from evidence
 * in which more failed than that a policy does not allow what was measured. It decides nothing.
 * Written in batches; what a crash takes is learnt again, for the whole list is then asked for.
 * Safe for any thread.
 */
final class Learnings {
  private static final Logger LOG = LoggerFactory.getLogger(Learnings.class);

  private final Database database;
  private final AuditLog audit;
  private final InstantSource clock;
  private final Recording.Bounds bounds;
  private final Map<String, Recording> live = new ConcurrentHashMap<>();
  private final ReentrantLock flushing = new ReentrantLock();

  Learnings(Database database, AuditLog audit, InstantSource clock, Recording.Bounds bounds) {
    this.database = database;
    this.audit = audit;
    this.clock = clock;
    this.bounds = bounds;
  }

  /** Takes up those that had not ended when the server did. */
  void load() {
    List<Learning> all = database.read(LearningStore::all);
    for (Learning learning : all) {
      if (learning.ended().isEmpty()) {
        Recording one = new Recording(learning, bounds);
        database.read(
            h -> {
              LearningStore.each(h, learning.name(), row -> one.put(row.thing(), row.seen()));
              LearningStore.nodes(h, learning.name()).forEach(one::put);
              return true;
            });
        live.put(learning.name(), one);
      }
    }
  }

  /** A learning that was just stored is recorded from now on. */
  void begin(Learning learning) {
    live.put(learning.name(), new Recording(learning, bounds));
  }

  /** A learning is recorded no more; what it learnt so far is stored. */
  void end(String name) {
    flushing.lock();
    try {
      Optional.ofNullable(live.get(name)).ifPresent(this::write);
      live.remove(name);
    } finally {
      flushing.unlock();
    }
  }

  /**
   * Whether a list from this entry on is enough. If not, all of it is asked for, because something
   * before has not been seen.
   */
  boolean continues(Enrolled node, long firstEntry) {
    return firstEntry == 0
        || of(node).stream().allMatch(one -> one.position(node.id()) == firstEntry);
  }

  /** Learns from evidence that was just judged. */
  void observe(
      Enrolled node,
      Evidence evidence,
      AttestationState before,
      Appraisal.Judgement judgement,
      HashAlg logHash) {
    List<Recording> all = of(node);
    if (all.isEmpty() || judgement.verdict() instanceof Verdict.AskAgain) {
      return;
    }
    Optional<String> problem = problem(evidence, judgement);
    Optional<ProvenList> list =
        problem.isPresent()
            ? Optional.empty()
            : ProvenList.of(
                evidence.ima().orElseThrow(),
                before.ima(),
                judgement.quoted().orElseThrow().pcrs(),
                logHash);
    long reset = judgement.verdict().next().clock().map(at -> at.resetCount()).orElse(-1L);
    for (Recording one : all) {
      if (list.isPresent()) {
        one.learn(node.id(), evidence.ima().orElseThrow(), list.get(), reset, clock.instant());
      } else {
        one.problem(node.id(), problem.orElse("its list does not replay to the quoted PCR 10"));
      }
    }
  }

  private List<Recording> of(Enrolled node) {
    if (live.isEmpty()) {
      return List.of();
    }
    Instant now = clock.instant();
    return live.values().stream()
        .filter(one -> one.learning().runs(now))
        .filter(one -> one.learning().nodes().includes(node, Policies.Kind.RUNTIME))
        .toList();
  }

  /** Why nothing can be learnt from this evidence. */
  private static Optional<String> problem(Evidence evidence, Appraisal.Judgement judgement) {
    Optional<Appraisal.Quoted> quoted = judgement.quoted();
    if (quoted.isEmpty() || !quoted.get().sound()) {
      return Optional.of(
          judgement.verdict() instanceof Verdict.Untrusted untrusted
              ? "not trusted, and not only for what it runs: " + first(untrusted)
              : "its quote is not good");
    }
    if (quoted.get().pcrs().get(PcrPolicy.IMA_PCR).isEmpty()) {
      return Optional.of(
          "PCR 10 is not quoted: the node needs a runtime policy, or mask 0x400 in its tpm_policy");
    }
    return evidence.ima().isEmpty() ? Optional.of("it sends no list") : Optional.empty();
  }

  /** The first failure that is not about what a policy allows. */
  private static String first(Verdict.Untrusted untrusted) {
    Failure failure =
        untrusted.failures().stream()
            .filter(f -> !f.context().has("rule"))
            .findFirst()
            .orElse(untrusted.worst());
    return Encoding.printable(failure.eventId() + ", " + failure.check(), 300);
  }

  /** Writes what came since the last time, and ends what has lasted as long as it should. */
  void flush() {
    flushing.lock();
    try {
      for (Recording one : live.values()) {
        write(one);
      }
    } finally {
      flushing.unlock();
    }
  }

  private void write(Recording one) {
    String name = one.learning().name();
    Recording.Batch batch = one.take();
    boolean over = !one.learning().runs(clock.instant());
    if (batch.isEmpty() && !over) {
      return;
    }
    try {
      database.write(
          h -> {
            LearningStore.put(h, name, batch.things());
            batch.of().forEach(of -> LearningStore.put(h, name, of));
            LearningStore.leftOut(h, name, batch.leftOut());
            if (over) {
              LearningStore.end(h, name, one.learning().until());
              audit.record(h, "verifier", "learn", name, "ended: its time is over");
            }
            return true;
          });
    } catch (RuntimeException e) {
      LOG.error("what {} learnt could not be written; tried again soon", name, e);
      one.again(batch);
      return;
    }
    if (over) {
      live.remove(name);
    }
  }
}
