package io.limestone.policy.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The schema that is shipped and the parser say the same of every document. */
class BootSchemaTest {
  static final List<String> GENUINE = BootData.GENUINE;

  private static final Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(BootRules.schema(), InputFormat.JSON);

  /** Every member that there is, so that each can be left out, doubled, or be another thing. */
  private static final String FULL =
      """
      {"limestone_boot_policy":1,"description":"all there is","secure_boot":true,
       "firmware":[{"name":"bios","sha256":"HASH"}],
       "drivers":[{"name":"nic","sha1":"0000000000000000000000000000000000000000","sm3_256":"HASH",
                   "sha384":"HASH00000000000000000000000000000000","sha512":"HASHHASH"}],
       "programs":[{"sha256":"HASH","from":"2026-01-01T00:00:00Z","until":"2026-12-31T18:00:00.5Z"}],
       "security":[],"loader":[],"files":[{"sha256":"HASH"}],"system":[],"mok":[],"configuration":"any",
       "keys":{"PK":"any","KEK":[],"db":[{"name":"a key","sha256":"HASH"}],
               "authorities":[{"public_key":"HASH","until":"2027-01-01T00:00:00Z"}]},
       "dbx":[{"name":"BootHole","sha256":"HASH","from":"2026-01-01T00:00:00Z"}],
       "sbat":[{"component":"shim","level":4,"from":"2026-01-01T00:00:00Z"}],
       "command_lines":[{"name":"servers","require":["ro"],"allow":["quiet"],"values":{"root":"UUID=[0-9a-f-]+"},
                         "forbid":["init"],"others":false,"from":"2026-01-01T00:00:00Z"}],
       "phases":["enter-initrd:leave-initrd",""],"absent":["KEK"]}
      """
          .replace("HASH", "00".repeat(31) + "aB");

  /** Whatever may be any is. */
  private static final String LAX =
      """
      {"limestone_boot_policy":1,"secure_boot":"any","firmware":"any","drivers":"any","programs":"any",
       "security":"any","loader":"any","files":"any","system":"any","mok":"any","configuration":"any",
       "keys":{"PK":"any","KEK":"any","db":"any","authorities":"any"},"dbx":[{"sha256":"HASH"}],"sbat":[],
       "command_lines":"any","phases":[],"absent":[]}
      """
          .replace("HASH", "00".repeat(32));

  private static boolean schemaAccepts(String document) {
    return SCHEMA.validate(document, InputFormat.JSON).isEmpty();
  }

  private static Optional<String> complaint(String document) {
    try {
      assertThat(BootRules.parse(document)).isNotNull();
      return Optional.empty();
    } catch (MalformedException e) {
      return Optional.of(e.getMessage());
    }
  }

  @ParameterizedTest
  @FieldSource("GENUINE")
  void everyPolicyThatIsMadeValidates(String name) {
    JsonObject made = BootPolicyMaker.make(List.of(BootData.log(name))).document();
    assertThat(SCHEMA.validate(Json.text(made), InputFormat.JSON)).isEmpty();
  }

  @Test
  void soDoesThatOfAFleetAndOneWithAnAnnouncedUpdate() {
    var before = BootData.log("intel_svr"); // with nothing revoked
    var after = BootData.log("keylime-secureboot");
    JsonObject fleet = BootPolicyMaker.make(List.of(before, after)).document();
    assertThat(SCHEMA.validate(Json.text(fleet), InputFormat.JSON)).isEmpty();
    BootUpdate update =
        new BootUpdate(
            BootPolicyMaker.make(List.of(before)).document(),
            Instant.parse("2026-01-01T00:00:00Z"),
            Instant.parse("2026-02-01T00:00:00Z"));
    assertThat(update.boots(List.of(before), List.of(after))).isEmpty();
    JsonObject announced = update.document();
    assertThat(Json.text(announced)).contains("\"until\"", "\"from\"");
    assertThat(SCHEMA.validate(Json.text(announced), InputFormat.JSON)).isEmpty();
  }

  /**
   * Each thing in a full document is left out, joined by a member that nobody knows, and put for
   * another: several thousand documents, of which schema and parser accept the same.
   */
  @Test
  void schemaAndParserAcceptTheSameDocuments() {
    List<String> variants = new ArrayList<>();
    for (String document : List.of(FULL, LAX)) {
      assertThat(complaint(document)).isEmpty();
      assertThat(schemaAccepts(document)).isTrue();
      vary(Json.object(document), whole -> whole, variants);
    }
    int accepted = 0;
    for (String variant : variants) {
      Optional<String> complaint = complaint(variant);
      assertThat(schemaAccepts(variant))
          .as("%s: %s", complaint, variant)
          .isEqualTo(complaint.isEmpty());
      accepted += complaint.isEmpty() ? 1 : 0;
    }
    assertThat(variants).hasSizeGreaterThan(1000);
    assertThat(accepted).isBetween(100, variants.size() / 2);
  }

