package io.limestone.server.verifier;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Evidence;
import io.limestone.appraisal.Verdict;
import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaSlice;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.PcrBlob;
import io.limestone.server.store.Database;
import io.limestone.server.verifier.Chunks.Blob;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last evidence of each node whose quote was good, to be judged again by other policies. The
 * measurement list is put together from its slices. Written only when the node has something new to
 * say (other PCR values), in batches; bounded for a node and in all. Safe for any thread.
 */
final class KeptEvidence {
  private static final Logger LOG = LoggerFactory.getLogger(KeptEvidence.class);

  private final Database database;
  private final InstantSource clock;
  private final long mostOfNode;
  private final boolean keeps;
  private final ChunkStore chunks;

  private final Map<NodeId, Index> index = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock(); // taken before that of the chunks
  private final ReentrantLock flushing = new ReentrantLock();
  // Under the lock; a row that is absent is to be deleted:
  private final Map<NodeId, Optional<KeptFacts>> waiting = new LinkedHashMap<>();

  /**
   * What is in memory of a node's evidence.
   *
   * @param kept false: too long, or there was no room; its list is then not asked for anew
   * @param fingerprint over what the node says of itself; the same again is not kept again
   * @param entries of the list that are bound to the quote, in {@code bound} bytes
   */
  private record Index(
      boolean kept,
      Instant at,
      String fingerprint,
      long entries,
      long bound,
      Blob list,
      Blob boot) {

    static Index of(KeptFacts facts) {
      return new Index(
          true,
          facts.at(),
          facts.fingerprint(),
          facts.entries(),
          facts.bound(),
          facts.list(),
          facts.boot());
    }

    static Index skipped(Instant at, long length) {
      return new Index(false, at, "", 0, length, Blob.EMPTY, Blob.EMPTY);
    }

    Set<String> chunks() {
      Set<String> digests = new LinkedHashSet<>(list.digests());
      digests.addAll(boot.digests());
      return digests;
    }
  }

  /**
   * @param mostOfNode bytes of a node's list and boot log
   * @param mostInAll bytes of everything kept, deflated; 0: nothing is kept
   */
  KeptEvidence(Database database, InstantSource clock, long mostOfNode, long mostInAll) {
    this.database = database;
    this.clock = clock;
    this.mostOfNode = mostOfNode;
    this.keeps = mostInAll > 0;
    this.chunks = new ChunkStore(database, mostInAll);
  }

  /** Takes up what the database has. */
  void load() {
    database.read(
        h -> {
          chunks.load(h);
          KeptFacts.each(h, this::take);
          return true;
        });
  }

  private void take(KeptFacts facts) {
    if (chunks.use(facts.chunks(), Map.of())) {
      index.put(facts.node(), Index.of(facts));
    } else {
      LOG.warn("node {}: kept evidence is incomplete; the next is taken", facts.node());
    }
  }

  /**
   * Whether a list from this entry on can be put together with what is kept. If not, all of it is
   * asked for, so that it can be kept.
   */
  boolean continues(NodeId node, long firstEntry) {
    if (firstEntry == 0 || !keeps) {
      return true;
    }
    Index known = index.get(node);
    if (known == null) {
      return false;
    }
    return known.kept()
        ? known.entries() == firstEntry
        : known.bound() > mostOfNode || !chunks.hasRoomAgain();
  }

  /** Keeps evidence that was just judged, if its quote was good and it says something new. */
  void keep(
      NodeId node, Evidence evidence, AttestationState before, Appraisal.Judgement judgement) {
    Verdict verdict = judgement.verdict();
    if (!keeps || judgement.quoted().isEmpty() || verdict instanceof Verdict.AskAgain) {
      return;
    }
    Optional<Index> known = Optional.ofNullable(index.get(node)).filter(Index::kept);
    String fingerprint = fingerprint(evidence, verdict);
    if (known.filter(k -> k.fingerprint().equals(fingerprint)).isPresent()) {
      return;
    }
    ImaSlice slice = evidence.ima().orElseGet(() -> new ImaSlice(Bytes.EMPTY, 0));
    Optional<Index> prefix = known.filter(k -> k.entries() == slice.firstEntry());
    if (slice.firstEntry() > 0 && prefix.isEmpty()) {
      return; // the whole list comes next time
    }
    long begun = slice.firstEntry() == 0 ? 0 : prefix.orElseThrow().bound();
    long length = begun + slice.text().size();
    if (length + evidence.bootLog().map(Bytes::size).orElse(0) > mostOfNode) {
      skip(node, length);
      return;
    }
    ChunkStore.Cut list =
        begun == 0
            ? chunks.cut(slice.text())
            : chunks.cut(prefix.orElseThrow().list(), begun, slice.text());
    ChunkStore.Cut boot = chunks.cut(LongBytes.of(evidence.bootLog().orElse(Bytes.EMPTY)));
    long entries = bound(verdict, slice);
    KeptFacts facts =
        new KeptFacts(
            node,
            clock.instant(),
            evidence,
            evidence.publicKeyPem().or(before::publicKeyPem),
            fingerprint,
            entries,
            begun + offset(slice, entries - slice.firstEntry()),
            list.blob(),
            boot.blob());
    Map<String, byte[]> fresh = new LinkedHashMap<>(list.fresh());
    fresh.putAll(boot.fresh());
    if (!add(facts, fresh)) {
      skip(node, length);
    }
    if (chunks.waitsTooMuch()) {
      flush();
    }
  }

