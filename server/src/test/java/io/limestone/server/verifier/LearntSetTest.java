package io.limestone.server.verifier;

import static io.limestone.server.verifier.LearntSet.Outcome.KNOWN;
import static io.limestone.server.verifier.LearntSet.Outcome.LEFT_OUT;
import static io.limestone.server.verifier.LearntSet.Outcome.NEW;
import static io.limestone.server.verifier.LearntSet.Outcome.OF_FURTHER_NODE;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.policy.create.Measured;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LearntSetTest {
  private static final Instant AT = Instant.EPOCH;
  private static final String DIGEST = "ab".repeat(32);

  @Test
  void aThingIsLearntOnceAndTheFirstNodesItWasSeenOnAreTold() {
    LearntSet set = new LearntSet(10, 10_000);
    Measured thing = file("/bin/a");
    assertThat(set.add(thing, "one", AT)).isEqualTo(NEW);
    assertThat(set.add(file("/bin/a"), "one", AT.plusSeconds(1))).isEqualTo(KNOWN);
    assertThat(set.add(thing, "two", AT)).isEqualTo(OF_FURTHER_NODE);
    assertThat(set.add(thing, "three", AT)).isEqualTo(OF_FURTHER_NODE);
    assertThat(set.add(thing, "four", AT)).isEqualTo(KNOWN);
    assertThat(set.of(thing).nodes()).containsExactly("one", "two", "three");
    assertThat(set.of(thing).first()).isEqualTo(AT);
  }

  @Test
  void neitherNumberNorBytesGrowBeyondTheirBounds() {
    LearntSet few = new LearntSet(2, 10_000);
    few.add(file("/1"), "node", AT);
    few.add(file("/2"), "node", AT);
    assertThat(few.add(file("/3"), "node", AT)).isEqualTo(LEFT_OUT);
    assertThat(few.add(file("/2"), "other", AT)).as("known").isEqualTo(OF_FURTHER_NODE);
    LearntSet small = new LearntSet(1000, 5000);
    assertThat(small.add(file("/" + "é".repeat(2400)), "node", AT)).isEqualTo(LEFT_OUT);
    assertThat(small.add(file("/short"), "node", AT)).isEqualTo(NEW);
  }

  private static Measured file(String name) {
    return new Measured(Measured.Kind.FILE, name, DIGEST, false);
  }
}
