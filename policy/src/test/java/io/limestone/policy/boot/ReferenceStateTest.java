package io.limestone.policy.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keylime's reference states give Keylime's answers, where these are right. */
class ReferenceStateTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "css-flex14vm4-bootlog",
        "keylime-issue1153",
        "keylime-secureboot",
        "swtpm_measurements"
      })
  void acceptsTheLogThatItWasMadeOf(String name) {
    assertThat(judge(name).objections()).isEmpty();
  }

  /** Each for the reason that the reference gives: no kernels, EV_POST_CODE, an empty dbx … */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "hirs-TpmLog",
        "hirs-TpmLog-altered",
        "inspur",
        "intel_svr",
        "keylime-nosb-locality3",
        "puiterwijk"
      })
  void refusesWhatTheReferenceRefusesEvenOnItsOwnLog(String name) {
    assertThat(judge(name).objections()).isNotEmpty();
  }

  @Test
  void everyVectorHasTheReferencesAnswer() {
    var events = BootData.events(BootData.shared("uefi/swtpm-secureboot.bin"));
    String rows =
        new String(
            BootData.shared("refstate/refstate_vectors.json").toArray(), StandardCharsets.UTF_8);
    int checked = 0;
    for (Object row : Json.object("{\"rows\":" + rows + "}").list("rows")) {
      JsonObject vector = (JsonObject) row;
      Object refstate = vector.members().get("refstate");
      String text = refstate instanceof String s ? s : Json.text(refstate);
      BootPolicy policy = BootPolicy.of("example", text);
      assertThat(policy.judge(events).accepts())
          .as(vector.string("name") + ": " + policy.judge(events).objections())
          .isEqualTo(vector.string("reference").equals("accept"));
      checked++;
    }
    assertThat(checked).isEqualTo(23);
  }

  /** As the reference's own tool writes it, member by member. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "css-flex14vm4-bootlog",
        "keylime-issue1153",
        "keylime-secureboot",
        "keylime-nosb-locality3",
        "inspur",
        "intel_svr",
        "puiterwijk",
        "swtpm_measurements"
      })
  void isMadeAsTheReferenceMakesIt(String name) {
    JsonObject made = ReferenceStateMaker.make(BootData.log(name));
    JsonObject reference = Json.object(state(name));
    for (String member : reference.names()) {
      assertThat(made.members().get(member)).as(member).isEqualTo(reference.members().get(member));
    }
    assertThat(made.names()).isSubsetOf(reference.names());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"initrd_plain_sha256\": \"0x | \"initrd_plain_sha256\": \"0X | kernels[0].initrd_plain_sha256:"
            + " is not 0x and hex digits in lower case",
        "\"kernel_cmdline\": \" | \"kernel_cmdline\": \"(| kernels[0].kernel_cmdline: ",
        "\"kernel_cmdline\" | \"kernel_cmd\" | kernels[0].kernel_cmdline: is missing",
        "\"mokdig\" | \"mokdg\" | mokdig: is missing",
        "\"dbx\": | \"dbx\": [7], \"x\": | dbx[0]: is not an object"
      })
  void complaintsNameLineAndMember(String good, String bad, String complaint) {
    String text = state("intel_svr").replace("], \"", "],\n\"");
    String broken = text.replace(good, bad);
    assertThat(broken).isNotEqualTo(text);
    assertThatThrownBy(() -> ReferenceState.parse(broken))
        .isInstanceOf(MalformedException.class)
        .hasMessageMatching("(?s)line [0-9]+: .*")
        .hasMessageContaining(complaint);
    assertThat(BootPolicy.of("example", broken).unusable().orElseThrow()).contains(complaint);
  }

  /** Else an engine that reads no document would accept any log by a policy that was signed. */
  @Test
  void aPolicyInAnEnvelopeIsUnusableWhateverTheEngine() {
    String envelope = "{\"payload\": \"e30=\", \"payloadType\": \"x\", \"signatures\": []}";
    assertThat(BootPolicy.of("accept-all", envelope).judge(List.of()).accepts()).isFalse();
    assertThat(BootPolicy.of("accept-all", "{}").judge(List.of()).accepts()).isTrue();
  }

  private static Judgement judge(String name) {
    return BootPolicy.of("example", state(name)).judge(BootData.log(name));
  }

  private static String state(String name) {
    return new String(
        BootData.ours("refstate/" + name + ".refstate.json").toArray(), StandardCharsets.UTF_8);
  }
}