  private static final List<@Nullable Object> OTHERS =
      Arrays.asList(
          null,
          true,
          false,
          0,
          1,
          4,
          -1,
          1_000_000_000,
          0.5,
          "",
          "x",
          "any",
          "SecureBoot",
          "PK",
          "00".repeat(32),
          "00".repeat(20),
          "0x" + "00".repeat(31),
          "2026-06-01T00:00:00Z",
          "2026-01-01",
          "2026-01-01T00:00:00+01:00",
          "2026-01-01T00:00Z",
          "a:b",
          "A",
          ":",
          "a,b",
          List.of(),
          List.of(1),
          List.of("x"),
          List.of(""),
          List.of("SecureBoot"),
          Map.of(),
          Map.of("x", "x"),
          Map.of("PK", List.of()));

  private static void vary(
      @Nullable Object value, UnaryOperator<@Nullable Object> place, List<String> into) {
    OTHERS.forEach(other -> into.add(Json.text(place.apply(other))));
    switch (value) {
      case JsonObject object -> {
        into.add(Json.text(place.apply(with(object, "unheard_of", 1))));
        for (String name : object.names()) {
          Map<String, @Nullable Object> less = new LinkedHashMap<>(object.members());
          less.remove(name);
          into.add(Json.text(place.apply(less)));
          vary(object.members().get(name), other -> place.apply(with(object, name, other)), into);
        }
      }
      case List<?> list -> {
        for (int i = 0; i < list.size(); i++) {
          int at = i;
          vary(
              list.get(i),
              other -> {
                List<@Nullable Object> changed = new ArrayList<>(list);
                changed.set(at, other);
                return place.apply(changed);
              },
              into);
        }
      }
      case null, default -> {}
    }
  }

  private static Map<String, @Nullable Object> with(
      JsonObject object, String name, @Nullable Object value) {
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(object.members());
    changed.put(name, value);
    return changed;
  }

  /**
   * A document with one thing wrong in it.
   *
   * @param complaint the parser's, with the line
   * @param schema whether the schema can say it too
   */
  record Refused(String member, String complaint, boolean schema) {
    String document() {
      return "{\n\"limestone_boot_policy\": 1,\n\"secure_boot\": true,\n" + member + "\n}";
    }
  }

