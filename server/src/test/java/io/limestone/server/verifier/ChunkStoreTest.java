package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.server.settings.Settings;
import io.limestone.server.store.Database;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChunkStoreTest {
  @TempDir Path home;
  private Database database;

  @BeforeEach
  void open() {
    database = Database.open(Settings.defaults(), home);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void equalPiecesAreStoredOnceAndGoWithTheirLastUse() {
    ChunkStore store = new ChunkStore(database, 1 << 20);
    byte[] text = random(200_000);
    ChunkStore.Cut cut = store.cut(LongBytes.of(text));
    assertThat(store.use(digests(cut), cut.fresh())).isTrue();
    long once = store.bytes();
    assertThat(once).isGreaterThan(190_000);
    ChunkStore.Cut again = store.cut(LongBytes.of(text.clone()));
    assertThat(again.fresh()).isEmpty();
    assertThat(store.use(digests(again), again.fresh())).isTrue();
    assertThat(store.bytes()).isEqualTo(once);
    written(store);
    assertThat(store.text(cut.blob()).toArray()).isEqualTo(text);
    assertThat(rows()).isEqualTo(4);

    store.release(digests(cut));
    written(store);
    assertThat(store.text(again.blob()).toArray()).as("used by another").isEqualTo(text);
    store.release(digests(again));
    written(store);
    assertThat(store.bytes()).isZero();
    assertThat(rows()).isZero();
    assertThatThrownBy(() -> store.text(cut.blob())).isInstanceOf(MalformedException.class);
  }

  @Test
  void aTextGoesOnBehindWhatIsKeptOfItAlsoAfterARestart() {
    ChunkStore store = new ChunkStore(database, 1 << 20);
    byte[] text = random(150_000);
    ChunkStore.Cut begun = store.cut(LongBytes.of(Arrays.copyOf(text, 100_000)));
    assertThat(store.use(digests(begun), begun.fresh())).isTrue();
    written(store);

    ChunkStore later = new ChunkStore(database, 1 << 20);
    database.read(
        h -> {
          later.load(h);
          return true;
        });
    assertThat(later.use(digests(begun), Map.of())).isTrue();
    byte[] rest = Arrays.copyOfRange(text, 90_000, text.length);
    ChunkStore.Cut whole = later.cut(begun.blob(), 90_000, LongBytes.of(rest));
    assertThat(later.use(digests(whole), whole.fresh())).isTrue();
    assertThat(later.text(whole.blob()).toArray()).isEqualTo(text);
  }

  @Test
  void whatFindsNoRoomIsNotTakenAtAll() {
    ChunkStore store = new ChunkStore(database, 100_000);
    ChunkStore.Cut large = store.cut(LongBytes.of(random(150_000)));
    assertThat(store.use(digests(large), large.fresh())).isFalse();
    assertThat(store.bytes()).isZero();
    ChunkStore.Cut small = store.cut(LongBytes.of(random(90_000)));
    assertThat(store.use(digests(small), Map.of())).as("whose content nobody has").isFalse();
    assertThat(store.use(digests(small), small.fresh())).isTrue();
    assertThat(store.hasRoomAgain()).isFalse();
  }

  @Test
  void aBatchThatCouldNotBeWrittenComesAgain() {
    ChunkStore store = new ChunkStore(database, 1 << 20);
    ChunkStore.Cut one = store.cut(LongBytes.of(random(1000)));
    assertThat(store.use(digests(one), one.fresh())).isTrue();
    store.notWritten(store.take());
    written(store);
    assertThat(rows()).isEqualTo(1);
    store.release(digests(one));
    store.notWritten(store.take());
    written(store);
    assertThat(rows()).isZero();
  }

  private void written(ChunkStore store) {
    ChunkStore.Batch batch = store.take();
    database.write(
        h -> {
          batch.write(h);
          return true;
        });
    store.written(batch);
  }

  private int rows() {
    return database.read(
        h -> h.createQuery("select count(*) from evidence_chunk").mapTo(Integer.class).one());
  }

  private static Set<String> digests(ChunkStore.Cut cut) {
    return Set.copyOf(cut.blob().digests());
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
