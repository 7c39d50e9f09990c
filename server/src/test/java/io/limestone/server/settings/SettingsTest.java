package io.limestone.server.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.MalformedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path folder;

  @Test
  void everySettingHasAUsableDefaultAndANameOfItsOwn() {
    Set<String> names = new HashSet<>();
    Set<String> variables = new HashSet<>();
    for (Setting<?> setting : Settings.CATALOGUE) {
      assertThat(setting.name()).matches("[a-z]+\\.[a-z_]+");
      assertThat(names.add(setting.name())).isTrue();
      assertThat(variables.add(setting.environmentName())).isTrue();
      assertThat(setting.defaultValue()).as(setting.name()).isNotNull();
      assertThat(setting.meaning()).as(setting.name()).endsWith(".");
    }
  }

  /** Keylime's defaults, where meaning and safety are the same (verifier-api.md section 7). */
  @Test
  void defaultsAreKeylimes() {
    Settings settings = Settings.defaults();
    assertThat(settings.get(RegistrarSettings.IP)).isEqualTo("127.0.0.1");
    assertThat(settings.get(RegistrarSettings.PORT)).isEqualTo(8890);
    assertThat(settings.get(RegistrarSettings.TLS_PORT)).isEqualTo(8891);
    assertThat(settings.get(RegistrarSettings.TPM_IDENTITY)).isEqualTo("default");
    assertThat(settings.get(RegistrarSettings.MALFORMED_CERT_ACTION)).isEqualTo("warn");
    assertThat(settings.get(VerifierSettings.PORT)).isEqualTo(8881);
    assertThat(settings.get(VerifierSettings.QUOTE_INTERVAL)).isEqualTo(Duration.ofSeconds(2));
    assertThat(settings.get(VerifierSettings.RETRY_INTERVAL)).isEqualTo(Duration.ofSeconds(2));
    assertThat(settings.get(VerifierSettings.MAX_RETRIES)).isEqualTo(5);
    assertThat(settings.get(VerifierSettings.EXPONENTIAL_BACKOFF)).isTrue();
    assertThat(settings.get(VerifierSettings.REQUEST_TIMEOUT)).isEqualTo(Duration.ofSeconds(60));
    assertThat(settings.get(VerifierSettings.ENABLE_AGENT_MTLS)).isTrue();
    assertThat(settings.get(VerifierSettings.MAX_UPLOAD_SIZE)).isEqualTo(104857600);
    assertThat(settings.get(VerifierSettings.ENABLED_REVOCATION_NOTIFICATIONS))
        .containsExactly("agent");
    assertThat(settings.get(VerifierSettings.SEVERITY_LABELS)).hasSize(7).startsWith("info");
    assertThat(settings.get(ServerSettings.MANAGEMENT_PORT)).isEqualTo(8880);
    assertThat(settings.get(ServerSettings.ROLES)).containsExactly("registrar", "verifier");
  }

  @Test
  void laterSourcesWinAndSourcesAreTold() throws Exception {
    Path file = folder.resolve("limestone.toml");
    Files.writeString(
        file,
        """
        [verifier]
        quote_interval = 0.5
        max_retries = 7
        enabled_revocation_notifications = ["agent", "webhook"]
        exponential_backoff = false
        """);
    Settings settings =
        Settings.of(
            List.of(
                SettingSource.file(file),
                SettingSource.environment(
                    Map.of("LIMESTONE_VERIFIER_MAX_RETRIES", "8", "PATH", "/bin"), List.of()),
                SettingSource.assignments(List.of("verifier.retry_interval=3"))));
    assertThat(settings.get(VerifierSettings.QUOTE_INTERVAL)).isEqualTo(Duration.ofMillis(500));
    assertThat(settings.get(VerifierSettings.MAX_RETRIES)).isEqualTo(8);
    assertThat(settings.get(VerifierSettings.RETRY_INTERVAL)).isEqualTo(Duration.ofSeconds(3));
    assertThat(settings.get(VerifierSettings.EXPONENTIAL_BACKOFF)).isFalse();
    assertThat(settings.get(VerifierSettings.ENABLED_REVOCATION_NOTIFICATIONS))
        .containsExactly("agent", "webhook");
    assertThat(source(settings, "verifier.quote_interval")).isEqualTo(file.toString());
    assertThat(source(settings, "verifier.max_retries")).isEqualTo("environment");
    assertThat(source(settings, "verifier.retry_interval")).isEqualTo("command line");
    assertThat(source(settings, "verifier.port")).isEqualTo("default");
  }

  @Test
  void everySettingTakesItsDefaultFromEverySource() throws Exception {
    StringBuilder toml = new StringBuilder();
    List<String> assignments = new ArrayList<>();
    Map<String, String> environment = new java.util.HashMap<>();
    for (Setting<?> setting : Settings.CATALOGUE) {
      String[] name = setting.name().split("\\.", 2);
      toml.append("[%s]\n%s = '%s'\n".formatted(name[0], name[1], setting.defaultText()));
      assignments.add(setting.name() + "=" + setting.defaultText());
      environment.put(setting.environmentName(), setting.defaultText());
    }
    // TOML allows each section once.
    Path file = folder.resolve("all.toml");
    Files.writeString(file, grouped(toml.toString()));
    for (SettingSource source :
        List.of(
            SettingSource.file(file),
            SettingSource.environment(environment, List.of()),
            SettingSource.assignments(assignments))) {
      Settings settings = Settings.of(List.of(source));
      assertThat(settings.all()).allMatch(value -> value.source().equals(source.label()));
      for (Setting<?> setting : Settings.CATALOGUE) {
        assertThat(settings.get(setting)).isEqualTo(setting.defaultValue());
      }
    }
  }

  @Test
  void unknownNamesAreRefusedWithTheNearestOne() throws Exception {
    assertThatThrownBy(() -> Settings.defaults().with(Map.of("verifier.quote_intervall", "1")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("did you mean verifier.quote_interval?");
    assertThatThrownBy(
            () ->
                SettingSource.environment(
                    Map.of("LIMESTONE_VERIFIER_QUOTE_INTERVALL", "1"), List.of()))
        .hasMessageContaining("did you mean LIMESTONE_VERIFIER_QUOTE_INTERVAL?");
    Path file = folder.resolve("bad.toml");
    Files.writeString(file, "[registrar]\nprot = 1\n");
    assertThatThrownBy(() -> Settings.of(List.of(SettingSource.file(file))))
        .hasMessageContaining("bad.toml")
        .hasMessageContaining("did you mean registrar.port?");
  }

  @Test
  void unusableValuesAreRefusedWithWhatTheSettingTakes() throws Exception {
    for (Map.Entry<String, String> wrong :
        Map.of(
                "verifier.port", "70000",
                "verifier.max_retries", "many",
                "verifier.quote_interval", "NaN",
                "verifier.exponential_backoff", "yes",
                "registrar.tpm_identity", "any",
                "server.roles", "registrar, console")
            .entrySet()) {
      assertThatThrownBy(() -> Settings.defaults().with(Map.of(wrong.getKey(), wrong.getValue())))
          .isInstanceOf(MalformedException.class)
          .hasMessageContaining(wrong.getKey())
          .hasMessageContaining("takes ");
    }
    Path file = folder.resolve("broken.toml");
    Files.writeString(file, "[registrar\nport 1");
    assertThatThrownBy(() -> SettingSource.file(file))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("not TOML");
    Files.writeString(file, "port = 1\n");
    assertThatThrownBy(() -> SettingSource.file(file)).hasMessageContaining("section");
  }

  @Test
  void theReferenceInDocsIsOfThisCatalogue() throws Exception {
    Path docs = Path.of(System.getProperty("limestone.testdata", "testdata"), "..", "docs");
    Path reference = docs.resolve("configuration.md");
    String now = Reference.markdown();
    if (Boolean.getBoolean("limestone.write-reference")) {
      Files.writeString(reference, now);
    }
    assertThat(Files.readString(reference))
        .as("run this test with -Dlimestone.write-reference=true to renew docs/configuration.md")
        .isEqualTo(now);
  }

  private static String source(Settings settings, String name) {
    return settings.all().stream()
        .filter(value -> value.setting().name().equals(name))
        .findFirst()
        .orElseThrow()
        .source();
  }

  private static String grouped(String toml) {
    Map<String, StringBuilder> sections = new java.util.LinkedHashMap<>();
    String[] lines = toml.lines().toArray(String[]::new);
    for (int i = 0; i < lines.length; i += 2) {
      sections
          .computeIfAbsent(lines[i], s -> new StringBuilder())
          .append(lines[i + 1])
          .append('\n');
    }
    StringBuilder out = new StringBuilder();
    sections.forEach((head, body) -> out.append(head).append('\n').append(body));
    return out.toString();
  }
}
