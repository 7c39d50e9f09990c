package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.systemtest.parts.LimestoneServer;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Servers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Our server under Keylime's tenant. */
class LimestoneServerBootTest extends TenantBootStory {
  private static final String ENGINE = "verifier.measured_boot_policy_name";

  private @Nullable LimestoneServer server;

  @Override
  Servers start(Path home, NoticeReceiver webhook, Path ekRoots) throws IOException {
    LimestoneServer ours =
        new LimestoneServer(
            home,
            List.of(
                "verifier.quote_interval=0.5",
                "registrar.tpm_cert_store=" + ekRoots,
                ENGINE + "=example"));
    ours.start();
    webhook.listen(ours.caFolder());
    server = ours;
    return ours;
  }

  /** Keylime stores it, and finds out when the node is judged. */
  @Test
  @Order(20)
  void aStateThatNoNodeCouldPassIsRefusedWithTheReason() throws IOException {
    for (String text : List.of("{\"scrtm_and_bios\": 7}", "{\"limestone_boot_policy\": 2}")) {
      Path wrong = Files.writeString(folder().resolve("wrong.json"), text);
      Program.Ended refused =
          tenant()
              .command("addmbpolicy", "--mb-policy-name", "wrong", "--mb-policy", wrong.toString());
      assertThat(refused.exit()).isEqualTo(1);
      assertThat(refused.output()).contains("the measured boot policy cannot be used");
      assertThat(tenant().command("showmbpolicy", "--mb-policy-name", "wrong").exit()).isEqualTo(1);
    }
  }

  @Test
  @Order(21)
  void theEngineRejectAllTrustsNobodyAndAcceptAllWhoeverHasAGenuineLog() throws IOException {
    LimestoneServer ours = Objects.requireNonNull(server);
    ours.restart(ENGINE + "=reject-all");
    node().awaitState(INVALID_QUOTE);
    assertThat(node().status().string("last_event_id"))
        .isEqualTo("measured_boot.policy_reject-all");
    ours.restart(ENGINE + "=accept-all");
    tenant().command("reactivate", "-u", ID).succeeded();
    node().awaitAttestations(2);
  }
}
