package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;
import static io.limestone.appraisal.Verdicts.trusted;
import static io.limestone.appraisal.Verdicts.untrusted;

import io.limestone.evidence.ImaSlice;
import io.limestone.testkit.ima.ImaField;
import io.limestone.testkit.ima.ImaRecord;
import io.limestone.testkit.ima.MeasuringKernel;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Certificates that a node's kernel loaded, of each kind, and files that evmctl signed with their
 * keys, in each template that has signatures: learned in one attestation, used in the next.
 */
class ImaLoadedKeysTest {
  private static final String NOT_LISTED = "ima.validation.ima-ng.not_in_allowlist";
  private static final JsonObject SIGNED =
      Json.object(TestData.read("ima/signed-files.json").toArray());
  private static final Bytes DIGEST = Bytes.ofHex(SIGNED.string("sha256"));
  private static final ImaField NAME = ImaField.nNg(bytes("/opt/prog"));

  static Stream<JsonObject> keys() {
    return SIGNED.list("keys").stream().map(JsonObject.class::cast);
  }

  @ParameterizedTest
  @MethodSource("keys")
  void filesSignedByALoadedKeyPassInEveryTemplateThatHasSignatures(JsonObject key) {
    Bytes certificate = Bytes.ofBase64(key.object("other_id").string("certificate"));
    Bytes signature = Bytes.ofHex(key.object("other_id").string("sha256"));
    List<ImaRecord> files =
        List.of(
            record("ima-sig", digest(), NAME, ImaField.hex("sig", signature)),
            record("ima-sigv2", typed(), NAME, ImaField.hex("sig", signature)),
            record(
                "ima-modsig",
                digest(),
                NAME,
                ImaField.hex("sig", signature),
                ImaField.none("d-modsig"),
                ImaField.none("modsig")));
    for (ImaRecord file : files) {
      Node node = new Node(certificate);
      untrusted(node.after(file, AttestationState.NONE), NOT_LISTED);
      Node loaded = new Node(certificate);
      loaded.kernel.buffer(".ima", certificate);
      AttestationState state = trusted(loaded.attest(AttestationState.NONE)).next();
      state = AttestationState.fromJson(Json.object(Json.bytes(state.toJson())));
      trusted(loaded.after(file, state));
      untrusted(
          loaded.after(
              record(
                  "ima-sig",
                  ImaField.dNg("sha256", HashAlg.SHA256.digest(bytes("other"))),
                  NAME,
                  ImaField.hex("sig", signature)),
              state),
          NOT_LISTED);
    }
  }

  /** fs-verity digests are signed in version 3 only, and their signatures speak for them only. */
  @ParameterizedTest
  @MethodSource("keys")
  void signaturesOfVerityDigestsPassForThoseOnly(JsonObject key) {
    if (!key.has("version3")) {
      return; // made with three of the keys
    }
    Bytes certificate = Bytes.ofBase64(key.string("certificate"));
    Bytes tree = Bytes.ofHex(SIGNED.string("verity"));
    ImaField verity = ImaField.dNgV2("verity", "sha256", tree);
    ImaField asFile = ImaField.dNgV2("ima", "sha256", tree);
    ImaField sig = ImaField.hex("sig", Bytes.ofHex(key.object("version3").string("verity")));
    Node node = new Node(certificate);
    node.kernel.buffer(".ima", certificate);
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    state = trusted(node.after(record("ima-sigv2", verity, NAME, sig), state)).next();
    untrusted(node.after(record("ima-sigv2", asFile, NAME, sig), state), NOT_LISTED);
  }

  /** In the keyring that the policy names, and with the leave of the policy. */
  @ParameterizedTest
  @MethodSource("keys")
  void attack23_aKeyOnAnotherKeyringIsNotLearned(JsonObject key) {
    Bytes certificate = Bytes.ofBase64(key.string("certificate"));
    Node node = new Node(certificate);
    node.kernel.buffer(".other", certificate);
    untrusted(node.attest(AttestationState.NONE), NOT_LISTED);
  }

  private static ImaRecord record(String template, ImaField... fields) {
    return ImaRecord.of(HashAlg.SHA1, template, fields);
  }

  private static ImaField digest() {
    return ImaField.dNg("sha256", DIGEST);
  }

  private static ImaField typed() {
    return ImaField.dNgV2("ima", "sha256", DIGEST);
  }

  /** A node whose policy allows one key, and no file. */
  private static final class Node {
    private final TestNode node = new TestNode();
    private final MeasuringKernel kernel = new MeasuringKernel(node.tpm);

    Node(Bytes certificate) {
      kernel.boot("firmware", "ima-ng");
      node.mask = 0x7ff;
      node.runtime =
          Optional.of(
              TestNode.policy(
                  Map.of(
                      "keyrings",
                      Map.of(".ima", List.of(HashAlg.SHA256.digest(certificate).hex())))));
    }

    Verdict after(ImaRecord measured, AttestationState before) {
      kernel.add(measured);
      return attest(before);
    }

    Verdict attest(AttestationState before) {
      node.tpm.bind(node.bank, TestNode.KEY);
      List<ImaRecord> list = kernel.list();
      int from = (int) before.nextImaEntry();
      return node.appraise(
          node.evidence(
              node.tpm.quote(
                  bytes(TestNode.NONCE), new PcrSelection(node.bank, node.mask | (1 << 16))),
              Optional.of(
                  new ImaSlice(
                      ImaRecord.ascii(list.subList(from, list.size())), before.nextImaEntry()))),
          before);
    }
  }
}
