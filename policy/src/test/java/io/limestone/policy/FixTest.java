package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of the context of a failure, the change that accepts what failed, and of others none. */
class FixTest {
  private static final String A = "a".repeat(64);
  private static final String PROGRAM =
      "{\"op\":\"add\",\"path\":\"/programs/-\",\"value\":{\"name\":\"shim\",\"sha256\":\"%s\"}}"
          .formatted(A);
  private static final String SECURE_BOOT_OFF =
      "{\"op\":\"replace\",\"path\":\"/secure_boot\",\"value\":false}";
  private static final String NO_DBX = "{\"op\":\"add\",\"path\":\"/absent/-\",\"value\":\"dbx\"}";

  @Test
  void whatIsNotListedIsListedInThePartThatDecides() {
    assertThat(entry("digests", "/bin/x")).isEqualTo(new Fix.Listed("digests", "/bin/x", A));
    assertThat(entry("verity", "/bin/x"))
        .as("never as the hash of a content")
        .isEqualTo(new Fix.Listed("digests", "verity:/bin/x", A));
    assertThat(entry("keyrings", ".ima")).isEqualTo(new Fix.Listed("keyrings", ".ima", A));
    assertThat(entry("ima-buf", "kexec-cmdline"))
        .isEqualTo(new Fix.Listed("ima-buf", "kexec-cmdline", A));
  }

  @Test
  void anExcludeIsNoFix() {
    assertThat(entry("excludes", "/bin/x")).isEqualTo(new Fix.None());
    assertThat(entry("violations", "/var/log/x")).isEqualTo(new Fix.None());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"rule\":\"digests\",\"path\":\"/x\"}",
        "{\"rule\":\"digests\",\"digest\":\"aa\"}",
        "{\"rule\":\"digests\",\"path\":\"/\\\\xff\",\"digest\":\"aa\",\"listable\":false}",
        "{\"rule\":1,\"path\":\"/x\",\"digest\":\"aa\"}",
        "{\"rule\":\"digests\",\"path\":[],\"digest\":\"aa\"}",
        "{\"patch\":[]}",
        "{\"patch\":[1]}",
        "{\"patch\":[{\"op\":\"remove\",\"path\":\"/dbx/0\",\"value\":1}]}",
        "{\"patch\":[{\"op\":\"add\",\"path\":\"/dbx/~1\",\"value\":1}]}",
        "{\"patch\":[{\"op\":\"add\",\"path\":\"dbx\",\"value\":1}]}",
        "{\"patch\":[{\"op\":\"add\",\"path\":\"/dbx/-\",\"value\":1,\"from\":\"/x\"}]}"
      })
  void whatIsNotUnderstoodHasNoFix(String context) {
    assertThat(Fix.of(Json.object(context))).isEqualTo(new Fix.None());
  }

  @Test
  void aChangeThatDemandsLessIsTold() {
    assertThat(boot(PROGRAM).weakens()).isFalse();
    assertThat(boot(SECURE_BOOT_OFF).weakens()).isTrue();
    assertThat(boot(PROGRAM + "," + NO_DBX).weakens()).isTrue();
  }

  @Test
  void aPatchOfBootChangesMakesAnotherPolicyThatIsValid() {
    PolicyPatch patch =
        PolicyPatch.of(
            Optional.empty(),
            Optional.of("base"),
            List.of(boot(PROGRAM), boot(PROGRAM + "," + NO_DBX)));
    assertThat(PolicyPatch.fromJson(Json.object(Json.bytes(patch.toJson()))).boot().changes())
        .as("each once")
        .hasSize(2);
    JsonObject before = Json.object("{\"limestone_boot_policy\":1,\"secure_boot\":true}");
    JsonObject after = patch.boot().apply(before);
    assertThat(after.list("programs")).hasSize(1);
    assertThat(after.list("absent")).isEqualTo(List.of("dbx"));
    assertThat(after.bool("secure_boot")).isTrue();
    assertThat(patch.boot().apply(after)).as("there already").isEqualTo(after);

    PolicyPatch bad =
        PolicyPatch.of(
            Optional.empty(), Optional.empty(), List.of(boot(PROGRAM.replace("sha256", "sha7"))));
    assertThatThrownBy(() -> bad.boot().apply(before)).isInstanceOf(MalformedException.class);
  }

  private static Fix entry(String rule, String path) {
    return Fix.of(new JsonObject(Map.of("rule", rule, "path", path, "digest", A)));
  }

  private static Fix.Changed boot(String operations) {
    return (Fix.Changed) Fix.of(Json.object("{\"patch\":[" + operations + "]}"));
  }
}
