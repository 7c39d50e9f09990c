package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.systemtest.parts.Agent;
import io.limestone.systemtest.parts.Checkout;
import io.limestone.systemtest.parts.LimestoneServer;
import io.limestone.systemtest.parts.Node;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Rest;
import io.limestone.systemtest.parts.Story;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.testkit.Machine;
import io.limestone.testkit.OtherBoot;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * A node whose TPM holds what a real machine's firmware, shim, grub and kernel measured, from boot
 * to boot: Red Hat's, with Secure Boot.
 */
@Story
class MeasuredBootTest {
  private static final String ID = "d432fbb3-d2f1-4a97-9ef7-000000000004";
  private static final int INVALID_QUOTE = 9;

  private Path folder;
  private Bytes good;
  private Machine machine;
  private LimestoneServer server;
  private Rest registrar;
  private Agent agent;
  private Node node;

  @BeforeAll
  void prepare() throws IOException {
    folder = Workplace.empty(getClass());
    good =
        Bytes.of(Files.readAllBytes(Checkout.ROOT.resolve("testdata/uefi/keylime-secureboot.bin")));
    machine = Machine.booted(folder.resolve("machine"), good, List.of("/usr/sbin/sshd"));
    server =
        new LimestoneServer(
            folder.resolve("home"),
            List.of(
                "verifier.quote_interval=0.3", "registrar.tpm_cert_store=" + machine.ekRoots()));
    server.start();
    registrar = server.registrar();
    node = new Node(server.verifier(), ID);
    agent =
        new Agent(ID, machine, folder.resolve("agent"), server.registrarPort(), server.caFolder());
    agent.start(registrar);
  }

  @AfterAll
  void end() throws IOException {
    agent.close();
    server.close();
    machine.close();
  }

  @Test
  @Order(1)
  void aPolicyMadeFromTheMachinesLogTrustsIt() throws IOException {
    Path policy = folder.resolve("boot.json");
    limestone(
            "policy",
            "create",
            "measured-boot",
            "--eventlog-file",
            machine.bootLog().toString(),
            "--output",
            policy.toString())
        .succeeded();
    limestone("policy", "add", "servers", policy.toString(), "--kind", "boot").succeeded();
    limestone(
            "node",
            "add",
            ID,
            "--runtime-policy",
            machine.policyOfWhatRan().toString(),
            "--mb-policy-name",
            "servers",
            "--ek-roots",
            machine.ekRoots().toString())
        .succeeded();
    assertTrusted();
  }

  @Test
  @Order(2)
  void theSameBootAgainIsTrusted() throws IOException {
    reboot(good);
    node.awaitAttestations(2);
    assertTrusted();
  }

  @Test
  @Order(3)
  void anotherCommandLineIsUntrustedAndTheEventAndTheWordAreNamed() throws IOException {
    reboot(OtherBoot.withArgument(good, "init=/bin/sh"));
    JsonObject failure = soleFailure();
    assertThat(failure.string("event_id")).isEqualTo("measured_boot.policy_limestone");
    assertThat(failure.string("check"))
        .isEqualTo(
            "the kernel's command line is one of the policy's command_lines: event 94 (PCR 8,"
                + " EV_IPL)");
    assertThat(failure.string("found"))
        .contains("console=ttyS0 init=/bin/sh")
        .endsWith("(word that is not allowed: init=/bin/sh)");
    assertThat(failure.string("expected")).isEqualTo("one of the policy's 1");
    assertThat(failure.string("remedy")).contains("command_lines");
  }

  @Test
  @Order(4)
  void bootedAsBeforeAndResumedItIsTrustedAgain() throws IOException {
    reboot(good);
    limestone("node", "resume", ID).succeeded();
    node.awaitAttestations(2);
    assertTrusted();
  }

  @Test
  @Order(5)
  void secureBootSwitchedOffIsUntrustedForThatReason() throws IOException {
    reboot(OtherBoot.withoutSecureBoot(good));
    JsonObject failure = soleFailure();
    assertThat(failure.string("check")).startsWith("Secure Boot is on: event 4 (PCR 7, ");
    assertThat(failure.string("found")).isEqualTo("SecureBoot is off");
    assertThat(failure.string("expected")).isEqualTo("on");
    assertThat(failure.string("remedy")).contains("turn Secure Boot on");
  }

  @Test
  @Order(6)
  void aLogThatTellsOfABootBeforeIsUntrusted() throws IOException {
    reboot(OtherBoot.withArgument(good, "init=/bin/sh"));
    Files.write(machine.bootLog(), good.toArray());
    limestone("node", "resume", ID).succeeded();
    node.awaitState(INVALID_QUOTE);
    assertThat(failures().toString()).contains("measured_boot.invalid_pcr_8");
  }

  @Test
  @Order(7)
  void anUpdateIsAnnouncedAndTheNodeThatHasNotGotItIsListed() throws IOException {
    reboot(good);
    limestone("node", "resume", ID).succeeded();
    node.awaitAttestations(1);
    Path old = Files.write(folder.resolve("old.bin"), good.toArray());
    Path fresh = Files.write(folder.resolve("new.bin"), updated().toArray());
    Program.Ended announced =
        limestone(
                "policy",
                "announce",
                "servers",
                "--old",
                old.toString(),
                "--new",
                fresh.toString(),
                "--until",
                "2h",
                "--upload",
                "--why",
                "kernel 5.14.0-570")
            .succeeded();
    assertThat(announced.output()).contains("arrives", "leaves", "limestone node list --outdated");
    node.awaitAttestations(2);
    assertTrusted();
    assertThat(limestone("node", "list", "--outdated").succeeded().output())
        .contains(ID)
        .contains("trusted")
        .contains("outdated, accepted until ");
    assertThat(limestone("node", "show", ID).succeeded().output()).contains("outdated    ");
    assertThat(limestone("audit", "servers").succeeded().output()).contains("kernel 5.14.0-570");
  }

  @Test
  @Order(8)
  void updatedItIsTrustedAndListedNoMore() throws IOException {
    reboot(updated());
    node.awaitAttestations(2);
    assertTrusted();
    assertThat(Json.object(limestone("node", "list", "--outdated", "--json").output()).names())
        .isEmpty();
  }

  @Test
  @Order(9)
  void whoStillBootsTheOldKernelWhenTheTimeEndsIsUntrusted() throws IOException {
    reboot(good);
    node.awaitAttestations(2);
    assertTrusted();
    limestone(
            "policy",
            "announce",
            "servers",
            "--old",
            folder.resolve("old.bin").toString(),
            "--new",
            folder.resolve("new.bin").toString(),
            "--until",
            "3s",
            "--upload",
            "--why",
            "sooner than planned")
        .succeeded();
    node.awaitState(INVALID_QUOTE);
    assertThat(failures().toString()).contains("listed, but accepted only until ");
    reboot(updated());
    limestone("node", "resume", ID).succeeded();
    node.awaitAttestations(2);
    assertTrusted();
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

  private JsonObject soleFailure() {
    node.awaitState(INVALID_QUOTE);
    assertThat(failures()).as(failures().toString()).hasSize(1);
    return (JsonObject) failures().getFirst();
  }

  private List<?> failures() {
    return Json.object(limestone("node", "show", ID, "--json").succeeded().output())
        .list("failures");
  }

  private void assertTrusted() {
    limestone("node", "show", ID, "--require-trusted").succeeded();
  }

  private Program.Ended limestone(String... words) {
    return server.limestone(folder, words);
  }
}