  static final List<Refused> REFUSED =
      List.of(
          new Refused("\"secureboot\": true", "line 4: secureboot: is not a member", true),
          new Refused("\"programs\": \"all\"", "line 4: programs: is not a list", true),
          new Refused("\"programs\": [1]", "line 4: programs[0]: is not an object", true),
          new Refused("\"programs\": [\n{},\n{}]", "line 5: programs[0]: no digest", true),
          new Refused(
              "\"programs\": [\n{\"sha256\":\n\"00\"}]",
              "line 6: programs[0].sha256: does not have 32 bytes",
              true),
          new Refused(
              "\"programs\": [{\"md5\": \"00\"}]",
              "line 4: programs[0].md5: is not a member",
              true),
          new Refused(
              "\"programs\": [{\"sha256\": \"zz\"}]", "line 4: programs[0].sha256: not hex", true),
          new Refused(
              "\"files\": [\n{\"sha256\": \"HASH\",\n\"until\": null}]",
              "line 6: files[0].until: is not a string",
              true),
          new Refused(
              "\"files\": [{\"sha256\": \"HASH\", \"until\": \"tomorrow\"}]",
              "line 4: files[0].until: is not a time",
              true),
          new Refused(
              "\"files\": [{\"sha256\": \"HASH\", \"until\": \"2026-02-30T00:00:00Z\"}]",
              "line 4: files[0].until: is not a time",
              false),
          new Refused(
              "\"files\": [{\"sha256\": \"HASH\",\n\"from\": \"2026-02-02T00:00:00Z\","
                  + "\n\"until\": \"2026-02-01T00:00:00Z\"}]",
              "line 6: files[0].until: is not after from",
              false),
          new Refused("\"keys\": {\n\"DB\": []}", "line 5: keys.DB: is not a member", true),
          new Refused(
              "\"keys\": {\"db\": [\n{\"name\": \"x\"}]}", "line 5: keys.db[0]: a key needs", true),
          new Refused(
              "\"keys\": {\"db\": [{\"sha256\": \"HASH\", \"public_key\": \"HASH\"}]}",
              "line 4: keys.db[0]: a key needs either",
              true),
          new Refused("\"dbx\": [{}]", "line 4: dbx[0].sha256: is missing", true),
          new Refused("\"dbx\": \"any\"", "line 4: dbx: is not a list", true),
          new Refused(
              "\"sbat\": [{\"component\": \"shim\"}]", "line 4: sbat[0].level: is missing", true),
          new Refused(
              "\"sbat\": [{\"component\": \"shim\", \"level\": 0}]",
              "line 4: sbat[0].level: is not from 1",
              true),
          new Refused(
              "\"sbat\": [{\"component\": \"shim,4\", \"level\": 4}]",
              "line 4: sbat[0].component: is not a component",
              true),
          new Refused(
              "\"command_lines\": [{\"values\": {\n\"root\": \"(\"}}]",
              "line 5: command_lines[0].values.root: ",
              false),
          new Refused(
              "\"command_lines\": [{\"values\": {\"root\": \"(a)\\\\1\"}}]",
              "line 4: command_lines[0].values.root: ",
              false),
          new Refused(
              "\"command_lines\": [{\"require\": \"ro\"}]",
              "line 4: command_lines[0].require: is not a list",
              true),
          new Refused(
              "\"command_lines\": [{\"forbid\": [\"init\", \"\"]}]",
              "line 4: command_lines[0].forbid[1]: is empty",
              true),
          new Refused("\"phases\": [\"Sysinit\"]", "line 4: phases[0]: is not a path", true),
          new Refused("\"phases\": [\"a\",\n\"a::b\"]", "line 5: phases[1]: is not a path", true),
          new Refused("\"absent\": [\"MOK\"]", "line 4: absent[0]: may not be absent", true),
          new Refused("\"absent\": [\"SecureBoot\"]", "line 3: secure_boot: must be \"any\"", true),
          new Refused(
              "\"absent\": [\"dbx\"],\n\"dbx\": [{\"sha256\": \"HASH\"}]",
              "line 5: dbx: must be empty",
              true),
          new Refused(
              "\"keys\": {\"PK\": \"any\"},\n\"security\": \"any\"",
              "line 5: security: may be \"any\" only if",
              true),
          new Refused("\"loader\": \"any\"", "line 4: loader: may be \"any\" only if", true),
          new Refused(
              "\"command_lines\": [{\"require\": [\"ro\"]}],\n\"system\": \"any\"",
              "line 5: system: may be \"any\" only if",
              true),
          new Refused("\"programs\": [],\n\"programs\": []", "JSON: Duplicate", false));

  @ParameterizedTest
  @FieldSource("REFUSED")
  void whatIsWrongIsRefusedWithItsLineAndReason(Refused refused) {
    String document = refused.document().replace("HASH", "00".repeat(32));
    assertThat(complaint(document).orElse("accepted")).startsWith(refused.complaint());
    assertThat(schemaAccepts(document)).isEqualTo(!refused.schema());
    BootPolicy policy = BootPolicy.of("accept-all", document);
    assertThat(policy.judge(List.of()).accepts()).isFalse();
  }

  @Test
  void aDocumentOfALaterVersionOrOfNoneIsRefused() {
    for (String version : List.of("2", "0", "1.0", "\"1\"", "true", "null")) {
      String document = "{\"limestone_boot_policy\":" + version + ",\"secure_boot\":true}";
      assertThat(complaint(document)).as(version).isPresent();
      assertThat(BootPolicy.of("accept-all", document).judge(List.of()).accepts()).isFalse();
    }
    assertThat(complaint("{\"secure_boot\":true}")).isPresent();
    assertThat(schemaAccepts("{\"secure_boot\":true}")).isFalse();
  }

  @Test
  void theSchemaIsOneOfItsDraft() {
    Schema meta =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(
                com.networknt.schema.SchemaLocation.of(
                    SpecificationVersion.DRAFT_2020_12.getDialectId()));
    assertThat(meta.validate(BootRules.schema(), InputFormat.JSON)).isEmpty();
    assertThat(meta.validate("{\"type\":1}", InputFormat.JSON)).isNotEmpty();
    assertThat(Stream.of("additionalProperties", "$defs")).allMatch(BootRules.schema()::contains);
  }
}
