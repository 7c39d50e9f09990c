package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.BootPayload.Device;
import io.limestone.evidence.boot.BootPayload.Unparsed;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * What devices say of themselves over SPDM. No log of ours has it: the bytes are made after the
 * structures of the PC Client Platform Firmware Profile, as EDK II declares them.
 */
class SpdmTest {
  private static final Bytes DIGEST = HashAlg.SHA256.digest(ascii("firmware"));
  private static final Bytes PATH = Bytes.ofHex("02010c00d041030a00000000" + "7fff0400");

  private static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static Bytes block(int index, int type, Bytes value) {
    return ByteWriter.littleEndian()
        .u8(index)
        .u8(1) // DMTF
        .u16(3 + value.size())
        .u8(type)
        .u16(value.size())
        .bytes(value)
        .toBytes();
  }

  private static final Bytes PCI =
      ByteWriter.littleEndian()
          .u16(0)
          .u16(16)
          .u16(0x8086)
          .u16(0x1572)
          .u8(2)
          .bytes(Bytes.ofHex("000002"))
          .u16(0x8086)
          .u16(7)
          .toBytes();

  private static Bytes version1() {
    Bytes block = block(1, 1, DIGEST);
    return ByteWriter.littleEndian()
        .bytes(ascii("SPDM Device Sec\0"))
        .u16(1)
        .u16(28 + block.size() + 8 + PATH.size() + PCI.size())
        .u32(1)
        .u32(1) // PCI
        .bytes(block)
        .u64(PATH.size())
        .bytes(PATH)
        .bytes(PCI)
        .toBytes();
  }

  private static Bytes version2(int state, long kind, Bytes sub) {
    return ByteWriter.littleEndian()
        .bytes(ascii("SPDM Device Sec2"))
        .u16(2)
        .u8(state)
        .u8(0)
        .u32(1)
        .u32(1)
        .u32(kind)
        .u32(sub.size())
        .u64(77)
        .u64(PATH.size())
        .bytes(PATH)
        .bytes(sub)
        .bytes(PCI)
        .toBytes();
  }

  private static Bytes sub(int count, Bytes rest) {
    return ByteWriter.littleEndian().u16(0x12).u8(count).u8(0).u32(1).bytes(rest).toBytes();
  }

  private static BootPayload parse(Bytes data) {
    return PayloadParser.parse(2, EventType.EV_EFI_SPDM_FIRMWARE_BLOB, data);
  }

  @Test
  void theDeviceItsPlaceAndItsMeasurementsAreRead() {
    Device device = (Device) parse(version1());
    assertThat(device.name()).isEqualTo("PCI 8086:1572");
    assertThat(device.path().text()).isEqualTo("PciRoot(0x0)");
    assertThat(device.authentication()).isEmpty();
    assertThat(device.measurements())
        .containsExactly(new Device.Measurement(1, "firmware", DIGEST));
  }

  @Test
  void theSecondVersionSaysWhetherTheDeviceWasAuthenticated() {
    Bytes blocks = Bytes.concat(block(1, 0x80, ascii("raw")), block(2, 3, DIGEST));
    Device device = (Device) parse(version2(3, 0, sub(2, blocks)));
    assertThat(device.authentication()).isEqualTo(Optional.of(3));
    assertThat(device.measurements())
        .containsExactly(
            new Device.Measurement(1, "immutable firmware", ascii("raw")),
            new Device.Measurement(2, "firmware configuration", DIGEST));
    Device chain = (Device) parse(version2(0, 1, sub(0, ascii("a chain of certificates"))));
    assertThat(chain.name()).isEqualTo("PCI 8086:1572");
    assertThat(chain.measurements()).isEmpty();
  }

  @Test
  void itIsProvenWhereItsHashIsTheDigestAndElseOnlyTheDigestCounts() {
    for (boolean whole : new boolean[] {true, false}) {
      Bytes digest = HashAlg.SHA256.digest(whole ? version1() : ascii("another thing"));
      BootEvent event =
          new BootEvent(
              1,
              2,
              EventType.EV_EFI_SPDM_FIRMWARE_BLOB.code(),
              Map.of(HashAlg.SHA256, digest),
              version1(),
              parse(version1()));
      assertThat(MeasuredEvent.of(event, HashAlg.SHA256).proven(Device.class).isPresent())
          .isEqualTo(whole);
    }
  }

  @Test
  void attack24_cutAndOverlongDeviceEventsAreNotRead() {
    for (Bytes whole : new Bytes[] {version1(), version2(0, 0, sub(1, block(1, 1, DIGEST)))}) {
      for (int cut = 0; cut < whole.size(); cut++) {
        assertThat(parse(whole.slice(0, cut))).as("cut at %d", cut).isInstanceOf(Unparsed.class);
      }
      assertThat(parse(Bytes.concat(whole, ascii("!")))).isInstanceOf(Unparsed.class);
    }
    assertThat(parse(version2(0, 0, sub(255, block(1, 1, DIGEST))))).isInstanceOf(Unparsed.class);
  }

  /** Where the fuzz target begins: devices of both versions, of every kind of measurement. */
  @Test
  void theSeedOfTheFuzzTargetIsRead() throws IOException {
    try (InputStream in =
        SpdmTest.class.getResourceAsStream(
            "BootLogFuzzTestInputs/anyBytesAreALogOrMalformed/spdm-devices.bin")) {
      BootLog log = BootLog.parse(Bytes.of(Objects.requireNonNull(in).readAllBytes()));
      assertThat(log.events().stream().map(BootEvent::payload))
          .hasSize(8)
          .noneMatch(Unparsed.class::isInstance)
          .filteredOn(Device.class::isInstance)
          .extracting(payload -> ((Device) payload).measurements().size())
          .containsExactly(1, 1, 1, 6, 0, 0, 1);
    }
  }

  /** What may be asked of devices, and who vouched for one: variables, as of Secure Boot. */
  @Test
  void policyAndAuthorityAreVariables() {
    Bytes empty =
        ByteWriter.littleEndian()
            .bytes(Bytes.ofHex("cbb219d73a3d9645a3bcdad00e67656f"))
            .u64(5)
            .u64(0)
            .bytes("devdb".getBytes(StandardCharsets.UTF_16LE))
            .toBytes();
    for (EventType type :
        new EventType[] {
          EventType.EV_EFI_SPDM_DEVICE_POLICY, EventType.EV_EFI_SPDM_DEVICE_AUTHORITY
        }) {
      assertThat(PayloadParser.parse(7, type, empty))
          .isInstanceOfSatisfying(
              BootPayload.Variable.class,
              variable -> assertThat(variable.name()).isEqualTo("devdb"));
    }
  }
}
