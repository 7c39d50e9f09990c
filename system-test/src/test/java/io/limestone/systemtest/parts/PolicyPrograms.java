package io.limestone.systemtest.parts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The two programs that make runtime policies: {@code keylime-policy create runtime} and ours.
 *
 * @param work the folder they run in
 * @param reference the path of the real one
 */
public record PolicyPrograms(Path work, String reference) {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** In an empty folder. */
  public static PolicyPrograms in(Path work) throws IOException {
    boolean root =
        Integer.valueOf(0)
            .equals(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid", LinkOption.NOFOLLOW_LINKS));
    assumeTrue(root, "keylime-policy runs as root only");
    return new PolicyPrograms(work, KeylimePackage.installed().program("keylime-policy"));
  }

  public Program.Ended ours(String... options) {
    List<String> words = new ArrayList<>(List.of("policy", "create", "runtime"));
    words.addAll(List.of(options));
    return Program.run(
        "limestone",
        work,
        Map.of(),
        LimestoneProgram.limestone(words.toArray(String[]::new)),
        PATIENCE);
  }

  public Program.Ended theirs(String... options) {
    List<String> words = new ArrayList<>(List.of(reference, "create", "runtime"));
    words.addAll(List.of(options));
    return Program.run("keylime-policy", work, Map.of(), words, PATIENCE);
  }

  /** Runs a shell script in the folder. */
  public Program.Ended shell(String script) {
    return Program.run("sh", work, Map.of(), List.of("sh", "-euc", script), PATIENCE);
  }

  /** Fails unless both make the same policy with the same options. */
  public void same(String... options) throws IOException {
    assertThat(policyOfOurs(options)).isEqualTo(policyOfTheirs(options));
  }

  public Map<String, @Nullable Object> policyOfOurs(String... options) throws IOException {
    ours(with(options, "-o", "ours.json")).succeeded();
    return comparable("ours.json");
  }

  public Map<String, @Nullable Object> policyOfTheirs(String... options) throws IOException {
    theirs(with(options, "-o", "theirs.json")).succeeded();
    return comparable("theirs.json");
  }

  private static String[] with(String[] options, String... more) {
    List<String> words = new ArrayList<>(List.of(options));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  /** Without the time; keys are a JSON text within the JSON text. */
  private Map<String, @Nullable Object> comparable(String file) throws IOException {
    JsonObject policy = Json.object(Files.readAllBytes(work.resolve(file)));
    Map<String, @Nullable Object> all = new LinkedHashMap<>(policy.members());
    Map<String, @Nullable Object> meta = new LinkedHashMap<>(policy.object("meta").members());
    meta.remove("timestamp");
    all.put("meta", meta);
    String keys = policy.string("verification-keys");
    all.put("verification-keys", keys.isEmpty() ? keys : Json.object(keys));
    return all;
  }
}
