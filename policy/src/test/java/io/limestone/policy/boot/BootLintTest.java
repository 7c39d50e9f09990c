package io.limestone.policy.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.policy.Complaint;
import io.limestone.policy.Complaint.Level;
import io.limestone.wire.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Boot policies that are valid, and say less than their authors may think. */
class BootLintTest {
  static final List<String> GENUINE = BootData.GENUINE;

  private static final Instant NOW = Instant.parse("2026-07-01T00:00:00Z");
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);

  /** A policy whose members may be exchanged. */
  private static final String GOOD =
      """
      {"limestone_boot_policy": 1,
       "secure_boot": true,
       "firmware": [{"name": "f", "sha256": "%1$s"}],
       "programs": [{"name": "shim", "sha256": "%1$s"}],
       "keys": {"PK": [], "KEK": [], "db": [], "authorities": []},
       "dbx": [{"sha256": "%1$s"}],
       "sbat": [{"component": "shim", "level": 4}],
       "command_lines": [{"require": ["ro", "/vmlinuz"]}]
      }
      """
          .formatted(A);

  @Test
  void aGoodPolicyHasNoComplaints() {
    assertThat(BootLint.of(GOOD, true, NOW)).isEmpty();
    assertThat(BootLint.of(GOOD, false, NOW))
        .singleElement()
        .satisfies(one -> assertThat(one.problem()).contains("is not signed"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "\"secure_boot\": true | \"secure_boot\": \"any\" | WARNING | line 2: secure_boot | Secure Boot off",
        "\"secure_boot\": true | \"secure_boot\": false | WARNING | line 2: secure_boot | Secure Boot off",
        "\"firmware\": [{\"name\": \"f\", \"sha256\": \"A\"}] | \"firmware\": \"any\" | WARNING | line 3: firmware | anything",
        "\"firmware\": [{\"name\": \"f\", \"sha256\": \"A\"}] | \"firmware\": [] | ERROR | line 3: firmware | every boot fails",
        "\"name\": \"shim\" | \"until\": \"2026-06-30T00:00:00Z\" | ERROR | line 4: programs | every boot fails",
        "\"name\": \"shim\" | \"until\": \"2026-06-30T00:00:00Z\" | NOTE | line 4: programs[0] | time is over",
        "\"name\": \"shim\" | \"until\": \"2029-06-30T00:00:00Z\" | WARNING | line 4: programs[0] | not for 180 days",
        "\"name\": \"f\" | \"from\": \"2026-06-30T00:00:00Z\" | NOTE | line 3: firmware[0] | no end",
        "\"name\": \"f\" | \"from\": \"2026-07-30T00:00:00Z\" | NOTE | line 3: firmware[0] | does not count yet",
        "{\"name\": \"f\", \"sha256\": \"A\"} | {\"sha1\": \"SHA1\"} | WARNING | line 3: firmware[0] | SHA-1",
        "{\"name\": \"f\", | {\"name\": \"x\", \"sha256\": \"A\"}, {\"name\": \"f\", | NOTE | line 3: firmware[1] | twice",
        "\"PK\": [] | \"PK\": \"any\" | WARNING | line 5: keys.PK | anything",
        "\"sbat\": [{\"component\": \"shim\", \"level\": 4}] | \"sbat\": [] | NOTE | line 7: sbat | no least SBAT",
        "\"level\": 4} | \"level\": 4}, {\"component\": \"shim\", \"level\": 5} | NOTE | line 7: sbat[1] | twice",
        "\"dbx\": [{ | \"dbx\": [{\"from\": \"2026-07-30T00:00:00Z\", | NOTE | line 6: dbx[0] | not demanded yet",
        "[{\"require\": [\"ro\", \"/vmlinuz\"]}] | \"any\" | WARNING | line 8: command_lines | any kernel command line",
        "\"ro\", \"/vmlinuz\"] | \"ro\"], \"others\": true | WARNING | line 8: command_lines[0] | init=/bin/sh",
        "\"ro\", \"/vmlinuz\"] | \"ro\"], \"allow\": [\"selinux=0\"] | WARNING | line 8: command_lines[0] | accepts selinux=0",
        "\"ro\", \"/vmlinuz\"] | \"ro\"], \"values\": {\"init\": \".*\"} | WARNING | line 8: command_lines[0] | init=/bin/sh",
        "\"ro\", \"/vmlinuz\"] | \"ro\"], \"forbid\": [\"ro\"] | ERROR | line 8: command_lines[0] | accepts nothing"
      })
  void eachWeaknessIsFoundWithItsLine(
      String good, String bad, Level level, String place, String problem) {
    String text = GOOD.replace(whole(good), whole(bad));
    assertThat(text).isNotEqualTo(GOOD);
    assertThat(BootLint.of(text, true, NOW))
        .anySatisfy(
            one -> {
              assertThat(one.level()).isEqualTo(level);
              assertThat(one.place()).isEqualTo(place);
              assertThat(one.problem()).contains(problem);
            });
  }

  @Test
  void anyProgramOfAnySignerIsAnError() {
    String any = GOOD.replaceAll("\"programs\": .*", "\"programs\": \"any\",");
    assertThat(BootLint.of(any.replace("\"sbat\"", "\"sbat\""), true, NOW))
        .as("by signer")
        .noneMatch(one -> one.level() == Level.ERROR);
    assertThat(
            BootLint.of(
                any.replaceAll("\"authorities\": \\[]", "\"authorities\": \"any\""), true, NOW))
        .anyMatch(one -> one.level() == Level.ERROR && one.place().equals("line 4: programs"));
  }

  /** What is made of a good boot allows what is needed: no error, and no command line too many. */
  @ParameterizedTest
  @FieldSource("GENUINE")
  void whatIsMadeOfALogHasNoErrors(String log) {
    BootPolicyMaker.Made made = BootPolicyMaker.make(List.of(BootData.log(log)));
    assertThat(BootLint.of(Json.text(made.document()), true, NOW))
        .noneMatch(one -> one.level() == Level.ERROR && !one.problem().contains("forbids"));
  }

  @Test
  void referenceStatesAreReadTheSameWay() {
    String text =
        new String(
            BootData.ours("refstate/intel_svr.refstate.json").toArray(), StandardCharsets.UTF_8);
    assertThat(BootLint.of(text, true, NOW)).noneMatch(one -> one.level() == Level.ERROR);
    assertThat(problems(text.replaceAll("(\"kernel_cmdline\": \")[^\"]*", "$1.*")))
        .anyMatch(one -> one.contains("any kernel command line"));
    assertThat(
            problems(
                text.replace("\"has_secureboot\": true", "\"has_secureboot\": false")
                    .replace("kernel_authcode", "vmlinuz_plain")))
        .anyMatch(one -> one.contains("Secure Boot off"));
    assertThat(problems(text.replaceAll("(\"initrd_plain_sha256\": \"0x)[0-9a-f]{2}", "$1")))
        .anyMatch(one -> one.contains("never matches"));
    assertThat(problems(text.replace("\"has_secureboot\"", "\"has_secure_boot\"")))
        .anyMatch(one -> one.contains("is not read"));
    assertThat(problems("{}")).anyMatch(one -> one.contains("says nothing"));
  }

  private static List<String> problems(String text) {
    return BootLint.of(text, true, NOW).stream().map(Complaint::problem).toList();
  }

  private static String whole(String text) {
    return text.replace("\"A\"", "\"" + A + "\"").replace("SHA1", B.substring(24));
  }
}
