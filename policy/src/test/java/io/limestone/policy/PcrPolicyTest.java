package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PcrPolicyTest {
  private static final String D = "ab".repeat(32);

  @Test
  void aPolicyHasAMaskAndValues() {
    PcrPolicy policy =
        PcrPolicy.parse(
            "{\"mask\":\"0x408000\",\"15\":[\"" + D + "\"],\"22\":\"0xAB" + D.substring(2) + "\"}");
    assertThat(policy.mask()).isEqualTo(OptionalInt.of(0x408000));
    assertThat(policy.allowed()).containsOnlyKeys(15, 22);
    assertThat(policy.allowed().get(22)).isEqualTo(Set.of(Bytes.ofHex(D)));
  }

  @Test
  void withoutAMaskNobodyAsked() {
    assertThat(PcrPolicy.parse("{}").mask()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{\"mask\":1}",
        "{\"mask\":\"\"}",
        "{\"mask\":\"0x\"}",
        "{\"mask\":\"0x1000000\"}",
        "{\"mask\":\"-1\"}",
        "{\"mask\":\"zz\"}",
        "{\"10\":[\"D\"]}",
        "{\"16\":[\"D\"]}",
        "{\"24\":[\"D\"]}",
        "{\"25\":[\"D\"]}",
        "{\"abc\":[\"D\"]}",
        "{\"-1\":[\"D\"]}",
        "{\"1\":[]}",
        "{\"1\":\"\"}",
        "{\"1\":[1]}",
        "{\"1\":null}",
        "{\"1\":[\"abcd\"]}",
        "{\"mask\":\"0x1\",\"mask\":\"0x2\"}"
      })
  void anythingElseIsRefused(String json) {
    assertThatThrownBy(() -> PcrPolicy.parse(json.replace("D", D)))
        .isInstanceOf(MalformedException.class);
  }
}
