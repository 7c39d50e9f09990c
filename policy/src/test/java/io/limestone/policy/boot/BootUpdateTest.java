package io.limestone.policy.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.testkit.OtherBoot;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Updates announced beforehand: who is accepted before, in and after the time. */
class BootUpdateTest {
  private static final Instant FROM = Instant.parse("2026-12-01T00:00:00Z");
  private static final Instant UNTIL = Instant.parse("2026-12-15T00:00:00Z");
  private static final Instant BEFORE = FROM.minusMillis(1);
  private static final Instant IN = FROM.plus(Duration.ofDays(3));
  private static final Instant LAST = UNTIL.minusMillis(1);

  private static final String KERNEL = "5.14.0-503.11.1.el9_5.x86_64";
  private static final String NEXT_KERNEL = "5.14.0-570.12.1.el9_6.x86_64";
  private static final Bytes LOG = BootData.ours("uefi/keylime-secureboot.bin");
  private static final List<MeasuredEvent> OLD = BootData.events(LOG);
  private static final List<MeasuredEvent> NEW =
      BootData.events(OtherBoot.withKernel(LOG, KERNEL, NEXT_KERNEL));

  private static JsonObject policy() {
    return BootPolicyMaker.make(List.of(OLD)).document();
  }

  private static BootUpdate kernelUpdate() {
    BootUpdate update = new BootUpdate(policy(), FROM, UNTIL);
    assertThat(update.boots(List.of(OLD), List.of(NEW))).isEmpty();
    return update;
  }

  private static Judgement judge(JsonObject policy, List<MeasuredEvent> log, Instant at) {
    return BootPolicy.of("accept-all", Json.text(policy)).at(at).judge(log);
  }

  @Test
  void beforeTheTimeOnlyTheOldBootIsAcceptedInItBothAfterItOnlyTheNew() {
    JsonObject policy = kernelUpdate().document();
    assertThat(judge(policy, OLD, BEFORE).accepts()).isTrue();
    assertThat(judge(policy, NEW, BEFORE).accepts()).isFalse();
    for (Instant at : List.of(FROM, IN, LAST)) {
      assertThat(judge(policy, OLD, at).accepts()).isTrue();
      assertThat(judge(policy, NEW, at).accepts()).isTrue();
    }
    assertThat(judge(policy, OLD, UNTIL).accepts()).isFalse();
    assertThat(judge(policy, NEW, UNTIL).accepts()).isTrue();
    assertThat(judge(policy, NEW, UNTIL.plus(Duration.ofDays(3650))).accepts()).isTrue();
  }

  @Test
  void theOldBootIsOutdatedInTheTimeAndTheNewOneIsNot() {
    JsonObject policy = kernelUpdate().document();
    assertThat(judge(policy, OLD, IN).outdated())
        .allSatisfy(one -> assertThat(one.until()).isEqualTo(UNTIL))
        .anySatisfy(one -> assertThat(one.what()).startsWith("files: ").contains(KERNEL));
    assertThat(judge(policy, NEW, IN).outdated()).isEmpty();
  }

  @Test
  void afterTheTimeItIsSaidUntilWhenTheOldBootWasAccepted() {
    assertThat(judge(kernelUpdate().document(), OLD, UNTIL).objections())
        .isNotEmpty()
        .allSatisfy(
            one ->
                assertThat(one.expected()).isEqualTo("listed, but accepted only until " + UNTIL));
  }

  @Test
  void whereNoTimeIsKnownNothingWithATimeCounts() {
    BootRules rules = BootRules.parse(kernelUpdate().document());
    assertThat(rules.judge(OLD, Optional.empty()).accepts()).isFalse();
    assertThat(rules.judge(NEW, Optional.empty()).accepts()).isFalse();
  }

  @Test
  void onlyWhatTheUpdateChangesHasATime() {
    BootUpdate update = kernelUpdate();
    assertThat(update.changes())
        .filteredOn(change -> change.kind() == BootUpdate.Change.Kind.ARRIVES)
        .extracting(BootUpdate.Change::member)
        .containsExactlyInAnyOrder("programs", "files", "files", "files", "command_lines");
    assertThat(update.changes())
        .filteredOn(change -> change.kind() == BootUpdate.Change.Kind.LEAVES)
        .extracting(BootUpdate.Change::member)
        .containsExactlyInAnyOrder("programs", "files", "files", "files", "command_lines");
    assertThat(update.changes()).hasSize(10);
  }

  @Test
  void withoutAnOldBootNothingLeaves() {
    BootUpdate update = new BootUpdate(policy(), FROM, UNTIL);
    assertThat(update.boots(List.of(), List.of(NEW))).isEmpty();
    assertThat(judge(update.document(), OLD, UNTIL).accepts()).isTrue();
    assertThat(judge(update.document(), NEW, UNTIL).accepts()).isTrue();
  }

  /** A fleet's command lines differ in values: the new kernel's still may. */
  @Test
  void theNewCommandLineLeavesOpenWhatTheOldOneLeftOpen() {
    Bytes other = OtherBoot.withArgument(LOG, "machine=web-2");
    JsonObject fleet =
        BootPolicyMaker.make(
                List.of(
                    BootData.events(OtherBoot.withArgument(LOG, "machine=web-1")),
                    BootData.events(other)))
            .document();
    BootUpdate update = new BootUpdate(fleet, FROM, UNTIL);
    List<MeasuredEvent> fresh =
        BootData.events(
            OtherBoot.withKernel(
                OtherBoot.withArgument(LOG, "machine=web-1"), KERNEL, NEXT_KERNEL));
    assertThat(
            update.boots(
                List.of(BootData.events(OtherBoot.withArgument(LOG, "machine=web-1"))),
                List.of(fresh)))
        .isEmpty();
    List<MeasuredEvent> second = BootData.events(OtherBoot.withKernel(other, KERNEL, NEXT_KERNEL));
    assertThat(judge(update.document(), second, IN).objections()).isEmpty();
    assertThat(
            judge(
                    update.document(),
                    BootData.events(
                        OtherBoot.withKernel(
                            OtherBoot.withArgument(LOG, "init=/bin/sh"), KERNEL, NEXT_KERNEL)),
                    IN)
                .accepts())
        .isFalse();
  }

