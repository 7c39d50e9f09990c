package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Event by event against the real {@code tpm2_eventlog} of tpm2-tools, for each log that it can
 * read (it cannot those of Windows and of the old form).
 */
class Tpm2EventlogTest {
  private static final Path TOOL = Path.of("/usr/bin/tpm2_eventlog");
  private static final Pattern DIGEST =
      Pattern.compile("AlgorithmId: (\\w+)\n +Digest: \"([0-9a-f]+)\"");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "inspur",
        "intel_svr",
        "puiterwijk",
        "swtpm_measurements",
        "css-flex14vm4-bootlog",
        "keylime-nosb-locality3",
        "keylime-secureboot",
        "keylime-issue1153",
        "hirs-TpmLog",
        "hirs-TpmLog-altered"
      })
  void everyEventIsReadAlike(String name) throws Exception {
    assumeTrue(Files.isExecutable(TOOL), "tpm2-tools is not installed: bin/test installs it");
    BootLog log = BootLog.parse(TestData.read("uefi/" + name + ".bin"));
    List<String> blocks = blocks(name);
    assertThat(blocks).hasSize(log.events().size() + 1); // the header is its event 0
    for (BootEvent event : log.events()) {
      compare(name + " event " + event.number(), blocks.get(event.number()), event);
    }
  }

  /** The tool's YAML, cut into its events. */
  private List<String> blocks(String name) throws IOException, InterruptedException {
    Path log =
        Files.write(folder.resolve("log.bin"), TestData.read("uefi/" + name + ".bin").toArray());
    Path out = folder.resolve("out.yaml");
    Process tool =
        new ProcessBuilder(TOOL.toString(), "--eventlog-version=2", log.toString())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(tool.waitFor()).as("exit status of tpm2_eventlog").isZero();
    String yaml = Files.readString(out, StandardCharsets.UTF_8);
    List<String> blocks =
        new ArrayList<>(
            List.of(yaml.substring(0, yaml.indexOf("\npcrs:")).split("- EventNum: ", -1)));
    blocks.removeFirst();
    return blocks;
  }

  private static void compare(String where, String block, BootEvent event) {
    assertThat(block).as(where).startsWith(event.number() + "\n");
    assertThat(field(block, "PCRIndex")).as(where).isEqualTo(String.valueOf(event.pcr()));
    assertThat(field(block, "EventType"))
        .as(where)
        .isEqualTo(event.type() == EventType.UNKNOWN ? "Unknown event type" : event.type().name());
    assertThat(field(block, "EventSize")).as(where).isEqualTo(String.valueOf(event.data().size()));
    Map<String, String> said = new TreeMap<>();
    Matcher digests = DIGEST.matcher(block);
    while (digests.find()) {
      said.put(digests.group(1), digests.group(2));
    }
    Map<String, String> found = new TreeMap<>();
    event.digests().forEach((bank, digest) -> found.put(bank.keylimeName(), digest.hex()));
    assertThat(found).as(where).isEqualTo(said);
    switch (event.payload()) {
      case BootPayload.Variable variable -> {
        assertThat(variable.guid().toString()).as(where).isEqualTo(field(block, "VariableName"));
        assertThat(variable.name()).as(where).isEqualTo(field(block, "UnicodeName"));
        assertThat(String.valueOf(variable.data().size()))
            .as(where)
            .isEqualTo(field(block, "VariableDataLength"));
        value(where, block, variable.value());
      }
      case BootPayload.Image image -> {
        assertThat("0x" + Long.toHexString(image.address()))
            .as(where)
            .isEqualTo(field(block, "ImageLocationInMemory"));
        assertThat(String.valueOf(image.length()))
            .as(where)
            .isEqualTo(field(block, "ImageLengthInMemory"));
        if (!image.path().bytes().isEmpty()) {
          assertThat(block).as(where).contains("DevicePath: '" + image.path().bytes().hex());
        }
      }
      case BootPayload.FirmwareBlob blob -> {
        assertThat("0x" + Long.toHexString(blob.base()))
            .as(where)
            .isEqualTo(field(block, "BlobBase"));
        assertThat("0x" + Long.toHexString(blob.length()))
            .as(where)
            .isEqualTo(field(block, "BlobLength"));
      }
      case BootPayload.Ipl ipl ->
          assertThat(block).as(where).contains(ipl.text().lines().findFirst().orElse("").strip());
      case BootPayload.StartupLocality startup ->
          assertThat(block).as(where).contains("StartupLocality: " + startup.locality());
      case BootPayload.Gpt gpt -> {
        assertThat(block).as(where).contains("DiskGUID: " + gpt.disk());
        gpt.partitions()
            .forEach(
                part ->
                    assertThat(block)
                        .as(where)
                        .contains("PartitionTypeGUID: " + part.type())
                        .contains("UniquePartitionGUID: " + part.id()));
      }
      // The tool takes the text for two numbers.
      case BootPayload.Text text when event.type() == EventType.EV_S_CRTM_CONTENTS ->
          assertThat(text.text()).as(where).isEqualTo("Boot Guard Measured S-CRTM");
      case BootPayload.Separator _,
          BootPayload.Text _,
          BootPayload.Tables _,
          BootPayload.Tagged _,
          BootPayload.Notice _,
          BootPayload.TrustPoint _,
          BootPayload.Device _,
          BootPayload.Unparsed _ ->
          // The tool shows these as hex, or as text that must be the event's.
          assertThat(block)
              .as(where)
              .satisfiesAnyOf(
                  text -> assertThat(text).contains(event.data().hex()),
                  text -> assertThat(text).contains(Texts.utf8(event.data())));
    }
  }

  private static void value(String where, String block, VariableValue value) {
    switch (value) {
      case VariableValue.SignatureLists lists ->
          lists
              .signatures()
              .forEach(
                  key ->
                      assertThat(block)
                          .as(where)
                          .contains("SignatureOwner: " + key.owner())
                          .contains(key.data().hex()));
      case VariableValue.Flag flag ->
          assertThat(block)
              .as(where)
              .containsAnyOf(
                  "Enabled: '" + (flag.set() ? "Yes" : "No") + "'",
                  "VariableData: \"" + (flag.set() ? "01" : "00") + "\"");
      case VariableValue.BootOption option ->
          assertThat(block)
              .as(where)
              .contains("Description: \"" + option.description() + "\"")
              .contains(option.path().bytes().hex());
      case VariableValue.BootOrder order ->
          order
              .options()
              .forEach(
                  option ->
                      assertThat(block).as(where).contains(String.format("Boot%04x", option)));
      case VariableValue.Text text ->
          text.text()
              .lines()
              .forEach(line -> assertThat(block).as(where).contains("\"" + line + "\""));
      case VariableValue.Authority _, VariableValue.Raw _, VariableValue.Unparsed _ -> {}
    }
  }

  private static String field(String block, String name) {
    Matcher matcher = Pattern.compile("(?m)^ +" + name + ": (.*)$").matcher(block);
    return matcher.find() ? matcher.group(1) : "(no " + name + ")";
  }
}
