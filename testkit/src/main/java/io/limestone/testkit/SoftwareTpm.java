package io.limestone.testkit;

import io.limestone.tpm.Attest;
import io.limestone.tpm.Certification;
import io.limestone.tpm.ClockInfo;
import io.limestone.tpm.CredentialBlob;
import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.SigningScheme;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Secret;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A TPM 2.0 in software: endorsement key with certificate, attestation key, PCR banks and a clock.
 * It does what a TPM does with real signatures, and keeps no secret. Safe for use by several
 * threads.
 */
public final class SoftwareTpm {
  private static final long FIRMWARE_VERSION = 0x2026_0001_0000_0000L;
  private static final Set<HashAlg> USUAL_BANKS = EnumSet.of(HashAlg.SHA1, HashAlg.SHA256);

  private final SoftwareKey ek;
  private final List<X509Certificate> ekChain;
  private final SoftwareKey ak;
  private final Map<HashAlg, Bytes[]> banks = new EnumMap<>(HashAlg.class);
  private long clock = 1_000_000;
  private long resetCount = 3;
  private long restartCount = 0;

  private SoftwareTpm(SoftwareKey ek, List<X509Certificate> ekChain, SoftwareKey ak) {
    this.ek = ek;
    this.ekChain = List.copyOf(ekChain);
    this.ak = ak;
    for (HashAlg bank : USUAL_BANKS) {
      banks.put(bank, new Bytes[PcrSelection.COUNT]);
    }
    HashAlg signing = ak.area().scheme().orElseThrow().hash();
    banks.put(signing, new Bytes[PcrSelection.COUNT]);
    clearPcrs();
  }

  /** A new TPM with keys of one kind, endorsed by an intermediate of {@code ca}. */
  public static SoftwareTpm make(KeyKind kind, TestCa ca) {
    return make(kind, kind.usualScheme(), ca);
  }

  public static SoftwareTpm make(KeyKind kind, SigningScheme scheme, TestCa ca) {
    SoftwareKey ek = SoftwareKey.endorsement(kind, kind.generate());
    SoftwareKey ak = SoftwareKey.attestation(kind, scheme, kind.generate());
    return of(ek, ca.endorse(ek.area().publicKey()), ak);
  }

  /** A TPM of given parts: a fleet has many TPMs, and few distinct keys. */
  public static SoftwareTpm of(SoftwareKey ek, List<X509Certificate> ekChain, SoftwareKey ak) {
    return new SoftwareTpm(ek, ekChain, ak);
  }

  /** A TPM with another attestation key of the same kind and the same PCRs. */
  public SoftwareTpm twin() {
    KeyKind kind = KeyKind.of(ak.area().key());
    SigningScheme scheme = ak.area().scheme().orElseThrow();
    SoftwareTpm twin =
        new SoftwareTpm(ek, ekChain, SoftwareKey.attestation(kind, scheme, kind.shared("other")));
    synchronized (this) {
      banks.forEach((bank, pcrs) -> twin.banks.put(bank, pcrs.clone()));
    }
    return twin;
  }

  public TpmtPublic ek() {
    return ek.area();
  }

  public TpmtPublic ak() {
    return ak.area();
  }

  /** The attestation key, to sign with as no TPM would. */
  public SoftwareKey akKey() {
    return ak;
  }

  /** The EK's certificate, then the intermediate's. */
  public List<X509Certificate> ekChain() {
    return ekChain;
  }

  /** PEM of {@link #ekChain}, as an agent registers it. */
  public String ekChainPem() {
    return TestCa.pem(ekChain);
  }

  /** TPM2_PCR_Extend of one bank. */
  public synchronized void extend(HashAlg bank, int pcr, Bytes digest) {
    Bytes[] pcrs = bank(bank);
    pcrs[pcr] = bank.extend(pcrs[pcr], digest);
  }

  /** Extends every bank with its digest of {@code data}, as firmware and IMA do. */
  public synchronized void measure(int pcr, Bytes data) {
    for (HashAlg bank : banks.keySet()) {
      extend(bank, pcr, bank.digest(data));
    }
  }

