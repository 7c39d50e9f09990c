package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.systemtest.parts.Agent;
import io.limestone.systemtest.parts.Checkout;
import io.limestone.systemtest.parts.KeylimeTenant;
import io.limestone.systemtest.parts.LimestoneProgram;
import io.limestone.systemtest.parts.Node;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Rest;
import io.limestone.systemtest.parts.Servers;
import io.limestone.systemtest.parts.Story;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.testkit.Machine;
import io.limestone.testkit.OtherBoot;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * A node's boots under reference states that Keylime's real tenant uploads, judged by the engine
 * {@code example}. Told twice, with Keylime's own servers and with ours: the verdicts are the same.
 */
@Story
abstract class TenantBootStory {
  static final String ID = "d432fbb3-d2f1-4a97-9ef7-000000000005";
  static final int INVALID_QUOTE = 9;

  private final NoticeReceiver webhook = new NoticeReceiver();
  private Path folder;
  private Bytes good;
  private Path state;
  private Machine machine;
  private Servers servers;
  private KeylimeTenant tenant;
  private Rest registrar;
  private Agent agent;
  private Node node;

  /** Starts the servers with the engine {@code example} and a quote interval of half a second. */
  abstract Servers start(Path home, NoticeReceiver webhook, Path ekRoots) throws IOException;

  @BeforeAll
  void prepare() throws IOException {
    folder = Workplace.empty(getClass());
    good = Bytes.of(Files.readAllBytes(testdata("uefi/keylime-secureboot.bin")));
    state = testdata("refstate/keylime-secureboot.refstate.json");
    machine = Machine.booted(folder.resolve("machine"), good, List.of("/usr/sbin/sshd"));
    servers = start(folder.resolve("servers"), webhook, machine.ekRoots());
    tenant = servers.tenant(machine.ekRoots());
    registrar = servers.registrar();
    node = new Node(servers.verifier(), ID);
    agent =
        new Agent(
            ID, machine, folder.resolve("agent"), servers.registrarPort(), servers.caFolder());
    agent.start(registrar);
  }

  @AfterAll
  void end() throws IOException {
    agent.close();
    servers.close();
    webhook.close();
    machine.close();
  }

  KeylimeTenant tenant() {
    return tenant;
  }

  Node node() {
    return node;
  }

  Path folder() {
    return folder;
  }

  @Test
  @Order(1)
  void aReferenceStateMadeOfItsLogTrustsTheNode() {
    enrol("add", "--mb_refstate", state.toString()).succeeded();
    node.awaitAttestations(2);
    assertThat(node.status().integer("has_mb_refstate")).isEqualTo(1);
    tenant.command("delete", "-u", ID).succeeded();
  }

  @Test
  @Order(2)
  void aStoredOneIsShownAndTrustsItByItsName() {
    tenant
        .command("addmbpolicy", "--mb-policy-name", "servers", "--mb-policy", state.toString())
        .succeeded();
    assertThat(tenant.command("listmbpolicy").succeeded().output()).contains("'servers'");
    assertThat(tenant.command("showmbpolicy", "--mb-policy-name", "servers").succeeded().output())
        .contains("scrtm_and_bios", "kernels");
    enrol("add", "--mb-policy-name", "servers").succeeded();
    node.awaitAttestations(2);
    assertThat(tenant.command("deletembpolicy", "--mb-policy-name", "servers").exit())
        .as("in use")
        .isEqualTo(1);
  }

  @Test
  @Order(3)
  void anotherCommandLineIsUntrusted() throws IOException {
    reboot(OtherBoot.withArgument(good, "init=/bin/sh"));
    refused();
  }

  @Test
  @Order(4)
  void secureBootSwitchedOffIsUntrusted() throws IOException {
    reboot(OtherBoot.withoutSecureBoot(good));
    tenant.command("reactivate", "-u", ID).succeeded();
    refused();
  }

  @Test
  @Order(5)
  void anotherKernelIsTrustedOnceTheStateIsUpdated() throws IOException {
    reboot(updated());
    tenant.command("reactivate", "-u", ID).succeeded();
    refused();
    Path both = folder.resolve("both.json");
    Path log = Files.write(folder.resolve("updated.bin"), updated().toArray());
    Program.run(
            "limestone",
            folder,
            Map.of(),
            LimestoneProgram.limestone(
                "policy",
                "create",
                "measured-boot",
                "--format",
                "keylime",
                "--eventlog-file",
                testdata("uefi/keylime-secureboot.bin").toString(),
                "--eventlog-file",
                log.toString(),
                "--output",
                both.toString()),
            Duration.ofMinutes(2))
        .succeeded();
    tenant
        .command("updatembpolicy", "--mb-policy-name", "servers", "--mb-policy", both.toString())
        .succeeded();
    tenant.command("reactivate", "-u", ID).succeeded();
    node.awaitAttestations(2);
  }

  @Test
  @Order(6)
  void theOldKernelStillIs() throws IOException {
    reboot(good);
    node.awaitAttestations(2);
  }

  /** The node is found untrusted, for what it booted. */
  void refused() {
    node.awaitState(INVALID_QUOTE);
    assertThat(node.status().string("last_event_id")).startsWith("measured_boot.policy_example");
  }

  private Bytes updated() {
    return OtherBoot.withKernel(
        good, "5.14.0-503.11.1.el9_5.x86_64", "5.14.0-570.12.1.el9_6.x86_64");
  }

  private void reboot(Bytes log) throws IOException {
    agent.terminate();
    machine.reboots(log);
    agent.start(registrar);
  }

  private Program.Ended enrol(String command, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of("-u", ID, "-t", "127.0.0.1", "-tp", Integer.toString(agent.port())));
    words.addAll(List.of(more));
    return tenant.command(command, words.toArray(String[]::new));
  }

  private static Path testdata(String name) {
    return Checkout.ROOT.resolve("testdata").resolve(name);
  }
}
