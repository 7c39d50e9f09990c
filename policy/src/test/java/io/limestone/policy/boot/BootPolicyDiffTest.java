package io.limestone.policy.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.PolicyDiff.Kind;
import io.limestone.policy.boot.BootPolicyDiff.Difference;
import io.limestone.policy.boot.BootPolicyDiff.Effect;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Boot policies compared, in what they mean for machines. */
class BootPolicyDiffTest {
  private static final Instant NOW = Instant.parse("2026-07-01T00:00:00Z");
  private static final String GOOD =
      """
      {"limestone_boot_policy": 1, "secure_boot": true, "firmware": "any",
       "programs": [{"name": "shim", "sha256": "%1$s"}],
       "keys": {"PK": [], "KEK": [], "db": [{"name": "CN=old", "sha256": "%1$s"}], "authorities": []},
       "dbx": [{"sha256": "%1$s"}],
       "sbat": [{"component": "shim", "level": 4}],
       "command_lines": [{"require": ["ro", "/vmlinuz"], "allow": ["quiet"], "values": {"root": "UUID=.*"}}]}
      """
          .formatted("a".repeat(64));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "\"secure_boot\": true | \"secure_boot\": \"any\" | CHANGED | secure_boot | MORE | on or off",
        "\"secure_boot\": true | \"secure_boot\": false | CHANGED | secure_boot | OTHER | Secure Boot on become untrusted",
        "\"firmware\": \"any\" | \"firmware\": [] | CHANGED | firmware | LESS | anything else become untrusted",
        "{\"name\": \"shim\", | {\"name\": \"x\", \"sha256\": \"B\"}, {\"name\": \"shim\", | ADDED | programs | MORE | may boot these",
        "\"shim\", \"sha256\": \"A\" | \"shim\", \"sha256\": \"B\" | CHANGED | programs | OTHER | still boot what it was",
        "{\"name\": \"shim\", \"sha256\": \"A\"} |  | REMOVED | programs | LESS | update them first",
        "{\"name\": \"shim\", | {\"until\": \"2026-08-01T00:00:00Z\", | CHANGED | programs | LESS | shorter time",
        "{\"name\": \"CN=old\", \"sha256\": \"A\"} |  | REMOVED | keys.db | LESS | hold any of these",
        "{\"sha256\": \"A\"} | {\"sha256\": \"A\"}, {\"sha256\": \"B\"} | ADDED | dbx | LESS | update their dbx",
        "{\"sha256\": \"A\"} |  | REMOVED | dbx | MORE | need not",
        "\"level\": 4 | \"level\": 5 | CHANGED | sbat | LESS | update their shim",
        "\"level\": 4 | \"level\": 3 | CHANGED | sbat | MORE | may demand less",
        "\"allow\": [\"quiet\"] | \"allow\": [\"quiet\", \"debug\"] | CHANGED | command_lines | MORE | may boot with",
        "\"allow\": [\"quiet\"], |  | CHANGED | command_lines | LESS | do not fit",
        "\"require\": [\"ro\", | \"require\": [\"rw\", | CHANGED | command_lines | OTHER | what it was",
        "\"require\": [\"ro\", | \"forbid\": [\"init\"], \"require\": [\"ro\", | CHANGED | command_lines | LESS | do not fit",
        "UUID=.* | .* | CHANGED | command_lines | OTHER | what it was"
      })
  void eachDifferenceHasItsMeaning(
      String from, String to, Kind kind, String part, Effect effect, String meaning) {
    String after = GOOD.replace(whole(from), to == null ? "" : whole(to));
    assertThat(after).isNotEqualTo(GOOD);
    assertThat(BootPolicyDiff.of(GOOD, after, NOW))
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.kind()).isEqualTo(kind);
              assertThat(one.part()).isEqualTo(part);
              assertThat(one.effect()).isEqualTo(effect);
              assertThat(one.meaning()).contains(meaning);
            });
  }

  @Test
  void whatIsOnlyCalledOtherwiseIsTheSame() {
    assertThat(BootPolicyDiff.of(GOOD, GOOD.replace("\"shim\", \"sha", "\"x\", \"sha"), NOW))
        .isEmpty();
    String over = GOOD.replace("{\"name\": \"shim\",", "{\"until\": \"2026-06-01T00:00:00Z\",");
    assertThat(
            BootPolicyDiff.of(over, over.replaceAll("\"programs\": .*", "\"programs\": [],"), NOW))
        .singleElement()
        .satisfies(one -> assertThat(one.effect()).isEqualTo(Effect.NONE));
  }

  /** A list of command lines demands one, a list of phases that they were measured. */
  @Test
  void whatDemandsAsSoonAsItIsThereIsTold() {
    String none = GOOD.replaceAll("\"command_lines\": .*", "\"command_lines\": []}");
    assertThat(BootPolicyDiff.of(none, GOOD, NOW))
        .extracting(Difference::effect)
        .containsExactly(Effect.LESS, Effect.MORE);
    String phases = GOOD.replace("\"dbx\"", "\"phases\": [\"enter-initrd\"], \"dbx\"");
    assertThat(BootPolicyDiff.of(GOOD, phases, NOW))
        .extracting(Difference::kind, Difference::name, Difference::effect)
        .containsExactly(
            tuple(Kind.REMOVED, "none", Effect.LESS),
            tuple(Kind.ADDED, "enter-initrd", Effect.MORE));
  }

  @Test
  void aChangedCommandLineIsToldWordByWord() {
    String after = GOOD.replace("[\"quiet\"]", "[\"splash\"]");
    assertThat(BootPolicyDiff.of(GOOD, after, NOW).getFirst().details())
        .containsExactly("quiet: allowed -> none", "splash: none -> allowed");
  }

  /** What an announced update does to a policy, told back: the old leaves, the new has come. */
  @Test
  void anAnnouncedUpdateIsToldBack() {
    BootUpdate update = new BootUpdate(Json.object(GOOD), NOW, NOW.plusSeconds(3600));
    update.accept("programs", Map.of("name", "shim-2", "sha256", "b".repeat(64)));
    update.replace("programs", "shim");
    assertThat(BootPolicyDiff.of(GOOD, Json.text(update.document()), NOW))
        .extracting(Difference::kind, Difference::name, Difference::effect)
        .containsExactly(
            tuple(Kind.CHANGED, "shim  aaaaaaaaaaaaaaaa…", Effect.LESS),
            tuple(Kind.ADDED, "shim-2  bbbbbbbbbbbbbbbb…", Effect.MORE));
  }

  @Test
  void referenceStatesAreComparedKernelByKernel() {
    String state =
        new String(
            BootData.ours("refstate/intel_svr.refstate.json").toArray(), StandardCharsets.UTF_8);
    String next = state.replaceAll("(\"initrd_plain_sha256\": \"0x)[0-9a-f]{2}", "$1ff");
    assertThat(BootPolicyDiff.of(state, state, NOW)).isEmpty();
    assertThat(BootPolicyDiff.of(state, next, NOW))
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.part()).isEqualTo("kernels");
              assertThat(one.details()).singleElement().asString().startsWith("initrd: ");
              assertThat(one.effect()).isEqualTo(Effect.OTHER);
            });
    assertThatThrownBy(() -> BootPolicyDiff.of(state, GOOD, NOW))
        .isInstanceOf(MalformedException.class);
  }

  /** The claim that nobody becomes untrusted is held against the judgement of real boots. */
  @Test
  void whatOnlyGainsAcceptsEveryBootThatWasAccepted() {
    int gaining = 0;
    for (String log : BootData.GENUINE) {
      List<MeasuredEvent> boot = BootData.log(log);
      String one = made(List.of(boot));
      for (String other : List.of("intel_svr", "keylime-secureboot", "puiterwijk")) {
        String both = made(List.of(boot, BootData.log(other)));
        boolean gains =
            BootPolicyDiff.of(one, both, NOW).stream()
                .allMatch(d -> d.effect() == Effect.MORE || d.effect() == Effect.NONE);
        if (gains && accepts(one, boot)) {
          assertThat(accepts(both, boot)).as(log + " and " + other).isTrue();
          gaining++;
        }
      }
    }
    assertThat(gaining).isGreaterThan(3);
  }

  private static String made(List<List<MeasuredEvent>> logs) {
    return Json.text(BootPolicyMaker.make(logs).document());
  }

  private static boolean accepts(String policy, List<MeasuredEvent> boot) {
    return BootRules.parse(policy).judge(boot, Optional.of(NOW)).accepts();
  }

  private static String whole(String text) {
    return text.replace("\"A\"", "\"" + "a".repeat(64) + "\"")
        .replace("\"B\"", "\"" + "b".repeat(64) + "\"");
  }
}