  /** PCR values stand for the list and the boot log, where these are bound to them. */
  private static String fingerprint(Evidence evidence, Verdict verdict) {
    Bytes pcrs = PcrBlob.of(evidence.quote().pcrs());
    String rest =
        verdict instanceof Verdict.Trusted
            ? "trusted"
            : "untrusted " + evidence.ima().map(i -> i.text().size()).orElse(0);
    return HashAlg.SHA256
        .digest(
            Bytes.concat(
                pcrs,
                evidence.bootLog().orElse(Bytes.EMPTY),
                Bytes.of(rest.getBytes(StandardCharsets.US_ASCII))))
        .hex();
  }

  private static long bound(Verdict verdict, ImaSlice slice) {
    return verdict instanceof Verdict.Trusted trusted
        ? trusted.next().nextImaEntry()
        : slice.firstEntry();
  }

  /** Bytes of the first entries of a slice. */
  private static int offset(ImaSlice slice, long entries) {
    ImaCursor cursor = new ImaCursor(slice.text(), HashAlg.SHA1);
    int end = 0;
    while (cursor.entries() < entries && cursor.next()) {
      end = cursor.consumed();
    }
    return end;
  }

  private boolean add(KeptFacts facts, Map<String, byte[]> fresh) {
    lock.lock();
    try {
      if (!chunks.use(facts.chunks(), fresh)) {
        return false;
      }
      Optional.ofNullable(index.put(facts.node(), Index.of(facts)))
          .ifPresent(old -> chunks.release(old.chunks()));
      waiting.put(facts.node(), Optional.of(facts));
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void skip(NodeId node, long length) {
    lock.lock();
    try {
      Optional<Index> old =
          Optional.ofNullable(index.put(node, Index.skipped(clock.instant(), length)));
      old.ifPresent(one -> chunks.release(one.chunks()));
      if (old.map(Index::kept).orElse(true)) {
        waiting.put(node, Optional.empty());
        LOG.warn(
            "node {}: its evidence is not kept: {} bytes, or no room (verifier.evidence_kept)",
            node,
            length);
      }
    } finally {
      lock.unlock();
    }
  }

  /** A node is not watched any more. */
  void forget(NodeId node) {
    lock.lock();
    try {
      Optional.ofNullable(index.remove(node)).ifPresent(old -> chunks.release(old.chunks()));
      waiting.put(node, Optional.empty());
    } finally {
      lock.unlock();
    }
  }

  /** Writes what came since the last time, in one transaction. */
  void flush() {
    flushing.lock();
    try {
      Map<NodeId, Optional<KeptFacts>> rows;
      ChunkStore.Batch batch;
      lock.lock(); // no row is taken without its chunks
      try {
        rows = Map.copyOf(waiting);
        batch = chunks.take();
      } finally {
        lock.unlock();
      }
      if (!rows.isEmpty() || !batch.isEmpty()) {
        write(rows, batch);
      }
    } finally {
      flushing.unlock();
    }
  }

  private void write(Map<NodeId, Optional<KeptFacts>> rows, ChunkStore.Batch batch) {
    try {
      database.write(
          h -> {
            batch.write(h);
            rows.forEach(
                (node, facts) ->
                    facts.ifPresentOrElse(f -> f.write(h), () -> KeptFacts.delete(h, node)));
            return true;
          });
    } catch (RuntimeException e) {
      LOG.error("evidence of {} nodes could not be written; tried again soon", rows.size(), e);
      chunks.notWritten(batch);
      return;
    }
    chunks.written(batch);
    lock.lock();
    try {
      rows.forEach(waiting::remove);
    } finally {
      lock.unlock();
    }
  }

  /** Evidence as it was kept. */
  record Kept(Instant at, Evidence evidence) {}

  /**
   * The evidence kept of a node, with its whole list; judge it with a state of nothing known.
   *
   * @throws MalformedException if what is stored is not what was kept, or is being replaced
   */
  Optional<Kept> of(NodeId node) {
    Optional<KeptFacts> facts;
    lock.lock();
    try {
      facts = waiting.getOrDefault(node, Optional.empty());
    } finally {
      lock.unlock();
    }
    return facts
        .or(() -> database.read(h -> KeptFacts.find(h, node)))
        .map(
            one ->
                new Kept(one.at(), one.evidence(chunks.text(one.list()), chunks.text(one.boot()))));
  }

  /**
   * How much is kept.
   *
   * @param kept nodes whose evidence is
   * @param skipped nodes whose evidence found no room, or is too long
   * @param bytes as stored; at most {@code most}
   */
  record Amount(long kept, long skipped, long bytes, long most) {}

  Amount amount() {
    long kept = index.values().stream().filter(Index::kept).count();
    return new Amount(kept, index.size() - kept, chunks.bytes(), chunks.most());
  }

  /** In the text form of Prometheus. */
  String metrics() {
    Amount now = amount();
    return "# TYPE limestone_evidence_kept_nodes gauge\nlimestone_evidence_kept_nodes "
        + now.kept()
        + "\n# TYPE limestone_evidence_skipped_nodes gauge\nlimestone_evidence_skipped_nodes "
        + now.skipped()
        + "\n# TYPE limestone_evidence_bytes gauge\nlimestone_evidence_bytes "
        + now.bytes()
        + "\n# TYPE limestone_evidence_most_bytes gauge\nlimestone_evidence_most_bytes "
        + now.most()
        + "\n";
  }
}
