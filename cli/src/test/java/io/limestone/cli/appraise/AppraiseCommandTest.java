package io.limestone.cli.appraise;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.keylime.PcrBlob;
import io.limestone.keylime.QuoteText;
import io.limestone.testkit.BootLogWriter;
import io.limestone.testkit.ImaLogWriter;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.OtherBoot;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.testkit.ima.ImaRecord;
import io.limestone.testkit.ima.MeasuringKernel;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AppraiseCommandTest {
  private static final String NONCE = "abcdefghij0123456789";
  @TempDir Path folder;
  private SoftwareTpm tpm;
  private SignedQuote quote;

  @BeforeEach
  void evidence() throws IOException {
    tpm = SoftwareTpm.make(KeyKind.ECC256, new TestCa("Maker", Instant.now()));
    ImaLogWriter ima = new ImaLogWriter(tpm).bootAggregate().file("/usr/bin/good", "good");
    quote = tpm.quote(bytes(NONCE), new PcrSelection(HashAlg.SHA256, 1 << 10));
    write("quote.txt", QuoteText.of(quote) + "\n");
    write("ak.b64", tpm.ak().to2b().base64());
    Files.write(folder.resolve("ak.pub"), tpm.ak().to2b().toArray());
    write("ima", ima.text());
    write("policy.json", policy("good"));
  }

  @Test
  void goodEvidenceIsTrusted() {
    appraise("--runtime-policy", file("policy.json"), "--ima-log", file("ima"))
        .exits(0)
        .says("trusted");
    Map<String, @Nullable Object> json =
        appraise("--runtime-policy", file("policy.json"), "--ima-log", file("ima"), "--json")
            .exits(0)
            .json()
            .members();
    assertThat(json).containsEntry("verdict", "trusted").containsKeys("pcrs", "notes", "state");
  }

  /** {@code binary_runtime_measurements}: the form is told by the content. */
  @Test
  void theKernelsBinaryListIsJudgedAsTheAsciiOne() throws IOException {
    tpm = SoftwareTpm.make(KeyKind.ECC256, new TestCa("Maker", Instant.now()));
    MeasuringKernel kernel = new MeasuringKernel(tpm);
    kernel.boot("firmware", "ima-ng");
    kernel.create("/usr/bin/good", "good");
    kernel.openRead("/usr/bin/good");
    quote = tpm.quote(bytes(NONCE), new PcrSelection(HashAlg.SHA256, 1 << 10));
    write("quote.txt", QuoteText.of(quote) + "\n");
    write("ak.b64", tpm.ak().to2b().base64());
    byte[] list = ImaRecord.binary(kernel.list()).toArray();
    Files.write(folder.resolve("binary"), list);
    appraise("--runtime-policy", file("policy.json"), "--ima-log", file("binary"))
        .exits(0)
        .says("trusted");
    Files.write(folder.resolve("cut"), Arrays.copyOf(list, list.length - 1));
    appraise("--runtime-policy", file("policy.json"), "--ima-log", file("cut"))
        .exits(1)
        .says("untrusted", "ima.");
    write("other.json", policy("another content"));
    appraise("--runtime-policy", file("other.json"), "--ima-log", file("binary"))
        .exits(1)
        .says("/usr/bin/good");
  }

  @Test
  void aFileThatThePolicyDoesNotKnowIsUntrustedAndExplained() throws IOException {
    write("other.json", policy("another content"));
    appraise("--runtime-policy", file("other.json"), "--ima-log", file("ima"))
        .exits(1)
        .says("untrusted", "check", "/usr/bin/good", "expected", "remedy");
  }

  @Test
  void aReplayedQuoteIsUntrusted() {
    CommandRun.of(
            "appraise", "--quote", file("quote.txt"), "--ak", file("ak.pub"), "--nonce", "another")
        .exits(1)
        .says("untrusted", "qoute_validation");
  }

  @Test
  void aMissingListIsUntrustedWhereAPolicyDemandsOne() {
    appraise("--runtime-policy", file("policy.json")).exits(1).says("untrusted");
  }

  @Test
  void pcrsThatTheQuoteDoesNotCoverAreUntrusted() {
    appraise("--pcrs", "0,10").exits(1).says("untrusted");
  }

  @Test
  void theThreeFilesOfTpm2ToolsAreTakenToo() throws IOException {
    Files.write(folder.resolve("q.attest"), quote.attest().toArray());
    Files.write(folder.resolve("q.sig"), quote.signature().toArray());
    Files.write(folder.resolve("q.pcrs"), PcrBlob.of(quote.pcrs()).toArray());
    write("pcrs.json", Json.text(Map.of("sha256", Map.of("10", pcr10()))));
    write("pcrs.txt", "sha256:\n  10: 0x" + pcr10().toUpperCase(java.util.Locale.ROOT) + "\n");
    for (String pcrs : List.of("q.pcrs", "pcrs.json", "pcrs.txt")) {
      CommandRun.of(
              "appraise",
              "--quote",
              file("q.attest"),
              "--signature",
              file("q.sig"),
              "--pcrs",
              file(pcrs),
              "--pcrs",
              "10",
              "--ak",
              file("ak.b64"),
              "--nonce",
              "hex:" + bytes(NONCE).hex(),
              "--ima-log",
              file("ima"))
          .exits(0);
    }
    CommandRun.of("appraise", "--quote", file("q.attest"), "--ak", file("ak.b64"), "--nonce", NONCE)
        .exits(2)
        .says("--pcrs FILE");
  }

  @ParameterizedTest
  @EnumSource(names = {"ECC256", "RSA2048"})
  void aPemKeyIsTakenOnlyWhenItsAttributesAreVouchedFor(KeyKind kind) throws IOException {
    tpm = SoftwareTpm.make(kind, new TestCa("Maker", Instant.now()));
    quote = tpm.quote(bytes(NONCE), new PcrSelection(HashAlg.SHA256, 1 << 15));
    write("quote.txt", QuoteText.of(quote));
    write("ak.pem", Pem.text("PUBLIC KEY", Bytes.of(tpm.ak().publicKey().getEncoded())));
    List<String> words =
        new ArrayList<>(
            List.of(
                "appraise",
                "--quote",
                file("quote.txt"),
                "--ak",
                file("ak.pem"),
                "--nonce",
                NONCE));
    CommandRun.of(words).exits(2).says("does not say that the key is a restricted signing key");
    words.add("--ak-is-restricted");
    CommandRun.of(words).exits(0).says("trusted");
  }

  @Test
  void anEvidenceDocumentIsJudgedAsTheServerDoes() throws IOException {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("quote", QuoteText.of(quote));
    data.put("nonce", NONCE);
    data.put("hash_alg", "sha256");
    data.put("tpm_ek", "");
    data.put("tpm_ak", tpm.ak().to2b().base64());
    data.put("runtime_policy", policy("good"));
    data.put("ima_measurement_list", Files.readString(folder.resolve("ima")));
    write("evidence.json", Json.text(Map.of("type", "tpm", "data", data)));
    CommandRun.of("appraise", "--evidence", file("evidence.json")).exits(0).says("trusted");
    CommandRun.of("appraise", "--evidence", file("evidence.json"), "--nonce", "other").exits(1);

    String evidence = file("evidence.json");
    CommandRun.of("policy", "explain", evidence)
        .exits(0)
        .says(
            "0 checks fail", "the quote was checked by the key and the nonce in the same document");
    write("other.json", policy("another content"));
    CommandRun.of("policy", "explain", evidence, file("other.json"), "-o", file("patch"))
        .exits(1)
        .says("entry 1: /usr/bin/good", "with the changes it would be accepted");
    CommandRun.of("policy", "apply", file("other.json"), file("patch"), "-o", file("next"))
        .exits(0)
        .says("changed: 1");
    CommandRun.of("policy", "explain", evidence, file("next")).exits(0);
    data.put("nonce", "other");
    write("evidence.json", Json.text(data));
    CommandRun.of("policy", "explain", evidence)
        .exits(1)
        .says("qoute_validation", "no change of a policy accepts any of it");
  }

  @Test
  void thatNobodyVerifiedASignedPolicyIsSaid() {
    String[] sign = {"policy", "sign", file("policy.json"), "-p", file("key"), "-b", "x509"};
    List<String> words = new ArrayList<>(List.of(sign));
    words.addAll(List.of("-c", file("signer.pem"), "-o", file("policy.dsse")));
    CommandRun.of(words).exits(0);
    String[] appraise = {"--runtime-policy", file("policy.dsse"), "--ima-log", file("ima")};
    appraise(appraise).exits(0).says("its signature was NOT VERIFIED");
    List<String> verified = new ArrayList<>(List.of(appraise));
    verified.addAll(List.of("--runtime-policy-key", file("signer.pem")));
    assertThat(appraise(verified.toArray(String[]::new)).exits(0).err()).isEmpty();
  }

  @Test
  void unusableInputExitsWith2AndNamesTheOption() throws IOException {
    write("junk", "r:::");
    CommandRun.of("appraise").exits(2).says("--quote is needed");
    CommandRun.of("appraise", "--quote", file("junk"), "--ak", file("ak.pub"), "--nonce", "x")
        .exits(2)
        .says("--quote");
    CommandRun.of("appraise", "--quote", file("quote.txt"), "--ak", file("junk"), "--nonce", "x")
        .exits(2);
    appraise("--runtime-policy", file("junk"), "--ima-log", file("ima"))
        .exits(2)
        .says("--runtime-policy");
    appraise("--tpm-policy", "{\"10\": [\"00\"]}").exits(2).says("--tpm-policy");
    appraise("--ima-log", file("nothing")).exits(2).says("no such file");
  }

  /** {@code {}} demands nothing of what booted, and everything of the log. */
  @Test
  void anEmptyBootPolicySkipsNothing() throws IOException {
    Bytes log =
        Bytes.of(
            Files.readAllBytes(
                Path.of(System.getProperty("limestone.testdata"), "uefi/intel_svr.bin")));
    for (BootEvent event : BootLog.parse(log).events()) {
      if (event.isExtended()) {
        event.digests().forEach((bank, digest) -> tpm.extend(bank, event.pcr(), digest));
      }
    }
    write(
        "quote.txt",
        QuoteText.of(tpm.quote(bytes(NONCE), new PcrSelection(HashAlg.SHA256, 0xfbff))));
    write("none.json", "{}");
    Files.write(folder.resolve("log"), log.toArray());
    Bytes altered =
        BootLogWriter.of(BootLog.parse(log)).forge(113, bytes("kernel_cmdline: x\0")).bytes();
    Files.write(folder.resolve("altered"), altered.toArray());
    Files.write(folder.resolve("another"), OtherBoot.withArgument(log, "quiet").toArray());
    appraise("--mb-policy", file("none.json"), "--boot-log", file("log")).exits(0).says("trusted");
    appraise("--mb-policy", file("none.json"), "--boot-log", file("altered"))
        .exits(1)
        .says("measured_boot.unbound_event_data");
    appraise("--mb-policy", file("none.json"), "--boot-log", file("another"))
        .exits(1)
        .says("measured_boot.invalid_pcr_8");
    appraise("--mb-policy", file("none.json")).exits(1).says("untrusted");
  }

  private CommandRun appraise(String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "appraise",
                "--quote",
                file("quote.txt"),
                "--ak",
                file("ak.b64"),
                "--nonce",
                NONCE));
    words.addAll(List.of(more));
    return CommandRun.of(words);
  }

  private String pcr10() {
    return quote.pcrs().get(10).orElseThrow().hex();
  }

  private static String policy(String content) {
    return """
    {"meta": {"version": 1, "generator": 2}, "release": 0,
     "digests": {"/usr/bin/good": ["%s"]}, "excludes": ["boot_aggregate"], "keyrings": {},
     "ima-buf": {}, "verification-keys": "",
     "ima": {"ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": null}}
    """
        .formatted(HashAlg.SHA256.digest(bytes(content)).hex());
  }

  private static Bytes bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }
}
