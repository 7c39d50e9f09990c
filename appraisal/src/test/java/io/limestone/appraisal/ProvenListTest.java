package io.limestone.appraisal;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaSlice;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.create.Measured;
import io.limestone.policy.create.PolicyDraft;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a quote proves of a list, and what a policy may be made of. */
class ProvenListTest {
  private static final String FORGED =
      "10 " + "ab".repeat(20) + " ima-ng sha256:" + "cd".repeat(32) + " /bin/forged";

  private final TestNode node = TestNode.withFiles("/bin/a", "/bin/b");

  @Test
  void entriesUpToTheQuoteAreProvenAndThoseBehindItAreNot() {
    PcrValues quoted = quoted();
    node.ima.file("/bin/later", "measured after the quote").forged(FORGED);
    assertThat(names(proven(0, ImaProgress.NONE, quoted).orElseThrow()))
        .containsExactly("boot_aggregate", "/bin/a", "/bin/b");
    assertThat(names(proven(0, ImaProgress.NONE, quoted()).orElseThrow())).contains("/bin/later");
  }

  @Test
  void aListThatDoesNotReplayProvesNothing() {
    node.ima.forged(FORGED).file("/bin/c", "c");
    assertThat(proven(0, ImaProgress.NONE, quoted())).isEmpty();
  }

  @Test
  void aSliceContinuesWhatAnEarlierQuoteHasProven() {
    AttestationState first = node.attest(AttestationState.NONE).next();
    node.ima.file("/bin/c", "c");
    ProvenList list = proven(3, first.ima(), quoted()).orElseThrow();
    assertThat(names(list)).containsExactly("/bin/c");
    assertThat(list.next()).isEqualTo(4);
    assertThat(proven(2, first.ima(), quoted())).as("from elsewhere").isEmpty();
    assertThat(proven(3, ImaProgress.NONE, quoted())).as("nothing proven before").isEmpty();
  }

  @Test
  void violationsAndSignaturesAreTold() {
    Bytes digest = HashAlg.SHA256.digest(TestNode.bytes("x"));
    node.ima
        .violation("/var/log/changing")
        .sig("/bin/signed", HashAlg.SHA256, digest, Bytes.ofHex("030204"))
        .sig("/bin/unsigned", HashAlg.SHA256, digest, Bytes.EMPTY)
        .sig("relabelled", HashAlg.SHA256, digest, Bytes.ofHex("77"))
        .buf("cmdline", HashAlg.SHA256, TestNode.bytes("quiet"));
    List<Measured> all = new ArrayList<>();
    long unusable = proven(0, ImaProgress.NONE, quoted()).orElseThrow().forEach(all::add);
    assertThat(unusable).as("what is no signature is no signed file").isEqualTo(1);
    assertThat(all)
        .contains(
            new Measured(Measured.Kind.VIOLATION, "/var/log/changing", "", false),
            new Measured(Measured.Kind.FILE, "/bin/signed", digest.hex(), true),
            new Measured(Measured.Kind.FILE, "/bin/unsigned", digest.hex(), false))
        .anyMatch(one -> one.kind() == Measured.Kind.BUFFER && one.name().equals("cmdline"));
  }

  /** The point of it all: a policy made of what was proven accepts the node, and nothing more. */
  @Test
  void aPolicyOfWhatWasProvenTrustsTheNode() {
    node.ima
        .file("/opt/with blank".replace(' ', '_'), "blank")
        .buf("cmdline", HashAlg.SHA256, TestNode.bytes("quiet"));
    PolicyDraft draft = new PolicyDraft();
    var unused = proven(0, ImaProgress.NONE, quoted()).orElseThrow().forEach(draft::allow);
    node.runtime =
        Optional.of(
            RuntimePolicy.parse(TestNode.bytes(draft.toText("2026-11-26 04:00:00.000000"))));
    assertThat(node.attest(AttestationState.NONE)).isInstanceOf(Verdict.Trusted.class);
    node.ima.file("/bin/unknown", "unknown");
    assertThat(node.attest(AttestationState.NONE)).isInstanceOf(Verdict.Untrusted.class);
  }

  @Test
  void evidenceIsSoundIfNothingFailedButWhatThePolicyDoesNotAllow() {
    assertThat(sound()).contains(true);
    node.runtime = Optional.of(TestNode.policy(Map.of()));
    for (int i = 0; i < 300; i++) { // more than failures are told
      node.ima.file("/many/" + i, "file");
    }
    assertThat(sound()).as("unknown files alone").contains(true);
    node.pcrs =
        io.limestone.policy.PcrPolicy.parse(
            "{\"mask\":\"0x408\",\"3\":[\"" + "11".repeat(32) + "\"]}");
    node.mask = 0x408;
    assertThat(sound()).as("behind so many failures, a PCR is wrong too").contains(false);
  }

  @Test
  void nothingIsQuotedByAQuoteThatIsNotGood() {
    Evidence answer = node.answer(0);
    Evidence other =
        new Evidence(
            "another nonce",
            answer.hashAlg(),
            answer.encAlg(),
            answer.signAlg(),
            answer.quote(),
            answer.publicKeyPem(),
            answer.ima(),
            answer.bootLog(),
            answer.bootTime());
    assertThat(Appraisal.judge(other, node.reference(), AttestationState.NONE).quoted()).isEmpty();
  }

  private Optional<Boolean> sound() {
    return Appraisal.judge(node.answer(0), node.reference(), AttestationState.NONE)
        .quoted()
        .map(Appraisal.Quoted::sound);
  }

  private PcrValues quoted() {
    return node.tpm.pcrs(new PcrSelection(HashAlg.SHA256, 1 << 10));
  }

  private Optional<ProvenList> proven(int first, ImaProgress before, PcrValues quoted) {
    ImaSlice slice = new ImaSlice(TestNode.bytes(node.ima.textFrom(first)), first);
    return ProvenList.of(slice, before, quoted, HashAlg.SHA1);
  }

  private static List<String> names(ProvenList list) {
    List<String> names = new ArrayList<>();
    var unused = list.forEach(one -> names.add(one.name()));
    return names;
  }
}
