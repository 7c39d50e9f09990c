package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.BootPayload.Unparsed;
import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Payloads that the real logs do not have, and those that only an attacker writes. */
class PayloadsTest {
  private static final Bytes OWNER = Bytes.ofHex("00112233445566778899aabbccddeeff");
  private static final Bytes X509 = Bytes.ofHex("a159c0a5e494a74a87b5ab155c2bf072");

  private static MeasuredEvent event(int pcr, EventType type, Bytes measured, Bytes data) {
    Map<HashAlg, Bytes> digests = Map.of(HashAlg.SHA256, HashAlg.SHA256.digest(measured));
    return MeasuredEvent.of(
        new BootEvent(1, pcr, type.code(), digests, data, PayloadParser.parse(pcr, type, data)),
        HashAlg.SHA256);
  }

  private static BootPayload parse(int pcr, EventType type, Bytes data) {
    return PayloadParser.parse(pcr, type, data);
  }

  private static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static Bytes utf16(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_16LE));
  }

  private static Bytes variable(String guid, String name, Bytes data) {
    return ByteWriter.littleEndian()
        .bytes(Bytes.ofHex(guid))
        .u64(name.length())
        .u64(data.size())
        .bytes(utf16(name))
        .bytes(data)
        .toBytes();
  }

  private static Bytes db(Bytes data) {
    return variable("cbb219d73a3d9645a3bcdad00e67656f", "db", data);
  }

  private static VariableValue value(Bytes variable) {
    return ((Variable) parse(7, EventType.EV_EFI_VARIABLE_DRIVER_CONFIG, variable)).value();
  }

  private static Bytes list(int listSize, int headerSize, int size, Bytes rest) {
    return ByteWriter.littleEndian()
        .bytes(X509)
        .u32(listSize)
        .u32(headerSize)
        .u32(size)
        .bytes(rest)
        .toBytes();
  }

  /** GHSA-9r4w-jg96-92mv: what stands in a list's header is no key. */
  @Test
  void attack24_vendorHeaderBytesOfASignatureListAreNoSignature() {
    Bytes header = Bytes.concat(OWNER, ascii("evil"));
    Bytes entry = Bytes.concat(OWNER, ascii("good"));
    Bytes lists = list(28 + 20 + 20, 20, 20, Bytes.concat(header, entry));
    VariableValue.SignatureLists read = (VariableValue.SignatureLists) value(db(lists));
    assertThat(read.lists())
        .singleElement()
        .satisfies(l -> assertThat(l.header()).isEqualTo(header));
    assertThat(read.signatures())
        .singleElement()
        .satisfies(signature -> assertThat(signature.data()).isEqualTo(ascii("good")));
  }

  /** Conformance 34 to 36. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, 20, list size 0",
    "27, 0, 20, list size less than its header",
    "48, 0, 0, signature size 0",
    "48, 0, 16, an owner without data",
    "48, 0, 19, no whole number of entries",
    "48, 21, 20, header beyond the list",
    "5000, 0, 20, list beyond the data",
    "-1, 0, 20, list size 2^32-1",
  })
  void attack24_signatureListsWhoseSizesDoNotAddUpAreNotRead(
      int listSize, int headerSize, int size, String why) {
    Bytes lists = list(listSize, headerSize, size, Bytes.concat(OWNER, ascii("good")));
    assertThat(value(db(lists))).as(why).isInstanceOf(VariableValue.Unparsed.class);
  }

  @Test
  void listsOfOneEntryEachAreReadAsOnManyBoards() {
    Bytes one = list(48, 0, 20, Bytes.concat(OWNER, ascii("one.")));
    Bytes two = list(48, 0, 20, Bytes.concat(OWNER, ascii("two.")));
    VariableValue.SignatureLists read =
        (VariableValue.SignatureLists) value(db(Bytes.concat(one, two)));
    assertThat(read.lists()).hasSize(2);
    assertThat(read.signatures())
        .extracting(s -> s.data())
        .containsExactly(ascii("one."), ascii("two."));
  }

  /** Conformance 33. */
  @Test
  void attack24_variableLengthsOfTerabytesAreNotRead() {
    for (long[] lengths : new long[][] {{1L << 40, 1}, {1, 1L << 40}, {-1, 1}, {1, -1}}) {
      Bytes data =
          ByteWriter.littleEndian()
              .bytes(OWNER)
              .u64(lengths[0])
              .u64(lengths[1])
              .zeros(64)
              .toBytes();
      assertThat(parse(7, EventType.EV_EFI_VARIABLE_DRIVER_CONFIG, data))
          .isInstanceOf(Unparsed.class);
    }
  }

  /** Conformance 39 and 40. */
  @Test
  void bootOptionsThatEndNowhereAndPathsThatLoopAreNoTrouble() {
    String global = "61dfe48bca93d211aa0d00e098032b8c";
    Bytes unterminated = ByteWriter.littleEndian().u32(1).u16(4).bytes(utf16("no end")).toBytes();
    assertThat(value(variable(global, "Boot0001", unterminated)))
        .isInstanceOf(VariableValue.Unparsed.class);
    Bytes looping =
        ByteWriter.littleEndian()
            .u32(1)
            .u16(8)
            .bytes(utf16("loops\0"))
            .bytes(Bytes.ofHex("0401000004010000")) // nodes of length 0
            .toBytes();
    VariableValue.BootOption option =
        (VariableValue.BootOption) value(variable(global, "Boot0001", looping));
    assertThat(option.description()).isEqualTo("loops");
    assertThat(option.path().text()).isEqualTo("?");
  }

  @Test
  void aDevicePathOfManyNodesIsCutShort() {
    ByteWriter path = ByteWriter.littleEndian();
    for (int i = 0; i < 10_000; i++) {
      path.bytes(Bytes.ofHex("01010600001f"));
    }
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () ->
            assertThat(DevicePath.of(path.toBytes()).text())
                .hasSizeLessThan(10_000)
                .startsWith("Pci(0x1f,0x0)/Pci(0x1f,0x0)"));
  }

  /** Texts by libefivar and the UEFI specification's examples of the same nodes. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "02010c00d041030a00000000; PciRoot(0x0)",
        "02010c00d041080a01000000; PcieRoot(0x1)",
        "02010c00d041050100000000; Acpi(PNP0105,0x0)",
        "0101060002 1f; Pci(0x1f,0x2)",
        "03120a000200ffff0000; Sata(0x2,0xffff,0x0)",
        "03050600 0300; USB(0x3,0x0)",
        "030208000100 0200; Scsi(0x1,0x2)",
        "03171000010000005cd2e42681a1c97d; NVMe(0x1,7D-C9-A1-81-26-E4-D2-5C)",
        "030b2500525400123456"
            + "0000000000000000000000000000000000000000000000000000"
            + "01; MAC(525400123456,0x1)",
        "0318 0a00 687474703a2f; Uri(http:/)",
        "04061400 21aa2c4614760345836e8ab6f4662331; FvFile(462caa21-7614-4503-836e-8ab6f4662331)",
        "04071400 357bbbcd3368d64e9ab257d2acddf6f0; Fv(cdbb7b35-6833-4ed6-9ab2-57d2acddf6f0)",
        "04040c00 5c0045004600 0000; \\EF",
        "7f010400; ,",
        "0a0b0600abcd; Path(10,11,abcd)"
      })
  void deviceNodesHaveTheTextOfTheSpecification(String hex, String text) {
    assertThat(DevicePath.of(Bytes.ofHex(hex.replace(" ", ""))).text()).isEqualTo(text);
  }

  /** systemd-stub: the section's name in ASCII with its NUL, then its content by the same name. */
  @Test
  void sectionsOfAUnifiedKernelAreNamedThenMeasured() {
    Bytes name = utf16(".linux\0");
    MeasuredEvent named = event(11, EventType.EV_IPL, ascii(".linux\0"), name);
    MeasuredEvent content = event(11, EventType.EV_IPL, ascii("a kernel"), name);
    assertThat(named.binding()).isEqualTo(Binding.PART);
    assertThat(content.binding()).isEqualTo(Binding.OBJECT);
    assertThat(content.event().payload())
        .isEqualTo(new Ipl(Ipl.Kind.UKI_SECTION, ".linux", ".linux"));
  }

  @Test
  void theArgumentsOfAUnifiedKernelAreProvenWithOrWithoutTheirNul() {
    Bytes data = utf16("root=/dev/vda2 quiet\0");
    assertThat(event(12, EventType.EV_IPL, data, data).binding()).isEqualTo(Binding.DATA);
    assertThat(event(12, EventType.EV_IPL, utf16("root=/dev/vda2 quiet"), data).binding())
        .isEqualTo(Binding.PART);
    assertThat(event(12, EventType.EV_IPL, utf16("init=/bin/sh"), data).binding())
        .isEqualTo(Binding.BROKEN);
    Bytes initrd = utf16("Credentials initrd\0");
    assertThat(event(12, EventType.EV_IPL, ascii("an archive"), initrd).binding())
        .isEqualTo(Binding.OBJECT);
  }

  @ParameterizedTest
  @CsvSource({
    "kernel_cmdline: /vmlinuz ro, /vmlinuz ro, PART",
    "grub_kernel_cmdline /vmlinuz ro, /vmlinuz ro, PART",
    "kernel_cmdline: /vmlinuz ro, /vmlinuz rw, BROKEN",
    "grub_kernel_cmdline /vmlinuz ro, /vmlinuz rw, BROKEN",
    "grub_cmd: set pager=1, set pager=1, PART",
    "grub_cmd set pager=1, set pager=\"1\", OBJECT"
  })
  void grubsTextIsProvenWithoutItsPrefix(String text, String measured, Binding binding) {
    assertThat(event(8, EventType.EV_IPL, ascii(measured), ascii(text + "\0")).binding())
        .isEqualTo(binding);
  }

  /** Conformance 38: odd lengths, lone surrogates, what is not UTF-8. */
  @Test
  void textThatIsNoneIsReadAsFarAsItGoes() {
    assertThat(parse(9, EventType.EV_IPL, Bytes.ofHex("4d6f6bff00")))
        .isEqualTo(new Ipl(Ipl.Kind.FILE, "Mok\ufffd", "Mok\ufffd"));
    assertThat(parse(12, EventType.EV_IPL, Bytes.ofHex("410000d80000"))).isInstanceOf(Ipl.class);
    assertThat(parse(8, EventType.EV_IPL, Bytes.EMPTY)).isInstanceOf(Ipl.class);
    assertThat(parse(14, EventType.EV_IPL, Bytes.ofHex("4d6f6b4c69737400af")))
        .isEqualTo(new Ipl(Ipl.Kind.MOK, "MokList", "MokList"));
  }

  @Test
  void taggedEventsOfLinuxAndSystemdNameTheObject() {
    Bytes initrd =
        ByteWriter.littleEndian().u32(0x8f3b22ecL).u32(13).bytes(ascii("Linux initrd\0")).toBytes();
    MeasuredEvent event = event(9, EventType.EV_EVENT_TAG, ascii("an initrd"), initrd);
    assertThat(event.binding()).isEqualTo(Binding.OBJECT);
    BootPayload.Tagged tagged = (BootPayload.Tagged) event.event().payload();
    assertThat(tagged.tags().getFirst().name()).isEqualTo("Linux initrd");
    assertThat(tagged.tags().getFirst().text()).contains("Linux initrd");
  }

  @Test
  void taggedEventsOfWindowsAreTheirData() {
    Bytes tag = ByteWriter.littleEndian().u32(0x50002).u32(1).u8(1).toBytes();
    Bytes nested = ByteWriter.littleEndian().u32(0x40010001).u32(tag.size()).bytes(tag).toBytes();
    assertThat(event(12, EventType.EV_EVENT_TAG, nested, nested).binding()).isEqualTo(Binding.DATA);
    assertThat(event(12, EventType.EV_EVENT_TAG, tag, nested).binding()).isEqualTo(Binding.BROKEN);
    BootPayload.Tagged tagged = (BootPayload.Tagged) parse(12, EventType.EV_EVENT_TAG, nested);
    assertThat(tagged.tags().getFirst().inner().getFirst().name())
        .isEqualTo("Windows code integrity");
  }

  /** A database entry whose digest leaves the name out could be passed off as another's. */
  @Test
  void aVariableOfPcr7IsNotProvenByItsContentAlone() {
    Bytes flag = Bytes.of((byte) 1);
    Bytes data = variable("61dfe48bca93d211aa0d00e098032b8c", "SecureBoot", flag);
    EventType type = EventType.EV_EFI_VARIABLE_DRIVER_CONFIG;
    assertThat(event(7, type, data, data).binding()).isEqualTo(Binding.DATA);
    assertThat(event(7, type, flag, data).binding()).isEqualTo(Binding.BROKEN);
    assertThat(event(1, EventType.EV_EFI_VARIABLE_BOOT, flag, data).binding())
        .isEqualTo(Binding.PART);
  }

  /** A program's digest is Authenticode: one that is the hash of the event proves no path. */
  @Test
  void anImageEventIsNeverProvenByTheHashOfItself() {
    Bytes data = ByteWriter.littleEndian().zeros(32).toBytes();
    assertThat(event(4, EventType.EV_EFI_BOOT_SERVICES_APPLICATION, data, data).binding())
        .isEqualTo(Binding.OBJECT);
  }
}