  /** Resets PCR 16 and binds the transport key in it, as the agent does before each quote. */
  public synchronized void bind(HashAlg bank, String publicKeyPem) {
    bank(bank)[DataPcr.INDEX] = DataPcr.expected(bank, publicKeyPem);
  }

  public synchronized PcrValues pcrs(PcrSelection selection) {
    SortedMap<Integer, Bytes> values = new TreeMap<>();
    Bytes[] pcrs = bank(selection.bank());
    for (int pcr : selection.pcrs()) {
      values.put(pcr, pcrs[pcr]);
    }
    return new PcrValues(selection.bank(), values);
  }

  /** TPM2_Quote by the attestation key; time passes. */
  public synchronized SignedQuote quote(Bytes nonce, PcrSelection selection) {
    PcrValues values = pcrs(selection);
    Bytes attest = attestation(nonce, values).encode();
    return new SignedQuote(attest, ak.sign(attest).encode(), values);
  }

  /** What a quote of these values says, not yet signed; time passes. */
  public synchronized Attest attestation(Bytes nonce, PcrValues values) {
    HashAlg hash = ak.area().scheme().orElseThrow().hash();
    return attest(ak, nonce, new Attest.Quote(List.of(values.selection()), values.digest(hash)));
  }

  /** TPM2_Certify of the attestation key by another one in this TPM, such as an IAK. */
  public synchronized Certification certifyAk(SoftwareKey by, Bytes qualifyingData) {
    Bytes name = ak.area().name();
    Bytes attest =
        attest(by, qualifyingData, new Attest.Certify(name, qualified(ak.area()))).encode();
    return new Certification(attest, by.sign(attest).encode());
  }

  /** TPM2_ActivateCredential for the attestation key. */
  public Secret activateCredential(CredentialBlob blob) {
    return blob.activate(ek.area(), ek.privateKey(), ak.area().name());
  }

  public synchronized ClockInfo clock() {
    return new ClockInfo(clock, resetCount, restartCount, true);
  }

  /** Lets time pass. */
  public synchronized void advance(long milliseconds) {
    clock += milliseconds;
  }

  /** TPM Reset: PCRs as at power-on, resetCount one up, restartCount 0. */
  public synchronized void reboot() {
    resetCount++;
    restartCount = 0;
    clock += 1_000;
    clearPcrs();
  }

  /** TPM Resume after sleep: PCRs stay, restartCount one up. */
  public synchronized void resume() {
    restartCount++;
    clock += 1_000;
  }

  private Attest attest(SoftwareKey signer, Bytes extraData, Attest.Attested attested) {
    clock += 5;
    return new Attest(qualified(signer.area()), extraData, clock(), FIRMWARE_VERSION, attested);
  }

  /** Not the real chain of parents, which nobody can check from outside; of the same form. */
  private Bytes qualified(TpmtPublic key) {
    HashAlg alg = key.nameAlg();
    Bytes digest = alg.digest(ek.area().name(), key.name());
    return Bytes.concat(key.name().slice(0, 2), digest);
  }

  private Bytes[] bank(HashAlg bank) {
    Bytes[] pcrs = banks.get(bank);
    if (pcrs == null) {
      throw new IllegalArgumentException("this TPM has no bank " + bank.keylimeName());
    }
    return pcrs;
  }

  /** PCRs 17 to 22 belong to dynamic launches and are all ones until one happens. */
  private void clearPcrs() {
    banks.forEach(
        (bank, pcrs) -> {
          byte[] ones = new byte[bank.size()];
          Arrays.fill(ones, (byte) 0xff);
          Arrays.fill(pcrs, bank.zeros());
          Arrays.fill(pcrs, 17, 23, Bytes.of(ones));
        });
  }

  /** TPM2_PCR_Allocate of one more bank, and the reset that it needs. */
  public synchronized SoftwareTpm allocate(HashAlg bank) {
    banks.putIfAbsent(bank, new Bytes[PcrSelection.COUNT]);
    reboot();
    return this;
  }

  /** The banks that are allocated. */
  public List<HashAlg> banks() {
    return new ArrayList<>(banks.keySet());
  }
}
