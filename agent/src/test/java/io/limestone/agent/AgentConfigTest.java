package io.limestone.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.keylime.NodeId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** agent.conf as Keylime's agent reads it (pull-protocol.md section 9.1). */
class AgentConfigTest {
  @TempDir Path home;

  private AgentConfig load(String agentTable, Map<String, String> more) throws Exception {
    Path file = home.resolve("agent.conf");
    Files.writeString(file, "[agent]\n" + agentTable);
    Map<String, String> environment = new HashMap<>(more);
    environment.put("KEYLIME_DIR", home.toString());
    return AgentConfig.load(Optional.of(file), environment);
  }

  private AgentConfig load(String agentTable) throws Exception {
    return load(agentTable, Map.of());
  }

  @Test
  void withoutOptionsTheDefaultsAreKeylimes() throws Exception {
    AgentConfig config = load("");
    assertThat(config.listen()).hasToString("127.0.0.1:9002");
    assertThat(config.registrar()).hasToString("127.0.0.1:8890");
    assertThat(config.id())
        .isEqualTo(
            new AgentConfig.IdSource.Fixed(NodeId.parse("d432fbb3-d2f1-4a97-9ef7-75bd81c00000")));
    assertThat(config.tls().orElseThrow().trustedClientCa())
        .containsExactly(home.resolve("cv_ca/cacert.crt"));
    assertThat(config.payload().maxBytes()).isEqualTo(1 << 20);
    assertThat(config.runAs()).contains(new AgentConfig.RunAs("keylime", Optional.of("tss")));
    assertThat(config.apiVersions()).hasSize(6);
  }

  @Test
  void theEnvironmentWinsOverTheFile() throws Exception {
    AgentConfig config = load("port = 1\nip = \"::1\"", Map.of("KEYLIME_AGENT_PORT", "9100"));
    assertThat(config.listen()).hasToString("[::1]:9100");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "trusted_client_ca = [\"a\", 'b', # c\n]",
        "trusted_client_ca = \"a, b\"",
        "trusted_client_ca = \"['a', 'b']\""
      })
  void aListIsAnArrayOrOneText(String line) throws Exception {
    assertThat(load(line).tls().orElseThrow().trustedClientCa())
        .containsExactly(home.resolve("a"), home.resolve("b"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "D432FBB3-D2F1-4A97-9EF7-75BD81C00001",
        "{d432fbb3-d2f1-4a97-9ef7-75bd81c00001}",
        "urn:uuid:d432fbb3-d2f1-4a97-9ef7-75bd81c00001",
        "d432fbb3d2f14a979ef775bd81c00001"
      })
  void aUuidOfAnyFormIsWrittenInOne(String text) throws Exception {
    assertThat(load("uuid = \"" + text + "\"").id())
        .isEqualTo(
            new AgentConfig.IdSource.Fixed(NodeId.parse("d432fbb3-d2f1-4a97-9ef7-75bd81c00001")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "uuid = \"hostname\"",
        "port = 70000",
        "port = \"x\"",
        "port = 1\nport = 2",
        "ip = 127.0.0.1",
        "ip = \"open",
        "enable_agent_mtls = 1",
        "enable_agent_mtls = false",
        "tpm_hash_alg = \"md5\"",
        "tpm_signing_alg = \"ecdsa\"",
        "ek_handle = \"zz\"",
        "enc_keyname = \"../k\"",
        "payload_script = \"/bin/sh\"",
        "secure_size = \"1x\"",
        "api_versions = [\"1.0\"]",
        "tpm_ownerpassword = \"hex:0\"",
        "x = {a = 1}"
      })
  void whatCannotBeMeantIsAnErrorThatNamesIt(String line) {
    assertThatThrownBy(() -> load(line))
        .isInstanceOf(ConfigException.class)
        .hasMessageMatching("(?s).*(" + line.split(" ", 2)[0] + "|line \\d+).*");
  }

  @Test
  void optionsThatNobodyKnowsAreTold() throws Exception {
    assertThat(load("version = \"2.4\"\nprot = 9002").unused()).isEqualTo(List.of("prot"));
  }

  @Test
  void otherTablesArePassedOver() throws Exception {
    assertThat(load("port = 9003\n[other]\nport = 9004\n").listen().port()).isEqualTo(9003);
  }
}
