package io.limestone.server.verifier;

import io.limestone.server.store.Database;
import io.limestone.server.verifier.Chunks.Blob;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Pieces of long evidence by their content, each once, as long as somebody uses it; bounded in all.
 * New ones wait in memory until a batch is written. Safe for any thread.
 */
final class ChunkStore {
  private static final long MOST_WAITING = 32L * 1024 * 1024;

  private final Database database;
  private final long most;
  private final ReentrantLock lock = new ReentrantLock();
  // Under the lock; sizes are of the deflated content:
  private final Map<String, Long> stored = new HashMap<>();
  private final Map<String, byte[]> waiting = new LinkedHashMap<>();
  private final Map<String, Integer> uses = new HashMap<>();
  private final Set<String> unused = new HashSet<>();
  private long bytes;
  private long bytesWaiting;

  /**
   * @param most bytes of everything together, deflated
   */
  ChunkStore(Database database, long most) {
    this.database = database;
    this.most = most;
  }

  /** Takes up what the database has; what nobody uses by the next batch is deleted with it. */
  void load(Handle h) {
    lock.lock();
    try {
      h.createQuery("select digest, length(content) as size from evidence_chunk")
          .map((row, c) -> Map.entry(row.getString("digest"), row.getLong("size")))
          .forEach(one -> stored.put(one.getKey(), one.getValue()));
      stored.values().forEach(size -> bytes += size);
      unused.addAll(stored.keySet());
    } finally {
      lock.unlock();
    }
  }

  /** A text, and those of its pieces that are new here, deflated. */
  record Cut(Blob blob, Map<String, byte[]> fresh) {}

  /** Cuts a text into pieces; the whole is never held twice. */
  Cut cut(LongBytes text) {
    return cut(Blob.EMPTY, 0, text);
  }

  /**
   * Cuts what goes on behind the beginning of a text that is kept already.
   *
   * @param length of that beginning
   */
  Cut cut(Blob before, long length, LongBytes text) {
    int full = (int) (length / Chunks.SIZE);
    int rest = (int) (length % Chunks.SIZE);
    List<String> digests = new ArrayList<>(before.digests().subList(0, full));
    byte[] head =
        rest == 0 ? new byte[0] : Arrays.copyOf(content(before.digests().get(full)), rest);
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
    return new Cut(new Blob(length + text.size(), digests), fresh);
  }

  private boolean has(String digest) {
    lock.lock();
    try {
      return isHere(digest);
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. */
  private boolean isHere(String digest) {
    return stored.containsKey(digest) || waiting.containsKey(digest);
  }

  /**
   * Begins to use pieces.
   *
   * @param fresh contents of some of them
   * @return false, and nothing is used, if there is no room, or one has no content anywhere
   */
  boolean use(Set<String> digests, Map<String, byte[]> fresh) {
    lock.lock();
    try {
      long more = 0;
      for (Map.Entry<String, byte[]> one : fresh.entrySet()) {
        more += isHere(one.getKey()) ? 0 : one.getValue().length;
      }
      if (bytes + more > most
          || !digests.stream().allMatch(d -> isHere(d) || fresh.containsKey(d))) {
        return false;
      }
      fresh.forEach(
          (digest, content) -> {
            if (!isHere(digest)) {
              waiting.put(digest, content);
              bytesWaiting += content.length;
            }
          });
      bytes += more;
      digests.forEach(digest -> uses.merge(digest, 1, Integer::sum));
      unused.removeAll(digests);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a use; what nobody uses any more goes with the next batch. */
  void release(Set<String> digests) {
    lock.lock();
    try {
      for (String digest : digests) {
        if (uses.merge(digest, -1, Integer::sum) == 0) {
          uses.remove(digest);
          unused.add(digest);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether so much is free again that it is worth while to ask for what found no room. */
  boolean hasRoomAgain() {
    return bytes() < most / 10 * 8;
  }

  /** Whether so much waits in memory that it should be written at once. */
  boolean waitsTooMuch() {
    lock.lock();
    try {
      return bytesWaiting > MOST_WAITING;
    } finally {
      lock.unlock();
    }
  }

  /** What {@link #bytes} never exceeds. */
  long most() {
    return most;
  }

  /** Of everything together, deflated. */
  long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The text, in its pieces.
   *
   * @throws MalformedException if it is not here, or not what it was
   */
  LongBytes text(Blob blob) {
    LongBytes.Builder text = new LongBytes.Builder();
    blob.digests().forEach(digest -> text.add(content(digest)));
    return text.build();
  }

  private byte[] content(String digest) {
    byte[] deflated;
    lock.lock();
    try {
      deflated = waiting.get(digest);
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

  /** What is to be written: pieces that are new, and digests of those to be deleted. */
  record Batch(Map<String, byte[]> fresh, Set<String> dead) {
    boolean isEmpty() {
      return fresh.isEmpty() && dead.isEmpty();
    }

    void write(Handle h) {
      if (!fresh.isEmpty()) {
        PreparedBatch batch =
            h.prepareBatch(
                "insert into evidence_chunk (digest, content) values (:digest, :content)"
                    + " on conflict (digest) do nothing");
        fresh.forEach(
            (digest, content) -> batch.bind("digest", digest).bind("content", content).add());
        batch.execute();
      }
      if (!dead.isEmpty()) {
        PreparedBatch batch = h.prepareBatch("delete from evidence_chunk where digest = :digest");
        dead.forEach(digest -> batch.bind("digest", digest).add());
        batch.execute();
      }
    }
  }

  /** What came since the last batch was taken; one batch at a time. */
  Batch take() {
    lock.lock();
    try {
      Map<String, byte[]> fresh = new LinkedHashMap<>(waiting);
      fresh.keySet().removeAll(unused);
      Set<String> dead = Set.copyOf(unused);
      for (String digest : dead) { // whoever needs one again brings it again
        Long size = stored.remove(digest);
        byte[] never = waiting.remove(digest);
        bytes -= size == null ? 0 : size;
        bytes -= never == null ? 0 : never.length;
        bytesWaiting -= never == null ? 0 : never.length;
      }
      unused.clear();
      return new Batch(fresh, dead);
    } finally {
      lock.unlock();
    }
  }

  /** The batch is durable. */
  void written(Batch batch) {
    lock.lock();
    try {
      batch.fresh.forEach(
          (digest, content) -> {
            waiting.remove(digest);
            bytesWaiting -= content.length;
            stored.put(digest, (long) content.length);
          });
    } finally {
      lock.unlock();
    }
  }

  /** The batch could not be written: what it had comes with the next. */
  void notWritten(Batch batch) {
    lock.lock();
    try {
      batch.dead.stream().filter(digest -> !uses.containsKey(digest)).forEach(unused::add);
    } finally {
      lock.unlock();
    }
  }
}
