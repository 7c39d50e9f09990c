package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.NodeId;
import io.limestone.server.nodes.NodeState;
import io.limestone.server.settings.Settings;
import io.limestone.server.store.Database;
import io.limestone.server.store.Sealer;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SimulatedAgent;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeStoreTest {
  private static final NodeId ID = NodeId.parse("d432fbb3-d2f1-4a97-9ef7-75bd81c00000");
  private static final Instant THEN = Instant.ofEpochSecond(1_800_000_000);

  @TempDir Path home;

  private static Enrolled enrolledAt(Instant at) throws Exception {
    SoftwareTpm tpm = SoftwareTpm.make(KeyKind.RSA2048, new TestCa("manufacturer", THEN));
    try (HostileAgent agent = HostileAgent.https(new SimulatedAgent(ID, tpm), List.of())) {
      return Enrolled.of(ID, at, Scene.enrolment(agent), Optional.empty(), Optional.empty(), false);
    }
  }

  /** A batch of states may be on its way while a node is deleted and enrolled again. */
  @Test
  void aStateOfTheEnrolmentBeforeIsNotWrittenToTheNextOne() throws Exception {
    NodeStore store =
        new NodeStore(Sealer.ofKeyFile(home.resolve("secret.key"), new SecureRandom()));
    Enrolled first = enrolledAt(THEN);
    Enrolled second = enrolledAt(THEN.plusSeconds(1));
    NodeState fresh = NodeState.enrolled(ApiVersion.CURRENT, THEN.plusSeconds(1));
    NodeState old = NodeState.enrolled(ApiVersion.CURRENT, THEN);
    try (Database database = Database.open(Settings.defaults(), home)) {
      database.write(
          h -> {
            store.insert(h, second, Optional.empty(), Optional.empty(), fresh);
            store.update(h, List.of(written(first, old, 7)));
            return true;
          });
      assertThat(revision(database)).isZero();
      database.write(
          h -> {
            store.update(h, List.of(written(second, fresh, 1)));
            return true;
          });
      assertThat(revision(database)).isEqualTo(1);
    }
  }

  private static NodeStore.Written written(Enrolled node, NodeState state, long revision) {
    return new NodeStore.Written(node, new Watched.Snapshot(state, revision));
  }

  private static long revision(Database database) {
    return database.read(h -> h.createQuery("select revision from node").mapTo(Long.class).one());
  }
}