  @Test
  void secureBootIsNotSwitchedOffByAnAnnouncement() {
    BootUpdate update = new BootUpdate(policy(), FROM, UNTIL);
    List<MeasuredEvent> off = BootData.events(OtherBoot.withoutSecureBoot(LOG));
    assertThat(update.boots(List.of(OLD), List.of(off)).orElseThrow().objections())
        .singleElement()
        .satisfies(one -> assertThat(one.check()).startsWith("Secure Boot is on"));
  }

  @Test
  void anOldBootThatThePolicyRefusesIsRefused() {
    BootUpdate update = new BootUpdate(policy(), FROM, UNTIL);
    BootUpdate.Refusal refusal = update.boots(List.of(NEW), List.of(NEW)).orElseThrow();
    assertThat(refusal.about()).contains("the policy does not accept the old boot");
    assertThat(refusal.objections()).isNotEmpty();
  }

  @Test
  void backToTheOldKernelBeforeTheTimeEnds() {
    BootUpdate back = new BootUpdate(kernelUpdate().document(), IN, UNTIL);
    assertThat(back.boots(List.of(NEW), List.of(OLD))).isEmpty();
    assertThat(judge(back.document(), OLD, UNTIL).accepts()).isTrue();
    assertThat(judge(back.document(), OLD, IN).outdated()).isEmpty();
    assertThat(judge(back.document(), NEW, LAST).accepts()).isTrue();
    assertThat(judge(back.document(), NEW, UNTIL).accepts()).isFalse();
    assertThat(back.changes())
        .extracting(BootUpdate.Change::kind)
        .contains(BootUpdate.Change.Kind.STAYS, BootUpdate.Change.Kind.LEAVES);
  }

  @Test
  void announcedAgainTheTimeIsLonger() {
    Instant later = UNTIL.plus(Duration.ofDays(7));
    BootUpdate again = new BootUpdate(kernelUpdate().document(), IN, later);
    assertThat(again.boots(List.of(OLD), List.of(NEW))).isEmpty();
    assertThat(judge(again.document(), OLD, UNTIL).accepts()).isTrue();
    assertThat(judge(again.document(), OLD, later).accepts()).isFalse();
  }

  @Test
  void aProgramAndAKeyAreAnnouncedByDigest() {
    Bytes digest = programOf(NEW);
    BootUpdate update = new BootUpdate(policy(), FROM, UNTIL);
    update.accept("programs", Map.of("name", "shim 15.9", "sha256", digest.hex()));
    update.replace("programs", programOf(OLD).hex());
    update.accept("keys.authorities", Map.of("name", "next CA", "sha256", "ab".repeat(32)));
    assertThat(BootRules.parse(update.document()).keys().get("authorities"))
        .anySatisfy(key -> assertThat(key.name()).isEqualTo("next CA"));
    assertThat(judge(update.document(), OLD, LAST).accepts()).isTrue();
    assertThat(judge(update.document(), OLD, LAST).outdated()).hasSize(1);
    assertThat(judge(update.document(), OLD, UNTIL).accepts()).isFalse();
    assertThat(judge(update.document(), NEW, IN).objections())
        .noneSatisfy(one -> assertThat(one.check()).contains("\"programs\""));
  }

  private static Bytes programOf(List<MeasuredEvent> log) {
    return log.stream()
        .filter(event -> event.pcr() == 4 && event.number() == 93)
        .findFirst()
        .flatMap(MeasuredEvent::digest)
        .orElseThrow();
  }

  @Test
  void aRevocationIsDemandedWhenTheTimeEnds() {
    BootUpdate update = new BootUpdate(policy(), FROM, UNTIL);
    update.revoke(Bytes.of(new byte[32]));
    update.demand("grub", 5);
    JsonObject policy = update.document();
    assertThat(judge(policy, OLD, LAST).accepts()).isTrue();
    assertThat(judge(policy, OLD, LAST).outdated())
        .hasSize(2)
        .anySatisfy(one -> assertThat(one.what()).startsWith("dbx: "))
        .anySatisfy(one -> assertThat(one.what()).startsWith("sbat: grub 3; 5 will be"));
    assertThat(judge(policy, OLD, UNTIL).objections()).hasSize(2);
  }

  @Test
  void whatCannotBeAnnouncedIsRefused() {
    BootUpdate update = new BootUpdate(policy(), FROM, UNTIL);
    Map<String, Object> entry = Map.of("sha256", "ab".repeat(32));
    assertThatThrownBy(() -> update.accept("configuration", entry))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("may be anything");
    assertThatThrownBy(() -> update.accept("kernel", entry))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("programs");
    assertThatThrownBy(() -> update.replace("programs", "no such"))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> new BootUpdate(policy(), UNTIL, FROM))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> new BootUpdate(Json.object("{\"scrtm\":[]}"), FROM, UNTIL))
        .isInstanceOf(MalformedException.class);
  }
}
