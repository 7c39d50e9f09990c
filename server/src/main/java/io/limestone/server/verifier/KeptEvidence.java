package io.limestone.server.verifier;

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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last evidence of each node whose quote was good, to be judged again by other policies. The
 * measurement list is put together from its slices. Written only when the node has something new to
 * say (other PCR values), in batches; bounded for a node and in all. Safe for any thread.
 */
final class KeptEvidence {
  private static final Logger LOG = LoggerFactory.getLogger(KeptEvidence.class);
  private static final long MOST_WAITING = 32L * 1024 * 1024;

  private final Database database;
  private final InstantSource clock;
  private final long mostOfNode;
  private final long mostInAll;

  private final Map<NodeId, Index> index = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final ReentrantLock flushing = new ReentrantLock();
  // Under the lock:
  private final Map<String, Integer> uses = new HashMap<>();
  private final Map<String, Long> stored = new HashMap<>();
  private final Map<String, byte[]> waitingChunks = new LinkedHashMap<>();
  private final Map<NodeId, Optional<KeptFacts>> waitingRows = new LinkedHashMap<>();
  private final Set<String> unused = new HashSet<>();
  private long bytes;
  private long waiting;

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
      Blob boot) {}

  /**
   * @param mostOfNode bytes of a node's list and boot log
   * @param mostInAll bytes of everything kept, deflated; 0: nothing is kept
   */
  KeptEvidence(Database database, InstantSource clock, long mostOfNode, long mostInAll) {
    this.database = database;
    this.clock = clock;
    this.mostOfNode = mostOfNode;
    this.mostInAll = mostInAll;
  }

  /** Takes up what the database has. */
  void load() {
    lock.lock();
    try {
      database.read(
          h -> {
            h.createQuery("select digest, length(content) as size from evidence_chunk")
                .map((row, c) -> Map.entry(row.getString("digest"), row.getLong("size")))
                .forEach(one -> stored.put(one.getKey(), one.getValue()));
            h.createQuery("select node, at, facts from evidence")
                .map((row, c) -> KeptFacts.row(row))
                .forEach(row -> row.ifPresent(this::take));
            return true;
          });
      stored.forEach((digest, size) -> bytes += size);
      unused.addAll(stored.keySet());
      unused.removeAll(uses.keySet());
    } finally {
      lock.unlock();
    }
  }

  private void take(KeptFacts facts) {
    if (!stored.keySet().containsAll(facts.chunks())) {
      LOG.warn("node {}: kept evidence is incomplete; the next is taken", facts.node());
      return;
    }
    index.put(facts.node(), indexOf(facts));
    facts.chunks().forEach(digest -> uses.merge(digest, 1, Integer::sum));
  }

  private static Index indexOf(KeptFacts facts) {
    return new Index(
        true,
        facts.at(),
        facts.fingerprint(),
        facts.entries(),
        facts.bound(),
        facts.list(),
        facts.boot());
  }

  /**
   * Whether a list from this entry on can be put together with what is kept. If not, all of it is
   * asked for, so that it can be kept.
   */
  boolean continues(NodeId node, long firstEntry) {
    if (firstEntry == 0 || mostInAll == 0) {
      return true;
    }
    Index known = index.get(node);
    return known != null && (!known.kept() ? !roomAgain(known) : known.entries() == firstEntry);
  }

  private boolean roomAgain(Index skipped) {
    lock.lock();
    try {
      return skipped.bound() <= mostOfNode && bytes < mostInAll / 10 * 8;
    } finally {
      lock.unlock();
    }
  }

  /** Keeps evidence that was just judged, if its quote was good and it says something new. */
  void keep(NodeId node, Evidence evidence, AttestationState before, Verdict verdict) {
    boolean quoted =
        switch (verdict) {
          case Verdict.Trusted t -> true;
          case Verdict.Untrusted u -> u.recoverable();
          case Verdict.AskAgain a -> false;
        };
    if (!quoted || mostInAll == 0) {
      return;
    }
    Optional<Index> known = Optional.ofNullable(index.get(node));
    String fingerprint = fingerprint(evidence, verdict);
    if (known.filter(k -> k.kept() && k.fingerprint().equals(fingerprint)).isPresent()) {
      return;
    }
    ImaSlice slice = evidence.ima().orElseGet(() -> new ImaSlice(Bytes.EMPTY, 0));
    Optional<Index> prefix =
        slice.firstEntry() == 0
            ? Optional.empty()
            : known.filter(k -> k.kept() && k.entries() == slice.firstEntry());
    if (slice.firstEntry() > 0 && prefix.isEmpty()) {
      return; // the whole list comes next time
    }
    long length = prefix.map(Index::bound).orElse(0L) + slice.text().size();
    if (length + evidence.bootLog().map(Bytes::size).orElse(0) > mostOfNode) {
      skip(node, length);
      return;
    }
    Pieces list = pieces(prefix, slice.text());
    Pieces boot = pieces(Optional.empty(), LongBytes.of(evidence.bootLog().orElse(Bytes.EMPTY)));
    long entries = bound(verdict, slice);
    KeptFacts facts =
        new KeptFacts(
            node,
            clock.instant(),
            evidence,
            evidence.publicKeyPem().or(before::publicKeyPem),
            fingerprint,
            entries,
            prefix.map(Index::bound).orElse(0L) + offset(slice, entries - slice.firstEntry()),
            list.blob(),
            boot.blob());
    Map<String, byte[]> fresh = new LinkedHashMap<>(list.fresh());
    fresh.putAll(boot.fresh());
    if (!add(facts, fresh)) {
      skip(node, length);
    }
    if (waitsTooMuch()) {
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

  /** A blob, and those of its chunks that are new here, deflated. */
  private record Pieces(Blob blob, Map<String, byte[]> fresh) {}

  /** What goes on behind a prefix that is kept: never held as a whole, it may be long. */
  private Pieces pieces(Optional<Index> prefix, LongBytes text) {
    long bound = prefix.map(Index::bound).orElse(0L);
    int full = (int) (bound / Chunks.SIZE);
    int rest = (int) (bound % Chunks.SIZE);
    List<String> digests =
        new ArrayList<>(prefix.map(p -> p.list().digests().subList(0, full)).orElse(List.of()));
    byte[] head =
        rest == 0
            ? new byte[0]
            : Arrays.copyOf(content(prefix.orElseThrow().list().digests().get(full)), rest);
    Map<String, byte[]> fresh = new LinkedHashMap<>();
    Chunks.cut(
        head,
        text,
        chunk -> {
          digests.add(chunk.digest());
          if (!has(chunk.digest())) {
            fresh.computeIfAbsent(chunk.digest(), d -> Chunks.deflate(chunk.content().toArray()));
          }
        });
    return new Pieces(new Blob(bound + text.size(), digests), fresh);
  }

  private boolean add(KeptFacts facts, Map<String, byte[]> deflated) {
    lock.lock();
    try {
      long more = deflated.values().stream().mapToLong(c -> c.length).sum();
      if (bytes + more > mostInAll || !deflated.keySet().containsAll(missing(facts))) {
        return false;
      }
      Index old = index.put(facts.node(), indexOf(facts));
      deflated.forEach(this::waiting);
      facts.chunks().forEach(this::use);
      release(old);
      waitingRows.put(facts.node(), Optional.of(facts));
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean has(String digest) {
    lock.lock();
    try {
      return stored.containsKey(digest) || waitingChunks.containsKey(digest);
    } finally {
      lock.unlock();
    }
  }

  // Under the lock, from here ...

  private Set<String> missing(KeptFacts facts) {
    Set<String> missing = new HashSet<>(facts.chunks());
    missing.removeIf(d -> stored.containsKey(d) || waitingChunks.containsKey(d));
    return missing;
  }

  private void waiting(String digest, byte[] content) {
    if (!stored.containsKey(digest) && waitingChunks.putIfAbsent(digest, content) == null) {
      bytes += content.length;
      waiting += content.length;
    }
  }

  private void use(String digest) {
    uses.merge(digest, 1, Integer::sum);
    unused.remove(digest);
  }

  private void release(@org.jspecify.annotations.Nullable Index old) {
    if (old == null) {
      return;
    }
    Set<String> digests = new LinkedHashSet<>(old.list().digests());
    digests.addAll(old.boot().digests());
    for (String digest : digests) {
      if (uses.merge(digest, -1, Integer::sum) == 0) {
        uses.remove(digest);
        unused.add(digest);
      }
    }
  }

  // ... to here.

  private void skip(NodeId node, long length) {
    lock.lock();
    try {
      Index old =
          index.put(node, new Index(false, clock.instant(), "", 0, length, Blob.EMPTY, Blob.EMPTY));
      release(old);
      if (old == null || old.kept()) {
        waitingRows.put(node, Optional.empty());
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
      release(index.remove(node));
      waitingRows.put(node, Optional.empty());
    } finally {
      lock.unlock();
    }
  }

  private boolean waitsTooMuch() {
    lock.lock();
    try {
      return waiting > MOST_WAITING;
    } finally {
      lock.unlock();
    }
  }

  /** Writes what came since the last time, in one transaction. */
  void flush() {
    flushing.lock();
    try {
      Map<NodeId, Optional<KeptFacts>> rows;
      Map<String, byte[]> chunks;
      Set<String> dead;
      lock.lock();
      try {
        if (waitingRows.isEmpty() && unused.isEmpty()) {
          return;
        }
        rows = Map.copyOf(waitingRows);
        chunks = new LinkedHashMap<>(waitingChunks);
        chunks.keySet().removeAll(unused);
        dead = Set.copyOf(unused);
        for (String digest : dead) { // whoever needs one again brings it again
          Long size = stored.remove(digest);
          byte[] never = waitingChunks.remove(digest);
          bytes -= size == null ? 0 : size;
          bytes -= never == null ? 0 : never.length;
          waiting -= never == null ? 0 : never.length;
        }
        unused.clear();
      } finally {
        lock.unlock();
      }
      write(rows, chunks, dead);
    } finally {
      flushing.unlock();
    }
  }

  private void write(
      Map<NodeId, Optional<KeptFacts>> rows, Map<String, byte[]> chunks, Set<String> dead) {
    try {
      database.write(
          h -> {
            insert(h, chunks);
            put(h, rows);
            delete(h, dead);
            return true;
          });
    } catch (RuntimeException e) {
      LOG.error("evidence of {} nodes could not be written; tried again soon", rows.size(), e);
      lock.lock();
      try {
        unused.addAll(dead);
      } finally {
        lock.unlock();
      }
      return;
    }
    lock.lock();
    try {
      rows.forEach(waitingRows::remove);
      chunks.forEach(
          (digest, content) -> {
            waitingChunks.remove(digest);
            waiting -= content.length;
            stored.put(digest, (long) content.length);
          });
    } finally {
      lock.unlock();
    }
  }

  private static void insert(Handle h, Map<String, byte[]> chunks) {
    if (chunks.isEmpty()) {
      return;
    }
    PreparedBatch batch =
        h.prepareBatch(
            "insert into evidence_chunk (digest, content) values (:digest, :content)"
                + " on conflict (digest) do nothing");
    chunks.forEach(
        (digest, content) -> batch.bind("digest", digest).bind("content", content).add());
    batch.execute();
  }

  private static void put(Handle h, Map<NodeId, Optional<KeptFacts>> rows) {
    rows.forEach(
        (node, facts) -> {
          if (facts.isPresent()) {
            h.createUpdate(
                    "insert into evidence (node, at, facts) values (:node, :at, :facts)"
                        + " on conflict (node) do update set at = excluded.at,"
                        + " facts = excluded.facts")
                .bind("node", node.value())
                .bind("at", facts.get().at().toEpochMilli())
                .bind("facts", facts.get().json())
                .execute();
          } else {
            h.createUpdate("delete from evidence where node = :node")
                .bind("node", node.value())
                .execute();
          }
        });
  }

  private static void delete(Handle h, Set<String> dead) {
    if (dead.isEmpty()) {
      return;
    }
    PreparedBatch batch = h.prepareBatch("delete from evidence_chunk where digest = :digest");
    dead.forEach(digest -> batch.bind("digest", digest).add());
    batch.execute();
  }

  /** Evidence as it was kept. */
  record Kept(Instant at, Evidence evidence) {}

  /**
   * The evidence kept of a node, with its whole list; judge it with a state of nothing known.
   *
   * @throws MalformedException if what is stored is not what was kept
   */
  Optional<Kept> of(NodeId node) {
    Optional<KeptFacts> facts;
    lock.lock();
    try {
      facts = waitingRows.getOrDefault(node, Optional.empty());
    } finally {
      lock.unlock();
    }
    return facts
        .or(
            () ->
                database.read(
                    h ->
                        h.createQuery("select node, at, facts from evidence where node = :node")
                            .bind("node", node.value())
                            .map((row, c) -> KeptFacts.row(row))
                            .findOne()
                            .flatMap(one -> one)))
        .map(one -> new Kept(one.at(), one.evidence(text(one.list()), text(one.boot()))));
  }

  private Bytes text(Blob blob) {
    return Bytes.concat(
        blob.digests().stream().map(d -> Bytes.of(content(d))).toArray(Bytes[]::new));
  }

  private byte[] content(String digest) {
    byte[] deflated;
    lock.lock();
    try {
      deflated = waitingChunks.get(digest);
    } finally {
      lock.unlock();
    }
    if (deflated == null) {
      deflated =
          database.read(
              h ->
                  h.createQuery("select content from evidence_chunk where digest = :digest")
                      .bind("digest", digest)
                      .mapTo(byte[].class)
                      .findOne()
                      .orElseThrow(
                          () -> new MalformedException("a chunk of kept evidence is gone")));
    }
    return Chunks.inflate(digest, deflated);
  }

  /** In the text form of Prometheus. */
  String metrics() {
    lock.lock();
    try {
      long kept = index.values().stream().filter(Index::kept).count();
      return "# TYPE limestone_evidence_kept_nodes gauge\nlimestone_evidence_kept_nodes "
          + kept
          + "\n# TYPE limestone_evidence_skipped_nodes gauge\nlimestone_evidence_skipped_nodes "
          + (index.size() - kept)
          + "\n# TYPE limestone_evidence_bytes gauge\nlimestone_evidence_bytes "
          + bytes
          + "\n";
    } finally {
      lock.unlock();
    }
  }
}
