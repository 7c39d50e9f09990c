package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Event by event against what tpm2-tools 5.5 read, corrected by hand by its authors. */
class ParsedLogsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "puiterwijk",
        "intel_svr",
        "inspur",
        "css-flex14vm4-bootlog",
        "swtpm_measurements",
        "ideapad1"
      })
  void everyEventIsReadAlike(String name) {
    List<BootEvent> events = BootLog.parse(TestData.read("uefi/" + name + ".bin")).events();
    List<?> expected =
        Json.object(TestData.read("uefi/parsed/" + name + ".json").toArray()).list("events");
    // The header is no event here; the list of the log of Windows ends before its trust point.
    int compared = 0;
    for (Object each : expected) {
      JsonObject event = (JsonObject) each;
      int number = (int) event.integer("EventNum");
      if (number > 0) {
        check(name, event, events.get(number - 1));
        compared++;
      }
    }
    assertThat(compared).isBetween(events.size() - 1, events.size());
  }

  private static void check(String log, JsonObject expected, BootEvent event) {
    String where = log + " event " + event.number();
    assertThat(event.number()).as(where).isEqualTo((int) expected.integer("EventNum"));
    assertThat(event.pcr()).as(where).isEqualTo((int) expected.integer("PCRIndex"));
    String type = expected.string("EventType");
    assertThat(event.type().name())
        .as(where)
        .isEqualTo(type.equals("Unknown event type") ? "UNKNOWN" : type);
    Map<String, String> digests = new TreeMap<>();
    for (Object each : expected.list("Digests")) {
      JsonObject digest = (JsonObject) each;
      digests.put(digest.string("AlgorithmId"), digest.string("Digest"));
    }
    Map<String, String> found = new TreeMap<>();
    event.digests().forEach((bank, digest) -> found.put(bank.keylimeName(), digest.hex()));
    assertThat(found).as(where).isEqualTo(digests);
    assertThat(event.data().size()).as(where).isEqualTo((int) expected.integer("EventSize"));
    payload(where, expected.members().get("Event"), event);
  }

  private static void payload(String where, @Nullable Object expected, BootEvent event) {
    switch (event.payload()) {
      case BootPayload.Variable variable -> variable(where, (JsonObject) said(expected), variable);
      case BootPayload.Image image -> {
        JsonObject said = (JsonObject) said(expected);
        assertThat(image.address()).as(where).isEqualTo(said.integer("ImageLocationInMemory"));
        assertThat(image.length()).as(where).isEqualTo(said.integer("ImageLengthInMemory"));
        assertThat(image.linkAddress()).as(where).isEqualTo(said.integer("ImageLinkTimeAddress"));
        int pathLength = (int) said.integer("LengthOfDevicePath");
        assertThat(image.path().bytes().size()).as(where).isEqualTo(pathLength);
        // Without a path, the tool shows what stands behind the event's structure.
        if (pathLength > 0) {
          assertThat(image.path().bytes().hex()).as(where).isEqualTo(said.string("DevicePath"));
        }
      }
      case BootPayload.FirmwareBlob blob -> {
        JsonObject said = (JsonObject) said(expected);
        assertThat(blob.base()).as(where).isEqualTo(said.integer("BlobBase"));
        assertThat(blob.length()).as(where).isEqualTo(said.integer("BlobLength"));
      }
      case BootPayload.Ipl ipl ->
          assertThat(ipl.text())
              .as(where)
              .isEqualTo(((JsonObject) said(expected)).string("String"));
      case BootPayload.Gpt gpt -> gpt(where, (JsonObject) said(expected), gpt);
      case BootPayload.Separator separator ->
          assertThat(separator.data().hex()).as(where).isEqualTo(said(expected));
      case BootPayload.Text text ->
          assertThat(List.of(text.text(), event.data().hex()))
              .as(where)
              .contains((String) said(expected));
      case BootPayload.Tables _,
          BootPayload.Tagged _,
          BootPayload.StartupLocality _,
          BootPayload.Notice _,
          BootPayload.TrustPoint _,
          BootPayload.Device _,
          BootPayload.Unparsed _ -> {
        String hex = expected == null ? "" : (String) expected;
        assertThat(event.data().hex()).as(where).startsWith(hex);
      }
    }
  }

  private static Object said(@Nullable Object expected) {
    return Objects.requireNonNull(expected, "the tool says nothing");
  }

  private static void variable(String where, JsonObject said, BootPayload.Variable variable) {
    assertThat(variable.guid().toString()).as(where).isEqualTo(said.string("VariableName"));
    assertThat(variable.name()).as(where).isEqualTo(said.string("UnicodeName"));
    assertThat(variable.name().length())
        .as(where)
        .isEqualTo((int) said.integer("UnicodeNameLength"));
    assertThat(variable.data().size())
        .as(where)
        .isEqualTo((int) said.integer("VariableDataLength"));
    Object data = said.members().get("VariableData");
    switch (variable.value()) {
      case VariableValue.SignatureLists lists -> lists(where, data, lists.lists());
      case VariableValue.Authority authority -> {
        JsonObject entry = (JsonObject) ((List<?>) said(data)).getFirst();
        // The tool takes the first 16 bytes for an owner, also of shim's certificate alone.
        if (authority.owner().isPresent()) {
          assertThat(authority.owner().get().toString())
              .as(where)
              .isEqualTo(entry.string("SignatureOwner"));
        }
        assertThat(authority.data().hex()).as(where).endsWith(entry.string("SignatureData"));
      }
      case VariableValue.Flag flag ->
          assertThat(
                  data instanceof JsonObject said1
                      ? said1.string("Enabled")
                      : said(data)) // the tool knows only SecureBoot for a flag
              .as(where)
              .isIn(flag.set() ? List.of("Yes", "01") : List.of("No", "00"));
      case VariableValue.BootOrder order ->
          assertThat(order.options().stream().map(n -> String.format("Boot%04x", n)).toList())
              .as(where)
              .isEqualTo(data);
      case VariableValue.BootOption option -> {
        JsonObject entry = (JsonObject) said(data);
        assertThat(option.active() ? "Yes" : "No").as(where).isEqualTo(entry.string("Enabled"));
        assertThat(option.description()).as(where).isEqualTo(entry.string("Description"));
        assertThat(option.path().bytes().size())
            .as(where)
            .isEqualTo((int) entry.integer("FilePathListLength"));
        assertThat(entry.string("DevicePath")).as(where).startsWith(option.path().bytes().hex());
      }
      case VariableValue.Text text ->
          assertThat(text.text().strip())
              .as(where)
              .isEqualTo(((JsonObject) said(data)).string("String"));
      case VariableValue.Raw _, VariableValue.Unparsed _ ->
          assertThat(variable.data().hex()).as(where).startsWith((String) said(data));
    }
  }

  private static void lists(String where, @Nullable Object data, List<SignatureList> lists) {
    List<?> said = data == null ? List.of() : (List<?>) data;
    assertThat(lists).as(where).hasSameSizeAs(said);
    for (int i = 0; i < lists.size(); i++) {
      JsonObject expected = (JsonObject) said.get(i);
      SignatureList list = lists.get(i);
      assertThat(list.type().toString()).as(where).isEqualTo(expected.string("SignatureType"));
      assertThat(list.header().size())
          .as(where)
          .isEqualTo((int) expected.integer("SignatureHeaderSize"));
      List<?> keys = expected.list("Keys");
      assertThat(list.signatures()).as(where).hasSameSizeAs(keys);
      for (int k = 0; k < keys.size(); k++) {
        JsonObject key = (JsonObject) keys.get(k);
        SignatureList.Signature signature = list.signatures().get(k);
        assertThat(signature.owner().toString()).as(where).isEqualTo(key.string("SignatureOwner"));
        assertThat(signature.data().hex()).as(where).isEqualTo(key.string("SignatureData"));
      }
    }
  }

  private static void gpt(String where, JsonObject said, BootPayload.Gpt gpt) {
    assertThat(gpt.disk().toString()).as(where).isEqualTo(said.object("Header").string("DiskGUID"));
    List<?> partitions = said.list("Partitions");
    assertThat(gpt.partitions()).as(where).hasSameSizeAs(partitions);
    for (int i = 0; i < partitions.size(); i++) {
      JsonObject expected = (JsonObject) partitions.get(i);
      BootPayload.Gpt.Partition found = gpt.partitions().get(i);
      assertThat(found.type().toString()).as(where).isEqualTo(expected.string("PartitionTypeGUID"));
      assertThat(found.id().toString()).as(where).isEqualTo(expected.string("UniquePartitionGUID"));
      assertThat(found.firstBlock()).as(where).isEqualTo(expected.integer("StartingLBA"));
      assertThat(found.lastBlock()).as(where).isEqualTo(expected.integer("EndingLBA"));
    }
  }
}
